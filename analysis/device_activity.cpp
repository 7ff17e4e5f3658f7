#include "analysis/device_activity.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "analysis/driver_memory.h"
#include "analysis/sums.h"

namespace headroom {
namespace {

constexpr std::size_t kPhaseCount = kPhaseNames.size();

std::size_t index_of(LayerId id) { return static_cast<std::size_t>(id); }

Timed& operator+=(Timed& sum, const Timed& part) {
  add(sum.count, part.count);
  add(sum.timed_count, part.timed_count);
  add(sum.sum_ns, part.sum_ns);
  return sum;
}

Amount& operator+=(Amount& sum, const Amount& part) {
  add(sum.count, part.count);
  add(sum.bytes, part.bytes);
  return sum;
}

// The rows of a recording in order of their start, with no duration where none can be meant.
class Rows {
 public:
  explicit Rows(const Recording& recording)
      : a_(recording.activity.activities), timed_(recording.environment.device_kind == DeviceKind::cuda) {
    if (std::is_sorted(a_.start_ns.begin(), a_.start_ns.end())) return;
    order_.resize(a_.size());
    std::iota(order_.begin(), order_.end(), std::uint32_t{0});
    std::ranges::stable_sort(order_, {}, [&](std::uint32_t row) { return a_.start_ns[row]; });
  }

  template <class F>
  void for_each(F visit) const {
    for (std::size_t i = 0; i < a_.size(); ++i) visit(order_.empty() ? i : order_[i]);
  }
  bool timed() const { return timed_; }
  std::int64_t duration_ns(std::size_t row) const { return timed_ ? a_.duration_ns[row] : kNoDuration; }

 private:
  const Activities& a_;
  bool timed_;
  std::vector<std::uint32_t> order_;  // empty: as they are
};

// A Timed under construction: knows how far its union of intervals reaches.
struct Clock {
  std::int64_t until_ns = 0;
  bool any = false;

  void count(Timed& timed, std::int64_t start_ns, std::int64_t duration_ns) {
    ++timed.count;
    if (duration_ns < 0) return;
    ++timed.timed_count;
    add(timed.sum_ns, duration_ns);
    std::int64_t end_ns = start_ns;
    add(end_ns, duration_ns);
    const std::int64_t from_ns = any ? std::max(start_ns, until_ns) : start_ns;
    if (end_ns > from_ns) add(timed.busy_ns, minus(end_ns, from_ns));
    until_ns = any ? std::max(until_ns, end_ns) : end_ns;
    any = true;
  }
};

// Activities whose times are added up, and where.
constexpr std::array kTimedKinds{
    std::pair{ActivityKind::kernel, &Work::kernels}, std::pair{ActivityKind::copy, &Work::copies},
    std::pair{ActivityKind::set, &Work::sets}, std::pair{ActivityKind::synchronization, &Work::synchronization},
    std::pair{ActivityKind::overhead, &Work::overhead}};

struct Place {
  Work work;
  std::array<Clock, kTimedKinds.size()> clocks;
};

// CUDA 13's compiler calls __cudaLaunchKernel.
bool launches(std::string_view call) {
  call.remove_prefix(std::min(call.find_first_not_of('_'), call.size()));
  for (const std::string_view prefix : {"cudaLaunch", "cuLaunch", "cudaGraphLaunch", "cuGraphLaunch"})
    if (call.starts_with(prefix)) return call.find("HostFunc") == std::string_view::npos;
  return false;
}

struct UseKey {
  StringId name{};
  std::uint32_t shape = 0;
  LayerId layer{};
  Phase phase{};
  bool operator==(const UseKey&) const = default;
};
struct UseHash {
  std::size_t operator()(const UseKey& k) const {
    const std::uint64_t high = (std::uint64_t{static_cast<std::uint32_t>(k.name)} << 32) | k.shape;
    const std::uint64_t low =
        (std::uint64_t{static_cast<std::uint32_t>(k.layer)} << 3) | static_cast<std::uint64_t>(k.phase);
    return static_cast<std::size_t>((high * 0x9E3779B97F4A7C15u) ^ (low * 0xC2B2AE3D27D4EB4Fu));
  }
};

class Adder {
 public:
  explicit Adder(const Recording& recording)
      : recording_(recording),
        a_(recording.activity.activities),
        rows_(recording),
        launches_(recording.strings.size(), 2) {}

  DeviceWork run() {
    const DeviceActivity& activity = recording_.activity;
    DeviceWork out;
    out.level = activity.level;
    out.tracer = activity.tracer;
    out.problems = activity.problems;
    out.lost = {activity.dropped_count, activity.damaged_count,    activity.unknown_count,  activity.outside_count,
                activity.untimed_count, activity.unreturned_count, activity.unmatched_count};
    out.timed = rows_.timed();
    out.peak_dram_bytes_per_second = activity.peak_dram_bytes_per_second;
    out.shapes = activity.shapes;
    rows_.for_each([&](std::size_t row) { take(row); });
    for (const DramBytes& traffic : activity.dram) take(traffic);
    note_busy_time_of_traffic();
    out.total = total_.work;
    finish_places(out);
    finish_kernels(out);
    out.memory = add_up_driver_memory(recording_);
    return out;
  }

 private:
  Place& cell(LayerId layer, Phase phase) {
    const std::uint64_t key = index_of(layer) * kPhaseCount + static_cast<std::size_t>(phase);
    return cells_[key];
  }

  template <class F>
  void at_every_place(LayerId layer, Phase phase, F change) {
    change(total_);
    change(cell(layer, phase));
    change(phases_[static_cast<std::size_t>(phase)]);
    change(layers_[static_cast<std::uint32_t>(layer)]);
  }

  bool launches_kernels(std::size_t row) {
    signed char& known = launches_.at(static_cast<std::size_t>(a_.name[row]));
    if (known == 2) known = launches(recording_.text(a_.name[row])) ? 1 : 0;
    return known == 1 && a_.detail[row] == 0;
  }

  void take(std::size_t row) {
    const ActivityKind kind = a_.kind[row];
    const bool launch = kind == ActivityKind::call && launches_kernels(row);
    if (kind == ActivityKind::pool || (kind == ActivityKind::call && !launch)) return;
    at_every_place(a_.layer[row], a_.phase[row], [&](Place& place) { count(place, row, launch); });
    if (kind == ActivityKind::kernel) take_kernel(row);
  }

  void take(const DramBytes& traffic) {
    at_every_place(traffic.layer, traffic.phase, [&](Place& place) {
      place.work.has_dram = true;
      add(place.work.dram_read_bytes, traffic.read_bytes);
      add(place.work.dram_written_bytes, traffic.written_bytes);
    });
  }

  void count(Place& place, std::size_t row, bool launch) {
    Work& work = place.work;
    const ActivityKind kind = a_.kind[row];
    for (std::size_t i = 0; i < kTimedKinds.size(); ++i)
      if (kTimedKinds[i].first == kind)
        place.clocks[i].count(work.*kTimedKinds[i].second, a_.start_ns[row], rows_.duration_ns(row));
    work.launch_count += launch;
    work.graph_count += kind == ActivityKind::graph;
    if (kind == ActivityKind::set) add(work.set_bytes, a_.bytes[row]);
    if (kind == ActivityKind::copy) work.copied[copy_kind(row)] += {1, a_.bytes[row]};
    if (kind == ActivityKind::memory && is_allocation(a_, row))
      work.taken[static_cast<std::size_t>(memory_kind_of(a_, row))] += {1, a_.bytes[row]};
  }

  std::size_t copy_kind(std::size_t row) const {
    return a_.detail[row] < kCopyKindNames.size() ? a_.detail[row] : static_cast<std::size_t>(CopyKind::other);
  }

  void take_kernel(std::size_t row) {
    const std::int64_t duration_ns = rows_.duration_ns(row);
    Kernel& kernel = kernels_[a_.name[row]];
    kernel.clock.count(kernel.work, a_.start_ns[row], duration_ns);
    KernelUse& use = uses_[{a_.name[row], a_.detail[row], a_.layer[row], a_.phase[row]}];
    ++use.count;
    if (duration_ns < 0) return;
    ++use.timed_count;
    add(use.sum_ns, duration_ns);
  }

  void note_busy_time_of_traffic() {
    for (auto& [key, place] : cells_) {
      if (!place.work.has_dram) continue;
      const std::int64_t busy_ns = place.work.kernels.busy_ns;
      at_every_place(LayerId(key / kPhaseCount), Phase(key % kPhaseCount),
                     [&](Place& at) { add(at.work.dram_busy_ns, busy_ns); });
    }
  }

  void finish_places(DeviceWork& out) const {
    for (const auto& [key, place] : cells_)
      out.cells.push_back({LayerId(key / kPhaseCount), Phase(key % kPhaseCount), place.work});
    std::ranges::sort(out.cells, {}, [](const PlaceWork& c) { return std::pair(c.layer, c.phase); });
    for (std::size_t i = 0; i < kPhaseCount; ++i)
      if (phases_[i].work != Work{}) out.phases.push_back({Phase(i), phases_[i].work});
    for (const auto& [layer, place] : layers_) out.layers.push_back({LayerId(layer), place.work});
    std::ranges::sort(out.layers, {}, &LayerWork::layer);
  }

  void finish_kernels(DeviceWork& out) const {
    std::unordered_map<StringId, std::size_t> places;
    for (const auto& [name, kernel] : kernels_) {
      places.emplace(name, out.kernels.size());
      out.kernels.push_back({name, kernel.work, {}});
    }
    for (const auto& [key, use] : uses_)
      out.kernels[places.at(key.name)].uses.push_back(
          {key.shape, key.layer, key.phase, use.count, use.timed_count, use.sum_ns});
    for (KernelRow& row : out.kernels)
      std::ranges::sort(row.uses, {}, [](const KernelUse& u) { return std::tuple(u.layer, u.phase, u.shape); });
    std::ranges::sort(out.kernels, {}, [&](const KernelRow& row) {
      return std::tuple(-row.work.sum_ns, -row.work.count, std::string_view(recording_.text(row.name)), row.name);
    });
  }

  struct Kernel {
    Timed work;
    Clock clock;
  };

  const Recording& recording_;
  const Activities& a_;
  Rows rows_;
  std::vector<signed char> launches_;  // by name: 1 a launch, 0 not, 2 not asked yet
  Place total_;
  std::array<Place, kPhaseCount> phases_;
  std::unordered_map<std::uint64_t, Place> cells_;
  std::unordered_map<std::uint32_t, Place> layers_;
  std::unordered_map<StringId, Kernel> kernels_;
  std::unordered_map<UseKey, KernelUse, UseHash> uses_;
};

}  // namespace

Work& operator+=(Work& sum, const Work& part) {
  for (const auto& [kind, member] : kTimedKinds) sum.*member += part.*member;
  for (std::size_t i = 0; i < sum.copied.size(); ++i) sum.copied[i] += part.copied[i];
  for (std::size_t i = 0; i < sum.taken.size(); ++i) sum.taken[i] += part.taken[i];
  for (const auto member : {&Work::set_bytes, &Work::launch_count, &Work::graph_count, &Work::dram_read_bytes,
                            &Work::dram_busy_ns, &Work::dram_written_bytes})
    add(sum.*member, part.*member);
  sum.has_dram = sum.has_dram || part.has_dram;
  return sum;
}

std::optional<double> achieved_bandwidth(const Work& work) {
  if (!work.has_dram || work.dram_busy_ns <= 0) return std::nullopt;
  const double bytes = static_cast<double>(work.dram_read_bytes) + static_cast<double>(work.dram_written_bytes);
  return bytes * 1e9 / static_cast<double>(work.dram_busy_ns);
}

bool LostRecords::any() const {
  return dropped_count != 0 || damaged_count != 0 || unknown_count != 0 || outside_count != 0 || untimed_count != 0 ||
         unreturned_count != 0 || unmatched_count != 0;
}

bool DeviceWork::any() const {
  return level != TraceLevel::none || !tracer.empty() || !problems.empty() || lost.any() || total != Work{} ||
         !memory.empty();
}

DeviceWork add_up_activity(const Recording& recording) { return Adder(recording).run(); }

}  // namespace headroom
