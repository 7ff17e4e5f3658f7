#include "gui/views/timeline.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <array>

#include "gui/charts/timeline_words.h"
#include "gui/items/timeline_rows.h"
#include "gui/views/flow_layout.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

constexpr std::array kStackingIds{"category", "layer", "phase"};
constexpr double kButtonZoom = 1.5;

// Whether each layer is `chosen` or below it. Parents come before their children.
std::vector<bool> branch(const std::vector<Layer>& layers, LayerId chosen) {
  std::vector<bool> within(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto parent = static_cast<std::size_t>(layers[i].parent);
    within[i] = i == static_cast<std::size_t>(chosen) || (parent < i && within[parent]);
  }
  return within;
}

ShareCurve share_of(const LoadedRun& run, const Chosen& chosen) {
  const auto count = static_cast<std::int64_t>(run.recording.events.size());
  const std::vector<bool> within = branch(run.breakdown.layers, chosen.layer.value_or(LayerId::root));
  return ShareCurve(run.breakdown.allocations, count, [&](const Allocation& a) {
    return chosen.category ? a.category == *chosen.category : within.at(static_cast<std::size_t>(a.layer));
  });
}

QString share_name(const LoadedRun& run, const Chosen& chosen) {
  return chosen.category ? title_of(*chosen.category)
                         : to_text(layer_path(run.breakdown, chosen.layer.value_or(LayerId::root)));
}

}  // namespace

Timeline::Timeline(Session& session, QWidget* parent)
    : View(session, parent),
      canvas_(new TimelineCanvas(this)),
      stacking_(new QComboBox(this)),
      axis_(new QComboBox(this)),
      fit_height_(new QCheckBox(tr("Fit height"), this)),
      truth_(new QLabel(this)) {
  build_controls();
  connect_controls();
  connect(&session, &Session::current_changed, this, &Timeline::show_current);
  connect(&session, &Session::run_changed, this, [this] { canvas_->set_hint(hint()); });
  connect(&session, &Session::runs_changed, this, [this] { canvas_->set_hint(hint()); });
  connect(&session.selection(), &Selection::changed, this, &Timeline::follow_selection);
  connect(&session.selection(), &Selection::filter_changed, this, &Timeline::follow_selection);
  show_current();
}

QToolButton* Timeline::add_button(QLayout* row, const QString& text, const QString& tip) {
  auto* button = new QToolButton(this);
  button->setText(text);
  button->setToolTip(tip);
  button->setAccessibleName(tip);
  row->addWidget(button);
  return button;
}

void Timeline::build_controls() {
  auto* layout = new QVBoxLayout(this);
  auto* row = new FlowLayout;
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  row->setContentsMargins(10, 8, 10, 4);
  layout->addLayout(row);
  layout->addWidget(canvas_, 1);
  const auto add_choice = [&](const QString& name, QComboBox* box, const QStringList& items) {
    box->addItems(items);
    row->addWidget(labelled(name, box));
  };
  add_choice(tr("&Stack by"), stacking_, {tr("category"), tr("layer"), tr("phase of allocation")});
  add_choice(tr("A&long"), axis_, {tr("events"), tr("time")});
  fit_height_->setToolTip(tr("The vertical axis ends at the highest that is seen."));
  row->addWidget(fit_height_);
  row->add_stretch();
  row->addWidget(truth_);
  row->addWidget(make_zoom_buttons());
}

QWidget* Timeline::make_zoom_buttons() {
  auto* buttons = new QWidget(this);
  auto* row = new QHBoxLayout(buttons);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(6);
  connect(add_button(row, QStringLiteral("−"), tr("Zoom out")), &QToolButton::clicked, canvas_,
          [this] { canvas_->zoom_by(1 / kButtonZoom); });
  connect(add_button(row, QStringLiteral("+"), tr("Zoom in")), &QToolButton::clicked, canvas_,
          [this] { canvas_->zoom_by(kButtonZoom); });
  connect(add_button(row, tr("All"), tr("Show the whole run")), &QToolButton::clicked, canvas_,
          [this] { canvas_->zoom_to_fit(); });
  connect(add_button(row, tr("Peak"), tr("Go to the peak and choose it")), &QToolButton::clicked, this, [this] {
    if (canvas_->has_run()) choose_instant(canvas_->scene().run->breakdown.peak.event);
  });
  return buttons;
}

void Timeline::connect_controls() {
  connect(stacking_, &QComboBox::currentIndexChanged, this, [this](int index) {
    canvas_->set_stacking(static_cast<Stacking>(index));
    follow_selection();
  });
  connect(axis_, &QComboBox::currentIndexChanged, this, [this](int index) { canvas_->set_by_time(index == 1); });
  connect(fit_height_, &QCheckBox::toggled, canvas_, &TimelineCanvas::set_fit_height);
  connect(canvas_, &TimelineCanvas::event_chosen, this, &Timeline::choose_instant);
}

void Timeline::show_current() {
  const RunHandle run = session().current_loaded();
  background_.cancel();
  share_of_.reset();
  canvas_->set_run(run);
  canvas_->set_hint(hint());
  show_truth();
  apply_wanted_range();
  follow_selection();
}

void Timeline::show_truth() {
  const RunHandle run = session().current_loaded();
  truth_->setVisible(run != nullptr);
  if (!run) return;
  const Environment& environment = run->breakdown.environment;
  const bool is_virtual = environment.device_kind == DeviceKind::virtual_cuda;
  QString text = QStringLiteral("<b style='color:%1'>%2</b>")
                     .arg((is_virtual ? theme().virtual_word : theme().measured_word).name(), truth_text(environment));
  if (!environment.device_name.empty())
    text += QStringLiteral(" · %1").arg(to_text(environment.device_name).toHtmlEscaped());
  truth_->setText(text);
}

void Timeline::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange) show_truth();
  View::changeEvent(event);
}

QString Timeline::hint() const {
  const SessionRun* run = session().current_run();
  if (!run) return tr("No run is open. Open a recording to see its memory over time.");
  if (run->state == RunState::loading) return tr("%1: %2 …").arg(run->label, run->message);
  if (!run->loaded) return tr("%1 could not be read: %2").arg(run->label, run->message);
  return tr("Nothing was allocated in this run, so there is no curve.");
}

void Timeline::follow_selection() {
  canvas_->set_chosen(selection().chosen(), selection().filter().categories);
  start_share();
}

// A category's own stack shows it; for what else is chosen a curve is computed.
void Timeline::start_share() {
  const RunHandle run = session().current_loaded();
  Chosen chosen = selection().chosen();
  chosen.event.reset();
  const bool in_stack = chosen.category && canvas_->scene().stacking == Stacking::category;
  if (!run || (!chosen.layer && !chosen.category) || in_stack) {
    background_.cancel();
    share_of_.reset();
    return canvas_->set_share(nullptr, {});
  }
  if (share_of_ == chosen) return;
  share_of_ = chosen;
  canvas_->set_share(nullptr, {});
  background_.start([run, chosen](const std::atomic<bool>&) { return share_of(*run, chosen); },
                    [this, run, chosen](ShareCurve share) {
                      share_ = std::move(share);
                      canvas_->set_share(&share_, share_name(*run, chosen));
                      Q_EMIT settled();
                    });
}

// The instant, and what was allocated or freed there.
void Timeline::choose_instant(std::int64_t event) {
  const RunHandle run = session().current_loaded();
  if (!run || event < 0) return;
  const auto begun = run->detail.begun_at(event), tensor = begun ? begun : run->detail.ended_at(event);
  if (tensor)
    selection().choose({.allocation = static_cast<std::int64_t>(*tensor), .event = event});
  else
    selection().choose_event(event);
  canvas_->show_event(event);
  Q_EMIT message(tr("%1: %2").arg(instant_text(*run, event), event_text(*run, event)));
}

QAbstractItemModel* Timeline::table() {
  if (!canvas_->has_run()) {
    table_.clear();
    return &table_;
  }
  const TimelineScene& s = canvas_->scene();
  const std::int64_t first = event_at(s, s.from), last = event_at(s, std::max(s.from, s.to - (s.by_time ? 0 : 1)));
  const auto width = std::min(static_cast<std::size_t>(last - first + 1), kMostTimelineRows);
  set_timeline_rows(
      table_, s.run,
      columns_of_events(static_cast<double>(first), static_cast<double>(last + 1), width, s.run->detail.event_count()));
  return &table_;
}

Json Timeline::state() const {
  const TimelineScene& s = canvas_->scene();
  Json state = {{"stacking", kStackingIds[static_cast<std::size_t>(s.stacking)]},
                {"axis", s.by_time ? "time" : "event"},
                {"fit_height", s.fit_height}};
  if (canvas_->has_run() && std::pair(s.from, s.to) != whole_axis(s)) {
    state["from"] = s.from;
    state["to"] = s.to;
  }
  return state;
}

void Timeline::restore(const Json& state) {
  if (!state.is_object()) return;
  const auto text = [&](const char* key) {
    const auto found = state.find(key);
    return found != state.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  for (std::size_t i = 0; i < kStackingIds.size(); ++i)
    if (text("stacking") == kStackingIds[i]) stacking_->setCurrentIndex(static_cast<int>(i));
  if (const std::string axis = text("axis"); !axis.empty()) axis_->setCurrentIndex(axis == "time" ? 1 : 0);
  if (const auto fit = state.find("fit_height"); fit != state.end() && fit->is_boolean())
    fit_height_->setChecked(fit->get<bool>());
  const auto from = state.find("from"), to = state.find("to");
  if (from == state.end() || to == state.end() || !from->is_number() || !to->is_number()) return;
  wanted_ = {from->get<double>(), to->get<double>()};
  apply_wanted_range();
}

void Timeline::apply_wanted_range() {
  if (!wanted_ || !canvas_->has_run()) return;
  canvas_->show_range(wanted_->first, wanted_->second, false);
  wanted_.reset();
}

void Timeline::paint_page(QPainter& painter, const QRectF& page) {
  painter.save();
  painter.fillRect(page, theme().ground);
  if (!canvas_->has_run()) {
    painter.setPen(theme().soft);
    painter.drawText(page.adjusted(20, 20, -20, -20), Qt::AlignCenter | Qt::TextWordWrap, hint());
  } else {
    const TimelineScene& s = canvas_->scene();
    const TimelineLayout layout = lay_out_timeline(painter, page.adjusted(8, 8, -8, -4), s);
    const double ratio = painter.device()->devicePixelRatioF();
    const auto width = [&](const QRectF& area) {
      return static_cast<std::size_t>(std::max(1.0, std::round(area.width() * ratio)));
    };
    draw_timeline(painter, layout, s, curve_of(s, s.from, s.to, width(layout.plot)));
    const auto [first, last] = whole_axis(s);
    draw_timeline_overview(painter, layout.overview, s, curve_of(s, first, last, width(layout.overview)));
    draw_overview_window(painter, layout, s);
    draw_readout(painter, layout, s, s.chosen.event.value_or(s.run->breakdown.peak.event));
  }
  painter.restore();
}

QString Timeline::help() const {
  return tr(
      "<p>How much memory the run held, event by event: every allocation and every free is one step. Along "
      "<b>time</b> it is the host's clock; a virtual device itself takes no time.</p>"
      "<p>The <b>stack</b> adds up to what was allocated, to the byte. Each column of pixels shows its highest "
      "instant, "
      "so no peak is lost however far out you zoom; what came and went within one column is drawn paler. The "
      "<b>line</b> above is what the allocator had reserved of the device.</p>"
      "<p>Zoom with the wheel or <b>+</b> and <b>−</b>, move by dragging or with the arrow keys, zoom to a part with "
      "Shift and drag or with the right button. A double click or <b>0</b> shows all, <b>Backspace</b> goes back, "
      "<b>P</b> goes to the peak. Shift and the arrow keys step from event to event; <b>Return</b> or a click chooses "
      "the instant, and the tensor that was allocated or freed there.</p>"
      "<p>A chosen layer is drawn over the stack, a chosen tensor's lifetime behind a bar. Categories that the filter "
      "leaves out are pale.</p>");
}

}  // namespace headroom::gui
