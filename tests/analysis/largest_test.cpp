#include "analysis/largest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <set>

namespace headroom {
namespace {

using testing::Optional;

// A device of so many bytes, of which some cannot be used, and a run that takes fixed + linear·x + square·x² of them.
struct Device {
  double capacity = 80e9, unusable = 1e9, fixed = 13e9, linear = 6e6, square = 0;
  std::set<std::int64_t> tried = {};

  double used(std::int64_t x) const {
    const auto value = static_cast<double>(x);
    return fixed + linear * value + square * value * value;
  }
  bool fits(std::int64_t x) const { return used(x) <= capacity - unusable; }
  Probe probe(std::int64_t x) {
    EXPECT_TRUE(tried.insert(x).second) << x << " is tried twice";
    const double missing = used(x) + unusable - capacity;
    return {fits(x), static_cast<std::int64_t>(fits(x) ? used(x) : capacity + missing)};
  }
  Largest search(std::int64_t low, std::int64_t high, std::int64_t known) {
    LargestSearch search(low, high, static_cast<std::int64_t>(capacity));
    search.hint(0, static_cast<std::int64_t>(fixed));
    search.hint(known, static_cast<std::int64_t>(used(known)));
    while (const auto value = search.next()) search.tell(probe(*value));
    return search.result();
  }
};

int halvings(std::int64_t count) { return std::bit_width(static_cast<std::uint64_t>(count)); }

TEST(Largest, IsTheLastValueThatFitsAndTheNextOneWasTried) {
  for (const double square : {0.0, 10.0, 5000.0}) {
    Device device{.square = square};
    const Largest found = device.search(1, 2'147'483'647, 8);
    ASSERT_TRUE(found.value.has_value());
    EXPECT_TRUE(device.fits(*found.value));
    EXPECT_FALSE(device.fits(*found.value + 1));
    EXPECT_TRUE(device.tried.contains(*found.value) && device.tried.contains(*found.value + 1));
    EXPECT_FALSE(found.is_high);
    EXPECT_EQ(found.probe_count, static_cast<int>(device.tried.size()));
    EXPECT_LT(found.probe_count, square == 0 ? 6 : 9) << square;
  }
}

TEST(Largest, WhereEverythingFitsOneTryOfTheMostIsEnough) {
  Device device;
  const Largest found = device.search(3, 4096, 512);
  EXPECT_THAT(found.value, Optional(4096));
  EXPECT_TRUE(found.is_high);
  EXPECT_EQ(found.probe_count, 1);
}

TEST(Largest, WhereNothingFitsThereIsNoValue) {
  const auto never = [](std::int64_t) { return Probe{false, 0}; };
  const Largest found = largest_that_fits(1, 1'000'000, 100, never);
  EXPECT_FALSE(found.value.has_value());
  EXPECT_FALSE(found.is_high);
}

TEST(Largest, OfNoCandidatesIsNone) {
  const Largest found = largest_that_fits(5, 4, 100, [](std::int64_t) { return Probe{true, 0}; });
  EXPECT_FALSE(found.value.has_value());
  EXPECT_EQ(found.probe_count, 0);
}

TEST(Largest, OfOneCandidateTakesOneTry) {
  for (const bool fits : {true, false}) {
    const Largest found = largest_that_fits(7, 7, 100, [&](std::int64_t) { return Probe{fits, 50}; });
    EXPECT_EQ(found.value, fits ? std::optional<std::int64_t>(7) : std::nullopt);
    EXPECT_EQ(found.probe_count, 1);
  }
}

// Whatever the bytes say: lies in the hints, steps, noise, nothing known of what failed.
TEST(Largest, IsFoundWithinAFewTriesMoreThanHalvingHoweverBytesMislead) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 3000; ++round) {
    const auto low = static_cast<std::int64_t>(random() % 50),
               high = low + static_cast<std::int64_t>(random() >> (34 + random() % 29));
    const std::int64_t last =
        low - 1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 2));
    std::set<std::int64_t> tried;
    LargestSearch search(low, high, 1'000'000);
    for (int i = static_cast<int>(random() % 4); i > 0; --i)
      search.hint(static_cast<std::int64_t>(random() % 100'000), static_cast<std::int64_t>(random() % 2'000'000));
    while (const auto value = search.next()) {
      ASSERT_TRUE(*value >= low && *value <= high && tried.insert(*value).second) << *value;
      search.tell({*value <= last, static_cast<std::int64_t>(random() % 2'000'000)});
    }
    const Largest found = search.result();
    EXPECT_EQ(found.value, last < low ? std::nullopt : std::optional(last));
    EXPECT_EQ(found.is_high, last == high);
    ASSERT_LE(found.probe_count, halvings(high - low + 1) + 6);
  }
}

TEST(Largest, CurvesOfRealRunsTakeFewerThanEightTriesInTheMiddle) {
  std::mt19937_64 random(11);
  std::vector<int> counts;
  for (int round = 0; round < 400; ++round) {
    const auto between = [&](double a, double b) { return std::uniform_real_distribution(a, b)(random); };
    Device device{.unusable = between(1e6, 4e9),
                  .fixed = between(1e8, 40e9),
                  .linear = std::exp(between(std::log(1e5), std::log(5e9))),
                  .square = round % 2 == 0 ? 0 : std::exp(between(std::log(1), std::log(1e4)))};
    counts.push_back(device.search(1, 2'147'483'647, 1).probe_count);
  }
  std::ranges::sort(counts);
  EXPECT_LT(counts[counts.size() / 2], 8);
  EXPECT_LT(counts[counts.size() * 9 / 10], 16);
}

}  // namespace
}  // namespace headroom
