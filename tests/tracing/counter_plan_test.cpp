// Which counters of DRAM traffic each chip has, asked of NVIDIA's own library, which plans without a GPU.
#include "tracing/counter_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "tracing/loader.h"

namespace headroom::tracing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StrEq;

class ChipCounters : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "libcupti opens libnvperf_host.so in a way that sanitizers forbid";
#endif
    const auto planner = std::filesystem::path(REAL_CUPTI).parent_path() / "libnvperf_host.so";
    if (!std::filesystem::exists(REAL_CUPTI) || !std::filesystem::exists(planner))
      GTEST_SKIP() << "no " << REAL_CUPTI << " with libnvperf_host.so; scripts/setup --tests brings both";
    const Library library = load_library(REAL_CUPTI);
    ASSERT_NE(library.handle, nullptr) << library.problem;
    ASSERT_THAT(find_profiler(library.handle, api), IsEmpty());
  }

  ProfilerApi api;
};

TEST_P(ChipCounters, TellReadsFromWritesInOnePass) {
  const CounterPlan plan(api, GetParam());
  const bool blackwell = std::string(GetParam()).starts_with("GB20");
  EXPECT_THAT(plan.metrics(), ElementsAre(StrEq(blackwell ? "dram__bytes_op_read.sum" : "dram__bytes_read.sum"),
                                          StrEq(blackwell ? "dram__bytes_op_write.sum" : "dram__bytes_write.sum")));
  EXPECT_FALSE(plan.is_total());
  EXPECT_GT(plan.config().size(), 100u);
}

INSTANTIATE_TEST_SUITE_P(Of, ChipCounters,
                         ::testing::Values("GV100", "TU102", "TU104", "GA100", "GA102", "GA104", "AD102", "AD104",
                                           "GH100", "GB100", "GB102", "GB202", "GB203"),
                         [](const auto& test) { return std::string(test.param); });

using UnknownChip = ChipCounters;
TEST_P(UnknownChip, IsSaid) {
  try {
    const CounterPlan plan(api, "XX100");
    FAIL() << "a plan for a chip that does not exist";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::could_not_measure);
    EXPECT_THAT(error.what(), HasSubstr("XX100"));
  }
}
INSTANTIATE_TEST_SUITE_P(Of, UnknownChip, ::testing::Values(""), [](const auto&) { return std::string("XX100"); });

}  // namespace
}  // namespace headroom::tracing
