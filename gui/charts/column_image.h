// Areas over columns of pixels as one bitmap. QPainter takes long over thousands of narrow rectangles, and longest
// where they are translucent; a bitmap takes as long as its pixels do, however many areas it has.
#pragma once

#include <QImage>
#include <QPainter>
#include <optional>
#include <vector>

namespace headroom::gui {

// What is seen where no column has begun: the colour of each column, and instead of it that of a row that has one.
struct ColumnGround {
  std::vector<QRgb> columns, rows;  // of a row 0: none
};

class ColumnImage {
 public:
  ColumnImage(int width, int height);  // in pixels of the device; transparent

  // The column has `colour` from row `top` down to the next begin() of the same column, or to the bottom.
  void begin(int column, int top, const QColor& colour) { begin_pixels(column, top, qPremultiply(colour.rgba())); }
  void begin_pixels(int column, int top, QRgb premultiplied);

  bool is_empty() const { return changes_.empty(); }
  int first_row() const { return first_row_; }  // above it nothing begins
  QSize size() const { return {width_, height_}; }
  bool is_opaque() const;                         // whatever begins is
  QImage image(std::vector<QRgb>& pixels) const;  // from first_row() to the bottom, premultiplied; within `pixels`
  // The opaque pixels alone, with the top left corner there: without a painter each is written once.
  void draw_into(QImage& image, const QPoint& corner) const;
  // The same on a ground: every pixel of size() is written, once. What begins is opaque.
  void draw_into(QImage& image, const QPoint& corner, const ColumnGround& ground) const;

 private:
  struct Change {
    int row, column;
    QRgb colour;
  };
  std::vector<Change> changes_by_row() const;
  template <class Row>
  void for_each_row(Row row) const;  // row(number, pixels, whether all of them are opaque), from first_row() down
  int width_, height_, first_row_;
  std::vector<Change> changes_;
};

// The bitmap that is painted on and where `rect` lies in it, where its pixels may be written without the painter: none
// of them is clipped.
struct PixelTarget {
  QImage* image;
  QRect covered;
};
std::optional<PixelTarget> pixels_of(const QPainter& painter, const QPointF& corner, const QSize& size);
// Whether `rect`, of whole pixels of the device, may be painted as if it was a bitmap of its own.
bool is_on_pixels(const QPainter& painter, const QRect& rect);

// With its top left corner at `corner`, moved to a whole pixel of the device, each pixel one of the device's.
void draw_column_image(QPainter& painter, const QPointF& corner, const ColumnImage& image);

}  // namespace headroom::gui
