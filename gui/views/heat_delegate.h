// Cells of tables: how much of the most there is as colour behind the text (kHeatRole).
#pragma once

#include <QStyledItemDelegate>

namespace headroom::gui {

class HeatDelegate : public QStyledItemDelegate {
  Q_OBJECT

 public:
  using QStyledItemDelegate::QStyledItemDelegate;

  void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
};

// A square in `colour`, for legends, buttons and headers.
QIcon swatch_icon(const QColor& colour, double device_pixel_ratio);

}  // namespace headroom::gui
