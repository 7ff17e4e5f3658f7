// What fits, as a map of batch against sequence length.
#pragma once

#include <QPainter>
#include <functional>
#include <optional>

#include "analysis/fit_grid.h"

namespace headroom::gui {

struct FitChart {
  const FitGrid* grid = nullptr;
  std::int64_t device_bytes = 0;
  std::function<std::int64_t(FitCell)> allocated_bytes, reserved_bytes;  // of what fits
  std::function<bool(FitCell)> is_running;
  std::optional<FitCell> chosen;
  bool has_focus = false;
};

// Where the cells are, within what draw_fit_chart() is given.
QRectF fit_plot(const QPainter& painter, const QRectF& area);
QRectF fit_cell_rect(const QRectF& plot, const FitGrid& grid, FitCell cell);
std::optional<FitCell> fit_cell_at(const QRectF& plot, const FitGrid& grid, const QPointF& point);

// Cells are told apart by colour and by what is written in them; below stands what that means.
void draw_fit_chart(QPainter& painter, const QRectF& area, const FitChart& chart);

}  // namespace headroom::gui
