#include "virtual_gpu/core/contents.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace headroom::virtual_gpu {
namespace {

std::string text(const Contents& contents, std::uint64_t begin = 0, std::uint64_t end = 1000) {
  std::string out;
  for (const Stretch& stretch : contents.within(begin, end))
    out += std::to_string(stretch.begin) + "-" + std::to_string(stretch.end) +
           (stretch.stored ? "s" : "p" + std::to_string(stretch.pattern)) + (stretch.touched ? "! " : " ");
  return out;
}

TEST(Contents, ANewStretchTakesThePlaceOfWhatWasThere) {
  Contents contents;
  contents.put({.begin = 10, .end = 50, .stored = true});
  contents.put({.begin = 20, .end = 30, .pattern = 7});
  EXPECT_EQ(text(contents), "10-20s 20-30p7 30-50s ");
  contents.put({.begin = 0, .end = 100, .pattern = 1});
  EXPECT_EQ(text(contents), "0-100p1 ");
}

TEST(Contents, ErasingCutsAndWithinCuts) {
  Contents contents;
  contents.put({.begin = 10, .end = 50, .stored = true});
  contents.erase(20, 30);
  EXPECT_EQ(text(contents), "10-20s 30-50s ");
  EXPECT_EQ(text(contents, 15, 35), "15-20s 30-35s ");
  EXPECT_EQ(text(contents, 20, 30), "");
}

TEST(Contents, ATouchMarksWhatOneCopyLeftAndANewCopyIsUntouched) {
  Contents contents;
  contents.put({.begin = 10, .end = 20, .stored = true});
  contents.put({.begin = 20, .end = 30, .stored = true});
  contents.touch(15);
  contents.touch(30);
  contents.touch(9);
  EXPECT_EQ(text(contents), "10-20s! 20-30s ");
  contents.put({.begin = 12, .end = 14, .stored = true});
  EXPECT_EQ(text(contents), "10-12s! 12-14s 14-20s! 20-30s ");
}

TEST(Contents, AgreeWithOneNumberForEachByte) {
  constexpr std::uint64_t size = 200;
  std::array<int, size> bytes{};  // 0: unknown
  Contents contents;
  std::mt19937 random(3);
  for (int step = 1; step < 3000; ++step) {
    const std::uint64_t begin = random() % size, end = begin + random() % (size - begin) + 1;
    if (random() % 3 == 0) {
      contents.erase(begin, end);
      std::fill(bytes.begin() + begin, bytes.begin() + end, 0);
    } else {
      contents.put({.begin = begin, .end = end, .pattern = static_cast<std::uint32_t>(step)});
      std::fill(bytes.begin() + begin, bytes.begin() + end, step);
    }
    std::array<int, size> seen{};
    std::uint64_t last = 0;
    for (const Stretch& stretch : contents.within(0, size)) {
      ASSERT_LE(last, stretch.begin);
      ASSERT_LT(stretch.begin, stretch.end);
      std::fill(seen.begin() + stretch.begin, seen.begin() + stretch.end, static_cast<int>(stretch.pattern));
      last = stretch.end;
    }
    ASSERT_EQ(seen, bytes) << "step " << step;
  }
}

}  // namespace
}  // namespace headroom::virtual_gpu
