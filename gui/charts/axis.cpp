#include "gui/charts/axis.h"

#include <algorithm>
#include <cmath>

#include "gui/views/number_marks.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr std::size_t kMostRemembered = 100;

QString number_text(double value) {
  QString text = QString::number(value, 'f', 2);
  while (text.endsWith('0')) text.chop(1);
  if (text.endsWith('.')) text.chop(1);
  return in_language(text);
}

}  // namespace

std::vector<Tick> byte_ticks(std::int64_t most, int count) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  int unit = 0;
  double scale = 1;
  while (unit < 5 && static_cast<double>(most) >= 1024 * scale) scale *= 1024, ++unit;
  const double wanted = static_cast<double>(most) / scale / std::max(count, 1);
  double step = std::pow(10, std::floor(std::log10(std::max(wanted, 1e-9))));
  for (const double factor : {1.0, 2.0, 5.0, 10.0})
    if (step * factor >= wanted) {
      step *= factor;
      break;
    }
  if (unit == 0) step = std::max(1.0, step);
  std::vector<Tick> ticks;
  for (double at = 0; at * scale <= static_cast<double>(most) + 0.5; at += step)
    ticks.push_back({std::llround(at * scale), at == 0 ? QStringLiteral("0") : number_text(at) + ' ' + kUnits[unit]});
  return ticks;
}

double byte_axis_width(const QPainter& painter, std::int64_t most) {
  double width = 0;
  for (const Tick& tick : byte_ticks(most, 6))
    width = std::max(width, painter.fontMetrics().horizontalAdvance(tick.text) * 1.0);
  return width + 10;
}

void draw_byte_axis(QPainter& painter, const QRectF& plot, std::int64_t most, double height_for_each_tick) {
  if (most <= 0) return;
  painter.save();
  const QFontMetricsF metrics(painter.font());
  for (const Tick& tick : byte_ticks(most, std::max(1, static_cast<int>(plot.height() / height_for_each_tick)))) {
    const double y = plot.bottom() - plot.height() * static_cast<double>(tick.bytes) / static_cast<double>(most);
    painter.setPen(QPen(theme().grid, 1));
    painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
    painter.setPen(theme().soft);
    painter.drawText(QPointF(plot.left() - 8 - metrics.horizontalAdvance(tick.text), y + metrics.capHeight() / 2),
                     tick.text);
  }
  painter.restore();
}

QString fitted(const QPainter& painter, const QString& text, double width) {
  const QFontMetricsF metrics(painter.font());
  // What surely does not fit is not measured: letters are hardly narrower than these.
  const double narrow = 0.8 * std::min(metrics.horizontalAdvance(u'i'), metrics.horizontalAdvance(u'.'));
  const auto most_letters = static_cast<qsizetype>(std::max(width, 0.0) / std::max(narrow, 0.5)) + 1;
  if (text.size() > 2 && most_letters < 3) return {};
  const QString seen = text.size() > most_letters ? text.left(most_letters) + QChar(0x2026) : text;
  if (metrics.horizontalAdvance(seen) <= width) return seen;
  const QString cut = metrics.elidedText(seen, Qt::ElideRight, width);
  return cut.size() >= 3 ? cut : QString();
}

QColor mixed(const QColor& colour, const QColor& ground, double of_ground) {
  const auto part = static_cast<float>(of_ground);
  return QColor::fromRgbF(colour.redF() + (ground.redF() - colour.redF()) * part,
                          colour.greenF() + (ground.greenF() - colour.greenF()) * part,
                          colour.blueF() + (ground.blueF() - colour.blueF()) * part);
}

double draw_legend(QPainter& painter, const QRectF& area, const std::vector<LegendEntry>& entries) {
  painter.save();
  const QFontMetricsF metrics(painter.font());
  const double box = std::round(metrics.capHeight()), row = metrics.height() + 4;
  double x = area.left(), y = area.top();
  for (const LegendEntry& entry : entries) {
    const double width = box + 6 + metrics.horizontalAdvance(entry.text) + 18;
    if (x > area.left() && x + width - 18 > area.right()) x = area.left(), y += row;
    const QRectF swatch(x, y + (row - box) / 2, box, box);
    if (entry.outline) {
      painter.setPen(QPen(entry.colour, 1.5, Qt::DashLine));
      painter.drawLine(swatch.left(), swatch.center().y(), swatch.right(), swatch.center().y());
    } else {
      painter.fillRect(swatch, entry.colour);
    }
    painter.setPen(theme().ink);
    painter.drawText(QPointF(x + box + 6, y + (row + metrics.capHeight()) / 2), entry.text);
    x += width;
  }
  painter.restore();
  return entries.empty() ? 0 : y + row - area.top();
}

bool ZoomRange::show(double from, double to, double least, bool remember) {
  const double whole = last_ - first_;
  const double span = std::clamp(to - from, std::min(least, whole), whole);
  const double start = std::clamp((from + to - span) / 2, first_, last_ - span);
  if (start == from_ && start + span == to_) return false;
  if (remember) {
    before_.push_back({from_, to_});
    if (before_.size() > kMostRemembered) before_.erase(before_.begin());
  }
  from_ = start;
  to_ = start + span;
  return true;
}

bool ZoomRange::zoom(double factor, double around, double least, bool remember) {
  if (!(factor > 0)) return false;
  const double at = std::clamp(around, from_, to_);
  const double span = std::clamp(this->span() / factor, std::min(least, last_ - first_), last_ - first_);
  const double from = at - (at - from_) * span / std::max(this->span(), 1e-300);
  return show(std::clamp(from, first_, last_ - span), std::clamp(from, first_, last_ - span) + span, least, remember);
}

bool ZoomRange::move(double by, bool remember) {
  const double from = std::clamp(from_ + by, first_, last_ - span());
  return show(from, from + span(), 0, remember);
}

bool ZoomRange::undo() {
  if (before_.empty()) return false;
  std::tie(from_, to_) = before_.back();
  before_.pop_back();
  return true;
}

}  // namespace headroom::gui
