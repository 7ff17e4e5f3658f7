// What would have to go for a run that was out of memory: how much was missing, and what was alive that is as much.
// Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/breakdown.h"

namespace headroom {

// Live blocks that are alike: one tensor's shape, category and operator, in whichever layers.
struct ShortfallGroup {
  Category category{};
  StringId tensor{}, op{};
  std::int64_t bytes = 0, count = 0;
  std::int64_t largest = 0;  // allocation: the largest of them
  std::int64_t enough = 0;   // so many of the largest of them are as much as was missing; 0: all are less
  LayerId first_layer{}, last_layer{};
  std::int64_t layer_count = 0;
};

struct Shortfall {
  std::int64_t missing_bytes = 0;      // at least: what was asked for beyond what the device had free
  std::int64_t gap_bytes = 0;          // reserved by the allocator, in no block
  bool gaps_are_enough = false;        // in one piece they would have held the request
  std::vector<ShortfallGroup> groups;  // the most bytes first
};

// `live`: indices into `run.allocations`, of what was alive when memory ran out.
Shortfall make_shortfall(const Breakdown& run, const std::vector<std::int64_t>& live);

}  // namespace headroom
