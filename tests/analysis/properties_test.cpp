// What holds for every recording, tried on random ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "analysis/breakdown.h"
#include "recording/verify.h"
#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing::IsEmpty;
using testing_support::random_recording;

template <class T>
void insert(std::vector<T>& column, std::size_t at, T value) {
  column.insert(column.begin() + static_cast<std::ptrdiff_t>(at), value);
}

// `recording` with a block allocated before event `at` and never freed.
Recording with_block(Recording recording, std::size_t at, std::int64_t bytes) {
  Events& e = recording.events;
  insert(e.time_ns, at, std::int64_t{0});
  insert(e.action, at, Action::alloc);
  insert(e.address, at, std::uint64_t{1});
  insert(e.requested_bytes, at, bytes);
  insert(e.block_bytes, at, bytes);
  insert(e.layer, at, LayerId::root);
  insert(e.phase, at, at < e.phase.size() ? e.phase[at] : e.phase.back());
  insert(e.step, at, at < e.step.size() ? e.step[at] : e.step.back());
  insert(e.category, at, Category::unresolved);
  insert(e.op, at, StringId::none);
  insert(e.tensor, at, StringId::none);
  e.stream.clear();
  e.pool.clear();
  e.held.clear();
  for (Mark& mark : recording.marks)
    if (mark.event > static_cast<std::int64_t>(at)) ++mark.event;
  testing_support::set_stats_by_replay(recording);
  return recording;
}

class EveryRecording : public testing::TestWithParam<std::uint32_t> {
 protected:
  const Recording recording = random_recording(GetParam(), 20 + GetParam() * 13 % 900);
  const Breakdown breakdown = make_breakdown(recording, "random");
};

TEST_P(EveryRecording, SumsToItsPeaks) { EXPECT_THAT(verify(breakdown), IsEmpty()); }

TEST_P(EveryRecording, PeaksWhereTheAllocatorDid) {
  EXPECT_EQ(breakdown.peak.allocated_bytes, recording.stats.peak_allocated_bytes);
  EXPECT_LE(breakdown.peak.requested_bytes, recording.stats.peak_requested_bytes);
  EXPECT_LE(breakdown.peak.reserved_bytes, recording.stats.peak_reserved_bytes);
}

TEST_P(EveryRecording, HasAStepAtItsPeakOrPeaksInTheBuild) {
  std::int64_t highest = 0;
  for (const StepView& step : breakdown.steps) highest = std::max(highest, step.peak.allocated_bytes);
  if (breakdown.peak.step > 0)
    EXPECT_EQ(highest, breakdown.peak.allocated_bytes);
  else
    EXPECT_LE(highest, breakdown.peak.allocated_bytes);
}

TEST_P(EveryRecording, RaisesLayersToTheirParents) {
  for (const Layer& layer : recording.layers) {
    const LayerRow& row = breakdown.layer_rows[static_cast<std::size_t>(layer.id)];
    const LayerRow& parent = breakdown.layer_rows[static_cast<std::size_t>(layer.parent)];
    EXPECT_LE(row.forward_peak_bytes, parent.forward_peak_bytes);
    EXPECT_LE(row.backward_peak_bytes, parent.backward_peak_bytes);
  }
  EXPECT_LE(breakdown.layer_rows[0].forward_peak_bytes, breakdown.peak.allocated_bytes);
}

TEST_P(EveryRecording, NeverPeaksLowerWithOneMoreBlock) {
  std::mt19937 random(GetParam());
  const std::size_t at = random() % recording.events.size();
  const std::int64_t bytes = random() % 4096;
  const Recording grown = with_block(recording, at, bytes);
  ASSERT_THAT(verify(grown), IsEmpty());
  const Breakdown more = make_breakdown(grown, "grown");
  EXPECT_THAT(verify(more), IsEmpty());
  EXPECT_GE(more.peak.allocated_bytes, breakdown.peak.allocated_bytes);
  EXPECT_LE(more.peak.allocated_bytes, breakdown.peak.allocated_bytes + bytes);
}

TEST_P(EveryRecording, IsSurvivedWhenItsPromisesAreBroken) {
  std::mt19937 random(GetParam());
  Recording broken = recording;
  for (std::size_t i = 0; i < broken.events.size(); ++i) {
    if (random() % 4 == 0) broken.events.address[i] = random() % 8;
    if (random() % 8 == 0) broken.events.action[i] = Action(random() % 4);
    if (random() % 8 == 0) broken.events.block_bytes[i] = random();
    if (random() % 8 == 0) broken.events.step[i] = static_cast<std::int32_t>(random() % 5);
    if (random() % 8 == 0) broken.events.phase[i] = Phase(random() % 6);
  }
  Breakdown b = make_breakdown(broken, "broken");
  b.stats.peak_allocated_bytes = b.peak.allocated_bytes;
  EXPECT_THAT(verify(b), IsEmpty()) << "sums hold even then";
  EXPECT_LE(make_timeline(broken, b, 50).size(), 50u);
  EXPECT_THAT(verify(broken), testing::Not(IsEmpty()));
}

INSTANTIATE_TEST_SUITE_P(Random, EveryRecording, testing::Range(0u, 60u));

}  // namespace
}  // namespace headroom
