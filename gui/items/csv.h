// Any model as CSV (RFC 4180): a heading, then a line for each row, cells by kExportRole, so that sizes are integers of
// bytes. A tree's rows come parents first, and open with a column "path" that names each row with those above it.
#pragma once

#include <QAbstractItemModel>
#include <QByteArray>

namespace headroom::gui {

QByteArray write_csv(const QAbstractItemModel& model);

// A cell as text for files and the clipboard: its kExportRole, else what is shown.
QString export_text(const QModelIndex& index);

}  // namespace headroom::gui
