#include "analysis/memory_map.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "analysis/sums.h"
#include "analysis/sweep.h"

namespace headroom {
namespace {

// Of a processor's allocator, which reserves no segments: blocks nearer than this share a range.
constexpr std::uint64_t kFoldedGap = 64 * 1024;
constexpr std::size_t kMostShapes = 100'000;  // that are drawn without a wait

std::int64_t size_of(const Allocation& a) { return std::max<std::int64_t>(0, a.block_bytes); }

std::uint64_t end_address(std::uint64_t address, std::int64_t bytes) {
  const std::uint64_t end = address + static_cast<std::uint64_t>(std::max<std::int64_t>(0, bytes));
  return end < address ? std::numeric_limits<std::uint64_t>::max() : end;
}

struct Piece {
  std::uint64_t begin, end;
};

// Sorted, those that touch or are no further than `folded` apart as one.
std::vector<Piece> joined(std::vector<Piece> pieces, std::uint64_t folded) {
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.begin < b.begin; });
  std::vector<Piece> out;
  for (const Piece& piece : pieces) {
    if (!out.empty() && (piece.begin <= out.back().end || piece.begin - out.back().end <= folded))
      out.back().end = std::max(out.back().end, piece.end);
    else
      out.push_back(piece);
  }
  return out;
}

bool holds(const std::vector<Piece>& sorted, const Piece& piece) {
  const auto after = std::upper_bound(sorted.begin(), sorted.end(), piece.begin,
                                      [](std::uint64_t at, const Piece& p) { return at < p.begin; });
  return after != sorted.begin() && piece.end <= std::prev(after)->end;
}

// The columns of a window, each with the event at which most is allocated: one for each event where there is room.
std::vector<MapColumn> columns_of(const MapWindow& window, const std::vector<std::int64_t>& allocated) {
  std::vector<MapColumn> columns;
  const auto count = static_cast<std::int64_t>(allocated.size());
  const auto first = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(window.from_event)), 0, count);
  const auto last = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(window.to_event)), first, count);
  const std::int64_t wanted = std::min<std::int64_t>(last - first, std::max(1, window.columns));
  columns.reserve(static_cast<std::size_t>(wanted));
  for (std::int64_t c = 0; c < wanted; ++c) {
    const std::int64_t from = first + (last - first) * c / wanted, to = first + (last - first) * (c + 1) / wanted;
    const auto most = std::max_element(allocated.begin() + from, allocated.begin() + to);
    columns.push_back({static_cast<double>(from), static_cast<double>(to), most - allocated.begin(), *most});
  }
  return columns;
}

// Stacks the live blocks of one column after the other. Blocks stand in the order in which they were allocated.
class Stacking {
 public:
  Stacking(const std::vector<Allocation>& allocations, const std::vector<std::uint16_t>& groups, double least_bytes,
           MapPicture& picture)
      : allocations_(allocations), groups_(groups), picture_(picture), least_bytes_(least_bytes) {}

  void add(const MapColumn& column) {
    take_live(column.event);
    column_ = &column;
    double y = 0;
    run_ = {};
    for (std::size_t i = 0; i < live_.size(); ++i) {
      const auto bytes = static_cast<double>(size_of(allocations_[live_[i]]));
      if (bytes >= least_bytes_) {
        end_run();
        draw(i, y, y + bytes, 1, group_of(i), live_[i]);
      } else {
        join_run(i, y, bytes);
      }
      y += bytes;
    }
    end_run();
  }

 private:
  struct Run {
    std::size_t first = 0;
    double from = 0, to = 0;
    std::int64_t count = 0, largest = 0;
    std::uint16_t group = 0;
  };

  void take_live(std::int64_t event) {
    const auto is_dead = [&](std::size_t i) {
      const std::int64_t end = allocations_[live_[i]].end;
      return end != kNeverFreed && end <= event;
    };
    std::size_t kept = 0;
    for (std::size_t i = 0; i < live_.size(); ++i) {
      if (is_dead(i)) continue;
      live_[kept] = live_[i];
      drawn_[kept++] = drawn_[i];
    }
    live_.resize(kept);
    drawn_.resize(kept);
    for (; next_ < allocations_.size() && allocations_[next_].begin <= event; ++next_) {
      const std::int64_t end = allocations_[next_].end;
      if (end != kNeverFreed && end <= event) continue;
      live_.push_back(next_);
      drawn_.push_back(kNothing);
    }
  }

  std::uint16_t group_of(std::size_t i) const { return groups_[live_[i]]; }

  void join_run(std::size_t i, double y, double bytes) {
    if (run_.count > 0 && run_.group != group_of(i) && run_.to - run_.from >= least_bytes_) end_run();
    const auto index = static_cast<std::int64_t>(live_[i]);
    if (run_.count == 0) run_ = {i, y, y, 0, index, group_of(i)};
    if (run_.group != group_of(i)) run_.group = kMixedGroup;
    if (size_of(allocations_[live_[i]]) > size_of(allocations_[static_cast<std::size_t>(run_.largest)]))
      run_.largest = index;
    run_.to = y + bytes;
    ++run_.count;
  }

  void end_run() {
    if (run_.count > 0)
      draw(run_.first, run_.from, run_.to, run_.count, run_.group, static_cast<std::size_t>(run_.largest));
    run_ = {};
  }

  // Goes on with the shape of the column before where nothing moved. `key`: the first of its blocks.
  void draw(std::size_t key, double from, double to, std::int64_t count, std::uint16_t group, std::size_t allocation) {
    const MapWindow& window = picture_.window;
    if (to <= window.from_bytes || from >= window.to_bytes || to <= from) return;
    if (drawn_[key] != kNothing) {
      MapShape& before = picture_.shapes[drawn_[key]];
      if (before.to_event == column_->from_event && before.from_bytes == from && before.to_bytes == to &&
          before.count == count && before.group == group) {
        before.to_event = column_->to_event;
        return;
      }
    }
    drawn_[key] = picture_.shapes.size();
    picture_.shapes.push_back(
        {column_->from_event, column_->to_event, from, to, static_cast<std::int64_t>(allocation), count, group});
  }

  static constexpr std::size_t kNothing = std::numeric_limits<std::size_t>::max();
  const std::vector<Allocation>& allocations_;
  const std::vector<std::uint16_t>& groups_;
  MapPicture& picture_;
  double least_bytes_;
  const MapColumn* column_ = nullptr;
  std::vector<std::size_t> live_;   // indices of allocations, ascending
  std::vector<std::size_t> drawn_;  // of each the shape that it began last
  std::size_t next_ = 0;
  Run run_;
};

// All columns; false where there would be too many shapes.
bool stack(const std::vector<Allocation>& allocations, const std::vector<std::uint16_t>& groups, double least_bytes,
           const std::atomic<bool>& cancelled, MapPicture& picture) {
  picture.shapes.clear();
  Stacking stacking(allocations, groups, least_bytes, picture);
  const std::size_t most = std::max(kMostShapes, 2 * picture.columns.size());
  for (const MapColumn& column : picture.columns) {
    if (cancelled) return true;
    stacking.add(column);
    if (picture.shapes.size() > most && least_bytes < static_cast<double>(column.allocated_bytes)) return false;
  }
  return true;
}

// Blocks where their addresses are. What is narrower than a column or lower than a row is drawn as large as one and
// shares a shape where small blocks cover its pixels already; so there are no more shapes than pixels.
class Placing {
 public:
  explicit Placing(MapPicture& picture)
      : picture_(picture),
        window_(picture.window),
        low_(static_cast<std::size_t>(std::max(1, window_.rows))),
        narrow_(low_.size()) {}

  // In order of `begin`.
  void add(const MapShape& block) {
    const bool is_low = block.to_bytes - block.from_bytes < window_.bytes_per_row();
    const bool is_narrow = block.to_event - block.from_event < window_.event_per_column();
    if (!is_low && !is_narrow)
      begin_shape(block, block.from_event, block.to_event, block.from_bytes, block.to_bytes);
    else if (is_low)
      add_low(block);
    else
      add_narrow(block);
  }

 private:
  struct Cell {
    std::size_t shape = std::numeric_limits<std::size_t>::max();
    double covered_to = -std::numeric_limits<double>::infinity();  // event
  };

  double row_bytes(std::size_t row) const {
    return window_.from_bytes + static_cast<double>(row) * window_.bytes_per_row();
  }
  double column_event(double column) const { return window_.from_event + column * window_.event_per_column(); }
  std::size_t row_of(double bytes) const {
    const double row = std::floor((bytes - window_.from_bytes) / window_.bytes_per_row());
    return static_cast<std::size_t>(std::clamp(row, 0.0, static_cast<double>(low_.size() - 1)));
  }
  double column_of(double event) const { return std::floor((event - window_.from_event) / window_.event_per_column()); }

  double column_after(double event) const {
    return std::ceil((std::min(event, window_.to_event) - window_.from_event) / window_.event_per_column());
  }

  void join(std::size_t at, const MapShape& block) {
    MapShape& shape = picture_.shapes[at];
    if (sizes_[at] < block.to_bytes - block.from_bytes) {
      sizes_[at] = block.to_bytes - block.from_bytes;
      shape.allocation = block.allocation;
    }
    if (shape.group != block.group) shape.group = kMixedGroup;
    ++shape.count;
  }

  std::size_t begin_shape(const MapShape& block, double from_event, double to_event, double from_bytes,
                          double to_bytes) {
    const std::size_t at = picture_.shapes.size();
    picture_.shapes.push_back({from_event, to_event, from_bytes, to_bytes, block.allocation, 1, block.group});
    sizes_.push_back(block.to_bytes - block.from_bytes);
    return at;
  }

  // One row high: a shape for each stretch of time in which something small of one group is there.
  void add_low(const MapShape& block) {
    const std::size_t row = row_of((block.from_bytes + block.to_bytes) / 2);
    Cell& cell = low_[row];
    const double from = std::max(window_.from_event, column_event(column_of(block.from_event)));
    const double to = column_event(std::max(column_of(block.from_event) + 1, column_after(block.to_event)));
    const bool touches = from < cell.covered_to;
    if (touches && (to <= cell.covered_to || picture_.shapes[cell.shape].group == block.group)) {
      join(cell.shape, block);
      picture_.shapes[cell.shape].to_event = std::max(picture_.shapes[cell.shape].to_event, to);
    } else {
      const double start = touches ? cell.covered_to : from;
      cell.shape = begin_shape(block, start, to, row_bytes(row), row_bytes(row + 1));
    }
    cell.covered_to = std::max(cell.covered_to, to);
  }

  // One column wide: a shape where it is in some row in which nothing small was in this column before.
  void add_narrow(const MapShape& block) {
    const double from = column_event(column_of(block.from_event)), to = from + window_.event_per_column();
    const std::size_t first = row_of(block.from_bytes), last = row_of(block.to_bytes);
    const bool covered = std::all_of(narrow_.begin() + static_cast<std::ptrdiff_t>(first),
                                     narrow_.begin() + static_cast<std::ptrdiff_t>(last) + 1,
                                     [&](const Cell& cell) { return from < cell.covered_to; });
    if (covered) return join(narrow_[first].shape, block);
    const std::size_t shape = begin_shape(block, from, to, block.from_bytes, block.to_bytes);
    for (std::size_t row = first; row <= last; ++row) narrow_[row] = {shape, to};
  }

  MapPicture& picture_;
  MapWindow window_;
  std::vector<Cell> low_, narrow_;  // by row
  std::vector<double> sizes_;       // by shape: bytes of the largest block
};

}  // namespace

MemoryMap::MemoryMap(const Recording& recording, const std::vector<Allocation>& allocations)
    : allocations_(allocations) {
  find_ranges(recording.events);
  find_segments(recording.events);
  add_up_allocated(recording.events);
}

void MemoryMap::find_ranges(const Events& events) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < events.size(); ++i)
    if (events.action[i] == Action::segment_alloc)
      pieces.push_back({events.address[i], end_address(events.address[i], events.block_bytes[i])});
  const std::uint64_t folded = pieces.empty() ? kFoldedGap : 0;
  pieces = joined(std::move(pieces), 0);
  const std::vector<Piece> reserved = pieces;
  for (const Allocation& a : allocations_)
    if (const Piece block{a.address, end_address(a.address, size_of(a))}; !holds(reserved, block))
      pieces.push_back(block);
  std::int64_t offset = 0;
  for (const Piece& piece : joined(std::move(pieces), folded)) {
    const auto bytes = static_cast<std::int64_t>(piece.end - piece.begin);
    ranges_.push_back({piece.begin, bytes, offset});
    add(offset, bytes);
  }
  offsets_.reserve(allocations_.size());
  for (const Allocation& a : allocations_) offsets_.push_back(offset_at(a.address));
}

std::int64_t MemoryMap::offset_at(std::uint64_t address) const {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                                      [](std::uint64_t at, const AddressRange& r) { return at < r.address; });
  if (after == ranges_.begin()) return 0;
  const AddressRange& range = *std::prev(after);
  return range.offset + static_cast<std::int64_t>(address - range.address);
}

std::uint64_t MemoryMap::address_at(double offset) const {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), offset, [](double at, const AddressRange& r) {
    return at < static_cast<double>(r.offset);
  });
  if (after == ranges_.begin()) return 0;
  const AddressRange& range = *std::prev(after);
  return range.address + static_cast<std::uint64_t>(std::max(0.0, offset - static_cast<double>(range.offset)));
}

void MemoryMap::find_segments(const Events& events) {
  std::unordered_map<std::uint64_t, std::size_t> open;
  const auto count = static_cast<std::int64_t>(events.size());
  for (std::int64_t e = 0; e < count; ++e) {
    const auto i = static_cast<std::size_t>(e);
    if (events.action[i] == Action::segment_alloc) {
      open[events.address[i]] = segments_.size();
      segments_.push_back({e, count, events.address[i], offset_at(events.address[i]),
                           std::max<std::int64_t>(0, events.block_bytes[i])});
    }
    if (events.action[i] != Action::segment_free) continue;
    if (const auto found = open.find(events.address[i]); found != open.end()) {
      segments_[found->second].end = e;
      open.erase(found);
    }
  }
}

void MemoryMap::add_up_allocated(const Events& events) {
  allocated_.resize(events.size());
  std::int64_t sum = 0;
  sweep(
      allocations_, static_cast<std::int64_t>(events.size()),
      [&](std::size_t i) { add(sum, size_of(allocations_[i])); },
      [&](std::size_t i) { sum = minus(sum, size_of(allocations_[i])); },
      [&](std::int64_t event) { allocated_[static_cast<std::size_t>(event)] = sum; });
  if (!allocated_.empty()) most_allocated_ = *std::max_element(allocated_.begin(), allocated_.end());
}

std::int64_t MemoryMap::height(MapLayout layout) const {
  if (layout == MapLayout::packed) return most_allocated_;
  return ranges_.empty() ? 0 : ranges_.back().offset + ranges_.back().bytes;
}

MapWindow MemoryMap::whole(MapLayout layout, int columns, int rows) const {
  const double room = layout == MapLayout::packed ? 1.05 : 1;  // so that the peak stands clear
  return {0,       std::max(1.0, static_cast<double>(event_count())),
          0,       std::max(1.0, static_cast<double>(height(layout)) * room),
          columns, rows};
}

MapPicture MemoryMap::picture(MapLayout layout, const MapWindow& window, const std::vector<std::uint16_t>& groups,
                              const std::atomic<bool>& cancelled) const {
  MapPicture picture{.layout = layout, .window = window};
  if (layout == MapLayout::packed) {
    picture.columns = columns_of(window, allocated_);
    double least_bytes = std::max(1.0, window.bytes_per_row());
    while (!stack(allocations_, groups, least_bytes, cancelled, picture)) least_bytes *= 3;
    return picture;
  }
  Placing placing(picture);
  for (std::size_t i = 0; i < allocations_.size() && !cancelled; ++i) {
    const Allocation& a = allocations_[i];
    if (static_cast<double>(a.begin) >= window.to_event) break;
    const std::int64_t end = end_of(a), offset = offset_of(i), bytes = size_of(a);
    if (static_cast<double>(end) <= window.from_event || bytes == 0 || static_cast<double>(offset) >= window.to_bytes ||
        static_cast<double>(offset + bytes) <= window.from_bytes)
      continue;
    placing.add({static_cast<double>(a.begin), static_cast<double>(end), static_cast<double>(offset),
                 static_cast<double>(offset + bytes), static_cast<std::int64_t>(i), 1, groups[i]});
  }
  return picture;
}

std::optional<std::int64_t> MemoryMap::at(MapLayout layout, std::int64_t event, double bytes) const {
  double top = 0;
  for (std::size_t i = 0; i < allocations_.size() && allocations_[i].begin <= event; ++i) {
    const Allocation& a = allocations_[i];
    if (end_of(a) <= event) continue;
    const auto size = static_cast<double>(size_of(a));
    const double from = layout == MapLayout::packed ? top : static_cast<double>(offset_of(i));
    if (bytes >= from && bytes < from + size) return static_cast<std::int64_t>(i);
    top += size;
  }
  return std::nullopt;
}

std::vector<std::int64_t> MemoryMap::visible(MapLayout layout, const MapWindow& window,
                                             const std::atomic<bool>& cancelled) const {
  std::vector<std::int64_t> found;
  const bool all_bytes = window.from_bytes <= 0 && window.to_bytes >= static_cast<double>(height(layout));
  if (layout == MapLayout::packed && !all_bytes) {
    const std::vector<std::uint16_t> groups(allocations_.size());
    MapPicture fine{.layout = layout, .window = window, .columns = columns_of(window, allocated_)};
    Stacking stacking(allocations_, groups, 0, fine);  // every block is a shape of its own
    for (const MapColumn& column : fine.columns) {
      if (cancelled) break;
      stacking.add(column);
    }
    for (const MapShape& shape : fine.shapes) found.push_back(shape.allocation);
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }
  for (std::size_t i = 0; i < allocations_.size() && !cancelled; ++i) {
    const Allocation& a = allocations_[i];
    if (static_cast<double>(a.begin) >= window.to_event) break;
    const auto offset = static_cast<double>(all_bytes ? 0 : offset_of(i));
    const bool in_bytes =
        all_bytes || (offset < window.to_bytes && offset + static_cast<double>(size_of(a)) > window.from_bytes);
    if (static_cast<double>(end_of(a)) > window.from_event && in_bytes) found.push_back(static_cast<std::int64_t>(i));
  }
  return found;
}

}  // namespace headroom
