#include "reports/snapshot_segments.h"

#include <algorithm>
#include <iterator>

#include "analysis/sweep.h"

namespace headroom::snapshot {
namespace {

std::uint64_t end_of(std::uint64_t address, std::int64_t bytes) { return address + static_cast<std::uint64_t>(bytes); }
std::uint64_t end_of(const Segment& segment) { return end_of(segment.address, segment.bytes); }

template <class Map>
auto at_or_before(Map& segments, std::uint64_t address) {
  auto next = segments.upper_bound(address);
  return next == segments.begin() ? segments.end() : std::prev(next);
}

bool applies(const SegmentMap& map, const Events& events, std::size_t i) {
  const auto found = map.segments().find(events.address[i]);
  return found != map.segments().end() && found->second.bytes == events.block_bytes[i];
}

void apply(SegmentMap& map, const Events& events, std::size_t i) {
  if (events.action[i] == Action::segment_alloc)
    map.reserve(events.address[i], events.block_bytes[i], static_cast<std::int64_t>(i));
  else if (events.action[i] == Action::segment_free)
    map.release(events.address[i], events.block_bytes[i]);
}

std::vector<Block> blocks_at_end(const Recording& recording, const std::vector<Allocation>& allocations) {
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < allocations.size(); ++i) {
    const Allocation& a = allocations[i];
    const bool live = a.end == kNeverFreed;
    if (!live && returned_after(recording.events, a.end) != kNever) continue;
    blocks.push_back({a.address, a.block_bytes, live ? BlockState::active_allocated : BlockState::active_pending_free,
                      static_cast<std::int64_t>(i)});
  }
  std::ranges::stable_sort(blocks, {}, &Block::address);
  return blocks;
}

void fill_up(Segment& segment, std::uint64_t until) {
  const std::uint64_t from =
      segment.blocks.empty() ? segment.address : end_of(segment.blocks.back().address, segment.blocks.back().bytes);
  if (from < until) segment.blocks.push_back({from, static_cast<std::int64_t>(until - from)});
}

// False where the block is not wholly inside, or where another is already.
bool place(std::map<std::uint64_t, Segment>& segments, const Block& block) {
  const auto found = at_or_before(segments, block.address);
  if (found == segments.end() || end_of(block.address, block.bytes) > end_of(found->second)) return false;
  Segment& segment = found->second;
  if (!segment.blocks.empty() && end_of(segment.blocks.back().address, segment.blocks.back().bytes) > block.address)
    return false;
  fill_up(segment, block.address);
  segment.blocks.push_back(block);
  return true;
}

}  // namespace

void SegmentMap::join(std::map<std::uint64_t, Segment>::iterator at) {
  const auto next = std::next(at);
  if (next == segments_.end() || end_of(at->second) != next->first) return;
  at->second.bytes += next->second.bytes;
  at->second.event = std::min(at->second.event, next->second.event);
  segments_.erase(next);
}

void SegmentMap::reserve(std::uint64_t address, std::int64_t bytes, std::int64_t event) {
  const auto at = segments_.insert_or_assign(address, Segment{address, bytes, event, {}}).first;
  if (!expandable_) return;
  join(at);
  if (at != segments_.begin()) join(std::prev(at));
}

void SegmentMap::release(std::uint64_t address, std::int64_t bytes) {
  const auto found = at_or_before(segments_, address);
  if (found == segments_.end() || address >= end_of(found->second)) return;
  Segment rest = found->second;
  if (rest.address == address)
    segments_.erase(found);
  else
    found->second.bytes = static_cast<std::int64_t>(address - rest.address);
  if (end_of(address, bytes) >= end_of(rest)) return;
  rest.bytes = static_cast<std::int64_t>(end_of(rest) - end_of(address, bytes));
  rest.address = end_of(address, bytes);
  segments_.insert_or_assign(rest.address, rest);
}

bool SegmentMap::holds(std::uint64_t address, std::int64_t bytes) const {
  const auto found = at_or_before(segments_, address);
  return found != segments_.end() && end_of(address, bytes) <= end_of(found->second);
}

bool has_expandable_segments(const Recording& recording) {
  if (recording.environment.allocator_settings.find("expandable_segments:True") != std::string::npos) return true;
  const Events& events = recording.events;
  SegmentMap apart(false);
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events.action[i] == Action::segment_free && !applies(apart, events, i)) return true;
    apply(apart, events, i);
    if (events.action[i] != Action::alloc || apart.holds(events.address[i], events.block_bytes[i])) continue;
    if (apart.holds(events.address[i], 0) && apart.holds(end_of(events.address[i], events.block_bytes[i]), 0))
      return true;
  }
  return false;
}

std::int64_t returned_after(const Events& events, std::int64_t free_event) {
  const std::int64_t held = events.held.empty() ? 0 : events.held.at(static_cast<std::size_t>(free_event));
  if (held <= 0) return free_event;
  return free_event + held < static_cast<std::int64_t>(events.size()) - 1 ? free_event + held : kNever;
}

std::vector<bool> find_lone_blocks(const Recording& recording, const std::vector<Allocation>& allocations) {
  std::vector<bool> lone(allocations.size(), false);
  SegmentMap map(has_expandable_segments(recording));
  std::int64_t next = 0;
  sweep(
      allocations, static_cast<std::int64_t>(recording.events.size()),
      [&](std::size_t i) { lone[i] = !map.holds(allocations[i].address, allocations[i].block_bytes); },
      [](std::size_t) {}, [&](std::int64_t) { apply(map, recording.events, static_cast<std::size_t>(next++)); });
  return lone;
}

std::vector<Segment> segments_at_end(const Recording& recording, const std::vector<Allocation>& allocations,
                                     const std::vector<bool>& lone) {
  SegmentMap map(has_expandable_segments(recording));
  for (std::size_t i = 0; i < recording.events.size(); ++i) apply(map, recording.events, i);
  auto segments = map.segments();
  std::vector<Segment> out;
  for (const Block& block : blocks_at_end(recording, allocations)) {
    const auto index = static_cast<std::size_t>(block.allocation);
    if (lone[index] || !place(segments, block))
      out.push_back({block.address, block.bytes, allocations[index].begin, {block}});
  }
  for (auto& [address, segment] : segments) {
    fill_up(segment, end_of(segment));
    out.push_back(std::move(segment));
  }
  std::ranges::stable_sort(out, {}, &Segment::address);
  return out;
}

}  // namespace headroom::snapshot
