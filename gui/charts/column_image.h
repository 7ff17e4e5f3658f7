// Areas over columns of pixels as one bitmap. QPainter takes long over thousands of narrow rectangles, and longest
// where they are translucent; a bitmap takes as long as its pixels do, however many areas it has.
#pragma once

#include <QImage>
#include <QPainter>
#include <vector>

namespace headroom::gui {

class ColumnImage {
 public:
  ColumnImage(int width, int height);  // in pixels of the device; transparent

  // The column has `colour` from row `top` down to the next begin() of the same column, or to the bottom.
  void begin(int column, int top, const QColor& colour);

  bool is_empty() const { return changes_.empty(); }
  int first_row() const { return first_row_; }  // above it nothing begins
  QSize size() const { return {width_, height_}; }
  bool is_opaque() const;                         // whatever begins is
  QImage image(std::vector<QRgb>& pixels) const;  // from first_row() to the bottom, premultiplied; within `pixels`
  // The opaque pixels alone, with the top left corner there: without a painter each is written once.
  void draw_into(QImage& image, const QPoint& corner) const;

 private:
  struct Change {
    int row, column;
    QRgb colour;
  };
  template <class Row>
  void for_each_row(Row row) const;  // row(number, pixels, whether all of them are opaque), from first_row() down
  int width_, height_, first_row_;
  std::vector<Change> changes_;
};

// With its top left corner at `corner`, moved to a whole pixel of the device, each pixel one of the device's.
void draw_column_image(QPainter& painter, const QPointF& corner, const ColumnImage& image);

}  // namespace headroom::gui
