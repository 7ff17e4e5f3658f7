// What the page's scripts read: the runs as one compact JSON document. Arrays by category are in the order of Category,
// phases and layers are indices, texts indices into `strings`.
#pragma once

#include <cstddef>
#include <vector>

#include "base/json.h"
#include "reports/report.h"

namespace headroom {

Json html_data(const Report& report);

// At most `most` points that keep the lowest and the highest total of every interval, and so the peak.
std::vector<TimelinePoint> thinned(const std::vector<TimelinePoint>& points, std::size_t most);

}  // namespace headroom
