#include "recording/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::random_recording;
using testing_support::recording_from_text;

constexpr const char* kTwoBlocks = R"(
  parameter w head [8,4] float32
  == build 0
  segment +1048576@s
  +512/128@w head aten::empty parameter "[8, 4] float32"
  == forward 1
  +1024/1000@x head aten::mm activation? "[250] float32"
  == backward 1
  -@x
)";

template <class F>
std::vector<std::string> after(F change) {
  Recording recording = recording_from_text(kTwoBlocks);
  recording.environment.device_kind = DeviceKind::virtual_cuda;
  EXPECT_THAT(verify(recording), IsEmpty());
  change(recording);
  return verify(recording);
}

TEST(VerifyRecording, FindsNothingInSoundRecordings) {
  for (std::uint32_t seed = 0; seed < 50; ++seed) EXPECT_THAT(verify(random_recording(seed, 500)), IsEmpty()) << seed;
  EXPECT_THAT(verify(Recording{}), IsEmpty());
}

TEST(VerifyRecording, FindsABlockAllocatedWhereOneIsLive) {
  EXPECT_THAT(after([](Recording& r) {
                r.events.address[2] = r.events.address[1];
                r.events.address[3] = r.events.address[1];
              }),
              testing::Contains("event 2 allocates a block at 0x2000, where one is live"));
}

TEST(VerifyRecording, FindsAFreeOfNothing) {
  EXPECT_THAT(after([](Recording& r) { r.events.address[3] = 0xbad; }),
              testing::Contains("event 3 frees a block at 0xbad, where none is live"));
}

TEST(VerifyRecording, FindsAFreeOfAnotherSize) {
  EXPECT_THAT(after([](Recording& r) { r.events.block_bytes[3] = 512; }),
              ElementsAre("event 3 frees a block of 512 bytes (1000 requested), it was allocated with 1024 (1000 "
                          "requested)"));
}

TEST(VerifyRecording, FindsStatisticsThatDifferByAByte) {
  EXPECT_THAT(after([](Recording& r) { ++r.stats.peak_allocated_bytes; }),
              ElementsAre("stats.peak_allocated_bytes is 1537 bytes, replaying the events gives 1536"));
  EXPECT_THAT(after([](Recording& r) { --r.stats.peak_requested_bytes; }),
              ElementsAre("stats.peak_requested_bytes is 1127 bytes, replaying the events gives 1128"));
  EXPECT_THAT(after([](Recording& r) { r.stats.peak_reserved_bytes = 0; }),
              ElementsAre("stats.peak_reserved_bytes is 0 bytes, replaying the events gives 1048576"));
  EXPECT_THAT(after([](Recording& r) { r.stats.final_allocated_bytes = 0; }),
              ElementsAre("stats.final_allocated_bytes is 0 bytes, replaying the events gives 512"));
  EXPECT_THAT(after([](Recording& r) { r.stats.final_reserved_bytes = 1; }), testing::SizeIs(1));
}

TEST(VerifyRecording, DoesNotSumWhatWasDropped) {
  EXPECT_THAT(after([](Recording& r) {
                ++r.stats.peak_allocated_bytes;
                r.dropped_event_count = 1;
              }),
              IsEmpty());
}

TEST(VerifyRecording, LetsTheCpuReserveNothingOrWhatIsAllocated) {
  Recording r = recording_from_text("+512@w head aten::empty parameter\n");
  EXPECT_THAT(verify(r), IsEmpty());
  r.stats.peak_reserved_bytes = r.stats.final_reserved_bytes = 512;
  EXPECT_THAT(verify(r), IsEmpty());
  r.stats.peak_reserved_bytes = 513;
  EXPECT_THAT(verify(r), testing::SizeIs(1));
}

TEST(VerifyRecording, FindsEventsOutsideTheirPhase) {
  EXPECT_THAT(after([](Recording& r) { r.events.phase[3] = Phase::forward; }),
              ElementsAre("event 3 is in forward of step 1, its mark says backward of step 1"));
  EXPECT_THAT(after([](Recording& r) { r.marks[1].event = 9; }), testing::Not(IsEmpty()));
}

TEST(VerifyRecording, FindsRowsThatSayTooMuch) {
  EXPECT_THAT(after([](Recording& r) { r.events.category[3] = Category::activation; }),
              ElementsAre("event 3 is no allocation, but has the category activation"));
  EXPECT_THAT(after([](Recording& r) { r.events.layer[3] = LayerId(1); }),
              ElementsAre("event 3 is a free, but has the layer 1"));
}

TEST(VerifyRecording, FindsIdsOutsideTheirTables) {
  EXPECT_THAT(after([](Recording& r) { r.events.layer[1] = LayerId(7); }),
              ElementsAre("event 1: layer is 7, expected less than 2"));
  EXPECT_THAT(after([](Recording& r) { r.events.op[1] = StringId(70); }), ElementsAre(HasSubstr("op is 70")));
  EXPECT_THAT(after([](Recording& r) { r.events.category[1] = Category(10); }),
              ElementsAre(HasSubstr("category is 10")));
  EXPECT_THAT(after([](Recording& r) { r.events.step.pop_back(); }),
              ElementsAre("column 'step' has 3 rows, 'action' has 4"));
}

TEST(VerifyRecording, FindsBrokenTables) {
  EXPECT_THAT(after([](Recording& r) { r.layers[1].id = LayerId(5); }), ElementsAre("layer 1 has the id 5"));
  EXPECT_THAT(after([](Recording& r) { r.layers[1].parent = LayerId(1); }),
              ElementsAre("layer 1 comes before its parent 1"));
  EXPECT_THAT(after([](Recording& r) { r.layers[1].path = "model"; }), ElementsAre("two layers have the path 'model'"));
  EXPECT_THAT(after([](Recording& r) { r.strings[0] = "x"; }), ElementsAre("the first string is not empty"));
}

TEST(VerifyRecording, FindsParametersThatDoNotAddUp) {
  EXPECT_THAT(after([](Recording& r) { r.model.parameter_count = 31; }),
              ElementsAre("model.parameter_count is 31, the parameters have 32 elements"));
  EXPECT_THAT(after([](Recording& r) { r.parameters[0].bytes = 127; }),
              ElementsAre("parameter 'w' has 32 elements in 127 bytes"));
  EXPECT_THAT(after([](Recording& r) {
                r.parameters.push_back({"v", {2}, "float32", 8, LayerId::root, true, "nobody"});
              }),
              ElementsAre("parameter 'v' shares 'nobody', which owns no storage",
                          "parameter 'v' shares 'nobody' and yet has 8 bytes"));
}

TEST(VerifyRecording, SummarisesWhatRepeats) {
  Recording r = random_recording(1, 400);
  for (auto& address : r.events.address) address = 1;
  const auto problems = verify(r);
  EXPECT_LT(problems.size(), 30u);
  EXPECT_THAT(problems, testing::Contains(HasSubstr("more of the kind: addresses")));
}

}  // namespace
}  // namespace headroom
