// A table or a tree as rows one below another, with some of its columns: what a printed page shows of it.
#pragma once

#include <vector>

#include "gui/items/rows_model.h"

namespace headroom::gui {

// Fills `flat` with what `from` shows, children indented below their parents. It reads `from` as it is shown, so it is
// good until `from` changes.
void set_flat(RowsModel& flat, const QAbstractItemModel& from, const std::vector<int>& columns);

}  // namespace headroom::gui
