#include "analysis/fragmentation.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "recording/reserved_peak.h"

namespace headroom {
namespace {

std::uint64_t end_of(const SegmentView& s) { return s.address + static_cast<std::uint64_t>(s.bytes); }

using Segments = std::map<std::uint64_t, SegmentView>;  // by address

Segments segments_after(const Events& e, std::int64_t event) {
  Segments segments;
  for (std::int64_t i = 0; i <= event; ++i) {
    if (e.action[i] == Action::segment_free) segments.erase(e.address[i]);
    if (e.action[i] != Action::segment_alloc) continue;
    SegmentView segment{.address = e.address[i], .bytes = e.block_bytes[i]};
    if (!e.stream.empty()) segment.stream = e.stream[i];
    if (!e.pool.empty()) segment.pool = e.pool[i];
    segments.insert_or_assign(e.address[i], segment);
  }
  return segments;
}

// Expandable segments are mapped piece by piece.
void join_pieces(Segments& segments) {
  for (auto at = segments.begin(); at != segments.end();) {
    SegmentView& segment = at->second;
    const auto next = std::next(at);
    const bool joined = next != segments.end() && next->first == end_of(segment) &&
                        next->second.stream == segment.stream && next->second.pool == segment.pool;
    if (!joined) {
      at = next;
      continue;
    }
    segment.bytes += next->second.bytes;
    segments.erase(next);
  }
}

// Freed or not, the allocator does not have it back after `event`.
bool is_occupied(const Events& e, const Allocation& a, std::int64_t event) {
  if (a.begin > event || a.end == kNeverFreed) return a.begin <= event;
  return event < a.end || (!e.held.empty() && e.held[a.end] > 0 && event <= a.end + e.held[a.end]);
}

// By its settings, or, where a program changed them while it ran, by a block that is larger than its piece.
bool uses_expandable_segments(const Recording& recording, const std::vector<Allocation>& allocations, std::int64_t event,
                              const Segments& segments) {
  if (recording.environment.allocator_settings.find("expandable_segments:True") != std::string::npos) return true;
  return std::ranges::any_of(allocations, [&](const Allocation& a) {
    if (!is_occupied(recording.events, a, event)) return false;
    const auto after = segments.upper_bound(a.address);
    if (after == segments.begin()) return false;
    return a.address + static_cast<std::uint64_t>(a.block_bytes) > end_of(std::prev(after)->second);
  });
}

bool is_alive(const Allocation& a, std::int64_t event) { return a.end == kNeverFreed || event < a.end; }

void place_blocks(const Recording& recording, const std::vector<Allocation>& allocations, std::int64_t event,
                  Segments& segments) {
  for (std::size_t i = 0; i < allocations.size() && allocations[i].begin <= event; ++i) {
    const Allocation& a = allocations[i];
    if (!is_occupied(recording.events, a, event)) continue;
    auto at = segments.upper_bound(a.address);
    if (at == segments.begin() || a.address >= end_of(std::prev(at)->second)) continue;
    SegmentView& segment = std::prev(at)->second;
    segment.blocks.push_back(static_cast<std::int64_t>(i));
    if (is_alive(a, event)) {
      segment.live_bytes += a.block_bytes;
      segment.requested_bytes += a.requested_bytes;
    } else {
      segment.held_bytes += a.block_bytes;
    }
  }
}

void measure_gaps(const std::vector<Allocation>& allocations, SegmentView& segment) {
  segment.free_bytes = segment.bytes - segment.live_bytes - segment.held_bytes;
  std::ranges::sort(segment.blocks, {}, [&](std::int64_t i) { return allocations[i].address; });
  std::uint64_t end = segment.address;
  const auto gap_before = [&](std::uint64_t address) {
    if (address > end)
      segment.largest_gap_bytes = std::max(segment.largest_gap_bytes, static_cast<std::int64_t>(address - end));
  };
  for (const std::int64_t i : segment.blocks) {
    gap_before(allocations[i].address);
    end = allocations[i].address + static_cast<std::uint64_t>(allocations[i].block_bytes);
  }
  gap_before(end_of(segment));
  std::ranges::stable_sort(segment.blocks, {}, [&](std::int64_t i) { return allocations[i].block_bytes; });
}

int place_of(const SegmentView& s) { return !s.is_pinned() ? 2 : s.free_bytes == 0 ? 1 : 0; }

void add_up(Fragmentation& f) {
  for (const SegmentView& s : f.segments) {
    f.reserved_bytes += s.bytes;
    f.requested_bytes += s.requested_bytes;
    f.rounding_bytes += s.live_bytes - s.requested_bytes;
    f.held_bytes += s.held_bytes;
    (s.is_pinned() ? f.fragmented_bytes : f.cached_bytes) += s.free_bytes;
  }
}

}  // namespace

Fragmentation explain_fragmentation(const Recording& recording, const std::vector<Allocation>& allocations) {
  return fragmentation_after(recording, allocations, event_of_reserved_peak(recording.events));
}

Fragmentation fragmentation_after(const Recording& recording, const std::vector<Allocation>& allocations,
                                  std::int64_t event) {
  const Events& e = recording.events;
  Fragmentation f;
  f.event = event;
  if (f.event < 0) return f;
  f.time_ns = e.time_ns[f.event];
  f.phase = e.phase[f.event];
  f.step = e.step[f.event];
  Segments segments = segments_after(e, f.event);
  if (uses_expandable_segments(recording, allocations, f.event, segments)) join_pieces(segments);
  place_blocks(recording, allocations, f.event, segments);
  for (auto& [address, segment] : segments) {
    measure_gaps(allocations, segment);
    f.segments.push_back(std::move(segment));
  }
  std::ranges::stable_sort(f.segments, {}, [](const SegmentView& s) {
    return std::tuple(place_of(s), s.live_bytes + s.held_bytes, s.address);
  });
  add_up(f);
  return f;
}

std::vector<std::string> verify(const Fragmentation& f) {
  std::vector<std::string> problems;
  std::int64_t reserved = 0;
  for (const SegmentView& s : f.segments) {
    reserved += s.bytes;
    if (s.free_bytes < 0 || s.live_bytes + s.held_bytes + s.free_bytes != s.bytes)
      problems.push_back(fmt::format("the segment at {:#x} has {} bytes, but {} live, {} held and {} free ones", s.address,
                                     s.bytes, s.live_bytes, s.held_bytes, s.free_bytes));
    if (s.largest_gap_bytes > s.free_bytes || (s.largest_gap_bytes == 0 && s.free_bytes > 0))
      problems.push_back(fmt::format("the segment at {:#x} has {} bytes free, {} in one piece", s.address, s.free_bytes,
                                     s.largest_gap_bytes));
  }
  const std::int64_t sum =
      f.requested_bytes + f.rounding_bytes + f.held_bytes + f.cached_bytes + f.fragmented_bytes;
  if (reserved != f.reserved_bytes || sum != f.reserved_bytes)
    problems.push_back(fmt::format("{} bytes are reserved, the segments add up to {}, their parts to {}", f.reserved_bytes,
                                   reserved, sum));
  return problems;
}

}  // namespace headroom
