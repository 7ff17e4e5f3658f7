// Each promise of device_activity.h, broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "recording/verify.h"
#include "tests/random_recording.h"

namespace headroom {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::random_recording;

template <class F>
std::vector<std::string> after(F change, DeviceKind device = DeviceKind::cuda) {
  Recording recording = random_recording(2, 300, device);
  EXPECT_THAT(verify(recording), IsEmpty());
  change(recording.activity, recording.activity.activities);
  return verify(recording);
}

std::size_t first(const Activities& a, ActivityKind kind) {
  return static_cast<std::size_t>(std::find(a.kind.begin(), a.kind.end(), kind) - a.kind.begin());
}

TEST(VerifyActivity, FindsNothingInSoundRecordings) {
  for (std::uint32_t seed = 0; seed < 50; ++seed)
    for (const DeviceKind device : {DeviceKind::cuda, DeviceKind::virtual_cuda})
      EXPECT_THAT(verify(random_recording(seed, 300, device)), IsEmpty()) << seed;
}

TEST(VerifyActivity, FindsColumnsOfUnequalLength) {
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.correlation.push_back(1); }),
              ElementsAre("column 'correlation' of the activities has 302 rows, 'kind' has 301"));
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.kind.clear(); }), testing::Not(IsEmpty()));
}

TEST(VerifyActivity, FindsRowsOutOfOrder) {
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.start_ns[5] = a.start_ns[4] - 1; }),
              ElementsAre(HasSubstr("activity 5 starts at")));
}

TEST(VerifyActivity, FindsTimesThatAreNone) {
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.duration_ns[5] = -2; }), ElementsAre("activity 5 takes -2 ns"));
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.duration_ns[5] = INT64_MAX; }),
              ElementsAre(HasSubstr("later than any run")));
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.start_ns[0] = INT64_MIN; }),
              ElementsAre(HasSubstr("later than any run")));
}

TEST(VerifyActivity, FindsIdsOutsideTheirTables) {
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.layer[3] = LayerId(99); }),
              ElementsAre(HasSubstr("activity 3: layer is 99")));
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.name[3] = StringId(99); }),
              ElementsAre("activity 3: name is 99, expected less than 15"));
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.phase[3] = Phase(7); }),
              ElementsAre("activity 3: phase is 7, expected less than 7"));
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.step[3] = -1; }), ElementsAre(HasSubstr("activity 3: step is -1")));
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.kind[3] = ActivityKind(9); }),
              Contains("activity 3 is of kind 9, expected less than 9"));
}

TEST(VerifyActivity, FindsKernelsWithoutAShape) {
  EXPECT_THAT(after([](DeviceActivity& d, Activities& a) { a.detail[first(a, ActivityKind::kernel)] = d.shapes.size(); }),
              ElementsAre(HasSubstr("is a kernel of shape 7, there are 7")));
}

TEST(VerifyActivity, FindsDetailsThatNameNothing) {
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.detail[first(a, ActivityKind::copy)] = 6; }),
              ElementsAre(HasSubstr("of kind copy, has the detail 6, expected at most 5")));
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.detail[first(a, ActivityKind::synchronization)] = 1; }),
              ElementsAre(HasSubstr("of kind synchronization, has the detail 1, expected at most 0")));
}

TEST(VerifyActivity, FindsWhatAKindDoesNotHave) {
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.bytes[0] = 1; }),
              ElementsAre("activity 0 is of kind call, but has 1 bytes"));
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.address[0] = 16; }),
              ElementsAre("activity 0 is of kind call, but has the address 0x10"));
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.thread[first(a, ActivityKind::set)] = 5; }),
              ElementsAre(HasSubstr("is of kind set, but has the thread 5")));
}

TEST(VerifyActivity, FindsBytesThatDoNotAddUp) {
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.bytes[first(a, ActivityKind::copy)] = -1; }),
              ElementsAre(HasSubstr("has -1 bytes")));
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) {
                for (std::size_t i = 0; i < a.size(); ++i)
                  if (a.kind[i] == ActivityKind::copy) a.bytes[i] = INT64_MAX;
              }),
              ElementsAre(HasSubstr("add up to more bytes than any device moves")));
}

TEST(VerifyActivity, FindsWhatTheLevelDoesNotTrace) {
  EXPECT_THAT(after([](DeviceActivity& d, Activities&) { d.level = TraceLevel::none; }),
              Contains("activity 0 is of kind call, which level none does not trace"));
  EXPECT_THAT(after([](DeviceActivity& d, Activities&) { d.level = TraceLevel::memory; }),
              Contains("activity 1 is of kind copy, which level memory does not trace"));
  EXPECT_THAT(after([](DeviceActivity& d, Activities&) { d.tracer.clear(); }),
              ElementsAre("activity was traced at level full, but by no tracer"));
}

TEST(VerifyActivity, FindsTimesOfWorkThatAVirtualDeviceNeverDid) {
  const auto timed = [](ActivityKind kind) {
    return after([=](DeviceActivity&, Activities& a) { a.duration_ns[first(a, kind)] = 0; }, DeviceKind::virtual_cuda);
  };
  for (const ActivityKind kind : {ActivityKind::kernel, ActivityKind::copy, ActivityKind::set, ActivityKind::graph})
    EXPECT_THAT(timed(kind), ElementsAre(HasSubstr("takes 0 ns on a virtual device, which executes nothing")));
  EXPECT_THAT(timed(ActivityKind::call), IsEmpty());
  EXPECT_THAT(timed(ActivityKind::synchronization), IsEmpty());
}

TEST(VerifyActivity, FindsReleasesThatNobodyCounted) {
  EXPECT_THAT(after([](DeviceActivity& d, Activities&) { ++d.unmatched_count; }),
              ElementsAre(HasSubstr("release or allocate memory out of turn")));
  EXPECT_THAT(after([](DeviceActivity&, Activities& a) { a.detail[first(a, ActivityKind::memory)] ^= 1; }),
              ElementsAre(HasSubstr("release or allocate memory out of turn")));
}

TEST(VerifyActivity, FindsNegativeCountsAndShapes) {
  EXPECT_THAT(after([](DeviceActivity& d, Activities&) { d.dropped_count = -1; }),
              ElementsAre("activity.dropped_count is -1, expected at least 0"));
  EXPECT_THAT(after([](DeviceActivity& d, Activities&) { d.peak_dram_bytes_per_second = -1; }), testing::SizeIs(1));
  EXPECT_THAT(after([](DeviceActivity& d, Activities&) { d.shapes[2].dynamic_shared_bytes = -8; }),
              ElementsAre("shape 2 has negative sizes: shared 1024 and -8, local 0 bytes"));
}

TEST(VerifyActivity, FindsSamplesThatCannotBe) {
  EXPECT_THAT(after([](DeviceActivity& d, Activities&) { d.samples[2].used_bytes = d.samples[2].total_bytes + 1; }),
              ElementsAre("sample 2 has 85899345921 bytes in use of 85899345920"));
  EXPECT_THAT(after([](DeviceActivity& d, Activities&) { d.samples[2].time_ns = d.samples[1].time_ns - 1; }),
              ElementsAre(HasSubstr("sample 2 (")));
  EXPECT_THAT(after([](DeviceActivity& d, Activities&) { d.samples.back().event = 301; }),
              ElementsAre("sample 5 stands before event 301 of 300"));
  EXPECT_THAT(after([](DeviceActivity& d, Activities&) { d.samples[2].moment = SampleMoment(6); }),
              ElementsAre("sample 2 is of moment 6"));
}

TEST(VerifyActivity, FindsDramTrafficThatCannotBe) {
  const auto with = [](DramBytes dram, int times, DeviceKind device = DeviceKind::cuda) {
    return after([=](DeviceActivity& d, Activities&) { d.dram.assign(static_cast<std::size_t>(times), dram); }, device);
  };
  EXPECT_THAT(with({LayerId::root, Phase::forward, 1, 2}, 1), IsEmpty());
  EXPECT_THAT(with({LayerId::root, Phase::forward, 1, 2}, 2), ElementsAre("DRAM traffic of layer 0 in forward is told twice"));
  EXPECT_THAT(with({LayerId::root, Phase::forward, 1, -2}, 1), ElementsAre(HasSubstr("1 bytes read, -2 written")));
  EXPECT_THAT(with({LayerId(99), Phase::forward, 1, 2}, 1), ElementsAre("DRAM traffic of layer 99 in phase 1"));
  EXPECT_THAT(with({LayerId::root, Phase::forward, 1, 2}, 1, DeviceKind::virtual_cuda),
              ElementsAre("DRAM traffic is told of a device that is not real"));
}

TEST(VerifyActivity, SummarisesWhatRepeats) {
  const auto problems = after([](DeviceActivity&, Activities& a) {
    for (LayerId& layer : a.layer) layer = LayerId(1000);
  });
  EXPECT_EQ(problems.size(), 4u);
  EXPECT_THAT(problems, Contains("298 more of the kind: activities"));
}

}  // namespace
}  // namespace headroom
