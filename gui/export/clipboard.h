// Views on the clipboard.
#pragma once

#include "gui/views/view.h"

namespace headroom::gui {

// Tab-separated for spreadsheets and text, and as CSV for who asks for that; exact values.
void copy_as_table(const QAbstractItemModel& model);

void copy_as_picture(View& view);  // as it is shown: its size, its colours. Throws Error.

}  // namespace headroom::gui
