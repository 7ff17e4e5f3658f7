#include "reports/json_device.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "reports/summary.h"

namespace headroom {
namespace {

constexpr std::size_t kKernelLimit = 1000;  // listed one by one; the rest is one count and one sum
constexpr std::size_t kOwnerLimit = 1000;

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

template <class E, std::size_t N>
std::string name(const std::array<Named<E>, N>& table, E value) {
  return std::string(to_name(table, value));
}

Json amount(const Amount& a) { return {{"count", a.count}, {"bytes", a.bytes}}; }

// A time that nobody knows is null, never 0.
Json known(const Timed& timed, std::int64_t ns) { return timed.timed_count > 0 ? Json(ns) : Json(nullptr); }

void add_times(Json& out, const Timed& timed) {
  out["timed_count"] = timed.timed_count;
  out["sum_ns"] = known(timed, timed.sum_ns);
  out["busy_ns"] = known(timed, timed.busy_ns);
}

Json timed(const Timed& timed) {
  Json out{{"count", timed.count}};
  add_times(out, timed);
  return out;
}

template <class E, std::size_t N, std::size_t M>
Json amounts(const std::array<Named<E>, N>& names, const std::array<Amount, M>& all) {
  Json out = Json::object();
  for (const auto& row : names)
    if (const Amount& a = all[static_cast<std::size_t>(row.value)]; a != Amount{})
      out[std::string(row.name)] = amount(a);
  return out;
}

Json dram(const Work& work) {
  if (!work.has_dram) return nullptr;
  const auto bandwidth = achieved_bandwidth(work);
  return {{"read_bytes", work.dram_read_bytes},
          {"written_bytes", work.dram_written_bytes},
          {"bytes_per_second", bandwidth ? Json(static_cast<std::int64_t>(*bandwidth)) : Json(nullptr)}};
}

Json work(const Work& w) {
  Json copies = timed(w.copies), sets = timed(w.sets);
  copies["kinds"] = amounts(kCopyKindNames, w.copied);
  sets["bytes"] = w.set_bytes;
  return {{"kernels", timed(w.kernels)},
          {"launch_call_count", w.launch_count},
          {"graph_launch_count", w.graph_count},
          {"copies", std::move(copies)},
          {"sets", std::move(sets)},
          {"driver_memory", amounts(kMemoryKindNames, w.taken)},
          {"synchronization", timed(w.synchronization)},
          {"overhead", timed(w.overhead)},
          {"dram", dram(w)}};
}

Json shape(const LaunchShape& s) {
  return {{"grid", s.grid},
          {"block", s.block},
          {"registers_per_thread", s.registers_per_thread},
          {"static_shared_bytes", s.static_shared_bytes},
          {"dynamic_shared_bytes", s.dynamic_shared_bytes},
          {"local_bytes_per_thread", s.local_bytes_per_thread}};
}

Json shapes(const DeviceWork& device, const KernelRow& row) {
  std::map<std::uint32_t, std::int64_t> counts;
  for (const KernelUse& use : row.uses) counts[use.shape] += use.count;
  Json out = Json::array();
  for (const auto& [index, count] : counts) {
    Json one = index < device.shapes.size() ? shape(device.shapes[index]) : shape({});
    one["count"] = count;
    out.push_back(std::move(one));
  }
  return out;
}

// What was launched in a place, over all shapes.
Json uses(const Breakdown& run, const KernelRow& row) {
  std::map<std::pair<LayerId, Phase>, Timed> places;
  for (const KernelUse& use : row.uses) {
    Timed& place = places[{use.layer, use.phase}];
    place.count += use.count;
    place.timed_count += use.timed_count;
    place.sum_ns += use.sum_ns;
  }
  Json out = Json::array();
  for (const auto& [place, sum] : places)
    out.push_back({{"layer", text_or_null(layer_path(run, place.first))},
                   {"phase", name(kPhaseNames, place.second)},
                   {"count", sum.count},
                   {"sum_ns", known(sum, sum.sum_ns)}});
  return out;
}

void add_kernels(Json& out, const Breakdown& run) {
  Json kernels = Json::array();
  Timed rest;
  for (const KernelRow& row : run.device.kernels) {
    if (kernels.size() == kKernelLimit) {
      rest.count += row.work.count;
      rest.timed_count += row.work.timed_count;
      rest.sum_ns += row.work.sum_ns;
      continue;
    }
    Json kernel{{"name", text_of(run, row.name)}, {"count", row.work.count}};
    add_times(kernel, row.work);
    kernel["shapes"] = shapes(run.device, row);
    kernel["uses"] = uses(run, row);
    kernels.push_back(std::move(kernel));
  }
  out["other_kernels"] = {{"name_count", run.device.kernels.size() - kernels.size()},
                          {"count", rest.count},
                          {"sum_ns", known(rest, rest.sum_ns)}};
  out["kernels"] = std::move(kernels);
}

Json driver_memory(const Breakdown& run) {
  Json out = Json::array();
  for (const DriverMemory& row : run.device.memory) {
    if (out.size() == kOwnerLimit) break;
    out.push_back({{"caller", text_or_null(text_of(run, row.source))},
                   {"kind", name(kMemoryKindNames, row.kind)},
                   {"pooled", row.pooled},
                   {"layer", text_or_null(layer_path(run, row.layer))},
                   {"phase", name(kPhaseNames, row.phase)},
                   {"taken", amount(row.taken)},
                   {"given_back", amount(row.returned)}});
  }
  return out;
}

Json lost(const LostRecords& l) {
  return {{"dropped_count", l.dropped_count},    {"damaged_count", l.damaged_count},
          {"unknown_count", l.unknown_count},    {"outside_count", l.outside_count},
          {"untimed_count", l.untimed_count},    {"unreturned_count", l.unreturned_count},
          {"unmatched_count", l.unmatched_count}};
}

Json reconciliation(const Breakdown& run, const std::optional<Reconciliation>& at) {
  if (!at) return nullptr;
  Json uses = Json::array();
  for (const DeviceUse& use : at->uses) {
    Json one{{"kind", name(kDeviceUseNames, use.kind)}, {"bytes", use.bytes}};
    if (use.kind == DeviceUseKind::outside) one["caller"] = text_or_null(text_of(run, use.source));
    uses.push_back(std::move(one));
  }
  return {{"event", at->event >= 0 ? Json(at->event) : Json(nullptr)},
          {"time_ns", at->time_ns},
          {"used_bytes", at->used_bytes},
          {"total_bytes", at->total_bytes},
          {"reserved_bytes", at->reserved_bytes},
          {"uses", std::move(uses)}};
}

}  // namespace

Json device_activity_json(const Breakdown& run) {
  const DeviceWork& device = run.device;
  if (!device.any()) return nullptr;
  Json out{{"level", name(kTraceLevelNames, device.level)},
           {"tracer", text_or_null(device.tracer)},
           {"executed", device.timed},
           {"problems", device.problems},
           {"lost", lost(device.lost)},
           {"peak_dram_bytes_per_second",
            device.peak_dram_bytes_per_second > 0 ? Json(device.peak_dram_bytes_per_second) : Json(nullptr)},
           {"total", work(device.total)},
           {"phases", Json::array()},
           {"places", Json::array()}};
  for (const PhaseWork& row : device.phases) {
    out["phases"].push_back({{"phase", name(kPhaseNames, row.phase)}});
    out["phases"].back().update(work(row.work));
  }
  for (const PlaceWork& row : device.cells) {
    out["places"].push_back(
        {{"layer", text_or_null(layer_path(run, row.layer))}, {"phase", name(kPhaseNames, row.phase)}});
    out["places"].back().update(work(row.work));
  }
  add_kernels(out, run);
  out["driver_memory"] = driver_memory(run);
  return out;
}

Json gpu_memory_json(const Breakdown& run) {
  const WholeGpu& gpu = run.gpu;
  if (!gpu.peak && !gpu.end) return nullptr;
  return {{"modelled", gpu.modelled},
          {"peak_is_exact", gpu.peak_is_exact},
          {"peak", reconciliation(run, gpu.peak)},
          {"end", reconciliation(run, gpu.end)}};
}

}  // namespace headroom
