#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "analysis/breakdown.h"
#include "tests/analysis/breakdown_text.h"
#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing::ElementsAre;
using testing_support::random_recording;
using testing_support::recording_from_text;

std::int64_t bytes(const TimelinePoint& point) {
  return std::accumulate(point.categories.begin(), point.categories.end(), std::int64_t{0});
}

std::vector<TimelinePoint> timeline(const Recording& recording, std::size_t max_points) {
  return make_timeline(recording, make_breakdown(recording, "x"), max_points);
}

TEST(Timeline, HasOnePointPerAllocAndFree) {
  const auto points = timeline(recording_from_text(R"(
    segment +4096@s
    +512@a head aten::empty parameter
    == forward 1
    +256@t head aten::mm temporary?
    -@t
  )"),
                               100);
  std::string text;
  for (const TimelinePoint& p : points)
    text += std::to_string(p.event) + " t=" + std::to_string(p.time_ns) + " of " + std::to_string(p.reserved_bytes) +
            ": " + testing_support::describe(p.categories) + "\n";
  EXPECT_EQ(text,
            "1 t=20 of 4096: parameter 512\n"
            "2 t=30 of 4096: parameter 512 | temporary 256\n"
            "3 t=40 of 4096: parameter 512\n");
}

TEST(Timeline, StaysWithinItsLimit) {
  const Recording recording = random_recording(1, 1000);
  for (std::size_t limit : {0, 1, 2, 3, 4, 5, 6, 7, 50, 51, 999, 1000, 5000})
    EXPECT_LE(timeline(recording, limit).size(), limit);
}

TEST(Timeline, AlwaysShowsThePeak) {
  for (std::uint32_t seed = 0; seed < 30; ++seed) {
    const Recording recording = random_recording(seed, 700);
    const Breakdown b = make_breakdown(recording, "x");
    for (std::size_t limit : {1, 3, 4, 10, 101, 2000}) {
      const auto points = make_timeline(recording, b, limit);
      const auto peak = std::find_if(points.begin(), points.end(), [&](auto& p) { return p.event == b.peak.event; });
      ASSERT_NE(peak, points.end()) << "seed " << seed << ", limit " << limit;
      EXPECT_EQ(peak->categories, b.peak.categories);
      EXPECT_EQ(peak->reserved_bytes, b.peak.reserved_bytes);
    }
  }
}

TEST(Timeline, BeginsAndEndsWhereTheRunDoes) {
  const Recording recording = random_recording(2, 1000);
  const auto all = timeline(recording, 1000), few = timeline(recording, 8);
  EXPECT_EQ(few.front().event, all.front().event);
  EXPECT_EQ(few.back().event, all.back().event);
  EXPECT_EQ(bytes(few.back()), recording.stats.final_allocated_bytes);
}

TEST(Timeline, ThinnedKeepsMinimumAndMaximumOfEachInterval) {
  const Recording recording = random_recording(3, 1000);
  const auto all = timeline(recording, 1000), few = timeline(recording, 22);
  const std::size_t intervals = 10;
  for (std::size_t i = 0; i < intervals; ++i) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(all.size() * i / intervals);
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(all.size() * (i + 1) / intervals);
    const auto [low, high] = std::minmax_element(begin, end, [](auto& a, auto& b) { return bytes(a) < bytes(b); });
    std::vector<std::int64_t> shown;
    for (const TimelinePoint& p : few)
      if (p.event >= begin->event && p.event <= std::prev(end)->event) shown.push_back(bytes(p));
    EXPECT_EQ(*std::min_element(shown.begin(), shown.end()), bytes(*low)) << "interval " << i;
    EXPECT_EQ(*std::max_element(shown.begin(), shown.end()), bytes(*high)) << "interval " << i;
  }
}

TEST(Timeline, ShowsThePeakAloneWhenThereIsNoRoom) {
  const Recording recording = random_recording(4, 200);
  const Breakdown b = make_breakdown(recording, "x");
  const auto points = make_timeline(recording, b, 2);
  ASSERT_EQ(points.size(), 1u);
  EXPECT_EQ(points[0].event, b.peak.event);
}

}  // namespace
}  // namespace headroom
