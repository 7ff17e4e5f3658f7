#include "gui/charts/column_image.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace headroom::gui {

ColumnImage::ColumnImage(int width, int height) : width_(width), height_(height), first_row_(height) {}

void ColumnImage::begin(int column, int top, const QColor& colour) {
  if (column < 0 || column >= width_ || top >= height_) return;
  const int row = std::max(top, 0);
  changes_.push_back({row, column, qPremultiply(colour.rgba())});
  first_row_ = std::min(first_row_, row);
}

// Row by row: what changes in it is changed in the one before, and the whole of it is copied.
QImage ColumnImage::image(std::vector<QRgb>& pixels) const {
  const int rows = height_ - first_row_;
  if (rows <= 0 || width_ <= 0) return {};
  std::vector<std::size_t> ends(static_cast<std::size_t>(rows));
  for (const Change& change : changes_) ++ends[static_cast<std::size_t>(change.row - first_row_)];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<Change> by_row(changes_.size());
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change)
    by_row[--ends[static_cast<std::size_t>(change->row - first_row_)]] = *change;
  const auto size = static_cast<std::size_t>(width_) * static_cast<std::size_t>(rows);
  if (pixels.size() < size) pixels.resize(size);
  std::vector<QRgb> line(static_cast<std::size_t>(width_));
  auto change = by_row.begin();
  for (int row = 0; row < rows; ++row) {
    for (; change != by_row.end() && change->row - first_row_ == row; ++change)
      line[static_cast<std::size_t>(change->column)] = change->colour;
    std::copy(line.begin(), line.end(), pixels.begin() + static_cast<std::ptrdiff_t>(row) * width_);
  }
  return QImage(reinterpret_cast<uchar*>(pixels.data()), width_, rows, static_cast<qsizetype>(width_) * 4,
                QImage::Format_ARGB32_Premultiplied);
}

void draw_column_image(QPainter& painter, const QPointF& corner, const ColumnImage& columns) {
  static thread_local std::vector<QRgb> pixels;  // new pages for each frame would take longer than what is drawn
  const QImage image = columns.image(pixels);
  if (image.isNull()) return;
  const double ratio = painter.device()->devicePixelRatioF();
  const QPointF at = painter.worldTransform().map(corner) * ratio;
  painter.save();
  painter.setWorldTransform(QTransform::fromScale(1 / ratio, 1 / ratio));
  painter.drawImage(QPointF(std::round(at.x()), std::round(at.y()) + columns.first_row()), image);
  painter.restore();
}

}  // namespace headroom::gui
