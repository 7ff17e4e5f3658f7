#include "reports/report_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/level_of_detail.h"
#include "recording/verify.h"

namespace headroom {
namespace {

constexpr std::size_t kTimelinePoints = 2000;

// The instant after `event`, exactly.
TimelinePoint point_at(const LevelOfDetail& detail, const Recording& recording, std::int64_t event) {
  const CurveColumn column = detail.at(event, Stacking::category);
  TimelinePoint point{event,
                      recording.events.time_ns.at(static_cast<std::size_t>(event)),
                      std::max(column.reserved_bytes, column.allocated_bytes),
                      {}};
  std::copy_n(column.parts.begin(), kCategoryCount, point.categories.begin());
  return point;
}

// Of long runs the curve has but the peaks of intervals; around the peak of all it has every allocation and free.
void add_detail(std::vector<TimelinePoint>& timeline, const Recording& recording, const Breakdown& run) {
  const auto count = static_cast<std::int64_t>(recording.events.size());
  if (run.peak.event < 0 || timeline.size() < kTimelinePoints / 2) return;
  const LevelOfDetail detail(recording, run.allocations, group_layers(run));
  const std::int64_t first = std::max<std::int64_t>(0, run.peak.event - kEventsNearPeak);
  const std::int64_t last = std::min(count - 1, run.peak.event + kEventsNearPeak);
  std::vector<TimelinePoint> merged;
  for (const TimelinePoint& point : timeline)
    if (point.event < first) merged.push_back(point);
  for (std::int64_t event = first; event <= last; ++event)
    if (const Action action = recording.events.action[static_cast<std::size_t>(event)];
        action == Action::alloc || action == Action::free)
      merged.push_back(point_at(detail, recording, event));
  for (const TimelinePoint& point : timeline)
    if (point.event > last) merged.push_back(point);
  timeline = std::move(merged);
}

}  // namespace

ReportRun make_report_run(const Recording& recording, const std::string& label, ExitCode code) {
  ReportRun run;
  run.breakdown = make_breakdown(recording, label);
  if (recording.outcome.kind != OutcomeKind::error)
    if (const auto broken = verify(run.breakdown); !broken.empty())
      throw Error(code, fmt::format("{}: the recording contradicts itself: {}", label, broken.front()));
  run.timeline = make_timeline(recording, run.breakdown, kTimelinePoints);
  add_detail(run.timeline, recording, run.breakdown);
  run.fragmentation = explain_fragmentation(recording, run.breakdown.allocations);
  run.replays = recording.replays;
  return run;
}

}  // namespace headroom
