// Rectangles of plain colours on each other, as a bitmap: each pixel is written once, however many of them lie on it.
// Rounded to whole pixels as QPainter::fillRect() does without antialiasing.
#pragma once

#include <QColor>
#include <QImage>
#include <QRectF>
#include <QTransform>
#include <vector>

namespace headroom::gui {

class FlatFills {
 public:
  // Scaled and moved: rounded before it is moved, so that it looks the same wherever it is.
  explicit FlatFills(const QTransform& to_device)
      : scale_(QTransform::fromScale(to_device.m11(), to_device.m22())),
        moved_(qRound(to_device.dx()), qRound(to_device.dy())) {}

  void fill(const QRectF& rect, const QColor& colour);  // opaque; later ones lie on earlier ones
  // The first one and what lies within it.
  void draw_into(QImage& image) const;

 private:
  struct Fill {
    QRect rect;  // in pixels of the device
    QRgb colour;
  };
  void draw_line(const std::vector<std::size_t>& shown, std::vector<QRgb>& line) const;

  QTransform scale_;
  QPoint moved_;
  std::vector<Fill> fills_;
};

}  // namespace headroom::gui
