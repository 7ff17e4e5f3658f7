#include "analysis/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace headroom {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// Each layer's bytes at the peak, of one category or of all.
std::vector<std::int64_t> layer_bytes(const Breakdown& run, const Metric& metric) {
  std::vector<std::int64_t> bytes(run.layers.size(), 0);
  for (std::size_t i = 0; i < std::min(bytes.size(), run.peak.layers.size()); ++i) {
    const LayerBytes& layer = run.peak.layers[i];
    bytes[i] = metric.category == Category::unresolved ? layer.bytes
                                                       : layer.categories[static_cast<std::size_t>(metric.category)];
  }
  if (metric.self) return bytes;
  for (std::size_t i = bytes.size(); i-- > 1;)
    if (const auto parent = static_cast<std::size_t>(run.layers[i].parent); parent < i) bytes[parent] += bytes[i];
  return bytes;
}

std::optional<Figure> largest_layer(const Breakdown& run, const Metric& metric) {
  const std::vector<std::int64_t> bytes = layer_bytes(run, metric);
  std::optional<Figure> best;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    if ((!best || bytes[i] > best->value) && matches_glob(metric.layers, run.layers[i].path))
      best = Figure{bytes[i], static_cast<LayerId>(i), kNoBlock};
  return best;
}

Figure largest_block(const Breakdown& run) {
  Figure best;
  for (std::size_t i = 0; i < run.allocations.size(); ++i)
    if (run.allocations[i].block_bytes > best.value)
      best = {run.allocations[i].block_bytes, {}, static_cast<std::int64_t>(i)};
  return best;
}

std::optional<Figure> kv_per_token(const Breakdown& run) {
  const bool known = run.cache.any() && run.cache.bytes_per_token != kUnknownBytes;
  const std::int64_t bytes = known ? run.cache.bytes_per_token : run.model.kv_cache_bytes_per_token;
  return bytes > 0 ? std::optional(Figure{bytes, {}, kNoBlock}) : std::nullopt;
}

std::string why_no_figure(const Metric& metric) {
  switch (metric.kind) {
    case MetricKind::layer:
      return fmt::format("no layer of the run matches '{}'", metric.layers);
    case MetricKind::kv_per_token:
      return "the run has no cache of keys and values whose bytes per token are known";
    default:
      return "the run does not say which parameters it has";
  }
}

struct Level {
  std::int64_t allowed = 0;
  Status meaning = Status::failed;
  std::optional<Growth> growth;
};

std::vector<Level> levels_of(const Levels& levels, std::optional<std::int64_t> before) {
  std::vector<Level> out;
  if (levels.fail) out.push_back({*levels.fail, Status::failed, {}});
  if (levels.warn) out.push_back({*levels.warn, Status::warned, {}});
  if (!before) return out;
  if (levels.fail_growth) out.push_back({grown(*before, *levels.fail_growth), Status::failed, levels.fail_growth});
  if (levels.warn_growth) out.push_back({grown(*before, *levels.warn_growth), Status::warned, levels.warn_growth});
  return out;
}

// The gravest first, of those the lowest.
const Level* first_of(const std::vector<Level>& levels, auto&& counts) {
  const Level* best = nullptr;
  for (const Level& level : levels) {
    if (!counts(level)) continue;
    const bool graver = best && level.meaning > best->meaning;
    if (!best || graver || (level.meaning == best->meaning && level.allowed < best->allowed)) best = &level;
  }
  return best;
}

ExceptionState state_of(const Limit& limit, std::string_view today) {
  if (!limit.exception) return ExceptionState::none;
  return today <= limit.exception->expires ? ExceptionState::in_force : ExceptionState::expired;
}

const Levels& levels_in_force(const Limit& limit, ExceptionState state) {
  return state == ExceptionState::in_force ? limit.exception->levels : limit.levels;
}

void set_level(Check& check, const std::vector<Level>& levels) {
  const Level* broken = first_of(levels, [&](const Level& level) { return check.figure.value > level.allowed; });
  const Level* shown = broken ? broken : first_of(levels, [](const Level&) { return true; });
  check.status = broken ? broken->meaning : Status::within;
  check.allowed = shown->allowed;
  check.level = shown->meaning;
  check.growth = shown->growth;
}

}  // namespace

std::string key_of(const Metric& metric) {
  std::string key(to_name(kMetricNames, metric.kind));
  if (metric.kind == MetricKind::category) return fmt::format("{}.{}", key, to_name(kCategoryNames, metric.category));
  if (metric.kind != MetricKind::layer) return key;
  key += "." + metric.layers;
  if (metric.self) key += " self";
  if (metric.category != Category::unresolved) key += fmt::format(" {}", to_name(kCategoryNames, metric.category));
  return key;
}

bool is_counted(const Metric& metric) { return metric.kind == MetricKind::parameters; }

bool matches_glob(std::string_view glob, std::string_view path) {
  std::vector<char> reached(path.size() + 1, 0);  // after the part of the glob so far, which ends match
  reached[0] = 1;
  for (std::size_t g = 0; g < glob.size(); ++g) {
    const bool star = glob[g] == '*', dots = star && g + 1 < glob.size() && glob[g + 1] == '*';
    if (star) {
      for (std::size_t p = 0; p < path.size(); ++p)
        if (reached[p] && (dots || path[p] != '.')) reached[p + 1] = 1;
      g += dots;
      continue;
    }
    for (std::size_t p = path.size(); p-- > 0;)
      reached[p + 1] = reached[p] && (glob[g] == path[p] || (glob[g] == '?' && path[p] != '.'));
    reached[0] = 0;
  }
  return reached[path.size()] != 0;
}

std::int64_t grown(std::int64_t before, const Growth& growth) {
  std::int64_t amount = growth.amount, sum = 0;
  if (growth.is_share) {  // a share of the rest fits, for shares are below 10^12
    if (__builtin_mul_overflow(before / kWhole, growth.amount, &amount)) return kMost;
    if (__builtin_add_overflow(amount, before % kWhole * growth.amount / kWhole, &amount)) return kMost;
  }
  return __builtin_add_overflow(before, amount, &sum) ? kMost : sum;
}

std::optional<Figure> figure_of(const Breakdown& run, const Metric& metric) {
  const auto plain = [](std::int64_t value) { return Figure{value, {}, kNoBlock}; };
  switch (metric.kind) {
    case MetricKind::peak:
      return plain(run.peak.allocated_bytes);
    case MetricKind::requested:
      return plain(run.peak_requested_bytes);
    case MetricKind::reserved:
      return plain(run.peak_reserved_bytes);
    case MetricKind::parameters:
      return run.parameter_count > 0 ? std::optional(plain(run.parameter_count)) : std::nullopt;
    case MetricKind::parameter_bytes:
      return run.parameter_count > 0 ? std::optional(plain(run.parameter_bytes)) : std::nullopt;
    case MetricKind::kv_per_token:
      return kv_per_token(run);
    case MetricKind::largest_tensor:
      return largest_block(run);
    case MetricKind::category:
      return plain(run.peak.categories.at(static_cast<std::size_t>(metric.category)));
    case MetricKind::layer:
      return largest_layer(run, metric);
  }
  return {};
}

Figures figures_of(const Breakdown& run, const Budget& budget) {
  Figures out;
  const auto add = [&](const Metric& metric) {
    if (const auto figure = figure_of(run, metric)) out[key_of(metric)] = figure->value;
  };
  for (const auto& [kind, name] : kMetricNames)
    if (kind != MetricKind::category && kind != MetricKind::layer) add({.kind = kind});
  for (std::size_t c = 0; c < kCategoryCount; ++c)
    add({.kind = MetricKind::category, .category = static_cast<Category>(c)});
  for (const Limit& limit : budget.limits) add(limit.metric);
  return out;
}

Status Verdict::status() const {
  Status worst = Status::within;
  for (const Check& check : checks) worst = std::max(worst, check.status);
  return worst;
}

Verdict judge(const Breakdown& run, const Budget& budget, const std::optional<Figures>& baseline,
              std::string_view today) {
  Verdict verdict;
  for (std::size_t i = 0; i < budget.limits.size(); ++i) {
    const Limit& limit = budget.limits[i];
    const auto figure = figure_of(run, limit.metric);
    if (!figure) {
      verdict.unjudged.push_back({i, why_no_figure(limit.metric)});
      continue;
    }
    Check check{.limit = i, .figure = *figure, .exception = state_of(limit, today)};
    if (baseline)
      if (const auto found = baseline->find(key_of(limit.metric)); found != baseline->end())
        check.before = found->second;
    const Levels& levels = levels_in_force(limit, check.exception);
    if (levels.grows() && !check.before) {
      verdict.unjudged.push_back({i, fmt::format("the baseline has no figure of {}", key_of(limit.metric))});
      continue;
    }
    set_level(check, levels_of(levels, check.before));
    verdict.checks.push_back(check);
  }
  return verdict;
}

std::vector<std::string> verify(const Verdict& verdict, const Breakdown& run, const Budget& budget) {
  std::vector<std::string> broken;
  std::vector<int> seen(budget.limits.size(), 0);
  for (const Unjudged& one : verdict.unjudged) ++seen.at(one.limit);
  for (const Check& check : verdict.checks) {
    ++seen.at(check.limit);
    const Limit& limit = budget.limits[check.limit];
    const std::string key = key_of(limit.metric);
    const auto figure = figure_of(run, limit.metric);
    if (!figure || figure->value != check.figure.value) broken.push_back(key + ": the figure is not the run's");
    const auto levels = levels_of(levels_in_force(limit, check.exception), check.before);
    Status expected = Status::within;
    for (const Level& level : levels)
      if (check.figure.value > level.allowed) expected = std::max(expected, level.meaning);
    if (expected != check.status) broken.push_back(key + ": the status is not that of its levels");
    if (check.status != Status::within && check.over() <= 0) broken.push_back(key + ": broken, but by nothing");
  }
  for (std::size_t i = 0; i < seen.size(); ++i)
    if (seen[i] != 1) broken.push_back(fmt::format("{}: judged {} times", key_of(budget.limits[i].metric), seen[i]));
  return broken;
}

}  // namespace headroom
