#include "analysis/shortfall.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

std::vector<std::int64_t> live_of(const Breakdown& run) {
  std::vector<std::int64_t> live;
  for (std::size_t i = 0; i < run.allocations.size(); ++i)
    if (run.allocations[i].end == kNeverFreed) live.push_back(static_cast<std::int64_t>(i));
  return live;
}

Breakdown out_of_memory(std::int64_t asked, std::int64_t free) {
  Recording recording = testing_support::recording_from_text(R"(outcome oom
+4096@w embeddings aten::empty parameter "[1024] float32"
== forward 1
+8192@a layer.0/attn aten::bmm activation? "[2048] float32"
+8192@b layer.1/attn aten::bmm activation? "[2048] float32"
+8192@c layer.2/attn aten::bmm activation? "[2048] float32"
+2048@d layer.2/attn aten::bmm activation? "[512] float32"
)");
  recording.outcome.failed_request_bytes = asked;
  recording.outcome.free_bytes = free;
  recording.outcome.allocated_bytes = 30720;
  recording.outcome.reserved_bytes = 40000;
  return make_breakdown(recording, "oom");
}

TEST(Shortfall, GroupsWhatIsAlikeAndSaysHowManyAreEnough) {
  const Breakdown run = out_of_memory(20000, 10000);
  const Shortfall shortfall = make_shortfall(run, live_of(run));
  EXPECT_EQ(shortfall.missing_bytes, 10000);
  EXPECT_EQ(shortfall.gap_bytes, 40000 - 30720);
  EXPECT_FALSE(shortfall.gaps_are_enough);
  ASSERT_EQ(shortfall.groups.size(), 3u);
  const ShortfallGroup& most = shortfall.groups[0];
  EXPECT_EQ(most.bytes, 3 * 8192);
  EXPECT_EQ(most.count, 3);
  EXPECT_EQ(most.layer_count, 3);
  EXPECT_EQ(most.enough, 2);
  EXPECT_EQ(shortfall.groups[1].enough, 0);  // 4096 of 10000
}

TEST(Shortfall, SaysWhereGapsInOnePieceWouldHaveBeenEnough) {
  EXPECT_TRUE(make_shortfall(out_of_memory(9000, 100), {}).gaps_are_enough);
  EXPECT_EQ(make_shortfall(out_of_memory(100, 9000), {}).missing_bytes, 0);
}

TEST(Shortfall, ItsGroupsHoldEveryLiveByteOnce) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const Recording recording = testing_support::random_recording(seed, 200);
    Breakdown run = make_breakdown(recording, "random");
    run.outcome.failed_request_bytes = 1 << 20;
    const std::vector<std::int64_t> live = live_of(run);
    const Shortfall shortfall = make_shortfall(run, live);
    std::int64_t bytes = 0, count = 0, expected = 0;
    for (const ShortfallGroup& group : shortfall.groups) {
      bytes += group.bytes;
      count += group.count;
      EXPECT_LE(group.enough, group.count);
      EXPECT_EQ(group.enough > 0, group.bytes >= shortfall.missing_bytes);
    }
    for (const std::int64_t i : live) expected += run.allocations[static_cast<std::size_t>(i)].block_bytes;
    EXPECT_EQ(bytes, expected);
    EXPECT_EQ(count, static_cast<std::int64_t>(live.size()));
  }
}

}  // namespace
}  // namespace headroom
