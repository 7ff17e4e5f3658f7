// The parts of write_json about what the driver saw; the schema has the meaning of each member.
#pragma once

#include "base/json.h"
#include "reports/report.h"

namespace headroom {

Json device_activity_json(const Breakdown& run);  // null where nothing was traced
Json gpu_memory_json(const Breakdown& run);       // null where the driver was never asked

}  // namespace headroom
