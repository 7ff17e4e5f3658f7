// Counting apart: what comes back from the child, however it ends.
#include "profiler/counted_run.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <stdexcept>

namespace headroom::profiler {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(CountingApart, GivesWhatTheChildCounted) {
  const CountedTraffic counted = in_child([] {
    return CountedTraffic{{{LayerId{3}, Phase::backward, 4096, 1 << 20}}, {"a \"remark\""}};
  });
  ASSERT_THAT(counted.dram, SizeIs(1));
  EXPECT_EQ(counted.dram[0].layer, LayerId{3});
  EXPECT_EQ(counted.dram[0].phase, Phase::backward);
  EXPECT_EQ(counted.dram[0].read_bytes, 4096);
  EXPECT_EQ(counted.dram[0].written_bytes, 1 << 20);
  EXPECT_THAT(counted.problems, ElementsAre("a \"remark\""));
}

TEST(CountingApart, MoreThanAPipeHoldsComesWhole) {
  const CountedTraffic counted = in_child([] {
    CountedTraffic many;
    for (std::uint32_t i = 1; i <= 20'000; ++i) many.dram.push_back({LayerId{i}, Phase::forward, i, 1});
    return many;
  });
  EXPECT_THAT(counted.dram, SizeIs(20'000));
}

TEST(CountingApart, SaysHowTheChildFailed) {
  const auto problem_of = [](const std::function<CountedTraffic()>& count) {
    const CountedTraffic counted = in_child(count);
    EXPECT_THAT(counted.dram, IsEmpty());
    return counted.problems.size() == 1 ? counted.problems[0] : "";
  };
  EXPECT_THAT(problem_of([]() -> CountedTraffic { throw std::runtime_error("no privileges"); }),
              HasSubstr("not counted: no privileges"));
  EXPECT_THAT(problem_of([]() -> CountedTraffic {
                raise(SIGKILL);
                return {};
              }),
              HasSubstr("by signal 9"));
  EXPECT_THAT(problem_of([]() -> CountedTraffic { _exit(7); }), HasSubstr("with status 7"));
}

TEST(CountingApart, PlacesThatTheRecordingLacksAreLeftOut) {
  Recording recording;
  recording.layers.resize(2);
  CountedTraffic{{{LayerId{1}, Phase::forward, 1, 2}, {LayerId{2}, Phase::forward, 3, 4}}, {"said"}}.join(recording);
  EXPECT_THAT(recording.activity.dram, SizeIs(1));
  EXPECT_THAT(recording.activity.problems, ElementsAre("said"));
}

}  // namespace
}  // namespace headroom::profiler
