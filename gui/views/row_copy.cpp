#include "gui/views/row_copy.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QKeyEvent>
#include <QTableView>
#include <QTreeView>
#include <algorithm>

#include "gui/items/clipboard.h"

namespace headroom::gui {
namespace {

constexpr int kMostCopied = 1000000;  // rows: what a clipboard bears

const QHeaderView* header_of(const QAbstractItemView* view) {
  if (const auto* table = qobject_cast<const QTableView*>(view)) return table->horizontalHeader();
  const auto* tree = qobject_cast<const QTreeView*>(view);
  return tree == nullptr ? nullptr : tree->header();
}

// From the root down, so that rows of a tree compare as they stand below each other.
std::vector<int> path_of(const QModelIndex& row) {
  std::vector<int> path;
  for (QModelIndex at = row; at.isValid(); at = at.parent()) path.push_back(at.row());
  std::reverse(path.begin(), path.end());
  return path;
}

// Those that the user marked; a tree's by ranges of one parent each.
QModelIndexList marked_rows(const QAbstractItemView* view) {
  QModelIndexList rows;
  for (const QItemSelectionRange& range : view->selectionModel()->selection())
    for (int row = range.top(); row <= range.bottom() && rows.size() < kMostCopied; ++row)
      rows.push_back(view->model()->index(row, 0, range.parent()));
  const bool is_flat = std::ranges::none_of(rows, [](const QModelIndex& row) { return row.parent().isValid(); });
  if (is_flat)
    std::ranges::sort(rows, {}, &QModelIndex::row);
  else
    std::ranges::sort(rows, {}, path_of);
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

}  // namespace

RowCopy::RowCopy(QAbstractItemView* view) : QAction(tr("Copy marked rows"), view), view_(view) {
  setShortcut(QKeySequence::Copy);
  setShortcutContext(Qt::WidgetShortcut);
  view->addAction(this);
  if (view->contextMenuPolicy() == Qt::DefaultContextMenu) view->setContextMenuPolicy(Qt::ActionsContextMenu);
  view->installEventFilter(this);
  connect(this, &QAction::triggered, this, &RowCopy::copy);
}

// Else the view itself would copy the text of its current cell.
bool RowCopy::eventFilter(QObject* watched, QEvent* event) {
  if (watched == view_ && event->type() == QEvent::KeyPress &&
      static_cast<QKeyEvent*>(event)->matches(QKeySequence::Copy)) {
    copy();
    return true;
  }
  return QAction::eventFilter(watched, event);
}

bool RowCopy::has_rows() const {
  if (view_->model() == nullptr) return false;
  return view_->selectionMode() == QAbstractItemView::NoSelection ? view_->model()->rowCount() > 0
                                                                  : view_->selectionModel()->hasSelection();
}

std::vector<int> RowCopy::shown_columns() const {
  const QHeaderView* header = header_of(view_);
  if (header == nullptr) return {0};
  std::vector<int> columns;
  for (int place = 0; place < header->count(); ++place)
    if (const int column = header->logicalIndex(place); !header->isSectionHidden(column)) columns.push_back(column);
  return columns;
}

void RowCopy::copy() const {
  if (!has_rows()) return;
  const bool all = view_->selectionMode() == QAbstractItemView::NoSelection;
  QApplication::clipboard()->setMimeData(
      all ? table_for_clipboard(*view_->model()).release()
          : rows_for_clipboard(*view_->model(), marked_rows(view_), shown_columns()).release());
}

}  // namespace headroom::gui
