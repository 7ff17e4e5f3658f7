#include "reports/picture_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "reports/categories.h"
#include "reports/remarks.h"
#include "reports/summary.h"
#include "reports/text.h"

namespace headroom::picture {
namespace {

constexpr double kTitleSize = 19, kSwatch = 11;

}  // namespace

double text_width(const std::string& text, double size, bool bold) {
  return static_cast<double>(display_width(text)) * size * (bold ? 0.6 : 0.55);
}

std::string fitted(const std::string& text, double width, double size, bool bold) {
  const double letters = width / (size * (bold ? 0.6 : 0.55));
  return shorten(printable(text), static_cast<std::size_t>(std::max(1.0, letters)));
}

double draw_head(Picture& picture, const std::string& title, const std::string& below) {
  picture.write({kMargin, kMargin + 14}, fitted(title, picture.width - 2 * kMargin, kTitleSize, true),
                {.size = kTitleSize, .bold = true});
  double y = kMargin + 38;
  const auto columns = static_cast<std::size_t>((picture.width - 2 * kMargin) / (kTextSize * 0.52));
  for (const std::string& line : wrap(printable(below), columns)) {
    picture.write({kMargin, y}, line, {.size = kTextSize, .color = kLightPalette.soft});
    y += 18;
  }
  return y;
}

double draw_legend(Picture& picture, double y, const std::vector<LegendEntry>& entries) {
  double x = kMargin;
  y += 4;
  for (const LegendEntry& entry : entries) {
    const double wanted = kSwatch + 6 + text_width(entry.text, kTextSize) + 16;
    if (x > kMargin && x + wanted > picture.width - kMargin) x = kMargin, y += 20;
    if (entry.outline)
      picture.line({{x, y - kSwatch / 2}, {x + kSwatch + 3, y - kSwatch / 2}}, entry.color, 1.5, true);
    else
      picture.box(x, y - kSwatch, kSwatch, kSwatch, entry.color);
    picture.write({x + kSwatch + 6, y}, entry.text, {.size = kTextSize});
    x += wanted;
  }
  return y + 14;
}

Rgb color_of(std::size_t category) { return kLightPalette.categories[category]; }

std::vector<LegendEntry> category_legend(const CategoryBytes& used) {
  std::vector<LegendEntry> entries;
  for (std::size_t c = 0; c < kCategoryCount; ++c)
    if (used[c] != 0) entries.push_back({std::string(kCategoryStyles[c].title), color_of(c), false});
  return entries;
}

std::vector<std::int64_t> byte_ticks(std::int64_t most, int count) {
  const double bytes = static_cast<double>(std::max<std::int64_t>(most, 1));
  const double unit = std::pow(1024, std::floor(std::log(bytes) / std::log(1024)));
  const double rough = bytes / unit / count, power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.5, 2.0, 1.0})
    if (factor * power >= rough) step = factor * power;
  std::vector<std::int64_t> ticks;
  for (int i = 0; i * step * unit <= bytes; ++i) ticks.push_back(std::llround(i * step * unit));
  return ticks;
}

std::string tick_text(std::int64_t bytes) {
  std::string text = format_bytes(bytes);
  if (bytes == 0) return "0";
  const std::size_t space = text.find(' '), point = text.find('.');
  if (point == std::string::npos || point > space) return text;
  std::size_t end = space;
  while (text[end - 1] == '0') --end;
  if (end - 1 == point) --end;
  return text.erase(end, space - end);
}

double names_width(const Report& report) {
  double widest = 60;
  for (const ReportRun& run : report.runs)
    widest = std::max(widest, text_width(printable(run.breakdown.label), kTextSize, true));
  return std::min(widest, 220.0);
}

std::string subtitle_of(const Report& report) {
  const Headline headline = headline_of(report);
  std::string out = truth_words(report) + " " + headline.device;
  for (const std::string& setting : headline.settings) out += " · " + setting;
  return out;
}

std::string subtitle_of(const Breakdown& run) {
  const RunPhrases p = phrases(run);
  std::string out = std::string(truth_word(run.environment)) + " " + p.device;
  for (const std::string* phrase :
       {&p.command, &p.shape, &p.mode, &p.dtype, &p.optimizer, &p.attention_kernel, &p.conditions})
    if (!phrase->empty()) out += " · " + *phrase;
  return out;
}

}  // namespace headroom::picture
