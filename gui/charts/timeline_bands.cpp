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

constexpr double kLeastWidthWithText = 14;

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
  if (box.width() < kLeastWidthWithText) return;
  QString text = fitted(painter, band.text, box.width() - 6);
  if (text != band.text && !band.shorter.isEmpty()) text = fitted(painter, band.shorter, box.width() - 6);
  if (text.isEmpty()) return;
  painter.setPen(Theme::ink_on(band.colour));
  painter.drawText(box.adjusted(4, 0, -1, 0), Qt::AlignVCenter | Qt::AlignLeft, text);
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
  const QColor shade = mixed(theme().band, theme().panel, 0.4);
  for_each_run(
      l, s,
      [](const Mark& a, const Mark& b) { return a.phase == b.phase && (a.step == b.step || a.phase == Phase::decode); },
      [&](const Mark& mark, double from, double to) {
        odd = !odd;
        const QRectF below(QPointF(std::max(from, l.plot.left()), l.plot.top()),
                           QPointF(std::min(to, l.plot.right()), l.plot.bottom()));
        if (odd) painter.fillRect(below, shade);
        draw_band(painter, l.phases,
                  {from, to, phase_title(mark.phase), short_phase(mark.phase), odd ? theme().grid : theme().band});
      });
}

QColor group_colour(const LoadedRun& run, std::size_t group) {
  return group + 1 == run.detail.groups().names.size() ? theme().soft : theme().numbered(group);
}

// What allocations share a band by: their layer, or where these would be too narrow to tell apart its group.
class LayerBands {
 public:
  LayerBands(QPainter& painter, const TimelineLayout& layout, const TimelineScene& scene)
      : painter_(painter), l_(layout), s_(scene), all_(scene.run->breakdown.allocations) {
    const std::int64_t first = event_at(s_, s_.from), last = event_at(s_, s_.to);
    begin_ = std::ranges::upper_bound(all_, first, {}, &Allocation::begin);
    if (begin_ != all_.begin()) --begin_;
    end_ = std::ranges::upper_bound(all_, last, {}, &Allocation::begin);
    std::int64_t runs = 0;
    for (auto at = begin_; at != end_; ++at) runs += at == begin_ || at->layer != std::prev(at)->layer;
    by_group_ = static_cast<double>(runs) > l_.plot.width() / kWidthToTellApart;
  }

  void draw() {
    double drawn_to = l_.plot.left();
    for (auto at = begin_; at != end_;) {
      const auto run = at;
      while (at != end_ && key(*at) == key(*run)) ++at;
      const double from = std::max(x_of(*run), drawn_to), to = at == end_ ? l_.plot.right() : x_of(*at);
      if (to < drawn_to + 2) continue;
      draw_band(painter_, l_.layers, {from, to, name(*run), short_name(*run), group_colour(*s_.run, group(*run))});
      drawn_to = to;
    }
  }

 private:
  static constexpr double kWidthToTellApart = 6;

  std::size_t group(const Allocation& a) const {
    return s_.run->detail.groups().of_layer[static_cast<std::size_t>(a.layer)];
  }
  std::size_t key(const Allocation& a) const { return by_group_ ? group(a) : static_cast<std::size_t>(a.layer); }
  std::string path(const Allocation& a) const {
    return by_group_ ? s_.run->detail.groups().names[group(a)] : layer_path(s_.run->breakdown, a.layer);
  }
  QString name(const Allocation& a) const { return to_text(path(a)); }
  // "attention" of "encoder.layer.3.attention", "layer.3" of "encoder.layer.3": what tells neighbours apart comes last.
  QString short_name(const Allocation& a) const {
    const std::string whole = path(a);
    std::size_t dot = whole.rfind('.');
    if (dot != std::string::npos && dot > 0 && dot + 1 < whole.size() && whole[dot + 1] >= '0' && whole[dot + 1] <= '9')
      dot = whole.rfind('.', dot - 1);
    return to_text(std::string_view(whole).substr(dot == std::string::npos ? 0 : dot + 1));
  }
  double x_of(const Allocation& a) const { return l_.x_of(s_, place_of_event(s_, a.begin)); }

  QPainter& painter_;
  const TimelineLayout& l_;
  const TimelineScene& s_;
  const std::vector<Allocation>& all_;
  std::vector<Allocation>::const_iterator begin_, end_;
  bool by_group_ = false;
};

void draw_layers(QPainter& painter, const TimelineLayout& l, const TimelineScene& s) {
  if (event_at(s, s.to) - event_at(s, s.from) <= kMostEventsWithLayers) return LayerBands(painter, l, s).draw();
  painter.setPen(theme().soft);
  painter.drawText(l.layers.adjusted(4, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, tr("zoom in to see layers"));
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
