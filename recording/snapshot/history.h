// A device's history, event by event, as a recording has it: nothing is freed that was not allocated before, and what
// was there before the history began comes first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "recording/recording.h"
#include "recording/snapshot/entries.h"

namespace headroom::snapshot_reader {

struct History {
  Events events;                     // layer, phase, step, category, operator, tensor and source are those of no origin
  std::vector<PickleValue> origins;  // of each event the dictionary that says where it is from
  std::int64_t first_event = 0;      // of the history proper; those before it were there when it began
  std::int64_t early_block_count = 0, early_block_bytes = 0, early_segment_bytes = 0;
  std::int64_t lost_event_count = 0;  // that must have happened and are not in the history
  std::int64_t resized_count = 0;     // blocks whose size at the end is not what the allocator's rules give
  std::int64_t out_of_memory_count = 0;
  Outcome outcome;           // of the last time that memory ran out, unless there was an allocation after it
  PickleValue failure;       // its dictionary
  bool failed_last = false;  // nothing was allocated after memory ran out
};

// Throws bad_input, opening with `where`.
History replay(const DeviceHistory& device, const std::string& where);

}  // namespace headroom::snapshot_reader
