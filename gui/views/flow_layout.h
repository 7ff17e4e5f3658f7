// Widgets in rows from the left, as many in a row as fit, like words of a text.
#pragma once

#include <QLayout>
#include <memory>
#include <vector>

namespace headroom::gui {

class FlowLayout : public QLayout {
 public:
  explicit FlowLayout(int gap = 6) : gap_(gap) {}

  void addItem(QLayoutItem* item) override { items_.emplace_back(item); }
  int count() const override { return static_cast<int>(items_.size()); }
  QLayoutItem* itemAt(int index) const override;
  QLayoutItem* takeAt(int index) override;
  Qt::Orientations expandingDirections() const override { return {}; }
  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override { return arrange(QRect(0, 0, width, 0), false); }
  QSize sizeHint() const override;
  QSize minimumSize() const override;
  void setGeometry(const QRect& rect) override;

 private:
  int arrange(const QRect& rect, bool place) const;  // the height that was used

  int gap_;
  std::vector<std::unique_ptr<QLayoutItem>> items_;
};

}  // namespace headroom::gui
