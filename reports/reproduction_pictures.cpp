#include <fmt/format.h>

#include <algorithm>

#include "reports/line_chart.h"
#include "reports/reproduction.h"

namespace headroom {
namespace {

using reproduction::FigurePoint;
using reproduction::Reproduction;

std::vector<ChartLine> parameter_lines(const Reproduction& found) {
  std::vector<ChartLine> lines;
  for (const FigurePoint& point : found.figure) {
    if (point.mechanism == "sha-compact") continue;  // sha's projections
    auto line = std::ranges::find(lines, point.mechanism, &ChartLine::name);
    if (line == lines.end()) line = lines.insert(lines.end(), {point.mechanism, {}});
    line->points.emplace_back(static_cast<double>(point.heads), static_cast<double>(point.projections));
  }
  return lines;
}

// What lies on another line is named with it.
std::vector<ChartLine> merged(const std::vector<ChartLine>& lines) {
  std::vector<ChartLine> out;
  for (const ChartLine& line : lines) {
    const auto same = std::ranges::find(out, line.points, &ChartLine::points);
    if (same == out.end())
      out.push_back(line);
    else
      same->name += ", " + line.name;
  }
  return out;
}

}  // namespace

std::string write_parameters_svg(const Reproduction& found) {
  LineChart chart{.title = "Parameters of one attention sublayer, heads of 64, W^O not counted",
                  .across = "heads n (d_m = 64·n)",
                  .upwards = "parameters",
                  .across_scale = Scale::logarithmic,
                  .upwards_scale = Scale::logarithmic,
                  .lines = merged(parameter_lines(found))};
  for (ChartLine& line : chart.lines) line.dashed = line.name == "sha";
  return write_svg(chart);
}

std::string write_losses_svg(const reproduction::TrainingStudy& study) {
  LineChart chart{.title = "Training loss of a small byte model, mean over seeds",
                  .across = "step",
                  .upwards = "nats a byte",
                  .lines = {}};
  for (const auto& row : study.rows) {
    ChartLine line{row.mechanism, {}, row.mechanism == "sha" || row.mechanism == "sha-compact"};
    for (const TrainingPoint& point : row.losses) line.points.emplace_back(static_cast<double>(point.step), point.loss);
    chart.lines.push_back(std::move(line));
  }
  return write_svg(chart);
}

std::string write_parameters_csv(const Reproduction& found) {
  std::string out = "mechanism,heads,head_size,d_model,projections,with_output\n";
  for (const FigurePoint& p : found.figure)
    out += fmt::format("{},{},{},{},{},{}\n", p.mechanism, p.heads, reproduction::kFigureHeadSize,
                       p.heads * reproduction::kFigureHeadSize, p.projections, p.with_output);
  return out;
}

}  // namespace headroom
