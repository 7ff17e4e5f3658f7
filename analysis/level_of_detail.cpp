#include "analysis/level_of_detail.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "analysis/sweep.h"
#include "recording/reserved_peak.h"

namespace headroom {
namespace {

constexpr std::size_t kFanOut = 16;
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

CurveColumn empty_column() { return {-1, -1, kHighest, 0, {}}; }

}  // namespace

std::vector<InstantRange> columns_of_events(double from, double to, std::size_t width, std::int64_t event_count) {
  std::vector<InstantRange> columns(width);
  const auto at = [&](std::size_t i) {
    return from + (to - from) * static_cast<double>(i) / static_cast<double>(width);
  };
  for (std::size_t i = 0; i < width; ++i) {
    const auto first = std::clamp(static_cast<std::int64_t>(std::floor(at(i))), std::int64_t{-1}, event_count - 1);
    const auto last = static_cast<std::int64_t>(std::ceil(at(i + 1))) - 1;
    columns[i] = {first, std::clamp(last, first, event_count - 1)};
  }
  return columns;
}

std::int64_t event_at_time(const std::vector<std::int64_t>& times, double time_ns) {
  const auto after = std::upper_bound(times.begin(), times.end(), time_ns,
                                      [](double t, std::int64_t time) { return t < static_cast<double>(time); });
  return after - times.begin() - 1;
}

std::vector<InstantRange> columns_of_time(double from, double to, std::size_t width,
                                          const std::vector<std::int64_t>& time_ns) {
  std::vector<InstantRange> columns(width);
  std::int64_t first = event_at_time(time_ns, from);
  for (std::size_t i = 0; i < width; ++i) {
    const double end = from + (to - from) * static_cast<double>(i + 1) / static_cast<double>(width);
    // What begins with the next column is not this one's, what holds at its beginning is both's.
    const auto before = std::lower_bound(time_ns.begin() + (first + 1), time_ns.end(), end,
                                         [](std::int64_t time, double t) { return static_cast<double>(time) < t; });
    const std::int64_t last = before - time_ns.begin() - 1;
    columns[i] = {first, last};
    const auto next = std::upper_bound(before, time_ns.end(), end,
                                       [](double t, std::int64_t time) { return t < static_cast<double>(time); });
    first = next - time_ns.begin() - 1;
  }
  return columns;
}

std::vector<InstantRange> on_blocks(std::vector<InstantRange> columns) {
  constexpr std::int64_t kBlock = LevelOfDetail::kBlockEvents;
  const auto is_wide = [](const InstantRange& column) { return column.last - column.first >= kBlock; };
  for (std::size_t i = 1; i < columns.size(); ++i) {
    if (!is_wide(columns[i - 1]) || !is_wide(columns[i])) continue;
    columns[i].first -= columns[i].first % kBlock;
    columns[i - 1].last = columns[i].first - 1;
  }
  return columns;
}

class LevelOfDetail::Builder {
 public:
  explicit Builder(LevelOfDetail& target) : t_(target) {}

  void run() {
    const std::vector<Allocation>& allocations = *t_.allocations_;
    t_.blocks_.reserve(static_cast<std::size_t>((t_.event_count_ + kBlockEvents - 1) / kBlockEvents));
    begin_block();
    sweep(
        allocations, t_.event_count_,
        [&](std::size_t i) {
          t_.add(state_, allocations[i], 1);
          t_.add(t_.ever_, allocations[i], 1);
          allocated_ += allocations[i].block_bytes;
          ++begun_;
        },
        [&](std::size_t i) {
          t_.add(state_, allocations[i], -1);
          allocated_ -= allocations[i].block_bytes;
          t_.ends_.push_back(static_cast<std::uint32_t>(i));
        },
        [&](std::int64_t event) { after(event); });
    if (block_.least != kHighest) t_.blocks_.push_back(block_);
  }

 private:
  void begin_block() {
    block_ = {static_cast<std::uint32_t>(begun_),
              static_cast<std::uint32_t>(t_.ends_.size()),
              reserved_,
              0,
              kHighest,
              std::numeric_limits<std::int64_t>::min(),
              0,
              state_,
              {}};
  }

  void after(std::int64_t event) {
    reserved_ += reserved_change(t_.recording_->events, static_cast<std::size_t>(event));
    block_.most_reserved = std::max(block_.most_reserved, reserved_);
    block_.least = std::min(block_.least, allocated_);
    if (allocated_ > block_.most) {
      block_.most = allocated_;
      block_.event_of_most = event;
      block_.at_most = state_;
    }
    if ((event + 1) % kBlockEvents != 0) return;
    t_.blocks_.push_back(block_);
    begin_block();
  }

  LevelOfDetail& t_;
  State state_;
  Block block_;
  std::int64_t allocated_ = 0, reserved_ = 0;
  std::size_t begun_ = 0;
};

LevelOfDetail::LevelOfDetail(const Recording& recording, const std::vector<Allocation>& allocations, LayerGroups groups)
    : recording_(&recording),
      allocations_(&allocations),
      groups_(std::move(groups)),
      event_count_(static_cast<std::int64_t>(recording.events.size())) {
  ends_.reserve(static_cast<std::size_t>(
      std::count_if(allocations.begin(), allocations.end(), [](const Allocation& a) { return a.end != kNeverFreed; })));
  Builder(*this).run();
  build_tree();
}

void LevelOfDetail::build_tree() {
  std::vector<Node> level;
  for (std::size_t i = 0; i < blocks_.size(); ++i)
    level.push_back({blocks_[i].most_reserved, blocks_[i].least, blocks_[i].most, static_cast<std::uint32_t>(i)});
  while (level.size() > 1) {
    std::vector<Node> above;
    for (std::size_t i = 0; i < level.size(); ++i) {
      if (i % kFanOut == 0) above.push_back(level[i]);
      Node& node = above.back();
      node.most_reserved = std::max(node.most_reserved, level[i].most_reserved);
      node.least = std::min(node.least, level[i].least);
      if (level[i].most > node.most) node.most = level[i].most, node.block = level[i].block;
    }
    tree_.push_back(above);
    level = std::move(above);
  }
}

std::int64_t LevelOfDetail::most_bytes() const {
  if (!tree_.empty()) return std::max({std::int64_t{0}, tree_.back().front().most, tree_.back().front().most_reserved});
  return blocks_.empty() ? 0 : std::max({std::int64_t{0}, blocks_.front().most, blocks_.front().most_reserved});
}

std::size_t LevelOfDetail::memory_bytes() const {
  std::size_t nodes = 0;
  for (const auto& level : tree_) nodes += level.size();
  return ends_.size() * sizeof(ends_[0]) + blocks_.size() * sizeof(Block) + nodes * sizeof(Node);
}

void LevelOfDetail::add(State& state, const Allocation& a, std::int64_t sign) const {
  const std::int64_t bytes = sign * a.block_bytes;
  state.categories[static_cast<std::size_t>(a.category)] += bytes;
  state.phases[static_cast<std::size_t>(a.phase)] += bytes;
  state.layers[groups_.of_layer[static_cast<std::size_t>(a.layer)]] += bytes;
}

StackBytes LevelOfDetail::parts(const State& state, Stacking stacking) {
  StackBytes parts{};
  if (stacking == Stacking::layer) return state.layers;
  if (stacking == Stacking::phase)
    std::copy(state.phases.begin(), state.phases.end(), parts.begin());
  else
    std::copy(state.categories.begin(), state.categories.end(), parts.begin());
  return parts;
}

std::size_t LevelOfDetail::part_of(const Allocation& a, Stacking stacking) const {
  if (stacking == Stacking::category) return static_cast<std::size_t>(a.category);
  if (stacking == Stacking::phase) return static_cast<std::size_t>(a.phase);
  return groups_.of_layer[static_cast<std::size_t>(a.layer)];
}

// Goes from event to event within a block; another block is entered at its beginning.
class LevelOfDetail::Walk {
 public:
  Walk(const LevelOfDetail& detail, Stacking stacking) : d_(detail), all_(*detail.allocations_), stacking_(stacking) {}

  std::int64_t event() const { return event_; }
  std::int64_t allocated() const { return allocated_; }
  std::int64_t reserved() const { return reserved_; }
  const StackBytes& parts() const { return parts_; }

  void go_to(std::int64_t event) {
    if (event < event_ || event / kBlockEvents != block_) enter(event / kBlockEvents);
    while (event_ < event) step();
  }

  void step() {
    ++event_;
    if (end_ < d_.ends_.size() && all_[d_.ends_[end_]].end == event_) {
      change(all_[d_.ends_[end_++]], -1);
      // What ends next may have begun long ago, anywhere in memory.
      if (end_ + kAhead < d_.ends_.size()) __builtin_prefetch(&all_[d_.ends_[end_ + kAhead]]);
    }
    if (begin_ < all_.size() && all_[begin_].begin == event_) change(all_[begin_++], 1);
    reserved_ += reserved_change(d_.recording_->events, static_cast<std::size_t>(event_));
  }

 private:
  static constexpr std::size_t kAhead = 8;

  void enter(std::int64_t number) {
    const Block& block = d_.blocks_[static_cast<std::size_t>(number)];
    block_ = number;
    event_ = number * kBlockEvents - 1;
    begin_ = block.first_begin;
    end_ = block.first_end;
    reserved_ = block.reserved_before;
    parts_ = LevelOfDetail::parts(block.before, stacking_);
    allocated_ = std::accumulate(parts_.begin(), parts_.end(), std::int64_t{0});
  }

  void change(const Allocation& a, std::int64_t sign) {
    parts_[d_.part_of(a, stacking_)] += sign * a.block_bytes;
    allocated_ += sign * a.block_bytes;
  }

  const LevelOfDetail& d_;
  const std::vector<Allocation>& all_;
  Stacking stacking_;
  std::int64_t block_ = -1, event_ = -1;
  std::size_t begin_ = 0, end_ = 0;
  std::int64_t allocated_ = 0, reserved_ = 0;
  StackBytes parts_{};
};

// Events of one block, unless nothing in it can change the column.
void LevelOfDetail::take_events(std::int64_t first, std::int64_t last, Walk& walk, CurveColumn& column) const {
  const Block& block = blocks_[static_cast<std::size_t>(first / kBlockEvents)];
  if (block.most < column.allocated_bytes && block.least >= column.least_bytes &&
      block.most_reserved <= column.reserved_bytes)
    return;
  for (walk.go_to(first);; walk.step()) {
    const std::int64_t allocated = walk.allocated();
    column.least_bytes = std::min(column.least_bytes, allocated);
    column.reserved_bytes = std::max(column.reserved_bytes, walk.reserved());
    // The events of a column are not taken in their order.
    if (allocated > column.allocated_bytes || (allocated == column.allocated_bytes && walk.event() < column.event)) {
      column.allocated_bytes = allocated;
      column.event = walk.event();
      column.parts = walk.parts();
    }
    if (walk.event() >= last) return;
  }
}

// Whole blocks, [first, last).
void LevelOfDetail::take_blocks(std::size_t first, std::size_t last, Stacking stacking, CurveColumn& column) const {
  std::optional<std::size_t> highest;
  const auto take = [&](std::int64_t reserved, std::int64_t least, std::int64_t most, std::size_t block) {
    column.reserved_bytes = std::max(column.reserved_bytes, reserved);
    column.least_bytes = std::min(column.least_bytes, least);
    if (most <= column.allocated_bytes) return;
    column.allocated_bytes = most;
    highest = block;
  };
  for (std::size_t at = first; at < last;) {
    std::size_t width = 1, level = 0;  // the widest node that begins here and ends within
    while (level < tree_.size() && at % (width * kFanOut) == 0 && at + width * kFanOut <= last)
      width *= kFanOut, ++level;
    if (level == 0) {
      const Block& block = blocks_[at];
      take(block.most_reserved, block.least, block.most, at);
    } else {
      const Node& node = tree_[level - 1][at / width];
      take(node.most_reserved, node.least, node.most, node.block);
    }
    at += width;
  }
  if (!highest) return;
  column.event = blocks_[*highest].event_of_most;
  column.parts = parts(blocks_[*highest].at_most, stacking);
}

CurveColumn LevelOfDetail::column(const InstantRange& wanted, Stacking stacking, Walk& walk) const {
  const std::int64_t last = std::min(wanted.last, event_count_ - 1);
  CurveColumn column = empty_column();
  if (last >= 0) {
    const std::int64_t first = std::max<std::int64_t>(wanted.first, 0);
    const std::int64_t first_whole = (first + kBlockEvents - 1) / kBlockEvents, after_whole = (last + 1) / kBlockEvents;
    if (first_whole < after_whole)
      take_blocks(static_cast<std::size_t>(first_whole), static_cast<std::size_t>(after_whole), stacking, column);
    const std::int64_t head_end = std::min(last, first_whole * kBlockEvents - 1);
    if (first <= head_end) take_events(first, head_end, walk, column);
    const std::int64_t tail = std::max(head_end + 1, after_whole * kBlockEvents);
    if (tail <= last) take_events(std::max(tail, first), last, walk, column);
  }
  if (wanted.first >= 0 && last >= 0) return column;
  column.least_bytes = 0;  // nothing is allocated before the first event
  if (column.allocated_bytes <= 0) column.event = -1, column.allocated_bytes = 0, column.parts = {};
  return column;
}

std::vector<CurveColumn> LevelOfDetail::columns(const std::vector<InstantRange>& wanted, Stacking stacking) const {
  std::vector<CurveColumn> columns;
  columns.reserve(wanted.size());
  if (!allocations_) return std::vector<CurveColumn>(wanted.size());
  Walk walk(*this, stacking);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const bool again = i > 0 && wanted[i].first == wanted[i - 1].first && wanted[i].last == wanted[i - 1].last;
    columns.push_back(again ? columns.back() : column(wanted[i], stacking, walk));
  }
  return columns;
}

CurveColumn LevelOfDetail::at(std::int64_t event, Stacking stacking) const {
  return columns({{event, event}}, stacking).front();
}

std::optional<std::size_t> LevelOfDetail::begun_at(std::int64_t event) const {
  if (!allocations_) return {};
  const auto found = std::ranges::lower_bound(*allocations_, event, {}, &Allocation::begin);
  if (found == allocations_->end() || found->begin != event) return {};
  return static_cast<std::size_t>(found - allocations_->begin());
}

std::optional<std::size_t> LevelOfDetail::ended_at(std::int64_t event) const {
  const auto found =
      std::ranges::lower_bound(ends_, event, {}, [&](std::uint32_t i) { return (*allocations_)[i].end; });
  if (found == ends_.end() || (*allocations_)[*found].end != event) return {};
  return *found;
}

ShareCurve::ShareCurve(const std::vector<Allocation>& allocations, std::int64_t event_count,
                       const std::function<bool(const Allocation&)>& wanted) {
  std::int64_t bytes = 0;
  bool changed = false;
  const auto change = [&](const Allocation& a, std::int64_t sign) {
    if (!wanted(a)) return;
    bytes += sign * a.block_bytes;
    changed = true;
  };
  sweep(
      allocations, event_count, [&](std::size_t i) { change(allocations[i], 1); },
      [&](std::size_t i) { change(allocations[i], -1); },
      [&](std::int64_t event) {
        if (!std::exchange(changed, false)) return;
        events_.push_back(event);
        bytes_.push_back(bytes);
      });
}

std::int64_t ShareCurve::at(std::int64_t event) const {
  const auto after = std::upper_bound(events_.begin(), events_.end(), event);
  return after == events_.begin() ? 0 : bytes_[static_cast<std::size_t>(after - events_.begin()) - 1];
}

}  // namespace headroom
