#include "gui/charts/timeline_stack.h"

#include <QPaintEngine>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

#include "gui/charts/axis.h"
#include "gui/charts/column_image.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr double kWash = 0.3;    // of the panel's colour over what came and went
constexpr double kFaded = 0.78;  // the same over what is not looked at
constexpr double kLineWidth = 1.2;

double height_of(const QRectF& plot, std::int64_t bytes, std::int64_t most) {
  return plot.height() * static_cast<double>(bytes) / static_cast<double>(most);
}

// Whether what is drawn are pixels of a screen, one to a column: a picture that is exported keeps its shapes.
bool is_by_pixel(const QPainter& painter, const QRectF& plot, std::size_t columns) {
  const double width = plot.width() * painter.device()->devicePixelRatioF();
  return painter.paintEngine()->type() == QPaintEngine::Raster && !painter.testRenderHint(QPainter::Antialiasing) &&
         painter.worldTransform().type() <= QTransform::TxTranslate &&
         std::abs(width - static_cast<double>(columns)) <= 0.5;
}

// Areas between two curves of one value a column, as shapes. Equal neighbours share a step.
class AreaPainter {
 public:
  AreaPainter(QPainter& painter, const QRectF& plot, std::size_t count)
      : painter_(painter), plot_(plot), width_(plot.width() / static_cast<double>(std::max<std::size_t>(count, 1))) {}

  void draw(const std::vector<double>& low, const std::vector<double>& high, const QColor& colour) {
    QPainterPath path;
    path.setFillRule(Qt::WindingFill);
    for (std::size_t i = 0, end = 0; i < low.size(); i = end) {
      for (end = i + 1; end < low.size() && low[end] == low[i] && high[end] == high[i];) ++end;
      if (high[i] >= low[i]) continue;  // y grows downwards
      path.addRect(plot_.left() + width_ * static_cast<double>(i), high[i], width_ * static_cast<double>(end - i),
                   low[i] - high[i]);
    }
    painter_.fillPath(path, colour);
  }

 private:
  QPainter& painter_;
  const QRectF& plot_;
  double width_;
};

void draw_stack_shapes(QPainter& painter, const QRectF& plot, const TimelineScene& s,
                       const std::vector<CurveColumn>& columns, std::int64_t most) {
  AreaPainter areas(painter, plot, columns.size());
  std::vector<double> low(columns.size(), plot.bottom()), high(columns.size());
  std::vector<std::int64_t> sums(columns.size());
  const double pixel = 1 / painter.device()->devicePixelRatioF();
  for (const StackPart& part : stack_parts(s)) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      sums[i] += columns[i].parts[part.index];
      high[i] = std::round(y_of(plot, sums[i], most) / pixel) * pixel;
    }
    areas.draw(low, high, shown_colour(s, part));
    std::swap(low, high);
  }
  for (std::size_t i = 0; i < columns.size(); ++i) high[i] = y_of(plot, columns[i].least_bytes, most);
  QColor wash = theme().panel;
  wash.setAlphaF(static_cast<float>(kWash));
  areas.draw(high, low, wash);
}

// Rows of the device, counted from the plot's top.
class Rows {
 public:
  Rows(const QPainter& painter, const QRectF& plot, std::int64_t most)
      : height_(plot.height() * painter.device()->devicePixelRatioF()),
        of_byte_(height_ / static_cast<double>(std::max<std::int64_t>(most, 1))) {}
  int count() const { return static_cast<int>(std::round(height_)); }
  int of(std::int64_t bytes) const {
    const double row = std::round(height_ - static_cast<double>(bytes) * of_byte_);
    return static_cast<int>(std::clamp(row, 0.0, height_));
  }

 private:
  double height_, of_byte_;
};

struct PartColours {
  std::size_t index = 0;
  QRgb stayed = 0, came_and_went = 0;  // premultiplied
};

std::vector<PartColours> colours_from_the_top(const TimelineScene& s) {
  std::vector<PartColours> colours;
  for (const StackPart& part : stack_parts(s)) {
    const QColor colour = shown_colour(s, part);
    const auto pixel = [](const QColor& of) { return qPremultiply(of.rgba()); };
    colours.push_back({part.index, pixel(colour), pixel(mixed(colour, theme().panel, kWash))});
  }
  std::reverse(colours.begin(), colours.end());
  return colours;
}

ColumnImage stack_image(const QPainter& painter, const QRectF& plot, const TimelineScene& s,
                        const std::vector<CurveColumn>& columns, std::int64_t most) {
  const Rows rows(painter, plot, most);
  const std::vector<PartColours> parts = colours_from_the_top(s);
  ColumnImage image(static_cast<int>(columns.size()), rows.count());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const CurveColumn& column = columns[i];
    const int at = static_cast<int>(i), least = rows.of(column.least_bytes);
    std::int64_t top = column.allocated_bytes;
    for (const PartColours& part : parts) {
      const int high = rows.of(top), low = rows.of(top -= column.parts[part.index]);
      if (high >= low) continue;
      image.begin_pixels(at, high, high < least ? part.came_and_went : part.stayed);
      if (high < least && least < low) image.begin_pixels(at, least, part.stayed);
    }
  }
  return image;
}

// A part of what `painter` paints on, `area` in pixels of the device, as `draw` would have it.
QImage part_of(const QPainter& painter, const QRect& area, const std::function<void(QPainter&)>& draw) {
  const double ratio = painter.device()->devicePixelRatioF();
  QImage part(area.size(), QImage::Format_ARGB32_Premultiplied);
  part.setDevicePixelRatio(ratio);
  part.fill(Qt::transparent);
  QPainter drawing(&part);
  const QTransform to_device = painter.deviceTransform();
  drawing.translate((to_device.dx() - area.left()) / ratio, (to_device.dy() - area.top()) / ratio);
  draw(drawing);
  return part;
}

// Of `covered` one row and one column say it all.
ColumnGround ground_pixels(const PlotGround& ground, const QPainter& painter, const QRect& covered) {
  const QPoint middle = covered.center();
  const QImage across = part_of(painter, {covered.left(), middle.y(), covered.width(), 1}, ground.areas);
  const QImage down = part_of(painter, {middle.x(), covered.top(), 1, covered.height()}, ground.lines);
  const auto* row = reinterpret_cast<const QRgb*>(across.constScanLine(0));
  ColumnGround pixels{{row, row + across.width()}, {}};
  for (int y = 0; y < down.height(); ++y) pixels.rows.push_back(*reinterpret_cast<const QRgb*>(down.constScanLine(y)));
  return pixels;
}

// Where a plot that is no whole number of pixels ends, its image may end a pixel earlier.
void draw_edges(const PlotGround& ground, QPainter& painter, const QRectF& plot, const QRect& covered) {
  const QRectF exact = painter.deviceTransform().mapRect(plot), image(covered);
  if ((exact.topLeft() - image.topLeft()).manhattanLength() < 1e-6 &&
      (exact.bottomRight() - image.bottomRight()).manhattanLength() < 1e-6)
    return;
  const double edge = 2 / painter.device()->devicePixelRatioF();
  const QRectF edges[] = {{plot.left(), plot.top(), plot.width(), edge},
                          {plot.left(), plot.bottom() - edge, plot.width(), edge},
                          {plot.left(), plot.top(), edge, plot.height()},
                          {plot.right() - edge, plot.top(), edge, plot.height()}};
  for (const QRectF& strip : edges) {
    painter.save();
    painter.setClipRect(strip.adjusted(-edge, -edge, edge, edge), Qt::IntersectClip);
    ground.areas(painter);
    painter.restore();
  }
}

// One value a column as a line of steps.
QPainterPath step_line(const QRectF& plot, const std::vector<double>& ys) {
  QPainterPath path;
  const double width = plot.width() / static_cast<double>(std::max<std::size_t>(ys.size(), 1));
  for (std::size_t i = 0; i < ys.size(); ++i) {
    const double x = plot.left() + width * static_cast<double>(i);
    if (i == 0)
      path.moveTo(x, ys[0]);
    else if (ys[i] != ys[i - 1])
      path.lineTo(x, ys[i - 1]), path.lineTo(x, ys[i]);
  }
  if (!ys.empty()) path.lineTo(plot.right(), ys.back());
  return path;
}

// The same by pixels: a column has its own height, and what leads there from the one before. Alike neighbours are one
// rectangle.
void draw_step_line(QPainter& painter, const QRectF& plot, const std::vector<CurveColumn>& columns, std::int64_t most) {
  const Rows rows(painter, plot, most);
  const double ratio = painter.device()->devicePixelRatioF();
  const int thick = std::max(1, static_cast<int>(std::round(kLineWidth * ratio)));
  const QPointF corner = painter.worldTransform().map(plot.topLeft() - QPointF(0, 0.5)) * ratio;
  const int left = qRound(corner.x()), top = qRound(corner.y());
  painter.save();
  painter.setWorldTransform(QTransform::fromScale(1 / ratio, 1 / ratio));
  int before = rows.of(columns.front().reserved_bytes);
  for (std::size_t i = 0, end = 0; i < columns.size(); i = end) {
    const int row = rows.of(columns[i].reserved_bytes);
    for (end = i + 1; end < columns.size() && rows.of(columns[end].reserved_bytes) == row;) ++end;
    const int x = left + static_cast<int>(i);
    painter.fillRect(x, top + std::min(row, before), 1, std::abs(row - before) + thick, theme().ink);
    painter.fillRect(x, top + row, static_cast<int>(end - i), thick, theme().ink);
    before = row;
  }
  painter.restore();
}

}  // namespace

bool is_faded(const TimelineScene& s, std::size_t part) {
  if (s.stacking != Stacking::category) return false;
  return !s.categories[part] || (s.chosen.category && static_cast<std::size_t>(*s.chosen.category) != part);
}

QColor shown_colour(const TimelineScene& s, const StackPart& part) {
  return is_faded(s, part.index) ? mixed(part.colour, theme().panel, kFaded) : part.colour;
}

double y_of(const QRectF& plot, std::int64_t bytes, std::int64_t most) {
  return plot.bottom() - height_of(plot, bytes, most);
}

// What came and went within one column is paler than what stayed.
void draw_stack(QPainter& painter, const QRectF& plot, const TimelineScene& s, const std::vector<CurveColumn>& columns,
                std::int64_t most) {
  if (!is_by_pixel(painter, plot, columns.size())) return draw_stack_shapes(painter, plot, s, columns, most);
  draw_column_image(painter, plot.topLeft(), stack_image(painter, plot, s, columns, most));
}

void draw_stack_on(const PlotGround& ground, QPainter& painter, const QRectF& plot, const TimelineScene& s,
                   const std::vector<CurveColumn>& columns, std::int64_t most) {
  if (is_by_pixel(painter, plot, columns.size())) {
    const ColumnImage image = stack_image(painter, plot, s, columns, most);
    if (const auto target = pixels_of(painter, plot.topLeft(), image.size()); target && image.is_opaque()) {
      draw_edges(ground, painter, plot, target->covered);
      ground.lines(painter);
      return image.draw_into(*target->image, target->covered.topLeft(),
                             ground_pixels(ground, painter, target->covered));
    }
  }
  ground.areas(painter);
  ground.lines(painter);
  painter.save();
  painter.setClipRect(plot.adjusted(-6, 0, 6, 0));
  draw_stack(painter, plot, s, columns, most);
  painter.restore();
}

void draw_share(QPainter& painter, const QRectF& plot, const TimelineScene& s, const std::vector<CurveColumn>& columns,
                std::int64_t most) {
  if (!s.share || s.share->is_empty()) return;
  QColor wash = theme().panel;
  wash.setAlphaF(0.55F);
  painter.fillRect(plot, wash);
  QColor fill = theme().accent;
  fill.setAlphaF(0.85F);
  if (is_by_pixel(painter, plot, columns.size())) {
    const Rows rows(painter, plot, most);
    ColumnImage image(static_cast<int>(columns.size()), rows.count());
    for (std::size_t i = 0; i < columns.size(); ++i)
      image.begin(static_cast<int>(i), rows.of(s.share->at(columns[i].event)), fill);
    return draw_column_image(painter, plot.topLeft(), image);
  }
  std::vector<double> ys, floor(columns.size(), plot.bottom());
  for (const CurveColumn& column : columns) ys.push_back(y_of(plot, s.share->at(column.event), most));
  AreaPainter(painter, plot, columns.size()).draw(floor, ys, fill);
}

void draw_reserved(QPainter& painter, const QRectF& plot, const std::vector<CurveColumn>& columns, std::int64_t most) {
  const bool any = std::ranges::any_of(columns, [](const CurveColumn& c) { return c.reserved_bytes > 0; });
  if (!any) return;
  if (is_by_pixel(painter, plot, columns.size())) return draw_step_line(painter, plot, columns, most);
  std::vector<double> ys;
  for (const CurveColumn& column : columns) ys.push_back(y_of(plot, column.reserved_bytes, most));
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(theme().ink, kLineWidth, Qt::SolidLine, Qt::FlatCap, Qt::MiterJoin));
  painter.drawPath(step_line(plot, ys));
}

}  // namespace headroom::gui
