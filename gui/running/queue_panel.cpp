#include "gui/running/queue_panel.h"

#include <QAction>
#include <QApplication>
#include <QFontDatabase>
#include <QHeaderView>
#include <QLabel>
#include <QPainter>
#include <QPlainTextEdit>
#include <QSplitter>
#include <QTableView>
#include <QToolBar>
#include <QVBoxLayout>
#include <algorithm>
#include <functional>

#include "gui/charts/axis.h"
#include "gui/running/program.h"
#include "gui/running/program_dialog.h"
#include "gui/views/padded_delegate.h"
#include "gui/views/row_copy.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr int kLogMilliseconds = 120;

// The text over a bar that shows how much is done.
class ProgressDelegate : public PaddedDelegate {
 public:
  using PaddedDelegate::PaddedDelegate;

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    const double fraction = index.data(RunQueue::kFractionRole).toDouble();
    if (fraction > 0 && fraction < 1) {
      QColor colour = theme().accent;
      colour.setAlphaF(0.25F);
      QRectF bar = QRectF(option.rect).adjusted(1, 2, -1, -2);
      bar.setWidth(bar.width() * fraction);
      painter->fillRect(bar, colour);
    }
    PaddedDelegate::paint(painter, option, index);
  }
};

}  // namespace

QueuePanel::QueuePanel(RunQueue& queue, QWidget* parent)
    : QWidget(parent),
      queue_(queue),
      bar_(new QToolBar),
      summary_(new QLabel),
      table_(new QTableView),
      log_(new QPlainTextEdit) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(8, 4, 8, 8);
  layout->setSpacing(4);
  auto* splitter = new QSplitter(Qt::Horizontal);
  layout->addWidget(bar_);
  layout->addWidget(splitter, 1);
  splitter->addWidget(table_);
  splitter->addWidget(log_);
  splitter->setStretchFactor(0, 3);
  splitter->setStretchFactor(1, 2);
  make_table();
  make_actions();
  log_->setReadOnly(true);
  log_->setMaximumBlockCount(static_cast<int>(RunLog::kMostLines));
  log_->setLineWrapMode(QPlainTextEdit::NoWrap);
  log_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  log_->setAccessibleName(tr("Log"));
  log_->setPlaceholderText(tr("The run has said nothing."));
  log_->hide();
  log_delay_.setSingleShot(true);
  log_delay_.setInterval(kLogMilliseconds);
  connect(&log_delay_, &QTimer::timeout, this, &QueuePanel::update_log);
  connect(&queue_, &RunQueue::log_grew, this, [this](quint64 id) {
    if (id == log_of_ && !log_delay_.isActive()) log_delay_.start();
  });
  connect(&queue_, &RunQueue::changed, this, &QueuePanel::update_actions);
  connect(&queue_, &QAbstractItemModel::rowsInserted, this, [this](const QModelIndex&, int first) {
    if (current_row() < 0) table_->selectRow(first);
    update_actions();
  });
  connect(&queue_, &RunQueue::program_chosen, this, &QueuePanel::update_actions);
  connect(&queue_, &QAbstractItemModel::rowsRemoved, this, &QueuePanel::update_actions);
  update_actions();
}

void QueuePanel::make_table() {
  table_->setModel(&queue_);
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::ExtendedSelection);
  table_->setItemDelegate(new PaddedDelegate(table_));
  table_->setItemDelegateForColumn(RunQueue::kProgress, new ProgressDelegate(table_));
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 10);
  table_->setShowGrid(false);
  table_->setTabKeyNavigation(false);
  table_->setWordWrap(false);
  table_->setAccessibleName(tr("Queue"));
  table_->setContextMenuPolicy(Qt::ActionsContextMenu);
  const int letter = fontMetrics().averageCharWidth();
  const std::pair<int, int> widths[] = {{RunQueue::kRun, 28},
                                        {RunQueue::kState, 20},
                                        {RunQueue::kProgress, 40},
                                        {RunQueue::kElapsed, 11},
                                        {RunQueue::kPeak, 21}};
  for (const auto& [column, letters] : widths) table_->setColumnWidth(column, letters * letter);
  table_->horizontalHeader()->setStretchLastSection(true);
  table_->horizontalHeader()->setHighlightSections(false);
  connect(table_, &QTableView::activated, this, [this](const QModelIndex& index) { queue_.open(index.row()); });
  connect(table_->selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
    update_actions();
    update_log();
  });
}

void QueuePanel::make_actions() {
  const auto add = [this](const QString& text, const QString& tip, auto action) {
    auto* made = new QAction(text, this);
    made->setToolTip(tip);
    connect(made, &QAction::triggered, this, action);
    bar_->addAction(made);
    table_->addAction(made);
    return made;
  };
  const auto each = [this](void (RunQueue::*act)(int)) {
    return [this, act] {
      const QList<int> rows = selected_rows();
      for (const int row : rows) std::invoke(act, queue_, row);
    };
  };
  new_ = add(tr("New run…"), tr("Choose a model and its settings"), [this] { Q_EMIT new_run_wanted(); });
  bar_->addSeparator();
  open_ = add(tr("Open"), tr("Look at the recording (Enter)"), [this] { queue_.open(current_row()); });
  cancel_ = add(tr("Cancel"), tr("End the run"), each(&RunQueue::cancel));
  retry_ = add(tr("Run again"), tr("The same once more"), each(&RunQueue::retry));
  remove_ = add(tr("Remove"), tr("Take it out of this list; its recording stays (Delete)"), each(&RunQueue::remove));
  remove_->setShortcut(QKeySequence::Delete);
  remove_->setShortcutContext(Qt::WidgetWithChildrenShortcut);
  remove_ended_ = add(tr("Remove ended"), tr("All that no longer run"), [this] { queue_.remove_ended(); });
  program_ = add(tr("Choose the program…"), tr("Where headroom is, which makes runs"),
                 [this] { show_program_dialog(queue_, this); });
  show_log_ = add(tr("Log"), tr("What the run has written"), [this](bool shown) { show_log(shown); });
  show_log_->setCheckable(true);
  new RowCopy(table_);
  auto* space = new QWidget;
  space->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  bar_->addWidget(space);
  bar_->addWidget(summary_);
}

int QueuePanel::current_row() const {
  const QModelIndexList rows = table_->selectionModel()->selectedRows();
  return rows.isEmpty() ? -1 : rows.front().row();
}

QList<int> QueuePanel::selected_rows() const {
  QList<int> rows;
  for (const QModelIndex& index : table_->selectionModel()->selectedRows()) rows.append(index.row());
  std::sort(rows.begin(), rows.end(), std::greater<>());
  return rows;
}

void QueuePanel::update_actions() {
  const QList<int> rows = selected_rows();
  const auto any = [&](auto holds) {
    return std::any_of(rows.begin(), rows.end(), [&](int row) { return holds(queue_.item(row)); });
  };
  open_->setEnabled(rows.size() == 1 && any([](const QueueItem& item) { return !item.recording.isEmpty(); }));
  cancel_->setEnabled(any([](const QueueItem& item) { return !item.is_over(); }));
  retry_->setEnabled(any([](const QueueItem& item) { return item.is_over(); }));
  remove_->setEnabled(!rows.isEmpty());
  remove_ended_->setEnabled(
      std::any_of(queue_.items().begin(), queue_.items().end(), [](const auto& item) { return item->is_over(); }));
  program_->setVisible(!rows.isEmpty() && find_program().path.isEmpty());
  summary_->setText(queue_.summary());
  table_->setAccessibleDescription(queue_.summary());
}

void QueuePanel::show_log(bool shown) {
  log_->setVisible(shown);
  update_log();
}

QString QueuePanel::log_text() const { return log_->toPlainText(); }

// What is new is appended; what was dropped in the meantime is left out, as it is in the log.
void QueuePanel::update_log() {
  if (log_->isHidden()) return;
  const int row = current_row();
  const QueueItem* item = row < 0 ? nullptr : &queue_.item(row);
  const RunProcess* process = item ? item->process.get() : nullptr;
  if (!process || item->id != log_of_ || process != log_from_) {
    log_->clear();
    log_shown_ = 0;
    log_of_ = item ? item->id : 0;
    log_from_ = process;
  }
  if (!process) return;
  const RunLog& log = process->log();
  const auto from = static_cast<std::size_t>(std::max<std::int64_t>(0, log_shown_ - log.dropped()));
  QStringList fresh;
  for (std::size_t i = from; i < log.lines().size(); ++i) fresh.append(QString::fromUtf8(log.lines()[i]));
  if (!fresh.isEmpty()) log_->appendPlainText(fresh.join(QLatin1Char('\n')));
  log_shown_ = log.written();
}

}  // namespace headroom::gui
