// The times of CUPTI's records.
#include "cupti_record_types.h"
#include "tests/virtual_gpu/cupti_support.h"

namespace headroom::virtual_gpu::testing_support {
namespace {

using KernelRecord = cupti::RecordOf<CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL>::type;

const int kConfigured = setenv("HEADROOM_VIRTUAL_GPU", "2xh100-80gb", 1);

std::uint64_t real_now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(time.tv_nsec);
}

TEST(CuptiClock, IsTheRealTimeClock) {
  std::uint64_t told = 0;
  const std::uint64_t before = real_now();
  EXPECT_CUPTI(cuptiGetTimestamp(&told));
  EXPECT_LE(before, told);
  EXPECT_LE(told, real_now());
}

// The last test of its process: CUPTI has no way to take a callback back.
TEST(CuptiClockOfATool, TimesRecordsOnceTheToolHasOne) {
  static std::atomic<std::uint64_t> ticks{0};
  EXPECT_CUPTI(cuptiActivityRegisterTimestampCallback([]() -> std::uint64_t { return ++ticks; }));
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME, CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL});
  {
    const DrivenCall call(211);
    KernelActivity kernel;
    kernel.name = "kernel";
    kernel.start_ns = kernel.end_ns = real_now();
    activity_listener()->on_kernel(kernel);
  }
  const auto& call = *tool.of<CUpti_ActivityAPI>(CUPTI_ACTIVITY_KIND_RUNTIME).at(0);
  const auto& kernel = *tool.of<KernelRecord>(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL).at(0);
  EXPECT_LT(call.start, kernel.start);
  EXPECT_EQ(kernel.start, kernel.end);
  EXPECT_LT(kernel.end, call.end);
  EXPECT_LE(call.end, ticks);
  std::uint64_t told = 0;
  EXPECT_CUPTI(cuptiGetTimestamp(&told));
  EXPECT_EQ(told, ticks);
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
