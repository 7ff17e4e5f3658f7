#include "gui/items/flat_rows.h"

#include <memory>

namespace headroom::gui {
namespace {

struct TreeRow {
  QModelIndex index;
  int depth = 0;
};

void add_below(const QAbstractItemModel& from, const QModelIndex& parent, int depth, std::vector<TreeRow>& rows) {
  for (int row = 0; row < from.rowCount(parent); ++row) {
    const QModelIndex index = from.index(row, 0, parent);
    rows.push_back({index, depth});
    add_below(from, index, depth + 1, rows);
  }
}

bool is_tree(const QAbstractItemModel& model) {
  for (int row = 0; row < model.rowCount(); ++row)
    if (model.hasChildren(model.index(row, 0))) return true;
  return false;
}

}  // namespace

void set_flat(RowsModel& flat, const QAbstractItemModel& from, const std::vector<int>& columns) {
  auto rows = std::make_shared<std::vector<TreeRow>>();
  const bool tree = is_tree(from);
  if (tree) add_below(from, {}, 0, *rows);
  const auto at = [rows, &from, tree](std::int64_t row, int column) {
    return tree ? (*rows)[static_cast<std::size_t>(row)].index.siblingAtColumn(column)
                : from.index(static_cast<int>(row), column);
  };
  std::vector<Column> made;
  for (const int c : columns) {
    const auto alignment = from.headerData(c, Qt::Horizontal, Qt::TextAlignmentRole).toInt();
    const bool indents = tree && c == 0;
    Column column{.title = from.headerData(c, Qt::Horizontal).toString(),
                  .meaning = from.headerData(c, Qt::Horizontal, Qt::ToolTipRole).toString(),
                  .text = {}};
    column.text = [rows, at, c, indents](std::int64_t row) {
      const int depth = indents ? (*rows)[static_cast<std::size_t>(row)].depth : 0;
      return QString(3 * depth, u'\u00a0') + at(row, c).data().toString();
    };
    column.value = [at, c](std::int64_t row) { return at(row, c).data(kExportRole); };
    column.swatch = [at, c](std::int64_t row) { return at(row, c).data(Qt::DecorationRole).value<QColor>(); };
    column.heat = [at, c](std::int64_t row) { return at(row, c).data(kHeatRole).toDouble(); };
    column.heat_colour = [at, c](std::int64_t row) { return at(row, c).data(kHeatColourRole).value<QColor>(); };
    column.is_number = (alignment & Qt::AlignRight) != 0;
    made.push_back(std::move(column));
  }
  flat.set(std::move(made), tree ? static_cast<std::int64_t>(rows->size()) : from.rowCount());
}

}  // namespace headroom::gui
