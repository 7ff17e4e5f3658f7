#include "gui/views/comparison.h"

#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QScrollArea>
#include <QSplitter>
#include <QTabWidget>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "gui/charts/table_picture.h"
#include "gui/views/change_delegate.h"
#include "gui/views/comparison_canvas.h"
#include "gui/views/flow_layout.h"
#include "gui/views/number_marks.h"
#include "gui/views/row_copy.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/diff_words.h"

namespace headroom::gui {
namespace {

constexpr double kPageMargin = 16;
constexpr int kRoomBelow = 12;  // bars
constexpr std::array kOrderNames{Named<RunOrder>{RunOrder::opened, "opened"}, Named<RunOrder>{RunOrder::peak, "peak"},
                                 Named<RunOrder>{RunOrder::name, "name"}};

// Against the baseline's peak; nothing where one of them did not get to its end.
void add_change(ComparisonBar& bar, const ComparedRuns& runs, const ComparedRun& run) {
  if (bar.is_baseline) bar.change = QCoreApplication::translate("ComparisonView", "baseline");
  if (bar.is_baseline || !run.savings.peak_saving_percent) return;
  const Change peak{runs.runs[static_cast<std::size_t>(runs.baseline)].run->breakdown.peak.allocated_bytes, bar.bytes};
  bar.change = peak.any() ? in_language(to_text(signed_percent(peak)))
                          : QCoreApplication::translate("ComparisonView", "the same");
  bar.direction = static_cast<double>(peak.delta());
}

ComparisonBar bar_of(const ComparedRuns& runs, std::size_t index, int current) {
  const ComparedRun& run = runs.runs[index];
  ComparisonBar bar{.label = run.label, .trouble = trouble_of(run)};
  bar.is_baseline = runs.is_baseline(index);
  bar.is_current = run.index == current;
  bar.is_bad = run.state == RunState::failed;
  if (!run.run) return bar;
  const Breakdown& b = run.run->breakdown;
  bar.is_bad = b.outcome.kind != OutcomeKind::ok;
  bar.below = truth_text(b.environment);
  if (run.state == RunState::loading) bar.below = QCoreApplication::translate("ComparisonView", "being read again");
  bar.categories = b.peak.categories;
  bar.bytes = b.peak.allocated_bytes;
  bar.reserved_bytes = b.peak_reserved_bytes;
  add_change(bar, runs, run);
  return bar;
}

}  // namespace

ComparisonView::ComparisonView(Session& session, QWidget* parent)
    : View(session, parent),
      shown_(std::make_shared<ComparedRuns>()),
      order_(new QComboBox),
      remark_(new WrappingLabel),
      canvas_(new ComparisonCanvas),
      tabs_(new QTabWidget) {
  make_controls();
  make_tables();
  connect(canvas_, &ComparisonCanvas::run_chosen, this, [this](int bar) { choose(bar, false); });
  connect(canvas_, &ComparisonCanvas::baseline_chosen, this, [this](int bar) { choose(bar, true); });
  connect(&session, &Session::runs_changed, this, &ComparisonView::refresh);
  connect(&session, &Session::run_changed, this, &ComparisonView::refresh);
  connect(&session, &Session::baseline_changed, this, &ComparisonView::refresh);
  connect(&session, &Session::current_changed, this, [this] { canvas_->set_chart(chart()); });
  refresh();
}

void ComparisonView::make_controls() {
  order_->addItem(tr("in the order they were opened"));
  order_->addItem(tr("smallest peak first"));
  order_->addItem(tr("by name"));
  order_->setAccessibleName(tr("Order of the runs"));
  remark_->setTextFormat(Qt::PlainText);
  connect(order_, &QComboBox::currentIndexChanged, this, &ComparisonView::show_in_order);

  auto* bar = new QWidget;
  auto* controls = new FlowLayout(16);
  bar->setLayout(controls);
  controls->setContentsMargins(0, 0, 0, 0);
  controls->addWidget(labelled(tr("&Runs"), order_));
  controls->addWidget(remark_);

  bars_ = new QScrollArea;
  bars_->setWidget(canvas_);
  bars_->setWidgetResizable(true);
  bars_->setFrameShape(QFrame::NoFrame);
  bars_->setFocusPolicy(Qt::NoFocus);
  auto* splitter = new QSplitter(Qt::Vertical);
  splitter->addWidget(bars_);
  splitter->addWidget(tabs_);
  tabs_->setAccessibleName(tr("Tables of the runs"));
  splitter->setStretchFactor(0, 3);
  splitter->setStretchFactor(1, 2);
  splitter->setChildrenCollapsible(false);
  splitter->setSizes({600, 400});

  auto* layout = new QVBoxLayout(this);
  layout->addWidget(bar);
  layout->addWidget(splitter, 1);
}

void ComparisonView::make_tables() {
  add_table(savings_, tr("Savings"), tr("What each run takes, and saves against the baseline."));
  add_table(layers_, tr("Layers"), tr("Bytes at each run's peak by layer, and the difference to the baseline."));
  add_table(
      paper_, tr("Attention, as in the paper"),
      tr("The memory tables of `headroom reproduce mhe`, as far as these runs say: training figures are of runs that "
         "train, inference of a forward pass. In brackets what is saved against the baseline."));
}

QTableView* ComparisonView::add_table(QAbstractItemModel& model, const QString& title, const QString& about) {
  auto* table = new QTableView;
  table->setModel(&model);
  table->setItemDelegate(new ChangeDelegate(table));
  table->setAccessibleName(title);
  table->setAccessibleDescription(about);
  table->verticalHeader()->hide();
  table->verticalHeader()->setDefaultSectionSize(table->fontMetrics().height() + 10);
  table->horizontalHeader()->setSectionResizeMode(QHeaderView::Interactive);
  table->setSelectionBehavior(QAbstractItemView::SelectRows);
  table->setShowGrid(false);
  table->setAlternatingRowColors(true);
  table->setTabKeyNavigation(false);
  new RowCopy(table);
  const int tab = tabs_->addTab(table, title);
  tabs_->setTabToolTip(tab, about);
  connect(&model, &QAbstractItemModel::modelReset, table, [table] { table->resizeColumnsToContents(); });
  if (&model != &layers_)
    connect(table, &QTableView::activated, this, [this](const QModelIndex& index) { choose(index.row(), false); });
  return table;
}

void ComparisonView::refresh() {
  ComparedRuns runs = runs_of(session());
  if (runs.runs.empty() || !runs.has_baseline()) {
    background_.cancel();
    show_result(compared(std::move(runs)));
    return;
  }
  background_.start([runs = std::move(runs)](const std::atomic<bool>&) { return compared(runs); },
                    [this](ComparedRuns result) { show_result(std::move(result)); });
}

void ComparisonView::show_result(ComparedRuns runs) {
  added_up_ = std::move(runs);
  show_in_order();
  Q_EMIT settled();
}

void ComparisonView::show_in_order() {
  shown_ = std::make_shared<ComparedRuns>(ordered(added_up_, order()));
  const auto count = static_cast<std::int64_t>(shown_->runs.size());
  savings_.set(saving_columns(shown_), count);
  paper_.set(paper_columns(shown_), count);
  layers_.set(layer_columns(shown_), static_cast<std::int64_t>(shown_->layers.size()));
  canvas_->set_chart(chart());
  // Few bars leave their room to the tables.
  const double bars = ComparisonLayout::height_for(shown_->runs.size(), QFontMetricsF(canvas_->font()));
  bars_->setMaximumHeight(shown_->runs.empty() ? QWIDGETSIZE_MAX : static_cast<int>(std::ceil(bars)) + kRoomBelow);
  remark_->setText(remark());
}

ComparisonChart ComparisonView::chart() const {
  ComparisonChart chart{.bars = {}, .capacity_bytes = shown_->capacity_bytes};
  for (std::size_t i = 0; i < shown_->runs.size(); ++i) chart.bars.push_back(bar_of(*shown_, i, session().current()));
  return chart;
}

QString ComparisonView::remark() const {
  if (shown_->runs.empty()) return tr("No run is open: open recordings of the same model with different attention.");
  const auto loaded =
      std::count_if(shown_->runs.begin(), shown_->runs.end(), [](const ComparedRun& r) { return !!r.run; });
  if (loaded < 2) return tr("One run is open: open another to compare it with.");
  if (!shown_->has_baseline())
    return tr("The baseline is not loaded: choose another by the ring in front of its name.");
  if (shown_->differences.empty())
    return tr("The runs differ in their attention alone, or in nothing that was asked for.");
  return tr("The runs differ in more than their attention: %1.").arg(shown_->differences.join(QStringLiteral(", ")));
}

void ComparisonView::choose(int bar, bool as_baseline) {
  if (bar < 0 || bar >= static_cast<int>(shown_->runs.size())) return;
  const std::uint64_t id = shown_->runs[static_cast<std::size_t>(bar)].id;
  const auto& all = session().runs();  // what is shown may be older
  const auto run = std::find_if(all.begin(), all.end(), [&](const SessionRun& r) { return r.id == id; });
  if (run == all.end()) return;
  const int index = static_cast<int>(run - all.begin());
  if (as_baseline)
    session().set_baseline(index);
  else
    session().set_current(index);
}

RunOrder ComparisonView::order() const { return static_cast<RunOrder>(std::max(order_->currentIndex(), 0)); }

Json ComparisonView::state() const {
  return {{"order", to_name(kOrderNames, order())}, {"tab", tabs_->currentIndex()}};
}

void ComparisonView::restore(const Json& state) {
  if (!state.is_object()) return;
  if (const auto order = state.find("order"); order != state.end() && order->is_string())
    for (const auto& [value, name] : kOrderNames)
      if (*order == name) order_->setCurrentIndex(static_cast<int>(value));
  if (const auto tab = state.find("tab"); tab != state.end() && tab->is_number_integer()) {
    const auto index = tab->get<std::int64_t>();
    if (index >= 0 && index < tabs_->count()) tabs_->setCurrentIndex(static_cast<int>(index));
  }
}

QSizeF ComparisonView::page_size(double width) {
  const double bars = ComparisonLayout::height_for(shown_->runs.size(), QFontMetricsF(font()));
  return {width, bars + 4 * kPageMargin + 2 * fontMetrics().height() + table_picture_height(savings_) + kPageMargin +
                     table_picture_height(layers_, {.most_rows = 30})};
}

void ComparisonView::paint_page(QPainter& painter, const QRectF& page) {
  painter.save();
  painter.setFont(font());
  painter.fillRect(page, theme().panel);
  QRectF area = page.adjusted(kPageMargin, kPageMargin, -kPageMargin, -kPageMargin);
  painter.setPen(theme().soft);
  const double text_height = 2.0 * fontMetrics().height();
  painter.drawText(QRectF(area.topLeft(), QSizeF(area.width(), text_height)), Qt::AlignLeft | Qt::TextWordWrap,
                   remark());
  area.setTop(area.top() + text_height);
  const double bars = ComparisonLayout::height_for(shown_->runs.size(), QFontMetricsF(painter.font()));
  draw_comparison(painter, QRectF(area.topLeft(), QSizeF(area.width(), bars)), chart());
  area.setTop(area.top() + bars + kPageMargin);
  paint_table(painter, area, savings_);
  area.setTop(area.top() + table_picture_height(savings_) + kPageMargin);
  SignedRowsModel layers;
  layers.set(layer_columns(shown_, LayerCells::difference), static_cast<std::int64_t>(shown_->layers.size()));
  paint_table(painter, area, layers, {.most_rows = 30});
  painter.restore();
}

QString ComparisonView::help() const {
  return tr(
      "<p>Every run that is open as a bar: what was allocated at its peak, by category, all on one scale. The dashed "
      "outline is what the allocator had reserved at the most; a dashed line marks the end of the device where a run "
      "comes near it.</p>"
      "<p>One run is the <b>baseline</b>: the ring in front of its name is filled. Click another ring, or press B, and "
      "the "
      "others are compared against that run. A click on a bar, or Enter, makes its run the one that all views show.</p>"
      "<p><b>Savings</b> are percent of the baseline's bytes; a negative one costs more. A run that ran out of memory "
      "or "
      "failed is shown as far as it came, and saves nothing. <b>Layers</b> shows the bytes at each run's peak, layers "
      "below included; equal layers in a row are one row. <b>Attention, as in the paper</b> has the memory tables of "
      "<i>headroom reproduce mhe</i>, as far as these recordings say; perplexities need its trainings.</p>");
}

}  // namespace headroom::gui
