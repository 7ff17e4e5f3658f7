// What has to be asked of PyTorch's allocator to repeat a recording, as it was or otherwise. Pure: no Torch.
//
// Frees come when the allocator had the block back, so that no replay waits for another stream. Segments are nobody's request:
// that the program itself gave them back (torch.cuda.empty_cache, a pool's end) is told from what the recording shows. Where it
// shows segments given back in front of an allocation for which memory was short, the allocator did that by itself.
#pragma once

#include <cstdint>
#include <vector>

#include "recording/recording.h"
#include "recording/replay.h"

namespace headroom::profiler {

struct ReplayStep {
  enum class Kind : std::uint8_t {
    alloc,
    hold,          // of a block that other streams use still: it counts as freed
    free,
    fail,          // the request that could not be served when memory ran out
    empty_cache,   // of the lane's pool; 0: of everything
    release_pool   // nobody allocates in it any more
  };
  Kind kind{};
  std::int64_t event = 0;        // of the recording; its event_count: after the last
  std::size_t block = 0;         // number of the allocation
  std::int64_t bytes = 0;        // requested
  Lane lane;
};

struct ReplayPlan {
  std::vector<ReplayStep> steps;
  std::size_t block_count = 0;
  std::int64_t peak_event = -1;  // of the recording's reserved memory
};

// Throws bad_input for what cannot be repeated: no segments, lost events, more streams than are told apart.
ReplayPlan plan_replay(const Recording& recording, ReplayChange change);

// The recording's events in the order in which a plan without change repeats them: frees where the block was back.
std::vector<std::int64_t> events_as_replayed(const Events& events);

}  // namespace headroom::profiler
