// The virtual GPU against the real one: the same spec makes the same allocations, frees and segments, in the same
// order, with the same requested and block bytes. Needs a GPU of the catalogue; skips, with the reason, elsewhere.
// Without autocast, whose frees follow host addresses, which NVIDIA's libraries move.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <tuple>

#include "virtual_gpu/catalog.h"
#include "worker.h"

namespace headroom {

void PrintTo(const RunSpec& spec, std::ostream* out) { *out << reproduction_command(spec); }

namespace {

using namespace testing_support;

// Why no program here can use a GPU; empty when one can.
std::string missing_gpu() {
  if (access("/dev/nvidiactl", R_OK | W_OK) != 0) return "no NVIDIA GPU: /dev/nvidiactl cannot be opened";
  void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (driver == nullptr) return std::string("no NVIDIA driver: ") + dlerror();
  dlclose(driver);
  return "";
}

std::string virtual_device_named(const std::string& product) {
  for (const auto& model : virtual_gpu::device_catalog())
    if (model.product == product) return "virtual:" + model.name;
  return "";
}

using Row = std::tuple<std::string, std::int64_t, std::int64_t>;  // action, requested bytes, block bytes

std::vector<Row> rows(const Recording& recording) {
  const Events& events = recording.events;
  std::vector<Row> rows;
  for (std::size_t i = 0; i < events.size(); ++i)
    rows.emplace_back(to_name(kActionNames, events.action[i]), events.requested_bytes[i], events.block_bytes[i]);
  return rows;
}

// The first difference is what explains: all later rows may follow from it.
void expect_same_events(const Recording& real, const Recording& virtual_one) {
  const std::vector<Row> expected = rows(real), actual = rows(virtual_one);
  const auto [e, a] = std::mismatch(expected.begin(), expected.end(), actual.begin(), actual.end());
  if (e == expected.end() && a == actual.end()) return;
  const auto at = static_cast<std::size_t>(e - expected.begin());
  const auto show = [at](const Recording& recording, const auto& row, const auto& end) {
    return row == end ? "nothing"
                      : ::testing::PrintToString(*row) + " " + recording.text(recording.events.op[at]) + " " +
                            recording.text(recording.events.tensor[at]);
  };
  ADD_FAILURE() << "event " << at << ": " << show(real, e, expected.end()) << " on the GPU, "
                << show(virtual_one, a, actual.end()) << " on the virtual one";
}

RunSpec spec_of(const std::string& model, Dtype dtype, Sdpa sdpa, OptimizerImplementation implementation) {
  RunSpec spec;
  spec.model = model;
  spec.batch = 2;
  spec.seq = 32;
  spec.dtype = dtype;
  spec.sdpa = sdpa;
  spec.optimizer_implementation = implementation;
  spec.steps = 3;
  return spec;
}

class Gpu : public ::testing::TestWithParam<RunSpec> {};

TEST_P(Gpu, MakesTheEventsOfTheVirtualOne) {
  if (const std::string reason = missing_gpu(); !reason.empty()) GTEST_SKIP() << reason;
  RunSpec spec = GetParam();
  spec.model = tiny_model(spec.model);
  spec.device = "cuda";
  const WorkerResult result = run_worker(spec);
  if (result.messages.find("cannot open shared object file") != std::string::npos)
    GTEST_SKIP() << "a GPU, but not NVIDIA's libraries: " << result.messages;
  ASSERT_EQ(result.exit_code, 0) << result.messages;
  const Recording& real = *result.recording;
  EXPECT_EQ(real.environment.device_kind, DeviceKind::cuda);
  spec.device = virtual_device_named(real.environment.device_name);
  if (spec.device.empty()) GTEST_SKIP() << "no virtual device is named " << real.environment.device_name;
  const Recording& virtual_one = record(spec);
  expect_same_events(real, virtual_one);
  EXPECT_EQ(real.stats.peak_allocated_bytes, virtual_one.stats.peak_allocated_bytes);
  EXPECT_EQ(real.stats.peak_requested_bytes, virtual_one.stats.peak_requested_bytes);
  EXPECT_EQ(real.stats.peak_reserved_bytes, virtual_one.stats.peak_reserved_bytes);
}

INSTANTIATE_TEST_SUITE_P(Specs, Gpu,
                         ::testing::Values(spec_of("bert", Dtype::fp32, Sdpa::eager, OptimizerImplementation::foreach),
                                           spec_of("gpt2", Dtype::bf16, Sdpa::flash, OptimizerImplementation::fused),
                                           spec_of("llama", Dtype::fp16, Sdpa::efficient,
                                                   OptimizerImplementation::for_loop)),
                         [](const auto& test) { return test.param.model; });

TEST(TracedGpu, TellsLayersTimesAndMemory) {
  if (const std::string reason = missing_gpu(); !reason.empty()) GTEST_SKIP() << reason;
  RunSpec spec = spec_of(tiny_model("bert"), Dtype::fp32, Sdpa::eager, OptimizerImplementation::foreach);
  spec.device = "cuda";
  spec.trace = TraceLevel::full;
  const WorkerResult result = run_worker(spec);
  ASSERT_EQ(result.exit_code, 0) << result.messages;
  const Recording& recording = *result.recording;
  const DeviceActivity& activity = recording.activity;
  if (activity.level != TraceLevel::full) GTEST_SKIP() << ::testing::PrintToString(activity.problems);
  EXPECT_EQ(activity.dropped_count, 0);
  EXPECT_EQ(activity.damaged_count, 0);
  EXPECT_GT(activity.peak_dram_bytes_per_second, 0);
  const Activities& a = activity.activities;
  std::size_t kernels = 0, untimed = 0, in_forward = 0, with_layer = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a.kind[i] != ActivityKind::kernel) continue;
    ++kernels;
    untimed += a.duration_ns[i] <= 0;
    if (a.phase[i] != Phase::forward) continue;
    ++in_forward;
    with_layer += a.layer[i] != LayerId::root;
  }
  EXPECT_GT(kernels, 0u);
  EXPECT_EQ(untimed, 0u);
  EXPECT_GT(with_layer * 100, in_forward * 95) << with_layer << " of " << in_forward;
  ASSERT_FALSE(activity.samples.empty());
  const auto most = std::max_element(activity.samples.begin(), activity.samples.end(),
                                     [](const auto& x, const auto& y) { return x.used_bytes < y.used_bytes; });
  EXPECT_GE(most->used_bytes, recording.stats.peak_reserved_bytes);
}

// What the comparison above rests on, seen without a GPU: it is not satisfied by recordings that differ.
TEST(EventComparison, SeesADifferenceOfOneByteAndOneEvent) {
  RunSpec spec = spec_of("bert", Dtype::fp32, Sdpa::eager, OptimizerImplementation::foreach);
  spec.model = tiny_model(spec.model);
  const Recording& recording = record(spec);
  expect_same_events(recording, recording);
  Recording other = recording;
  other.events.block_bytes.back() += 1;
  EXPECT_NONFATAL_FAILURE(expect_same_events(recording, other), "on the GPU");
  other = recording;
  other.events.action.pop_back();
  EXPECT_NONFATAL_FAILURE(expect_same_events(recording, other), "nothing on the virtual one");
}

}  // namespace
}  // namespace headroom
