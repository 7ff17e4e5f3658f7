#include "gui/charts/timeline_bands.h"

#include <QCoreApplication>
#include <algorithm>

#include "gui/charts/axis.h"
#include "gui/charts/timeline_words.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("Timeline", text); }

struct Band {
  double from = 0, to = 0;
  QString text, shorter;
  QColor colour;
};

// Within `row`, seen as far as it is within: at most one for each two pixels.
void draw_band(QPainter& painter, const QRectF& row, const Band& band) {
  const double from = std::max(band.from, row.left()), to = std::min(band.to, row.right());
  if (to <= from) return;
  const QRectF box(from, row.top() + 1, std::max(to - from - 1, 1.0), row.height() - 2);
  painter.fillRect(box, band.colour);
  QString text = fitted(painter, band.text, box.width() - 8);
  if (text != band.text && !band.shorter.isEmpty()) text = fitted(painter, band.shorter, box.width() - 8);
  if (text.isEmpty()) return;
  painter.setPen(Theme::ink_on(band.colour));
  painter.drawText(box.adjusted(4, 0, -4, 0), Qt::AlignVCenter | Qt::AlignLeft, text);
}

QString short_phase(Phase phase) {
  switch (phase) {
    case Phase::forward:
      return tr("fwd");
    case Phase::backward:
      return tr("bwd");
    case Phase::optimizer:
      return tr("opt");
    case Phase::prefill:
      return tr("pre");
    case Phase::decode:
      return tr("dec");
    case Phase::recompute:
      return tr("re");
    default:
      return {};
  }
}

// Runs of equal marks, by `same`, that are seen, as draw(first mark, from, to). Of runs below two pixels the first of
// those that share them.
template <class Same, class Draw>
void for_each_run(const TimelineLayout& l, const TimelineScene& s, Same same, Draw draw) {
  const std::vector<Mark>& marks = s.run->breakdown.marks;
  const auto x_of = [&](std::size_t i) {
    return l.x_of(s, i < marks.size() ? place_of_event(s, marks[i].event) : s.to);
  };
  double drawn_to = l.plot.left();
  for (std::size_t i = 0, end = 0; i < marks.size(); i = end) {
    for (end = i + 1; end < marks.size() && same(marks[i], marks[end]);) ++end;
    const double from = x_of(i), to = end < marks.size() ? x_of(end) : l.plot.right();
    if (to <= l.plot.left() || from >= l.plot.right() || to < drawn_to + 2) continue;
    draw(marks[i], std::max(from, drawn_to), to);
    drawn_to = to;
  }
}

void draw_steps(QPainter& painter, const TimelineLayout& l, const TimelineScene& s) {
  const bool generates = s.run->breakdown.cache.any();
  for_each_run(
      l, s, [](const Mark& a, const Mark& b) { return a.step == b.step; },
      [&](const Mark& mark, double from, double to) {
        if (mark.step == 0) return;
        const QString text = generates ? tr("token %1").arg(mark.step) : tr("step %1").arg(mark.step);
        draw_band(painter, l.steps, {from, to, text, QString::number(mark.step), theme().band});
      });
}

void draw_phases(QPainter& painter, const TimelineLayout& l, const TimelineScene& s) {
  bool odd = false;
  for_each_run(
      l, s,
      [](const Mark& a, const Mark& b) { return a.phase == b.phase && (a.step == b.step || a.phase == Phase::decode); },
      [&](const Mark& mark, double from, double to) {
        odd = !odd;
        const QRectF below(QPointF(std::max(from, l.plot.left()), l.plot.top()),
                           QPointF(std::min(to, l.plot.right()), l.plot.bottom()));
        if (odd) {
          QColor shade = theme().band;
          shade.setAlphaF(0.6F);
          painter.fillRect(below, shade);
        }
        draw_band(painter, l.phases,
                  {from, to, phase_title(mark.phase), short_phase(mark.phase), odd ? theme().grid : theme().band});
      });
}

// "attention.query" of "encoder.layer.3.attention.query": what tells neighbours apart comes last.
QString last_names(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  return to_text(std::string_view(path).substr(dot == std::string::npos ? 0 : dot + 1));
}

void draw_layers(QPainter& painter, const TimelineLayout& l, const TimelineScene& s) {
  const std::int64_t first = event_at(s, s.from), last = event_at(s, s.to);
  if (last - first > kMostEventsWithLayers) {
    painter.setPen(theme().soft);
    painter.drawText(l.layers.adjusted(4, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, tr("zoom in to see layers"));
    return;
  }
  const auto& all = s.run->breakdown.allocations;
  auto at = std::ranges::upper_bound(all, first, {}, &Allocation::begin);
  if (at != all.begin()) --at;
  double drawn_to = l.plot.left();
  while (at != all.end() && at->begin <= last) {
    const auto run = at;
    while (at != all.end() && at->layer == run->layer) ++at;
    const double from = std::max(l.x_of(s, place_of_event(s, run->begin)), drawn_to);
    const double to = at == all.end() ? l.plot.right() : l.x_of(s, place_of_event(s, at->begin));
    if (to < drawn_to + 2) continue;
    const std::string path = layer_path(s.run->breakdown, run->layer);
    const std::size_t group = s.run->detail.groups().of_layer[static_cast<std::size_t>(run->layer)];
    draw_band(painter, l.layers, {from, to, to_text(path), last_names(path), theme().numbered(group)});
    drawn_to = to;
  }
}

}  // namespace

void draw_phase_bands(QPainter& painter, const TimelineLayout& l, const TimelineScene& s) {
  draw_phases(painter, l, s);
  draw_steps(painter, l, s);
  draw_layers(painter, l, s);
  painter.setPen(theme().soft);
  const auto title = [&](const QRectF& row, const QString& text) {
    painter.drawText(QRectF(row.left() - 72, row.top(), 64, row.height()), Qt::AlignVCenter | Qt::AlignRight, text);
  };
  title(l.steps, s.run->breakdown.cache.any() ? tr("token") : tr("step"));
  title(l.phases, tr("phase"));
  title(l.layers, tr("layer"));
}

}  // namespace headroom::gui
