// What a run that generates held after each step, as a line of steps: the prefill first, then token by token.
#pragma once

#include <QPainter>
#include <QString>
#include <cstdint>
#include <vector>

namespace headroom::gui {

struct GrowthChart {
  QString title;
  QColor colour;
  std::vector<std::int64_t> values;  // bytes, one for each step; a value holds until the next step
  QString first, last;               // what the ends of the axis are called
  int marked = -1;                   // a step that is chosen or pointed at
};

void paint_growth(QPainter& painter, const QRectF& area, const GrowthChart& chart);

// Which step lies at `x` of a chart in `area`; -1 where there is none.
int growth_step_at(const QPaintDevice& device, const QFont& font, const QRectF& area, const GrowthChart& chart,
                   double x);

}  // namespace headroom::gui
