// A run's curve at any zoom: for each column of pixels the highest instant of its events with what was alive then, and
// the lowest, without walking the events below it.
//
// Exact: a column says what a replay of its events would. Events come in blocks of kBlockEvents; each block keeps the
// state before it and at its highest instant, and a tree over the blocks finds the highest of many. Only the blocks at
// a column's ends are replayed, and these only if they can matter. Built in one pass; about four bytes an event.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "analysis/breakdown.h"
#include "analysis/layer_groups.h"

namespace headroom {

enum class Stacking : std::uint8_t { category, layer, phase };  // phase: of the allocation

inline constexpr std::size_t kStackParts = kMostLayerGroups + 1;  // of the stacking with the most
using StackBytes = std::array<std::int64_t, kStackParts>;

// The instants after events first … last. -1 is the instant before the first event, when nothing is allocated.
struct InstantRange {
  std::int64_t first = -1, last = -1;
};

struct CurveColumn {
  std::int64_t event = -1;  // the first of its instants at which most is allocated
  std::int64_t allocated_bytes = 0;
  std::int64_t least_bytes = 0;     // the least allocated at any of its instants
  std::int64_t reserved_bytes = 0;  // most at any of its instants; 0 where the allocator has no segments
  StackBytes parts{};               // of allocated_bytes

  bool operator==(const CurveColumn&) const = default;
};

// What is wanted of `width` columns of equal width over [from, to), in numbers of events or in nanoseconds: event n
// holds from n to n + 1, or from its time to the time of the next.
std::vector<InstantRange> columns_of_events(double from, double to, std::size_t width, std::int64_t event_count);
std::vector<InstantRange> columns_of_time(double from, double to, std::size_t width,
                                          const std::vector<std::int64_t>& time_ns);

// The same for a picture: where two neighbours hold a block of events or more each, their boundary moves to the block's
// beginning, by less than their width. No event is lost, and no block need be walked.
std::vector<InstantRange> on_blocks(std::vector<InstantRange> columns);

// The last event at or before `time_ns`; -1: none.
std::int64_t event_at_time(const std::vector<std::int64_t>& times, double time_ns);

class LevelOfDetail {
 public:
  static constexpr std::int64_t kBlockEvents = 256;

  LevelOfDetail() = default;
  // Keeps references to both, which stay as and where they are.
  LevelOfDetail(const Recording& recording, const std::vector<Allocation>& allocations, LayerGroups groups);

  std::vector<CurveColumn> columns(const std::vector<InstantRange>& wanted, Stacking stacking) const;
  CurveColumn at(std::int64_t event, Stacking stacking) const;

  // The allocation that begins, or ends, at `event`.
  std::optional<std::size_t> begun_at(std::int64_t event) const;
  std::optional<std::size_t> ended_at(std::int64_t event) const;

  const LayerGroups& groups() const { return groups_; }
  std::int64_t event_count() const { return event_count_; }
  StackBytes ever(Stacking stacking) const { return parts(ever_, stacking); }  // allocated over the run, freed or not
  std::int64_t most_bytes() const;                                             // allocated or reserved, at any instant
  std::size_t memory_bytes() const;                                            // what it takes itself

 private:
  struct State {
    std::array<std::int64_t, kCategoryCount> categories{};
    std::array<std::int64_t, kPhaseNames.size()> phases{};
    StackBytes layers{};
  };
  struct Block {
    std::uint32_t first_begin = 0, first_end = 0;  // into the allocations, and into ends_
    std::int64_t reserved_before = 0, most_reserved = 0, least = 0, most = 0, event_of_most = 0;
    State before, at_most;
  };
  struct Node {  // of kFanOut blocks, or nodes below
    std::int64_t most_reserved = 0, least = 0, most = 0;
    std::uint32_t block = 0;  // the first with `most`
  };
  class Builder;
  class Walk;

  void add(State& state, const Allocation& allocation, std::int64_t sign) const;
  static StackBytes parts(const State& state, Stacking stacking);
  std::size_t part_of(const Allocation& allocation, Stacking stacking) const;
  void take_events(std::int64_t first, std::int64_t last, Walk& walk, CurveColumn& column) const;
  void take_blocks(std::size_t first, std::size_t last, Stacking stacking, CurveColumn& column) const;
  CurveColumn column(const InstantRange& wanted, Stacking stacking, Walk& walk) const;
  void build_tree();

  const Recording* recording_ = nullptr;
  const std::vector<Allocation>* allocations_ = nullptr;
  LayerGroups groups_;
  std::int64_t event_count_ = 0;
  State ever_;
  std::vector<std::uint32_t> ends_;  // allocations in the order in which they end
  std::vector<Block> blocks_;
  std::vector<std::vector<Node>> tree_;  // lowest level first
};

// Bytes of the allocations that are `wanted`, over the run: a step at each event that changes them.
class ShareCurve {
 public:
  ShareCurve() = default;
  ShareCurve(const std::vector<Allocation>& allocations, std::int64_t event_count,
             const std::function<bool(const Allocation&)>& wanted);
  bool is_empty() const { return events_.empty(); }
  std::int64_t at(std::int64_t event) const;

 private:
  std::vector<std::int64_t> events_, bytes_;
};

}  // namespace headroom
