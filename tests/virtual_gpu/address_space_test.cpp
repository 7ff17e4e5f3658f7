#include "virtual_gpu/core/address_space.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <vector>

namespace headroom::virtual_gpu {
namespace {

constexpr std::uint64_t kMiB = 1 << 20, kBase = 0x200000000000, kSize = 64ull << 30, kEnd = kBase + kSize;

TEST(AddressSpace, ReservationsDescendEachNextToTheLastAlignedTo32MiB) {
  AddressSpace space(kBase, kSize, AddressOrder::descending);
  EXPECT_EQ(space.take(64 * kMiB), kEnd - 64 * kMiB);
  EXPECT_EQ(space.take(20 * kMiB), kEnd - 96 * kMiB);
  EXPECT_EQ(space.take(33 * kMiB), kEnd - 160 * kMiB);
}

TEST(AddressSpace, GranulesRiseInsideOneChunk) {
  AddressSpace space(kBase, kSize, AddressOrder::descending);
  for (std::uint64_t i = 0; i < 16; ++i) EXPECT_EQ(space.take(2 * kMiB), kEnd - 32 * kMiB + i * 2 * kMiB);
  EXPECT_EQ(space.take(1), kEnd - 64 * kMiB);
}

TEST(AddressSpace, AscendingOrderStartsAtTheBottom) {
  AddressSpace space(kBase, kSize, AddressOrder::ascending);
  EXPECT_EQ(space.take(64 * kMiB), kBase);
  EXPECT_EQ(space.take(20 * kMiB), kBase + 64 * kMiB);
  EXPECT_EQ(space.take(2 * kMiB), kBase + 96 * kMiB);
  EXPECT_EQ(space.take(2 * kMiB), kBase + 98 * kMiB);
}

TEST(AddressSpace, FreedAddressesAreUsedAgain) {
  AddressSpace space(kBase, kSize, AddressOrder::descending);
  const auto first = space.take(64 * kMiB), second = space.take(64 * kMiB);
  space.take(64 * kMiB);
  space.give_back(*second, 64 * kMiB);
  EXPECT_EQ(space.take(64 * kMiB), second);
  space.give_back(*second, 64 * kMiB);
  space.give_back(*first, 64 * kMiB);
  EXPECT_EQ(space.take(128 * kMiB), second) << "neighbouring gaps join";
}

TEST(AddressSpace, AFullSpaceSaysSo) {
  AddressSpace space(kBase, kSize, AddressOrder::descending);
  ASSERT_TRUE(space.take(kSize));
  EXPECT_EQ(space.take(2 * kMiB), std::nullopt);
  EXPECT_EQ(space.take(64 * kMiB), std::nullopt);
}

TEST(AddressSpace, AWishIsGrantedWhereNothingLies) {
  AddressSpace space(kBase, kSize, AddressOrder::descending);
  EXPECT_EQ(space.take_at(kBase + 64 * kMiB, 64 * kMiB), kBase + 64 * kMiB);
  EXPECT_EQ(space.take_at(kBase + 96 * kMiB, 32 * kMiB), std::nullopt) << "taken";
  EXPECT_EQ(space.take_at(kBase + 1, 32 * kMiB), std::nullopt) << "no multiple of 32 MiB";
  EXPECT_EQ(space.take_at(kEnd - 32 * kMiB, 64 * kMiB), std::nullopt) << "beyond the end";
  EXPECT_EQ(space.take_at(kBase - 32 * kMiB, 32 * kMiB), std::nullopt);
  space.give_back_chunks(kBase + 64 * kMiB, 64 * kMiB);
  EXPECT_EQ(space.take(kSize), kBase);
}

TEST(AddressSpace, LargerAlignmentsHoldInEveryOrder) {
  constexpr std::uint64_t alignment = 1024 * kMiB;
  for (const AddressOrder order : {AddressOrder::descending, AddressOrder::ascending, AddressOrder::shuffled}) {
    AddressSpace space(kBase, kSize, order, 5);
    ASSERT_TRUE(space.take(2 * kMiB));
    const auto first = space.take_aligned(2 * kMiB, alignment), second = space.take_aligned(2 * kMiB, alignment);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(*first % alignment, 0u);
    EXPECT_EQ(*second % alignment, 0u);
    EXPECT_NE(*first, *second);
  }
}

TEST(AddressSpace, AShuffledOrderFollowsItsSeed) {
  const auto places = [](std::uint64_t seed) {
    AddressSpace space(kBase, kSize, AddressOrder::shuffled, seed);
    std::vector<std::uint64_t> taken;
    for (int i = 0; i < 20; ++i) taken.push_back(*space.take(32 * kMiB));
    return taken;
  };
  EXPECT_EQ(places(1), places(1));
  EXPECT_NE(places(1), places(2));
  EXPECT_FALSE(std::ranges::is_sorted(places(1)));
  EXPECT_FALSE(std::ranges::is_sorted(places(1), std::greater<>()));
}

TEST(AddressSpace, AShuffledSpaceStillHoldsALargeReservation) {
  AddressSpace space(kBase, kSize, AddressOrder::shuffled, 1);
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(space.take(32 * kMiB));
  EXPECT_TRUE(space.take(kSize / 4));
}

class RandomTraffic : public testing::TestWithParam<AddressOrder> {};

TEST_P(RandomTraffic, LiveRangesNeverOverlapAndEverythingComesBack) {
  AddressSpace space(kBase, kSize, GetParam());
  std::map<std::uint64_t, std::uint64_t> live;
  std::mt19937 random(7);
  for (int i = 0; i < 5000; ++i) {
    if (!live.empty() && random() % 2 == 0) {
      const auto victim = std::next(live.begin(), static_cast<long>(random() % live.size()));
      space.give_back(victim->first, victim->second);
      live.erase(victim);
      continue;
    }
    const std::uint64_t bytes = (random() % 3 == 0 ? 2 : 2 + random() % 100) * kMiB;
    const auto address = space.take(bytes);
    ASSERT_TRUE(address);
    ASSERT_GE(*address, kBase);
    ASSERT_LE(*address + bytes, kEnd);
    const auto next = live.lower_bound(*address);
    ASSERT_TRUE(next == live.end() || *address + bytes <= next->first);
    ASSERT_TRUE(next == live.begin() || std::prev(next)->first + std::prev(next)->second <= *address);
    live[*address] = bytes;
  }
  for (const auto& [address, bytes] : live) space.give_back(address, bytes);
  EXPECT_EQ(space.take(kSize), kBase);
}

INSTANTIATE_TEST_SUITE_P(, RandomTraffic,
                         testing::Values(AddressOrder::descending, AddressOrder::ascending, AddressOrder::shuffled));

}  // namespace
}  // namespace headroom::virtual_gpu
