// Sums over a recording, for tests that compare runs.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "analysis/breakdown.h"
#include "recording/recording.h"

namespace headroom::testing_support {

// Requested bytes by layer path and category, of what was allocated in `step` or lives on from before it.
using LayerSums = std::map<std::pair<std::string, std::string>, std::int64_t>;

inline bool is_alive_in(const Recording& recording, const Allocation& allocation, std::int32_t step) {
  if (allocation.step > step) return false;
  return allocation.step == step || allocation.end == kNeverFreed ||
         recording.events.step[static_cast<std::size_t>(allocation.end)] >= step;
}

inline LayerSums layer_sums(const Recording& recording, const std::vector<Category>& categories, std::int32_t step) {
  LayerSums sums;
  for (const Allocation& a : resolve_allocations(recording)) {
    const bool wanted = std::find(categories.begin(), categories.end(), a.category) != categories.end();
    const bool persistent = a.category == Category::parameter || a.category == Category::optimizer_state;
    if (!wanted || !(persistent ? is_alive_in(recording, a, step) : a.step == step)) continue;
    sums[{recording.layers[static_cast<std::size_t>(a.layer)].path,
          std::string(to_name(kCategoryNames, a.category))}] += a.requested_bytes;
  }
  return sums;
}

inline std::int64_t total(const LayerSums& sums) {
  std::int64_t bytes = 0;
  for (const auto& [key, value] : sums) bytes += value;
  return bytes;
}

inline std::int64_t total(const Recording& recording, Category category, std::int32_t step) {
  return total(layer_sums(recording, {category}, step));
}

}  // namespace headroom::testing_support
