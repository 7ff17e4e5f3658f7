#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "reports/fragmentation.h"
#include "reports/summary.h"

namespace headroom {
namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

// The phase and step in which a block was freed; null where it never was.
Json freed(const Breakdown& run, const Allocation& a) {
  if (a.end == kNeverFreed) return nullptr;
  const auto after = std::ranges::upper_bound(run.marks, a.end, {}, &Mark::event);
  if (after == run.marks.begin()) return nullptr;
  return {{"event", a.end}, {"phase", to_name(kPhaseNames, std::prev(after)->phase)}, {"step", std::prev(after)->step}};
}

Json block(const FragmentationReport& r, const SegmentView& segment, std::int64_t index) {
  const Breakdown& run = r.run();
  const Allocation& a = run.allocations.at(static_cast<std::size_t>(index));
  return {{"offset", a.address - segment.address},
          {"bytes", a.block_bytes},
          {"requested_bytes", a.requested_bytes},
          {"category", to_name(kCategoryNames, a.category)},
          {"layer", text_or_null(layer_path(run, a.layer))},
          {"tensor", text_or_null(text_of(run, a.tensor))},
          {"operator", text_or_null(text_of(run, a.op))},
          {"source_line", text_or_null(text_of(run, a.source))},
          {"allocated", {{"event", a.begin}, {"phase", to_name(kPhaseNames, a.phase)}, {"step", a.step}}},
          {"freed", freed(run, a)},
          {"held", a.end != kNeverFreed && a.end <= r.fragmentation.event}};
}

Json segment(const FragmentationReport& r, const SegmentView& s) {
  Json out{{"address", s.address},
           {"bytes", s.bytes},
           {"stream", s.stream},
           {"pool", s.pool},
           {"requested_bytes", s.requested_bytes},
           {"live_bytes", s.live_bytes},
           {"held_bytes", s.held_bytes},
           {"free_bytes", s.free_bytes},
           {"largest_gap_bytes", s.largest_gap_bytes},
           {"blocks", Json::array()}};
  for (const std::int64_t index : s.blocks) out["blocks"].push_back(block(r, s, index));
  return out;
}

Json replay(const FragmentationReport& r, const AllocatorReplay& replay) {
  const AllocatorReplay& base = r.replays.front();
  Json out = replay_document(replay);
  const bool known = base.faithful && replay.change != ReplayChange::none && !replay.ran_out_of_memory;
  out["saved_bytes"] = known ? Json(saved_bytes(base, replay)) : Json(nullptr);
  return out;
}

}  // namespace

std::string write_fragmentation_json(const FragmentationReport& r) {
  const Breakdown& run = r.run();
  const Fragmentation& f = r.fragmentation;
  Json out{{"schema", "headroom.fragmentation/1"},
           {"headroom_version", r.report.headroom_version},
           {"label", run.label},
           {"spec", to_json(run.spec)},
           {"device", {{"kind", to_name(kDeviceKindNames, run.environment.device_kind)},
                       {"name", run.environment.device_name},
                       {"total_bytes", run.environment.device_total_bytes}}},
           {"allocator_settings", run.environment.allocator_settings},
           {"outcome", to_name(kOutcomeNames, run.outcome.kind)},
           {"peak", {{"event", f.event},
                     {"time_ns", f.time_ns},
                     {"phase", to_name(kPhaseNames, f.phase)},
                     {"step", f.step},
                     {"reserved_bytes", f.reserved_bytes},
                     {"requested_bytes", f.requested_bytes},
                     {"rounding_bytes", f.rounding_bytes},
                     {"held_bytes", f.held_bytes},
                     {"cached_bytes", f.cached_bytes},
                     {"fragmented_bytes", f.fragmented_bytes}}},
           {"segments", Json::array()},
           {"replays", Json::array()}};
  for (const SegmentView& s : f.segments) out["segments"].push_back(segment(r, s));
  if (!r.replays.empty()) out["replays"].push_back(replay(r, r.replays.front()));
  for (const AllocatorReplay* one : ranked(r)) out["replays"].push_back(replay(r, *one));
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace headroom
