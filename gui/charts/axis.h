// What all charts have in common: axes of bytes, text that fits, a legend, and a range that is zoomed.
#pragma once

#include <QPainter>
#include <QString>
#include <cstdint>
#include <utility>
#include <vector>

namespace headroom::gui {

struct Tick {
  std::int64_t bytes = 0;
  QString text;  // "1.5 GiB"
};

// From 0 up to `most`, about `count` of them, at round numbers of one binary unit.
std::vector<Tick> byte_ticks(std::int64_t most, int count);

// Horizontal grid lines with their sizes to the left of `plot`; y: of bytes.
void draw_byte_axis(QPainter& painter, const QRectF& plot, std::int64_t most, double height_for_each_tick = 48);

// How wide draw_byte_axis() wants to be left of the plot.
double byte_axis_width(const QPainter& painter, std::int64_t most);

// The text, shortened with an ellipsis to `width`; nothing where not even two letters fit.
QString fitted(const QPainter& painter, const QString& text, double width);

// Of the two colours `of_ground`, 0 to 1, is the ground's: what a translucent colour on it looks like.
QColor mixed(const QColor& colour, const QColor& ground, double of_ground);

struct LegendEntry {
  QColor colour;
  QString text;
  bool outline = false;
};
// Entries in rows from the left of `area`; gives the height that was used.
double draw_legend(QPainter& painter, const QRectF& area, const std::vector<LegendEntry>& entries);

// A part of a whole range that can be zoomed and moved, with the ranges before to go back to.
class ZoomRange {
 public:
  ZoomRange() = default;
  ZoomRange(double first, double last) : first_(first), last_(last), from_(first), to_(last) {}

  double from() const { return from_; }
  double to() const { return to_; }
  double span() const { return to_ - from_; }
  bool is_whole() const { return from_ <= first_ && to_ >= last_; }

  // Each false where nothing changed. The least span is `least`. `remember`: undo() comes back to what was shown
  // before; not wanted within one gesture of many steps.
  bool zoom(double factor, double around, double least, bool remember);  // factor above 1: closer
  bool move(double by, bool remember);
  bool show(double from, double to, double least, bool remember);
  bool fit(bool remember) { return show(first_, last_, 0, remember); }
  bool undo();

 private:
  double first_ = 0, last_ = 1, from_ = 0, to_ = 1;
  std::vector<std::pair<double, double>> before_;
};

}  // namespace headroom::gui
