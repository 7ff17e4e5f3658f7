#include "gui/charts/column_image.h"

#include <QPaintEngine>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace headroom::gui {

ColumnImage::ColumnImage(int width, int height) : width_(width), height_(height), first_row_(height) {}

void ColumnImage::begin_pixels(int column, int top, QRgb premultiplied) {
  if (column < 0 || column >= width_ || top >= height_) return;
  const int row = std::max(top, 0);
  changes_.push_back({row, column, premultiplied});
  first_row_ = std::min(first_row_, row);
}

// The changes of each row in the order in which they were asked for.
std::vector<ColumnImage::Change> ColumnImage::changes_by_row() const {
  std::vector<std::size_t> ends(static_cast<std::size_t>(std::max(height_ - first_row_, 0)));
  for (const Change& change : changes_) ++ends[static_cast<std::size_t>(change.row - first_row_)];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<Change> by_row(changes_.size());
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change)
    by_row[--ends[static_cast<std::size_t>(change->row - first_row_)]] = *change;
  return by_row;
}

// Row by row: what changes in it is changed in the one before, and the whole of it is given.
template <class Row>
void ColumnImage::for_each_row(Row row) const {
  const int rows = height_ - first_row_;
  if (rows <= 0 || width_ <= 0) return;
  const std::vector<Change> by_row = changes_by_row();
  std::vector<QRgb> line(static_cast<std::size_t>(width_));
  int opaque = 0;
  auto change = by_row.begin();
  for (int r = 0; r < rows; ++r) {
    for (; change != by_row.end() && change->row - first_row_ == r; ++change) {
      QRgb& pixel = line[static_cast<std::size_t>(change->column)];
      opaque += (qAlpha(change->colour) == 255) - (qAlpha(pixel) == 255);
      pixel = change->colour;
    }
    row(first_row_ + r, line, opaque == width_);
  }
}

QImage ColumnImage::image(std::vector<QRgb>& pixels) const {
  const int rows = height_ - first_row_;
  if (rows <= 0 || width_ <= 0) return {};
  const auto size = static_cast<std::size_t>(width_) * static_cast<std::size_t>(rows);
  if (pixels.size() < size) pixels.resize(size);
  for_each_row([&](int row, const std::vector<QRgb>& line, bool) {
    std::copy(line.begin(), line.end(), pixels.begin() + static_cast<std::ptrdiff_t>(row - first_row_) * width_);
  });
  return QImage(reinterpret_cast<uchar*>(pixels.data()), width_, rows, static_cast<qsizetype>(width_) * 4,
                QImage::Format_ARGB32_Premultiplied);
}

void ColumnImage::draw_into(QImage& to, const QPoint& corner) const {
  const int from = std::max(0, -corner.x()), until = std::min(width_, to.width() - corner.x());
  if (from >= until) return;
  uchar* const bits = to.bits();
  for_each_row([&](int row, const std::vector<QRgb>& line, bool opaque) {
    const int y = corner.y() + row;
    if (y < 0 || y >= to.height()) return;
    QRgb* pixel = reinterpret_cast<QRgb*>(bits + y * to.bytesPerLine()) + corner.x();
    if (opaque) {
      std::copy(line.begin() + from, line.begin() + until, pixel + from);
      return;
    }
    for (int x = from; x < until; ++x) {
      const QRgb colour = line[static_cast<std::size_t>(x)];
      if (qAlpha(colour) == 255) pixel[x] = colour;
    }
  });
}

void ColumnImage::draw_into(QImage& to, const QPoint& corner, const ColumnGround& ground) const {
  const int from = std::max(0, -corner.x()), until = std::min(width_, to.width() - corner.x());
  if (from >= until) return;
  uchar* const bits = to.bits();
  const std::vector<Change> by_row = changes_by_row();
  std::vector<QRgb> line = ground.columns;
  std::vector<bool> begun(line.size());
  auto change = by_row.begin();
  for (int row = 0; row < height_; ++row) {
    for (; change != by_row.end() && change->row == row; ++change) {
      line[static_cast<std::size_t>(change->column)] = change->colour;
      begun[static_cast<std::size_t>(change->column)] = true;
    }
    const int y = corner.y() + row;
    if (y < 0 || y >= to.height()) continue;
    QRgb* pixel = reinterpret_cast<QRgb*>(bits + y * to.bytesPerLine()) + corner.x();
    std::copy(line.begin() + from, line.begin() + until, pixel + from);
    if (const QRgb colour = ground.rows[static_cast<std::size_t>(row)])
      for (int x = from; x < until; ++x)
        if (!begun[static_cast<std::size_t>(x)]) pixel[x] = colour;
  }
}

bool ColumnImage::is_opaque() const {
  return std::ranges::all_of(changes_, [](const Change& c) { return qAlpha(c.colour) == 255; });
}

std::optional<PixelTarget> pixels_of(const QPainter& painter, const QPointF& corner, const QSize& size) {
  const QPaintEngine* engine = painter.paintEngine();
  if (engine == nullptr || engine->type() != QPaintEngine::Raster) return {};
  auto* image = dynamic_cast<QImage*>(engine->paintDevice());  // of a widget: what the window is painted on
  if (image == nullptr || !image->isDetached() || image->devicePixelRatio() != painter.device()->devicePixelRatio())
    return {};
  if (image->format() != QImage::Format_RGB32 && image->format() != QImage::Format_ARGB32_Premultiplied) return {};
  const QTransform to_device = painter.deviceTransform();
  const QPointF mapped = to_device.map(corner);
  const QRect covered(QPoint(qRound(mapped.x()), qRound(mapped.y())), size);
  if (painter.hasClipping() && !to_device.mapRect(painter.clipBoundingRect()).toAlignedRect().contains(covered))
    return {};
  const QRegion clip = engine->systemClip();
  if (!clip.isEmpty() && !QRegion(covered & image->rect()).subtracted(clip).isEmpty()) return {};
  return PixelTarget{image, covered};
}

bool is_on_pixels(const QPainter& painter, const QRect& rect) {
  const QTransform to_device = painter.deviceTransform();
  const QRectF exact = to_device.mapRect(QRectF(rect));
  const auto is_whole = [](double at) { return std::abs(at - std::round(at)) < 1e-6; };
  return to_device.type() <= QTransform::TxScale && is_whole(exact.left()) && is_whole(exact.top()) &&
         pixels_of(painter, rect.topLeft(), exact.toAlignedRect().size()).has_value();
}

void draw_column_image(QPainter& painter, const QPointF& corner, const ColumnImage& columns) {
  const double ratio = painter.device()->devicePixelRatioF();
  const QPointF mapped = painter.worldTransform().map(corner) * ratio;
  const QPoint at(qRound(mapped.x()), qRound(mapped.y()));
  if (columns.is_opaque())
    if (const auto target = pixels_of(painter, corner, columns.size()))
      return columns.draw_into(*target->image, target->covered.topLeft());
  static thread_local std::vector<QRgb> pixels;  // new pages for each frame would take longer than what is drawn
  const QImage image = columns.image(pixels);
  if (image.isNull()) return;
  painter.save();
  painter.setWorldTransform(QTransform::fromScale(1 / ratio, 1 / ratio));
  painter.drawImage(at + QPoint(0, columns.first_row()), image);
  painter.restore();
}

}  // namespace headroom::gui
