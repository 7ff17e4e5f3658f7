#include "analysis/reproduction/memory.h"

#include <algorithm>

namespace headroom::reproduction {
namespace {

std::int64_t in_last_step(const Breakdown& run, Category category) {
  return run.last_step_bytes[static_cast<std::size_t>(category)];
}

bool has_attention(const Breakdown& run) {
  return std::ranges::find(run.layers, LayerKind::attention, &Layer::kind) != run.layers.end();
}

}  // namespace

MemoryRow training_memory(const Breakdown& training, const std::string& mechanism) {
  MemoryRow row{.mechanism = mechanism, .attention = sublayer_bytes(training, first_attention(training))};
  row.parameter_bytes = in_last_step(training, Category::parameter);
  row.gradient_bytes = in_last_step(training, Category::gradient);
  row.optimizer_state_bytes = in_last_step(training, Category::optimizer_state);
  for (const LayerRow& layer : training.layer_rows) row.activation_bytes += layer.activation_requested_bytes;
  row.training_peak_bytes = training.peak.allocated_bytes;
  return row;
}

MemoryRow memory_of(const Breakdown& run, const std::string& mechanism) {
  MemoryRow row{.mechanism = mechanism};
  if (run.outcome.kind != OutcomeKind::ok || is_program(run.spec)) return row;
  if (run.spec.mode == Mode::train && has_attention(run)) row = training_memory(run, mechanism);
  if (run.spec.mode != Mode::train) {
    row.parameter_bytes = in_last_step(run, Category::parameter);
    if (run.spec.mode == Mode::forward) row.inference_peak_bytes = run.peak.allocated_bytes;
  }
  row.cache_bytes_per_token = std::max<std::int64_t>(cache_bytes_per_token(run), 0);
  return row;
}

}  // namespace headroom::reproduction
