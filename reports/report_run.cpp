#include "reports/report_run.h"

#include <fmt/format.h>

#include "recording/verify.h"

namespace headroom {
namespace {

constexpr std::size_t kTimelinePoints = 2000;

}  // namespace

ReportRun make_report_run(const Recording& recording, const std::string& label, ExitCode code) {
  ReportRun run;
  run.breakdown = make_breakdown(recording, label);
  if (recording.outcome.kind != OutcomeKind::error)
    if (const auto broken = verify(run.breakdown); !broken.empty())
      throw Error(code, fmt::format("{}: the recording contradicts itself: {}", label, broken.front()));
  run.timeline = make_timeline(recording, run.breakdown, kTimelinePoints);
  run.fragmentation = explain_fragmentation(recording, run.breakdown.allocations);
  run.replays = recording.replays;
  return run;
}

}  // namespace headroom
