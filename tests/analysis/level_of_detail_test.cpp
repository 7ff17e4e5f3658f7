// A curve at any zoom says what a replay of its events says.
#include "analysis/level_of_detail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing_support::random_recording;
using testing_support::recording_from_text;

struct Recorded {
  explicit Recorded(Recording r)
      : recording(std::move(r)),
        breakdown(make_breakdown(recording, "x")),
        detail(recording, breakdown.allocations, group_layers(breakdown)) {}
  std::int64_t count() const { return static_cast<std::int64_t>(recording.events.size()); }
  Recording recording;
  Breakdown breakdown;
  LevelOfDetail detail;
};

std::size_t part_of(const Recorded& run, const Allocation& a, Stacking stacking) {
  if (stacking == Stacking::category) return static_cast<std::size_t>(a.category);
  if (stacking == Stacking::phase) return static_cast<std::size_t>(a.phase);
  return run.detail.groups().of_layer[static_cast<std::size_t>(a.layer)];
}

// The instant after `event`, by asking every allocation.
CurveColumn by_force(const Recorded& run, std::int64_t event, Stacking stacking) {
  CurveColumn column{.event = event};
  for (const Allocation& a : run.breakdown.allocations) {
    if (a.begin > event || (a.end != kNeverFreed && a.end <= event)) continue;
    column.allocated_bytes += a.block_bytes;
    column.parts[part_of(run, a, stacking)] += a.block_bytes;
  }
  for (std::int64_t i = 0; i <= event; ++i) {
    const Events& e = run.recording.events;
    if (e.action[i] == Action::segment_alloc) column.reserved_bytes += e.block_bytes[i];
    if (e.action[i] == Action::segment_free) column.reserved_bytes -= e.block_bytes[i];
  }
  column.least_bytes = column.allocated_bytes;
  return column;
}

// All of them at once: each is asked for often.
std::vector<CurveColumn> instants_by_force(const Recorded& run, Stacking stacking) {
  std::vector<CurveColumn> instants;
  for (std::int64_t event = -1; event < run.count(); ++event) instants.push_back(by_force(run, event, stacking));
  return instants;
}

CurveColumn column_by_force(const std::vector<CurveColumn>& instants, const InstantRange& wanted) {
  CurveColumn column = instants[static_cast<std::size_t>(wanted.first + 1)];
  for (std::int64_t event = wanted.first + 1; event <= wanted.last; ++event) {
    const CurveColumn& now = instants[static_cast<std::size_t>(event + 1)];
    const std::int64_t least = std::min(column.least_bytes, now.least_bytes);
    const std::int64_t reserved = std::max(column.reserved_bytes, now.reserved_bytes);
    if (now.allocated_bytes > column.allocated_bytes) column = now;
    column.least_bytes = least;
    column.reserved_bytes = reserved;
  }
  return column;
}

class EveryZoom : public testing::TestWithParam<std::uint32_t> {};

TEST_P(EveryZoom, IsWhatAReplayGives) {
  const Recorded run(random_recording(GetParam(), 300 + GetParam() * 977 % 9000));
  std::mt19937 random(GetParam());
  for (const Stacking stacking : {Stacking::category, Stacking::layer, Stacking::phase}) {
    const auto instants = instants_by_force(run, stacking);
    std::vector<InstantRange> wanted{{-1, -1}, {-1, run.count() - 1}, {0, run.count() - 1}};
    for (int i = 0; i < 200; ++i) {
      const auto first = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(run.count() + 1)) - 1;
      const auto room = static_cast<std::uint64_t>(run.count() - first);
      wanted.push_back(
          {first, first + static_cast<std::int64_t>(random() % (i % 2 ? room : std::min(room, room % 7 + 1)))});
    }
    const auto columns = run.detail.columns(wanted, stacking);
    for (std::size_t i = 0; i < wanted.size(); ++i)
      ASSERT_EQ(columns[i], column_by_force(instants, wanted[i])) << wanted[i].first << " to " << wanted[i].last;
  }
}

TEST_P(EveryZoom, NeverLosesThePeak) {
  const Recorded run(random_recording(GetParam(), 3000));
  const auto count = static_cast<double>(run.count());
  for (const std::size_t width : {1u, 7u, 100u, 1600u, 5000u}) {
    const auto columns = run.detail.columns(columns_of_events(0, count, width, run.count()), Stacking::category);
    const auto highest = std::ranges::max_element(columns, {}, &CurveColumn::allocated_bytes);
    EXPECT_EQ(highest->allocated_bytes, run.breakdown.peak.allocated_bytes);
    EXPECT_EQ(highest->event, run.breakdown.peak.event);
    EXPECT_EQ(CategoryBytes(run.breakdown.peak.categories)[0], highest->parts[0]);
  }
}

TEST_P(EveryZoom, ColumnsOfTimeHoldWhatHeldWithinThem) {
  const Recorded run(random_recording(GetParam(), 500));
  const std::vector<std::int64_t>& times = run.recording.events.time_ns;
  const double from = -50, to = static_cast<double>(times.back()) + 100;
  for (const std::size_t width : {1u, 13u, 2000u}) {
    const auto columns = columns_of_time(from, to, width, times);
    for (std::size_t i = 0; i < width; ++i) {
      const double begin = from + (to - from) * static_cast<double>(i) / static_cast<double>(width);
      const double end = from + (to - from) * static_cast<double>(i + 1) / static_cast<double>(width);
      std::int64_t first = -1, last = -1;
      for (std::size_t e = 0; e < times.size(); ++e) {
        if (static_cast<double>(times[e]) <= begin) first = static_cast<std::int64_t>(e);
        if (static_cast<double>(times[e]) < end) last = static_cast<std::int64_t>(e);
      }
      EXPECT_EQ(columns[i].first, first);
      EXPECT_EQ(columns[i].last, std::max(first, last));
    }
  }
}

TEST_P(EveryZoom, BoundariesOnBlocksLoseNoEvent) {
  const std::int64_t count = 5000 + 700 * GetParam();
  for (const std::size_t width : {3u, 11u, 19u, 40u}) {
    const auto exact = columns_of_events(0, static_cast<double>(count), width, count);
    const auto columns = on_blocks(exact);
    EXPECT_EQ(columns.front().first, 0);
    EXPECT_EQ(columns.back().last, count - 1);
    for (std::size_t i = 1; i < width; ++i) {
      EXPECT_LE(columns[i].first, columns[i - 1].last + 1);
      EXPECT_GE(columns[i].last, columns[i].first);
      EXPECT_LT(exact[i].first - columns[i].first, LevelOfDetail::kBlockEvents) << "less than a column's width";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Random, EveryZoom, testing::Range(0u, 6u));

TEST(LevelOfDetail, KnowsWhatBeginsAndEndsAtEachEvent) {
  const Recorded run(random_recording(3, 2000));
  for (std::int64_t event = 0; event < run.count(); ++event) {
    std::optional<std::size_t> begun, ended;
    for (std::size_t i = 0; i < run.breakdown.allocations.size(); ++i) {
      if (run.breakdown.allocations[i].begin == event) begun = i;
      if (run.breakdown.allocations[i].end == event) ended = i;
    }
    EXPECT_EQ(run.detail.begun_at(event), begun);
    EXPECT_EQ(run.detail.ended_at(event), ended);
  }
}

TEST(LevelOfDetail, TakesLessThanATenthOfTheRecording) {
  const Recorded run(random_recording(1, 100'000));
  const std::size_t row = 3 * 8 + 8 + 4 * 4 + 3;
  EXPECT_LT(run.detail.memory_bytes(), run.recording.events.size() * row / 10);
}

TEST(LevelOfDetail, OfNothingIsNothing) {
  const Recorded run{Recording{}};
  EXPECT_EQ(run.detail.at(0, Stacking::category).allocated_bytes, 0);
  EXPECT_EQ(run.detail.most_bytes(), 0);
  EXPECT_EQ(LevelOfDetail().begun_at(0), std::nullopt);
}

TEST(LevelOfDetail, SurvivesAnAllocationWhereOneIsLive) {
  Recording recording = recording_from_text("+512@a head - parameter\n+1024@b head - parameter\n-@a");
  recording.events.address[1] = recording.events.address[0];
  const Recorded run(recording);
  EXPECT_EQ(run.detail.at(1, Stacking::category).allocated_bytes, 1024);
  EXPECT_EQ(run.detail.at(2, Stacking::category).allocated_bytes, 0);
}

TEST(LayerGroups, OpenTheBranchThatHoldsMost) {
  std::string text;
  for (int i = 0; i < 12; ++i)
    text += "+4096@w" + std::to_string(i) + " enc/layer." + std::to_string(i) + "/ffn - parameter\n";
  const Recorded run(recording_from_text("+512@e emb - parameter\n" + text));
  EXPECT_THAT(run.detail.groups().names, testing::Contains("enc/layer.11"));
  EXPECT_THAT(run.detail.groups().names, testing::Contains("emb"));
  EXPECT_EQ(run.detail.groups().names.back(), "other layers");
}

TEST(LayerGroups, OfManyBlocksNeighboursShareOne) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "+4096@w" + std::to_string(i) + " layer." + std::to_string(i) + " - parameter\n";
  const Recorded run(recording_from_text(text));
  EXPECT_THAT(run.detail.groups().names, testing::Contains("layer.0–2"));
  EXPECT_LE(run.detail.groups().names.size(), kStackParts);
  const auto& of_layer = run.detail.groups().of_layer;
  EXPECT_EQ(of_layer[1], of_layer[3]);
  EXPECT_NE(of_layer[1], of_layer[4]);
}

TEST(ShareCurve, IsTheBytesOfThoseWanted) {
  const Recorded run(random_recording(5, 700));
  const auto wanted = [](const Allocation& a) { return a.category == Category::parameter; };
  const ShareCurve share(run.breakdown.allocations, run.count(), wanted);
  for (std::int64_t event = -1; event < run.count(); ++event)
    EXPECT_EQ(share.at(event), by_force(run, event, Stacking::category).parts[0]);
}

}  // namespace
}  // namespace headroom
