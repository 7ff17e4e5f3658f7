// The areas and the line of a timeline: what was allocated, of what kind, the chosen share of it, and what was
// reserved.
#pragma once

#include <functional>

#include "gui/charts/timeline_chart.h"

namespace headroom::gui {

bool is_faded(const TimelineScene& scene, std::size_t part);
QColor shown_colour(const TimelineScene& scene, const StackPart& part);  // paler where it is faded

// Where `bytes` are on an axis of `most`.
double y_of(const QRectF& plot, std::int64_t bytes, std::int64_t most);

void draw_stack(QPainter& painter, const QRectF& plot, const TimelineScene& scene,
                const std::vector<CurveColumn>& columns, std::int64_t most);

// What is behind the stack: areas as high as the plot, and lines as wide.
struct PlotGround {
  std::function<void(QPainter&)> areas, lines;
};
// Ground and stack. On a screen every pixel is written once: of millions each further time takes milliseconds.
void draw_stack_on(const PlotGround& ground, QPainter& painter, const QRectF& plot, const TimelineScene& scene,
                   const std::vector<CurveColumn>& columns, std::int64_t most);

void draw_share(QPainter& painter, const QRectF& plot, const TimelineScene& scene,
                const std::vector<CurveColumn>& columns, std::int64_t most);
void draw_reserved(QPainter& painter, const QRectF& plot, const std::vector<CurveColumn>& columns, std::int64_t most);

}  // namespace headroom::gui
