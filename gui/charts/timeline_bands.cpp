#include "gui/charts/timeline_bands.h"

#include <QCoreApplication>
#include <algorithm>

#include "analysis/bands.h"
#include "gui/charts/axis.h"
#include "gui/charts/timeline_words.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("Timeline", text); }

constexpr double kLeastWidthWithText = 14, kLeastBand = 2;

struct NamedBand {
  double from = 0, to = 0;
  QString text, shorter;
  QColor colour;
};

// Within `row`, seen as far as it is within.
void draw_band(QPainter& painter, const QRectF& row, const NamedBand& band) {
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

// Runs of equal marks, by `same`, as bands of what is seen; each is of the kind that takes most of it.
template <class Same, class Kind>
std::vector<AxisBand> bands_of_marks(const TimelineLayout& l, const TimelineScene& s, Same same, Kind kind) {
  const std::vector<Mark>& marks = s.run->breakdown.marks;
  const auto x_of = [&](std::size_t i) { return l.x_of(s, place_of_event(s, marks[i].event)); };
  const auto after = std::ranges::upper_bound(marks, event_at(s, s.from), {}, &Mark::event);
  auto begin = static_cast<std::size_t>(std::max<std::ptrdiff_t>(after - marks.begin() - 1, 0));
  while (begin > 0 && same(marks[begin - 1], marks[begin])) --begin;
  Bands bands(l.plot.left(), l.plot.right(), kLeastBand);
  double from = begin < marks.size() ? x_of(begin) : l.plot.right();
  for (std::size_t i = begin, end = 0; i < marks.size() && from < l.plot.right(); i = end) {
    for (end = i + 1; end < marks.size() && same(marks[i], marks[end]);) ++end;
    const double to = end < marks.size() ? x_of(end) : l.plot.right();
    bands.add(from, to, static_cast<std::size_t>(kind(marks[i])), i);
    from = to;
  }
  return bands.finish();
}

void draw_steps(QPainter& painter, const TimelineLayout& l, const TimelineScene& s) {
  const bool generates = s.run->breakdown.cache.any();
  const auto same = [](const Mark& a, const Mark& b) { return a.step == b.step; };
  for (const AxisBand& band : bands_of_marks(l, s, same, [](const Mark& mark) { return mark.step; })) {
    const std::int32_t step = s.run->breakdown.marks[band.item].step;
    if (step == 0) continue;
    const QString text = generates ? tr("token %1").arg(step) : tr("step %1").arg(step);
    draw_band(painter, l.steps, {band.from, band.to, text, QString::number(step), theme().band});
  }
}

std::vector<AxisBand> bands_of_phases(const TimelineLayout& l, const TimelineScene& s) {
  const auto same = [](const Mark& a, const Mark& b) {
    return a.phase == b.phase && (a.step == b.step || a.phase == Phase::decode);
  };
  return bands_of_marks(l, s, same, [](const Mark& mark) { return mark.phase; });
}

void draw_phases(QPainter& painter, const TimelineLayout& l, const TimelineScene& s) {
  bool odd = false;
  for (const AxisBand& band : bands_of_phases(l, s)) {
    odd = !odd;
    const auto phase = static_cast<Phase>(band.kind);
    draw_band(painter, l.phases,
              {band.from, band.to, phase_title(phase), short_phase(phase), odd ? theme().grid : theme().band});
  }
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
    Bands bands(l_.plot.left(), l_.plot.right(), kLeastBand);
    for (auto at = begin_; at != end_;) {
      const auto run = at;
      while (at != end_ && key(*at) == key(*run)) ++at;
      const double to = at == end_ ? l_.plot.right() : x_of(*at);
      bands.add(x_of(*run), to, key(*run), static_cast<std::size_t>(run - begin_));
    }
    for (const AxisBand& band : bands.finish()) draw(band, begin_[static_cast<std::ptrdiff_t>(band.item)]);
  }

 private:
  static constexpr double kWidthToTellApart = 6;

  // Names are looked up where one can be read.
  void draw(const AxisBand& band, const Allocation& of) {
    const QColor colour = group_colour(*s_.run, group(of));
    if (band.to - band.from < kLeastWidthWithText)
      return draw_band(painter_, l_.layers, {band.from, band.to, {}, {}, colour});
    draw_band(painter_, l_.layers, {band.from, band.to, name(of), short_name(of), colour});
  }
  std::size_t group(const Allocation& a) const {
    return s_.run->detail.groups().of_layer[static_cast<std::size_t>(a.layer)];
  }
  std::size_t key(const Allocation& a) const { return by_group_ ? group(a) : static_cast<std::size_t>(a.layer); }
  std::string path(const Allocation& a) const {
    return by_group_ ? group_text(*s_.run, group(a)).toStdString() : layer_path(s_.run->breakdown, a.layer);
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

std::vector<QRectF> shaded_phases(const TimelineLayout& l, const TimelineScene& s) {
  std::vector<QRectF> shaded;
  bool odd = false;
  for (const AxisBand& band : bands_of_phases(l, s))
    if (odd = !odd; odd) shaded.emplace_back(QPointF(band.from, l.plot.top()), QPointF(band.to, l.plot.bottom()));
  return shaded;
}

QColor phase_shade() { return mixed(theme().band, theme().panel, 0.4); }

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
