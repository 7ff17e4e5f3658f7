#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/bytes.h"
#include "reports/summary.h"
#include "reports/sweep.h"

namespace headroom {
namespace {

// A config.json is called by its folder: where that is says nothing of the model.
std::string model_name(const std::string& model) {
  if (!model.ends_with(".json")) return model;
  const std::string path = model.ends_with("/config.json") ? model.substr(0, model.rfind('/')) : model;
  return path.substr(path.rfind('/') + 1);
}

std::vector<std::string> phrases_of(const RunSpec& spec) {
  Breakdown run;
  run.spec = spec;
  const RunPhrases said = phrases(run);
  std::vector<std::string> out{model_name(spec.model), spec.attention,
                               fmt::format("batch {}", format_count(spec.batch)),
                               fmt::format("seq {}", format_count(spec.seq))};
  for (const std::string& phrase : {said.mode, said.dtype, said.optimizer, said.attention_kernel, said.conditions})
    out.push_back(phrase);
  return out;
}

}  // namespace

std::vector<std::string> sweep_conditions(const Sweep& sweep) {
  std::vector<std::string> common;
  bool first = true;
  for (const SweepRow& row : sweep.rows) {
    if (!row.result.spec) continue;
    std::vector<std::string> now = phrases_of(*row.result.spec);
    if (std::exchange(first, false)) common = now;
    for (std::size_t i = 0; i < common.size(); ++i)
      if (common[i] != now[i]) common[i].clear();
  }
  std::erase(common, "");
  return common;
}

std::vector<std::string> sweep_devices(const Sweep& sweep) {
  std::vector<std::string> names;
  for (const SweepRow& row : sweep.rows) {
    if (row.result.device_name.empty()) continue;
    Environment ran_on;
    ran_on.device_kind = row.result.device_kind;
    const std::string name = fmt::format("{} {}", truth_word(ran_on), row.result.device_name);
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

std::string number_ranges(const std::vector<std::int64_t>& numbers) {
  std::string out;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    out += (out.empty() ? "" : ", ") + std::to_string(numbers[i]);
    if (last > i) out += (last > i + 1 ? "–" : ", ") + std::to_string(numbers[last]);
    i = last + 1;
  }
  return out;
}

std::string sweep_counts(const Sweep& sweep) {
  constexpr std::array kWords{"ok", "out of memory", "refused", "failed"};
  std::string out = fmt::format("{} run{}: ", format_count(sweep.count), sweep.count == 1 ? "" : "s");
  for (const auto& row : kSweepOutcomeNames) {
    const auto count = std::ranges::count(sweep.rows, row.value, [](const SweepRow& r) { return r.result.outcome; });
    if (count > 0 || (row.value == SweepOutcome::ok && !sweep.rows.empty()))
      out += fmt::format("{} {}, ", format_count(count), kWords[static_cast<std::size_t>(row.value)]);
  }
  const auto missing = sweep.count - static_cast<std::int64_t>(sweep.rows.size());
  if (missing > 0) out += fmt::format("{} not here, ", format_count(missing));
  return out.substr(0, out.size() - 2);
}

std::string slope_text(const std::optional<double>& slope) {
  if (!slope) return "–";
  const std::string text = fmt::format("{:.2f}", std::abs(*slope));
  return (*slope < 0 && text != "0.00" ? "−" : "") + text;
}

std::string series_words(const Sweep& sweep, const ScalingSeries& series) {
  const std::string words = settings_words(sweep, sweep.rows[series.rows.front()], series.field);
  return words.empty() ? "all runs" : words;
}

}  // namespace headroom
