// Draws a map of memory: the shapes of analysis/memory_map.h under phases, above events, beside bytes.
#pragma once

#include <QPainter>
#include <memory>
#include <optional>
#include <vector>

#include "analysis/memory_map.h"
#include "gui/charts/axis.h"
#include "gui/session/loaded_run.h"

namespace headroom::gui {

// A run and its map; the map refers to the run.
struct MapOfRun {
  explicit MapOfRun(RunHandle handle) : run(std::move(handle)), map(run->recording, run->breakdown.allocations) {}
  RunHandle run;
  MemoryMap map;
};

struct MapScene {
  std::shared_ptr<const MapOfRun> of;
  MapPicture picture;
  MapWindow window;             // what is looked at; the picture may still be of another
  std::vector<QColor> colours;  // by group
  QColor mixed;                 // of kMixedGroup
  std::vector<LegendEntry> legend;
  std::optional<std::int64_t> chosen, hovered;  // allocations
  std::int64_t instant = -1;                    // event; -1: none is marked
  bool instant_is_peak = true;
  bool by_time = false;  // the axis says when events were, not which they are; they lie where they lay

  double x_of(const QRectF& plot, double event) const;
  double y_of(const QRectF& plot, double bytes) const;
  double event_at(const QRectF& plot, double x) const;
  double bytes_at(const QRectF& plot, double y) const;
};

// Where the shapes go when axes, phases and legend have their place.
QRectF map_plot(QPainter& painter, const QRectF& area, const MapScene& scene);

// The segments and shapes of the picture as `window` sees them.
void paint_map_shapes(QPainter& painter, const QRectF& plot, const MapScene& scene);
// The same as a bitmap of `size`, in logical pixels of which each is `ratio` of the device's, for what is zoomed and
// moved: tens of thousands of rectangles are filled in the time of their pixels. Edges that touch share a pixel's
// boundary. In any thread, under a ThemeForThread.
QImage map_shapes_image(const QSizeF& size, double ratio, const QFont& font, const MapScene& scene);
// Axes, phases, legend.
void paint_map_frame(QPainter& painter, const QRectF& area, const QRectF& plot, const MapScene& scene);
// What the outline of a block covers, the pen included.
QRectF outline_bounds(const QRectF& plot, const MapScene& scene, std::int64_t allocation);
// The instant, what is chosen and what is under the pointer.
void paint_map_overlay(QPainter& painter, const QRectF& plot, const MapScene& scene);

}  // namespace headroom::gui
