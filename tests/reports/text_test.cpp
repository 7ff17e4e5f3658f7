#include "reports/text.h"

#include <gmock/gmock.h>

namespace headroom {
namespace {

TEST(Text, WidthCountsColumnsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("d_m²·é"), 6u);
  EXPECT_EQ(display_width("e\xCC\x81"), 1u);  // a combining accent
  EXPECT_EQ(display_width("注意力"), 6u);
  EXPECT_EQ(display_width("🚀"), 2u);
}

TEST(Text, ControlCharactersAndBadBytesBecomeReplacements) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a�[31mb");
  EXPECT_EQ(printable("\r\n\t\x7f"), "����");
  EXPECT_EQ(printable("a\xff"), "a�");
  EXPECT_EQ(printable("\xe2\x82"), "��");       // cut short
  EXPECT_EQ(printable("\xc0\xaf"), "��");       // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "���");  // a surrogate
  EXPECT_EQ(printable("\xe2\x80\xae right to left"), "� right to left");
  EXPECT_EQ(printable("naïve 注 🚀"), "naïve 注 🚀");
}

TEST(Text, ShorteningKeepsBothEndsAndTheWidth) {
  EXPECT_EQ(shorten("encoder.layer.11.attention", 11), "encod…ntion");
  EXPECT_EQ(shorten("short", 5), "short");
  EXPECT_EQ(shorten("ab", 1), "…");
  EXPECT_EQ(shorten("ab", 0), "");
  for (std::size_t width = 0; width < 12; ++width) EXPECT_LE(display_width(shorten("注意力注意力", width)), width);
}

TEST(Text, PaddingCountsColumns) {
  EXPECT_EQ(pad_left("注", 4), "  注");
  EXPECT_EQ(pad_right("注", 4), "注  ");
  EXPECT_EQ(pad_left("long", 2), "long");
}

TEST(Text, WrappingBreaksAtSpacesAndIndents) {
  EXPECT_THAT(wrap("one two three", 8, 2), testing::ElementsAre("one two", "  three"));
  EXPECT_THAT(wrap("abcdefgh", 4, 0), testing::ElementsAre("abcd", "efgh"));
  EXPECT_THAT(wrap("", 10), testing::ElementsAre(""));
}

TEST(Text, NoWrappedLineIsTooLong) {
  const std::string text = "a bb ccc 注意力 dddddddddddddddddddddddddddddddd ee 注意力注意力注意力注意力 f";
  for (std::size_t width = 4; width < 30; ++width)
    for (const std::string& line : wrap(text, width, 2)) EXPECT_LE(display_width(line), width) << line;
}

TEST(Text, ColourOnlyWhenAsked) {
  EXPECT_EQ(paint("x", Style::bad, false), "x");
  EXPECT_EQ(paint("x", Style::good, true), "\x1b[32mx\x1b[0m");
  EXPECT_EQ(paint_ansi("x", 25, true), "\x1b[38;5;25mx\x1b[0m");
}

TEST(Text, BarsShowAnythingAboveZero) {
  EXPECT_EQ(bar(0, 10), "");
  EXPECT_EQ(bar(1e-9, 10), "▏");
  EXPECT_EQ(bar(0.5, 4), "██");
  EXPECT_EQ(bar(1.0, 4), "████");
  EXPECT_EQ(bar(7.0, 4), "████");
}

}  // namespace
}  // namespace headroom
