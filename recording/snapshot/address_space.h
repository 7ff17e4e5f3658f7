// What of a device's addresses PyTorch's caching allocator holds at an instant: segments, and blocks in them. Knows the
// allocator's rules of how large a block is that stands for a request.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace headroom::snapshot_reader {

struct Range {
  std::uint64_t address = 0;
  std::int64_t bytes = 0;

  std::uint64_t end() const { return address + static_cast<std::uint64_t>(bytes); }
};

// Segments as they were reserved. Parts of expandable segments that touch stay apart, for each came by itself.
class Segments {
 public:
  void add(const Range& range) { parts_[range.address] = range.bytes; }

  // Takes out what touches `range`, and gives it: whole parts, in order of address.
  std::vector<Range> take(const Range& range);

  // What of `range` is in no part.
  std::vector<Range> gaps(const Range& range) const;

  // Where the free room ends that begins at `address`, were nothing in it; `address` itself where no segment is.
  std::uint64_t end_of(std::uint64_t address, bool across_parts) const;

 private:
  std::map<std::uint64_t, std::int64_t> parts_;
};

struct SplitRules {
  bool is_expandable = false;
  std::int64_t max_split_bytes = -1;  // -1: no block is too large to be split
};

class AddressSpace {
 public:
  explicit AddressSpace(const SplitRules& rules) : rules_(rules) {}

  Segments segments;

  void occupy(std::uint64_t address, std::int64_t bytes) { blocks_[address] = bytes; }
  void vacate(std::uint64_t address) { blocks_.erase(address); }

  // The block that the allocator makes at `address` for so many bytes: rounded up, and with what is left of the free
  // room behind it, where that is too little to be a block of its own.
  std::int64_t block_bytes(std::uint64_t address, std::int64_t requested_bytes) const;

 private:
  SplitRules rules_;
  std::map<std::uint64_t, std::int64_t> blocks_;  // in use, or freed and still held
};

}  // namespace headroom::snapshot_reader
