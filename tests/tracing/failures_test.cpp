// What goes wrong at the start, and what a person reads of it.
#include "tracing/failures.h"

#include <cstdlib>
#include <fstream>

#include "tests/temporary_folder.h"
#include "tests/tracing/traced.h"
#include "tracing/driver.h"

namespace headroom::tracing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int kCodes[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
                          25, 26, 27, 28, 29, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 77, 999};

class Starting : public Tracing {
 protected:
  void expect_off(const ::testing::Matcher<std::string>& problem) {
    EXPECT_FALSE(start().tracing());
    EXPECT_THAT(collector->problems(), ElementsAre(AllOf(HasSubstr("CUPTI off"), problem)));
    EXPECT_FALSE(cupti.subscribed());
    EXPECT_THAT(cupti.enabled_kinds(), IsEmpty());
    collector->set_context(5);
    EXPECT_THAT(collector->drain().rows, IsEmpty());
    EXPECT_THAT(collector->stop().rows, IsEmpty());
  }
};

TEST_F(Starting, AnotherProfilerIsNamed) {
  cupti.hold_subscription("CUPTI for Nsight");
  expect_off(AllOf(HasSubstr("CUPTI for Nsight"), HasSubstr("torch.profiler"), HasSubstr("39")));
}

TEST_F(Starting, DriverWithoutGpuIsSaid) {
  cupti.fail("cuptiSubscribe_v2", 999);
  cupti.set_driver(100, 13000);
  expect_off(HasSubstr("sees no GPU"));
}

TEST_F(Starting, StubOfTheDriverIsSaid) {
  cupti.fail("cuptiSubscribe_v2", 999);
  cupti.set_driver(34, 13000);
  expect_off(HasSubstr("stub"));
}

TEST_F(Starting, DriverOfAnotherVersionThanItsModuleIsSaid) {
  cupti.fail("cuptiSubscribe_v2", 999);
  cupti.set_driver(803, 13000);
  expect_off(HasSubstr("reboot"));
}

TEST_F(Starting, OldDriverIsSaidBeforeAnythingIsTried) {
  cupti.set_driver(0, 12080);
  expect_off(AllOf(HasSubstr("supports CUDA 12.8"), HasSubstr("of 13.0"), HasSubstr("580")));
  EXPECT_EQ(cupti.calls("cuptiSubscribe_v2"), 0);
}

TEST_F(Starting, UnknownReasonWithAWorkingDriverIsTheErrorItself) {
  cupti.fail("cuptiSubscribe_v2", 999);
  expect_off(HasSubstr("(UNKNOWN, 999)"));
}

TEST_F(Starting, LibraryNewerThanTheTestedOnesIsUsedAndDoubted) {
  cupti.set_version(140000);
  cupti.set_driver(0, 14000);
  EXPECT_TRUE(start().tracing());
  EXPECT_THAT(collector->problems(), ElementsAre(HasSubstr("14.0 (140000) is untested")));
}

TEST_F(Starting, LibraryOlderThanTheRecordsThatAreReadIsRefused) {
  cupti.set_version(26);
  expect_off(HasSubstr("older than that of CUDA 12.9"));
}

TEST_F(Starting, LibraryThatDoesNotTellItsVersionIsUsed) {
  cupti.fail("cuptiGetVersion", 999);
  EXPECT_TRUE(start().tracing());
  EXPECT_EQ(collector->tracer(), "CUPTI of unknown version");
}

TEST_F(Starting, SecondStartKeepsTheFirst) {
  auto& first = start();
  cupti.launch({});
  EXPECT_EQ(&start(), &first);
  EXPECT_THAT(rows_of(first.stop(), ActivityKind::kernel), SizeIs(1));
}

// Whatever a function answers, nothing is thrown, something is said or all is well, and nothing stays on afterwards.
class EveryCode : public Tracing, public ::testing::WithParamInterface<const char*> {};

TEST_P(EveryCode, OfThisFunctionIsSurvived) {
  for (const int code : kCodes) {
    SCOPED_TRACE(std::to_string(code) + " of " + GetParam());
    cupti.reset();
    cupti.fail(GetParam(), code);
    auto& collecting = start();
    collecting.set_context(7);
    cupti.launch({});
    cupti.malloc(0x1000, 64);
    collecting.drain();
    collecting.pause();
    collecting.resume();
    collecting.stop();
    const bool must_work = std::string(GetParam()).find("Subscribe") == std::string::npos &&
                           std::string(GetParam()) != "cuptiActivityRegisterCallbacks" &&
                           std::string(GetParam()) != "cuptiActivityEnable";
    EXPECT_TRUE(must_work || !collecting.problems().empty());
    for (const auto& problem : collecting.problems()) EXPECT_EQ(problem.back(), '.') << problem;
    EXPECT_TRUE(!cupti.subscribed() || GetParam() == std::string("cuptiUnsubscribe"));
    EXPECT_TRUE(cupti.enabled_kinds().empty() || GetParam() == std::string("cuptiActivityDisable"));
  }
}

INSTANTIATE_TEST_SUITE_P(OfCupti, EveryCode,
                         ::testing::Values("cuptiGetVersion", "cuptiSubscribe_v2", "cuptiUnsubscribe",
                                           "cuptiEnableCallback", "cuptiActivityRegisterCallbacks",
                                           "cuptiActivityEnable", "cuptiActivityDisable", "cuptiActivityFlushAll",
                                           "cuptiActivityGetNextRecord", "cuptiActivityGetNumDroppedRecords",
                                           "cuptiActivityPushExternalCorrelationId",
                                           "cuptiActivityPopExternalCorrelationId", "cuptiGetCallbackName",
                                           "cuptiSetThreadIdType", "cuptiActivitySetAttribute",
                                           "cuptiActivityEnableAllocationSource", "cuptiActivityEnableRuntimeApi",
                                           "cuptiActivityEnableDriverApi", "cuptiActivityEnableAndDump"),
                         [](const auto& parameter) { return std::string(parameter.param); });

// A kind that this device cannot record costs that kind; a failure of CUPTI costs all, and what was on goes off.
class EveryKind : public Tracing, public ::testing::WithParamInterface<CUpti_ActivityKind> {};

TEST_P(EveryKind, RefusedAsUnsupportedIsLeftOutAndSaid) {
  for (const int code : {14, 21, 27, 38, 33, 41, 42, 43, 45}) {
    SCOPED_TRACE(code);
    cupti.reset();
    cupti.fail_kind(GetParam(), code);
    auto& collecting = start();
    EXPECT_TRUE(collecting.tracing());
    EXPECT_THAT(collecting.problems(),
                ElementsAre(AllOf(HasSubstr("CUPTI does not record"), HasSubstr(std::to_string(code)))));
    collecting.stop();
  }
}

TEST_P(EveryKind, RefusedOtherwiseEndsTracingUnlessItIsOnlyOfUse) {
  cupti.fail_kind(GetParam(), 999);
  const bool optional = GetParam() == CUPTI_ACTIVITY_KIND_DEVICE || GetParam() == CUPTI_ACTIVITY_KIND_CONTEXT;
  EXPECT_EQ(start().tracing(), optional);
  EXPECT_THAT(collector->problems(), SizeIs(1));
  EXPECT_EQ(cupti.enabled_kinds().empty(), !optional);
}

INSTANTIATE_TEST_SUITE_P(OfRecords, EveryKind,
                         ::testing::Values(CUPTI_ACTIVITY_KIND_DEVICE, CUPTI_ACTIVITY_KIND_CONTEXT,
                                           CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION, CUPTI_ACTIVITY_KIND_RUNTIME,
                                           CUPTI_ACTIVITY_KIND_DRIVER, CUPTI_ACTIVITY_KIND_MEMORY2,
                                           CUPTI_ACTIVITY_KIND_MEMORY_POOL, CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL,
                                           CUPTI_ACTIVITY_KIND_MEMCPY, CUPTI_ACTIVITY_KIND_MEMCPY2,
                                           CUPTI_ACTIVITY_KIND_MEMSET, CUPTI_ACTIVITY_KIND_SYNCHRONIZATION,
                                           CUPTI_ACTIVITY_KIND_OVERHEAD));

TEST_F(Starting, BuffersInDeviceMemoryAreSaid) {
  cupti.fail("cuptiActivitySetAttribute", 27);
  EXPECT_TRUE(start().tracing());
  EXPECT_THAT(collector->problems(), ElementsAre(HasSubstr("device memory")));
}

TEST_F(Starting, BuffersAreAskedForInHostMemoryAndZeroed) {
  start();
  EXPECT_EQ(cupti.attribute(CUPTI_ACTIVITY_ATTR_MEM_ALLOCATION_TYPE_HOST_PINNED), 1);
  EXPECT_EQ(cupti.attribute(CUPTI_ACTIVITY_ATTR_ZEROED_OUT_ACTIVITY_BUFFER), 1);
}

TEST_F(Starting, LayersThatCuptiDoesNotTakeNoteOfAreSaid) {
  cupti.fail("cuptiActivityPushExternalCorrelationId", 999);
  auto& collecting = start();
  collecting.set_context(5);
  collecting.drain();
  EXPECT_THAT(collecting.problems(), ElementsAre(HasSubstr("belong to none")));
}

TEST_F(Starting, ResumeThatFindsAnotherProfilerSaysSoAndEndsTracing) {
  auto& collecting = start();
  cupti.malloc(0x1000, 4096);
  collecting.pause();
  cupti.hold_subscription("CUPTI for Kineto");
  collecting.resume();
  EXPECT_FALSE(collecting.tracing());
  EXPECT_THAT(collecting.stop().rows, Contains(Field(&TraceRow::bytes, 4096))) << "what came before is not lost";
  EXPECT_THAT(collecting.problems(), ElementsAre(HasSubstr("CUPTI for Kineto")));
}

TEST(Failures, EveryCodeIsNamedAndPrivilegesHaveTheirRemedy) {
  for (const int code : kCodes) {
    const auto text = failure_text("It failed", static_cast<CUptiResult>(code));
    EXPECT_THAT(text, AllOf(HasSubstr("It failed: "), HasSubstr(std::to_string(code)), Not(HasSubstr("{}"))));
  }
  EXPECT_THAT(failure_text("No counters", CUPTI_ERROR_INSUFFICIENT_PRIVILEGES),
              AllOf(HasSubstr("CAP_PERFMON"), HasSubstr("--cap-add=SYS_ADMIN"), HasSubstr("RmProfilingAdminOnly is ")));
  EXPECT_THAT(failure_text("No counters", CUPTI_ERROR_HARDWARE_BUSY), HasSubstr("DCGM"));
  EXPECT_THAT(failure_text("No counters", CUPTI_ERROR_MIG_DEVICE_NOT_SUPPORTED), HasSubstr("MIG"));
  EXPECT_THAT(failure_text("No counters", CUPTI_ERROR_WSL_DEVICE_NOT_SUPPORTED), HasSubstr("WSL"));
}

TEST(Failures, RestrictionIsReadFromTheDriversParameters) {
  const testing_support::TemporaryFolder folder;
  const auto file = (folder.path() / "params").string();
  std::ofstream(file) << "ResmanDebugLevel: 4294967295\nRmProfilingAdminOnly: 1\n";
  EXPECT_EQ(profiling_restriction(file), "1");
  EXPECT_EQ(profiling_restriction("/nonexistent"), "unknown");
}

TEST(Driver, MissingLibraryIsNamed) {
  const Driver driver(nullptr);
  const auto problem = driver.missing(130001);
  if (problem.find("no NVIDIA driver") == std::string::npos) GTEST_SKIP() << "this machine has a driver";
  EXPECT_EQ(problem, "CUPTI off: no NVIDIA driver on this machine (libcuda.so.1 not found).");
}

}  // namespace
}  // namespace headroom::tracing
