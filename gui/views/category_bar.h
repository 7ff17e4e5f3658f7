// One bar of the categories at the peak with its legend: each with its size and share. Parts are chosen by clicking, or
// with the arrow keys.
#pragma once

#include <QWidget>

#include "analysis/breakdown.h"

namespace headroom::gui {

class CategoryBar : public QWidget {
  Q_OBJECT

 public:
  CategoryBar(const CategoryBytes& bytes, QWidget* parent);

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 Q_SIGNALS:
  void chosen(Category category);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  bool event(QEvent* event) override;

 private:
  struct Part {
    Category category{};
    std::int64_t bytes = 0;
    double share = 0;  // of all
  };
  double row_height() const;
  QRectF bar() const;
  QRectF row(std::size_t part) const;
  int part_at(const QPointF& place) const;
  void draw_bar(QPainter& painter) const;
  void draw_row(QPainter& painter, std::size_t part) const;
  void point_at(int part);

  std::vector<Part> parts_;
  int pointed_ = -1;
};

}  // namespace headroom::gui
