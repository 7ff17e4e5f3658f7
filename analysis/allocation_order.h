// Allocations in the order of one of their properties: what a table of millions of them is sorted by. Pure.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "analysis/breakdown.h"

namespace headroom {

enum class AllocationKey : std::uint8_t {
  begin,
  block,
  requested,
  rounding,  // block - requested
  tensor,    // texts by their letters
  category,  // in the order of Category
  layer,     // in the order of the model
  op,
  source,
  end,     // those never freed last
  events,  // how many it lived; to the last event where it was never freed
  time,    // likewise in nanoseconds
  address,
  stream,
  pool
};

// Events that `allocation` lived, and the time of that; to the run's last event where it was never freed.
std::int64_t lifetime_events(const Recording& recording, const Allocation& allocation);
std::int64_t lifetime_ns(const Recording& recording, const Allocation& allocation);

// Sorts `rows`, which are indices into `allocations`; equal ones stay in the order of their begin. Takes 16 bytes for
// each row meanwhile. Leaves `rows` as they were once `cancelled`.
void order_allocations(const Recording& recording, const std::vector<Allocation>& allocations, AllocationKey key,
                       bool descending, std::vector<std::uint32_t>& rows, const std::atomic<bool>& cancelled);

}  // namespace headroom
