#include "gui/views/fold_delegate.h"

#include <QMouseEvent>
#include <QPainter>

#include "gui/window/theme.h"

namespace headroom::gui {
namespace {

constexpr int kGap = 8, kPadding = 9;

}  // namespace

void FoldDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
  HeatDelegate::initStyleOption(option, index);
  option->text = index.data(kFoldNameRole).toString();
}

QRect FoldDelegate::link_rect(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  const QString link = index.data(kFoldLinkRole).toString();
  if (link.isEmpty()) return {};
  const QFontMetrics& metrics = option.fontMetrics;
  const int left =
      option.rect.left() + kPadding + metrics.horizontalAdvance(index.data(kFoldNameRole).toString()) + kGap;
  const QRect link_place(left, option.rect.top(), metrics.horizontalAdvance(link), option.rect.height());
  return link_place.intersected(option.rect.adjusted(0, 0, -kPadding / 2, 0));
}

void FoldDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  HeatDelegate::paint(painter, option, index);
  const QRect place = link_rect(option, index);
  if (place.isEmpty()) return;
  const bool selected = option.state & QStyle::State_Selected;
  QFont font = option.font;
  font.setUnderline(true);
  painter->save();
  painter->setFont(font);
  painter->setPen(selected ? option.palette.color(QPalette::HighlightedText) : theme().accent);
  painter->drawText(place, Qt::AlignLeft | Qt::AlignVCenter, index.data(kFoldLinkRole).toString());
  painter->restore();
}

QSize FoldDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
  QSize size = HeatDelegate::sizeHint(option, index);
  if (const QString link = index.data(kFoldLinkRole).toString(); !link.isEmpty())
    size.rwidth() += kGap + option.fontMetrics.horizontalAdvance(link);
  return size;
}

bool FoldDelegate::editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option,
                               const QModelIndex& index) {
  if (event->type() == QEvent::MouseButtonRelease) {
    const auto* mouse = static_cast<QMouseEvent*>(event);
    if (mouse->button() == Qt::LeftButton && link_rect(option, index).contains(mouse->position().toPoint())) {
      Q_EMIT link_clicked(index);
      return true;
    }
  }
  return HeatDelegate::editorEvent(event, model, option, index);
}

}  // namespace headroom::gui
