#include "gui/views/change_delegate.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "gui/items/signed_rows_model.h"
#include "gui/window/theme.h"

namespace headroom::gui {

void draw_change_bar(QPainter& painter, const QRectF& cell, double change) {
  const QRectF inner = cell.adjusted(6, 4, -6, -4);
  const double middle = std::round(inner.center().x());
  painter.setPen(QPen(theme().line, 1));
  painter.drawLine(QPointF(middle, cell.top()), QPointF(middle, cell.bottom()));
  if (change == 0) return;
  const double width = std::max(1.5, std::min(std::abs(change), 1.0) * inner.width() / 2);
  const QRectF bar(change > 0 ? middle : middle - width, inner.top(), width, inner.height());
  painter.fillRect(bar, colour_of_change(change));
}

void ChangeDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const bool selected = option.state & QStyle::State_Selected;
  if (const QVariant heat = index.data(kHeatRole); heat.isValid() && !selected) {
    QColor colour = index.data(kHeatColourRole).value<QColor>();
    colour.setAlphaF(static_cast<float>(0.08 + 0.42 * std::clamp(heat.toDouble(), 0.0, 1.0)));
    painter->fillRect(option.rect.adjusted(1, 1, -1, -1), colour);
  }
  PaddedDelegate::paint(painter, option, index);
  if (const QVariant bar = index.data(kSignedBarRole); bar.isValid())
    draw_change_bar(*painter, QRectF(option.rect), bar.toDouble());
}

}  // namespace headroom::gui
