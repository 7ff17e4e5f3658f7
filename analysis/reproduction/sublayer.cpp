#include "analysis/reproduction/sublayer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.h"

namespace headroom::reproduction {
namespace {

bool is_of_the_pass(Category category) {
  return category == Category::activation || category == Category::temporary || category == Category::workspace ||
         category == Category::other;
}

std::int64_t elements(const ParameterRecord& parameter) {
  std::int64_t count = 1;
  for (const std::int64_t size : parameter.shape) count *= size;
  return count;
}

}  // namespace

SublayerBytes sublayer_bytes(const Breakdown& run, LayerId layer) {
  std::int32_t last_step = 0;
  for (const Allocation& a : run.allocations) last_step = std::max(last_step, a.step);
  std::vector<std::pair<std::int64_t, std::int64_t>> changes;
  for (const Allocation& a : run.allocations) {
    if (a.layer != layer || a.step != last_step || !is_of_the_pass(a.category)) continue;
    changes.emplace_back(a.begin, a.requested_bytes);
    if (a.end != kNeverFreed) changes.emplace_back(a.end, -a.requested_bytes);
  }
  std::ranges::sort(changes);
  SublayerBytes bytes{run.layer_rows.at(static_cast<std::size_t>(layer)).activation_requested_bytes, 0};
  std::int64_t alive = 0;
  for (const auto& [event, change] : changes) bytes.peak_bytes = std::max(bytes.peak_bytes, alive += change);
  return bytes;
}

LayerId first_attention(const Breakdown& run) {
  const auto found = std::ranges::find(run.layers, LayerKind::attention, &Layer::kind);
  if (found == run.layers.end()) throw bad_input(run.label + ": the run has no attention sublayer");
  return found->id;
}

std::int64_t attention_weight_count(const Recording& recording) {
  std::int64_t count = 0;
  for (const ParameterRecord& parameter : recording.parameters) {
    const Layer& layer = recording.layers.at(static_cast<std::size_t>(parameter.layer));
    if (layer.kind == LayerKind::attention && parameter.shared_with.empty() && !parameter.name.ends_with(".bias"))
      count += elements(parameter);
  }
  return count;
}

}  // namespace headroom::reproduction
