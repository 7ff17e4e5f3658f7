// Rows whose cells say by how much they are more or less than something: more in the colour of bad, less in that of
// good, and the sign stands in the text. A column's heat is -1 to 1.
#pragma once

#include "gui/items/rows_model.h"

namespace headroom::gui {

inline constexpr int kSignedBarRole = Qt::UserRole + 20;  // a bar from the middle of the cell, -1 to 1

class SignedRowsModel : public RowsModel {
  Q_OBJECT

 public:
  using RowsModel::RowsModel;

  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
};

QColor colour_of_change(double change);  // bad above 0, good below

}  // namespace headroom::gui
