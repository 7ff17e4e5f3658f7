#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "reports/html_data.h"
#include "reports/picture_parts.h"
#include "reports/pictures.h"
#include "reports/summary.h"

namespace headroom {
namespace {

using namespace picture;

constexpr std::size_t kMostPoints = 1200;  // more than there are pixels across
constexpr double kPlotHeight = 320, kLeft = kMargin + 62, kRight = kWidth - kMargin;
constexpr double kNear = 0.75;  // of the device: its capacity matters

// From events and bytes to pixels.
struct Plot {
  double first = 0, last = 1, most = 1, top = 0;
  double bottom() const { return top + kPlotHeight; }
  double x(std::int64_t event) const {
    return kLeft + (static_cast<double>(event) - first) / (last - first) * (kRight - kLeft);
  }
  double y(std::int64_t bytes) const { return bottom() - static_cast<double>(bytes) / most * kPlotHeight; }
};

bool nears_capacity(const Breakdown& run) {
  const double total = static_cast<double>(run.environment.device_total_bytes);
  return total > 0 && static_cast<double>(run.peak_reserved_bytes) > kNear * total;
}

Plot plot_of(const Breakdown& run, const std::vector<TimelinePoint>& points, double top) {
  Plot plot{.top = top};
  std::int64_t most = 1;
  for (const TimelinePoint& p : points) most = std::max({most, sum(p.categories), p.reserved_bytes});
  if (nears_capacity(run)) most = std::max(most, run.environment.device_total_bytes);
  plot.most = static_cast<double>(most) * 1.06;
  plot.first = static_cast<double>(points.front().event);
  plot.last = std::max(plot.first + 1, static_cast<double>(points.back().event) + 1);
  return plot;
}

// Leaves out corners that no eye sees: those on a level line, to a tenth of a pixel.
void add_corner(std::vector<Point>& corners, Point corner) {
  const auto same = [](double a, double b) { return std::abs(a - b) < 0.05; };
  const std::size_t count = corners.size();
  if (count > 1 && same(corners[count - 1].y, corner.y) && same(corners[count - 2].y, corner.y))
    corners.back().x = corner.x;
  else
    corners.push_back(corner);
}

// A value holds until the next event.
std::vector<Point> steps(const std::vector<TimelinePoint>& points, const std::vector<std::int64_t>& values,
                         const Plot& plot) {
  std::vector<Point> out;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double y = plot.y(values[i]);
    add_corner(out, {plot.x(points[i].event), y});
    add_corner(out, {i + 1 < points.size() ? plot.x(points[i + 1].event) : kRight, y});
  }
  return out;
}

void draw_phases(Picture& picture, const Breakdown& run, const Plot& plot) {
  std::vector<Mark> marks;  // the tokens of a decode are one phase
  for (const Mark& mark : run.marks)
    if (!run.cache.any() || marks.empty() || marks.back().phase != mark.phase) marks.push_back(mark);
  const auto last = static_cast<std::int64_t>(plot.last);
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const double from = plot.x(std::min(marks[i].event, last));
    const double to = i + 1 < marks.size() ? plot.x(std::min(marks[i + 1].event, last)) : kRight;
    if (to - from < 0.5) continue;
    if (i % 2 == 0) picture.box(from, plot.top, to - from, kPlotHeight, kLightPalette.band);
    const std::string name(to_name(kPhaseNames, marks[i].phase));
    const std::string full = marks[i].step > 0 && !run.cache.any() ? fmt::format("{} {}", name, marks[i].step) : name;
    for (const std::string& text : {full, name})
      if (text_width(text, 11) < to - from - 4) {
        picture.write({(from + to) / 2, plot.top - 6}, text,
                      {.size = 11, .anchor = Anchor::middle, .color = kLightPalette.soft});
        break;
      }
  }
}

void draw_scale(Picture& picture, const Plot& plot) {
  for (const std::int64_t bytes : byte_ticks(static_cast<std::int64_t>(plot.most), 6)) {
    picture.line({{kLeft, plot.y(bytes)}, {kRight, plot.y(bytes)}}, kLightPalette.grid);
    picture.write({kLeft - 8, plot.y(bytes) + 4}, tick_text(bytes),
                  {.size = 12, .anchor = Anchor::end, .color = kLightPalette.soft});
  }
  const double y = plot.bottom() + 18;
  const Picture::Letters letters{.size = 12, .color = kLightPalette.soft};
  picture.write({kLeft, y}, format_count(static_cast<std::int64_t>(plot.first)), letters);
  picture.write({(kLeft + kRight) / 2, y}, "allocations and frees",
                {.size = 12, .anchor = Anchor::middle, .color = letters.color});
  picture.write({kRight, y}, format_count(static_cast<std::int64_t>(plot.last) - 1),
                {.size = 12, .anchor = Anchor::end, .color = letters.color});
}

void draw_areas(Picture& picture, const std::vector<TimelinePoint>& points, const Plot& plot) {
  std::vector<std::int64_t> below(points.size(), 0);
  for (std::size_t c = 0; c < kCategoryCount; ++c) {
    if (std::ranges::all_of(points, [&](const TimelinePoint& p) { return p.categories[c] == 0; })) continue;
    std::vector<std::int64_t> above = below;
    for (std::size_t i = 0; i < points.size(); ++i) above[i] += points[i].categories[c];
    std::vector<Point> corners = steps(points, above, plot);
    const std::vector<Point> floor = steps(points, below, plot);
    corners.insert(corners.end(), floor.rbegin(), floor.rend());
    picture.area(std::move(corners), color_of(c));
    below = std::move(above);
  }
}

void draw_reserved(Picture& picture, const std::vector<TimelinePoint>& points, const Plot& plot) {
  std::vector<std::int64_t> reserved;
  for (const TimelinePoint& p : points) reserved.push_back(p.reserved_bytes);
  picture.line(steps(points, reserved, plot), kLightPalette.ink, 1.2, true);
}

void draw_capacity(Picture& picture, const Breakdown& run, const Plot& plot) {
  if (!nears_capacity(run)) return;
  const double y = plot.y(run.environment.device_total_bytes);
  picture.line({{kLeft, y}, {kRight, y}}, kLightPalette.bad, 1.5);
  picture.write({kLeft + 6, y - 5}, "all of the device, " + format_bytes(run.environment.device_total_bytes),
                {.size = 11, .color = kLightPalette.bad});
}

// The text on a ground of its own, left of the peak where there is more room.
void draw_peak(Picture& picture, const Breakdown& run, const Plot& plot) {
  const double x = plot.x(run.peak.event), y = plot.y(run.peak.allocated_bytes);
  const std::string text = "peak " + format_bytes(run.peak.allocated_bytes);
  const double width = text_width(text, 12.5, true) + 8;
  const double left = x > (kLeft + kRight) / 2 ? x - width - 8 : x + 8;
  picture.line({{x, plot.top}, {x, plot.bottom()}}, kLightPalette.ink, 1, true);
  picture.box(left, y + 5, width, 19, 0xffffff);
  picture.write({left + width / 2, y + 19}, text, {.size = 12.5, .bold = true, .anchor = Anchor::middle});
  picture.box(x - 3.5, y - 3.5, 7, 7, kLightPalette.ink);
}

CategoryBytes used_in(const std::vector<TimelinePoint>& points) {
  CategoryBytes used{};
  for (const TimelinePoint& p : points)
    for (std::size_t c = 0; c < kCategoryCount; ++c) used[c] = std::max(used[c], p.categories[c]);
  return used;
}

std::string label_of(const Breakdown& run) {
  const std::string model = phrases(run).model;
  return model.empty() || model == run.label ? run.label : model + " · " + run.label;
}

}  // namespace

Picture timeline_picture(const ReportRun& report_run) {
  const Breakdown& run = report_run.breakdown;
  const std::string title = "Memory over time: " + label_of(run);
  Picture picture{kWidth, 0, title, {}};
  double y = draw_head(picture, title, subtitle_of(run));
  const std::vector<TimelinePoint> points = thinned(report_run.timeline, kMostPoints);
  if (points.empty() || !has_peak(run)) {
    picture.write({kMargin, y + 16}, "Nothing was allocated.", {.size = kTextSize});
    picture.height = y + 16 + kMargin;
    return picture;
  }
  picture.title += fmt::format("; the peak is {} in {}", format_bytes(run.peak.allocated_bytes), place(run, run.peak));
  std::vector<LegendEntry> entries = category_legend(used_in(points));
  entries.push_back({"reserved", kLightPalette.ink, true});
  y = draw_legend(picture, y + 8, entries);
  const Plot plot = plot_of(run, points, y + 18);
  draw_phases(picture, run, plot);
  draw_scale(picture, plot);
  draw_areas(picture, points, plot);
  draw_reserved(picture, points, plot);
  draw_capacity(picture, run, plot);
  draw_peak(picture, run, plot);
  picture.height = plot.bottom() + 18 + kMargin;
  return picture;
}

std::vector<NamedPicture> pictures_of(const Report& report) {
  std::vector<NamedPicture> out;
  if (report.runs.size() != 1) out.push_back({"comparison", comparison_picture(report)});
  if (has_savings(report)) out.push_back({"savings", savings_picture(report)});
  for (const ReportRun& run : report.runs)
    if (report.runs.size() == 1 || has_peak(run.breakdown))
      out.push_back({run.breakdown.label + ".timeline", timeline_picture(run)});
  return out;
}

}  // namespace headroom
