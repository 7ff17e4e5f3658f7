#include "gui/views/memory_map.h"

#include <QComboBox>
#include <QEvent>
#include <QLabel>
#include <QVBoxLayout>
#include <algorithm>
#include <numeric>

#include "gui/charts/memory_map_details.h"
#include "gui/items/block_words.h"
#include "gui/items/emphasis.h"
#include "gui/views/emptiness.h"
#include "gui/views/flow_layout.h"
#include "gui/views/map_canvas.h"
#include "gui/views/places.h"
#include "gui/views/text.h"
#include "gui/window/theme_for_thread.h"
#include "reports/folding.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

constexpr std::size_t kMostColours = 30000, kLayersInLegend = 8;

const std::atomic<bool> kGoOn{false};

QColor dimmed(const QColor& colour) { return mixed(colour, theme().panel, theme().dark ? 0.78 : 0.82); }

std::vector<std::size_t> layer_colours(const Breakdown& run, MapGroups& groups) {
  std::vector<std::size_t> colour_of(run.layers.size());
  const std::vector<FoldedLayer> rows = fold_layers(run.layers);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    groups.layer_names.push_back(rows[row].path);
    for (const LayerId layer : rows[row].members) colour_of[static_cast<std::size_t>(layer)] = row % kMostColours;
  }
  return colour_of;
}

double number_in(const Json& state, const char* key, double otherwise) {
  const auto found = state.find(key);
  return found != state.end() && found->is_number() ? found->get<double>() : otherwise;
}

// Categories in their order; of layers those that have most at the peak.
std::vector<LegendEntry> legend_of(const MapGroups& groups, const std::vector<QColor>& colours) {
  const bool by_layer = !groups.layer_names.empty();
  std::vector<std::size_t> used;
  for (std::size_t c = 0; c < groups.is_used.size(); ++c)
    if (groups.is_used[c]) used.push_back(c);
  const auto has_more = [&](std::size_t a, std::size_t b) { return groups.bytes_at_peak[a] > groups.bytes_at_peak[b]; };
  if (by_layer) std::stable_sort(used.begin(), used.end(), has_more);
  const std::size_t shown = by_layer ? std::min(used.size(), kLayersInLegend) : used.size();
  std::vector<LegendEntry> legend;
  for (std::size_t i = 0; i < shown; ++i)
    legend.push_back({colours[2 * used[i]],
                      by_layer ? to_text(groups.layer_names[used[i]]) : title_of(static_cast<Category>(used[i]))});
  if (const int more = static_cast<int>(used.size() - shown); more > 0)
    legend.push_back({theme().panel, MemoryMapView::tr("and %1 more layers").arg(count_text(more))});
  return legend;
}

using Rows = std::vector<std::int64_t>;  // allocations

std::vector<Column> block_columns(const std::shared_ptr<const MapOfRun>& of, std::shared_ptr<const Rows> rows) {
  const auto tr = [](const char* text) { return MemoryMapView::tr(text); };
  const auto block = [of, rows](std::int64_t row) -> const Allocation& {
    return of->run->breakdown.allocations[static_cast<std::size_t>((*rows)[static_cast<std::size_t>(row)])];
  };
  const auto words = [of, block](auto function) {
    return [of, block, function](std::int64_t row) { return function(of->run->breakdown, block(row)); };
  };
  const auto layer = [](const Breakdown& run, const Allocation& a) { return to_text(layer_path(run, a.layer)); };
  const auto op = [](const Breakdown& run, const Allocation& a) { return to_text(text_of(run, a.op)); };
  const auto end = [of, block](std::int64_t row) { return of->map.end_of(block(row)); };
  return {
      text_column(tr("tensor"), tr("Shape and type, or the operator of scratch."), words(block_name)),
      text_column(tr("layer"), tr("In which it was allocated."), words(layer)),
      text_column(tr("category"), tr("What it is for."), [=](auto row) { return title_of(block(row).category); }),
      text_column(tr("operator"), tr("That allocated it."), words(op)),
      bytes_column(tr("block"), tr("What the allocator gave."), [=](auto row) { return block(row).block_bytes; }),
      bytes_column(tr("requested"), tr("What was asked for."), [=](auto row) { return block(row).requested_bytes; }),
      text_column(tr("address"), tr("Where it lies."), [=](auto row) { return address_text(block(row).address); }),
      text_column(tr("lifetime"), tr("From where to where it lives."), words(lifetime_text)),
      count_column(tr("first event"), tr("The event that allocated it."), [=](auto row) { return block(row).begin; }),
      count_column(tr("last event"), tr("The event that freed it, or how many there are."), end)};
}

bool says(const Json& state, const char* key, const char* value) {
  const auto found = state.find(key);
  return found != state.end() && found->is_string() && found->get_ref<const std::string&>() == value;
}

}  // namespace

MapGroups map_groups(const Breakdown& run, MapColour by, const Chosen& chosen, const Filter& filter) {
  MapGroups groups;
  std::vector<std::size_t> of_layer;
  if (by == MapColour::layer) of_layer = layer_colours(run, groups);
  const std::size_t count = std::max(kCategoryCount, std::min(kMostColours, groups.layer_names.size()));
  groups.bytes_at_peak.resize(count);
  groups.is_used.resize(count);
  const auto colour_of = [&](const Allocation& a) {
    return by == MapColour::layer ? of_layer[static_cast<std::size_t>(a.layer)] : static_cast<std::size_t>(a.category);
  };
  const Emphasis emphasis(run, chosen, filter);
  groups.of.reserve(run.allocations.size());
  for (std::size_t i = 0; i < run.allocations.size(); ++i) {
    const std::size_t colour = colour_of(run.allocations[i]);
    groups.is_used[colour] = true;
    groups.of.push_back(
        static_cast<std::uint16_t>(2 * colour + (emphasis.is_lit(static_cast<std::int64_t>(i)) ? 0 : 1)));
  }
  for (const std::int64_t i : run.peak.live) {
    const Allocation& a = run.allocations[static_cast<std::size_t>(i)];
    groups.bytes_at_peak[colour_of(a)] += a.block_bytes;
  }
  return groups;
}

MemoryMapView::MemoryMapView(Session& session, QWidget* parent)
    : View(session, parent),
      canvas_(new MapCanvas(this)),
      layout_(new QComboBox),
      colour_(new QComboBox),
      axis_(new QComboBox) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(make_bar());
  column->addWidget(canvas_, 1);
  connect_canvas();
  connect(&session, &Session::current_changed, this, &MemoryMapView::show_current);
  connect(&session, &Session::run_changed, this, [this] {
    if (!run_) show_current();
  });
  connect(&selection(), &Selection::changed, this, &MemoryMapView::regroup);
  connect(&selection(), &Selection::filter_changed, this, &MemoryMapView::regroup);
  connect(layout_, &QComboBox::currentIndexChanged, this, &MemoryMapView::start_over);
  connect(axis_, &QComboBox::currentIndexChanged, this, [this] {
    mark(canvas_->scene());
    canvas_->update();
  });
  connect(colour_, &QComboBox::currentIndexChanged, this, &MemoryMapView::regroup);
  show_current();
}

QWidget* MemoryMapView::make_bar() {
  auto* bar = new QWidget(this);
  auto* row = new FlowLayout;
  bar->setLayout(row);
  row->setContentsMargins(12, 8, 12, 8);
  layout_->addItem(tr("Packed by lifetime"));
  layout_->addItem(tr("By address"));
  layout_->setItemData(0, tr("Every live block on those allocated before it: the top is what is allocated."),
                       Qt::ToolTipRole);
  layout_->setItemData(1, tr("Every block where its address is, within the segments that were reserved."),
                       Qt::ToolTipRole);
  colour_->addItem(tr("Category"));
  colour_->addItem(tr("Layer"));
  row->addWidget(labelled(tr("&Layout"), layout_));
  row->addWidget(labelled(tr("&Colour"), colour_));
  axis_->addItem(tr("Events"));
  axis_->addItem(tr("Time"));
  row->addWidget(labelled(tr("A&xis"), axis_));
  return bar;
}

void MemoryMapView::connect_canvas() {
  connect(canvas_, &MapCanvas::window_changed, this, &MemoryMapView::refresh);
  connect(canvas_, &MapCanvas::block_chosen, this, [this](qlonglong block) { selection().choose_allocation(block); });
  connect(canvas_, &MapCanvas::nothing_chosen, this,
          [this] { selection().choose({.event = selection().chosen().event}); });
  connect(canvas_, &MapCanvas::instant_chosen, this, [this](qlonglong event) { selection().choose_event(event); });
}

MapLayout MemoryMapView::layout_chosen() const {
  return layout_->currentIndex() == 1 ? MapLayout::address : MapLayout::packed;
}

MapColour MemoryMapView::colour_chosen() const {
  return colour_->currentIndex() == 1 ? MapColour::layer : MapColour::category;
}

void MemoryMapView::show_current() {
  const QString sentence = why_nothing(session());
  run_ = sentence.isEmpty() ? session().current_loaded() : nullptr;
  of_.reset();
  groups_.reset();
  work_.cancel();
  const bool timed = run_ && has_times(run_->recording);
  axis_->setEnabled(timed);
  axis_->setToolTip(timed || !run_
                        ? tr("Each event takes the same room; below stands which it is, or when it was on the "
                             "host's clock.")
                        : tr("The events of this run were not timed."));
  canvas_->say(run_ ? tr("The map is being drawn.") : sentence);
  refresh();
}

void MemoryMapView::start_over() {
  if (of_) canvas_->begin(of_, layout_chosen(), true);
  refresh();
}

void MemoryMapView::regroup() {
  groups_.reset();
  mark(canvas_->scene());
  canvas_->update();
  refresh();
}

void MemoryMapView::refresh() {
  if (!run_ || !isVisible()) return;
  const auto work = [run = run_, of = of_, groups = groups_, layout = layout_chosen(), by = colour_chosen(),
                     window = canvas_->window(), chosen = selection().chosen(), filter = selection().filter(),
                     theme = gui::theme(), font = canvas_->font(),
                     ratio = canvas_->devicePixelRatioF()](const std::atomic<bool>& cancelled) {
    const ThemeForThread colours(theme);
    Found found{of, groups, {.layout = layout, .window = window}, {}};
    if (!found.of) found.of = std::make_shared<MapOfRun>(run);
    if (!found.groups) found.groups = std::make_shared<MapGroups>(map_groups(run->breakdown, by, chosen, filter));
    MapWindow seen = window;
    if (!of) seen = found.of->map.whole(layout, window.columns, window.rows);
    if (!cancelled) found.picture = found.of->map.picture(layout, seen, found.groups->of, cancelled);
    if (!cancelled) paint(found, chosen, filter, font, ratio);
    return found;
  };
  work_.start(work, [this](Found found) { take(std::move(found)); });
}

// In the background: tens of thousands of shapes take longer than a frame.
void MemoryMapView::paint(Found& found, const Chosen& chosen, const Filter& filter, const QFont& font, double ratio) {
  if (found.picture.window.columns <= 1) return;
  MapScene scene;
  scene.of = found.of;
  colour(scene, *found.groups, dims_any(chosen, filter));
  scene.picture = std::move(found.picture);
  scene.window = scene.picture.window;
  const QSizeF size(scene.window.columns / ratio, scene.window.rows / ratio);
  found.shapes = map_shapes_image(size, ratio, font, scene);
  found.picture = std::move(scene.picture);
}

void MemoryMapView::take(Found found) {
  const bool is_new = !of_;
  of_ = std::move(found.of);
  groups_ = std::move(found.groups);
  if (is_new) canvas_->begin(of_, layout_chosen(), false);
  colour(canvas_->scene(), *groups_, dims_any(selection().chosen(), selection().filter()));
  mark(canvas_->scene());
  canvas_->show_picture(std::move(found.picture), std::move(found.shapes));
  describe();
  if (wanted_) canvas_->look_at(*std::exchange(wanted_, {}), false);
  // The legend has taken its place, so the plot may be of another size than was asked for.
  const MapWindow drawn = canvas_->scene().picture.window, now = canvas_->window();
  if (is_new && !work_.is_busy() && (drawn.columns != now.columns || drawn.rows != now.rows)) return refresh();
  if (!work_.is_busy()) Q_EMIT settled();
}

void MemoryMapView::colour(MapScene& scene, const MapGroups& groups, bool dims) {
  const bool by_layer = !groups.layer_names.empty();
  scene.colours.clear();
  const QColor mixed = theme().dark ? theme().line.lighter(150) : theme().line.darker(108);
  scene.mixed = dims ? dimmed(mixed) : mixed;
  for (std::size_t c = 0; c < groups.is_used.size(); ++c) {
    scene.colours.push_back(by_layer ? theme().numbered(c) : theme().categories[c]);
    scene.colours.push_back(dimmed(scene.colours.back()));
  }
  scene.legend = legend_of(groups, scene.colours);
  scene.legend.push_back({mixed, tr("several smaller ones")});
}

void MemoryMapView::mark(MapScene& scene) {
  if (!run_) return;
  const Chosen& chosen = selection().chosen();
  const auto last = static_cast<std::int64_t>(run_->recording.events.size()) - 1;
  scene.chosen = chosen.allocation;
  scene.by_time = axis_->currentIndex() == 1 && has_times(run_->recording);
  scene.instant = std::clamp<std::int64_t>(chosen.event.value_or(run_->breakdown.peak.event), -1, last);
  scene.instant_is_peak = scene.instant == run_->breakdown.peak.event;
}

void MemoryMapView::describe() {
  const Breakdown& run = run_->breakdown;
  QString text = tr("%1, %2. At most %3 are allocated, in %4.")
                     .arg(session().current_run()->label, layout_->currentText(),
                          size_and_exact(run.peak.allocated_bytes), place_text(run, run.peak));
  const auto chosen = selection().chosen().allocation;
  if (chosen && *chosen >= 0 && *chosen < static_cast<std::int64_t>(run.allocations.size()))
    text += ' ' + tr("Chosen: %1.").arg(block_sentence(run, run.allocations[static_cast<std::size_t>(*chosen)]));
  canvas_->setAccessibleDescription(text);
}

void MemoryMapView::paint_page(QPainter& painter, const QRectF& page) {
  painter.fillRect(page, theme().panel);
  if (!run_) return paint_sentence(painter, page, why_nothing(session()));
  const auto of = of_ ? of_ : std::make_shared<const MapOfRun>(run_);
  const MapGroups groups = map_groups(run_->breakdown, colour_chosen(), selection().chosen(), selection().filter());
  MapScene scene;
  scene.of = of;
  colour(scene, groups, dims_any(selection().chosen(), selection().filter()));
  mark(scene);
  const QRectF area = page.adjusted(8, 8, -8, -8);
  const MapWindow whole = of->map.whole(layout_chosen(), 1, 1);
  scene.window = of_ ? canvas_->window() : wanted_.value_or(whole);
  const QRectF plot = map_plot(painter, area, scene);
  scene.window.columns = std::max(1, static_cast<int>(plot.width()));
  scene.window.rows = std::max(1, static_cast<int>(plot.height()));
  scene.picture = of->map.picture(layout_chosen(), scene.window, groups.of, kGoOn);
  paint_map_shapes(painter, plot, scene);
  paint_map_frame(painter, area, plot, scene);
  paint_map_overlay(painter, plot, scene);
}

QAbstractItemModel* MemoryMapView::table() {
  if (!run_) {
    table_.clear();
    return &table_;
  }
  if (!of_) {
    of_ = std::make_shared<const MapOfRun>(run_);
    canvas_->begin(of_, layout_chosen(), false);
  }
  const Emphasis emphasis(run_->breakdown, {}, selection().filter());
  auto rows = std::make_shared<Rows>(of_->map.visible(layout_chosen(), canvas_->window(), kGoOn));
  std::erase_if(*rows, [&](std::int64_t block) { return !emphasis.is_shown(block); });
  const auto count = static_cast<std::int64_t>(rows->size());
  table_.set(block_columns(of_, std::move(rows)), count);
  return &table_;
}

Json MemoryMapView::state() const {
  Json state = {{"layout", layout_chosen() == MapLayout::packed ? "packed" : "address"},
                {"colour", colour_chosen() == MapColour::layer ? "layer" : "category"},
                {"axis", axis_->currentIndex() == 1 ? "time" : "events"}};
  if (!of_ && !wanted_) return state;
  const MapWindow window = wanted_ ? *wanted_ : canvas_->window();
  state["from_event"] = window.from_event;
  state["to_event"] = window.to_event;
  state["from_bytes"] = window.from_bytes;
  state["to_bytes"] = window.to_bytes;
  return state;
}

void MemoryMapView::restore(const Json& state) {
  if (!state.is_object()) return;
  layout_->setCurrentIndex(says(state, "layout", "address") ? 1 : 0);
  colour_->setCurrentIndex(says(state, "colour", "layer") ? 1 : 0);
  axis_->setCurrentIndex(says(state, "axis", "time") ? 1 : 0);
  const MapWindow window{number_in(state, "from_event", 0), number_in(state, "to_event", 0),
                         number_in(state, "from_bytes", 0), number_in(state, "to_bytes", 0)};
  if (!(window.to_event > window.from_event) || !(window.to_bytes > window.from_bytes)) return;
  if (of_)
    canvas_->look_at(window, false);
  else
    wanted_ = window;
}

bool MemoryMapView::zoom_by(double factor) { return canvas_->zoom_by(factor); }
bool MemoryMapView::zoom_to_fit() { return canvas_->fit(); }
bool MemoryMapView::undo_zoom() { return canvas_->undo(); }

void MemoryMapView::showEvent(QShowEvent*) { refresh(); }

void MemoryMapView::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange && run_ && groups_) {
    colour(canvas_->scene(), *groups_, dims_any(selection().chosen(), selection().filter()));
    refresh();
  }
  View::changeEvent(event);
}

QString MemoryMapView::help() const {
  return tr(
      "<p>Every block that the run allocated, from the event that allocated it (left) to the event that freed it "
      "(right). An event is one allocation or one free, so a busy moment takes more room than a quiet one.</p>"
      "<p><b>Packed by lifetime</b> stacks the live blocks in the order in which they were allocated. When one is "
      "freed, those above it come down. The top is what is allocated, to the byte. Blocks lower than a pixel are "
      "drawn together, in grey where they are of several kinds; where there are more events than pixels, a column "
      "shows its fullest event.</p>"
      "<p><b>By address</b> shows where each block lies. Bands are the segments that PyTorch's allocator reserved; "
      "what is hatched in a band is reserved but free. Addresses that were never reserved are left out; a thin gap "
      "says "
      "where. On the CPU there are no segments.</p>"
      "<p><b>Axis</b>: which event it is, or when it was on the host's clock. Each event takes the same room either "
      "way."
      "</p>"
      "<p>The upright line is the chosen instant, or the peak. What is chosen anywhere keeps its colour, the rest and "
      "what the filter hides is dimmed. The bar along the top is the lifetime of the chosen block.</p>"
      "<p>Wheel: zoom at the pointer (Ctrl: events only, Shift: bytes only). Drag or arrow keys: move. + and −: zoom. "
      "0 or double-click: all of it. Backspace: back. Click: choose a block. Shift-click, or Ctrl with Left and "
      "Right: choose an instant. N and P: next and previous block. Esc: choose nothing.</p>");
}

}  // namespace headroom::gui
