// Categories by lifetime. Each line that ends in `category?` states what its untagged block must become.
#include <gtest/gtest.h>

#include "analysis/breakdown.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing_support::parse_recording_text;

void expect_resolved(std::string_view text) {
  const auto [recording, expected] = parse_recording_text(text);
  const auto allocations = resolve_allocations(recording);
  ASSERT_EQ(allocations.size(), expected.size());
  for (const Allocation& a : allocations)
    EXPECT_EQ(to_name(kCategoryNames, a.category), to_name(kCategoryNames, expected.at(a.begin)))
        << "allocated by event " << a.begin;
}

TEST(Categories, TagsOfTheProfilerStand) {
  expect_resolved(R"(
    +512 head aten::empty parameter "[128] float32"
    +512 model aten::empty input "[64] int64"
    == forward 1
    +512 head - kv_cache
    == backward 1
    +512 head - gradient "[128] float32"
    == optimizer 1
    +512 head - optimizer_state "[128] float32"
  )");
}

TEST(Categories, ForwardBlockAliveWhenBackwardStartsIsAnActivation) {
  expect_resolved(R"(
    == forward 1
    +512@kept head aten::mm activation? "[128] float32"
    +512@never_freed head aten::mm activation? "[128] float32"
    +512@scratch head aten::mm temporary? "[128] float32"
    +512@scratch_without_tensor head aten::mm temporary?
    -@scratch
    -@scratch_without_tensor
    == backward 1
    -@kept
  )");
}

TEST(Categories, WhatCheckpointingComputesAgainForBackwardIsAnActivation) {
  expect_resolved(R"(
    == forward 1
    +512@input block.0 aten::add activation? "[128] float32"
    +512@first_time block.0/attn aten::mm temporary? "[128] float32"
    -@first_time
    == backward 1
    +512@gradient head aten::mm temporary? "[128] float32"
    == recompute 1
    +512@again block.0/attn aten::mm activation? "[128] float32"
    +512@scratch block.0/attn aten::mm temporary? "[128] float32"
    -@scratch
    == backward 1
    -@gradient
    -@again
    -@input
  )");
}

TEST(Categories, ActivationNeedsNoTensorWhenItsStepFreesIt) {
  expect_resolved(R"(
    == forward 1
    +512@seed head aten::dropout activation?
    == backward 1
    -@seed
  )");
}

TEST(Categories, LossKeptIntoTheNextStepIsAnActivation) {
  expect_resolved(R"(
    == forward 1
    +512@loss loss aten::nll_loss activation? "[] float32"
    == backward 1
    == optimizer 1
    == forward 2
    -@loss
    +512@loss loss aten::nll_loss activation? "[] float32"
    == backward 2
  )");
}

TEST(Categories, ScratchThatOutlivesItsStepIsAWorkspace) {
  expect_resolved(R"(
    == forward 1
    +33554432@cublas head aten::addmm workspace?
    == backward 1
    +33554432@cublas2 head aten::mm workspace?
    +512@within head aten::mm temporary?
    -@within
    == forward 2
    == backward 2
    -@cublas2
  )");
}

TEST(Categories, BackwardBlocksAreTemporaryOrOther) {
  expect_resolved(R"(
    == forward 1
    == backward 1
    +512@a head aten::mm temporary? "[128] float32"
    +512@b head aten::mm other? "[128] float32"
    -@a
    == optimizer 1
    +512@c model aten::_foreach_sqrt temporary? "[128] float32"
    -@c
    == forward 2
    -@b
  )");
}

TEST(Categories, BuildBlocksAreTemporaryOrOther) {
  expect_resolved(R"(
    +512@draft head aten::normal_ temporary? "[128] float32"
    -@draft
    +512@table model aten::arange other? "[128] int64"
    +512@scratch model - other?
    +512@late model aten::arange other? "[128] int64"
    == forward 1
    -@late
  )");
}

TEST(Categories, RunWithoutBackwardKeepsNothing) {
  expect_resolved(R"(
    mode forward
    == forward 1
    +512@hidden head aten::mm temporary? "[128] float32"
    +33554432@cublas head aten::addmm workspace?
    -@hidden
    +512@logits head aten::mm other? "[128] float32"
  )");
}

TEST(Categories, OutOfMemoryInForwardLeavesActivations) {
  expect_resolved(R"(
    outcome oom
    +512 head aten::empty parameter "[128] float32"
    == forward 1
    +512@done head aten::mm temporary? "[128] float32"
    -@done
    +512@kept head aten::mm activation? "[128] float32"
    +33554432@cublas head aten::addmm workspace?
  )");
}

TEST(Categories, OutOfMemoryInBackwardIsToldApartByWhatHappened) {
  expect_resolved(R"(
    outcome oom
    == forward 1
    +512@kept head aten::mm activation? "[128] float32"
    +512@consumed head aten::mm activation? "[128] float32"
    == backward 1
    -@consumed
    +512@unfinished head aten::mm other? "[128] float32"
  )");
}

TEST(Categories, OutOfMemoryBetweenForwardAndBackwardLeavesActivations) {
  expect_resolved(R"(
    outcome oom
    == forward 1
    +512@kept head aten::mm activation? "[128] float32"
    == backward 1
  )");
}

TEST(Categories, FinishedStepsDoNotChangeAnUnfinishedOne) {
  expect_resolved(R"(
    outcome oom
    == forward 1
    +512@a head aten::mm activation? "[128] float32"
    == backward 1
    -@a
    == forward 2
    +512@a head aten::mm activation? "[128] float32"
  )");
}

TEST(Allocations, RememberTheirEvents) {
  const auto recording = parse_recording_text(R"(
    +512/500@a block.0/attn aten::mm temporary? "[125] float32"
    -@a
    +512@a block.0 aten::mm other?
  )")
                             .recording;
  const auto allocations = resolve_allocations(recording);
  ASSERT_EQ(allocations.size(), 2u);
  EXPECT_EQ(allocations[0].begin, 0);
  EXPECT_EQ(allocations[0].end, 1);
  EXPECT_EQ(allocations[0].requested_bytes, 500);
  EXPECT_EQ(recording.layers[static_cast<std::size_t>(allocations[0].layer)].path, "block.0/attn");
  EXPECT_EQ(recording.text(allocations[0].tensor), "[125] float32");
  EXPECT_EQ(allocations[1].address, allocations[0].address);
  EXPECT_EQ(allocations[1].end, kNeverFreed);
}

TEST(Allocations, SurviveEventsThatBreakTheirPromises) {
  auto recording = parse_recording_text(R"(
    +512@a head aten::mm temporary?
    +256@b head aten::mm other?
    -@b
  )")
                       .recording;
  recording.events.address[1] = recording.events.address[0];
  const auto allocations = resolve_allocations(recording);
  ASSERT_EQ(allocations.size(), 2u);
  EXPECT_EQ(allocations[0].end, 1) << "ends where its address is given away";
  EXPECT_EQ(allocations[1].end, kNeverFreed) << "the free is of an address that nobody has";
}

}  // namespace
}  // namespace headroom
