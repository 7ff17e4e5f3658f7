// AllocatorReplay: what the requests of a recording reserve when they are made of PyTorch's allocator again, over the
// virtual GPU, as they were or with one thing changed. Every figure is the allocator's own.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/names.h"

namespace headroom {

// What differs from the recorded run. The first is the check on all others; the last two are no settings, but other programs.
enum class ReplayChange : std::uint8_t {
  none,
  settings,
  empty_cache,   // torch.cuda.empty_cache() before every phase
  lasting_first  // what is alive at the recording's peak of reserved memory is allocated at the beginning of the phase in which
                 // it was allocated, in its own order
};
inline constexpr std::array kReplayChangeNames{
    Named<ReplayChange>{ReplayChange::none, "none"}, Named<ReplayChange>{ReplayChange::settings, "settings"},
    Named<ReplayChange>{ReplayChange::empty_cache, "empty_cache"},
    Named<ReplayChange>{ReplayChange::lasting_first, "lasting_first"}};

struct AllocatorReplay {
  std::string label;     // "as recorded", "expandable_segments:True", "lasting blocks first"
  ReplayChange change = ReplayChange::none;
  std::string settings;  // as in PYTORCH_CUDA_ALLOC_CONF; empty: PyTorch's own
  std::string device;    // of the catalogue: "h100-80gb"
  std::int64_t peak_allocated_bytes = 0;
  std::int64_t peak_requested_bytes = 0;
  std::int64_t peak_reserved_bytes = 0;
  std::int64_t reserved_at_peak_bytes = 0;  // when the recording's reserved memory was at its peak; 0: not reached
  std::int64_t segment_count = 0;           // at its own peak of reserved memory
  std::int64_t driver_call_count = 0;       // segments reserved and given back, over the run
  bool ran_out_of_memory = false;
  std::int64_t failed_event = -1;           // the recording's event that could not be served; its event_count: the request
                                            // at which the recorded run itself ran out of memory
  std::int64_t failed_request_bytes = 0;
  bool faithful = false;                    // of `none`: every block and segment was where the recording has it
  std::string difference;                   // of `none` that is not: the first that was not

  bool operator==(const AllocatorReplay&) const = default;
};

// Bytes of reserved memory at the peak that a change would have saved; negative: it would have cost. Nothing is known (0)
// where the replay of the recorded settings was not faithful or this one ran out of memory.
std::int64_t saved_bytes(const AllocatorReplay& as_recorded, const AllocatorReplay& changed);

Json replay_document(const AllocatorReplay& replay);
AllocatorReplay parse_replay(const Json& json, const std::string& where);

}  // namespace headroom
