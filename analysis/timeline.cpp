#include <algorithm>

#include "analysis/breakdown.h"
#include "analysis/sweep.h"

namespace headroom {
namespace {

struct Level {
  std::int64_t event, bytes;
};

// Bytes after each alloc and free.
std::vector<Level> levels_of(const Events& events, const std::vector<Allocation>& allocations) {
  std::vector<Level> levels;
  std::int64_t bytes = 0;
  sweep(
      allocations, static_cast<std::int64_t>(events.size()),
      [&](std::size_t i) { bytes += allocations[i].block_bytes; },
      [&](std::size_t i) { bytes -= allocations[i].block_bytes; },
      [&](std::int64_t event) {
        const Action action = events.action[event];
        if (action == Action::alloc || action == Action::free) levels.push_back({event, bytes});
      });
  return levels;
}

bool lower(const Level& a, const Level& b) { return a.bytes < b.bytes; }

// Events to show, ascending. Each interval gives its first lowest and its first highest level, so the run's first
// highest is among them.
std::vector<std::int64_t> choose_events(const std::vector<Level>& levels, std::size_t max_points) {
  std::vector<std::int64_t> chosen;
  if (levels.empty() || max_points == 0) return chosen;
  if (levels.size() > max_points && max_points < 4)
    return {std::max_element(levels.begin(), levels.end(), lower)->event};
  const bool all = levels.size() <= max_points;
  const std::size_t intervals = all ? levels.size() : (max_points - 2) / 2;
  chosen.push_back(levels.front().event);
  for (std::size_t i = 0; i < intervals; ++i) {
    const auto begin = levels.begin() + static_cast<std::ptrdiff_t>(levels.size() * i / intervals);
    const auto end = levels.begin() + static_cast<std::ptrdiff_t>(levels.size() * (i + 1) / intervals);
    chosen.push_back(std::min_element(begin, end, lower)->event);
    chosen.push_back(std::max_element(begin, end, lower)->event);
  }
  chosen.push_back(levels.back().event);
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return chosen;
}

class Curve {
 public:
  Curve(const Events& events, const std::vector<Allocation>& allocations)
      : events_(events), allocations_(allocations) {}

  std::vector<TimelinePoint> points_at(const std::vector<std::int64_t>& chosen) {
    std::vector<TimelinePoint> points;
    points.reserve(chosen.size());
    auto next = chosen.begin();
    sweep(
        allocations_, static_cast<std::int64_t>(events_.size()), [&](std::size_t i) { change(allocations_[i], 1); },
        [&](std::size_t i) { change(allocations_[i], -1); },
        [&](std::int64_t event) {
          count_segment(event);
          if (next == chosen.end() || *next != event) return;
          points.push_back({event, events_.time_ns[event], segments_ ? reserved_ : allocated_, categories_});
          ++next;
        });
    return points;
  }

 private:
  void change(const Allocation& a, std::int64_t sign) {
    allocated_ += sign * a.block_bytes;
    categories_[static_cast<std::size_t>(a.category)] += sign * a.block_bytes;
  }
  void count_segment(std::int64_t event) {
    if (events_.action[event] == Action::segment_alloc) reserved_ += events_.block_bytes[event];
    if (events_.action[event] == Action::segment_free) reserved_ -= events_.block_bytes[event];
  }

  const Events& events_;
  const std::vector<Allocation>& allocations_;
  bool segments_ =
      std::find(events_.action.begin(), events_.action.end(), Action::segment_alloc) != events_.action.end();
  std::int64_t allocated_ = 0, reserved_ = 0;
  CategoryBytes categories_{};
};

}  // namespace

std::vector<TimelinePoint> make_timeline(const Recording& recording, const Breakdown& breakdown,
                                         std::size_t max_points) {
  const auto chosen = choose_events(levels_of(recording.events, breakdown.allocations), max_points);
  return Curve(recording.events, breakdown.allocations).points_at(chosen);
}

}  // namespace headroom
