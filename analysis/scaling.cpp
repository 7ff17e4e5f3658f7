#include "analysis/scaling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <unordered_map>

#include "base/error.h"

namespace headroom {
namespace {

bool went_well(const SweepRow& row) { return row.result.outcome == SweepOutcome::ok && row.result.peak; }

bool is_positive(const Json& value) { return value.is_number() && value.get<double>() > 0; }

bool is_numeric(const Sweep& sweep, std::size_t field) {
  return std::ranges::all_of(sweep.rows,
                             [&](const SweepRow& row) { return !went_well(row) || is_positive(row.settings[field]); });
}

std::string rest_of(const SweepRow& row, std::size_t field) {
  Json rest = row.settings;
  rest[field] = nullptr;
  return rest.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void add_series(const Sweep& sweep, std::size_t field, std::vector<ScalingSeries>& out) {
  std::unordered_map<std::string, std::size_t> places;
  std::vector<ScalingSeries> found;
  for (std::size_t i = 0; i < sweep.rows.size(); ++i) {
    if (!went_well(sweep.rows[i])) continue;
    const auto [place, is_new] = places.emplace(rest_of(sweep.rows[i], field), found.size());
    if (is_new) found.push_back({field, {}});
    found[place->second].rows.push_back(i);
  }
  for (ScalingSeries& series : found) {
    if (series.rows.size() < 2) continue;
    std::ranges::stable_sort(series.rows, {},
                             [&](std::size_t i) { return sweep.rows[i].settings[field].get<double>(); });
    out.push_back(std::move(series));
  }
}

template <class BytesOf>
ScalingPoints points(const Sweep& sweep, const ScalingSeries& series, BytesOf bytes_of) {
  ScalingPoints out;
  for (const std::size_t i : series.rows) {
    const SweepRow& row = sweep.rows[i];
    out.emplace_back(row.settings[series.field].get<double>(), static_cast<double>(bytes_of(*row.result.peak)));
  }
  return out;
}

void require_same_sweep(const Sweep& a, const Sweep& b, const std::string& a_name, const std::string& b_name) {
  if (a.headroom_version != b.headroom_version)
    throw bad_input(fmt::format("{} is of Headroom {}, and {} of {}: run one of them again", a_name, a.headroom_version,
                                b_name, b.headroom_version));
  if (a.id != b.id || a.count != b.count || a.varied != b.varied)
    throw bad_input(fmt::format("{} and {} are of different sweeps: the list of runs is not the same", a_name, b_name));
}

bool is_lasting(const SweepRow& row) { return row.result.outcome != SweepOutcome::error; }

}  // namespace

SweepResult sweep_result(const Breakdown& run) {
  SweepResult result;
  result.torch_version = run.environment.torch_version;
  result.cuda_version = run.environment.cuda_version;
  result.device_name = run.environment.device_name;
  result.device_kind = run.environment.device_kind;
  result.parameter_count = run.parameter_count;
  result.parameter_bytes = run.parameter_bytes;
  if (run.outcome.kind == OutcomeKind::oom) {
    result.outcome = SweepOutcome::oom;
    result.failure = {run.outcome.failed_request_bytes, run.outcome.free_bytes, run.outcome.phase, run.outcome.layer};
    return result;
  }
  const auto layer = static_cast<std::size_t>(run.peak.layer);
  result.peak = {run.peak.allocated_bytes,
                 run.peak_requested_bytes,
                 run.peak_reserved_bytes,
                 run.peak.categories,
                 run.peak.phase,
                 run.peak.step,
                 layer < run.layers.size() ? run.layers[layer].path : ""};
  result.kv_cache_bytes_per_token = std::max<std::int64_t>(0, cache_bytes_per_token(run));
  return result;
}

std::vector<ScalingSeries> scaling_series(const Sweep& sweep) {
  std::vector<ScalingSeries> out;
  for (std::size_t field = 0; field < sweep.varied.size(); ++field)
    if (is_numeric(sweep, field)) add_series(sweep, field, out);
  return out;
}

ScalingPoints points_of(const Sweep& sweep, const ScalingSeries& series) {
  return points(sweep, series, [](const SweepPeak& peak) { return peak.allocated_bytes; });
}

ScalingPoints points_of(const Sweep& sweep, const ScalingSeries& series, Category category) {
  return points(sweep, series,
                [&](const SweepPeak& peak) { return peak.categories[static_cast<std::size_t>(category)]; });
}

std::optional<double> log_log_slope(const ScalingPoints& points) {
  const double n = static_cast<double>(points.size());
  double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
  for (const auto& [x, y] : points) {
    if (!(x > 0 && y > 0)) return {};
    mean_x += std::log(x) / n;
    mean_y += std::log(y) / n;
  }
  for (const auto& [x, y] : points) {
    const double dx = std::log(x) - mean_x;
    xx += dx * dx;
    xy += dx * (std::log(y) - mean_y);
  }
  if (!(xx > 1e-18)) return {};
  return xy / xx;
}

std::optional<double> last_log_log_slope(const ScalingPoints& points) {
  if (points.size() < 2) return {};
  return log_log_slope({points.end() - 2, points.end()});
}

std::string setting_text(const Json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string settings_words(const Sweep& sweep, const SweepRow& row, std::optional<std::size_t> without) {
  std::string words;
  for (std::size_t i = 0; i < sweep.varied.size(); ++i) {
    const Json& value = row.settings[i];
    if (i == without || value.is_null()) continue;
    words += (words.empty() ? "" : ", ") + (value.is_string() ? "" : sweep.varied[i] + " ") + setting_text(value);
  }
  return words;
}

std::vector<std::int64_t> missing_rows(const Sweep& sweep) {
  std::vector<std::int64_t> missing;
  std::int64_t next = 1;
  for (const SweepRow& row : sweep.rows) {
    for (; next < row.number; ++next) missing.push_back(next);
    next = row.number + 1;
  }
  for (; next <= sweep.count; ++next) missing.push_back(next);
  return missing;
}

std::vector<std::string> verify(const SweepResult& result) {
  std::vector<std::string> broken;
  if (result.outcome == SweepOutcome::ok && !result.peak) broken.push_back("a run that went well has no peak");
  if (result.outcome == SweepOutcome::oom && !result.failure)
    broken.push_back("a run out of memory does not say what failed");
  if (!result.peak) return broken;
  std::int64_t sum = 0;
  for (const std::int64_t bytes : result.peak->categories)
    if (bytes < 0 || __builtin_add_overflow(sum, bytes, &sum)) return {"the categories have no sum"};
  if (sum != result.peak->allocated_bytes)
    broken.push_back(
        fmt::format("the categories sum to {} bytes, and the peak is {}", sum, result.peak->allocated_bytes));
  return broken;
}

std::vector<std::string> verify(const Sweep& sweep) {
  std::vector<std::string> broken;
  std::int64_t last = 0;
  for (const SweepRow& row : sweep.rows) {
    if (row.number <= last || row.number > sweep.count)
      broken.push_back(fmt::format("run {} is out of place among {} runs", row.number, sweep.count));
    if (row.settings.size() != sweep.varied.size())
      broken.push_back(
          fmt::format("run {} has {} settings of {}", row.number, row.settings.size(), sweep.varied.size()));
    for (const std::string& problem : verify(row.result))
      broken.push_back(fmt::format("run {}: {}", row.number, problem));
    last = row.number;
  }
  return broken;
}

Sweep merge_sweeps(const std::vector<Sweep>& parts, const std::vector<std::string>& names) {
  Sweep merged = parts.at(0);
  merged.rows.clear();
  struct Found {
    const SweepRow* row;
    std::size_t part;
  };
  std::map<std::int64_t, Found> found;
  for (std::size_t part = 0; part < parts.size(); ++part) {
    require_same_sweep(parts[0], parts[part], names[0], names[part]);
    for (const SweepRow& row : parts[part].rows) {
      const auto [at, is_new] = found.emplace(row.number, Found{&row, part});
      if (is_new || *at->second.row == row || !is_lasting(row)) continue;
      if (is_lasting(*at->second.row))
        throw bad_input(fmt::format("run {} ({}) is not the same in {} and {}: run one of them again", row.number,
                                    settings_words(parts[part], row), names[at->second.part], names[part]));
      at->second = {&row, part};
    }
  }
  for (const auto& [number, one] : found) merged.rows.push_back(*one.row);
  return merged;
}

}  // namespace headroom
