#include "analysis/event_diff.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace headroom {
namespace {

EventView view(const Recording& recording, std::size_t i) {
  const Events& events = recording.events;
  const auto text = [&](const std::vector<StringId>& column) {
    return i < column.size() ? recording.text(column[i]) : std::string();
  };
  const auto layer = static_cast<std::size_t>(events.layer[i]);
  return {i, events.action[i], events.requested_bytes[i], events.block_bytes[i],
          layer < recording.layers.size() ? recording.layers[layer].path : std::string(), text(events.op),
          text(events.tensor), text(events.source), events.phase[i], events.step[i]};
}

std::optional<EventView> view_if_any(const Recording& recording, std::size_t i) {
  return i < recording.events.size() ? std::optional(view(recording, i)) : std::nullopt;
}

std::optional<EventDifferenceKind> differing(const Events& left, const Events& right, std::size_t i) {
  if (i == left.size() || i == right.size()) return EventDifferenceKind::length;
  if (left.action[i] != right.action[i]) return EventDifferenceKind::action;
  if (left.requested_bytes[i] != right.requested_bytes[i]) return EventDifferenceKind::requested_bytes;
  if (left.block_bytes[i] != right.block_bytes[i]) return EventDifferenceKind::block_bytes;
  return std::nullopt;
}

// The end of the frees that follow each other from event `i` on.
std::size_t end_of_frees(const Events& events, std::size_t i) {
  while (i < events.size() && events.action[i] == Action::free) ++i;
  return i;
}

// How many events from `i` on are the same frees on both sides in another order; 0: they are not.
std::size_t reordered_frees(const Events& left, const Events& right, std::size_t i) {
  const std::size_t end = end_of_frees(left, i);
  if (end == i || end_of_frees(right, i) != end) return 0;
  using Sizes = std::pair<std::int64_t, std::int64_t>;
  std::vector<Sizes> a, b;
  for (std::size_t at = i; at < end; ++at) {
    a.emplace_back(left.requested_bytes[at], left.block_bytes[at]);
    b.emplace_back(right.requested_bytes[at], right.block_bytes[at]);
  }
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b ? end - i : 0;
}

// The live segments of one side, by address.
class Segments {
 public:
  struct Place {
    std::int64_t below = 0, segment = -1, offset = 0;
    bool operator==(const Place&) const = default;
  };

  Place replay(const Events& events, std::size_t i) {
    const std::uint64_t address = events.address[i];
    switch (events.action[i]) {
      case Action::segment_alloc: return add(address, events.block_bytes[i]);
      case Action::segment_free: return segments_.erase(address), Place{};
      case Action::alloc: return find(address);
      case Action::free: return {};
    }
    return {};
  }

 private:
  struct Segment {
    std::int64_t number, bytes;
  };

  Place add(std::uint64_t address, std::int64_t bytes) {
    const auto at = segments_.insert_or_assign(address, Segment{next_++, bytes}).first;
    return {std::distance(segments_.begin(), at), -1, 0};
  }

  Place find(std::uint64_t address) const {
    auto after = segments_.upper_bound(address);
    if (after == segments_.begin()) return {};
    const auto& [start, segment] = *std::prev(after);
    const auto offset = static_cast<std::int64_t>(address - start);
    return offset < segment.bytes ? Place{0, segment.number, offset} : Place{};
  }

  std::map<std::uint64_t, Segment> segments_;
  std::int64_t next_ = 0;
};

std::vector<std::int64_t> requests(const Events& events) {
  std::vector<std::int64_t> out;
  for (std::size_t i = 0; i < events.size(); ++i)
    if (events.action[i] == Action::alloc) out.push_back(events.requested_bytes[i]);
  return out;
}

std::string where(const EventView& event) {
  std::string out = "event " + std::to_string(event.index);
  if (!event.op.empty()) out += ", " + event.op;
  if (!event.layer.empty()) out += " in " + event.layer;
  return out + ", " + std::string(to_name(kPhaseNames, event.phase)) + " of step " + std::to_string(event.step);
}

bool precedes(const std::optional<AddressDifference>& address, const EventDiff& diff) {
  return address && address->event.index < diff.equal_count;
}

std::string by_size(const EventDifference& difference) {
  switch (difference.kind) {
    case EventDifferenceKind::length:
      return "One side ends where the other goes on.";
    case EventDifferenceKind::action:
      return "The sides do different things: a block lives longer, or the allocator found room on one side only.";
    case EventDifferenceKind::requested_bytes:
      return "The program asked for another size: a library's workspace, or host code that took another way.";
    case EventDifferenceKind::block_bytes:
      return "The same request got a block of another size: the free blocks to choose from differed.";
  }
  return "";
}

}  // namespace

EventDiff diff_events(const Recording& left, const Recording& right) {
  const Events &a = left.events, &b = right.events;
  EventDiff diff;
  diff.left_count = a.size();
  diff.right_count = b.size();
  diff.left_stats = left.stats;
  diff.right_stats = right.stats;
  diff.requests_equal = requests(a) == requests(b);
  Segments left_segments, right_segments;
  std::size_t i = 0;
  for (; i < std::max(a.size(), b.size()); ++i) {
    if (const auto kind = differing(a, b, i)) {
      if (const std::size_t frees = reordered_frees(a, b, i)) {
        diff.reordered_free_count += frees;
        i += frees - 1;
        continue;
      }
      diff.bytes = EventDifference{*kind, view_if_any(left, i), view_if_any(right, i)};
      break;
    }
    const auto l = left_segments.replay(a, i), r = right_segments.replay(b, i);
    auto& first = a.action[i] == Action::segment_alloc ? diff.segment_order : diff.placement;
    if (!first && !(l == r))
      first = AddressDifference{view(left, i), l.below, r.below, l.segment, r.segment, l.offset, r.offset};
  }
  diff.equal_count = i;
  return diff;
}

std::string explanation(const EventDiff& diff) {
  if (diff.equal()) return "";
  const std::string tail = diff.requests_equal
                               ? " Both sides ask for the same bytes in the same order throughout."
                               : " From there on the sides also ask for different bytes.";
  const auto rest = "; equal free blocks are told apart by address, so later choices may differ." + tail;
  const bool order = precedes(diff.segment_order, diff), placed = precedes(diff.placement, diff);
  if (order && (!placed || diff.segment_order->event.index < diff.placement->event.index)) {
    const AddressDifference& first = *diff.segment_order;
    return "The device hands out addresses in another order: the segment of " + where(first.event) + " lies above " +
           std::to_string(first.left_below) + " live segments on the left, above " +
           std::to_string(first.right_below) + " on the right" + rest;
  }
  if (placed) {
    const AddressDifference& first = *diff.placement;
    return "The block of " + where(first.event) + " went to segment " + std::to_string(first.left_segment) + " at " +
           std::to_string(first.left_offset) + " on the left, to segment " + std::to_string(first.right_segment) +
           " at " + std::to_string(first.right_offset) + " on the right" + rest;
  }
  return by_size(*diff.bytes) + tail;
}

}  // namespace headroom
