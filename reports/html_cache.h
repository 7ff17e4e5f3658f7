// What the page knows of the cache of a run that generates, and of what the device holds.
#pragma once

#include "base/json.h"
#include "reports/report.h"

namespace headroom {

Json cache_data(const ReportRun& run);  // null for a run that does not generate

}  // namespace headroom
