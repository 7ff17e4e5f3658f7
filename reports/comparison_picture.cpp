#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "reports/picture_parts.h"
#include "reports/pictures.h"
#include "reports/summary.h"

namespace headroom {
namespace {

using namespace picture;

constexpr double kBarHeight = 24, kRowHeight = 42, kFigureWidth = 104;

std::string change_text(double percent) {
  if (std::abs(percent) < 0.05) return "0.0 %";
  return format_percent(std::abs(percent)) + (percent < 0 ? " more" : " saved");
}

Rgb change_color(double percent) {
  return percent > 0.05 ? kLightPalette.good : percent < -0.05 ? kLightPalette.bad : kLightPalette.soft;
}

bool is_drawn(const Breakdown& run) { return has_figures(run) && has_peak(run); }

// One scale for all bars: bytes to pixels between `left` and `right`.
struct BarScale {
  double left = 0, right = 0, most = 1;
  double x(double value) const { return left + value / most * (right - left); }
};

void draw_stack(Picture& picture, const Breakdown& run, const BarScale& scale, double y) {
  std::int64_t below = 0;
  for (std::size_t c = 0; c < kCategoryCount; ++c) {
    const std::int64_t bytes = run.peak.categories[c];
    if (bytes == 0) continue;
    const double from = scale.x(static_cast<double>(below)), to = scale.x(static_cast<double>(below + bytes));
    picture.box(from, y, to - from, kBarHeight, color_of(c));
    below += bytes;
  }
  if (run.peak_reserved_bytes > run.peak.allocated_bytes)
    picture.outline(scale.left, y - 2, scale.x(static_cast<double>(run.peak_reserved_bytes)) - scale.left,
                    kBarHeight + 4, kLightPalette.soft, true);
}

void draw_run(Picture& picture, const Report& report, std::size_t index, const BarScale& scale, double y) {
  const Breakdown& run = report.runs[index].breakdown;
  const bool is_baseline = report.comparison && report.comparison->baseline == index;
  const double text_y = y + kBarHeight / 2 + 4.5, right = picture.width - kMargin;
  picture.write({kMargin, is_baseline ? text_y - 7 : text_y},
                fitted(run.label, scale.left - kMargin - 12, kTextSize, true), {.size = kTextSize, .bold = true});
  if (is_baseline) picture.write({kMargin, text_y + 8}, "baseline", {.size = 11, .color = kLightPalette.soft});
  if (!is_drawn(run)) {
    const bool oom = run.outcome.kind == OutcomeKind::oom;
    picture.write({scale.left, text_y},
                  oom                ? "out of memory"
                  : has_figures(run) ? "nothing was allocated"
                                     : "failed",
                  {.size = kTextSize, .color = kLightPalette.bad});
    return;
  }
  draw_stack(picture, run, scale, y);
  std::optional<double> saved;
  if (report.comparison && !is_baseline) saved = report.comparison->rows.at(index).peak_saving_percent;
  picture.write({right, saved ? text_y - 7 : text_y}, format_bytes(run.peak.allocated_bytes),
                {.size = kTextSize, .bold = true, .anchor = Anchor::end});
  if (saved)
    picture.write({right, text_y + 8}, change_text(*saved),
                  {.size = 11.5, .anchor = Anchor::end, .color = change_color(*saved)});
}

void draw_byte_scale(Picture& picture, const BarScale& scale, double top, double bottom) {
  for (const std::int64_t bytes : byte_ticks(static_cast<std::int64_t>(scale.most), 6)) {
    const double x = scale.x(static_cast<double>(bytes));
    picture.line({{x, top}, {x, bottom}}, kLightPalette.grid);
    picture.write({x, bottom + 16}, tick_text(bytes),
                  {.size = 12, .anchor = Anchor::middle, .color = kLightPalette.soft});
  }
}

}  // namespace

Picture comparison_picture(const Report& report) {
  Picture picture{kWidth, 0, {}, {}};
  const Headline headline = headline_of(report);
  const std::string title = "Peak memory: " + headline.title;
  picture.title = title + "; " + subtitle_of(report);
  CategoryBytes used{};
  BarScale scale{kMargin + names_width(report) + 16, kWidth - kMargin - kFigureWidth, 1};
  for (const ReportRun& run : report.runs)
    if (is_drawn(run.breakdown)) {
      for (std::size_t c = 0; c < kCategoryCount; ++c) used[c] += run.breakdown.peak.categories[c];
      scale.most = std::max({scale.most, static_cast<double>(run.breakdown.peak.allocated_bytes),
                             static_cast<double>(run.breakdown.peak_reserved_bytes)});
    }
  std::vector<LegendEntry> entries = category_legend(used);
  entries.push_back({"reserved, at the most", kLightPalette.soft, true});
  const double top = draw_legend(picture, draw_head(picture, title, subtitle_of(report)) + 8, entries) + 6;
  const double bottom = top + kRowHeight * static_cast<double>(report.runs.size());
  picture.height = bottom + 16 + kMargin;
  draw_byte_scale(picture, scale, top, bottom);
  for (std::size_t i = 0; i < report.runs.size(); ++i)
    draw_run(picture, report, i, scale, top + kRowHeight * static_cast<double>(i) + (kRowHeight - kBarHeight) / 2);
  return picture;
}

}  // namespace headroom
