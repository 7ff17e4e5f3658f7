// The page and the viewer take their colours from two files; they are the same colours.
#include "reports/palette.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>

#include "base/file.h"

namespace headroom {
namespace {

// The custom properties of the n-th `:root` of page.css that are colours: name to 0xRRGGBB.
std::map<std::string, Rgb> colours_of(const std::string& css, int n) {
  std::size_t at = 0;
  for (int i = 0; i <= n; ++i) at = css.find(":root {", at) + 7;
  const std::string block = css.substr(at, css.find('}', at) - at);
  std::map<std::string, Rgb> colours;
  for (std::size_t name = block.find("--"); name != std::string::npos; name = block.find("--", name + 2)) {
    const std::size_t colon = block.find(':', name);
    const std::string value = block.substr(colon + 2, block.find(';', colon) - colon - 2);
    if (!value.starts_with('#') || value.find(' ') != std::string::npos) continue;
    std::string digits = value.substr(1);
    if (digits.size() == 3) digits = {digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]};
    colours[block.substr(name + 2, colon - name - 2)] = static_cast<Rgb>(std::strtoul(digits.c_str(), nullptr, 16));
  }
  return colours;
}

std::map<std::string, Rgb> colours_of(const Palette& p) {
  std::map<std::string, Rgb> colours{
      {"ground", p.ground},         {"panel", p.panel},   {"band", p.band},
      {"ink", p.ink},               {"soft", p.soft},     {"line", p.line},
      {"grid", p.grid},             {"accent", p.accent}, {"accent-ink", p.accent_ink},
      {"good", p.good},             {"bad", p.bad},       {"bad-ground", p.bad_ground},
      {"virtual", p.virtual_word},  {"measured", p.measured_word}};
  for (std::size_t i = 0; i < kCategoryCount; ++i)
    colours[std::string(to_name(kCategoryNames, static_cast<Category>(i)))] = p.categories[i];
  return colours;
}

TEST(Palette, IsThatOfThePageInEveryColour) {
  const std::string css = read_file(HEADROOM_SOURCE_DIR "/reports/html/page.css", 1 << 20);
  int n = 0;
  for (const Palette& palette : {kLightPalette, kDarkPalette}) {
    std::map<std::string, Rgb> page = colours_of(css, n++);
    page.erase("kv_cache-line");  // a line on paper white, which the viewer does not draw
    EXPECT_EQ(page, colours_of(palette)) << (n == 1 ? "light" : "dark");
  }
}

}  // namespace
}  // namespace headroom
