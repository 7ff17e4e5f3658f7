// Draws cells of kHeatRole on a ground of their colour, and those of kSignedBarRole as a bar left or right of the
// middle.
#pragma once

#include "gui/views/padded_delegate.h"

namespace headroom::gui {

class ChangeDelegate : public PaddedDelegate {
  Q_OBJECT

 public:
  using PaddedDelegate::PaddedDelegate;

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

// The bar alone: `change` of -1 to 1.
void draw_change_bar(QPainter& painter, const QRectF& cell, double change);

}  // namespace headroom::gui
