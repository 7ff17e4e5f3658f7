// The rows above a timeline: steps, phases, and near enough the layers at work.
#pragma once

#include "gui/charts/timeline_chart.h"

namespace headroom::gui {

inline constexpr std::int64_t kMostEventsWithLayers = 20'000;  // seen at once

void draw_phase_bands(QPainter& painter, const TimelineLayout& layout, const TimelineScene& scene);
// Every other phase over the height of the plot, and its colour.
std::vector<QRectF> shaded_phases(const TimelineLayout& layout, const TimelineScene& scene);
QColor phase_shade();

}  // namespace headroom::gui
