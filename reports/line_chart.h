// A chart of lines as one self-contained SVG: no script, no font, no request leaves it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reports/palette.h"

namespace headroom {

enum class Scale { linear, logarithmic };  // logarithmic: base 2 across, base 10 upwards; values above 0 only

struct ChartLine {
  std::string name;
  std::vector<std::pair<double, double>> points;  // from left to right
  bool dashed = false;
  std::optional<std::pair<Rgb, Rgb>> colors;  // on light and dark ground; else by its place among the lines
};

struct LineChart {
  std::string title, across, upwards;  // of the axes: with their units
  Scale across_scale = Scale::linear, upwards_scale = Scale::linear;
  std::vector<ChartLine> lines;  // at most 8 are told apart by colour
  bool sizes_upwards = false;    // bytes, said in binary units
  bool marked = false;           // a dot at each point
  double names_width = 148;      // room for the names beside the lines
  std::string subtitle;          // smaller, below the title; empty: none
};

// Each line is named at its right end. Empty charts have axes alone. Light or dark, as the reader's system is.
std::string write_svg(const LineChart& chart);

}  // namespace headroom
