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
  int first_row() const { return first_row_; }    // above it nothing begins
  QImage image(std::vector<QRgb>& pixels) const;  // from first_row() to the bottom, premultiplied; within `pixels`

 private:
  struct Change {
    int row, column;
    QRgb colour;
  };
  int width_, height_, first_row_;
  std::vector<Change> changes_;
};

// With its top left corner at `corner`, moved to a whole pixel of the device, each pixel one of the device's.
void draw_column_image(QPainter& painter, const QPointF& corner, const ColumnImage& image);

}  // namespace headroom::gui
