#include "gui/views/padded_delegate.h"

#include <QApplication>
#include <algorithm>

namespace headroom::gui {
namespace {

constexpr int kPadding = 6;

}  // namespace

// The row's ground reaches from edge to edge, its text begins below that of the header.
void PaddedDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  QStyleOptionViewItem padded = option;
  initStyleOption(&padded, index);
  const QStyle* style = option.widget == nullptr ? QApplication::style() : option.widget->style();
  style->drawPrimitive(QStyle::PE_PanelItemViewItem, &padded, painter, option.widget);
  padded = option;
  padded.rect.adjust(kPadding - 1, 0, 1 - kPadding, 0);
  QStyledItemDelegate::paint(painter, padded, index);
}

QSize PaddedDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const QSize size = QStyledItemDelegate::sizeHint(option, index);
  return {size.width() + 2 * kPadding, std::max(size.height(), option.fontMetrics.height() + 8)};
}

}  // namespace headroom::gui
