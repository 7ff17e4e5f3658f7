#include "gui/charts/timeline_marks.h"

#include <QCoreApplication>
#include <algorithm>

#include "gui/charts/axis.h"
#include "gui/charts/timeline_stack.h"
#include "gui/charts/timeline_words.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("Timeline", text); }

// Text that is read on any colour: on a plate of the panel's.
void draw_label(QPainter& painter, const QRectF& within, const QPointF& at, bool leftward, const QString& text,
                const QColor& ink) {
  const QFontMetricsF metrics(painter.font());
  QRectF box(0, 0, metrics.horizontalAdvance(text) + 12, metrics.height() + 2);
  box.moveTop(std::clamp(at.y() - box.height() / 2, within.top() + 2, within.bottom() - box.height() - 2));
  leftward ? box.moveRight(at.x() - 7) : box.moveLeft(at.x() + 7);
  box.moveLeft(
      std::clamp(box.left(), within.left() + 2, std::max(within.left() + 2, within.right() - box.width() - 2)));
  QColor plate = theme().panel;
  plate.setAlphaF(0.88F);
  painter.save();
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(plate);
  painter.drawRoundedRect(box, 4, 4);
  painter.setPen(ink);
  painter.drawText(box, Qt::AlignCenter, text);
  painter.restore();
}

void draw_peak(QPainter& painter, const TimelineLayout& l, const TimelineScene& s, std::int64_t most) {
  const PeakView& peak = s.run->breakdown.peak;
  if (peak.event < 0) return;
  const double place = place_of_event(s, peak.event);
  if (place < s.from || place > s.to) return;
  const double x = l.x_of(s, place);
  const QPointF top(x, y_of(l.plot, peak.allocated_bytes, most));
  painter.save();
  painter.setPen(QPen(theme().ink, 1, Qt::DotLine));
  painter.drawLine(QPointF(x, l.plot.top()), QPointF(x, l.plot.bottom()));
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(QPen(theme().panel, 2));
  painter.setBrush(theme().ink);
  painter.drawEllipse(top, 5, 5);
  QFont bold = painter.font();
  bold.setBold(true);
  painter.setFont(bold);
  draw_label(painter, l.plot, {x, std::max(top.y() + (ran_out(s) ? 14 : -12), l.plot.top() + 12)},
             x > l.plot.center().x(), tr("peak %1").arg(size_text(peak.allocated_bytes)), theme().ink);
  painter.restore();
}

void draw_capacity(QPainter& painter, const QRectF& plot, const TimelineScene& s, std::int64_t most) {
  const std::int64_t device = s.run->breakdown.environment.device_total_bytes;
  if (device <= 0 || device >= most) return;
  const double y = y_of(plot, device, most);
  painter.setPen(QPen(theme().bad, 1.5));
  painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y));
  draw_label(painter, plot, {plot.left(), y - 9}, false, tr("device memory %1").arg(size_text(device)), theme().bad);
}

// The request that failed, on top of what was allocated when it did.
void draw_failure(QPainter& painter, const TimelineLayout& l, const TimelineScene& s, std::int64_t most) {
  const double place = place_of_event(s, s.run->detail.event_count());
  if (!ran_out(s) || place > s.to || s.to <= s.from) return;
  const double x = std::max(l.x_of(s, place), l.plot.left());
  const std::int64_t end = bytes_where_it_failed(s), request = s.run->breakdown.outcome.failed_request_bytes;
  const QRectF box(QPointF(x, y_of(l.plot, end, most)), QPointF(l.plot.right(), y_of(l.plot, end - request, most)));
  QColor fill = theme().bad;
  fill.setAlphaF(0.25F);
  painter.fillRect(box, fill);
  painter.fillRect(box, QBrush(theme().bad, Qt::BDiagPattern));
  painter.setPen(QPen(theme().bad, 1.5));
  painter.setBrush(Qt::NoBrush);
  painter.drawRect(box);
  draw_label(painter, l.plot, {x, box.top() + 10}, true, tr("out of memory: asked for %1").arg(size_text(request)),
             theme().bad);
}

void draw_lifetime(QPainter& painter, const TimelineLayout& l, const TimelineScene& s) {
  const auto& all = s.run->breakdown.allocations;
  if (!s.chosen.allocation || *s.chosen.allocation < 0 || *s.chosen.allocation >= std::ssize(all)) return;
  const Allocation& a = all[static_cast<std::size_t>(*s.chosen.allocation)];
  const std::int64_t end = a.end == kNeverFreed ? s.run->detail.event_count() : a.end;
  const double from = std::max(l.x_of(s, place_of_event(s, a.begin)), l.plot.left());
  const double to = std::min(l.x_of(s, place_of_event(s, end)), l.plot.right());
  if (from > l.plot.right() || to < l.plot.left()) return;
  const QRectF span(QPointF(from, l.plot.top()), QPointF(std::max(to, from + 1.5), l.plot.bottom()));
  QColor wash = theme().accent;
  wash.setAlphaF(0.14F);
  painter.fillRect(span, wash);
  painter.fillRect(QRectF(span.left(), span.bottom() - 4, span.width(), 4), theme().accent);
  painter.setPen(QPen(theme().accent, 1));
  painter.drawLine(span.topLeft(), span.bottomLeft());
  painter.drawLine(span.topRight(), span.bottomRight());
  const QString text = QStringLiteral("%1  %2").arg(size_text(a.block_bytes), allocation_text(*s.run, a));
  draw_label(painter, l.plot, {from, l.plot.bottom() - 18}, false, fitted(painter, text, l.plot.width() * 0.6),
             theme().accent);
}

void draw_chosen_instant(QPainter& painter, const TimelineLayout& l, const TimelineScene& s) {
  if (!s.chosen.event) return;
  const double place = place_of_event(s, *s.chosen.event);
  if (place < s.from || place > s.to) return;
  const double x = l.x_of(s, place);
  painter.setPen(QPen(theme().accent, 2));
  painter.drawLine(QPointF(x, l.plot.top()), QPointF(x, l.plot.bottom()));
}

}  // namespace

bool ran_out(const TimelineScene& s) { return s.run->breakdown.outcome.kind == OutcomeKind::oom; }

std::int64_t bytes_where_it_failed(const TimelineScene& s) {
  if (!ran_out(s)) return 0;
  const CurveColumn end = s.run->detail.at(s.run->detail.event_count() - 1, s.stacking);
  return end.allocated_bytes + s.run->breakdown.outcome.failed_request_bytes;
}

void draw_marks(QPainter& painter, const TimelineLayout& l, const TimelineScene& s, std::int64_t most) {
  draw_lifetime(painter, l, s);
  draw_chosen_instant(painter, l, s);
  draw_capacity(painter, l.plot, s, most);
  draw_peak(painter, l, s, most);
  draw_failure(painter, l, s, most);
}

}  // namespace headroom::gui
