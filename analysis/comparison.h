// [Breakdown] -> Comparison: savings of each run against a baseline run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/breakdown.h"

namespace headroom {

// Percent saved against the baseline: 100 · (1 − bytes / baseline bytes); negative when it costs more; empty when the
// baseline has none.
struct ComparisonRow {
  std::string label;
  std::optional<double> parameter_saving_percent;   // bytes of all parameters
  std::optional<double> activation_saving_percent;  // requested bytes kept for backward in the last step
  std::optional<double> attention_saving_percent;   // parameters of the attention sublayers, W^O and biases included
  std::optional<double> peak_saving_percent;        // allocated bytes at the peak
  std::optional<double> kv_cache_saving_percent;    // bytes per token
};

struct Comparison {
  std::size_t baseline = 0;         // index into the runs
  std::vector<ComparisonRow> rows;  // one per run, in order
};

// Runs whose outcome is not ok get a row without savings; so do all when the baseline is such a run. Throws bad_input
// when there is no run number `baseline`.
Comparison compare(const std::vector<Breakdown>& runs, std::size_t baseline);
Comparison compare(const std::vector<const Breakdown*>& runs, std::size_t baseline);

}  // namespace headroom
