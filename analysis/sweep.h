// Walks a run's events once, telling which allocation begins and which ends at each.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/breakdown.h"

namespace headroom {

// For each event 0 … event_count - 1 calls ended(index), then begun(index), where they apply, then after(event).
// `allocations` are in order of `begin`.
template <class Begun, class Ended, class After>
void sweep(const std::vector<Allocation>& allocations, std::int64_t event_count, Begun begun, Ended ended,
           After after) {
  constexpr std::uint32_t kNone = 0;
  std::vector<std::uint32_t> ending(static_cast<std::size_t>(event_count), kNone);  // index + 1
  for (std::size_t i = 0; i < allocations.size(); ++i)
    if (allocations[i].end != kNeverFreed) ending[allocations[i].end] = static_cast<std::uint32_t>(i + 1);
  std::size_t next = 0;
  for (std::int64_t event = 0; event < event_count; ++event) {
    if (ending[event] != kNone) ended(std::size_t{ending[event] - 1});
    if (next < allocations.size() && allocations[next].begin == event) begun(next++);
    after(event);
  }
}

}  // namespace headroom
