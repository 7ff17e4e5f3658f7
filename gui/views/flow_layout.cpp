#include "gui/views/flow_layout.h"

#include <algorithm>

namespace headroom::gui {

QLayoutItem* FlowLayout::itemAt(int index) const {
  return index >= 0 && index < count() ? items_[static_cast<std::size_t>(index)].get() : nullptr;
}

QLayoutItem* FlowLayout::takeAt(int index) {
  if (index < 0 || index >= count()) return nullptr;
  QLayoutItem* item = items_[static_cast<std::size_t>(index)].release();
  items_.erase(items_.begin() + index);
  return item;
}

QSize FlowLayout::minimumSize() const {
  QSize size;
  for (const auto& item : items_)
    if (!item->isEmpty()) size = size.expandedTo(item->minimumSize());
  const QMargins margins = contentsMargins();
  return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom());
}

// All in one row.
QSize FlowLayout::sizeHint() const {
  QSize size = minimumSize();
  int width = 0;
  for (const auto& item : items_)
    if (!item->isEmpty()) width += item->sizeHint().width() + gap_;
  size.setWidth(std::max(size.width(), width));
  return size;
}

void FlowLayout::setGeometry(const QRect& rect) {
  QLayout::setGeometry(rect);
  arrange(rect, true);
}

int FlowLayout::arrange(const QRect& rect, bool place) const {
  const QRect inner = rect.marginsRemoved(contentsMargins());
  int x = inner.left(), y = inner.top();
  std::vector<std::pair<QLayoutItem*, QRect>> row;
  int height = 0;
  const auto end_row = [&] {
    for (auto& [item, box] : row) {
      box.moveTop(y + (height - box.height()) / 2);
      if (place) item->setGeometry(box);
    }
    row.clear();
  };
  for (const auto& item : items_) {
    if (item->isEmpty()) continue;
    const QSize size = item->sizeHint().boundedTo(QSize(std::max(inner.width(), 1), QLAYOUTSIZE_MAX));
    if (!row.empty() && x + size.width() > inner.right() + 1) {
      end_row();
      x = inner.left();
      y += height + gap_;
      height = 0;
    }
    row.emplace_back(item.get(), QRect(QPoint(x, y), size));
    x += size.width() + gap_;
    height = std::max(height, size.height());
  }
  end_row();
  return y + height - rect.top() + contentsMargins().bottom();
}

}  // namespace headroom::gui
