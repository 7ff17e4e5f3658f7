// DRAM traffic of layers and phases, over a double of the Range Profiler: what is counted, in which order CUPTI is
// called, and what is said when it refuses.
#include "tracing/range_counters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/tracing/range_double.h"

namespace headroom {

bool operator==(const DramBytes& a, const DramBytes& b) {
  return a.layer == b.layer && a.phase == b.phase && a.read_bytes == b.read_bytes && a.written_bytes == b.written_bytes;
}

namespace tracing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr LayerId kFirst{1}, kSecond{2};

class Counters : public ::testing::Test {
 protected:
  RangeCounters& start(std::size_t ranges_per_round = 64) {
    counters.reset();
    counters = std::make_unique<RangeCounters>(api, RangeOptions{.context = reinterpret_cast<CUcontext>(0x30),
                                                                 .device = 0,
                                                                 .wait = [this] { cupti.wait(); },
                                                                 .ranges_per_round = ranges_per_round});
    return *counters;
  }

  // A step of two layers; what both places moved.
  static void take_step(RangeCounters& counting, testing::RangeDouble& cupti) {
    counting.set_place(kFirst, Phase::forward);
    cupti.launch(1000, 100);
    cupti.launch(1, 1);
    counting.set_place(kSecond, Phase::forward);
    cupti.launch(200, 20);
    counting.set_place(kFirst, Phase::backward);
    cupti.launch(30, 3);
  }
  const std::vector<DramBytes> one_step{
      {kFirst, Phase::forward, 1001, 101}, {kFirst, Phase::backward, 30, 3}, {kSecond, Phase::forward, 200, 20}};

  // All that a run does, as far as it comes; the words of its failure, "" where there is none.
  std::string failure_of_a_run() {
    try {
      auto& counting = start(2);
      take_step(counting, cupti);
      counting.finish();
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::could_not_measure);
      return error.what();
    }
  }

  void TearDown() override {
    counters.reset();
    EXPECT_THAT(cupti.violations, IsEmpty());
    EXPECT_EQ(cupti.hosts, 0u);
    EXPECT_FALSE(cupti.enabled);
    EXPECT_FALSE(cupti.initialized);
  }

  testing::RangeDouble cupti;
  const ProfilerApi api = testing::RangeDouble::api();
  std::unique_ptr<RangeCounters> counters;
};

TEST_F(Counters, GiveEachPlaceWhatWasLaunchedThere) {
  auto& counting = start();
  take_step(counting, cupti);
  EXPECT_EQ(counting.finish(), one_step);
  EXPECT_FALSE(counting.is_total());
}

TEST_F(Counters, AreAskedInTheOrderThatCuptiWants) {
  auto& counting = start();
  counting.set_place(kFirst, Phase::forward);
  cupti.launch(1, 2);
  counting.finish();
  EXPECT_THAT(
      cupti.calls,
      ElementsAre("cuptiProfilerInitialize", "cuptiDeviceGetChipName", "cuptiProfilerGetCounterAvailability",
                  "cuptiProfilerGetCounterAvailability", "cuptiProfilerHostInitialize",
                  "cuptiProfilerHostConfigAddMetrics", "cuptiProfilerHostGetConfigImageSize",
                  "cuptiProfilerHostGetConfigImage", "cuptiProfilerHostGetNumOfPasses", "cuptiRangeProfilerEnable",
                  "cuptiRangeProfilerGetCounterDataSize", "cuptiRangeProfilerCounterDataImageInitialize",
                  "cuptiRangeProfilerSetConfig", "cuptiRangeProfilerStart", "cuptiRangeProfilerPushRange",
                  "cuptiRangeProfilerPopRange", "cuptiRangeProfilerStop", "cuptiRangeProfilerDecodeData",
                  "cuptiRangeProfilerGetCounterDataInfo", "cuptiRangeProfilerCounterDataGetRangeInfo",
                  "cuptiProfilerHostEvaluateToGpuValues", "cuptiRangeProfilerDisable", "cuptiProfilerDeInitialize"));
}

TEST_F(Counters, AddUpWhatAPlaceMovesEachTime) {
  auto& counting = start();
  for (int step = 0; step < 3; ++step) take_step(counting, cupti);
  auto expected = one_step;
  for (auto& place : expected) place.read_bytes *= 3, place.written_bytes *= 3;
  EXPECT_EQ(counting.finish(), expected);
}

TEST_F(Counters, SamePlaceToldAgainIsOneRange) {
  auto& counting = start();
  for (int i = 0; i < 5; ++i) {
    counting.set_place(kFirst, Phase::forward);
    cupti.launch(10, 1);
  }
  EXPECT_THAT(counting.finish(), ElementsAre(DramBytes{kFirst, Phase::forward, 50, 5}));
  EXPECT_EQ(cupti.count("cuptiRangeProfilerPushRange"), 1);
}

TEST_F(Counters, AreReadRoundByRoundWithoutALoss) {
  for (std::size_t room = 1; room <= 9; ++room) {
    SCOPED_TRACE(room);
    auto& counting = start(room);
    for (int step = 0; step < 3; ++step) take_step(counting, cupti);
    auto expected = one_step;
    for (auto& place : expected) place.read_bytes *= 3, place.written_bytes *= 3;
    EXPECT_EQ(counting.finish(), expected);
  }
}

TEST_F(Counters, DoNotRestOnTheOrderOfResults) {
  cupti.newest_first = true;
  auto& counting = start(2);
  take_step(counting, cupti);
  EXPECT_EQ(counting.finish(), one_step);
}

TEST_F(Counters, PlacesThatMovedNothingAreLeftOut) {
  for (const bool absent : {false, true}) {
    cupti.leaves_out_idle_ranges = absent;
    auto& counting = start();
    counting.set_place(kSecond, Phase::optimizer);
    take_step(counting, cupti);
    counting.set_place(kSecond, Phase::backward);
    EXPECT_EQ(counting.finish(), one_step);
  }
}

TEST_F(Counters, RunWithoutAnyPlaceHasNoTraffic) { EXPECT_THAT(start().finish(), IsEmpty()); }

TEST_F(Counters, AreReleasedWhereARunIsBrokenOff) {
  auto& counting = start();
  counting.set_place(kFirst, Phase::forward);
  cupti.launch(1, 1);
  counters.reset();
  EXPECT_FALSE(cupti.enabled);
}

TEST_F(Counters, OfAChipWithOtherNamesAreFound) {
  cupti.metrics = {{"dram__bytes_op_read.sum", 1}, {"dram__bytes_op_write.sum", 1}, {"dram__bytes.sum", 1}};
  auto& counting = start();
  take_step(counting, cupti);
  EXPECT_EQ(counting.finish(), one_step);
}

TEST_F(Counters, WhereReadsAndWritesAreOneNumberItIsSaid) {
  cupti.metrics = {{"dram__bytes_read.sum", 2}, {"dram__bytes_write.sum", 2}, {"dram__bytes.sum", 1}};
  auto& counting = start();
  take_step(counting, cupti);
  EXPECT_TRUE(counting.is_total());
  EXPECT_THAT(counting.finish(),
              ElementsAre(DramBytes{kFirst, Phase::forward, 1102, 0}, DramBytes{kFirst, Phase::backward, 33, 0},
                          DramBytes{kSecond, Phase::forward, 220, 0}));
}

TEST_F(Counters, ThatNeedTwoPassesAreRefused) {
  cupti.metrics = {{"dram__bytes_read.sum", 2}, {"dram__bytes_write.sum", 1}};
  EXPECT_THAT(failure_of_a_run(), AllOf(HasSubstr("GH100"), HasSubstr("one pass")));
}

TEST_F(Counters, WithoutPrivilegesTheRemedyAndTheDriversSettingAreSaid) {
  cupti.answers["cuptiRangeProfilerEnable"] = CUPTI_ERROR_INSUFFICIENT_PRIVILEGES;
  EXPECT_THAT(failure_of_a_run(),
              AllOf(HasSubstr("DRAM traffic is not counted"), HasSubstr("CAP_SYS_ADMIN"), HasSubstr("CAP_PERFMON"),
                    HasSubstr("NVreg_RestrictProfilingToAdminUsers=0"), HasSubstr("RmProfilingAdminOnly is "),
                    HasSubstr("(INSUFFICIENT_PRIVILEGES, 35)")));
}

TEST_F(Counters, InUseByAnotherProcessAreSaidToBe) {
  cupti.answers["cuptiRangeProfilerEnable"] = CUPTI_ERROR_HARDWARE_BUSY;
  EXPECT_THAT(failure_of_a_run(), AllOf(HasSubstr("DCGM"), HasSubstr("(HARDWARE_BUSY, 26)")));
}

TEST_F(Counters, WithLostRangesAreNotShown) {
  cupti.dropped = 1;
  EXPECT_THAT(failure_of_a_run(), HasSubstr("lost 1 of 2 ranges"));
}

TEST_F(Counters, ThatWantAnotherPassAreNotShown) {
  cupti.all_passes_submitted = false;
  EXPECT_THAT(failure_of_a_run(), HasSubstr("another pass"));
}

TEST_F(Counters, OfARangeThatNobodyBeganAreNotShown) {
  for (const char* name : {"2", "-1", "", "1/0", "one"}) {
    cupti.renamed["1"] = name;
    EXPECT_THAT(failure_of_a_run(), HasSubstr("names a range '" + std::string(name) + "'"));
  }
}

TEST_F(Counters, ThatAreNoNumberAreNotShown) {
  for (const double scale : {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    cupti.scale = scale;
    EXPECT_THAT(failure_of_a_run(), HasSubstr("as bytes of a range"));
  }
}

// Whatever a function answers: the run's failure says the code, or nothing has failed, and nothing stays on.
TEST_F(Counters, SurviveEveryCodeOfEveryFunction) {
  std::vector<std::string> functions;
#define NAME(name) functions.push_back(#name);
  HEADROOM_CUPTI_HOST(NAME)
  HEADROOM_CUPTI_RANGES(NAME)
#undef NAME
  for (const auto& function : functions)
    for (const int code :
         {1, 2, 3, 7, 8, 9, 10, 14, 15, 19, 23, 26, 27, 33, 35, 38, 39, 40, 41, 42, 43, 44, 45, 46, 999}) {
      SCOPED_TRACE(function + " answers " + std::to_string(code));
      cupti.answers = {{function, static_cast<CUptiResult>(code)}};
      const std::string failure = failure_of_a_run();
      const bool plans = function.find("HostConfig") != function.npos || function.find("HostGet") != function.npos;
      const bool ends = function.find("Disable") != function.npos || function.find("einitialize") != function.npos ||
                        function.find("DeInitialize") != function.npos;
      const std::string words = ends ? "" : plans ? "one pass" : std::to_string(code) + ")";
      EXPECT_THAT(failure, HasSubstr(words));
      EXPECT_EQ(failure.empty(), ends);
      counters.reset();
      EXPECT_FALSE(cupti.enabled || cupti.initialized);
    }
}

}  // namespace
}  // namespace tracing
}  // namespace headroom
