#include "gui/items/rows_model.h"

#include "gui/views/text.h"

namespace headroom::gui {

void RowsModel::set(std::vector<Column> columns, std::int64_t row_count) {
  beginResetModel();
  columns_ = std::move(columns);
  row_count_ = row_count;
  endResetModel();
}

int RowsModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(row_count_); }

int RowsModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(columns_.size());
}

QVariant RowsModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) return {};
  const Column& column = columns_[static_cast<std::size_t>(index.column())];
  const std::int64_t row = index.row();
  switch (role) {
    case Qt::DisplayRole:
    case Qt::AccessibleTextRole:
      return column.text(row);
    case Qt::ToolTipRole:
      return column.tooltip ? column.tooltip(row) : QVariant();
    case Qt::DecorationRole:
      if (const QColor swatch = column.swatch ? column.swatch(row) : QColor(); swatch.isValid()) return swatch;
      return {};
    case Qt::TextAlignmentRole:
      return QVariant(Qt::AlignVCenter | (column.is_number ? Qt::AlignRight : Qt::AlignLeft));
    case kExportRole:
      return column.value ? column.value(row) : QVariant(column.text(row));
    case kSortRole:
      return column.order ? column.order(row) : column.value ? column.value(row) : QVariant(column.text(row));
    case kHeatRole:
      return column.heat ? QVariant(column.heat(row)) : QVariant();
    case kHeatColourRole:
      return column.heat_colour ? QVariant(column.heat_colour(row)) : QVariant();
    default:
      return {};
  }
}

QVariant RowsModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
  const Column& column = columns_[static_cast<std::size_t>(section)];
  if (role == Qt::DisplayRole) return column.title;
  if (role == Qt::ToolTipRole) return column.meaning;
  if (role == Qt::TextAlignmentRole)
    return QVariant(Qt::AlignVCenter | (column.is_number ? Qt::AlignRight : Qt::AlignLeft));
  return {};
}

Column bytes_column(const QString& title, const QString& meaning, std::function<std::int64_t(std::int64_t)> bytes) {
  return {.title = title,
          .meaning = meaning,
          .text = [bytes](std::int64_t row) { return size_text(bytes(row)); },
          .value = [bytes](std::int64_t row) { return QVariant(static_cast<qlonglong>(bytes(row))); },
          .tooltip = [bytes](std::int64_t row) { return exact_text(bytes(row)); }};
}

Column count_column(const QString& title, const QString& meaning, std::function<std::int64_t(std::int64_t)> count) {
  return {.title = title,
          .meaning = meaning,
          .text = [count](std::int64_t row) { return count_text(count(row)); },
          .value = [count](std::int64_t row) { return QVariant(static_cast<qlonglong>(count(row))); }};
}

Column text_column(const QString& title, const QString& meaning, std::function<QString(std::int64_t)> text) {
  return {.title = title, .meaning = meaning, .text = std::move(text), .is_number = false};
}

}  // namespace headroom::gui
