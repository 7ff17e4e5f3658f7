#include "analysis/peaks.h"

#include <algorithm>
#include <map>
#include <utility>

#include "analysis/sweep.h"

namespace headroom {
namespace {

struct Instant {
  std::int64_t event = -1;
  std::int64_t bytes = -1;
  void offer(std::int64_t at, std::int64_t value) {
    if (value > bytes) *this = {at, value};
  }
};

struct Instants {
  Instant run;
  std::map<std::int32_t, Instant> steps;

  // A view costs as much as there is alive, so of many steps only some are shown.
  void thin(std::int32_t step_of_peak) {
    std::size_t place = 0;
    std::erase_if(steps, [&, count = steps.size()](const auto& item) {
      const bool at_an_end = place < kStepViewsAtEachEnd || place + kStepViewsAtEachEnd >= count;
      ++place;
      return !at_an_end && item.first != step_of_peak;
    });
  }
};

Instants find_instants(const Events& events, const std::vector<Allocation>& allocations) {
  Instants found;
  std::int64_t bytes = 0;
  std::int32_t step = 0;
  Instant* of_step = nullptr;
  sweep(
      allocations, static_cast<std::int64_t>(events.size()),
      [&](std::size_t i) { bytes += allocations[i].block_bytes; },
      [&](std::size_t i) { bytes -= allocations[i].block_bytes; },
      [&](std::int64_t event) {
        found.run.offer(event, bytes);
        if (events.step[event] != step) {
          step = events.step[event];
          of_step = step > 0 ? &found.steps[step] : nullptr;
        }
        if (of_step) of_step->offer(event, bytes);
      });
  return found;
}

// Indices of live allocations; adding and removing take constant time.
class LiveSet {
 public:
  explicit LiveSet(std::size_t allocation_count) : place_(allocation_count) {}
  void add(std::size_t i) {
    place_[i] = static_cast<std::uint32_t>(live_.size());
    live_.push_back(static_cast<std::int64_t>(i));
  }
  void remove(std::size_t i) {
    live_[place_[i]] = live_.back();
    place_[static_cast<std::size_t>(live_.back())] = place_[i];
    live_.pop_back();
  }
  const std::vector<std::int64_t>& indices() const { return live_; }

 private:
  std::vector<std::uint32_t> place_;
  std::vector<std::int64_t> live_;
};

std::vector<LayerBytes> empty_layers(const Recording& recording) {
  std::vector<LayerBytes> layers(recording.layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) layers[i].layer = static_cast<LayerId>(i);
  return layers;
}

PeakView view_at(const Recording& recording, const std::vector<Allocation>& allocations, std::int64_t event,
                 std::vector<std::int64_t> live) {
  const Events& events = recording.events;
  PeakView view{.event = event,
                .time_ns = events.time_ns[event],
                .phase = events.phase[event],
                .step = events.step[event],
                .layer = events.action[event] == Action::alloc ? events.layer[event] : LayerId::root};
  view.layers = empty_layers(recording);
  view.live = std::move(live);
  std::sort(view.live.begin(), view.live.end(), [&](std::int64_t a, std::int64_t b) {
    return std::pair(-allocations[a].block_bytes, a) < std::pair(-allocations[b].block_bytes, b);
  });
  for (std::int64_t i : view.live) {
    const Allocation& a = allocations[i];
    const auto category = static_cast<std::size_t>(a.category);
    LayerBytes& layer = view.layers[static_cast<std::size_t>(a.layer)];
    view.allocated_bytes += a.block_bytes;
    view.requested_bytes += a.requested_bytes;
    view.categories[category] += a.block_bytes;
    layer.bytes += a.block_bytes;
    layer.categories[category] += a.block_bytes;
  }
  return view;
}

std::int64_t segment_change(const Events& events, std::int64_t event) {
  if (events.action[event] == Action::segment_alloc) return events.block_bytes[event];
  return events.action[event] == Action::segment_free ? -events.block_bytes[event] : 0;
}

bool has_segments(const Events& events) {
  return std::find(events.action.begin(), events.action.end(), Action::segment_alloc) != events.action.end();
}

// What was alive after each of the `wanted` events.
std::map<std::int64_t, PeakView> views_at(const Recording& recording, const std::vector<Allocation>& allocations,
                                          std::vector<std::int64_t> wanted) {
  std::sort(wanted.begin(), wanted.end());
  std::map<std::int64_t, PeakView> views;
  LiveSet live(allocations.size());
  std::int64_t reserved_bytes = 0;
  const bool segments = has_segments(recording.events);
  auto next = wanted.begin();
  sweep(
      allocations, wanted.empty() ? 0 : static_cast<std::int64_t>(recording.events.size()),
      [&](std::size_t i) { live.add(i); }, [&](std::size_t i) { live.remove(i); },
      [&](std::int64_t event) {
        reserved_bytes += segment_change(recording.events, event);
        for (; next != wanted.end() && *next == event; ++next) {
          if (views.contains(event)) continue;
          PeakView& view = views[event] = view_at(recording, allocations, event, live.indices());
          view.reserved_bytes = segments ? reserved_bytes : view.allocated_bytes;
        }
      });
  return views;
}

}  // namespace

PeakView view_after(const Recording& recording, const std::vector<Allocation>& allocations, std::int64_t event) {
  std::vector<std::int64_t> live;
  for (std::size_t i = 0; i < allocations.size() && allocations[i].begin <= event; ++i)
    if (allocations[i].end == kNeverFreed || allocations[i].end > event) live.push_back(static_cast<std::int64_t>(i));
  PeakView view = view_at(recording, allocations, event, std::move(live));
  view.reserved_bytes = view.allocated_bytes;
  if (!has_segments(recording.events)) return view;
  view.reserved_bytes = 0;
  for (std::int64_t at = 0; at <= event; ++at) view.reserved_bytes += segment_change(recording.events, at);
  return view;
}

Peaks find_peaks(const Recording& recording, const std::vector<Allocation>& allocations) {
  Instants instants = find_instants(recording.events, allocations);
  Peaks peaks;
  peaks.run.layers = empty_layers(recording);
  if (instants.run.event < 0) return peaks;
  instants.thin(recording.events.step[instants.run.event]);
  std::vector<std::int64_t> wanted{instants.run.event};
  for (const auto& [step, instant] : instants.steps) wanted.push_back(instant.event);
  const auto views = views_at(recording, allocations, wanted);
  peaks.run = views.at(instants.run.event);
  for (const auto& [step, instant] : instants.steps) peaks.steps.push_back({step, views.at(instant.event)});
  return peaks;
}

}  // namespace headroom
