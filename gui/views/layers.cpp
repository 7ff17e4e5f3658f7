#include "gui/views/layers.h"

#include <QCheckBox>
#include <QHeaderView>
#include <QMenu>
#include <QScrollBar>
#include <QShortcut>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>
#include <functional>

#include "gui/charts/table_page.h"
#include "gui/items/allocation_rows.h"
#include "gui/items/flat_rows.h"
#include "gui/views/fold_delegate.h"
#include "gui/views/places.h"
#include "gui/views/row_menu.h"
#include "gui/views/segments.h"
#include "gui/views/text.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

constexpr int kOpenedRows = 60;  // a tree of no more rows is shown open
constexpr int kPageRows = 400;

}  // namespace

Layers::Layers(Session& session, QWidget* parent)
    : View(session, parent),
      panel_(new ItemPanel(new QTreeView, tr("Layers"), this)),
      sorted_(new LayerTreeSort(this)),
      figures_(new Segments({tr("At the peak"), tr("Over the run")}, tr("What the table shows"), this)),
      with_children_(new QCheckBox(tr("with layers below"), this)),
      folded_(new QCheckBox(tr("fold equal blocks"), this)) {
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(panel_);
  setFocusProxy(panel_);
  sorted_->setSourceModel(&tree_);
  sorted_->sort(-1);
  panel_->set_model(sorted_);
  view()->setSortingEnabled(true);
  view()->sortByColumn(-1, Qt::AscendingOrder);
  auto* folds = new FoldDelegate(this);
  view()->setItemDelegateForColumn(0, folds);
  connect(folds, &FoldDelegate::link_clicked, this, &Layers::toggle_fold, Qt::QueuedConnection);
  panel_->set_finder(
      [this](const QString& text, const QModelIndex& from, bool forward) { return find(text, from, forward); });
  add_controls();
  connect_all();
  refresh();
}

void Layers::add_controls() {
  with_children_->setChecked(options_.with_children);
  with_children_->setToolTip(
      tr("Each row holds all that is below it. Without, it holds its own bytes alone, so that all "
         "rows add up to the sum."));
  folded_->setChecked(options_.folded);
  folded_->setToolTip(
      tr("Blocks that are built alike are one row, and its numbers are those of all of them. A click on its ×12 shows "
         "each of them."));
  panel_->add_control(with_children_);
  panel_->add_control(folded_);
  panel_->add_control(figures_);
  add_row_menu();
}

void Layers::add_row_menu() {
  auto* rows = new QToolButton(this);
  rows->setText(tr("Rows"));
  rows->setToolTip(tr("Open and close rows"));
  rows->setPopupMode(QToolButton::InstantPopup);
  auto* menu = new QMenu(rows);
  menu->addAction(tr("Expand all"), this, [this] { view()->expandAll(); });
  menu->addAction(tr("Collapse all"), this, [this] {
    view()->collapseAll();
    view()->expandToDepth(0);
  });
  menu->addAction(tr("Fold all equal blocks again"), this, [this] {
    unfolded_.clear();
    folded_->isChecked() ? show_options() : folded_->setChecked(true);
  });
  rows->setMenu(menu);
  panel_->add_control(rows);
  const auto key = [this](const QKeySequence& keys, auto action) {
    auto* shortcut = new QShortcut(keys, panel_->items());
    shortcut->setContext(Qt::WidgetShortcut);
    connect(shortcut, &QShortcut::activated, this, [this, action] {
      if (const QModelIndex index = sorted_->mapToSource(panel_->items()->currentIndex()); index.isValid())
        (this->*action)(index);
    });
  };
  key(Qt::CTRL | Qt::Key_Right, &Layers::unfold_row);
  key(Qt::CTRL | Qt::Key_Left, &Layers::fold_row);
}

void Layers::unfold_row(const QModelIndex& source) {
  if (const QString path = tree_.fold_path(source); !path.isEmpty()) unfold(path);
}

void Layers::fold_row(const QModelIndex& source) {
  if (const QString path = tree_.unfolded_path(source); !path.isEmpty()) fold(path);
}

void Layers::toggle_fold(const QModelIndex& index) {
  const QModelIndex source = sorted_->mapToSource(index);
  tree_.fold_count(source) > 0 ? unfold_row(source) : fold_row(source);
}

void Layers::unfold(const QString& path) {
  unfolded_.insert(path);
  show_folds(path);
}

void Layers::fold(const QString& path) {
  unfolded_.erase(path);
  show_folds(path);
}

QTreeView* Layers::view() const { return static_cast<QTreeView*>(panel_->items()); }

// The rows that were open stay open.
void Layers::show_folds(const QString& opened) {
  std::vector<QString> open;
  const std::function<void(const QModelIndex&)> collect = [&](const QModelIndex& parent) {
    for (int row = 0; row < sorted_->rowCount(parent); ++row) {
      const QModelIndex index = sorted_->index(row, 0, parent);
      if (!view()->isExpanded(index)) continue;
      open.push_back(index.data(kExportRole).toString());
      collect(index);
    }
  };
  collect({});
  const int scrolled = view()->verticalScrollBar()->value();
  options_.unfolded = unfolded_;
  tree_.set(shown_run_, instant_, options_);
  for (const QString& path : open) view()->setExpanded(sorted_->mapFromSource(tree_.index_of(path)), true);
  if (const QModelIndex row = sorted_->mapFromSource(tree_.index_of(opened)); row.isValid()) view()->expand(row);
  view()->verticalScrollBar()->setValue(scrolled);
  show_chosen();
}

QModelIndex Layers::find(const QString& text, const QModelIndex& from, bool forward) const {
  return find_row(*sorted_, from, forward, [&](const QModelIndex& row) {
    return row_has_text(row, text) || tree_.stands_for(sorted_->mapToSource(row), text);
  });
}

void Layers::connect_all() {
  connect(with_children_, &QCheckBox::toggled, this, &Layers::show_options);
  connect(folded_, &QCheckBox::toggled, this, &Layers::show_options);
  connect(figures_, &Segments::changed, this, &Layers::show_options);
  connect(panel_, &ItemPanel::row_chosen, this, &Layers::choose);
  connect(panel_, &ItemPanel::menu_wanted, this, &Layers::add_to_menu);
  connect(&session(), &Session::current_changed, this, &Layers::refresh);
  connect(&selection(), &Selection::filter_changed, this, &Layers::refresh);
  connect(&selection(), &Selection::changed, this, &Layers::selection_changed);
}

void Layers::refresh() {
  const RunHandle run = session().current_loaded();
  if (!run || run != shown_run_) {
    shown_run_.reset();
    instant_.reset();
    tree_.clear();
  }
  event_ = run ? chosen_within(*run, selection().chosen()).event : std::nullopt;
  if (!run || !has_peak(run->breakdown)) {
    background_.cancel();
    panel_->set_caption({});
    panel_->set_sentence(sentence());
    Q_EMIT settled();
    return;
  }
  if (!instant_) panel_->set_sentence(tr("Adding up…"));
  background_.start([run, event = event_, filter = selection().filter()](
                        const std::atomic<bool>&) { return layers_at(*run, event, filter); },
                    [this, run](std::shared_ptr<const LayerInstant> instant) { arrived(run, std::move(instant)); });
}

void Layers::arrived(RunHandle run, std::shared_ptr<const LayerInstant> instant) {
  shown_run_ = std::move(run);
  instant_ = std::move(instant);
  show_options();
  Q_EMIT settled();
}

void Layers::show_options() {
  options_ = {figures_->current() == 0 ? LayerFigures::instant : LayerFigures::run, with_children_->isChecked(),
              folded_->isChecked(), unfolded_};
  if (!instant_) return;
  tree_.set(shown_run_, instant_, options_);
  panel_->set_caption(caption());
  panel_->set_sentence(sentence());
  open_rows();
  show_chosen();
}

void Layers::open_rows() {
  if (tree_.layer_count() <= kOpenedRows)
    view()->expandAll();
  else
    view()->expandToDepth(1);
  const int wanted = panel_->items()->sizeHintForColumn(0) + 12, most = fontMetrics().averageCharWidth() * 60;
  if (view()->columnWidth(0) < wanted) view()->setColumnWidth(0, std::min(wanted, most));
}

void Layers::selection_changed() {
  const RunHandle run = session().current_loaded();
  if (run && chosen_within(*run, selection().chosen()).event != event_) return refresh();
  if (!background_.is_busy()) show_chosen();
}

void Layers::show_chosen() {
  const std::optional<LayerId> layer = selection().chosen().layer;
  panel_->choose_row(layer ? sorted_->mapFromSource(tree_.index_of(*layer)) : QModelIndex());
}

void Layers::choose(const QModelIndex& index) {
  const std::vector<LayerId> layers = tree_.layers_of(sorted_->mapToSource(index));
  if (!layers.empty()) selection().choose_layer(layers.front());
}

void Layers::add_to_menu(QMenu* menu, const QModelIndex& index) {
  const QModelIndex source = sorted_->mapToSource(index);
  const std::vector<LayerId> layers = tree_.layers_of(source);
  if (layers.empty()) return;
  if (const int count = tree_.fold_count(source); count > 0)
    menu->addAction(tr("Show each of the %1").arg(count), QKeySequence(Qt::CTRL | Qt::Key_Right), this,
                    [this, path = tree_.fold_path(source)] { unfold(path); });
  if (const QString path = tree_.unfolded_path(source); !path.isEmpty())
    menu->addAction(tr("Fold equal blocks again"), QKeySequence(Qt::CTRL | Qt::Key_Left), this,
                    [this, path] { fold(path); });
  add_place_actions(*menu, session(), *this, {.layer = layers.front(), .category = tree_.category_of(source.column())});
}

QString Layers::caption() const {
  if (!instant_) return {};
  if (options_.figures == LayerFigures::run)
    return tr(
        "What each layer took, whenever that was. Sums over the layers of a row; where a column says “most”, the "
        "largest of them.");
  const PeakView& view = instant_->view;
  const QString when = event_ ? tr("after event %1, %2").arg(count_text(*event_), moment_of_event(*shown_run_, *event_))
                              : tr("at the peak, %1").arg(place_text(shown_run_->breakdown, view));
  if (instant_->shown_bytes != view.allocated_bytes)
    return tr("Blocks alive %1: the filter shows %2 of %3.")
        .arg(when, size_text(instant_->shown_bytes), size_text(view.allocated_bytes));
  return tr("Blocks alive %1: %2 in all.").arg(when, size_and_exact(view.allocated_bytes));
}

QString Layers::sentence() const {
  const SessionRun* run = session().current_run();
  if (run == nullptr) return tr("No run is open. Open a recording to see its layers.");
  if (!run->loaded)
    return run->state == RunState::failed ? tr("This run could not be read: %1").arg(run->message)
                                          : tr("The run is still being read…");
  if (!has_peak(run->loaded->breakdown)) return tr("This run allocated nothing.");
  if (run->loaded->breakdown.layers.empty()) return tr("This run recorded no layers.");
  if (instant_ && tree_.rowCount() == 1) return tr("The filter shows no layer.");
  return {};
}

QSizeF Layers::page_size(double width) {
  RowsModel rows;
  set_flat(rows, *sorted_, panel_->shown_columns());
  return table_page_size({.title = tr("Layers"), .caption = caption(), .model = &rows, .options = {kPageRows, true}},
                         width);
}

void Layers::paint_page(QPainter& painter, const QRectF& page) {
  RowsModel rows;
  set_flat(rows, *sorted_, panel_->shown_columns());
  const QString text = instant_ && sentence().isEmpty() ? caption() : sentence();
  paint_table_page(painter, page,
                   {.title = tr("Layers"), .caption = text, .model = &rows, .options = {kPageRows, true}});
}

Json Layers::state() const {
  Json unfolded = Json::array();
  for (const QString& path : unfolded_) unfolded.push_back(path.toStdString());
  return {{"unfolded", std::move(unfolded)},
          {"over_the_run", options_.figures == LayerFigures::run},
          {"with_children", options_.with_children},
          {"folded", options_.folded},
          {"sort", panel_->header()->sortIndicatorSection()},
          {"descending", panel_->header()->sortIndicatorOrder() == Qt::DescendingOrder},
          {"columns", panel_->state()}};
}

void Layers::restore(const Json& state) {
  if (!state.is_object()) return;
  const auto flag = [&](const char* key, bool otherwise) {
    const auto found = state.find(key);
    return found != state.end() && found->is_boolean() ? found->get<bool>() : otherwise;
  };
  if (const auto unfolded = state.find("unfolded"); unfolded != state.end() && unfolded->is_array()) {
    unfolded_.clear();
    for (const Json& path : *unfolded)
      if (path.is_string()) unfolded_.insert(to_text(path.get<std::string>()));
    show_options();
  }
  figures_->set_current(flag("over_the_run", options_.figures == LayerFigures::run) ? 1 : 0);
  with_children_->setChecked(flag("with_children", options_.with_children));
  folded_->setChecked(flag("folded", options_.folded));
  const auto sort = state.find("sort");
  if (sort != state.end() && sort->is_number_integer() && sort->get<int>() >= -1 && sort->get<int>() < 64)
    static_cast<QTreeView*>(panel_->items())
        ->sortByColumn(sort->get<int>(), flag("descending", false) ? Qt::DescendingOrder : Qt::AscendingOrder);
  if (state.contains("columns")) panel_->restore(state["columns"]);
}

QString Layers::help() const {
  return tr(
      "<p>Which layer held how much, by category. <b>At the peak</b> (or after the instant chosen in the timeline) "
      "every block that was alive is in one cell, so the <b>sum</b> is what was allocated then, to the byte. The "
      "stronger the colour, the larger the share.</p>"
      "<p><b>With layers below</b> a row holds everything below it; without, its own bytes alone. <b>Fold equal "
      "blocks</b> shows blocks that are built alike as one row: ×12 stands for twelve of them, and a click on it (or "
      "Ctrl+Right) shows each; <i>fold again</i> (Ctrl+Left) puts them together. <b>Rows</b> opens and closes all.</p>"
      "<p><b>Over the run</b> shows what each layer took whenever that was: its parameters, gradients and optimizer "
      "state, what its forward <b>kept for backward</b> in the last step, the most of its <b>temporaries</b> at once, "
      "and the most that was in use on the whole <b>device</b> while it ran.</p>"
      "<p>Workspace stands at the layer that first needed it; all later layers use it, too.</p>");
}

}  // namespace headroom::gui
