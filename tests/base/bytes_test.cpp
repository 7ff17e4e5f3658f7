#include "base/bytes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace headroom {
namespace {

TEST(Bytes, AreExactBelowOneKibibyte) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(512), "512 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(-1), "−1 B");
}

TEST(Bytes, ShowThreeSignificantDigits) {
  EXPECT_EQ(format_bytes(1024), "1.00 KiB");
  EXPECT_EQ(format_bytes(1'342'177'280), "1.25 GiB");
  EXPECT_EQ(format_bytes(-3'145'728), "−3.00 MiB");
  EXPECT_EQ(format_bytes(12'800), "12.5 KiB");
  EXPECT_EQ(format_bytes(128'000), "125 KiB");
  EXPECT_EQ(format_bytes(1'047'552), "1023 KiB");
}

TEST(Bytes, PercentagesHaveARealMinusAndNoneBeforeZero) {
  EXPECT_EQ(format_percent(12.34), "12.3 %");
  EXPECT_EQ(format_percent(-4), "−4.0 %");
  EXPECT_EQ(format_percent(-0.04), "0.0 %");
  EXPECT_EQ(format_percent(-0.04, 2), "−0.04 %");
  EXPECT_EQ(format_percent(-0.4, 0), "0 %");
}

TEST(Bytes, RoundUpIntoTheNextDigitOrUnit) {
  EXPECT_EQ(format_bytes(10'239), "10.0 KiB");
  EXPECT_EQ(format_bytes(102'399), "100 KiB");
  EXPECT_EQ(format_bytes(1'048'575), "1.00 MiB");
}

TEST(Bytes, CoverAllIntegers) {
  EXPECT_EQ(format_bytes(std::numeric_limits<std::int64_t>::max()), "8.00 EiB");
  EXPECT_EQ(format_bytes(std::numeric_limits<std::int64_t>::min()), "−8.00 EiB");
  EXPECT_EQ(format_bytes(std::int64_t{1} << 40), "1.00 TiB");
}

TEST(Count, GroupsDigitsByThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(1'344'219'648), "1,344,219,648");
  EXPECT_EQ(format_count(-100'000), "−100,000");
  EXPECT_EQ(format_count(std::numeric_limits<std::int64_t>::min()), "−9,223,372,036,854,775,808");
}

TEST(ParseBytes, ReadsNumbersWithBinaryUnits) {
  EXPECT_EQ(parse_bytes("1048576"), 1 << 20);
  EXPECT_EQ(parse_bytes("600MiB"), std::int64_t{600} << 20);
  EXPECT_EQ(parse_bytes("1.5GiB"), std::int64_t{3} << 29);
  EXPECT_EQ(parse_bytes("0"), 0);
  EXPECT_EQ(parse_bytes("12B"), 12);
}

TEST(ParseBytes, RefusesWhatIsNoSize) {
  for (const char* text :
       {"", "MiB", "1 MiB", "1MB", "-1", "1e3", "nan", "inf", "1MiB or so", "99999999999TiB", "1PiB"})
    EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
}

}  // namespace
}  // namespace headroom
