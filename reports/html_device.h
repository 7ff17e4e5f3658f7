// The parts of the page's data about what the driver saw. Layers are indices into the run's folds, so that equal blocks
// are one row and a run of any length stays small: the page holds sums, never launches.
#pragma once

#include "base/json.h"
#include "reports/report.h"

namespace headroom {

Json device_data(const Breakdown& run);                // null where nothing was traced
Json gpu_data(const Breakdown& run);                   // null where the driver was never asked
Json fragmentation_data(const ReportRun& report_run);  // null where nothing was reserved

}  // namespace headroom
