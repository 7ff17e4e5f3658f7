// Rows of any model for the clipboard: as lines of cells between tabs, which spreadsheets take, and as an HTML table,
// which texts take.
#pragma once

#include <QAbstractItemModel>
#include <QMimeData>
#include <memory>
#include <vector>

namespace headroom::gui {

// `rows`: one index of each, in the order wanted. Both forms open with the columns' titles; sizes are integers of bytes
// between tabs, and as shown in the HTML.
std::unique_ptr<QMimeData> rows_for_clipboard(const QAbstractItemModel& model, const QModelIndexList& rows,
                                              const std::vector<int>& columns);

// All rows; of a tree parents first.
std::unique_ptr<QMimeData> table_for_clipboard(const QAbstractItemModel& model);

}  // namespace headroom::gui
