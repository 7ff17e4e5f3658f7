#include "gui/views/treemap.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "gui/items/block_words.h"
#include "gui/items/emphasis.h"
#include "gui/views/emptiness.h"
#include "gui/views/flow_layout.h"
#include "gui/views/places.h"
#include "gui/views/text.h"
#include "gui/views/treemap_canvas.h"
#include "gui/window/theme.h"
#include "reports/folding.h"
#include "reports/summary.h"

namespace headroom::gui {
namespace {

LayerRows folded_rows(const std::vector<Layer>& layers) {
  LayerRows rows;
  rows.row_of.resize(layers.size());
  for (const FoldedLayer& folded : fold_layers(layers)) {
    for (const LayerId layer : folded.members) rows.row_of[static_cast<std::size_t>(layer)] = rows.names.size();
    rows.names.push_back(folded.name);
    rows.parents.push_back(folded.parent);
  }
  return rows;
}

std::vector<std::optional<LayerId>> layers_by_row(const LayerRows& rows) {
  std::vector<std::optional<LayerId>> layers(rows.names.size());
  std::vector<int> counts(rows.names.size());
  for (std::size_t i = 0; i < rows.row_of.size(); ++i) {
    layers[rows.row_of[i]] = static_cast<LayerId>(i);
    ++counts[rows.row_of[i]];
  }
  for (std::size_t row = 0; row < layers.size(); ++row)
    if (counts[row] > 1) layers[row].reset();
  return layers;
}

std::shared_ptr<const TreemapOfRun> grow(const RunHandle& run, std::optional<std::int64_t> event, TreemapOrder order,
                                         bool fold) {
  const Breakdown& b = run->breakdown;
  auto of = std::make_shared<TreemapOfRun>();
  of->run = run;
  of->event =
      std::min<std::int64_t>(event.value_or(b.peak.event), static_cast<std::int64_t>(run->recording.events.size()) - 1);
  const LayerRows rows = fold ? folded_rows(b.layers) : rows_of(b.layers);
  of->tree = make_treemap(b.allocations, event ? live_after(b.allocations, of->event) : b.peak.live, rows, order);
  of->layer_of_row = layers_by_row(rows);
  return of;
}

}  // namespace

TreemapView::TreemapView(Session& session, QWidget* parent)
    : View(session, parent),
      canvas_(new TreemapCanvas(this)),
      order_(new QComboBox),
      fold_(new QCheckBox(tr("&Fold identical layers"))),
      where_(new QLabel),
      crumbs_(new QWidget),
      crumb_row_(new FlowLayout(2)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(make_bar());
  column->addWidget(crumbs_);
  column->addWidget(canvas_, 1);
  crumb_row_->setContentsMargins(8, 0, 12, 4);
  crumbs_->setLayout(crumb_row_);
  connect(&session, &Session::current_changed, this, &TreemapView::show_current);
  connect(&session, &Session::run_changed, this, [this] {
    if (!run_) show_current();
  });
  connect(&selection(), &Selection::changed, this, &TreemapView::follow_selection);
  connect(&selection(), &Selection::filter_changed, this, &TreemapView::follow_selection);
  connect(canvas_, &TreemapCanvas::root_wanted, this, &TreemapView::look_at);
  connect(canvas_, &TreemapCanvas::node_chosen, this, &TreemapView::choose);
  connect(canvas_, &TreemapCanvas::nothing_chosen, this,
          [this] { selection().choose({.event = selection().chosen().event}); });
  connect(order_, &QComboBox::currentIndexChanged, this, &TreemapView::refresh);
  connect(fold_, &QCheckBox::toggled, this, &TreemapView::refresh);
  show_current();
}

QWidget* TreemapView::make_bar() {
  auto* bar = new QWidget(this);
  auto* row = new FlowLayout;
  bar->setLayout(row);
  row->setContentsMargins(12, 8, 12, 6);
  order_->addItem(tr("Category, layer, tensor"));
  order_->addItem(tr("Layer, category, tensor"));
  order_->setAccessibleName(tr("Order"));
  fold_->setChecked(true);
  fold_->setToolTip(tr("Blocks of the model that are alike are one: encoder.layer.0–11."));
  where_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  row->addWidget(labelled(tr("&Order"), order_));
  row->addWidget(fold_);
  row->add_stretch();
  row->addWidget(where_);
  return bar;
}

TreemapOrder TreemapView::order_chosen() const {
  return order_->currentIndex() == 1 ? TreemapOrder::layer_first : TreemapOrder::category_first;
}

void TreemapView::show_current() {
  const QString sentence = why_nothing(session());
  if (of_) wanted_ = names_of_root();  // the same part of another run
  run_ = sentence.isEmpty() ? session().current_loaded() : nullptr;
  of_.reset();
  work_.cancel();
  where_->clear();
  canvas_->say(run_ ? tr("The map is being drawn.") : sentence);
  show_crumbs();
  refresh();
}

void TreemapView::refresh() {
  if (of_) wanted_ = names_of_root();
  if (!run_ || !isVisible()) return of_.reset();
  event_ = selection().chosen().event;
  work_.start([run = run_, event = event_, order = order_chosen(),
               fold = fold_->isChecked()](const std::atomic<bool>&) { return grow(run, event, order, fold); },
              [this](std::shared_ptr<const TreemapOfRun> of) { take(std::move(of)); });
}

std::shared_ptr<const TreemapOfRun> TreemapView::make_now() {
  return of_ ? of_ : grow(run_, selection().chosen().event, order_chosen(), fold_->isChecked());
}

void TreemapView::take(std::shared_ptr<const TreemapOfRun> of) {
  of_ = std::move(of);
  where_->setText(where());
  look_at(node_at(std::exchange(wanted_, {})));
  Q_EMIT settled();
}

void TreemapView::follow_selection() {
  if (!run_) return;
  if (event_ != selection().chosen().event || !of_) return refresh();
  canvas_->light(lit_nodes(*of_));
  canvas_->put_cursor_on(selection().chosen().allocation);
  describe();
}

// A node is lit where anything in it is.
std::vector<bool> TreemapView::lit_nodes(const TreemapOfRun& of) {
  if (!dims_any(selection().chosen(), selection().filter())) return {};
  const Emphasis emphasis(of.run->breakdown, selection().chosen(), selection().filter());
  std::vector<bool> lit(of.tree.nodes.size());
  for (std::size_t i = of.tree.nodes.size(); i-- > 0;) {
    const TreemapNode& node = of.tree.nodes[i];
    if (node.kind == TreemapKind::tensor) lit[i] = emphasis.is_lit(node.allocation);
    if (lit[i]) lit[node.parent] = true;
  }
  return lit;
}

void TreemapView::look_at(std::uint32_t node) {
  if (!of_ || node >= of_->tree.nodes.size()) return;
  canvas_->show_tree(of_, lit_nodes(*of_), node);
  if (selection().chosen().allocation) canvas_->put_cursor_on(selection().chosen().allocation);
  show_crumbs();
  describe();
}

void TreemapView::choose(std::uint32_t index) {
  if (!of_) return;
  const TreemapNode& node = of_->tree.nodes[index];
  Q_EMIT message(tr("%1: %2").arg(node_path(*of_, index), size_and_exact(node.bytes)));
  if (node.kind == TreemapKind::tensor) selection().choose_allocation(node.allocation);
  if (node.kind == TreemapKind::layer && of_->layer_of_row[node.layer_row])
    selection().choose_layer(*of_->layer_of_row[node.layer_row]);
  if (node.kind == TreemapKind::category && node.parent == 0) selection().choose_category(node.category);
}

void TreemapView::show_crumbs() {
  while (QLayoutItem* item = crumb_row_->takeAt(0)) {
    if (item->widget() != nullptr) item->widget()->deleteLater();
    delete item;
  }
  crumbs_->setVisible(of_ != nullptr);
  if (!of_) return;
  std::vector<std::uint32_t> path{canvas_->root()};
  while (path.back() != 0) path.push_back(of_->tree.nodes[path.back()].parent);
  std::reverse(path.begin(), path.end());
  for (const std::uint32_t node : path) {
    if (node != 0) crumb_row_->addWidget(new QLabel(QStringLiteral("›")));
    const QString text = QStringLiteral("%1  %2").arg(node_name(*of_, node), size_text(of_->tree.nodes[node].bytes));
    if (node == canvas_->root()) {
      auto* here = new QLabel(QStringLiteral(" %1").arg(text));
      here->setToolTip(exact_text(of_->tree.nodes[node].bytes));
      crumb_row_->addWidget(here);
      continue;
    }
    auto* button = new QToolButton;
    button->setAutoRaise(true);
    button->setText(text);
    button->setToolTip(exact_text(of_->tree.nodes[node].bytes));
    connect(button, &QToolButton::clicked, this, [this, node] { look_at(node); });
    crumb_row_->addWidget(button);
  }
}

QString TreemapView::where() const {
  const Breakdown& run = of_->run->breakdown;
  const QString bytes = size_text(of_->tree.nodes[0].bytes);
  if (of_->event == run.peak.event) return tr("%1 live at the peak, in %2").arg(bytes, place_text(run, run.peak));
  const auto event = static_cast<std::size_t>(of_->event);
  const Events& events = of_->run->recording.events;
  if (of_->event < 0) return bytes;
  return tr("%1 live after event %2, in %3")
      .arg(bytes, count_text(of_->event), moment_text(events.phase[event], events.step[event]));
}

void TreemapView::describe() {
  QString text =
      QStringLiteral("%1. %2: %3.")
          .arg(where(), node_path(*of_, canvas_->root()), size_and_exact(of_->tree.nodes[canvas_->root()].bytes));
  for (const std::uint32_t child : of_->tree.nodes[canvas_->root()].children) {
    if (text.size() > 400) break;
    text += QStringLiteral(" %1 %2.").arg(node_name(*of_, child), size_text(of_->tree.nodes[child].bytes));
  }
  canvas_->setAccessibleDescription(text);
}

void TreemapView::paint_page(QPainter& painter, const QRectF& page) {
  painter.fillRect(page, theme().panel);
  if (!run_) return paint_sentence(painter, page, why_nothing(session()));
  const auto of = make_now();
  TreemapScene scene{.of = of, .lit = lit_nodes(*of)};
  const QFontMetricsF metrics(painter.font());
  const double title = metrics.height() + 8;
  const Box box{page.left() + 8, page.top() + title, std::max(1.0, page.width() - 16),
                std::max(1.0, page.height() - title - 8)};
  const std::uint32_t root = of_ ? canvas_->root() : 0;
  scene.cells = lay_out(of->tree, root, box, treemap_style(metrics));
  painter.setPen(theme().ink);
  const bool is_peak = of->event == run_->breakdown.peak.event;
  const QString text = is_peak ? tr("%1: %2 at the peak") : tr("%1: %2 at the chosen instant");
  painter.drawText(QRectF(box.left, page.top(), box.width, title), Qt::AlignLeft | Qt::AlignVCenter,
                   text.arg(node_path(*of, root), size_and_exact(of->tree.nodes[root].bytes)));
  paint_treemap(painter, scene);
}

QAbstractItemModel* TreemapView::table() {
  if (!run_) {
    table_.clear();
    return &table_;
  }
  const auto of = make_now();
  const auto node = [of](std::int64_t row) -> const TreemapNode& {
    return of->tree.nodes[static_cast<std::size_t>(row)];
  };
  table_.set(
      {text_column(tr("path"), tr("From the largest part to the tensor."),
                   [of](std::int64_t row) { return node_path(*of, static_cast<std::uint32_t>(row)); }),
       text_column(tr("kind"), tr("Category, layer or tensor."),
                   [node](std::int64_t row) {
                     static const std::array kinds{QT_TR_NOOP("all"), QT_TR_NOOP("category"), QT_TR_NOOP("layer"),
                                                   QT_TR_NOOP("tensor")};
                     return tr(kinds[static_cast<std::size_t>(node(row).kind)]);
                   }),
       bytes_column(tr("bytes"), tr("Of its live blocks."), [node](std::int64_t row) { return node(row).bytes; }),
       count_column(tr("blocks"), tr("How many are live."), [node](std::int64_t row) { return node(row).block_count; }),
       count_column(tr("depth"), tr("0 is all that is live."),
                    [node](std::int64_t row) { return std::int64_t{node(row).depth}; })},
      static_cast<std::int64_t>(of->tree.nodes.size()));
  return &table_;
}

QStringList TreemapView::names_of_root() const {
  QStringList names;
  for (std::uint32_t at = canvas_->root(); at != 0; at = of_->tree.nodes[at].parent) names.prepend(node_name(*of_, at));
  return names;
}

// As far as there are such names.
std::uint32_t TreemapView::node_at(const QStringList& names) const {
  std::uint32_t at = 0;
  for (const QString& name : names) {
    const auto& children = of_->tree.nodes[at].children;
    const auto found = std::find_if(children.begin(), children.end(), [&](std::uint32_t child) {
      return !of_->tree.nodes[child].children.empty() && node_name(*of_, child) == name;
    });
    if (found == children.end()) break;
    at = *found;
  }
  return at;
}

Json TreemapView::state() const {
  Json root = Json::array();
  for (const QString& name : of_ ? names_of_root() : wanted_) root.push_back(name.toStdString());
  return {{"order", order_chosen() == TreemapOrder::layer_first ? "layer_first" : "category_first"},
          {"fold", fold_->isChecked()},
          {"root", root}};
}

void TreemapView::restore(const Json& state) {
  if (!state.is_object()) return;
  const auto order = state.find("order"), fold = state.find("fold"), root = state.find("root");
  QStringList names;
  if (root != state.end() && root->is_array())
    for (const Json& name : *root)
      if (name.is_string()) names << to_text(name.get_ref<const std::string&>());
  if (order != state.end()) order_->setCurrentIndex(*order == "layer_first" ? 1 : 0);
  if (fold != state.end() && fold->is_boolean()) fold_->setChecked(fold->get<bool>());
  if (of_ && !work_.is_busy()) return look_at(node_at(names));
  wanted_ = names;
}

bool TreemapView::zoom_to_fit() {
  if (!of_ || canvas_->root() == 0) return false;
  look_at(0);
  return true;
}

bool TreemapView::undo_zoom() {
  if (!of_ || canvas_->root() == 0) return false;
  look_at(of_->tree.nodes[canvas_->root()].parent);
  return true;
}

void TreemapView::showEvent(QShowEvent*) {
  if (!of_) refresh();
}

void TreemapView::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange) canvas_->redraw();
  View::changeEvent(event);
}

QString TreemapView::help() const {
  return tr(
      "<p>What is live at the peak, or at the instant that is chosen, as areas: twice the area is twice the bytes "
      "among the parts of one rectangle. Parts too small to be seen are one paler area that says how many they are; "
      "nothing is left out.</p>"
      "<p><b>Order</b>: category first shows what memory is for, then where it is; layer first shows which part of "
      "the model holds it. <b>Fold identical layers</b> makes one area of blocks of the model that are alike.</p>"
      "<p>Click: choose a tensor, layer or category, here and in every other view. Double-click or Enter: go into it. "
      "Backspace, Esc or the path above: out of it. Arrow keys: the next part beside it.</p>");
}

}  // namespace headroom::gui
