// A recording as a run of a report.
#pragma once

#include <string>

#include "base/error.h"
#include "reports/report.h"

namespace headroom {

inline constexpr std::int64_t kEventsNearPeak = 300;  // on either side, that the timeline has one by one

// With everything a report shows of it. Throws Error with `code` when the numbers contradict each other, which they may
// where nothing was recorded.
ReportRun make_report_run(const Recording& recording, const std::string& label, ExitCode code);

}  // namespace headroom
