// The colours of the page (reports/html/page.css) and of the viewer, one table: Okabe and Ito's palette, which people
// who see colours differently tell apart, lightened for dark grounds. As 0xRRGGBB.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "recording/recording.h"

namespace headroom {

using Rgb = std::uint32_t;

struct Palette {
  Rgb ground, panel, band;  // the window, what lies on it, what stands out on that
  Rgb ink, soft;            // text, and text that explains
  Rgb line, grid;           // borders, and lines behind a chart
  Rgb accent, accent_ink;   // what is chosen, and text on it
  Rgb good, bad, bad_ground;
  Rgb virtual_word, measured_word;
  std::array<Rgb, kCategoryCount> categories;  // in the order of Category
};

inline constexpr Palette kLightPalette{
    0xf6f5f1, 0xfffefb, 0xf1efe8,
    0x1d2125, 0x5c636b, 0xdedbd2,
    0xe9e6de, 0x00588c, 0xffffff,
    0x00694d, 0xa83c00, 0xfdeee4,
    0x6b3f5c, 0x00694d, {0x0072b2, 0xe69f00, 0x009e73, 0xd55e00, 0xcc79a7, 0x56b4e9, 0xe3d521, 0x5b636d, 0xaab0b7}};

inline constexpr Palette kDarkPalette{
    0x121417, 0x1b1e23, 0x23272d,
    0xe8e6e1, 0xa3a9b1, 0x343941,
    0x292d34, 0x7cc4f2, 0x0b1a24,
    0x52d0a4, 0xff9c66, 0x3a2418,
    0xe3a6c6, 0x52d0a4, {0x2f93d6, 0xf0ad1f, 0x14b388, 0xea7027, 0xd98db7, 0x79c8f5, 0xf0e442, 0x7d8792, 0xb9c0c8}};

}  // namespace headroom
