// A model as comma-separated values.
#pragma once

#include <QAbstractItemModel>
#include <QByteArray>

namespace headroom::gui {

// RFC 4180, UTF-8: a line of titles, then a line for each row, of trees depth first; cells are the exact values of
// kExportRole, the shown text where there are none.
QByteArray write_csv(const QAbstractItemModel& model);

}  // namespace headroom::gui
