// What stands over the areas of a timeline: peak, failed request, the device's memory, what is chosen.
#pragma once

#include "gui/charts/timeline_chart.h"

namespace headroom::gui {

bool ran_out(const TimelineScene& scene);
std::int64_t bytes_where_it_failed(const TimelineScene& scene);  // with the request that failed; 0: none did

// `most`: of the vertical axis.
void draw_marks(QPainter& painter, const TimelineLayout& layout, const TimelineScene& scene, std::int64_t most);

}  // namespace headroom::gui
