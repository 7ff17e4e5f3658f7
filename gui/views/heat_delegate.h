// Cells of tables: how much of the most there is as colour behind the text (kHeatRole).
#pragma once

#include <QIcon>

#include "gui/views/padded_delegate.h"

namespace headroom::gui {

class HeatDelegate : public PaddedDelegate {
  Q_OBJECT

 public:
  using PaddedDelegate::PaddedDelegate;

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
};

// A square in `colour`, for legends, buttons and headers.
QIcon swatch_icon(const QColor& colour, double device_pixel_ratio);

}  // namespace headroom::gui
