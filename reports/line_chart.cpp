#include "reports/line_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/bytes.h"
#include "reports/markup.h"

namespace headroom {
namespace {

constexpr double kHeight = 460, kLeft = 76, kEnd = 612, kTop = 48, kBottom = 56, kLabelHeight = 15;
// Okabe and Ito's palette, told apart by colour-blind eyes, and grey.
constexpr std::array kColors{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#000000", "#888888"};
constexpr std::array kDarkColors{"#4aa8e0", "#f0803c", "#2cc79a", "#e09cc2",
                                 "#dcae3c", "#8fd0f7", "#e8e6e1", "#a3a9b1"};

// "12.3M": a tick's label in few letters.
std::string short_number(double value) {
  constexpr std::array kUnits{std::pair{1e9, "G"}, std::pair{1e6, "M"}, std::pair{1e3, "k"}};
  for (const auto& [size, unit] : kUnits)
    if (value >= size) return fmt::format("{:.3g}{}", value / size, unit);
  return fmt::format("{:.3g}", value);
}

// Sizes of few binary digits around [low, high], some four to nine of them: powers of two, or parts of an octave.
std::vector<double> size_ticks(double low, double high, bool logarithmic) {
  if (high < 1.02 * low) low *= 0.9, high *= 1.1;  // a flat line lies between two
  std::vector<double> best;
  const int least = std::max(0, static_cast<int>(std::floor(std::log2(std::max(1.0, low)))) - 1);
  const int most = static_cast<int>(std::ceil(std::log2(std::max(2.0, high)))) + 1;
  if (!logarithmic) {
    const double step = std::exp2(std::max(0.0, std::ceil(std::log2(std::max(1.0, high - low) / 6))));
    for (double at = std::floor(low / step) * step; best.empty() || best.back() < high || best.size() < 2; at += step)
      best.push_back(at);
    return best;
  }
  for (const auto& [stride, parts] : {std::pair{4, 1}, {2, 1}, {1, 1}, {1, 2}, {1, 4}, {1, 8}, {1, 16}}) {
    std::vector<double> ticks;
    for (int power = least / stride * stride; power <= most + stride; power += stride)
      for (int part = 0; part < parts; ++part) ticks.push_back(std::exp2(power) * (1 + part / double(parts)));
    const auto first = std::ranges::upper_bound(ticks, low), last = std::ranges::lower_bound(ticks, high);
    best.assign(first == ticks.begin() ? first : first - 1, last == ticks.end() ? last : last + 1);
    if (best.size() >= 5) break;
  }
  return best;
}

// One axis: from values to places of the picture, and the values that get a line.
class Axis {
 public:
  Axis(Scale scale, double base, double low, double high, double from, double to)
      : scale_(scale), base_(base), from_(from), to_(to) {
    scale == Scale::logarithmic ? choose_powers(low, high) : choose_steps(low, high);
    low_ = measure(ticks_.front());
    high_ = measure(ticks_.back());
  }
  Axis(Scale scale, std::vector<double> ticks, double from, double to)
      : scale_(scale), base_(2), from_(from), to_(to), ticks_(std::move(ticks)) {
    low_ = measure(ticks_.front());
    high_ = measure(ticks_.back());
  }

  double place(double value) const { return from_ + (measure(value) - low_) / (high_ - low_) * (to_ - from_); }
  const std::vector<double>& ticks() const { return ticks_; }

 private:
  double measure(double value) const {
    return scale_ == Scale::logarithmic ? std::log(value) / std::log(base_) : value;
  }

  void choose_powers(double low, double high) {
    const int first = static_cast<int>(std::floor(measure(low) + 1e-9));
    const int last = std::max(first + 1, static_cast<int>(std::ceil(measure(high) - 1e-9)));
    for (int power = first; power <= last; ++power) ticks_.push_back(std::pow(base_, power));
  }

  // Steps of 1, 2 or 5 times a power of ten, some five of them.
  void choose_steps(double low, double high) {
    const double span = high > low ? high - low : 1;
    const double power = std::pow(10, std::floor(std::log10(span / 5)));
    double step = 10 * power;
    for (const double factor : {1.0, 2.0, 5.0})
      if (span / (factor * power) <= 6 && step > factor * power) step = factor * power;
    const double first = std::floor(low / step), last = std::max(first + 1, std::ceil(high / step));
    for (double i = first; i <= last; ++i) ticks_.push_back(i * step);
  }

  Scale scale_;
  double base_, from_, to_, low_ = 0, high_ = 1;
  std::vector<double> ticks_;
};

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

Axis axis_of(const LineChart& chart, bool across) {
  Range range;
  for (const ChartLine& line : chart.lines)
    for (const auto& [x, y] : line.points) range.add(across ? x : y);
  if (range.low > range.high) range = {1, 10};
  if (across) return {chart.across_scale, 2, range.low, range.high, kLeft, kEnd};
  if (chart.sizes_upwards)
    return {chart.upwards_scale, size_ticks(range.low, range.high, chart.upwards_scale == Scale::logarithmic),
            kHeight - kBottom, kTop};
  return {chart.upwards_scale, 10, range.low, range.high, kHeight - kBottom, kTop};
}

std::string grid(const Axis& x, const Axis& y, bool sizes) {
  std::string out;
  for (const double tick : x.ticks())
    out += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/><text x=\"{0:.1f}\" "
        "y=\"{3}\" text-anchor=\"middle\">{4}</text>\n",
        x.place(tick), kTop, kHeight - kBottom, kHeight - kBottom + 18, short_number(tick));
  for (const double tick : y.ticks())
    out += fmt::format(
        "<line class=\"grid\" x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\"/><text x=\"{3}\" "
        "y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
        kLeft, kEnd, y.place(tick), kLeft - 8, y.place(tick) + 4,
        sizes ? format_bytes(std::llround(tick)) : short_number(tick));
  return out;
}

std::string hex(Rgb color) { return fmt::format("#{:06x}", color); }

std::string light_color(const ChartLine& line, std::size_t index) {
  return line.colors ? hex(line.colors->first) : kColors[index % kColors.size()];
}

std::string dark_color(const ChartLine& line, std::size_t index) {
  return line.colors ? hex(line.colors->second) : kDarkColors[index % kDarkColors.size()];
}

// What the reader's dark system changes; the attributes hold where no style is read.
std::string style(const LineChart& chart) {
  std::string out =
      "<style>.grid{stroke:#ddd}@media(prefers-color-scheme:dark){.ground{fill:#1b1e23}text{fill:#e8e6e1}"
      ".grid{stroke:#343941}";
  for (std::size_t i = 0; i < chart.lines.size(); ++i)
    out += fmt::format(".s{0}{{stroke:{1}}}.f{0}{{fill:{1}}}", i, dark_color(chart.lines[i], i));
  return out + "}</style>\n";
}

std::string dots(const ChartLine& line, const Axis& x, const Axis& y, const std::string& color, std::size_t index) {
  std::string out;
  for (const auto& [px, py] : line.points)
    out += fmt::format("<circle class=\"f{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>", index, x.place(px),
                       y.place(py), color);
  return out + "\n";
}

std::string path(const ChartLine& line, const Axis& x, const Axis& y, const std::string& color, std::size_t index) {
  std::string points;
  for (const auto& [px, py] : line.points) points += fmt::format("{:.1f},{:.1f} ", x.place(px), y.place(py));
  return fmt::format("<polyline points=\"{}\" fill=\"none\" class=\"s{}\" stroke=\"{}\" stroke-width=\"2\"{}/>\n",
                     points, index, color, line.dashed ? " stroke-dasharray=\"6 4\"" : "");
}

// Heights of the names: where their lines end, pushed apart from the top down and back up from the bottom.
std::vector<double> name_places(const LineChart& chart, const Axis& y) {
  std::vector<double> places(chart.lines.size(), 0);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (chart.lines[i].points.empty()) continue;
    places[i] = y.place(chart.lines[i].points.back().second);
    order.push_back(i);
  }
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return places[i]; });
  for (std::size_t k = 1; k < order.size(); ++k)
    places[order[k]] = std::max(places[order[k]], places[order[k - 1]] + kLabelHeight);
  double limit = kHeight - kBottom + kLabelHeight;
  for (auto i = order.rbegin(); i != order.rend(); ++i) limit = places[*i] = std::min(places[*i], limit - kLabelHeight);
  return places;
}

std::string lines(const LineChart& chart, const Axis& x, const Axis& y) {
  const std::vector<double> places = name_places(chart, y);
  std::string out;
  for (std::size_t i = 0; i < chart.lines.size(); ++i) {
    const ChartLine& line = chart.lines[i];
    if (line.points.empty()) continue;
    const std::string color = light_color(line, i);
    const double end = x.place(line.points.back().first);
    out += path(line, x, y, color, i);
    if (chart.marked) out += dots(line, x, y, color, i);
    out += fmt::format("<line class=\"s{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>", i,
                       end, y.place(line.points.back().second), kEnd + 14, places[i], color);
    out += fmt::format("<text class=\"f{}\" x=\"{}\" y=\"{:.1f}\" fill=\"{}\">{}</text>\n", i, kEnd + 18, places[i] + 4,
                       color, escaped_markup(line.name));
  }
  return out;
}

}  // namespace

std::string write_svg(const LineChart& chart) {
  const Axis x = axis_of(chart, true), y = axis_of(chart, false);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" role=\"img\" aria-label=\"{2}\" "
      "font-family=\"system-ui, sans-serif\" font-size=\"12\">\n<title>{2}</title>\n"
      "{4}<rect class=\"ground\" width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n"
      "<text x=\"{3}\" y=\"{5}\" font-size=\"15\" font-weight=\"600\">{2}</text>\n",
      kEnd + chart.names_width, kHeight, escaped_markup(chart.title), kLeft, style(chart),
      chart.subtitle.empty() ? 26 : 18);
  if (!chart.subtitle.empty())
    out += fmt::format("<text class=\"subtitle\" x=\"{}\" y=\"{}\" font-size=\"11\" fill=\"#5b636d\">{}</text>\n",
                       kLeft, kTop - 13, escaped_markup(chart.subtitle));
  out += grid(x, y, chart.sizes_upwards) + lines(chart, x, y);
  out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", (kLeft + kEnd) / 2, kHeight - 14,
                     escaped_markup(chart.across));
  const double middle = (kTop + kHeight - kBottom) / 2;
  out += fmt::format(
      "<text x=\"18\" y=\"{0:.1f}\" text-anchor=\"middle\" transform=\"rotate(-90 18 {0:.1f})\">{1}</text>\n</svg>\n",
      middle, escaped_markup(chart.upwards));
  return out;
}

}  // namespace headroom
