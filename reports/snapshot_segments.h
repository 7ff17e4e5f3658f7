// What the allocator held when a recording ended: its segments in order of address, each cut into blocks without a gap.
//
// A block outside every segment is a segment of its own: on the CPU each block comes from the system by itself, and of
// a damaged recording a segment may be missing.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "analysis/breakdown.h"
#include "recording/recording.h"

namespace headroom::snapshot {

inline constexpr std::int64_t kNoAllocation = -1;
inline constexpr std::int64_t kNoEvent = -1;

// PyTorch's words: active_pending_free is given back by the program, but a stream may still use it.
enum class BlockState : std::uint8_t { active_allocated, active_pending_free, inactive };

struct Block {
  std::uint64_t address = 0;
  std::int64_t bytes = 0;
  BlockState state = BlockState::inactive;
  std::int64_t allocation = kNoAllocation;  // index into the run's allocations
};

struct Segment {
  std::uint64_t address = 0;
  std::int64_t bytes = 0;
  std::int64_t event = kNoEvent;  // that reserved it, of an expandable one its first part
  std::vector<Block> blocks;
};

// Segments as events reserve and release them. Parts of expandable segments that touch are one segment, and any range
// of one may be released.
class SegmentMap {
 public:
  explicit SegmentMap(bool expandable) : expandable_(expandable) {}

  void reserve(std::uint64_t address, std::int64_t bytes, std::int64_t event);
  void release(std::uint64_t address, std::int64_t bytes);
  bool holds(std::uint64_t address, std::int64_t bytes) const;
  const std::map<std::uint64_t, Segment>& segments() const { return segments_; }

 private:
  void join(std::map<std::uint64_t, Segment>::iterator at);

  bool expandable_;
  std::map<std::uint64_t, Segment> segments_;
};

// True when the settings say so, or a segment was released in parts, or a block lies across two.
bool has_expandable_segments(const Recording& recording);

// The event after which the allocator had the block back that was freed at `free_event`; kNever where a stream still
// held it at the end.
inline constexpr std::int64_t kNever = -1;
std::int64_t returned_after(const Events& events, std::int64_t free_event);

// For each allocation, whether it is a segment of its own.
std::vector<bool> find_lone_blocks(const Recording& recording, const std::vector<Allocation>& allocations);

std::vector<Segment> segments_at_end(const Recording& recording, const std::vector<Allocation>& allocations,
                                     const std::vector<bool>& lone);

}  // namespace headroom::snapshot
