#include "gui/charts/growth_chart.h"

#include <QCoreApplication>
#include <QPainterPath>
#include <algorithm>
#include <cmath>

#include "gui/charts/axis.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr double kGap = 8;
constexpr std::size_t kMostDots = 80;

// From zero where the values fill at least half of that, else from below the least: a cache and a peak change little
// beside what the prompt took.
struct Range {
  std::int64_t low = 0, high = 1;
};

Range range_of(const std::vector<std::int64_t>& values) {
  const auto [least, most] = std::ranges::minmax(values);
  if (least <= most / 2) return {0, std::max<std::int64_t>(most + most / 16, 1)};
  const std::int64_t room = std::max({(most - least) / 6, most / 512, std::int64_t{1}});
  return {std::max<std::int64_t>(0, least - room), most + room};
}

std::vector<std::int64_t> ticks_of(const Range& range) {
  const auto rough = static_cast<double>(range.high - range.low) / 4;
  std::int64_t step = 1;
  const double unit =
      std::pow(1024.0, std::floor(std::log(std::max(1.0, static_cast<double>(range.high))) / std::log(1024.0)));
  const double tenth = std::pow(10.0, std::floor(std::log10(std::max(rough / unit, 1e-9))));
  for (const double factor : {1.0, 2.0, 5.0, 10.0})
    if (step = std::max<std::int64_t>(1, std::llround(factor * tenth * unit)); static_cast<double>(step) >= rough)
      break;
  std::vector<std::int64_t> ticks;
  for (std::int64_t at = (range.low + step - 1) / step * step; at <= range.high; at += step) ticks.push_back(at);
  return ticks;
}

struct Frame {
  QRectF plot;
  Range range;
  std::size_t count = 1;

  double x(std::size_t step) const {
    if (count < 2) return plot.center().x();
    return plot.left() + plot.width() * static_cast<double>(step) / static_cast<double>(count - 1);
  }
  double y(std::int64_t bytes) const {
    return plot.bottom() -
           plot.height() * static_cast<double>(bytes - range.low) / static_cast<double>(range.high - range.low);
  }
};

QString note_of(const Range& range) {
  return range.low == 0 ? QString() : QCoreApplication::translate("GrowthChart", "the axis does not start at 0");
}

// Beside the title, which is bold, or on a line of its own where there is no room for it.
bool note_is_below(const QFontMetricsF& metrics, const QRectF& area, const GrowthChart& chart, const QString& note) {
  const double title = 1.2 * metrics.horizontalAdvance(chart.title);
  return !note.isEmpty() && title + 2 * kGap + metrics.horizontalAdvance(note) > area.width();
}

Frame frame_of(const QFontMetricsF& metrics, const QRectF& area, const GrowthChart& chart) {
  const double left = metrics.horizontalAdvance(QStringLiteral("1023.99 MiB")) + kGap;
  const Range range = range_of(chart.values);
  const double lines = note_is_below(metrics, area, chart, note_of(range)) ? 2.6 : 1.6;
  return {area.adjusted(left, metrics.height() * lines + kGap, -kGap, -metrics.height() - kGap), range,
          chart.values.size()};
}

void draw_axes(QPainter& painter, const QRectF& area, const GrowthChart& chart, const Frame& frame) {
  const double line = painter.fontMetrics().height();
  for (const std::int64_t bytes : ticks_of(frame.range)) {
    const double y = frame.y(bytes);
    painter.setPen(theme().grid);
    painter.drawLine(QPointF(frame.plot.left(), y), QPointF(frame.plot.right(), y));
    painter.setPen(theme().soft);
    painter.drawText(QRectF(area.left(), y - line / 2, frame.plot.left() - area.left() - kGap, line),
                     Qt::AlignRight | Qt::AlignVCenter, size_text(bytes));
  }
  painter.setPen(theme().line);
  painter.drawLine(frame.plot.bottomLeft(), frame.plot.bottomRight());
  painter.setPen(theme().soft);
  const QRectF below(frame.plot.left(), frame.plot.bottom() + kGap / 2, frame.plot.width(), line);
  painter.drawText(below, frame.count < 2 ? Qt::AlignHCenter : Qt::AlignLeft, chart.first);
  if (frame.count > 1) painter.drawText(below, Qt::AlignRight, chart.last);
}

void draw_title(QPainter& painter, const QRectF& area, const GrowthChart& chart, const QString& note) {
  QFont bold = painter.font();
  const QFont plain = bold;
  bold.setBold(true);
  painter.setFont(bold);
  painter.setPen(theme().ink);
  const QRectF row(area.left(), area.top(), area.width(), painter.fontMetrics().height());
  painter.drawText(row, Qt::AlignLeft | Qt::AlignVCenter, fitted(painter, chart.title, row.width()));
  const double used = painter.fontMetrics().horizontalAdvance(chart.title) + 2 * kGap;
  painter.setFont(plain);
  painter.setPen(theme().soft);
  const QRectF place = note_is_below(QFontMetricsF(plain), area, chart, note) ? row.translated(0, row.height())
                                                                              : row.adjusted(used, 0, 0, 0);
  painter.drawText(place, Qt::AlignLeft | Qt::AlignVCenter, fitted(painter, note, place.width()));
}

void draw_line(QPainter& painter, const GrowthChart& chart, const Frame& frame) {
  QPainterPath line(QPointF(frame.x(0), frame.y(chart.values[0])));
  for (std::size_t i = 1; i < chart.values.size(); ++i) {
    line.lineTo(frame.x(i), frame.y(chart.values[i - 1]));
    line.lineTo(frame.x(i), frame.y(chart.values[i]));
  }
  if (frame.range.low == 0) {
    QPainterPath area = line;
    area.lineTo(frame.x(chart.values.size() - 1), frame.plot.bottom());
    area.lineTo(frame.x(0), frame.plot.bottom());
    QColor light = chart.colour;
    light.setAlphaF(0.18F);
    painter.fillPath(area, light);
  }
  painter.strokePath(line, QPen(chart.colour, 2));
  painter.setPen(QPen(theme().panel, 1.5));
  painter.setBrush(chart.colour);
  for (std::size_t i = 0; i < chart.values.size(); ++i)
    if (chart.values.size() <= kMostDots || static_cast<int>(i) == chart.marked)
      painter.drawEllipse(QPointF(frame.x(i), frame.y(chart.values[i])), i == 0 ? 5 : 3.5, i == 0 ? 5 : 3.5);
}

}  // namespace

void paint_growth(QPainter& painter, const QRectF& area, const GrowthChart& chart) {
  if (chart.values.empty()) return;
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  const Frame frame = frame_of(QFontMetricsF(painter.font()), area, chart);
  draw_title(painter, area, chart, note_of(frame.range));
  if (frame.plot.width() > 20 && frame.plot.height() > 20) {
    draw_axes(painter, area, chart, frame);
    if (chart.marked >= 0 && chart.marked < static_cast<int>(chart.values.size())) {
      const double x = frame.x(static_cast<std::size_t>(chart.marked));
      painter.setPen(QPen(theme().accent, 1));
      painter.drawLine(QPointF(x, frame.plot.top()), QPointF(x, frame.plot.bottom()));
    }
    draw_line(painter, chart, frame);
  }
  painter.restore();
}

int growth_step_at(const QPaintDevice& device, const QFont& font, const QRectF& area, const GrowthChart& chart,
                   double x) {
  if (chart.values.empty()) return -1;
  const Frame frame = frame_of(QFontMetricsF(font, &device), area, chart);
  if (x < frame.plot.left() - kGap || x > frame.plot.right() + kGap) return -1;
  const double share = std::clamp((x - frame.plot.left()) / std::max(1.0, frame.plot.width()), 0.0, 1.0);
  return static_cast<int>(std::lround(share * static_cast<double>(frame.count - 1)));
}

}  // namespace headroom::gui
