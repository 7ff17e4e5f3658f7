#include "gui/items/signed_rows_model.h"

#include <cmath>

#include "gui/window/theme.h"

namespace headroom::gui {

QColor colour_of_change(double change) { return change > 0 ? theme().bad : theme().good; }

QVariant SignedRowsModel::data(const QModelIndex& index, int role) const {
  if (role != kHeatRole && role != kHeatColourRole) return RowsModel::data(index, role);
  const double heat = RowsModel::data(index, kHeatRole).toDouble();
  if (heat == 0) return {};
  return role == kHeatRole ? QVariant(std::abs(heat)) : QVariant(colour_of_change(heat));
}

}  // namespace headroom::gui
