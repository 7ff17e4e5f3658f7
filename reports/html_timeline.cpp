#include <algorithm>

#include "reports/html_data.h"
#include "reports/summary.h"

namespace headroom {

std::vector<TimelinePoint> thinned(const std::vector<TimelinePoint>& points, std::size_t most) {
  if (points.size() <= most || most < 2) return points;
  const std::size_t intervals = most / 2;
  const auto less = [](const TimelinePoint& a, const TimelinePoint& b) {
    return sum(a.categories) < sum(b.categories);
  };
  std::vector<TimelinePoint> kept;
  for (std::size_t i = 0; i < intervals; ++i) {
    const auto first = points.begin() + static_cast<std::ptrdiff_t>(points.size() * i / intervals);
    const auto last = points.begin() + static_cast<std::ptrdiff_t>(points.size() * (i + 1) / intervals);
    auto low = std::min_element(first, last, less), high = std::max_element(first, last, less);
    if (high < low) std::swap(low, high);
    kept.push_back(*low);
    if (high != low) kept.push_back(*high);
  }
  return kept;
}

}  // namespace headroom
