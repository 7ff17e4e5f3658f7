#include "analysis/breakdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analysis/breakdown_text.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing::IsEmpty;
using testing_support::describe;
using testing_support::describe_rows;
using testing_support::recording_from_text;

// Two steps of training: in the first the optimizer makes its state, the second runs with it.
constexpr const char* kTraining = R"(
  parameter block.0/attn.w block.0/attn [32,4] float32
  parameter head.w head [100] float32
  parameter tied.w block.0 [100] float32 = head.w
  form parameter_bytes model 912
  form parameter_bytes block.0/attn 512
  form activation_bytes block.0/attn 1900
  form activation_bytes model 2300
  form kv_cache_bytes_per_token model 64
  form parameter_bytes nowhere 1

  == build 0
  segment +1048576@s
  +512@w block.0/attn aten::empty parameter "[32, 4] float32"
  +512/400@v head aten::empty parameter "[100] float32"
  +512/256@ids model aten::randint input "[32] int64"

  == forward 1
  +2048/1900@x block.0/attn aten::mm activation? "[475] float32"
  +4096@t block.0/attn aten::softmax temporary? "[1024] float32"
  -@t
  +1024@cublas head aten::addmm workspace?
  +512/400@y head aten::mm activation? "[100] float32"
  == backward 1
  +1024@t head aten::mm temporary? "[256] float32"
  -@t
  -@y
  +512@gw block.0/attn aten::mm gradient "[32, 4] float32"
  -@x
  +512/400@gv head aten::mm gradient "[100] float32"
  == optimizer 1
  +1024@mw block.0/attn aten::zeros optimizer_state "[32, 4] float32"
  +1024/800@mv head aten::zeros optimizer_state "[100] float32"
  -@gw
  -@gv

  == forward 2
  +2048/1900@x block.0/attn aten::mm activation? "[475] float32"
  segment +2097152@s2
  +4096@t block.0/attn aten::softmax temporary? "[1024] float32"
  -@t
  +512/400@y head aten::mm activation? "[100] float32"
  == backward 2
  +1024@t head aten::mm temporary? "[256] float32"
  -@t
  -@y
  +512@gw block.0/attn aten::mm gradient "[32, 4] float32"
  -@x
  +512/400@gv head aten::mm gradient "[100] float32"
  == optimizer 2
)";

TEST(Breakdown, LabelsEveryByteOfThePeak) {
  const Breakdown b = make_breakdown(recording_from_text(kTraining), "mha");
  EXPECT_EQ(b.label, "mha");
  EXPECT_THAT(verify(b), IsEmpty());
  EXPECT_EQ(
      describe(b, b.peak),
      "peak 10752 B (10012 requested, 3145728 reserved) after event 21 at t=220, forward of step 2, by block.0/attn\n"
      "  parameter 1024 | optimizer_state 2048 | activation 2048 | temporary 4096 | input 512 | workspace 1024\n"
      "  model: 512 = input 512\n"
      "  block.0/attn: 7680 = parameter 512 | optimizer_state 1024 | activation 2048 | temporary 4096\n"
      "  head: 2560 = parameter 512 | optimizer_state 1024 | workspace 1024\n"
      "  live 13 12 5 10 11 0 1 2\n");
}

TEST(Breakdown, ShowsThePeakOfEachStep) {
  const Breakdown b = make_breakdown(recording_from_text(kTraining), "mha");
  ASSERT_EQ(b.steps.size(), 2u);
  EXPECT_EQ(b.steps[0].step, 1);
  EXPECT_EQ(describe(b, b.steps[0].peak),
            "peak 7680 B (7164 requested, 1048576 reserved) after event 5 at t=60, forward of step 1, by block.0/attn\n"
            "  parameter 1024 | activation 2048 | temporary 4096 | input 512\n"
            "  model: 512 = input 512\n"
            "  block.0/attn: 6656 = parameter 512 | activation 2048 | temporary 4096\n"
            "  head: 512 = parameter 512\n"
            "  live 4 3 0 1 2\n");
  EXPECT_EQ(b.steps[1].peak.event, b.peak.event);
}

TEST(Breakdown, ShowsWhatEachLayerTookInTheLastStep) {
  const Breakdown b = make_breakdown(recording_from_text(kTraining), "mha");
  EXPECT_EQ(
      describe_rows(b),
      "model: forward peak 10752, backward peak 8192\n"
      "block.0: forward peak 10752, backward peak 7168\n"
      "block.0/attn: parameter 512, gradient 512, optimizer state 1024, activation 2048, activation requested 1900, "
      "temporary peak 4096, forward peak 10752, backward peak 7168\n"
      "head: parameter 512, gradient 512, optimizer state 1024, activation 512, activation requested 400, "
      "temporary peak 1024, forward peak 7168, backward peak 8192\n");
}

TEST(Breakdown, SumsRequestedBytesOfTheLastStep) {
  const Breakdown b = make_breakdown(recording_from_text(kTraining), "mha");
  EXPECT_EQ(describe(b.last_step_bytes),
            "parameter 912 | gradient 912 | optimizer_state 1824 | activation 2300 | temporary 4096 | input 256 | "
            "workspace 1024");
  EXPECT_EQ(b.parameter_bytes, 912);
  EXPECT_EQ(b.parameter_count, 228);
  EXPECT_EQ(b.peak_requested_bytes, 10012);
  EXPECT_EQ(b.peak_reserved_bytes, 3145728);
}

TEST(Breakdown, PutsRecordedBytesBesideClosedForms) {
  const Breakdown b = make_breakdown(recording_from_text(kTraining), "mha");
  std::vector<std::int64_t> recorded;
  for (const ClosedFormCheck& check : b.closed_forms) recorded.push_back(check.recorded_bytes);
  EXPECT_THAT(recorded, testing::ElementsAre(912, 512, 1900, 2300, -1, -1));
  EXPECT_EQ(b.closed_forms[2].form.bytes, 1900);
}

TEST(Breakdown, RecordsNoActivationsForAFormBeforeBackward) {
  const Breakdown b = make_breakdown(recording_from_text(R"(
    outcome oom
    form activation_bytes model 512
    form parameter_bytes model 512
    +512 head aten::empty parameter
    == forward 1
    +512 head aten::mm activation? "[128] float32"
  )"),
                                     "oom");
  EXPECT_EQ(b.closed_forms[0].recorded_bytes, -1);
  EXPECT_EQ(b.closed_forms[1].recorded_bytes, 512);
}

TEST(Breakdown, RecordsNothingForAFormWhenTheBuildFailed) {
  const Breakdown b = make_breakdown(recording_from_text(R"(
    outcome oom
    form parameter_bytes model 1024
    +512 head aten::empty parameter
  )"),
                                     "oom");
  EXPECT_EQ(b.closed_forms[0].recorded_bytes, -1);
  EXPECT_EQ(b.layer_rows[1].parameter_bytes, 512);
  EXPECT_EQ(b.parameter_bytes, 1024) << "what the whole model needs, since its build did not end";
  EXPECT_THAT(b.steps, IsEmpty());
}

TEST(Breakdown, TakesTheFirstOfEqualPeaks) {
  const Breakdown b = make_breakdown(recording_from_text(R"(
    +512@a head aten::mm temporary?
    -@a
    +512@b block aten::mm other?
  )"),
                                     "x");
  EXPECT_EQ(b.peak.event, 0);
  EXPECT_EQ(b.layer(b.peak.layer).path, "head");
}

TEST(Breakdown, ReservesWhatIsAllocatedWhereThereAreNoSegments) {
  const Breakdown b = make_breakdown(recording_from_text("+512 head aten::mm other?\n"), "cpu");
  EXPECT_EQ(b.peak.reserved_bytes, 512);
}

TEST(Breakdown, CountsSegmentsGivenBack) {
  const Breakdown b = make_breakdown(recording_from_text(R"(
    segment +1000@s
    segment +500@r
    segment -@s
    +100 head aten::mm other?
  )"),
                                     "x");
  EXPECT_EQ(b.peak.reserved_bytes, 500);
  EXPECT_EQ(b.peak_reserved_bytes, 1500);
}

TEST(Breakdown, OfAStepThatOnlyFreesIsItsHighestState) {
  const Breakdown b = make_breakdown(recording_from_text(R"(
    +512@a head aten::mm other?
    +256@b head aten::mm other?
    == forward 1
    -@a
    -@b
  )"),
                                     "x");
  ASSERT_EQ(b.steps.size(), 1u);
  EXPECT_EQ(describe(b, b.steps[0].peak),
            "peak 256 B (256 requested, 256 reserved) after event 2 at t=30, forward of step 1, by model\n"
            "  other 256\n"
            "  head: 256 = other 256\n"
            "  live 1\n");
}

TEST(Breakdown, OfManyStepsShowsTheFirstTheLastAndThatOfThePeak) {
  std::string text;
  for (int step = 1; step <= 100; ++step)
    text += "== forward " + std::to_string(step) + "\n+" + std::to_string(step == 50 ? 200 : 100) +
            "@a head aten::mm temporary?\n-@a\n";
  const Breakdown b = make_breakdown(recording_from_text(text), "x");
  std::vector<std::int32_t> steps;
  for (const StepView& view : b.steps) steps.push_back(view.step);
  EXPECT_THAT(steps, testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 50, 93, 94, 95, 96, 97, 98, 99, 100));
}

TEST(Breakdown, OfNothingHasNoPeak) {
  Recording recording;
  const Breakdown empty = make_breakdown(recording, "empty");
  EXPECT_THAT(verify(empty), IsEmpty());
  EXPECT_EQ(empty.peak.event, -1);
  EXPECT_EQ(empty.peak.allocated_bytes, 0);
  recording.layers.push_back({LayerId::root, LayerId::root, "model", LayerKind::model});
  const Breakdown b = make_breakdown(recording, "no events");
  EXPECT_THAT(verify(b), IsEmpty());
  EXPECT_EQ(b.peak.layers.size(), 1u);
  EXPECT_THAT(make_timeline(recording, b, 100), IsEmpty());
}

TEST(Breakdown, CountsParametersAliveInTheLastStepOnly) {
  const Breakdown b = make_breakdown(recording_from_text(R"(
    +1024@fp32 head aten::empty parameter
    +512@bf16 head aten::to parameter
    -@fp32
    == forward 1
    +512 head aten::mm activation? "[128] float32"
  )"),
                                     "x");
  EXPECT_EQ(b.layer_rows[1].parameter_bytes, 512);
}

}  // namespace
}  // namespace headroom
