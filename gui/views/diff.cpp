#include "gui/views/diff.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSplitter>
#include <QTableView>
#include <QTreeView>
#include <QVBoxLayout>
#include <algorithm>

#include "gui/charts/table_picture.h"
#include "gui/views/change_delegate.h"
#include "gui/views/flow_layout.h"
#include "gui/views/number_marks.h"
#include "gui/views/quiet_focus.h"
#include "gui/views/row_copy.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "reports/diff_words.h"

namespace headroom::gui {
namespace {

constexpr double kPageMargin = 16;
constexpr int kRowsOfPage = 30;
constexpr int kMostSettings = 6;  // in one line

QString change_phrase(const QString& what, const Change& change) {
  return QStringLiteral("%1 %2").arg(what, in_language(to_text(signed_bytes(change.delta()))));
}

}  // namespace

DiffView::DiffView(Session& session, QWidget* parent)
    : View(session, parent),
      before_(new QComboBox),
      after_(new QComboBox),
      only_changes_(new QCheckBox(tr("&Only what changed"))),
      with_children_(new QCheckBox(tr("With the layers &below"))),
      summary_(new QLabel),
      details_(new QLabel),
      tree_view_(new QTreeView),
      tensor_view_(new QTableView) {
  make_controls();
  make_tables();
  connect(&session, &Session::runs_changed, this, &DiffView::list_runs);
  connect(&session, &Session::run_changed, this, &DiffView::refresh);
  connect(&session, &Session::baseline_changed, this, &DiffView::list_runs);
  connect(&session, &Session::current_changed, this, &DiffView::list_runs);
  list_runs();
}

void DiffView::make_controls() {
  before_->setAccessibleName(tr("Run before"));
  after_->setAccessibleName(tr("Run after"));
  only_changes_->setChecked(true);
  with_children_->setChecked(true);
  auto* exchange = new QPushButton(tr("E&xchange"));
  exchange->setToolTip(tr("Before becomes after, and after before"));
  connect(before_, &QComboBox::currentIndexChanged, this, &DiffView::refresh);
  connect(after_, &QComboBox::currentIndexChanged, this, &DiffView::refresh);
  connect(exchange, &QPushButton::clicked, this, &DiffView::exchange);
  connect(only_changes_, &QCheckBox::toggled, this, &DiffView::show_rows);
  connect(with_children_, &QCheckBox::toggled, this, &DiffView::show_rows);
  summary_->setWordWrap(true);
  details_->setWordWrap(true);
  for (QLabel* label : {summary_, details_}) {
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  }
  QFont large = summary_->font();
  large.setPointSizeF(large.pointSizeF() * 1.15);
  large.setBold(true);
  summary_->setFont(large);

  auto* controls = new FlowLayout;
  const auto add_box = [&](const QString& text, QComboBox* box) {
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(12);
    QWidget* pair = labelled(text, box);
    pair->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    controls->addWidget(pair);
  };
  add_box(tr("&Before"), before_);
  add_box(tr("&After"), after_);
  controls->addWidget(exchange);
  controls->addWidget(only_changes_);
  controls->addWidget(with_children_);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(controls);
  layout->addWidget(summary_);
  layout->addWidget(details_);
}

void DiffView::make_tables() {
  tree_view_->setModel(&tree_);
  tree_view_->setAccessibleName(tr("Changes by layer"));
  tree_view_->setUniformRowHeights(true);
  tree_view_->header()->setStretchLastSection(false);
  tree_view_->setItemDelegate(new ChangeDelegate(tree_view_));
  tensor_view_->setModel(&tensors_);
  tensor_view_->setAccessibleName(tr("Tensors that came, went or changed"));
  tensor_view_->setItemDelegate(new ChangeDelegate(tensor_view_));
  tensor_view_->setIconSize({10, 10});
  tensor_view_->verticalHeader()->hide();
  tensor_view_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 10);
  tensor_view_->setSelectionBehavior(QAbstractItemView::SelectRows);
  tensor_view_->setShowGrid(false);
  tensor_view_->setAlternatingRowColors(true);
  tensor_view_->setTabKeyNavigation(false);
  tensor_view_->horizontalHeader()->setStretchLastSection(true);
  for (QAbstractItemView* view :
       {static_cast<QAbstractItemView*>(tree_view_), static_cast<QAbstractItemView*>(tensor_view_)}) {
    view->setSelectionMode(QAbstractItemView::ExtendedSelection);
    keep_focus_quiet(view);
    new RowCopy(view);
  }
  connect(tree_view_->selectionModel(), &QItemSelectionModel::currentChanged, this, &DiffView::choose_layer);
  connect(tensor_view_->selectionModel(), &QItemSelectionModel::currentChanged, this,
          [this](const QModelIndex& index) { choose_tensor(index.row()); });
  auto* splitter = new QSplitter(Qt::Vertical);
  splitter->addWidget(tree_view_);
  splitter->addWidget(tensor_view_);
  splitter->setStretchFactor(0, 3);
  splitter->setStretchFactor(1, 2);
  splitter->setChildrenCollapsible(false);
  static_cast<QVBoxLayout*>(layout())->addWidget(splitter, 1);
}

void DiffView::fill(QComboBox* box, const QString& standing, std::uint64_t chosen) {
  const QSignalBlocker blocker(box);
  box->clear();
  box->addItem(standing, QVariant::fromValue<qulonglong>(0));
  for (const SessionRun& run : session().runs()) box->addItem(run.label, QVariant::fromValue<qulonglong>(run.id));
  box->setCurrentIndex(std::max(0, box->findData(QVariant::fromValue<qulonglong>(chosen))));
}

void DiffView::list_runs() {
  const auto& runs = session().runs();
  const auto named = [&](const QString& what, int index) {
    return index < 0 || index >= static_cast<int>(runs.size())
               ? what
               : tr("%1: %2").arg(what, runs[static_cast<std::size_t>(index)].label);
  };
  fill(before_, named(tr("baseline"), session().baseline()), before_->currentData().toULongLong());
  const bool is_current = standing_after() == session().current();
  fill(after_, named(is_current ? tr("current run") : tr("next run"), standing_after()),
       after_->currentData().toULongLong());
  refresh();
}

void DiffView::compare(std::uint64_t before, std::uint64_t after) {
  fill(before_, before_->itemText(0), before);
  fill(after_, after_->itemText(0), after);
  refresh();
}

// The current run, unless nothing could be seen beside it.
int DiffView::standing_after() const {
  const int current = session().current();
  if (current != session().baseline() || session().runs().size() < 2) return current;
  return current == 0 ? 1 : 0;
}

int DiffView::chosen_index(const QComboBox* box, int standing) const {
  const std::uint64_t id = box->currentData().toULongLong();
  if (id == 0) return standing;
  const auto& runs = session().runs();
  const auto run = std::find_if(runs.begin(), runs.end(), [&](const SessionRun& r) { return r.id == id; });
  return run == runs.end() ? standing : static_cast<int>(run - runs.begin());
}

void DiffView::exchange() {
  const auto id = [&](int index) { return index < 0 ? 0 : session().runs()[static_cast<std::size_t>(index)].id; };
  compare(id(chosen_index(after_, standing_after())), id(chosen_index(before_, session().baseline())));
}

void DiffView::refresh() {
  const int before = chosen_index(before_, session().baseline()), after = chosen_index(after_, standing_after());
  const auto& runs = session().runs();
  const auto loaded = [&](int index) { return index < 0 ? nullptr : runs[static_cast<std::size_t>(index)].loaded; };
  emptiness_.clear();
  if (runs.size() < 2)
    emptiness_ = runs.empty()
                     ? tr("No run is open: open two recordings, one from before a change and one from after it.")
                     : tr("One run is open: open another to see what differs.");
  else if (before == after)
    emptiness_ = tr("Both sides are the same run: choose another before or after.");
  else if (before < 0 || after < 0)
    emptiness_ = tr("Choose the run before and the run after.");
  else if (!loaded(before) || !loaded(after))
    emptiness_ = tr("%1 is not loaded.").arg(runs[static_cast<std::size_t>(loaded(before) ? after : before)].label);
  if (!emptiness_.isEmpty()) {
    background_.cancel();
    wanted_ = nullptr;
    return show_diff(nullptr);
  }
  const auto label = [&](int index) { return runs[static_cast<std::size_t>(index)].label; };
  ShownDiff shown{loaded(before), loaded(after), label(before), label(after), {}};
  if (wanted_ && wanted_->before == shown.before && wanted_->after == shown.after &&
      wanted_->before_label == shown.before_label && wanted_->after_label == shown.after_label)
    return;
  wanted_ = std::make_shared<ShownDiff>(shown);
  background_.start(
      [shown = std::move(shown)](const std::atomic<bool>&) {
        auto result = std::make_shared<ShownDiff>(shown);
        result->diff = diff(shown.before->breakdown, shown.after->breakdown);
        return DiffHandle(std::move(result));
      },
      [this](DiffHandle result) { show_diff(std::move(result)); });
}

void DiffView::show_diff(DiffHandle diff) {
  diff_ = std::move(diff);
  summary_->setText(summary());
  details_->setText(diff_ ? settings_text() : QString());
  details_->setVisible(!details_->text().isEmpty());
  only_changes_->setEnabled(diff_ != nullptr);
  with_children_->setEnabled(diff_ != nullptr);
  show_rows();
  Q_EMIT settled();
}

void DiffView::show_rows() {
  tree_.set(diff_, options());
  if (!diff_) {
    layers_.clear();
    tensors_.clear();
    return;
  }
  const auto rows = shown_layers(diff_->diff, options());
  layers_.set(layer_change_columns(diff_, rows), static_cast<std::int64_t>(rows.size()));
  tensors_.set(tensor_columns(diff_), static_cast<std::int64_t>(diff_->diff.tensors.size()));
  tree_view_->expandToDepth(2);
  for (int column = 0; column < tree_.columnCount(); ++column) tree_view_->resizeColumnToContents(column);
  tree_view_->setColumnWidth(DiffTreeModel::kBar, 15 * fontMetrics().averageCharWidth() * 2);
  tensor_view_->resizeColumnsToContents();
}

QString DiffView::summary() const { return diff_ ? to_text(summary_of(diff_->diff)) : emptiness_; }

// "Reserved +1.30 GiB, parameters −64.0 MiB. Different as well: batch 8 → 16, torch_version 2.11.0 → 2.15.0."
QString DiffView::settings_text() const {
  const Diff& d = diff_->diff;
  QStringList figures;
  if (d.peak_reserved.any()) figures.push_back(change_phrase(tr("reserved"), d.peak_reserved));
  if (d.peak_requested.delta() != d.peak.delta()) figures.push_back(change_phrase(tr("requested"), d.peak_requested));
  if (d.parameter_bytes.any()) figures.push_back(change_phrase(tr("parameters"), d.parameter_bytes));
  if (d.kv_cache_bytes_per_token.any())
    figures.push_back(change_phrase(tr("KV cache a token"), d.kv_cache_bytes_per_token));
  QStringList settings;
  for (const SettingChange& change : d.settings) {
    const auto shown = [](const std::string& text) { return text.empty() ? QStringLiteral("–") : to_text(text); };
    if (settings.size() < kMostSettings)
      settings.push_back(
          QStringLiteral("%1 %2 → %3").arg(to_text(change.name), shown(change.before), shown(change.after)));
  }
  if (const auto more = static_cast<int>(d.settings.size()) - kMostSettings; more > 0)
    settings.push_back(tr("%1 more").arg(more));
  QStringList sentences;
  if (!figures.isEmpty()) sentences.push_back(tr("In all: %1.").arg(figures.join(QStringLiteral(", "))));
  sentences.push_back(settings.isEmpty() ? tr("What was asked for and where it ran are the same.")
                                         : tr("Different besides: %1.").arg(settings.join(QStringLiteral(", "))));
  for (const RunHandle& run : {diff_->before, diff_->after})
    if (run->breakdown.outcome.kind != OutcomeKind::ok)
      sentences.push_back(tr("%1 did not get to its end, and is shown as far as it came.")
                              .arg(run == diff_->before ? diff_->before_label : diff_->after_label));
  return sentences.join(QStringLiteral(" "));
}

DiffOptions DiffView::options() const {
  return {.only_changes = only_changes_->isChecked(), .with_children = with_children_->isChecked()};
}

// Only what the current run has can be chosen in all views.
void DiffView::choose_layer(const QModelIndex& index) {
  const int row = tree_.layer_of(index);
  if (row < 0 || !diff_) return;
  const auto& of_run = diff_->diff.layers[static_cast<std::size_t>(row)].united.of_run;
  const RunHandle current = session().current_loaded();
  const auto layer = current == diff_->after ? of_run[1] : current == diff_->before ? of_run[0] : std::nullopt;
  if (layer) selection().choose_layer(*layer);
}

void DiffView::choose_tensor(int row) {
  if (row < 0 || !diff_ || row >= static_cast<int>(diff_->diff.tensors.size())) return;
  const TensorChange& tensor = diff_->diff.tensors[static_cast<std::size_t>(row)];
  const RunHandle current = session().current_loaded();
  const std::int64_t index = current == diff_->after    ? tensor.after
                             : current == diff_->before ? tensor.before
                                                        : kNoAllocation;
  if (index != kNoAllocation) selection().choose_allocation(index);
}

Json DiffView::state() const {
  const auto label = [](const QComboBox* box) {
    return box->currentData().toULongLong() == 0 ? std::string() : box->currentText().toStdString();
  };
  return {{"before", label(before_)},
          {"after", label(after_)},
          {"only_changes", only_changes_->isChecked()},
          {"with_children", with_children_->isChecked()}};
}

void DiffView::restore(const Json& state) {
  if (!state.is_object()) return;
  const auto id = [&](const char* key) -> std::uint64_t {
    const auto found = state.find(key);
    if (found == state.end() || !found->is_string()) return 0;
    for (const SessionRun& run : session().runs())
      if (run.label == to_text(found->get<std::string>())) return run.id;
    return 0;
  };
  const auto set = [&](const char* key, QCheckBox* box) {
    if (const auto found = state.find(key); found != state.end() && found->is_boolean())
      box->setChecked(found->get<bool>());
  };
  set("only_changes", only_changes_);
  set("with_children", with_children_);
  compare(id("before"), id("after"));
}

QSizeF DiffView::page_size(double width) {
  const double text = 6.0 * fontMetrics().height();
  return {width, 4 * kPageMargin + text + table_picture_height(layers_, {.most_rows = kRowsOfPage}) +
                     table_picture_height(tensors_, {.most_rows = kRowsOfPage})};
}

void DiffView::paint_page(QPainter& painter, const QRectF& page) {
  painter.save();
  painter.setFont(font());
  painter.fillRect(page, theme().panel);
  QRectF area = page.adjusted(kPageMargin, kPageMargin, -kPageMargin, -kPageMargin);
  const double line = fontMetrics().height();
  const auto write = [&](const QString& text, const QColor& colour, double height) {
    painter.setPen(colour);
    painter.drawText(QRectF(area.topLeft(), QSizeF(area.width(), height)), Qt::AlignLeft | Qt::TextWordWrap, text);
    area.setTop(area.top() + height);
  };
  write(summary(), theme().ink, 2.5 * line);
  if (diff_) {
    write(settings_text(), theme().soft, 3.5 * line);
    paint_table(painter, area, layers_, {.most_rows = kRowsOfPage});
    area.setTop(area.top() + table_picture_height(layers_, {.most_rows = kRowsOfPage}) + kPageMargin);
    paint_table(painter, area, tensors_, {.most_rows = kRowsOfPage});
  }
  painter.restore();
}

QString DiffView::help() const {
  return tr(
      "<p>Two runs, before and after: of everything that was allocated at their peaks, what differs. Unless others are "
      "chosen they are the baseline and the current run, or the next one where both are the same.</p>"
      "<p>The <b>tree</b> has the layers of both, found by their path. A bar to the right is what a layer grew by, one "
      "to "
      "the left what it shrank by, and the sign stands in the number; behind it is the same for each category that "
      "changed. "
      "The root is the whole peak, so the tree leaves nothing out. Without <i>layers below</i> a row is of the layer "
      "alone.</p>"
      "<p>The <b>tensors</b> below it came, went or changed: blocks of the same layer, operator and category stand for "
      "each "
      "other in the order in which they were allocated. Their changes sum to that of the peak.</p>"
      "<p>Whatever else differs, in what was asked for or where it ran, is said on top: a change of the batch or of "
      "PyTorch explains more than one of the model.</p>");
}

}  // namespace headroom::gui
