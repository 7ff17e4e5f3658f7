#include "gui/views/flow_layout.h"

#include <QHBoxLayout>
#include <QSpacerItem>
#include <algorithm>
#include <cmath>

namespace headroom::gui {
namespace {

// Qt's own counts as empty, and would be left out.
class Stretch : public QSpacerItem {
 public:
  Stretch() : QSpacerItem(0, 0, QSizePolicy::Expanding, QSizePolicy::Minimum) {}
  bool isEmpty() const override { return false; }
};

bool expands(const QLayoutItem& item) { return item.expandingDirections().testFlag(Qt::Horizontal); }

}  // namespace

void FlowLayout::add_stretch() { addItem(new Stretch); }

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

std::vector<FlowLayout::Row> FlowLayout::rows_within(int width) const {
  std::vector<Row> rows;
  int used = 0;
  for (const auto& item : items_) {
    if (item->isEmpty()) continue;
    const QSize size = item->sizeHint().boundedTo(QSize(std::max(width, 1), QLAYOUTSIZE_MAX));
    const int with_gap = (rows.empty() || rows.back().empty() ? 0 : gap_) + size.width();
    if (rows.empty() || (!rows.back().empty() && used + with_gap > width)) {
      rows.emplace_back();
      used = 0;
    }
    const bool leads = rows.back().empty();
    if (leads && rows.size() > 1 && item->spacerItem() != nullptr) continue;  // rows after the first begin at the left
    used += leads ? size.width() : with_gap;
    rows.back().push_back({item.get(), size});
  }
  return rows;
}

int FlowLayout::arrange(const QRect& rect, bool place) const {
  const QRect inner = rect.marginsRemoved(contentsMargins());
  int y = inner.top();
  for (Row& row : rows_within(inner.width())) {
    if (row.empty()) continue;
    int left = inner.width() - gap_ * (static_cast<int>(row.size()) - 1);
    for (const Placed& placed : row) left -= placed.size.width();
    auto growing = static_cast<int>(
        std::count_if(row.begin(), row.end(), [](const Placed& placed) { return expands(*placed.item); }));
    int height = 0;
    for (Placed& placed : row) {
      if (expands(*placed.item)) {
        const int share = std::max(left, 0) / growing--;
        placed.size.rwidth() += share;
        left -= share;
      }
      if (placed.item->hasHeightForWidth()) placed.size.setHeight(placed.item->heightForWidth(placed.size.width()));
      height = std::max(height, placed.size.height());
    }
    int x = inner.left();
    for (const Placed& placed : row) {
      if (place) placed.item->setGeometry({QPoint(x, y + (height - placed.size.height()) / 2), placed.size});
      x += placed.size.width() + gap_;
    }
    y += height + gap_;
  }
  return std::max(y - gap_, inner.top()) - rect.top() + contentsMargins().bottom();
}

WrappingLabel::WrappingLabel(QWidget* parent) : QLabel(parent) {
  setWordWrap(true);
  QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
  setTextInteractionFlags(Qt::TextSelectableByMouse);
}

QSize WrappingLabel::sizeHint() const {
  const QMargins margins = contentsMargins();
  const double width = QFontMetricsF(font()).horizontalAdvance(text()) + 2;
  return {static_cast<int>(std::ceil(width)) + margins.left() + margins.right() + 2 * margin(),
          fontMetrics().height() + margins.top() + margins.bottom() + 2 * margin()};
}

QSize WrappingLabel::minimumSizeHint() const { return {80, fontMetrics().height()}; }

QWidget* labelled(const QString& text, QWidget* field) {
  auto* pair = new QWidget;
  auto* row = new QHBoxLayout(pair);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(6);
  auto* label = new QLabel(text);
  label->setBuddy(field);
  if (field->accessibleName().isEmpty()) field->setAccessibleName(QString(text).remove('&'));
  row->addWidget(label);
  const bool grows = field->sizePolicy().expandingDirections().testFlag(Qt::Horizontal);
  row->addWidget(field, grows ? 1 : 0);
  return pair;
}

}  // namespace headroom::gui
