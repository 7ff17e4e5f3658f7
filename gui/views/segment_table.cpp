#include "gui/views/segment_table.h"

#include <QHeaderView>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QStyledItemDelegate>
#include <QToolTip>
#include <algorithm>

#include "gui/items/block_words.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr double kSlack = 6;

class PictureDelegate : public QStyledItemDelegate {
 public:
  explicit PictureDelegate(SegmentTable* table) : QStyledItemDelegate(table), table_(*table) {}

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
    if (option.state & QStyle::State_Selected) painter->fillRect(option.rect, theme().band);
    table_.paint_picture(*painter, option.rect, index.row());
  }

 private:
  const SegmentTable& table_;
};

}  // namespace

QRectF segment_rect(const QRectF& cell) { return cell.adjusted(8, 4, -8, -4); }

SegmentTable::SegmentTable(QWidget* parent) : QTableView(parent) {
  setItemDelegateForColumn(0, new PictureDelegate(this));
  setSelectionBehavior(QAbstractItemView::SelectRows);
  setSelectionMode(QAbstractItemView::SingleSelection);
  setEditTriggers(QAbstractItemView::NoEditTriggers);
  setShowGrid(false);
  setIconSize({11, 11});
  setStyleSheet(QStringLiteral("QTableView::item { border: 0; padding: 0 5px; }"));  // as its header
  setWordWrap(false);
  setTabKeyNavigation(false);
  verticalHeader()->hide();
  verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 10);
  horizontalHeader()->setHighlightSections(false);
  horizontalHeader()->setStretchLastSection(true);
  setAccessibleName(tr("Segments"));
}

void SegmentTable::show_run(RunHandle run) {
  run_ = std::move(run);
  marks_ = {};
}

void SegmentTable::mark(SegmentMarks marks) {
  marks_ = std::move(marks);
  viewport()->update();
}

const SegmentView* SegmentTable::segment_at(int row) const {
  if (!run_ || row < 0 || row >= static_cast<int>(run_->fragmentation.segments.size())) return nullptr;
  return &run_->fragmentation.segments[static_cast<std::size_t>(row)];
}

void SegmentTable::paint_picture(QPainter& painter, const QRect& cell, int row) const {
  if (const SegmentView* segment = segment_at(row)) paint_segment(painter, segment_rect(cell), *run_, *segment, marks_);
}

std::optional<std::int64_t> SegmentTable::block_at(const QPoint& position) const {
  const QModelIndex index = indexAt(position);
  const SegmentView* segment = index.column() == 0 ? segment_at(index.row()) : nullptr;
  if (segment == nullptr) return std::nullopt;
  const QRectF rect = segment_rect(visualRect(index));
  return block_in_segment(rect, *run_, *segment, position.x(), kSlack);
}

bool SegmentTable::viewportEvent(QEvent* event) {
  if (event->type() == QEvent::ToolTip) {
    auto* help = static_cast<QHelpEvent*>(event);
    if (const auto block = block_at(help->pos())) {
      const Breakdown& run = run_->breakdown;
      QToolTip::showText(help->globalPos(), block_tooltip(run, run.allocations[static_cast<std::size_t>(*block)]),
                         this);
      return true;
    }
  }
  return QTableView::viewportEvent(event);
}

void SegmentTable::mousePressEvent(QMouseEvent* event) {
  QTableView::mousePressEvent(event);
  if (event->button() != Qt::LeftButton) return;
  if (const auto block = block_at(event->position().toPoint())) Q_EMIT block_chosen(*block);
}

// To the next block of the current segment by address; the first one where none is chosen.
void SegmentTable::step(int direction) {
  const SegmentView* segment = segment_at(currentIndex().row());
  if (segment == nullptr || segment->blocks.empty()) return;
  std::vector<std::int64_t> blocks = segment->blocks;
  std::ranges::sort(blocks, {},
                    [&](std::int64_t i) { return run_->breakdown.allocations[static_cast<std::size_t>(i)].address; });
  const auto chosen = marks_.chosen ? std::ranges::find(blocks, *marks_.chosen) : blocks.end();
  if (chosen == blocks.end()) return Q_EMIT block_chosen(direction > 0 ? blocks.front() : blocks.back());
  const auto at = (chosen - blocks.begin()) + direction;
  if (at >= 0 && at < static_cast<std::ptrdiff_t>(blocks.size()))
    Q_EMIT block_chosen(blocks[static_cast<std::size_t>(at)]);
}

void SegmentTable::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Left || event->key() == Qt::Key_Right)
    return step(event->key() == Qt::Key_Right ? 1 : -1);
  if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
    const SegmentView* segment = segment_at(currentIndex().row());
    if (segment != nullptr && segment->is_pinned()) Q_EMIT block_chosen(segment->blocks.front());
    return;
  }
  QTableView::keyPressEvent(event);
}

}  // namespace headroom::gui
