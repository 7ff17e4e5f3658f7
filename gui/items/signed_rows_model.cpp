#include "gui/items/signed_rows_model.h"

#include <cmath>

#include "gui/window/theme.h"

namespace headroom::gui {

QColor colour_of_change(double change) { return change > 0 ? theme().bad : theme().good; }

void SignedRowsModel::set_signed(std::vector<Column> columns, std::int64_t row_count,
                                 std::function<double(std::int64_t, int)> heat) {
  heat_ = std::move(heat);
  set(std::move(columns), row_count);
}

QVariant SignedRowsModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || !heat_ || (role != kHeatRole && role != kHeatColourRole)) return RowsModel::data(index, role);
  const double heat = heat_(index.row(), index.column());
  if (heat == 0) return {};
  return role == kHeatRole ? QVariant(std::abs(heat)) : QVariant(colour_of_change(heat));
}

}  // namespace headroom::gui
