// The curve of a run's memory as a picture: widget, bitmap, SVG and PDF are drawn by the same functions.
#pragma once

#include <QPainter>
#include <QString>
#include <optional>
#include <utility>
#include <vector>

#include "analysis/level_of_detail.h"
#include "gui/session/loaded_run.h"
#include "gui/session/selection.h"

namespace headroom::gui {

// What is shown, and how. Places along the axis are numbers of events, or nanoseconds.
struct TimelineScene {
  RunHandle run;  // with events
  Stacking stacking = Stacking::category;
  bool by_time = false;
  bool fit_height = false;  // the vertical axis ends at the highest that is seen, not at the run's highest
  double from = 0, to = 1;
  Chosen chosen;
  std::array<bool, kCategoryCount> categories = Filter::all_categories();
  const ShareCurve* share = nullptr;  // of the chosen layer or category, where the stack does not show it
  QString share_name;
};

// The whole axis; where the run ran out of memory with some room behind its last event.
std::pair<double, double> whole_axis(const TimelineScene& scene);
double place_of_event(const TimelineScene& scene, std::int64_t event);
std::int64_t event_at(const TimelineScene& scene, double place);  // the instant that holds there; at least 0

struct TimelineLayout {
  QRectF steps, phases, layers;          // bands
  QRectF plot, axis, overview, readout;  // no overview where there is no room for it
  // Of the readout's parts; where rows are too few for all, those that come first.
  std::size_t columns = 1, rows = 0;
  double column_width = 0;

  double x_of(const TimelineScene& scene, double place) const;
  double place_at(const TimelineScene& scene, double x) const;
  double overview_x_of(const TimelineScene& scene, double place) const;
  double overview_place_at(const TimelineScene& scene, double x) const;
};
TimelineLayout lay_out_timeline(const QPainter& painter, const QRectF& area, const TimelineScene& scene);

// The curve of a part of the axis, one column for each pixel of a device.
std::vector<CurveColumn> curve_of(const TimelineScene& scene, double from, double to, std::size_t width);

struct StackPart {
  std::size_t index = 0;  // into StackBytes
  QString name;
  QColor colour;
};
std::vector<StackPart> stack_parts(const TimelineScene& scene);  // those that the run ever has, bottom first

// Everything but the readout and what follows the pointer.
void draw_timeline(QPainter& painter, const TimelineLayout& layout, const TimelineScene& scene,
                   const std::vector<CurveColumn>& columns);
void draw_timeline_overview(QPainter& painter, const QRectF& area, const TimelineScene& scene,
                            const std::vector<CurveColumn>& columns);
void draw_overview_window(QPainter& painter, const TimelineLayout& layout, const TimelineScene& scene);
void draw_instant(QPainter& painter, const TimelineLayout& layout, const TimelineScene& scene, std::int64_t event);
void draw_readout(QPainter& painter, const TimelineLayout& layout, const TimelineScene& scene, std::int64_t event);

}  // namespace headroom::gui
