#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/bytes.h"
#include "reports/picture_parts.h"
#include "reports/pictures.h"

namespace headroom {
namespace {

using namespace picture;

// What a saving is of, and its colour.
struct Quantity {
  const char* title;
  std::optional<double> ComparisonRow::*percent;
  Rgb color;
};
constexpr std::array kQuantities{Quantity{"peak", &ComparisonRow::peak_saving_percent, 0x1d2125},
                                 Quantity{"parameters", &ComparisonRow::parameter_saving_percent, 0x0072b2},
                                 Quantity{"attention parameters", &ComparisonRow::attention_saving_percent, 0x56b4e9},
                                 Quantity{"kept for backward", &ComparisonRow::activation_saving_percent, 0xd55e00},
                                 Quantity{"KV cache per token", &ComparisonRow::kv_cache_saving_percent, 0x009e73}};

bool is_finite(const std::optional<double>& value) { return value && std::isfinite(*value); }

// Rows other than the baseline's with a saving of something.
std::vector<std::size_t> saving_rows(const Report& report) {
  std::vector<std::size_t> rows;
  if (!report.comparison) return rows;
  for (std::size_t i = 0; i < report.comparison->rows.size(); ++i)
    if (i != report.comparison->baseline && std::ranges::any_of(kQuantities, [&](const Quantity& q) {
          return is_finite(report.comparison->rows[i].*q.percent);
        }))
      rows.push_back(i);
  return rows;
}

std::vector<Quantity> saving_quantities(const Report& report, const std::vector<std::size_t>& rows) {
  std::vector<Quantity> out;
  for (const Quantity& quantity : kQuantities)
    if (std::ranges::any_of(rows,
                            [&](std::size_t i) { return is_finite(report.comparison->rows[i].*quantity.percent); }))
      out.push_back(quantity);
  return out;
}

// From the lowest to the highest percentage, 0 among them.
struct PercentScale {
  double left = 0, right = 0, low = 0, high = 1;
  double x(double percent) const { return left + (percent - low) / (high - low) * (right - left); }
};

double percent_step(double span) {
  if (span > 1000) return std::ceil(span / 1000) * 100;
  return span > 250 ? 50 : span > 50 ? 20 : 5;
}

PercentScale percent_scale(const Report& report, const std::vector<std::size_t>& rows,
                           const std::vector<Quantity>& quantities) {
  PercentScale scale;
  for (const std::size_t i : rows)
    for (const Quantity& quantity : quantities)
      if (const auto value = report.comparison->rows[i].*quantity.percent; is_finite(value)) {
        scale.low = std::min(scale.low, *value);
        scale.high = std::max(scale.high, *value);
      }
  const double step = percent_step(scale.high - scale.low);
  scale.low = std::floor(scale.low / step * 4) * step / 4;
  scale.high = std::ceil(scale.high / step) * step;
  return scale;
}

void draw_percent_scale(Picture& picture, const PercentScale& scale, double top, double bottom) {
  const double step = percent_step(scale.high - scale.low);
  for (double at = std::ceil(scale.low / step) * step; at <= scale.high; at += step) {
    picture.line({{scale.x(at), top}, {scale.x(at), bottom}}, at == 0 ? kLightPalette.soft : kLightPalette.grid);
    picture.write({scale.x(at), bottom + 16}, format_percent(at, 0),
                  {.size = 12, .anchor = Anchor::middle, .color = kLightPalette.soft});
  }
}

constexpr double kThinBar = 11, kThinStep = 14;

void draw_savings(Picture& picture, const ComparisonRow& row, const std::vector<Quantity>& quantities,
                  const PercentScale& scale, double y) {
  for (const Quantity& quantity : quantities) {
    const auto value = row.*quantity.percent;
    if (is_finite(value)) {
      const double zero = scale.x(0), end = scale.x(*value);
      picture.box(std::min(zero, end), y, std::abs(end - zero), kThinBar, quantity.color);
      picture.write({std::max(zero, end) + 6, y + 10}, format_percent(*value),
                    {.size = 11, .color = kLightPalette.soft});
    }
    y += kThinStep;
  }
}

}  // namespace

bool has_savings(const Report& report) { return !saving_rows(report).empty(); }

Picture savings_picture(const Report& report) {
  const std::vector<std::size_t> rows = saving_rows(report);
  const std::vector<Quantity> quantities = saving_quantities(report, rows);
  const std::string title = "Saved against " + report.runs.at(report.comparison->baseline).breakdown.label;
  Picture picture{kWidth, 0, title + "; " + subtitle_of(report), {}};
  std::vector<LegendEntry> entries;
  for (const Quantity& quantity : quantities) entries.push_back({quantity.title, quantity.color, false});
  const double row_height = kThinStep * static_cast<double>(quantities.size()) + 14;
  const double top = draw_legend(picture, draw_head(picture, title, subtitle_of(report)) + 8, entries) + 6;
  const double bottom = top + row_height * static_cast<double>(rows.size());
  picture.height = bottom + 16 + kMargin;
  PercentScale scale = percent_scale(report, rows, quantities);
  scale.left = kMargin + names_width(report) + 16;
  scale.right = kWidth - kMargin - 56;
  draw_percent_scale(picture, scale, top, bottom);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double y = top + row_height * static_cast<double>(i);
    const std::string& label = report.runs.at(rows[i]).breakdown.label;
    picture.write({kMargin, y + row_height / 2 + 4}, fitted(label, scale.left - kMargin - 12, kTextSize, true),
                  {.size = kTextSize, .bold = true});
    draw_savings(picture, report.comparison->rows[rows[i]], quantities, scale, y + 8);
  }
  return picture;
}

}  // namespace headroom
