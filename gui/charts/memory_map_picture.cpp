#include "gui/charts/memory_map_picture.h"

#include <QCoreApplication>
#include <QPainterPath>
#include <QPicture>
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

#include "gui/charts/memory_map_details.h"
#include "gui/items/block_words.h"
#include "gui/views/number_marks.h"
#include "gui/views/places.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

constexpr double kGap = 8, kLeastLabelWidth = 64, kLeastEdge = 5, kLifetime = 4;
constexpr std::size_t kMostOutlined = 300;

QString tr(const char* text) { return QCoreApplication::translate("MemoryMap", text); }

double text_row(const QPainter& painter) { return QFontMetricsF(painter.font()).height() + 6; }

double legend_height(const QPainter& painter, const QRectF& area, const std::vector<LegendEntry>& entries) {
  QPicture nowhere;
  QPainter measuring(&nowhere);
  measuring.setFont(painter.font());
  return draw_legend(measuring, area, entries);
}

QRectF rect_of(const QRectF& plot, const MapScene& scene, const MapShape& shape) {
  const double left = scene.x_of(plot, shape.from_event), right = scene.x_of(plot, shape.to_event);
  const double top = scene.y_of(plot, shape.to_bytes), bottom = scene.y_of(plot, shape.from_bytes);
  return QRectF(QPointF(left, top), QPointF(right, bottom)).intersected(plot);
}

// What is free in a segment is what no block covers.
void paint_segments(QPainter& painter, const QRectF& plot, const MapScene& scene) {
  for (const SegmentSpan& s : scene.of->map.segments()) {
    const MapShape shape{static_cast<double>(s.begin), static_cast<double>(s.end), static_cast<double>(s.offset),
                         static_cast<double>(s.offset + s.bytes)};
    const QRectF rect = rect_of(plot, scene, shape);
    if (rect.isEmpty()) continue;
    paint_free(painter, rect);
    if (rect.height() < 3 || rect.width() < 3) continue;
    painter.setPen(QPen(theme().line, 1));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(rect.adjusted(0.5, 0.5, -0.5, -0.5));
  }
}

// Where addresses were folded away.
void paint_folds(QPainter& painter, const QRectF& plot, const MapScene& scene) {
  for (const AddressRange& range : scene.of->map.ranges()) {
    const double y = scene.y_of(plot, static_cast<double>(range.offset));
    if (range.offset > 0 && y >= plot.top() && y < plot.bottom())
      painter.fillRect(QRectF(plot.left(), y, plot.width(), 1), theme().panel);
  }
}

// Between a block and its neighbours of the same colour.
QColor edge_of(const QColor& colour) {
  const QColor& ground = theme().panel;
  return QColor((2 * colour.red() + ground.red()) / 3, (2 * colour.green() + ground.green()) / 3,
                (2 * colour.blue() + ground.blue()) / 3);
}

// Texts are made and fitted once for each width: of blocks that are alike there are many.
class Labels {
 public:
  Labels(QPainter& painter, const MapScene& scene)
      : painter_(painter), scene_(scene), height_(QFontMetricsF(painter.font()).height()) {}

  bool has_room(const QRectF& rect, const MapShape& shape) const {
    return shape.count == 1 && rect.width() >= kLeastLabelWidth && rect.height() >= height_ + 2;
  }
  void paint(const QRectF& rect, const MapShape& shape, const QColor& ground) {
    if (!has_room(rect, shape)) return;
    const Breakdown& run = scene_.of->run->breakdown;
    const Allocation& block = run.allocations[static_cast<std::size_t>(shape.allocation)];
    const auto [found, is_new] =
        texts_.try_emplace({block.layer, block.tensor, block.op, static_cast<int>(rect.width())});
    if (is_new)
      found->second =
          fitted(painter_, QStringLiteral("%1 · %2").arg(to_text(layer_path(run, block.layer)), block_name(run, block)),
                 std::floor(rect.width()) - 10);
    painter_.setPen(Theme::ink_on(ground));
    painter_.drawText(rect.adjusted(5, 0, -5, 0), Qt::AlignLeft | Qt::AlignVCenter, found->second);
  }

 private:
  QPainter& painter_;
  const MapScene& scene_;
  double height_;
  std::map<std::tuple<LayerId, StringId, StringId, int>, QString> texts_;
};

const QColor& colour_of(const MapScene& scene, const MapShape& shape) {
  return shape.group == kMixedGroup ? scene.mixed : scene.colours[shape.group];
}

bool shows_begin(const MapScene& scene, const MapShape& shape) {
  const Allocation& block = scene.of->run->breakdown.allocations[static_cast<std::size_t>(shape.allocation)];
  return shape.count == 1 && static_cast<double>(block.begin) >= shape.from_event;
}

bool has_edges(const QRectF& rect) { return rect.height() >= kLeastEdge && rect.width() >= kLeastEdge; }

void paint_shape(QPainter& painter, const QRectF& plot, const MapScene& scene, const MapShape& shape, Labels& labels) {
  const QRectF rect = rect_of(plot, scene, shape);
  if (rect.width() <= 0 || rect.height() <= 0) return;
  const QColor colour = colour_of(scene, shape);
  // A little larger, so that no ground shows between neighbours.
  painter.fillRect(rect.adjusted(0, 0, 0.3, 0.3).intersected(plot), colour);
  if (!has_edges(rect)) return;
  painter.fillRect(QRectF(rect.left(), rect.top(), rect.width(), 1), edge_of(colour));
  if (shows_begin(scene, shape)) painter.fillRect(QRectF(rect.left(), rect.top(), 1, rect.height()), edge_of(colour));
  labels.paint(rect, shape, colour);
}

struct PixelBox {
  int left, top, right, bottom;
};

// Pixels of a bitmap that shows a window. Edges are rounded to whole ones.
class MapPixels {
 public:
  MapPixels(QImage& image, const QRectF& plot, const MapWindow& window)
      : window_(window),
        width_(image.width()),
        height_(image.height()),
        for_event_(plot.width() * image.devicePixelRatioF() / (window.to_event - window.from_event)),
        bottom_(plot.height() * image.devicePixelRatioF()),
        for_byte_(bottom_ / (window.to_bytes - window.from_bytes)),
        stride_(image.bytesPerLine() / static_cast<qsizetype>(sizeof(QRgb))),
        pixels_(reinterpret_cast<QRgb*>(image.bits())) {}

  PixelBox box_of(const MapShape& s) const {
    return {pixel((s.from_event - window_.from_event) * for_event_, width_),
            pixel(bottom_ - (s.to_bytes - window_.from_bytes) * for_byte_, height_),
            pixel((s.to_event - window_.from_event) * for_event_, width_),
            pixel(bottom_ - (s.from_bytes - window_.from_bytes) * for_byte_, height_)};
  }
  void fill(const PixelBox& box, QRgb colour) {
    if (box.left >= box.right) return;
    for (int row = box.top; row < box.bottom; ++row)
      std::fill(pixels_ + row * stride_ + box.left, pixels_ + row * stride_ + box.right, colour);
  }

 private:
  static int pixel(double at, int most) { return static_cast<int>(std::clamp(at, 0.0, 1.0 * most) + 0.5); }

  MapWindow window_;
  int width_, height_;
  double for_event_, bottom_, for_byte_;
  qsizetype stride_;
  QRgb* pixels_;
};

void fill_shapes(QImage& image, const QRectF& plot, const MapScene& scene) {
  struct Colours {
    QRgb inside, edge;
  };
  const auto colours_of = [](const QColor& colour) { return Colours{colour.rgb(), edge_of(colour).rgb()}; };
  std::vector<Colours> colours;
  for (const QColor& colour : scene.colours) colours.push_back(colours_of(colour));
  const Colours mixed = colours_of(scene.mixed);
  const int edge = std::max(1, static_cast<int>(std::lround(image.devicePixelRatioF())));
  MapPixels pixels(image, plot, scene.window);
  for (const MapShape& shape : scene.picture.shapes) {
    const PixelBox box = pixels.box_of(shape);
    const Colours& colour = shape.group == kMixedGroup ? mixed : colours[shape.group];
    pixels.fill(box, colour.inside);
    if (box.right - box.left < kLeastEdge * edge || box.bottom - box.top < kLeastEdge * edge) continue;
    pixels.fill({box.left, box.top, box.right, box.top + edge}, colour.edge);
    if (shows_begin(scene, shape)) pixels.fill({box.left, box.top, box.left + edge, box.bottom}, colour.edge);
  }
}

struct PhaseSpan {
  std::int64_t begin = 0, end = 0;
  Phase phase{};
  std::int32_t step = 0;  // -1: of several
};

// The tokens of a decode are one phase.
std::vector<PhaseSpan> phases_of(const Breakdown& run, std::int64_t event_count) {
  std::vector<PhaseSpan> spans;
  for (std::size_t i = 0; i < run.marks.size(); ++i) {
    const Mark& mark = run.marks[i];
    const std::int64_t end = i + 1 < run.marks.size() ? run.marks[i + 1].event : event_count;
    if (end <= mark.event) continue;
    const bool goes_on = run.cache.any() && !spans.empty() && spans.back().phase == mark.phase;
    if (goes_on)
      spans.back() = {spans.back().begin, end, mark.phase, -1};
    else
      spans.push_back({mark.event, end, mark.phase, mark.step});
  }
  return spans;
}

QString text_of_span(const PhaseSpan& span) {
  return span.step < 0 ? to_text(to_name(kPhaseNames, span.phase)) : moment_text(span.phase, span.step);
}

void paint_phases(QPainter& painter, const QRectF& plot, const MapScene& scene) {
  const QRectF strip(plot.left(), plot.top() - text_row(painter) - 2, plot.width(), text_row(painter));
  painter.fillRect(strip, theme().band);
  double last = strip.left() - 2;
  bool is_odd = true;
  for (const PhaseSpan& span : phases_of(scene.of->run->breakdown, scene.of->map.event_count())) {
    const double left = std::max(strip.left(), scene.x_of(plot, static_cast<double>(span.begin)));
    const double right = std::min(strip.right(), scene.x_of(plot, static_cast<double>(span.end)));
    is_odd = !is_odd;
    if (right - left <= 0) continue;
    if (is_odd) painter.fillRect(QRectF(left, strip.top(), right - left, strip.height()), theme().grid);
    if (left - last >= 2 && left > strip.left()) {
      painter.fillRect(QRectF(left, strip.top(), 1, strip.height()), theme().line);
      last = left;
    }
    painter.setPen(theme().soft);
    const QRectF inner(left + 6, strip.top(), right - left - 10, strip.height());
    if (inner.width() > 12)
      painter.drawText(inner, Qt::AlignLeft | Qt::AlignVCenter, fitted(painter, text_of_span(span), inner.width()));
  }
}

double round_step(double wanted) {
  const double power = std::pow(10, std::floor(std::log10(std::max(wanted, 1.0))));
  for (const double factor : {1.0, 2.0, 5.0})
    if (power * factor >= wanted) return power * factor;
  return power * 10;
}

void paint_event_axis(QPainter& painter, const QRectF& plot, const MapScene& scene) {
  const QFontMetricsF metrics(painter.font());
  const double step = round_step((scene.window.to_event - scene.window.from_event) / std::max(1.0, plot.width() / 120));
  painter.setPen(theme().soft);
  const double y = plot.bottom() + 4 + metrics.ascent();
  for (double at = std::ceil(scene.window.from_event / step) * step; at <= scene.window.to_event; at += step) {
    const QString text = count_text(std::llround(at));
    const double width = metrics.horizontalAdvance(text);
    const double x = std::clamp(scene.x_of(plot, at) - width / 2, plot.left(), plot.right() - width);
    painter.fillRect(QRectF(scene.x_of(plot, at), plot.bottom(), 1, 4), theme().line);
    painter.drawText(QPointF(x, y), text);
  }
  const QString title = tr("event");
  painter.drawText(QPointF(plot.left() - kGap - metrics.horizontalAdvance(title), y), title);
}

// In the largest unit in which the step has two digits at most behind the point: "1.25 GiB", "2,050 MiB".
QString tick_text(double bytes, double step, double most) {
  static constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  const auto is_round = [](double value) { return std::abs(value - std::round(value)) < 1e-3 && value > 0.5; };
  std::size_t unit = 0;
  double scale = 1;
  for (std::size_t u = 1; u < kUnits.size() && most >= std::pow(1024, u); ++u)
    if (is_round(step / std::pow(1024, u) * 100)) unit = u, scale = std::pow(1024, u);
  if (bytes < 0.5) return QStringLiteral("0");
  const double whole = step / scale;
  const int digits = is_round(whole) ? 0 : is_round(whole * 10) ? 1 : 2;
  const QString number =
      digits == 0 ? count_text(std::llround(bytes / scale)) : in_language(QString::number(bytes / scale, 'f', digits));
  return QStringLiteral("%1 %2").arg(number, QLatin1String(kUnits[unit]));
}

std::vector<Tick> ticks_of(const QRectF& plot, const MapWindow& window) {
  const auto span = static_cast<std::int64_t>(window.to_bytes - window.from_bytes);
  const auto steps = byte_ticks(std::max<std::int64_t>(1, span), std::max(1, static_cast<int>(plot.height() / 48)));
  const double step = steps.size() > 1 ? static_cast<double>(steps[1].bytes) : static_cast<double>(span);
  std::vector<Tick> ticks;
  if (step < 1) return ticks;
  for (double at = std::ceil(window.from_bytes / step) * step; at <= window.to_bytes; at += step)
    ticks.push_back({std::llround(at), tick_text(at, step, window.to_bytes)});
  return ticks;
}

// The same however far it is zoomed, so that the plot stays where it is.
double axis_width(const QPainter& painter) {
  const QFontMetricsF metrics(painter.font());
  return std::ceil(std::max(metrics.horizontalAdvance(tr("event")), metrics.horizontalAdvance("1023.75 MiB")) + kGap);
}

void paint_bytes_axis(QPainter& painter, const QRectF& plot, const MapScene& scene) {
  const QFontMetricsF metrics(painter.font());
  for (const Tick& tick : ticks_of(plot, scene.window)) {
    const double y = scene.y_of(plot, static_cast<double>(tick.bytes));
    painter.setPen(theme().soft);
    painter.drawText(QPointF(plot.left() - kGap - metrics.horizontalAdvance(tick.text), y + metrics.capHeight() / 2),
                     tick.text);
    painter.fillRect(QRectF(plot.left() - 4, y, 4, 1), theme().line);
  }
}

void paint_instant(QPainter& painter, const QRectF& plot, const MapScene& scene) {
  const double x = scene.x_of(plot, static_cast<double>(scene.instant) + 0.5);
  if (scene.instant < 0 || x < plot.left() || x > plot.right()) return;
  const QFontMetricsF metrics(painter.font());
  const std::int64_t allocated = scene.of->map.allocated_after(scene.instant);
  QString text =
      tr(scene.instant_is_peak ? QT_TR_NOOP("peak: %1") : QT_TR_NOOP("instant: %1")).arg(size_text(allocated));
  if (const std::int64_t free = reserved_after(scene.of->map, scene.instant) - allocated; free > 0)
    text += tr(", %1 free in segments").arg(size_text(free));
  // Over the blocks it is faint, so that a peak of one column is seen behind it.
  const bool is_packed = scene.picture.layout == MapLayout::packed;
  const double top =
      is_packed ? scene.y_of(plot, static_cast<double>(scene.of->map.allocated_after(scene.instant))) : plot.top();
  QColor faint = theme().ink;
  faint.setAlphaF(0.5F);
  painter.setPen(QPen(faint, 1));
  painter.drawLine(QPointF(x, std::max(plot.top(), top)), QPointF(x, plot.bottom()));
  painter.setPen(QPen(theme().ink, 1.5));
  if (top > plot.top()) painter.drawLine(QPointF(x, plot.top()), QPointF(x, std::min(top, plot.bottom())));
  const double width = metrics.horizontalAdvance(text) + 10;
  const double left = x + width + 2 <= plot.right() ? x + 2 : std::max(plot.left(), x - 2 - width);
  const QRectF tag(left, plot.top() + kLifetime + 2, width, metrics.height() + 2);
  painter.fillRect(tag, theme().ink);
  painter.setPen(theme().panel);
  painter.drawText(tag, Qt::AlignCenter, text);
}

// The shapes of a block follow each other, so that what goes around them goes along their tops and back below.
QPainterPath outline_of(const std::vector<QRectF>& rects) {
  QPainterPath path;
  for (std::size_t i = 0, end = 0; i < rects.size(); i = end) {
    QPolygonF around;
    for (end = i; end < rects.size() && (end == i || std::abs(rects[end].left() - rects[end - 1].right()) < 0.5); ++end)
      around << rects[end].topLeft() << rects[end].topRight();
    for (std::size_t back = end; back-- > i;) around << rects[back].bottomRight() << rects[back].bottomLeft();
    path.addPolygon(around);
    path.closeSubpath();
  }
  return path;
}

std::vector<QRectF> outlined_rects(const QRectF& plot, const MapScene& scene, std::int64_t allocation) {
  std::vector<QRectF> rects;
  for (const MapShape& shape : scene.picture.shapes)
    if (shape.allocation == allocation && shape.count == 1 && rects.size() < kMostOutlined)
      rects.push_back(rect_of(plot, scene, shape).adjusted(0, 0, 0.5, 0));
  return rects;
}

void paint_outline(QPainter& painter, const QRectF& plot, const MapScene& scene, std::int64_t allocation,
                   double width) {
  const QPainterPath outline = outline_of(outlined_rects(plot, scene, allocation));
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(theme().panel, width + 2));
  painter.drawPath(outline);
  painter.setPen(QPen(theme().ink, width));
  painter.drawPath(outline);
}

// However small the block is.
void paint_lifetime(QPainter& painter, const QRectF& plot, const MapScene& scene, std::int64_t allocation) {
  const auto& allocations = scene.of->run->breakdown.allocations;
  if (allocation < 0 || allocation >= static_cast<std::int64_t>(allocations.size())) return;
  const Allocation& block = allocations[static_cast<std::size_t>(allocation)];
  const double left = std::max(plot.left(), scene.x_of(plot, static_cast<double>(block.begin)));
  const double right = std::min(plot.right(), scene.x_of(plot, static_cast<double>(scene.of->map.end_of(block))));
  if (right < left) return;
  painter.fillRect(QRectF(left, plot.top(), std::max(2.0, right - left), kLifetime), theme().ink);
}

}  // namespace

double MapScene::x_of(const QRectF& plot, double event) const {
  return plot.left() + plot.width() * (event - window.from_event) / (window.to_event - window.from_event);
}
double MapScene::y_of(const QRectF& plot, double bytes) const {
  return plot.bottom() - plot.height() * (bytes - window.from_bytes) / (window.to_bytes - window.from_bytes);
}
double MapScene::event_at(const QRectF& plot, double x) const {
  return window.from_event + (window.to_event - window.from_event) * (x - plot.left()) / std::max(1.0, plot.width());
}
double MapScene::bytes_at(const QRectF& plot, double y) const {
  return window.from_bytes + (window.to_bytes - window.from_bytes) * (plot.bottom() - y) / std::max(1.0, plot.height());
}

QRectF map_plot(QPainter& painter, const QRectF& area, const MapScene& scene) {
  const double above = legend_height(painter, area, scene.legend) + text_row(painter) + kGap;
  const double below = text_row(painter) + 2;
  const double left = axis_width(painter);
  const QRectF plot = area.adjusted(left, above, -1, -below);
  return QRectF(plot.topLeft(), QSizeF(std::max(1.0, plot.width()), std::max(1.0, plot.height())));
}

void paint_map_shapes(QPainter& painter, const QRectF& plot, const MapScene& scene) {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing, false);
  painter.fillRect(plot, theme().panel);
  const bool by_address = scene.picture.layout == MapLayout::address;
  if (by_address) paint_segments(painter, plot, scene);
  Labels labels(painter, scene);
  for (const MapShape& shape : scene.picture.shapes) paint_shape(painter, plot, scene, shape, labels);
  if (by_address) paint_segment_bounds(painter, plot, scene);
  if (by_address) paint_folds(painter, plot, scene);
  painter.restore();
}

QImage map_shapes_image(const QSizeF& size, double ratio, const QFont& font, const MapScene& scene) {
  QImage image((size * ratio).toSize().expandedTo({1, 1}), QImage::Format_RGB32);
  image.setDevicePixelRatio(ratio);
  image.fill(theme().panel);
  const QRectF plot(QPointF(0, 0), size);
  const bool by_address = scene.picture.layout == MapLayout::address;
  if (by_address) {
    QPainter painter(&image);
    paint_segments(painter, plot, scene);
  }
  fill_shapes(image, plot, scene);
  QPainter painter(&image);
  painter.setFont(font);
  Labels labels(painter, scene);
  const double least_events = kLeastLabelWidth * (scene.window.to_event - scene.window.from_event) / plot.width();
  for (const MapShape& shape : scene.picture.shapes)
    if (shape.count == 1 && shape.to_event - shape.from_event >= least_events)
      labels.paint(rect_of(plot, scene, shape), shape, colour_of(scene, shape));
  if (by_address) paint_folds(painter, plot, scene);
  return image;
}

void paint_map_frame(QPainter& painter, const QRectF& area, const QRectF& plot, const MapScene& scene) {
  painter.save();
  draw_legend(painter, area, scene.legend);
  paint_phases(painter, plot, scene);
  paint_bytes_axis(painter, plot, scene);
  scene.by_time ? paint_time_axis(painter, plot, scene) : paint_event_axis(painter, plot, scene);
  painter.setPen(QPen(theme().line, 1));
  painter.setBrush(Qt::NoBrush);
  painter.drawRect(plot.adjusted(-0.5, -0.5, 0.5, 0.5));
  painter.restore();
}

QRectF outline_bounds(const QRectF& plot, const MapScene& scene, std::int64_t allocation) {
  QRectF bounds;
  for (const QRectF& rect : outlined_rects(plot, scene, allocation)) bounds |= rect;
  return bounds.adjusted(-3, -3, 3, 3);
}

void paint_map_overlay(QPainter& painter, const QRectF& plot, const MapScene& scene) {
  painter.save();
  painter.setClipRect(plot.adjusted(-2, -2, 2, 2));
  if (scene.hovered && scene.hovered != scene.chosen) paint_outline(painter, plot, scene, *scene.hovered, 1);
  if (scene.chosen) paint_outline(painter, plot, scene, *scene.chosen, 2);
  if (scene.chosen) paint_lifetime(painter, plot, scene, *scene.chosen);
  paint_instant(painter, plot, scene);
  painter.restore();
}

}  // namespace headroom::gui
