// The tracks of what the driver saw: kernels, copies and sets of each stream, API calls of each thread, and the
// driver's memory.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "reports/perfetto_timeline.h"

namespace headroom::perfetto {
namespace {

// Tracks of one name: a slice goes on the first where it nests.
class Lanes {
 public:
  Lanes(Timeline& timeline, Track track) : timeline_(timeline), track_(std::move(track)) {}

  void slice(std::int64_t start_ns, std::int64_t duration_ns, std::size_t activity) {
    const std::int64_t end_ns = start_ns + duration_ns;
    Lane& lane = lane_for(start_ns, end_ns);
    put(start_ns, activity, lane, Shape::begin);
    lane.open_until.push_back(end_ns);
  }

  void instant(std::int64_t time_ns, std::size_t activity) {
    Lane& lane = lane_for(time_ns, time_ns);
    put(time_ns, activity, lane, Shape::instant);
  }

  void finish() {
    for (Lane& lane : lanes_)
      while (!lane.open_until.empty()) end_innermost(lane);
  }

 private:
  struct Lane {
    std::uint32_t track;
    std::vector<std::int64_t> open_until;
  };

  void put(std::int64_t time_ns, std::size_t activity, const Lane& lane, Shape shape) {
    timeline_.items.push_back({time_ns, static_cast<std::int64_t>(activity), lane.track, shape,
                               shape == Shape::end ? Subject::none : Subject::activity});
  }

  void end_innermost(Lane& lane) {
    put(lane.open_until.back(), 0, lane, Shape::end);
    lane.open_until.pop_back();
  }

  Lane& lane_for(std::int64_t start_ns, std::int64_t end_ns) {
    for (Lane& lane : lanes_) {
      while (!lane.open_until.empty() && lane.open_until.back() <= start_ns) end_innermost(lane);
      if (lane.open_until.empty() || end_ns <= lane.open_until.back()) return lane;
    }
    return lanes_.emplace_back(Lane{timeline_.add_track(track_), {}});
  }

  Timeline& timeline_;
  Track track_;
  std::vector<Lane> lanes_;
};

enum class Place : std::uint8_t { kernels, copies, calls, waits, driver_memory, overhead };

Place place_of(ActivityKind kind) {
  switch (kind) {
    case ActivityKind::kernel:
    case ActivityKind::graph:
      return Place::kernels;
    case ActivityKind::copy:
    case ActivityKind::set:
      return Place::copies;
    case ActivityKind::call:
      return Place::calls;
    case ActivityKind::synchronization:
      return Place::waits;
    case ActivityKind::memory:
    case ActivityKind::pool:
      return Place::driver_memory;
    case ActivityKind::overhead:
      break;
  }
  return Place::overhead;
}

using Key = std::pair<Place, std::uint32_t>;  // and the stream or thread

Key key_of(const Activities& a, std::size_t i) {
  const Place place = place_of(a.kind[i]);
  const bool by_stream = place == Place::kernels || place == Place::copies || place == Place::waits;
  return {place, by_stream ? a.stream[i] : place == Place::calls ? a.thread[i] : 0};
}

std::string stream_name(std::uint32_t stream) {
  return stream == kNoStream ? std::string("no stream") : fmt::format("stream {}", stream);
}

Track track_of(Key key, bool is_virtual) {
  const auto [place, number] = key;
  switch (place) {
    case Place::kernels:
      if (is_virtual)
        return {fmt::format("kernels of {}, not executed", stream_name(number)),
                "Launched and never executed: the virtual GPU computes nothing. An instant is the launch"};
      return {fmt::format("kernels of {}", stream_name(number)), "As the driver timed them"};
    case Place::copies:
      return {fmt::format("copies and sets of {}", stream_name(number)),
              is_virtual ? "Asked for; the virtual GPU takes no time for them" : "As the driver timed them"};
    case Place::calls:
      return {fmt::format("API calls of thread {}", number), "Of the CUDA runtime and driver, on the host"};
    case Place::waits:
      return {fmt::format("synchronization of {}", stream_name(number)), ""};
    case Place::driver_memory:
      return {"driver memory", "What was taken from the driver and given back to it"};
    case Place::overhead:
      break;
  }
  return {"overhead of tracing", "What CUPTI itself took"};
}

// By start, what lasts longer first, so that it is around what starts with it.
std::vector<std::size_t> in_order(const Activities& a) {
  std::vector<std::size_t> order(a.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t i, std::size_t j) {
    if (a.start_ns[i] != a.start_ns[j]) return a.start_ns[i] < a.start_ns[j];
    return a.duration_ns[i] > a.duration_ns[j];
  });
  return order;
}

}  // namespace

void add_activities(Timeline& timeline, const ExportRun& run) {
  const Activities& a = run.recording->activity.activities;
  const bool is_virtual = run.breakdown->environment.device_kind == DeviceKind::virtual_cuda;
  std::map<Key, std::vector<std::size_t>> by_track;
  for (const std::size_t i : in_order(a)) by_track[key_of(a, i)].push_back(i);
  for (const auto& [key, activities] : by_track) {
    Lanes lanes(timeline, track_of(key, is_virtual));
    for (const std::size_t i : activities) {
      if (a.duration_ns[i] == kNoDuration || key.first == Place::driver_memory)
        lanes.instant(a.start_ns[i], i);
      else
        lanes.slice(a.start_ns[i], a.duration_ns[i], i);
    }
    lanes.finish();
  }
}

}  // namespace headroom::perfetto
