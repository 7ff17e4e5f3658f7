// What the pictures of reports have in common: heads, legends, scales.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reports/picture.h"
#include "reports/report.h"

namespace headroom::picture {

inline constexpr double kWidth = 960, kMargin = 24;
inline constexpr double kTextSize = 13;

// About as wide as the text is in a usual typeface: layout must not depend on which fonts there are.
double text_width(const std::string& text, double size, bool bold = false);

// `text`, its middle left out where it is wider.
std::string fitted(const std::string& text, double width, double size, bool bold = false);

// Title and lines below it, at the top. Returns the y below them.
double draw_head(Picture& picture, const std::string& title, const std::string& below);

struct LegendEntry {
  std::string text;
  Rgb color = 0;
  bool outline = false;
};

// Rows of swatches from `y` down. Returns the y below them.
double draw_legend(Picture& picture, double y, const std::vector<LegendEntry>& entries);

// Of the categories that are anywhere in `used`, in their order.
std::vector<LegendEntry> category_legend(const CategoryBytes& used);
Rgb color_of(std::size_t category);

// Round numbers of bytes from 0 up to `most`, at most about `count`; their texts are short: "2 GiB".
std::vector<std::int64_t> byte_ticks(std::int64_t most, int count);
std::string tick_text(std::int64_t bytes);

// Of the column of the runs' names.
double names_width(const Report& report);

// "virtual NVIDIA H100 80GB HBM3, 79.2 GiB · batch 8 × seq 128 · …"
std::string subtitle_of(const Report& report);
std::string subtitle_of(const Breakdown& run);

}  // namespace headroom::picture
