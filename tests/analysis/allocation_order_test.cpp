#include "analysis/allocation_order.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "analysis/peaks.h"
#include "tests/random_recording.h"

namespace headroom {
namespace {

std::vector<std::uint32_t> all_rows(const std::vector<Allocation>& allocations) {
  std::vector<std::uint32_t> rows(allocations.size());
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

std::vector<std::uint32_t> ordered(const Recording& recording, const std::vector<Allocation>& allocations,
                                   AllocationKey key, bool descending) {
  std::vector<std::uint32_t> rows = all_rows(allocations);
  std::ranges::reverse(rows);
  order_allocations(recording, allocations, key, descending, rows, std::atomic<bool>(false));
  return rows;
}

TEST(AllocationOrder, TextsAreInTheOrderOfTheirLettersAndEqualOnesInThatOfTheirBegin) {
  const Recording recording = testing_support::random_recording(7, 400);
  const auto allocations = resolve_allocations(recording);
  const auto rows = ordered(recording, allocations, AllocationKey::op, false);
  ASSERT_EQ(rows.size(), allocations.size());
  for (std::size_t i = 1; i < rows.size(); ++i)
    EXPECT_LT(std::pair(recording.text(allocations[rows[i - 1]].op), rows[i - 1]),
              std::pair(recording.text(allocations[rows[i]].op), rows[i]));
}

TEST(AllocationOrder, EveryKeyGivesEveryRowOnce) {
  const Recording recording = testing_support::random_recording(8, 300);
  const auto allocations = resolve_allocations(recording);
  for (int key = 0; key <= static_cast<int>(AllocationKey::pool); ++key)
    for (const bool descending : {false, true})
      EXPECT_THAT(ordered(recording, allocations, static_cast<AllocationKey>(key), descending),
                  testing::UnorderedElementsAreArray(all_rows(allocations)));
}

TEST(AllocationOrder, LargestComeFirstWhenDescending) {
  const Recording recording = testing_support::random_recording(9, 300);
  const auto allocations = resolve_allocations(recording);
  const auto rows = ordered(recording, allocations, AllocationKey::block, true);
  EXPECT_TRUE(std::ranges::is_sorted(rows, std::greater(), [&](auto row) { return allocations[row].block_bytes; }));
}

TEST(AllocationOrder, BlocksNeverFreedComeAfterAllOthers) {
  const Recording recording = testing_support::random_recording(10, 300);
  const auto allocations = resolve_allocations(recording);
  const auto rows = ordered(recording, allocations, AllocationKey::end, false);
  const auto is_freed = [&](std::uint32_t row) { return allocations[row].end != kNeverFreed; };
  EXPECT_TRUE(std::ranges::is_partitioned(rows, is_freed));
  EXPECT_TRUE(is_freed(rows.front()));
}

TEST(AllocationOrder, CancelledLeavesTheRowsAlone) {
  const Recording recording = testing_support::random_recording(11, 300);
  const auto allocations = resolve_allocations(recording);
  std::vector<std::uint32_t> rows = all_rows(allocations);
  order_allocations(recording, allocations, AllocationKey::block, true, rows, std::atomic<bool>(true));
  EXPECT_EQ(rows, all_rows(allocations));
}

TEST(ViewAfter, EqualsTheViewsThatAWalkOverAllEventsGives) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const Recording recording = testing_support::random_recording(seed, 400);
    const auto allocations = resolve_allocations(recording);
    const Peaks peaks = find_peaks(recording, allocations);
    std::vector<PeakView> views{peaks.run};
    for (const StepView& step : peaks.steps) views.push_back(step.peak);
    for (const PeakView& expected : views) {
      const PeakView view = view_after(recording, allocations, expected.event);
      EXPECT_EQ(view.allocated_bytes, expected.allocated_bytes);
      EXPECT_EQ(view.requested_bytes, expected.requested_bytes);
      EXPECT_EQ(view.reserved_bytes, expected.reserved_bytes);
      EXPECT_EQ(view.categories, expected.categories);
      EXPECT_EQ(view.live, expected.live);
      EXPECT_EQ(view.layer, expected.layer);
    }
  }
}

}  // namespace
}  // namespace headroom
