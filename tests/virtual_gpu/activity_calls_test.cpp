// Each function of the API tells its call. There is no device here, so each comes back at once.
#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/virtual_gpu/activity_recorder.h"
#include "tests/virtual_gpu/call_probes.h"

namespace headroom::virtual_gpu::testing_support {
namespace {

using testing::SizeIs;

const int kNoDevice = unsetenv("HEADROOM_VIRTUAL_GPU");

TEST(ToldCalls, EveryFunctionTellsItsNumberNameAndResultOnce) {
  for (const CallProbe& probe : call_probes()) {
    int result = -1;
    const Told told = told_during([&] { result = probe.call(); });
    ASSERT_THAT(told.calls, SizeIs(1)) << probe.name;
    const Told::NamedCall& call = told.calls[0];
    EXPECT_EQ(call.called, probe.name);
    EXPECT_EQ(call.domain, probe.domain) << probe.name;
    EXPECT_EQ(call.function_id, probe.id) << probe.name;
    EXPECT_EQ(call.parameters != nullptr, probe.has_parameters) << probe.name;
    EXPECT_TRUE(call.ended) << probe.name;
    EXPECT_EQ(call.result, result) << probe.name;
    EXPECT_LE(call.begin_ns, call.end_ns) << probe.name;
  }
}

TEST(ToldCalls, CoverBothInterfacesAndNoNumberTwice) {
  std::set<std::pair<CallDomain, std::uint32_t>> seen;
  for (const CallProbe& probe : call_probes()) EXPECT_TRUE(seen.insert({probe.domain, probe.id}).second) << probe.name;
  const auto runtime = std::ranges::count(call_probes(), CallDomain::runtime, &CallProbe::domain);
  EXPECT_GT(runtime, 350);
  EXPECT_GT(static_cast<long>(seen.size()) - runtime, 550);
}

TEST(ToldCalls, NobodyListeningChangesNoAnswer) {
  for (const CallProbe& probe : call_probes()) {
    const auto answer = [&] { return cudaGetLastError(), probe.call(); };
    const int silent = answer();
    int told = -1;
    told_during([&] { told = answer(); });
    EXPECT_EQ(told, silent) << probe.name;
  }
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
