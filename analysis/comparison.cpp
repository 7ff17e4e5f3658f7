#include "analysis/comparison.h"

#include <fmt/format.h>

namespace headroom {
namespace {

std::optional<double> saving_percent(std::int64_t bytes, std::int64_t baseline_bytes) {
  if (baseline_bytes <= 0) return std::nullopt;
  return 100.0 * (1.0 - static_cast<double>(bytes) / static_cast<double>(baseline_bytes));
}

std::int64_t activation_bytes(const Breakdown& run) {
  return run.last_step_bytes[static_cast<std::size_t>(Category::activation)];
}

ComparisonRow compare(const Breakdown& run, const Breakdown& baseline) {
  ComparisonRow row{.label = run.label};
  if (run.outcome.kind != OutcomeKind::ok || baseline.outcome.kind != OutcomeKind::ok) return row;
  row.parameter_saving_percent = saving_percent(run.parameter_bytes, baseline.parameter_bytes);
  row.activation_saving_percent = saving_percent(activation_bytes(run), activation_bytes(baseline));
  row.attention_saving_percent =
      saving_percent(run.model.attention_parameter_count, baseline.model.attention_parameter_count);
  row.peak_saving_percent = saving_percent(run.peak.allocated_bytes, baseline.peak.allocated_bytes);
  row.kv_cache_saving_percent = saving_percent(cache_bytes_per_token(run), cache_bytes_per_token(baseline));
  return row;
}

}  // namespace

Comparison compare(const std::vector<Breakdown>& runs, std::size_t baseline) {
  std::vector<const Breakdown*> pointers;
  for (const Breakdown& run : runs) pointers.push_back(&run);
  return compare(pointers, baseline);
}

Comparison compare(const std::vector<const Breakdown*>& runs, std::size_t baseline) {
  if (baseline >= runs.size())
    throw bad_input(fmt::format("run {} is the baseline of {} runs, expected one of them", baseline, runs.size()));
  Comparison comparison{.baseline = baseline};
  for (const Breakdown* run : runs) comparison.rows.push_back(compare(*run, *runs[baseline]));
  return comparison;
}

}  // namespace headroom
