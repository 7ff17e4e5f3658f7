// PyTorch's memory snapshots (torch.cuda.memory._dump_snapshot, Torch 2.0 and later) as a Recording.
//
//   alloc, free_requested        an allocation and its end; until free_completed the allocator still holds the block
//   segment_alloc, segment_map   a segment, or a part of an expandable one; likewise their ends
//   oom                          the outcome, where nothing was allocated after it
//
// A snapshot says what was asked for; what the allocator took for it follows from where blocks and segments lie, by the
// allocator's own rules. Blocks and segments that were there before the history began are allocated at its start.
//
// What a snapshot does not say is not made up: the numbers are of DeviceKind::unknown, every block is of the build, and
// the layer is what the program had set as the memory's metadata. A snapshot that Headroom exported says all of it.
// Whatever a reader has to know beyond that stands in `assumptions`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "recording/recording.h"

namespace headroom {

// Of one device; absent: the one with most events. Survives any bytes: throws bad_input, opening with `where`. What it
// gives of PyTorch's own keeps the promises of verify.h; of one of Headroom's they are those of what was exported.
Recording read_snapshot(std::string_view bytes, const std::string& where, std::optional<int> device = {});

}  // namespace headroom
