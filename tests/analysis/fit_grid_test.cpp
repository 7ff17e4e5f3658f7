// The order in which a grid of sizes is tried, and what follows for those that are not.
#include "analysis/fit_grid.h"

#include <gmock/gmock.h>

#include <random>
#include <set>

namespace headroom {
namespace {

using testing::ElementsAre;

FitGrid grid_of(std::int64_t batches, std::int64_t seqs) {
  return {fit_sizes(1, std::int64_t{1} << (batches - 1), 1), fit_sizes(1, std::int64_t{1} << (seqs - 1), 1)};
}

// As if memory held `room` tokens. The cells that were tried, in order.
std::vector<FitCell> fill(FitGrid& grid, std::int64_t room) {
  std::vector<FitCell> tried;
  while (const auto cell = grid.next()) {
    tried.push_back(*cell);
    const bool fits = grid.batches()[cell->batch] * grid.seqs()[cell->seq] <= room;
    grid.tell(*cell, fits ? FitState::fits : FitState::out_of_memory);
  }
  return tried;
}

TEST(FitSizes, AreDoublingsWithTheEndAndWhatIsWanted) {
  EXPECT_THAT(fit_sizes(1, 16, 8), ElementsAre(1, 2, 4, 8, 16));
  EXPECT_THAT(fit_sizes(64, 512, 100), ElementsAre(64, 100, 128, 256, 512));
  EXPECT_THAT(fit_sizes(64, 40, 40), ElementsAre(40));
  EXPECT_THAT(fit_sizes(1, 6, 99), ElementsAre(1, 2, 4, 6));
}

TEST(FitGrid, WhatIsLargerThanWhatDidNotFitIsNotTried) {
  FitGrid grid = grid_of(4, 4);
  grid.tell({1, 2}, FitState::out_of_memory);
  EXPECT_EQ(grid.at({1, 2}), FitState::out_of_memory);
  EXPECT_EQ(grid.at({3, 3}), FitState::smaller_did_not_fit);
  EXPECT_EQ(grid.at({0, 3}), FitState::untried);
  EXPECT_EQ(grid.at({3, 1}), FitState::untried);
}

TEST(FitGrid, WhatWasTriedKeepsItsOwnOutcome) {
  FitGrid grid = grid_of(3, 3);
  grid.tell({2, 2}, FitState::fits);
  grid.tell({1, 1}, FitState::out_of_memory);
  EXPECT_EQ(grid.at({2, 2}), FitState::fits);
}

TEST(FitGrid, EveryCellIsTriedOnceOrFollowsFromASmallerOne) {
  for (const std::int64_t room : {0, 1, 7, 64, 200, 100'000}) {
    FitGrid grid = grid_of(7, 6);
    const auto tried = fill(grid, room);
    std::set<std::pair<std::size_t, std::size_t>> cells;
    for (const FitCell& cell : tried) EXPECT_TRUE(cells.insert({cell.batch, cell.seq}).second) << room;
    for (std::size_t b = 0; b < 7; ++b)
      for (std::size_t s = 0; s < 6; ++s) {
        const bool fits = grid.batches()[b] * grid.seqs()[s] <= room;
        EXPECT_EQ(grid.at({b, s}) == FitState::fits, fits) << room << ": " << b << " x " << s;
        EXPECT_NE(grid.at({b, s}), FitState::untried);
      }
  }
}

TEST(FitGrid, TheBorderIsKnownBeforeWhatLiesWithin) {
  FitGrid grid = grid_of(8, 8);
  const auto tried = fill(grid, 128);
  FitGrid early = grid_of(8, 8);
  for (std::size_t i = 0; i < 8 + 8; ++i) {
    const bool fits = early.batches()[tried[i].batch] * early.seqs()[tried[i].seq] <= 128;
    early.tell(tried[i], fits ? FitState::fits : FitState::out_of_memory);
  }
  for (std::size_t s = 0; s < 8; ++s) EXPECT_EQ(early.largest_batch(s), grid.largest_batch(s)) << s;
  EXPECT_GT(tried.size(), 16u);
}

TEST(FitGrid, SeveralAtOnceNeverTryTheSameCell) {
  std::mt19937 random(7);
  FitGrid grid = grid_of(6, 6);
  std::vector<FitCell> running;
  std::size_t started = 0;
  const auto is_running = [&](FitCell cell) { return std::ranges::find(running, cell) != running.end(); };
  for (;;) {
    while (running.size() < 4) {
      const auto cell = grid.next(is_running);
      if (!cell) break;
      EXPECT_FALSE(is_running(*cell));
      running.push_back(*cell);
      ++started;
    }
    if (running.empty()) break;
    const auto done = running.begin() + static_cast<std::ptrdiff_t>(random() % running.size());
    const FitCell cell = *done;
    running.erase(done);
    const bool fits = grid.batches()[cell.batch] * grid.seqs()[cell.seq] <= 100;
    grid.tell(cell, fits ? FitState::fits : FitState::out_of_memory);
  }
  EXPECT_EQ(grid.tried_count(), grid.cell_count());
  EXPECT_LE(started, grid.cell_count());
}

TEST(FitGrid, WhatWasRefusedIsNoBorder) {
  FitGrid grid = grid_of(3, 3);
  while (const auto cell = grid.next()) grid.tell(*cell, FitState::refused);
  EXPECT_EQ(grid.tried_count(), 9u);
  EXPECT_FALSE(grid.largest_batch(0));
}

TEST(FitGrid, WithoutSizesThereIsNothingToTry) { EXPECT_FALSE(FitGrid().next()); }

}  // namespace
}  // namespace headroom
