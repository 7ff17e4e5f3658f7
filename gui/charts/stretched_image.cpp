#include "gui/charts/stretched_image.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "gui/charts/column_image.h"

namespace headroom::gui {
namespace {

// Which of `count` pixels of the bitmap each pixel from `from` up to `to` shows.
struct Axis {
  int from, to;
  std::vector<int> source;

  Axis(double place, double length, int count, int seen_from, int seen_to)
      : from(std::max(seen_from, static_cast<int>(std::lround(std::max(place, 1.0 * seen_from))))),
        to(std::min(seen_to, static_cast<int>(std::lround(std::min(place + length, 1.0 * seen_to))))) {
    const bool is_as_large = std::abs(length - count) < 1;  // no pixel is doubled in the middle for a part of one
    const double step = is_as_large ? 1 : count / length, begin = is_as_large ? std::round(place) : place;
    for (int at = from; at < to; ++at)
      source.push_back(std::clamp(static_cast<int>((at + 0.5 - begin) * step), 0, count - 1));
  }
  bool is_plain() const { return source.empty() || source.back() - source.front() == to - from - 1; }
};

void copy_row(const QRgb* from, const Axis& across, bool is_plain, QRgb* to) {
  if (is_plain) {
    std::copy_n(from + across.source.front(), across.source.size(), to);
    return;
  }
  for (const int x : across.source) *to++ = from[x];
}

// A row like the one before is a copy of it.
void stretch(const QImage& image, const Axis& across, const Axis& down, QImage& to) {
  if (across.source.empty()) return;
  const auto row_of = [&](int y) { return reinterpret_cast<QRgb*>(to.bits() + y * to.bytesPerLine()) + across.from; };
  const bool is_plain = across.is_plain();
  for (int y = down.from; y < down.to; ++y) {
    const auto i = static_cast<std::size_t>(y - down.from);
    if (i > 0 && down.source[i] == down.source[i - 1] && !is_plain)
      std::copy_n(row_of(y - 1), across.source.size(), row_of(y));
    else
      copy_row(reinterpret_cast<const QRgb*>(image.constScanLine(down.source[i])), across, is_plain, row_of(y));
  }
}

}  // namespace

void draw_stretched(QPainter& painter, const QRectF& clip, const QRectF& place, const QImage& image) {
  const QTransform to_device = painter.deviceTransform();
  const QRect seen = to_device.mapRect(clip).toRect();
  const QRectF exact = to_device.mapRect(place);
  const auto target = pixels_of(painter, clip.topLeft(), seen.size());
  if (image.format() == QImage::Format_RGB32 && target && exact.width() >= 1 && exact.height() >= 1) {
    const QRect area = target->covered & target->image->rect();
    const Axis across(exact.left(), exact.width(), image.width(), area.left(), area.left() + area.width());
    const Axis down(exact.top(), exact.height(), image.height(), area.top(), area.top() + area.height());
    return stretch(image, across, down, *target->image);
  }
  painter.save();
  painter.setClipRect(clip, Qt::IntersectClip);
  painter.drawImage(place, image, QRectF(image.rect()));
  painter.restore();
}

}  // namespace headroom::gui
