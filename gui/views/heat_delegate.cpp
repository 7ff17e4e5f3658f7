#include "gui/views/heat_delegate.h"

#include <QIcon>
#include <QPainter>
#include <QPixmap>
#include <algorithm>

#include "gui/items/rows_model.h"
#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr int kSwatchSide = 11;

}  // namespace

QIcon swatch_icon(const QColor& colour, double device_pixel_ratio) {
  QPixmap picture(QSize(kSwatchSide, kSwatchSide) * device_pixel_ratio);
  picture.setDevicePixelRatio(device_pixel_ratio);
  picture.fill(Qt::transparent);
  QPainter painter(&picture);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(Qt::NoPen);
  painter.setBrush(colour);
  painter.drawRoundedRect(QRectF(0, 0, kSwatchSide, kSwatchSide), 2, 2);
  return picture;
}

void HeatDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
  PaddedDelegate::initStyleOption(option, index);
  if (const auto colour = index.data(Qt::DecorationRole).value<QColor>(); colour.isValid()) {
    option->icon = swatch_icon(colour, option->widget == nullptr ? 1 : option->widget->devicePixelRatioF());
    option->decorationSize = QSize(kSwatchSide, kSwatchSide);
  }
}

void HeatDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const double heat = index.data(kHeatRole).toDouble();
  if (heat > 0 && !(option.state & QStyle::State_Selected)) {
    auto colour = index.data(kHeatColourRole).value<QColor>();
    if (!colour.isValid()) colour = theme().accent;
    colour.setAlphaF(static_cast<float>(0.5 * std::clamp(heat, 0.0, 1.0)));
    painter->fillRect(option.rect.adjusted(1, 1, -1, -1), colour);
  }
  PaddedDelegate::paint(painter, option, index);
}

}  // namespace headroom::gui
