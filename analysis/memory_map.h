// A run's blocks as shapes over its events, for maps of memory. Pure.
//
// Across lie the events: event e takes the place from e to e + 1 and shows the state after it. Upwards lie bytes:
//   address  the ranges of addresses that were ever reserved, one after the other, what lies between them folded away
//   packed   every live block on top of the live blocks that were allocated before it, so that the top is what is
//            allocated; a block comes down when one below it is freed
//
// A picture has a shape for each block that is at least a pixel high and wide (packed, where they would be too many to
// draw at once: several pixels high). Smaller ones share shapes where they lie, so that nothing moves when the map is
// zoomed:
//   packed   each column shows the event within it at which most is allocated. There its shapes fill all bytes from 0
//            to what is allocated, to the byte, without a gap.
//   address  every block of the window is in the count of exactly one shape.
// A picture takes time linear in the run's blocks, and for `packed` in the columns times the blocks live at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/breakdown.h"

namespace headroom {

enum class MapLayout : std::uint8_t { packed, address };

struct AddressRange {
  std::uint64_t address = 0;
  std::int64_t bytes = 0;
  std::int64_t offset = 0;  // where it begins on the axis
};

struct SegmentSpan {
  std::int64_t begin = 0, end = 0;  // events
  std::uint64_t address = 0;
  std::int64_t offset = 0, bytes = 0;  // on the axis
};

// What is looked at, and how fine.
struct MapWindow {
  double from_event = 0, to_event = 1;
  double from_bytes = 0, to_bytes = 1;
  int columns = 1, rows = 1;

  double event_per_column() const { return (to_event - from_event) / columns; }
  double bytes_per_row() const { return (to_bytes - from_bytes) / rows; }
  bool operator==(const MapWindow&) const = default;
};

inline constexpr std::uint16_t kMixedGroup = 0xffff;

struct MapShape {
  double from_event = 0, to_event = 0, from_bytes = 0, to_bytes = 0;
  std::int64_t allocation = 0;  // the block; of several the largest
  std::int64_t count = 1;       // how many blocks it stands for
  std::uint16_t group = 0;      // theirs; kMixedGroup: of several groups
};

struct MapColumn {
  double from_event = 0, to_event = 0;
  std::int64_t event = 0;  // the one that is shown
  std::int64_t allocated_bytes = 0;
};

struct MapPicture {
  MapLayout layout = MapLayout::packed;
  MapWindow window;
  std::vector<MapShape> shapes;
  std::vector<MapColumn> columns;  // packed only
};

class MemoryMap {
 public:
  // Both must outlive the map. `allocations`: resolve_allocations(recording).
  MemoryMap(const Recording& recording, const std::vector<Allocation>& allocations);

  std::int64_t event_count() const { return static_cast<std::int64_t>(allocated_.size()); }
  std::int64_t height(MapLayout layout) const;  // bytes of the axis
  MapWindow whole(MapLayout layout, int columns, int rows) const;
  std::int64_t allocated_after(std::int64_t event) const { return allocated_[static_cast<std::size_t>(event)]; }

  const std::vector<AddressRange>& ranges() const { return ranges_; }     // ascending, apart from each other
  const std::vector<SegmentSpan>& segments() const { return segments_; }  // in order of reservation
  std::int64_t end_of(const Allocation& a) const { return a.end == kNeverFreed ? event_count() : a.end; }
  std::int64_t offset_of(std::size_t allocation) const { return offsets_[allocation]; }  // on the axis of addresses
  std::uint64_t address_at(double offset) const;

  // `groups`: of each allocation, below kMixedGroup; what is drawn alike. Ends early, with a part of the shapes, once
  // `cancelled`.
  MapPicture picture(MapLayout layout, const MapWindow& window, const std::vector<std::uint16_t>& groups,
                     const std::atomic<bool>& cancelled) const;

  // The block that is there after `event`.
  std::optional<std::int64_t> at(MapLayout layout, std::int64_t event, double bytes) const;

  // Blocks that the window shows at any of its events, in order of `begin`.
  std::vector<std::int64_t> visible(MapLayout layout, const MapWindow& window,
                                    const std::atomic<bool>& cancelled) const;

 private:
  void find_ranges(const Events& events);
  std::int64_t offset_at(std::uint64_t address) const;
  void find_segments(const Events& events);
  void add_up_allocated(const Events& events);

  const std::vector<Allocation>& allocations_;
  std::vector<AddressRange> ranges_;
  std::vector<SegmentSpan> segments_;
  std::vector<std::int64_t> offsets_;    // of each allocation
  std::vector<std::int64_t> allocated_;  // after each event
  std::int64_t most_allocated_ = 0;
};

}  // namespace headroom
