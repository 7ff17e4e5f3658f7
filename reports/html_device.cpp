#include "reports/html_device.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "reports/categories.h"
#include "reports/device_words.h"
#include "reports/folding.h"
#include "reports/kernel_names.h"
#include "reports/summary.h"

namespace headroom {
namespace {

constexpr std::size_t kKernelLimit = 400, kUseLimit = 8'000, kOwnerLimit = 60, kSegmentLimit = 60, kBlockLimit = 4;

// The fold of each layer.
class Folds {
 public:
  explicit Folds(const Breakdown& run) : folds_(run.layers.size(), 0) {
    const std::vector<FoldedLayer> rows = fold_layers(run.layers);
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (const LayerId id : rows[i].members) folds_.at(static_cast<std::size_t>(id)) = i;
  }
  std::size_t of(LayerId id) const {
    const auto index = static_cast<std::size_t>(id);
    return index < folds_.size() ? folds_[index] : 0;
  }

 private:
  std::vector<std::size_t> folds_;
};

std::int64_t total(const auto& amounts) {
  std::int64_t bytes = 0;
  for (const Amount& amount : amounts) bytes += amount.bytes;
  return bytes;
}

Json work_data(const Work& work) {
  Json copies = Json::array();
  for (const auto& [kind, name] : kCopyKindNames)
    if (const Amount& amount = work.copied[static_cast<std::size_t>(kind)]; amount.count > 0)
      copies.push_back({copy_title(kind), amount.count, amount.bytes});
  const auto bandwidth = achieved_bandwidth(work);
  return {{"kernels", work.kernels.count},
          {"timed", work.kernels.timed_count},
          {"sum", work.kernels.sum_ns},
          {"busy", work.kernels.busy_ns},
          {"launches", work.launch_count},
          {"copies", std::move(copies)},
          {"copied", total(work.copied)},
          {"sets", work.sets.count},
          {"set", work.set_bytes},
          {"taken", total(work.taken)},
          {"waits", work.synchronization.count},
          {"waited", work.synchronization.timed_count > 0 ? Json(work.synchronization.sum_ns) : Json(nullptr)},
          {"dram", work.has_dram ? Json{work.dram_read_bytes, work.dram_written_bytes} : Json(nullptr)},
          {"bandwidth", bandwidth ? Json(static_cast<std::int64_t>(*bandwidth)) : Json(nullptr)}};
}

Json shapes_data(const DeviceWork& device) {
  Json out = Json::array();
  for (const LaunchShape& s : device.shapes)
    out.push_back({extents(s.grid), extents(s.block), s.static_shared_bytes + s.dynamic_shared_bytes,
                   s.registers_per_thread, s.local_bytes_per_thread});
  return out;
}

// Kernels with their sums, and where and how they were launched; what is beyond the limits is one count and one sum.
void add_kernels(Json& out, const Breakdown& run, const Folds& folds) {
  Json names = Json::array(), uses = Json::array();
  std::int64_t rest_count = 0, rest_ns = 0;
  for (const KernelRow& row : run.device.kernels) {
    using Key = std::tuple<std::size_t, Phase, std::uint32_t>;
    std::map<Key, std::pair<std::int64_t, std::int64_t>> places;
    for (const KernelUse& use : row.uses) {
      auto& [count, ns] = places[{folds.of(use.layer), use.phase, use.shape}];
      count += use.count;
      ns += use.sum_ns;
    }
    if (names.size() == kKernelLimit || uses.size() + places.size() > kUseLimit) {
      rest_count += row.work.count;
      rest_ns += row.work.sum_ns;
      continue;
    }
    for (const auto& [key, sums] : places)
      uses.push_back({names.size(), std::get<2>(key), std::get<0>(key), static_cast<int>(std::get<1>(key)), sums.first,
                      sums.second});
    const std::string name = text_of(run, row.name);
    names.push_back({short_kernel_name(name), name});
  }
  out["rest"] = {{"names", run.device.kernels.size() - names.size()}, {"count", rest_count}, {"sum", rest_ns}};
  out["names"] = std::move(names);
  out["uses"] = std::move(uses);
}

Json places_data(const DeviceWork& device, const Folds& folds) {
  std::map<std::pair<std::size_t, Phase>, Work> sums;
  for (const PlaceWork& cell : device.cells) sums[{folds.of(cell.layer), cell.phase}] += cell.work;
  Json out = Json::array();
  for (const auto& [place, work] : sums)
    out.push_back({place.first, static_cast<int>(place.second), work.kernels.count, work.kernels.sum_ns,
                   total(work.copied), work.set_bytes, total(work.taken)});
  return out;
}

Json memory_data(const Breakdown& run) {
  Json out = Json::array();
  for (const DriverMemory& row : run.device.memory) {
    if (out.size() == kOwnerLimit) break;
    out.push_back({library_name(run, row.source), text_of(run, row.source), to_name(kMemoryKindNames, row.kind),
                   layer_path(run, row.layer), static_cast<int>(row.phase), row.taken.count, row.taken.bytes,
                   row.returned.bytes});
  }
  return out;
}

Json instant_data(const Breakdown& run, const char* name, const Reconciliation& at) {
  Json uses = Json::array();
  for (const DeviceUse& use : at.uses) {
    const DeviceUseStyle& style = kDeviceUseStyles[static_cast<std::size_t>(use.kind)];
    uses.push_back({to_name(kDeviceUseNames, use.kind), title_of(run, use), use.bytes, style.meaning});
  }
  return {{"name", name},
          {"used", at.used_bytes},
          {"total", at.total_bytes},
          {"reserved", at.reserved_bytes},
          {"uses", std::move(uses)}};
}

// [bytes, category, tensor, operator, layer, phase, step]
Json block_data(const Breakdown& run, std::int64_t index) {
  const Allocation& a = run.allocations.at(static_cast<std::size_t>(index));
  return {a.block_bytes,
          static_cast<int>(a.category),
          text_of(run, a.tensor),
          text_of(run, a.op),
          layer_path(run, a.layer),
          static_cast<int>(a.phase),
          a.step};
}

Json segment_data(const Breakdown& run, const SegmentView& s) {
  Json blocks = Json::array();
  for (std::size_t i = 0; i < std::min(s.blocks.size(), kBlockLimit); ++i)
    blocks.push_back(block_data(run, s.blocks[i]));
  return {{"bytes", s.bytes},           {"live", s.live_bytes},     {"held", s.held_bytes}, {"free", s.free_bytes},
          {"gap", s.largest_gap_bytes}, {"count", s.blocks.size()}, {"stream", s.stream},   {"pool", s.pool},
          {"blocks", std::move(blocks)}};
}

Json replay_data(const AllocatorReplay& replay, const AllocatorReplay& base) {
  const bool known = base.faithful && replay.change != ReplayChange::none && !replay.ran_out_of_memory;
  return {{"label", replay.label},
          {"change", to_name(kReplayChangeNames, replay.change)},
          {"reserved", replay.peak_reserved_bytes},
          {"allocated", replay.peak_allocated_bytes},
          {"segments", replay.segment_count},
          {"calls", replay.driver_call_count},
          {"oom", replay.ran_out_of_memory},
          {"faithful", replay.faithful},
          {"difference", replay.difference},
          {"saved", known ? Json(saved_bytes(base, replay)) : Json(nullptr)}};
}

}  // namespace

Json device_data(const Breakdown& run) {
  const DeviceWork& device = run.device;
  if (!device.any()) return nullptr;
  const Folds folds(run);
  Json out{{"origin", origin_of(run)},
           {"timed", device.timed},
           {"full", device.level == TraceLevel::full},
           {"remarks", Json::array()},
           {"peak_bandwidth", device.peak_dram_bytes_per_second},
           {"total", work_data(device.total)},
           {"phases", Json::array()},
           {"shapes", shapes_data(device)},
           {"places", places_data(device, folds)},
           {"memory", memory_data(run)},
           {"smaller_memory", device.memory.size() - std::min(device.memory.size(), kOwnerLimit)}};
  for (const TraceRemark& remark : trace_remarks(device)) out["remarks"].push_back({remark.text, remark.serious});
  for (const PhaseWork& row : device.phases)
    out["phases"].push_back({{"phase", static_cast<int>(row.phase)}, {"work", work_data(row.work)}});
  add_kernels(out, run, folds);
  return out;
}

Json gpu_data(const Breakdown& run) {
  const WholeGpu& gpu = run.gpu;
  if (!gpu.peak && !gpu.end) return nullptr;
  Json out{{"modelled", gpu.modelled}, {"exact", gpu.peak_is_exact}, {"instants", Json::array()}};
  if (gpu.peak) out["instants"].push_back(instant_data(run, "at the most reserved", *gpu.peak));
  if (gpu.end) out["instants"].push_back(instant_data(run, "at the end", *gpu.end));
  return out;
}

Json fragmentation_data(const ReportRun& report_run) {
  const Fragmentation& f = report_run.fragmentation;
  if (f.event < 0) return nullptr;
  Json segments = Json::array(), replays = Json::array();
  for (std::size_t i = 0; i < std::min(f.segments.size(), kSegmentLimit); ++i)
    segments.push_back(segment_data(report_run.breakdown, f.segments[i]));
  for (const AllocatorReplay& replay : report_run.replays)
    replays.push_back(replay_data(replay, report_run.replays[0]));
  return {{"reserved", f.reserved_bytes},       {"requested", f.requested_bytes},
          {"rounding", f.rounding_bytes},       {"held", f.held_bytes},
          {"cached", f.cached_bytes},           {"fragmented", f.fragmented_bytes},
          {"phase", static_cast<int>(f.phase)}, {"step", f.step},
          {"count", f.segments.size()},         {"segments", std::move(segments)},
          {"replays", std::move(replays)}};
}

}  // namespace headroom
