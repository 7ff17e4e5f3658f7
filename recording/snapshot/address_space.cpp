#include "recording/snapshot/address_space.h"

#include <algorithm>
#include <iterator>

namespace headroom::snapshot_reader {
namespace {

// c10/cuda/CUDACachingAllocator: blocks are multiples of the least, and those up to the small limit come from segments
// of their own, in which any rest is a block.
constexpr std::int64_t kLeastBlockBytes = 512;
constexpr std::int64_t kSmallLimitBytes = 1 << 20;

std::int64_t rounded(std::int64_t bytes) {
  return std::max((bytes + kLeastBlockBytes - 1) / kLeastBlockBytes, std::int64_t{1}) * kLeastBlockBytes;
}

template <class Map>
auto first_touching(Map& parts, std::uint64_t address) {
  auto next = parts.upper_bound(address);
  if (next == parts.begin()) return next;
  const auto before = std::prev(next);
  return before->first + static_cast<std::uint64_t>(before->second) > address ? before : next;
}

}  // namespace

std::vector<Range> Segments::take(const Range& range) {
  std::vector<Range> taken;
  for (auto at = first_touching(parts_, range.address); at != parts_.end() && at->first < range.end();
       at = parts_.erase(at))
    taken.push_back({at->first, at->second});
  return taken;
}

std::vector<Range> Segments::gaps(const Range& range) const {
  std::vector<Range> gaps;
  std::uint64_t next = range.address;
  const auto add = [&](std::uint64_t until) {
    if (next < until) gaps.push_back({next, static_cast<std::int64_t>(until - next)});
  };
  for (auto at = first_touching(parts_, range.address); at != parts_.end() && at->first < range.end(); ++at) {
    add(at->first);
    next = std::max(next, at->first + static_cast<std::uint64_t>(at->second));
  }
  add(range.end());
  return gaps;
}

std::uint64_t Segments::end_of(std::uint64_t address, bool across_parts) const {
  auto at = first_touching(parts_, address);
  if (at == parts_.end() || at->first > address) return address;
  std::uint64_t end = at->first + static_cast<std::uint64_t>(at->second);
  while (across_parts && ++at != parts_.end() && at->first == end) end += static_cast<std::uint64_t>(at->second);
  return end;
}

std::int64_t AddressSpace::block_bytes(std::uint64_t address, std::int64_t requested_bytes) const {
  const std::int64_t wanted = rounded(requested_bytes);
  std::uint64_t end = segments.end_of(address, rules_.is_expandable);
  if (const auto next = blocks_.upper_bound(address); next != blocks_.end()) end = std::min(end, next->first);
  const std::int64_t rest = static_cast<std::int64_t>(end - std::min(end, address)) - wanted;
  if (rest <= 0) return wanted;
  if (wanted <= kSmallLimitBytes || rules_.is_expandable) return rest >= kLeastBlockBytes ? wanted : wanted + rest;
  const bool may_be_split = rules_.max_split_bytes < 0 || wanted < rules_.max_split_bytes;
  return may_be_split && rest > kSmallLimitBytes ? wanted : wanted + rest;
}

}  // namespace headroom::snapshot_reader
