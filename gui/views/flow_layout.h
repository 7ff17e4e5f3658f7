// Widgets in rows from the left, as many in a row as fit, like words of a text. Those whose size policy is to expand
// share what is left of their row.
#pragma once

#include <QLabel>
#include <QLayout>
#include <memory>
#include <vector>

namespace headroom::gui {

class FlowLayout : public QLayout {
 public:
  explicit FlowLayout(int gap = 6) : gap_(gap) {}

  void add_stretch();  // what follows stands at the right, where it is still in this row
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
  struct Placed {
    QLayoutItem* item;
    QSize size;
  };
  using Row = std::vector<Placed>;

  std::vector<Row> rows_within(int width) const;
  int arrange(const QRect& rect, bool place) const;  // the height that was used

  int gap_;
  std::vector<std::unique_ptr<QLayoutItem>> items_;
};

// A text that wants one line and wraps where there is no room for it.
class WrappingLabel : public QLabel {
 public:
  explicit WrappingLabel(QWidget* parent = nullptr);

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;
};

// A field with its label before it: one item of a row. The field is named after the label unless it has a name.
QWidget* labelled(const QString& text, QWidget* field);

}  // namespace headroom::gui
