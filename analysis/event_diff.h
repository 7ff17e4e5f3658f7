// Two recordings of the same run, event by event: where they part first, and why as far as addresses tell.
//
// Compared are action, requested bytes and block bytes of every event, so segments too. Addresses themselves mean nothing
// across processes; their relations do, because PyTorch's allocator tells equal free blocks apart by address:
// how many live segments lie below a new one, and at which offset of which segment (in order of reservation) a block is put.
//
// Blocks freed one right after the other may come in another order and are still equal: autocast frees its cached copies in the order
// of their host addresses, and the allocator is left in the same state by either order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "recording/recording.h"

namespace headroom {

// One event, resolved to text: what a person needs to find it in the program.
struct EventView {
  std::size_t index = 0;
  Action action{};
  std::int64_t requested_bytes = 0, block_bytes = 0;
  std::string layer, op, tensor, source;
  Phase phase{};
  std::int32_t step = 0;
};

enum class EventDifferenceKind : std::uint8_t { action, requested_bytes, block_bytes, length };

inline constexpr std::array kEventDifferenceNames{
    Named<EventDifferenceKind>{EventDifferenceKind::action, "action"},
    Named<EventDifferenceKind>{EventDifferenceKind::requested_bytes, "requested_bytes"},
    Named<EventDifferenceKind>{EventDifferenceKind::block_bytes, "block_bytes"},
    Named<EventDifferenceKind>{EventDifferenceKind::length, "length"}};

// A side without an event has ended.
struct EventDifference {
  EventDifferenceKind kind{};
  std::optional<EventView> left, right;
};

// The first event whose address is in another relation to those before it, with equal bytes on both sides.
struct AddressDifference {
  EventView event;                        // on the left
  std::int64_t left_below = 0, right_below = 0;  // segment_alloc: live segments below it
  std::int64_t left_segment = -1, right_segment = -1;  // alloc: its segment's number; -1: in none
  std::int64_t left_offset = 0, right_offset = 0;      // alloc: within the segment
};

struct EventDiff {
  std::size_t left_count = 0, right_count = 0;
  std::size_t equal_count = 0;  // events before the first difference in bytes
  std::size_t reordered_free_count = 0;  // of the equal ones
  bool requests_equal = false;  // both ask the allocator for the same bytes in the same order, whatever it makes of them
  std::optional<EventDifference> bytes;
  std::optional<AddressDifference> segment_order, placement;
  AllocatorStats left_stats, right_stats;

  bool equal() const { return !bytes; }
};

EventDiff diff_events(const Recording& left, const Recording& right);

// Plain sentences: why `diff` is not equal, as far as addresses and sizes tell. Empty when it is.
std::string explanation(const EventDiff& diff);

}  // namespace headroom
