#include "tracing/recent_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <unordered_map>

namespace headroom::tracing {
namespace {

TEST(RecentMap, FindsWhatWasPutThereAndNothingBesideIt) {
  RecentMap<std::uint32_t, int> map;
  EXPECT_EQ(map.find(0), nullptr);
  map[5] = 7;
  ASSERT_NE(map.find(5), nullptr);
  EXPECT_EQ(*map.find(5), 7);
  for (const std::uint32_t beside : {0u, 4u, 6u, 21u, 5u + (1u << 31)}) EXPECT_EQ(map.find(beside), nullptr) << beside;
}

TEST(RecentMap, IsAMapWhileItIsSmall) {
  RecentMap<std::uint64_t, std::uint64_t> map;
  std::unordered_map<std::uint64_t, std::uint64_t> truth;
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t key = random() % 5'000 << random() % 3 * 20;
    if (random() % 2 == 0) map[key] = truth[key] = random();
    const auto known = truth.find(key);
    const auto* found = map.find(key);
    ASSERT_EQ(found != nullptr, known != truth.end()) << key;
    if (found == nullptr) continue;
    ASSERT_EQ(*found, known->second) << key;
  }
}

TEST(RecentMap, KeepsTheLastKeysAndForgetsThoseBeforeTwiceAsMany) {
  constexpr std::uint32_t limit = 100;
  for (const std::uint32_t stride : {1u, 3u, 1000u}) {
    RecentMap<std::uint32_t, std::uint32_t, limit> map;
    for (std::uint32_t i = 0; i < 1000; ++i) {
      map[i * stride] = i;
      for (std::uint32_t back = 0; back < std::min(i, limit); ++back) {
        const auto* found = map.find((i - back) * stride);
        ASSERT_NE(found, nullptr) << stride << ' ' << i << ' ' << back;
        ASSERT_EQ(*found, i - back);
      }
      if (i < 2 * limit) continue;
      ASSERT_EQ(map.find((i - 2 * limit) * stride), nullptr) << stride << ' ' << i;
    }
  }
}

}  // namespace
}  // namespace headroom::tracing
