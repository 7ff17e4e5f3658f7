// A list or table that gets the keyboard chooses nothing by it: Qt makes its first row the current one, which is what
// arrow keys choose a row by.
#pragma once

class QAbstractItemView;

namespace headroom::gui {

void keep_focus_quiet(QAbstractItemView* view);

}  // namespace headroom::gui
