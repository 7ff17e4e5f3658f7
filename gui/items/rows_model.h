// A table model over rows that are computed, not stored: one line for each column says how a row looks in it.
#pragma once

#include <QAbstractTableModel>
#include <QColor>
#include <QVariant>
#include <cstdint>
#include <functional>
#include <vector>

#include "gui/views/view.h"

namespace headroom::gui {

// What a column makes of row number `row`. Those that are absent fall back: `value` to the shown text, `order` to
// `value`.
struct Column {
  QString title;
  QString meaning;  // one sentence for the header's tooltip
  std::function<QString(std::int64_t row)> text;
  std::function<QVariant(std::int64_t row)> value = {};      // kExportRole: bytes and counts as qlonglong
  std::function<QVariant(std::int64_t row)> order = {};      // kSortRole
  std::function<QString(std::int64_t row)> tooltip = {};     // absent: of a number of bytes, its exact text
  std::function<QColor(std::int64_t row)> swatch = {};       // Qt::DecorationRole
  std::function<double(std::int64_t row)> heat = {};         // kHeatRole: 0 to 1
  std::function<QColor(std::int64_t row)> heat_colour = {};  // kHeatColourRole
  bool is_number = true;                                     // right-aligned
};

inline constexpr int kHeatRole = Qt::UserRole + 3;        // how much of the column's largest, 0 to 1
inline constexpr int kHeatColourRole = Qt::UserRole + 4;  // in which colour; absent: the accent

class RowsModel : public QAbstractTableModel {
  Q_OBJECT

 public:
  using QAbstractTableModel::QAbstractTableModel;

  void set(std::vector<Column> columns, std::int64_t row_count);  // resets the model
  void clear() { set({}, 0); }

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

 private:
  std::vector<Column> columns_;
  std::int64_t row_count_ = 0;
};

// A column of bytes: shown as a size, exported and sorted as an integer, exact in the tooltip.
Column bytes_column(const QString& title, const QString& meaning, std::function<std::int64_t(std::int64_t row)> bytes);
Column count_column(const QString& title, const QString& meaning, std::function<std::int64_t(std::int64_t row)> count);
Column text_column(const QString& title, const QString& meaning, std::function<QString(std::int64_t row)> text);

}  // namespace headroom::gui
