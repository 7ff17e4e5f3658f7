// headroom-worker's protocol: what it answers to good, bad and impossible specs.
#include "worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <sstream>
#include <string_view>

#include "base/json.h"

namespace headroom {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing_support::record;
using testing_support::run_worker;
using testing_support::run_worker_with;
using testing_support::tiny_model;
using testing_support::worker_environment;
using testing_support::WorkerResult;

// Torch 2.15 gives a cuBLAS workspace back after each product, and runs out of memory at another tensor of the
// optimizer.
constexpr bool kWorkspacesStay = !std::string_view(HEADROOM_TORCH_VERSION).starts_with("2.15.");
constexpr const char* kLastRequest = kWorkspacesStay ? "Tried to allocate 40.00 MiB." : "Tried to allocate 20.00 MiB.";

RunSpec tiny(const std::string& device = "cpu") {
  RunSpec spec;
  spec.model = tiny_model("bert");
  spec.batch = 2;
  spec.seq = 8;
  spec.device = device;
  return spec;
}

void expect_refusal(const WorkerResult& result, int exit_code, const std::string& words) {
  EXPECT_EQ(result.exit_code, exit_code) << result.messages;
  EXPECT_THAT(result.messages, HasSubstr(words));
  EXPECT_EQ(std::count(result.messages.begin(), result.messages.end(), '\n'), 1) << result.messages;
  EXPECT_FALSE(result.recording.has_value());
}

TEST(Worker, WritesARecordingThatKeepsItsPromises) {
  const Recording recording = record(tiny());
  EXPECT_EQ(recording.outcome.kind, OutcomeKind::ok);
  EXPECT_EQ(recording.environment.device_kind, DeviceKind::cpu);
  EXPECT_THAT(recording.environment.torch_version, StartsWith(HEADROOM_TORCH_VERSION));
  EXPECT_GT(recording.events.size(), 100u);
}

TEST(Worker, RepeatsTheSpecItWasGiven) {
  const RunSpec spec = tiny();
  EXPECT_EQ(record(spec).spec, spec);
}

TEST(Worker, ReportsEveryPhaseAsOneJsonLine) {
  std::istringstream lines(run_worker(tiny()).progress);
  std::vector<std::string> phases;
  for (std::string line; std::getline(lines, line);) {
    const Json json = parse_json(line, "progress");
    phases.push_back(json["phase"].get<std::string>() + std::to_string(json["step"].get<int>()));
    EXPECT_EQ(json["steps"], 2);
    EXPECT_GE(json["allocated_bytes"].get<std::int64_t>(), 0);
  }
  EXPECT_EQ(phases, (std::vector<std::string>{"build0", "forward1", "backward1", "optimizer1", "forward2", "backward2",
                                              "optimizer2"}));
}

TEST(Worker, RefusesAnUnknownModel) {
  RunSpec spec = tiny();
  spec.model = "bert-bace";
  expect_refusal(run_worker(spec), 2, "bert-base");
}

TEST(Worker, RefusesAnUnknownMechanism) {
  RunSpec spec = tiny();
  spec.attention = "mqaa";
  expect_refusal(run_worker(spec), 2, "mqa");
}

TEST(Worker, RefusesAnUnknownDevice) { expect_refusal(run_worker(tiny("tpu")), 2, "unknown device 'tpu'"); }

TEST(Worker, SuggestsTheNearestVirtualDevice) {
  const WorkerResult result =
      run_worker_with({"--out", "OUT"}, to_json(tiny("virtual:h100-80g")).dump(), worker_environment("cpu"));
  expect_refusal(result, 2, "h100-80gb");
}

TEST(Worker, RefusesASequenceLongerThanTheModelsPositions) {
  RunSpec spec = tiny();
  spec.seq = 65;
  expect_refusal(run_worker(spec), 2, "64");
}

TEST(Worker, RefusesEfficientAttentionOnTheCpu) {
  RunSpec spec = tiny();
  spec.sdpa = Sdpa::efficient;
  expect_refusal(run_worker(spec), 2, "efficient");
}

TEST(Worker, RefusesFlashAttentionInFp32OnCuda) {
  RunSpec spec = tiny("virtual:h100-80gb");
  spec.sdpa = Sdpa::flash;
  expect_refusal(run_worker(spec), 2, "bf16");
}

TEST(Worker, RefusesHeadsThatNoKernelTakes) {
  RunSpec spec = tiny("virtual:h100-80gb");
  spec.model = tiny_model("narrow");
  spec.sdpa = Sdpa::efficient;
  spec.dtype = Dtype::bf16;
  expect_refusal(run_worker(spec), 2, "--sdpa efficient");  // heads of 12, and it takes multiples of 8
}

TEST(Worker, SaysWhenThereIsNoGpu) {
  const std::string spec = to_json(tiny("cuda")).dump();
  expect_refusal(run_worker_with({"--out", "OUT"}, spec, worker_environment("cpu")), 3, "no CUDA device");
}

TEST(Worker, WillNotPassACpuRunOffAsAVirtualGpu) {
  const std::string spec = to_json(tiny("virtual:h100-80gb")).dump();
  expect_refusal(run_worker_with({"--out", "OUT"}, spec, worker_environment("cpu")), 3, "LD_PRELOAD");
}

TEST(Worker, NeverCallsAVirtualGpuMeasured) {
  const std::string spec = to_json(tiny("cuda")).dump();
  const auto result = run_worker_with({"--out", "OUT"}, spec, worker_environment("virtual:h100-80gb"));
  ASSERT_TRUE(result.recording) << result.messages;
  EXPECT_EQ(result.recording->environment.device_kind, DeviceKind::virtual_cuda);
}

TEST(Worker, RefusesAnInputThatIsNoJson) {
  expect_refusal(run_worker_with({"--out", "OUT"}, "{\"model\": ", worker_environment("cpu")), 2, "spec");
}

TEST(Worker, RefusesAFolderThatIsNotThere) {
  const std::string spec = to_json(tiny()).dump();
  expect_refusal(run_worker_with({"--out", "/proc/nowhere/x.rec"}, spec, worker_environment("cpu")), 2,
                 "/proc/nowhere");
}

TEST(Worker, RefusesUnknownOptions) {
  expect_refusal(run_worker_with({"--out", "OUT", "--fast", "1"}, "{}", worker_environment("cpu")), 2, "--fast");
}

TEST(Worker, NamesTheVirtualDevice) {
  const Environment environment = record(tiny("virtual:rtx4090-24gb")).environment;
  EXPECT_THAT(environment.device_name, HasSubstr("4090"));
  EXPECT_EQ(environment.compute_capability, "8.9");
  EXPECT_EQ(environment.cuda_version, HEADROOM_CUDA_VERSION);
  EXPECT_GT(environment.device_total_bytes, std::int64_t{23} << 30);
  EXPECT_LT(environment.device_total_bytes, std::int64_t{25} << 30);
}

TEST(Worker, RecordsTheSettingsThatDecideWhatIsAllocated) {
  const auto settings = [](const std::map<std::string, std::string>& environment) {
    const WorkerResult result = run_worker(tiny("virtual:h100-80gb"), environment);
    EXPECT_EQ(result.exit_code, 0) << result.messages;
    return result.recording->environment.allocator_settings;
  };
  EXPECT_EQ(settings({}), "");
  EXPECT_EQ(settings({{"PYTORCH_ALLOC_CONF", "roundup_power2_divisions:4"}}), "roundup_power2_divisions:4");
  EXPECT_EQ(settings({{"PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True"},
                      {"PYTORCH_ALLOC_CONF", "roundup_power2_divisions:4"},
                      {"CUBLAS_WORKSPACE_CONFIG", ":16:8"}}),
            "expandable_segments:True CUBLAS_WORKSPACE_CONFIG=:16:8");
}

std::int64_t peak_requested(const std::map<std::string, std::string>& environment) {
  const WorkerResult result = run_worker(tiny("virtual:h100-80gb"), environment);
  return result.recording ? result.recording->stats.peak_requested_bytes : -1;
}

TEST(Worker, HonoursTheSizeOfCublasWorkspaces) {
  constexpr std::int64_t kDefault = std::int64_t{4096} * 8 * 1024, kSmaller = (4096 * 2 + 16 * 8) * 1024;
  // One workspace for the forward and one for the autograd thread, where they stay.
  EXPECT_EQ(peak_requested({}) - peak_requested({{"CUBLAS_WORKSPACE_CONFIG", ":4096:2:16:8"}}),
            (kWorkspacesStay ? 2 : 1) * (kDefault - kSmaller));
  EXPECT_EQ(peak_requested({}), peak_requested({{"CUBLAS_WORKSPACE_CONFIG", ":4096:8"}}));
}

TEST(Worker, RoundsBlocksAsTheAllocatorSettingSays) {
  // Two divisions: to the next multiple of half the power of two below.
  const WorkerResult result =
      run_worker(tiny("virtual:h100-80gb"), {{"PYTORCH_CUDA_ALLOC_CONF", "roundup_power2_divisions:2"}});
  ASSERT_EQ(result.exit_code, 0) << result.messages;
  const Events& events = result.recording->events;
  int rounded_count = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto bytes = static_cast<std::uint64_t>(events.requested_bytes[i]);
    if (events.action[i] != Action::alloc || bytes <= 1024) continue;
    const std::uint64_t half = std::bit_floor(bytes) / 2, rounded = (bytes + half - 1) / half * half;
    EXPECT_GE(static_cast<std::uint64_t>(events.block_bytes[i]), rounded);
    if (rounded >= bytes + 512) ++rounded_count;
  }
  EXPECT_GT(rounded_count, 0);
}

TEST(Worker, RefusesAllocatorsThatCannotBeRecorded) {
  const RunSpec spec = tiny("virtual:h100-80gb");
  expect_refusal(run_worker(spec, {{"PYTORCH_NO_CUDA_MEMORY_CACHING", "1"}}), 2, "PYTORCH_NO_CUDA_MEMORY_CACHING");
  expect_refusal(run_worker(spec, {{"PYTORCH_CUDA_ALLOC_CONF", "nonsense:1"}}), 3, "nonsense");
  expect_refusal(run_worker(spec, {{"PYTORCH_CUDA_ALLOC_CONF", "backend:cudaMallocAsync"}}), 2, "cudaMallocAsync");
}

TEST(Worker, KeepsWhatWasRecordedBeforeMemoryRanOut) {
  RunSpec spec;
  spec.model = "llama-7b";
  spec.seq = 16;
  spec.device = "virtual:a100-40gb";
  const WorkerResult result = run_worker(spec);
  ASSERT_EQ(result.exit_code, 0) << result.messages;
  const Recording& recording = *result.recording;
  EXPECT_EQ(recording.outcome.kind, OutcomeKind::oom);
  EXPECT_GT(recording.outcome.failed_request_bytes, recording.outcome.free_bytes);
  EXPECT_EQ(recording.outcome.allocated_bytes, recording.stats.final_allocated_bytes);
  EXPECT_EQ(recording.outcome.reserved_bytes, recording.stats.final_reserved_bytes);
  EXPECT_EQ(recording.outcome.phase, "backward");
  EXPECT_THAT(recording.outcome.message, HasSubstr("CUDA out of memory"));
  EXPECT_THAT(recording.outcome.layer, HasSubstr("layer."));
  EXPECT_GT(recording.outcome.allocated_bytes, std::int64_t{35} << 30);
}

TEST(Worker, MemoryMayRunOutInEveryPhaseInPyTorchsOwnWords) {
  struct Case {
    const char *model, *phase, *words;
    std::int64_t batch, seq;
  };
  for (const Case& c : {Case{"bert-base", "forward", "Tried to allocate 480.00 MiB.", 40, 512},
                        Case{"bert-base", "backward", "Tried to allocate 1.63 GiB.", 28, 512},
                        Case{"gpt2-xl", "optimizer", kLastRequest, 1, 128}}) {
    SCOPED_TRACE(c.phase);
    RunSpec spec;
    spec.model = c.model;
    spec.batch = c.batch;
    spec.seq = c.seq;
    spec.device = "virtual:rtx4090-24gb";
    const Recording& recording = record(spec);
    EXPECT_EQ(recording.outcome.kind, OutcomeKind::oom);
    EXPECT_EQ(recording.outcome.phase, c.phase);
    EXPECT_THAT(recording.outcome.message, HasSubstr(c.words));
    EXPECT_THAT(recording.outcome.message, HasSubstr("GPU 0 has a total capacity of 23.64 GiB of which "));
    EXPECT_EQ(recording.outcome.allocated_bytes, recording.stats.final_allocated_bytes);
  }
}

TEST(Worker, MemoryMayRunOutWhileTheModelIsBuilt) {
  RunSpec spec;
  spec.model = "llama-7b";
  spec.device = "virtual:rtx4090-24gb";
  const Recording& recording = record(spec);
  EXPECT_EQ(recording.outcome.kind, OutcomeKind::oom);
  EXPECT_EQ(recording.outcome.phase, "build");
  EXPECT_EQ(recording.outcome.layer, "model");
}

TEST(Worker, RunningOutOfHostMemoryIsAnOutcomeToo) {
  RunSpec spec = tiny();
  spec.batch = 1 << 16;
  spec.seq = 64;
  const WorkerResult result = run_worker(spec, {}, std::uint64_t{4} << 30);
  ASSERT_EQ(result.exit_code, 0) << result.messages;
  EXPECT_EQ(result.recording->outcome.kind, OutcomeKind::oom);
  EXPECT_EQ(result.recording->outcome.phase, "forward");
  // Scores of one layer: batch x heads x seq x seq floats.
  EXPECT_LE(result.recording->outcome.failed_request_bytes, spec.batch * 4 * 64 * 64 * 4);
  EXPECT_GT(result.recording->outcome.failed_request_bytes, std::int64_t{1} << 29);
}

}  // namespace
}  // namespace headroom
