// Recording -> Fragmentation: where reserved memory was at its peak, segment by segment, and which blocks kept each from being
// given back. Pure; no I/O.
//
// A segment is what the allocator got of the driver in one piece; with expandable segments, a range of mapped memory without a
// hole. It can be given back only when no block in it is alive, so the blocks in it pin all of it.
//
// Invariants (checked by verify()), to the byte:
//   reserved = requested + rounding + held + cached + fragmented, over the run's segments and within each
//   free = segment - live - held; the largest gap is no larger than what is free
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/breakdown.h"

namespace headroom {

struct SegmentView {
  std::uint64_t address = 0;
  std::int64_t bytes = 0;
  std::uint8_t stream = 0;  // of Events
  std::int32_t pool = 0;
  std::int64_t requested_bytes = 0;  // of the live blocks
  std::int64_t live_bytes = 0;       // the blocks themselves
  std::int64_t held_bytes = 0;       // freed, but other streams still use them
  std::int64_t free_bytes = 0;
  std::int64_t largest_gap_bytes = 0;  // free in one piece
  std::vector<std::int64_t> blocks;    // live and held, smallest first: indices into resolve_allocations(recording)

  bool is_pinned() const { return !blocks.empty(); }
};

struct Fragmentation {
  // The first event after which reserved bytes are at their maximum; where a block was allocated in the new segment next,
  // that event. -1: nothing was reserved (the CPU's allocator has no segments).
  std::int64_t event = -1;
  std::int64_t time_ns = 0;
  Phase phase = Phase::build;
  std::int32_t step = 0;
  std::int64_t reserved_bytes = 0;
  std::int64_t requested_bytes = 0;   // of the live blocks
  std::int64_t rounding_bytes = 0;    // what the live blocks are larger than requested
  std::int64_t held_bytes = 0;
  std::int64_t cached_bytes = 0;      // of segments in which nothing is alive: empty_cache() would give them back
  std::int64_t fragmented_bytes = 0;  // free, inside segments that some block pins
  // Pinned ones with something free first, those with the fewest live bytes first; then the full ones, then the empty ones.
  std::vector<SegmentView> segments;
};

// `allocations`: resolve_allocations(recording), which a Breakdown has.
Fragmentation explain_fragmentation(const Recording& recording, const std::vector<Allocation>& allocations);

// The same after another event; nothing where it is -1.
Fragmentation fragmentation_after(const Recording& recording, const std::vector<Allocation>& allocations,
                                  std::int64_t event);

// One sentence for each invariant that does not hold.
std::vector<std::string> verify(const Fragmentation& fragmentation);

}  // namespace headroom
