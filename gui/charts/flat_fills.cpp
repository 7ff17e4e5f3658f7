#include "gui/charts/flat_fills.h"

#include <algorithm>
#include <numeric>

namespace headroom::gui {

void FlatFills::fill(const QRectF& rect, const QColor& colour) {
  const QRectF exact = scale_.mapRect(rect);
  const QPoint corner(qRound(exact.left()), qRound(exact.top())), end(qRound(exact.right()), qRound(exact.bottom()));
  fills_.push_back({QRect(corner + moved_, QSize(end.x() - corner.x(), end.y() - corner.y())), colour.rgb()});
}

void FlatFills::draw_line(const std::vector<std::size_t>& shown, std::vector<QRgb>& line) const {
  const int left = fills_.front().rect.left(), width = fills_.front().rect.width();
  for (const std::size_t i : shown) {
    const int from = std::clamp(fills_[i].rect.left() - left, 0, width);
    const int to = std::clamp(fills_[i].rect.left() + fills_[i].rect.width() - left, from, width);
    std::fill(line.begin() + from, line.begin() + to, fills_[i].colour);
  }
}

// Rows between which nothing begins or ends are alike.
void FlatFills::draw_into(QImage& image) const {
  if (fills_.empty() || fills_.front().rect.isEmpty()) return;
  const QRect whole = fills_.front().rect, seen = whole & image.rect();
  std::vector<std::size_t> by_top(fills_.size()), shown;  // shown: in the order in which they lie on each other
  std::iota(by_top.begin(), by_top.end(), std::size_t{0});
  std::ranges::stable_sort(by_top, {}, [&](std::size_t i) { return fills_[i].rect.top(); });
  std::vector<QRgb> line(static_cast<std::size_t>(whole.width()));
  const auto end_of = [&](std::size_t i) { return fills_[i].rect.top() + fills_[i].rect.height(); };
  auto next = by_top.begin();
  for (int y = whole.top(), until = y; y < whole.top() + whole.height(); y = until) {
    std::erase_if(shown, [&](std::size_t i) { return end_of(i) <= y; });
    for (; next != by_top.end() && fills_[*next].rect.top() <= y; ++next)
      if (end_of(*next) > y) shown.insert(std::ranges::lower_bound(shown, *next), *next);
    until = whole.top() + whole.height();
    for (const std::size_t i : shown) until = std::min(until, end_of(i));
    if (next != by_top.end()) until = std::min(until, fills_[*next].rect.top());
    draw_line(shown, line);
    for (int row = std::max(y, seen.top()); row < std::min(until, seen.top() + seen.height()); ++row)
      std::copy_n(line.begin() + (seen.left() - whole.left()), seen.width(),
                  reinterpret_cast<QRgb*>(image.bits() + row * image.bytesPerLine()) + seen.left());
  }
}

}  // namespace headroom::gui
