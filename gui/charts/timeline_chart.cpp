#include "gui/charts/timeline_chart.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "gui/charts/axis.h"
#include "gui/charts/timeline_bands.h"
#include "gui/charts/timeline_marks.h"
#include "gui/charts/timeline_stack.h"
#include "gui/charts/timeline_words.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

constexpr double kOverviewHeight = 40, kGap = 8, kEntryGap = 28;
constexpr double kNearCapacity = 1.3;     // the device's memory is shown where the run came so near
constexpr double kRoomForFailure = 0.04;  // of the axis, behind the last event

QString tr(const char* text) { return QCoreApplication::translate("Timeline", text); }

std::int64_t highest_of(const TimelineScene& s, const std::vector<CurveColumn>& columns) {
  if (!s.fit_height) return std::max(s.run->detail.most_bytes(), bytes_where_it_failed(s));
  std::int64_t most = 1;
  for (const CurveColumn& c : columns) most = std::max({most, c.allocated_bytes, c.reserved_bytes});
  return std::max(most, s.to > place_of_event(s, s.run->detail.event_count()) ? bytes_where_it_failed(s) : 0);
}

// The vertical axis ends a little above the highest, or above the device's memory where that is near.
std::int64_t axis_end(const TimelineScene& s, const std::vector<CurveColumn>& columns) {
  std::int64_t most = highest_of(s, columns);
  const std::int64_t device = s.run->breakdown.environment.device_total_bytes;
  if (device > most && static_cast<double>(device) < kNearCapacity * static_cast<double>(most)) most = device;
  return most + most / 16 + 1;
}

void draw_axis_text(QPainter& painter, const TimelineLayout& l, const TimelineScene& s) {
  const QFontMetricsF metrics(painter.font());
  const bool is_virtual = s.run->breakdown.environment.device_kind == DeviceKind::virtual_cuda;
  const QString name = !s.by_time ? tr("events") : is_virtual ? tr("time on the host") : tr("time");
  const double name_left = l.axis.right() - metrics.horizontalAdvance(name);
  painter.setPen(theme().soft);
  painter.drawText(l.axis, Qt::AlignRight | Qt::AlignVCenter, name);
  const double wanted = (s.to - s.from) * 110 / std::max(l.plot.width(), 1.0);
  double step = std::pow(10, std::floor(std::log10(std::max(wanted, 1e-9))));
  while (step < wanted) step *= step * 2 >= wanted ? 2 : step * 5 >= wanted ? 5 : 10;
  if (step < 1) step = 1;
  for (double at = std::ceil(s.from / step) * step; at <= s.to; at += step) {
    const auto number = static_cast<std::int64_t>(at);
    const QString text = s.by_time ? time_text(number) : count_text(number);
    const double x = l.x_of(s, at), width = metrics.horizontalAdvance(text);
    if (x - width / 2 < l.axis.left() - 4 || x + width / 2 > name_left - 12) continue;
    painter.setPen(theme().line);
    painter.drawLine(QPointF(x, l.axis.top()), QPointF(x, l.axis.top() + 4));
    painter.setPen(theme().soft);
    painter.drawText(QRectF(x - width / 2 - 2, l.axis.top() + 2, width + 4, l.axis.height() - 2), Qt::AlignCenter,
                     text);
  }
}

QColor colour_of_part(const TimelineScene& s, std::size_t part) {
  if (s.stacking == Stacking::category) return theme().categories[part];
  const bool others = s.stacking == Stacking::layer && part + 1 == s.run->detail.groups().names.size();
  return others ? theme().soft : theme().numbered(part);
}

QString name_of_part(const TimelineScene& s, std::size_t part) {
  if (s.stacking == Stacking::category) return title_of(static_cast<Category>(part));
  if (s.stacking == Stacking::phase) return tr("from %1").arg(phase_title(static_cast<Phase>(part)));
  return group_text(*s.run, part);
}

struct Entry {
  QColor colour;
  QString name;
  std::int64_t bytes = 0;
  bool line = false;
};

std::vector<Entry> entries_of(const TimelineScene& s, const CurveColumn& at) {
  std::vector<Entry> entries;
  for (const StackPart& part : stack_parts(s))
    entries.push_back({shown_colour(s, part), part.name, at.parts[part.index]});
  if (s.share && !s.share->is_empty()) entries.push_back({theme().accent, s.share_name, s.share->at(at.event)});
  if (s.run->detail.at(s.run->breakdown.peak.event, s.stacking).reserved_bytes > 0)
    entries.push_back({theme().ink, tr("reserved"), at.reserved_bytes, true});
  return entries;
}

// How wide a part of the readout is with its whole name, and at the least with some of it.
std::pair<double, double> entry_widths(const QFontMetricsF& metrics, const std::vector<Entry>& entries) {
  double name = 0;
  for (const Entry& entry : entries) name = std::max(name, metrics.horizontalAdvance(entry.name));
  const double size = metrics.horizontalAdvance(QStringLiteral("1023.99 MiB")) + 20;
  return {std::min(name, 190.0) + size + kEntryGap, std::min(name, 7 * metrics.averageCharWidth()) + size + kEntryGap};
}

void set_columns(TimelineLayout& l, double width, double entry, std::size_t count) {
  l.columns = static_cast<std::size_t>(std::max(1.0, std::floor((width + kEntryGap) / entry)));
  l.rows = (count + l.columns - 1) / l.columns;
  l.column_width = entry;
}

void draw_entries(QPainter& painter, const TimelineLayout& l, const QRectF& first_row,
                  const std::vector<Entry>& entries) {
  const QFontMetricsF metrics(painter.font());
  const double box = std::round(metrics.capHeight());
  for (std::size_t i = 0; i < std::min(entries.size(), l.columns * l.rows); ++i) {
    const QRectF cell(first_row.left() + l.column_width * static_cast<double>(i % l.columns),
                      first_row.top() + first_row.height() * static_cast<double>(i / l.columns),
                      l.column_width - kEntryGap, first_row.height());
    const QRectF swatch(cell.left(), cell.center().y() - box / 2, box, box);
    painter.fillRect(entries[i].line ? QRectF(swatch.left(), swatch.center().y() - 1, box, 2) : swatch,
                     entries[i].colour);
    painter.setPen(entries[i].bytes == 0 ? theme().soft : theme().ink);
    const QString size = size_text(entries[i].bytes);
    painter.drawText(cell, Qt::AlignVCenter | Qt::AlignRight, size);
    painter.drawText(cell.adjusted(box + 6, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft,
                     fitted(painter, entries[i].name, cell.width() - box - 14 - metrics.horizontalAdvance(size)));
  }
}

// The plot comes first: where it would be lower than this, names in the readout are cut, then there is no overview,
// then parts are left out of the readout.
double lay_out_readout(TimelineLayout& l, const QFontMetricsF& metrics, double width, double height,
                       const std::vector<Entry>& entries) {
  const double line = metrics.height() + 3, least_plot = 7 * line;
  const auto readout = [&] { return std::ceil((2.0 + static_cast<double>(l.rows)) * line + 14); };
  const auto [whole, cut] = entry_widths(metrics, entries);
  set_columns(l, width, whole, entries.size());
  double overview = kOverviewHeight + kGap;
  const auto fits = [&] { return height - overview - readout() >= least_plot; };
  if (!fits()) {
    set_columns(l, width, cut, entries.size());
    l.column_width = (width + kEntryGap) / static_cast<double>(l.columns);
  }
  if (!fits()) overview = 0;
  while (!fits() && l.rows > 0) --l.rows;
  l.overview.setHeight(overview > 0 ? kOverviewHeight : 0);
  return readout();
}

}  // namespace

std::pair<double, double> whole_axis(const TimelineScene& s) {
  const std::vector<std::int64_t>& times = s.run->recording.events.time_ns;
  double from = 0, to = static_cast<double>(times.size());
  if (s.by_time && !times.empty()) {
    from = static_cast<double>(times.front());
    to = std::max(static_cast<double>(times.back()), from + 1);
    to += (to - from) / 500;
  }
  to = std::max(to, from + 1);
  return {from, ran_out(s) ? to + (to - from) * kRoomForFailure : to};
}

double place_of_event(const TimelineScene& s, std::int64_t event) {
  const std::vector<std::int64_t>& times = s.run->recording.events.time_ns;
  if (!s.by_time || times.empty()) return static_cast<double>(event);
  if (event >= std::ssize(times)) {
    const double first = static_cast<double>(times.front()),
                 last = std::max(static_cast<double>(times.back()), first + 1);
    return last + (last - first) / 500;
  }
  return static_cast<double>(times[static_cast<std::size_t>(std::max<std::int64_t>(event, 0))]);
}

std::int64_t event_at(const TimelineScene& s, double place) {
  const std::int64_t count = s.run->detail.event_count();
  const std::int64_t event =
      s.by_time ? event_at_time(s.run->recording.events.time_ns, place) : static_cast<std::int64_t>(std::floor(place));
  return std::clamp<std::int64_t>(event, 0, std::max<std::int64_t>(count - 1, 0));
}

double TimelineLayout::x_of(const TimelineScene& s, double place) const {
  return plot.left() + plot.width() * (place - s.from) / (s.to - s.from);
}
double TimelineLayout::place_at(const TimelineScene& s, double x) const {
  return s.from + (s.to - s.from) * (x - plot.left()) / std::max(plot.width(), 1.0);
}
double TimelineLayout::overview_x_of(const TimelineScene& s, double place) const {
  const auto [first, last] = whole_axis(s);
  return overview.left() + overview.width() * (place - first) / (last - first);
}
double TimelineLayout::overview_place_at(const TimelineScene& s, double x) const {
  const auto [first, last] = whole_axis(s);
  return first + (last - first) * (x - overview.left()) / std::max(overview.width(), 1.0);
}

TimelineLayout lay_out_timeline(const QPainter& painter, const QRectF& area, const TimelineScene& s) {
  const QFontMetricsF metrics(painter.font());
  const double row = std::round(metrics.height() + 4);
  const double axis_text = byte_axis_width(painter, axis_end(s, {}));
  const double left = std::round(area.left() + std::max(axis_text, 64.0) + 4);
  const double width = std::floor(area.right() - 8 - left);
  TimelineLayout l;
  l.steps = QRectF(left, std::round(area.top()), width, row);
  l.phases = l.steps.translated(0, row);
  l.layers = l.phases.translated(0, row);
  const double around = l.layers.bottom() + 2 - area.top() + row + 6;
  const double readout = lay_out_readout(l, metrics, area.width() - 20, area.height() - around, entries_of(s, {}));
  l.readout = QRectF(area.left() + 10, area.bottom() - readout, area.width() - 20, readout);
  const double overview = l.overview.height();
  l.overview = QRectF(left, std::round(l.readout.top() - overview - (overview > 0 ? kGap : 0)), width, overview);
  l.axis = QRectF(left, l.overview.top() - row - 6, width, row);
  l.plot = QRectF(QPointF(left, l.layers.bottom() + 2), QPointF(left + width, std::round(l.axis.top())));
  if (l.plot.height() < 20) l.plot.setHeight(20);
  return l;
}

std::vector<CurveColumn> curve_of(const TimelineScene& s, double from, double to, std::size_t width) {
  const LevelOfDetail& detail = s.run->detail;
  auto columns = s.by_time ? columns_of_time(from, to, width, s.run->recording.events.time_ns)
                           : columns_of_events(from, to, width, detail.event_count());
  return detail.columns(on_blocks(std::move(columns)), s.stacking);
}

std::vector<StackPart> stack_parts(const TimelineScene& s) {
  const std::size_t count = s.stacking == Stacking::category ? kCategoryCount
                            : s.stacking == Stacking::phase  ? kPhaseNames.size()
                                                             : s.run->detail.groups().names.size();
  const StackBytes ever = s.run->detail.ever(s.stacking);
  std::vector<StackPart> parts;
  for (std::size_t i = 0; i < count; ++i)
    if (ever[i] != 0) parts.push_back({i, name_of_part(s, i), colour_of_part(s, i)});
  return parts;
}

void draw_timeline(QPainter& painter, const TimelineLayout& l, const TimelineScene& s,
                   const std::vector<CurveColumn>& columns) {
  const std::int64_t most = axis_end(s, columns);
  const std::vector<QRectF> shaded = shaded_phases(l, s);
  const QColor shade = phase_shade();
  const PlotGround ground{[&](QPainter& on) {
                            on.fillRect(l.plot, theme().panel);
                            for (const QRectF& phase : shaded) on.fillRect(phase, shade);
                          },
                          [&](QPainter& on) { draw_byte_axis(on, l.plot, most); }};
  painter.save();
  draw_phase_bands(painter, l, s);
  draw_stack_on(ground, painter, l.plot, s, columns, most);
  painter.save();
  painter.setClipRect(l.plot.adjusted(-6, 0, 6, 0));
  draw_share(painter, l.plot, s, columns, most);
  draw_reserved(painter, l.plot, columns, most);
  draw_marks(painter, l, s, most);
  painter.restore();
  painter.setPen(QPen(theme().line, 1));
  painter.drawLine(l.plot.bottomLeft(), l.plot.bottomRight());
  draw_axis_text(painter, l, s);
  painter.restore();
}

void draw_timeline_overview(QPainter& painter, const QRectF& area, const TimelineScene& s,
                            const std::vector<CurveColumn>& columns) {
  if (area.isEmpty()) return;
  const std::int64_t most = std::max<std::int64_t>(s.run->detail.most_bytes(), 1);
  painter.save();
  painter.fillRect(area, theme().panel);
  const QRectF inner = area.adjusted(0, 3, 0, 0);
  TimelineScene plain = s;
  plain.share = nullptr;
  draw_stack(painter, inner, plain, columns, most);
  painter.restore();
}

void draw_overview_window(QPainter& painter, const TimelineLayout& l, const TimelineScene& s) {
  if (l.overview.isEmpty()) return;
  const double from = l.overview_x_of(s, s.from), to = l.overview_x_of(s, s.to);
  QColor veil = theme().ground;
  veil.setAlphaF(0.72F);
  painter.save();
  painter.fillRect(QRectF(l.overview.topLeft(), QPointF(from, l.overview.bottom())), veil);
  painter.fillRect(QRectF(QPointF(to, l.overview.top()), l.overview.bottomRight()), veil);
  painter.setBrush(Qt::NoBrush);
  painter.setPen(QPen(theme().line, 1));
  painter.drawRect(l.overview);
  painter.setPen(QPen(theme().accent, 1.5));
  painter.drawRect(QRectF(QPointF(from, l.overview.top()), QPointF(std::max(to, from + 2), l.overview.bottom())));
  painter.restore();
}

void draw_instant(QPainter& painter, const TimelineLayout& l, const TimelineScene& s, std::int64_t event) {
  const double place = place_of_event(s, event);
  if (place < s.from - 1 || place > s.to) return;
  const double x = std::max(l.x_of(s, place), l.plot.left());
  painter.setPen(QPen(theme().ink, 1));
  painter.drawLine(QPointF(x, l.steps.top()), QPointF(x, l.plot.bottom()));
}

void draw_readout(QPainter& painter, const TimelineLayout& l, const TimelineScene& s, std::int64_t event) {
  painter.save();
  const QFontMetricsF metrics(painter.font());
  const double row = metrics.height() + 3;
  const CurveColumn at = s.run->detail.at(event, s.stacking);
  QRectF line(l.readout.left(), l.readout.top() + 8, l.readout.width(), row);
  QFont bold = painter.font();
  bold.setBold(true);
  painter.setFont(bold);
  painter.setPen(theme().ink);
  const QString head =
      fitted(painter, tr("%1 · allocated %2").arg(instant_name(*s.run, event), size_and_exact(at.allocated_bytes)),
             line.width());
  painter.drawText(line, Qt::AlignVCenter | Qt::AlignLeft, head);
  const double head_width = QFontMetricsF(bold).horizontalAdvance(head);
  bold.setBold(false);
  painter.setFont(bold);
  if (const QString place = instant_place(*s.run, event); !place.isEmpty())
    painter.drawText(line.adjusted(head_width, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft,
                     fitted(painter, QStringLiteral(" · ") + place, line.width() - head_width));
  line.translate(0, row);
  painter.setPen(theme().soft);
  painter.drawText(line, Qt::AlignVCenter | Qt::AlignLeft, fitted(painter, event_text(*s.run, event), line.width()));
  line.translate(0, row);
  draw_entries(painter, l, line, entries_of(s, at));
  painter.restore();
}

}  // namespace headroom::gui
