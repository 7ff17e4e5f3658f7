#include "gui/charts/comparison_bars.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "gui/charts/axis.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr double kChoiceWidth = 26, kGap = 12, kRowPadding = 14;
constexpr double kNear = 0.6;  // of the device: its capacity matters

QString tr(const char* text) { return QCoreApplication::translate("ComparisonBars", text); }

QFont bold(const QFont& font) {
  QFont out = font;
  out.setBold(true);
  return out;
}

std::vector<LegendEntry> legend(const ComparisonChart& chart, bool with_capacity) {
  std::vector<LegendEntry> entries;
  for (std::size_t c = 0; c < kCategoryCount; ++c)
    if (std::ranges::any_of(chart.bars, [&](const ComparisonBar& b) { return b.categories[c] > 0; }))
      entries.push_back({theme().category(static_cast<Category>(c)), title_of(static_cast<Category>(c))});
  if (std::ranges::any_of(chart.bars, [](const ComparisonBar& b) { return b.reserved_bytes > b.bytes; }))
    entries.push_back({theme().soft, tr("reserved, at the most"), true});
  if (with_capacity) entries.push_back({theme().bad, tr("all of the device"), true});
  return entries;
}

// As many rows as draw_legend() makes.
double legend_height(const ComparisonChart& chart, const QFontMetricsF& metrics, double width) {
  const double box = std::round(metrics.capHeight());
  double x = 0, rows = 1;
  for (const LegendEntry& entry : legend(chart, true)) {
    const double wanted = box + 6 + metrics.horizontalAdvance(entry.text) + 18;
    if (x > 0 && x + wanted - 18 > width) x = 0, ++rows;
    x += wanted;
  }
  return rows * (metrics.height() + 4);
}

void draw_scale(QPainter& painter, const ComparisonLayout& layout) {
  const QRectF plot = layout.plot();
  const QFontMetricsF metrics(painter.font());
  const double tick_width = metrics.horizontalAdvance(QStringLiteral("0000.0 MiB")) + 24;
  for (const Tick& tick : byte_ticks(layout.scale_bytes(), std::max(1, static_cast<int>(plot.width() / tick_width)))) {
    const double x = layout.x_of(tick.bytes);
    painter.setPen(QPen(theme().grid, 1));
    painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom() + 4));
    painter.setPen(theme().soft);
    const QRectF box(x - tick_width / 2, plot.bottom() + 6, tick_width, metrics.height());
    painter.drawText(box, Qt::AlignHCenter | Qt::AlignTop, tick.text);
  }
}

void draw_choice(QPainter& painter, const QRectF& box, bool chosen) {
  const QPointF middle = box.center();
  painter.setPen(QPen(chosen ? theme().accent : theme().soft, 1.5));
  painter.setBrush(Qt::NoBrush);
  painter.drawEllipse(middle, 5.5, 5.5);
  if (!chosen) return;
  painter.setPen(Qt::NoPen);
  painter.setBrush(theme().accent);
  painter.drawEllipse(middle, 3, 3);
}

void draw_label(QPainter& painter, const QRectF& box, const ComparisonBar& bar) {
  const QFont font = painter.font();
  painter.setFont(bar.is_current || bar.is_baseline ? bold(font) : font);
  painter.setPen(theme().ink);
  const double half = box.height() / 2;
  painter.drawText(QRectF(box.left(), box.top(), box.width(), half), Qt::AlignLeft | Qt::AlignBottom,
                   fitted(painter, bar.label, box.width()));
  painter.setFont(font);
  painter.setPen(theme().soft);
  painter.drawText(QRectF(box.left(), box.top() + half, box.width(), half), Qt::AlignLeft | Qt::AlignTop,
                   fitted(painter, bar.below, box.width()));
}

QRectF part_of(const ComparisonLayout& layout, const QRectF& box, std::int64_t from, std::int64_t bytes) {
  return {QPointF(layout.x_of(from), box.top()), QPointF(layout.x_of(from + bytes), box.bottom())};
}

void draw_part_text(QPainter& painter, const QRectF& part, const QColor& ground, const QString& text) {
  if (fitted(painter, text, part.width() - 10) != text) return;
  painter.setPen(Theme::ink_on(ground));
  painter.drawText(part, Qt::AlignCenter, text);
}

void draw_stack(QPainter& painter, const ComparisonLayout& layout, const QRectF& box, const ComparisonBar& bar) {
  std::int64_t sum = 0;
  for (std::size_t c = 0; c < kCategoryCount; ++c) {
    if (bar.categories[c] <= 0) continue;
    const QRectF part = part_of(layout, box, sum, bar.categories[c]);
    const QColor colour = theme().category(static_cast<Category>(c));
    sum += bar.categories[c];
    painter.fillRect(part, colour);
    if (bar.is_bad) painter.fillRect(part, QBrush(theme().panel, Qt::BDiagPattern));
    if (!bar.is_bad) draw_part_text(painter, part, colour, size_text(bar.categories[c]));
  }
  if (bar.reserved_bytes <= bar.bytes) return;
  painter.setPen(QPen(theme().soft, 1.5, Qt::DashLine));
  painter.setBrush(Qt::NoBrush);
  painter.drawRect(part_of(layout, box, 0, bar.reserved_bytes).adjusted(0, -2, 0, 2));
}

void draw_figure(QPainter& painter, const QRectF& box, const ComparisonBar& bar) {
  if (bar.bytes <= 0) return;
  const QFont font = painter.font();
  const double half = box.height() / 2;
  painter.setFont(bold(font));
  painter.setPen(bar.is_bad ? theme().bad : theme().ink);
  painter.drawText(QRectF(box.left(), box.top(), box.width(), half), Qt::AlignRight | Qt::AlignBottom,
                   size_text(bar.bytes));
  painter.setFont(font);
  painter.setPen(bar.direction < 0 ? theme().good : bar.direction > 0 ? theme().bad : theme().soft);
  painter.drawText(QRectF(box.left(), box.top() + half, box.width(), half), Qt::AlignRight | Qt::AlignTop, bar.change);
}

// Right of the bar where there is room, else on it.
void draw_trouble(QPainter& painter, const ComparisonLayout& layout, const QRectF& box, const ComparisonBar& bar) {
  if (bar.trouble.isEmpty()) return;
  const QFontMetricsF metrics(painter.font());
  const double end = layout.x_of(std::max(bar.bytes, bar.reserved_bytes)) + 10;
  const double wanted = metrics.horizontalAdvance(bar.trouble) + 16;
  QRectF place(end, box.top(), box.right() - end, box.height());
  if (place.width() < wanted)
    place = QRectF(std::max(box.left(), box.right() - wanted), box.top(), std::min(wanted, box.width()), box.height());
  const bool calm = !bar.is_bad;
  painter.fillRect(place.adjusted(0, 2, 0, -2), calm ? theme().panel : theme().bad_ground);
  painter.setPen(calm ? theme().soft : theme().bad);
  painter.drawText(place.adjusted(8, 0, -8, 0), Qt::AlignLeft | Qt::AlignVCenter,
                   fitted(painter, bar.trouble, place.width() - 16));
}

void draw_capacity(QPainter& painter, const ComparisonLayout& layout, std::int64_t capacity) {
  const double x = layout.x_of(capacity);
  painter.setPen(QPen(theme().bad, 1.5, Qt::DashLine));
  painter.drawLine(QPointF(x, layout.plot().top() - 2), QPointF(x, layout.plot().bottom()));
}

void draw_row_ground(QPainter& painter, const QRectF& row, const ComparisonBar& bar, bool focused, bool hovered) {
  if (bar.is_current || hovered) painter.fillRect(row.adjusted(0, 1, 0, -1), hovered ? theme().grid : theme().band);
  if (!focused) return;
  painter.setPen(QPen(theme().accent, 2));
  painter.setBrush(Qt::NoBrush);
  painter.drawRoundedRect(row.adjusted(1, 2, -1, -2), 4, 4);
}

}  // namespace

ComparisonLayout::ComparisonLayout(const ComparisonChart& chart, const QFontMetricsF& metrics, const QRectF& area)
    : area_(area),
      count_(chart.bars.size()),
      row_height_(2 * metrics.height() + kRowPadding),
      top_(area.top() + legend_height(chart, metrics, area.width() - 16) + 8) {
  std::int64_t most = 1;
  for (const ComparisonBar& bar : chart.bars) {
    const double width = std::max(metrics.horizontalAdvance(bar.label) * 1.1, metrics.horizontalAdvance(bar.below));
    label_width_ = std::max(label_width_, width);
    figure_width_ = std::max(
        {figure_width_, metrics.horizontalAdvance(size_text(bar.bytes)) * 1.15, metrics.horizontalAdvance(bar.change)});
    most = std::max({most, bar.bytes, bar.reserved_bytes});
  }
  label_width_ = std::min(label_width_ + 4, area.width() * 0.3);
  shows_capacity_ =
      chart.capacity_bytes > 0 && static_cast<double>(most) >= kNear * static_cast<double>(chart.capacity_bytes);
  scale_bytes_ = shows_capacity_ ? std::max(most, chart.capacity_bytes) : most;
}

QRectF ComparisonLayout::row(std::size_t bar) const {
  return {area_.left(), top_ + static_cast<double>(bar) * row_height_, area_.width(), row_height_};
}
QRectF ComparisonLayout::choice(std::size_t bar) const {
  const QRectF r = row(bar);
  return {r.left() + 4, r.top(), kChoiceWidth, r.height()};
}
QRectF ComparisonLayout::label(std::size_t bar) const {
  const QRectF r = row(bar);
  return {r.left() + 4 + kChoiceWidth, r.top(), label_width_, r.height()};
}
QRectF ComparisonLayout::plot() const {
  const double left = area_.left() + 4 + kChoiceWidth + label_width_ + kGap;
  const double right = area_.right() - figure_width_ - 2 * kGap;
  return {left, top_, std::max(right - left, 1.0), static_cast<double>(count_) * row_height_};
}
QRectF ComparisonLayout::bar(std::size_t bar) const {
  const QRectF r = row(bar), p = plot();
  return {p.left(), r.top() + kRowPadding / 2, p.width(), r.height() - kRowPadding};
}
QRectF ComparisonLayout::figure(std::size_t bar) const {
  const QRectF r = row(bar);
  return {plot().right() + kGap, r.top(), figure_width_, r.height()};
}
int ComparisonLayout::row_at(const QPointF& point) const {
  for (std::size_t i = 0; i < count_; ++i)
    if (row(i).contains(point)) return static_cast<int>(i);
  return -1;
}
double ComparisonLayout::x_of(std::int64_t bytes) const {
  return plot().left() + plot().width() * static_cast<double>(bytes) / static_cast<double>(scale_bytes_);
}
double ComparisonLayout::height_for(std::size_t bar_count, const QFontMetricsF& metrics) {
  return 2 * (metrics.height() + 4) + 8 + static_cast<double>(bar_count) * (2 * metrics.height() + kRowPadding) + 14 +
         metrics.height();
}

void draw_comparison(QPainter& painter, const QRectF& area, const ComparisonChart& chart, int focused, int hovered) {
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  const ComparisonLayout layout(chart, QFontMetricsF(painter.font()), area);
  draw_legend(painter, area.adjusted(8, 0, -8, 0), legend(chart, layout.shows_capacity()));
  for (std::size_t i = 0; i < chart.bars.size(); ++i)
    draw_row_ground(painter, layout.row(i), chart.bars[i], static_cast<int>(i) == focused,
                    static_cast<int>(i) == hovered);
  draw_scale(painter, layout);
  for (std::size_t i = 0; i < chart.bars.size(); ++i) {
    const ComparisonBar& bar = chart.bars[i];
    draw_choice(painter, layout.choice(i), bar.is_baseline);
    draw_label(painter, layout.label(i), bar);
    draw_stack(painter, layout, layout.bar(i), bar);
    draw_figure(painter, layout.figure(i), bar);
    draw_trouble(painter, layout, layout.bar(i), bar);
  }
  if (layout.shows_capacity()) draw_capacity(painter, layout, chart.capacity_bytes);
  painter.restore();
}

ComparisonHit comparison_hit(const ComparisonLayout& layout, const ComparisonChart& chart, const QPointF& point) {
  ComparisonHit hit{.bar = layout.row_at(point)};
  if (hit.bar < 0) return hit;
  const auto row = static_cast<std::size_t>(hit.bar);
  hit.on_choice = layout.choice(row).contains(point);
  if (!layout.bar(row).contains(point)) return hit;
  std::int64_t sum = 0;
  for (std::size_t c = 0; c < kCategoryCount; ++c) {
    const double left = layout.x_of(sum);
    sum += chart.bars[row].categories[c];
    if (point.x() < left || point.x() >= layout.x_of(sum)) continue;
    hit.on_part = true;
    hit.category = static_cast<Category>(c);
  }
  return hit;
}

}  // namespace headroom::gui
