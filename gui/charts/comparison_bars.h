// Runs as stacked bars of categories on one scale, one below the other.
#pragma once

#include <QPainter>
#include <QString>
#include <array>
#include <cstdint>
#include <vector>

#include "analysis/breakdown.h"

namespace headroom::gui {

struct ComparisonBar {
  QString label, below;        // "mha", "baseline · virtual"
  CategoryBytes categories{};  // at the peak
  std::int64_t bytes = 0;      // their sum
  std::int64_t reserved_bytes = 0;
  QString change;        // "−12.0 %" against the baseline
  double direction = 0;  // below 0: less than the baseline
  QString trouble;       // why there is no bar, or why it is not that of a whole run
  bool is_baseline = false, is_current = false, is_bad = false;
};

struct ComparisonChart {
  std::vector<ComparisonBar> bars;
  std::int64_t capacity_bytes = 0;  // of the device; drawn where a bar comes near it
};

// Where things are when the chart is drawn in `area` with the painter's font.
class ComparisonLayout {
 public:
  ComparisonLayout(const ComparisonChart& chart, const QFontMetricsF& metrics, const QRectF& area);

  QRectF row(std::size_t bar) const;
  QRectF choice(std::size_t bar) const;  // the mark that makes it the baseline
  QRectF label(std::size_t bar) const;
  QRectF bar(std::size_t bar) const;       // of the whole scale
  QRectF figure(std::size_t bar) const;    // the number behind it
  QRectF plot() const;                     // all bars
  int row_at(const QPointF& point) const;  // -1: none

  double x_of(std::int64_t bytes) const;
  std::int64_t scale_bytes() const { return scale_bytes_; }
  bool shows_capacity() const { return shows_capacity_; }

  static double height_for(std::size_t bar_count, const QFontMetricsF& metrics);

 private:
  const QRectF area_;
  const std::size_t count_;
  double row_height_, label_width_ = 0, figure_width_ = 0, top_;
  std::int64_t scale_bytes_ = 1;
  bool shows_capacity_ = false;
};

void draw_comparison(QPainter& painter, const QRectF& area, const ComparisonChart& chart, int focused = -1,
                     int hovered = -1);

// The category of the part of a bar that is at `point`, and the bar; a bar of -1: none.
struct ComparisonHit {
  int bar = -1;
  bool on_choice = false, on_part = false;
  Category category{};
};
ComparisonHit comparison_hit(const ComparisonLayout& layout, const ComparisonChart& chart, const QPointF& point);

}  // namespace headroom::gui
