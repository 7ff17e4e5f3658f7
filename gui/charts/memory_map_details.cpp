#include "gui/charts/memory_map_details.h"

#include <QCoreApplication>
#include <algorithm>
#include <array>
#include <cmath>

#include "gui/items/block_words.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr double kLeastBoundHeight = 4, kLabelPad = 4, kTickSpacing = 120;

QString tr(const char* text) { return QCoreApplication::translate("MemoryMap", text); }

QRectF rect_of(const QRectF& plot, const MapScene& scene, const SegmentSpan& s) {
  const QPointF corner(scene.x_of(plot, static_cast<double>(s.begin)),
                       scene.y_of(plot, static_cast<double>(s.offset + s.bytes)));
  const QPointF end(scene.x_of(plot, static_cast<double>(s.end)), scene.y_of(plot, static_cast<double>(s.offset)));
  return QRectF(corner, end).intersected(plot);
}

// At the right end, where it is read beside the sizes of its neighbours.
void paint_size(QPainter& painter, const QRectF& rect, std::int64_t bytes) {
  const QFontMetricsF metrics(painter.font());
  const QString text = size_text(bytes);
  const QRectF label(rect.right() - metrics.horizontalAdvance(text) - 3 * kLabelPad, rect.top() + 1,
                     metrics.horizontalAdvance(text) + 2 * kLabelPad, metrics.height());
  if (label.left() < rect.left() + kLabelPad || label.bottom() > rect.bottom() - 1) return;
  QColor ground = theme().panel;
  ground.setAlphaF(0.85F);
  painter.fillRect(label, ground);
  painter.setPen(theme().ink);
  painter.drawText(label, Qt::AlignCenter, text);
}

}  // namespace

void paint_free(QPainter& painter, const QRectF& rect) {
  painter.fillRect(rect, theme().band);
  QColor lines = theme().soft;
  lines.setAlphaF(0.3F);
  painter.fillRect(rect, QBrush(lines, Qt::BDiagPattern));
}

void paint_segment_bounds(QPainter& painter, const QRectF& plot, const MapScene& scene) {
  QColor line = theme().ink;
  line.setAlphaF(0.55F);
  for (const SegmentSpan& s : scene.of->map.segments()) {
    const QRectF rect = rect_of(plot, scene, s);
    if (rect.height() < kLeastBoundHeight || rect.width() < 1) continue;
    for (const double y : {rect.top(), rect.bottom() - 1})
      painter.fillRect(QRectF(rect.left(), y, rect.width(), 1), line);
    if (s.begin > scene.window.from_event) painter.fillRect(QRectF(rect.left(), rect.top(), 1, rect.height()), line);
    paint_size(painter, rect, s.bytes);
  }
}

const SegmentSpan* segment_of(const MemoryMap& map, std::uint64_t address, std::int64_t event) {
  const auto& segments = map.segments();
  const auto holds = [&](const SegmentSpan& s) {
    return event >= s.begin && event < s.end && address >= s.address &&
           address - s.address < static_cast<std::uint64_t>(s.bytes);
  };
  const auto found = std::find_if(segments.begin(), segments.end(), holds);
  return found == segments.end() ? nullptr : &*found;
}

std::int64_t reserved_after(const MemoryMap& map, std::int64_t event) {
  std::int64_t bytes = 0;
  for (const SegmentSpan& s : map.segments())
    if (event >= s.begin && event < s.end) bytes += s.bytes;
  return bytes;
}

QString segment_text(const SegmentSpan& segment) {
  return tr("segment of %1 at %2").arg(size_and_exact(segment.bytes), address_text(segment.address));
}

bool has_times(const Recording& recording) {
  const std::vector<std::int64_t>& times = recording.events.time_ns;
  return !times.empty() && times.back() > times.front();
}

QString time_tick_text(std::int64_t ns, std::int64_t step_ns) {
  struct Unit {
    const char* name;
    double ns;
  };
  static constexpr std::array kUnits{Unit{"s", 1e9}, Unit{"ms", 1e6}, Unit{"µs", 1e3}, Unit{"ns", 1}};
  const auto fits = [&](const Unit& unit) { return static_cast<double>(ns) >= unit.ns; };
  const auto found = std::find_if(kUnits.begin(), kUnits.end(), fits);
  const Unit& unit = found == kUnits.end() ? kUnits.back() : *found;
  const double step = static_cast<double>(std::max<std::int64_t>(1, step_ns)) / unit.ns;
  const int digits = std::clamp(static_cast<int>(std::ceil(-std::log10(step))) + 1, 0, 6);
  return QStringLiteral("%1 %2")
      .arg(static_cast<double>(ns) / unit.ns, 0, 'f', unit.ns == 1 ? 0 : digits)
      .arg(unit.name);
}

void paint_time_axis(QPainter& painter, const QRectF& plot, const MapScene& scene) {
  const std::vector<std::int64_t>& times = scene.of->run->recording.events.time_ns;
  const auto time_at = [&](double x) {
    const auto event = static_cast<std::int64_t>(std::floor(scene.event_at(plot, x)));
    return times[static_cast<std::size_t>(std::clamp<std::int64_t>(event, 0, std::ssize(times) - 1))];
  };
  const QFontMetricsF metrics(painter.font());
  const int count = std::max(1, static_cast<int>(plot.width() / kTickSpacing));
  const std::int64_t step = (time_at(plot.right()) - time_at(plot.left())) / count;
  const double y = plot.bottom() + 4 + metrics.ascent();
  painter.setPen(theme().soft);
  for (int i = 0; i <= count; ++i) {
    const double x = plot.left() + plot.width() * i / count;
    const QString text = time_tick_text(time_at(x), step);
    const double width = metrics.horizontalAdvance(text);
    painter.fillRect(QRectF(std::min(x, plot.right() - 1), plot.bottom(), 1, 4), theme().line);
    painter.drawText(QPointF(std::clamp(x - width / 2, plot.left(), plot.right() - width), y), text);
  }
  const QString title = tr("time");
  painter.drawText(QPointF(plot.left() - 8 - metrics.horizontalAdvance(title), y), title);
}

}  // namespace headroom::gui
