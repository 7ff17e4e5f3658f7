#include "analysis/event_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing_support::recording_from_text;

constexpr const char* kRun = R"(
== build 0
segment +2097152@s1
+512/400@w block.0 - parameter "[100] float32"
== forward 1
segment +20971520@s2
+4194304/4194000@a block.0/attn aten::mm activation? "[1024, 1024] float32"
+1048576@b block.0/ffn aten::gelu temporary? "[512, 512] float32"
-@b
== backward 1
-@a
)";

Recording changed(std::size_t event, std::vector<std::int64_t> Events::*column, std::int64_t by) {
  Recording recording = recording_from_text(kRun);
  (recording.events.*column)[event] += by;
  return recording;
}

TEST(EventDiff, ARecordingIsEqualToItself) {
  const Recording recording = recording_from_text(kRun);
  const EventDiff diff = diff_events(recording, recording);
  EXPECT_TRUE(diff.equal());
  EXPECT_TRUE(diff.requests_equal);
  EXPECT_EQ(diff.equal_count, recording.events.size());
  EXPECT_FALSE(diff.segment_order || diff.placement);
  EXPECT_EQ(explanation(diff), "");
}

TEST(EventDiff, AddressesMayBeAnywhereAsLongAsTheirRelationsHold) {
  const Recording left = recording_from_text(kRun);
  Recording right = left;
  for (std::uint64_t& address : right.events.address) address += 1ull << 40;
  const EventDiff diff = diff_events(left, right);
  EXPECT_TRUE(diff.equal());
  EXPECT_FALSE(diff.segment_order || diff.placement);
}

TEST(EventDiff, OneByteOfARequestIsFoundWithItsOperatorLayerAndPhase) {
  const EventDiff diff = diff_events(recording_from_text(kRun), changed(3, &Events::requested_bytes, 1));
  ASSERT_TRUE(diff.bytes.has_value());
  EXPECT_EQ(diff.bytes->kind, EventDifferenceKind::requested_bytes);
  EXPECT_EQ(diff.equal_count, 3u);
  ASSERT_TRUE(diff.bytes->left && diff.bytes->right);
  EXPECT_EQ(diff.bytes->left->op, "aten::mm");
  EXPECT_THAT(diff.bytes->left->layer, HasSubstr("attn"));
  EXPECT_EQ(diff.bytes->left->phase, Phase::forward);
  EXPECT_EQ(diff.bytes->left->step, 1);
  EXPECT_EQ(diff.bytes->right->requested_bytes, 4194001);
  EXPECT_FALSE(diff.requests_equal);
  EXPECT_THAT(explanation(diff), HasSubstr("asked for another size"));
}

TEST(EventDiff, OneByteOfABlockOrASegmentIsFound) {
  for (const std::size_t event : {2u, 3u}) {
    const EventDiff diff = diff_events(recording_from_text(kRun), changed(event, &Events::block_bytes, 1));
    ASSERT_TRUE(diff.bytes.has_value());
    EXPECT_EQ(diff.bytes->kind, EventDifferenceKind::block_bytes);
    EXPECT_EQ(diff.equal_count, event);
    EXPECT_TRUE(diff.requests_equal);
  }
}

TEST(EventDiff, AnEventTooFewIsFound) {
  const Recording left = recording_from_text(kRun);
  Recording right = left;
  right.events.action.pop_back();
  const EventDiff diff = diff_events(left, right);
  ASSERT_TRUE(diff.bytes.has_value());
  EXPECT_EQ(diff.bytes->kind, EventDifferenceKind::length);
  EXPECT_TRUE(diff.bytes->left.has_value());
  EXPECT_FALSE(diff.bytes->right.has_value());
}

constexpr const char* kFrees = R"(
segment +2097152@s
== forward 1
+512/400@a block.0 aten::to temporary?
+512/300@b block.0 aten::to temporary?
+1024@c block.0 aten::mm temporary?
-@a
-@b
-@c
)";

TEST(EventDiff, FreesInARowMayComeInAnotherOrder) {
  const Recording left = recording_from_text(kFrees);
  Recording right = left;
  std::swap(right.events.requested_bytes[4], right.events.requested_bytes[5]);
  std::swap(right.events.address[4], right.events.address[5]);
  const EventDiff diff = diff_events(left, right);
  EXPECT_TRUE(diff.equal());
  EXPECT_EQ(diff.reordered_free_count, 3u);
  EXPECT_EQ(diff.equal_count, left.events.size());
  right.events.requested_bytes[5] += 1;
  EXPECT_FALSE(diff_events(left, right).equal());
}

TEST(EventDiff, AFreeOnTheOtherSideOfAnAllocationIsADifference) {
  const Recording left = recording_from_text(kFrees);
  const Recording right = recording_from_text(R"(
segment +2097152@s
== forward 1
+512/400@a block.0 aten::to temporary?
+512/300@b block.0 aten::to temporary?
-@a
+1024@c block.0 aten::mm temporary?
-@b
-@c
)");
  ASSERT_TRUE(diff_events(left, right).bytes.has_value());
  EXPECT_EQ(diff_events(left, right).bytes->kind, EventDifferenceKind::action);
  EXPECT_TRUE(diff_events(left, right).requests_equal);
}

// Segment s2 lies below s1 on one side and above it on the other, and a later block is of another size for it.
TEST(EventDiff, AnotherOrderOfAddressesExplainsWhatFollows) {
  Recording left = recording_from_text(kRun), right = left;
  const auto place = [](Recording& recording, std::uint64_t first, std::uint64_t second) {
    recording.events.address = {first, first, second, second, second + 4194304, second + 4194304, second};
  };
  place(left, 0x40000000, 0x20000000);
  place(right, 0x20000000, 0x40000000);
  EXPECT_TRUE(diff_events(left, right).equal());
  ASSERT_TRUE(diff_events(left, right).segment_order.has_value());
  right.events.block_bytes[4] += 512;
  const EventDiff diff = diff_events(left, right);
  ASSERT_TRUE(diff.segment_order.has_value());
  EXPECT_EQ(diff.segment_order->event.index, 2u);
  EXPECT_EQ(diff.segment_order->left_below, 0);
  EXPECT_EQ(diff.segment_order->right_below, 1);
  EXPECT_THAT(explanation(diff), HasSubstr("addresses in another order"));
  EXPECT_THAT(explanation(diff), HasSubstr("same bytes in the same order throughout"));
}

TEST(EventDiff, ABlockPutElsewhereExplainsWhatFollows) {
  Recording left = recording_from_text(kRun), right = left;
  left.events.address = right.events.address = {0x40000000, 0x40000000, 0x20000000, 0x20000000, 0x20400000, 0x20400000,
                                                0x20000000};
  right.events.address[4] = right.events.address[5] = 0x20800000;
  right.events.block_bytes[6] += 512;
  const EventDiff diff = diff_events(left, right);
  ASSERT_TRUE(diff.placement.has_value());
  EXPECT_EQ(diff.placement->left_segment, 1);
  EXPECT_EQ(diff.placement->right_offset, 0x800000);
  EXPECT_THAT(explanation(diff), HasSubstr("aten::gelu"));
}

// Whatever single figure of a random run is moved, it is found there and nowhere earlier.
TEST(EventDiff, APlantedDifferenceIsFoundWhereItIs) {
  std::mt19937 random(7);
  Recording base = recording_from_text(kRun);
  Events& events = base.events;
  for (int i = 0; i < 200; ++i) {
    for (auto* column : {&events.time_ns, &events.requested_bytes, &events.block_bytes}) column->push_back(random() % 4096);
    events.action.push_back(i % 2 == 0 ? Action::alloc : Action::free);  // no two frees in a row
    events.address.push_back(0x20000000 + random() % 20971520);
    events.layer.push_back(LayerId::root);
    events.phase.push_back(Phase::backward);
    events.step.push_back(1);
    events.category.push_back(Category::unresolved);
    events.op.push_back(StringId::none);
    events.tensor.push_back(StringId::none);
  }
  for (int trial = 0; trial < 100; ++trial) {
    Recording other = base;
    const std::size_t at = random() % events.size();
    auto& column = trial % 2 == 0 ? other.events.requested_bytes : other.events.block_bytes;
    column[at] += 1 + random() % 100;
    const EventDiff diff = diff_events(base, other);
    ASSERT_TRUE(diff.bytes.has_value());
    EXPECT_EQ(diff.equal_count, at);
    EXPECT_EQ(diff.bytes->left->index, at);
  }
}

}  // namespace
}  // namespace headroom
