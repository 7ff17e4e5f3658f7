#include "gui/items/csv.h"

#include "gui/views/view.h"

namespace headroom::gui {
namespace {

QByteArray cell(const QVariant& value) {
  QByteArray text = value.toString().toUtf8();
  if (!text.contains(',') && !text.contains('"') && !text.contains('\n') && !text.contains('\r')) return text;
  return '"' + text.replace('"', "\"\"") + '"';
}

void write_rows(const QAbstractItemModel& model, const QModelIndex& parent, QByteArray& csv) {
  for (int row = 0; row < model.rowCount(parent); ++row) {
    for (int column = 0; column < model.columnCount(parent); ++column) {
      const QModelIndex index = model.index(row, column, parent);
      const QVariant exact = index.data(kExportRole);
      csv += (column > 0 ? "," : "") + cell(exact.isValid() ? exact : index.data());
    }
    csv += "\r\n";
    write_rows(model, model.index(row, 0, parent), csv);
  }
}

}  // namespace

QByteArray write_csv(const QAbstractItemModel& model) {
  QByteArray csv;
  for (int column = 0; column < model.columnCount(); ++column)
    csv += (column > 0 ? "," : "") + cell(model.headerData(column, Qt::Horizontal));
  csv += "\r\n";
  write_rows(model, {}, csv);
  return csv;
}

}  // namespace headroom::gui
