// Programs under headroom-attach.so, on the CPU and the virtual GPU: what their journals say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "analysis/breakdown.h"
#include "recording/verify.h"
#include "tests/attach/attached.h"

namespace headroom {
namespace {

using attach_test::attach;
using attach_test::Attached;
using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;

// Requested bytes of a category, the most alive at once in the last step, by layer.
std::map<std::string, std::int64_t> bytes_of(const Recording& recording, Category category) {
  std::map<std::string, std::int64_t> bytes;
  const Breakdown breakdown = make_breakdown(recording, "");
  EXPECT_EQ(verify(breakdown), std::vector<std::string>{});
  for (const Allocation& a : breakdown.allocations)
    if (a.category == category && a.end == kNeverFreed) bytes[breakdown.layer(a.layer).path] += a.requested_bytes;
  return bytes;
}

std::set<std::string> paths(const Recording& recording) {
  std::set<std::string> found;
  for (const Layer& layer : recording.layers) found.insert(layer.path);
  return found;
}

const std::map<std::string, std::int64_t> kParameterBytes{
    {"embed", 1000 * 64 * 4},         {"blocks.0.norm", 512},           {"blocks.1.norm", 512},
    {"blocks.0.mlp.0", 256 * 65 * 4}, {"blocks.1.mlp.0", 256 * 65 * 4}, {"blocks.0.mlp.2", 64 * 257 * 4},
    {"blocks.1.mlp.2", 64 * 257 * 4}};

TEST(Attach, PeaksAreTheAllocatorsOwnToTheByte) {
  const Attached run = attach("train.py", "normally");
  const Recording& recording = run.only();
  EXPECT_EQ(run.output, std::to_string(recording.stats.peak_allocated_bytes) + " " +
                            std::to_string(recording.stats.peak_reserved_bytes) + "\n");
  EXPECT_EQ(recording.outcome.kind, OutcomeKind::ok) << recording.outcome.message;
  EXPECT_EQ(recording.spec.model, "train.py");
  EXPECT_EQ(recording.spec.mode, Mode::train);
  EXPECT_EQ(recording.spec.steps, 2);
}

TEST(Attach, ParametersGradientsAndOptimizerStateBelongToTheirModules) {
  const Recording recording = attach("train.py", "normally").only();
  EXPECT_EQ(bytes_of(recording, Category::parameter), kParameterBytes);
  EXPECT_EQ(bytes_of(recording, Category::gradient), kParameterBytes);
  auto two_moments = kParameterBytes;
  for (auto& [layer, bytes] : two_moments) bytes *= 2;
  EXPECT_EQ(bytes_of(recording, Category::optimizer_state), two_moments);
  EXPECT_EQ(recording.parameters.size(), 14u);
  EXPECT_EQ(recording.parameters.back().shared_with, "embed.weight");
  EXPECT_THAT(paths(recording), IsSupersetOf({"model", "blocks.1.mlp.0", "head", "CrossEntropyLoss"}));
}

TEST(Attach, TheCpuIsRecordedToo) {
  const Recording recording = attach("train.py", "normally", "cpu").only();
  EXPECT_EQ(recording.environment.device_kind, DeviceKind::cpu);
  EXPECT_EQ(bytes_of(recording, Category::parameter), kParameterBytes);
  EXPECT_EQ(bytes_of(recording, Category::gradient), kParameterBytes);
}

TEST(Attach, BackwardBelongsToTheModuleWhoseForwardItReverses) {
  const Recording recording = attach("train.py", "normally").only();
  std::set<std::string> layers;
  for (std::size_t i = 0; i < recording.events.size(); ++i)
    if (recording.events.phase[i] == Phase::backward && recording.events.action[i] == Action::alloc)
      if (recording.text(recording.events.op[i]).find("gelu_backward") != std::string::npos)
        layers.insert(recording.layers[static_cast<std::size_t>(recording.events.layer[i])].path);
  EXPECT_THAT(layers, UnorderedElementsAre("blocks.0.mlp.1", "blocks.1.mlp.1"));
}

TEST(Attach, AccumulatedGradientsAreOneStepAndTheirActivationsKept) {
  const Recording recording = attach("train.py", "accumulating").only();
  EXPECT_EQ(recording.spec.steps, 2);
  std::map<std::int32_t, int> kept;
  for (const Allocation& a : make_breakdown(recording, "").allocations)
    if (a.category == Category::activation && recording.text(a.op) == "aten::gelu") ++kept[a.step];
  EXPECT_EQ(kept, (std::map<std::int32_t, int>{{1, 4}, {2, 4}}));
}

TEST(Attach, WhateverEndsTheProgramNothingIsLost) {
  const std::size_t events = attach("train.py", "normally").only().events.size();
  const std::map<std::string, std::string> endings{{"killed", "signal 9 (SIGKILL)"},
                                                   {"exiting", "exit code 5"},
                                                   {"exiting at once", "exit code 6"},
                                                   {"raising", "ValueError: no good"}};
  for (const auto& [end, message] : endings) {
    const Recording recording = attach("train.py", end).only();
    EXPECT_EQ(recording.outcome.kind, OutcomeKind::error) << end;
    EXPECT_THAT(recording.outcome.message, HasSubstr(message));
    EXPECT_EQ(recording.events.size(), events) << end;
  }
}

TEST(Attach, OutOfMemoryIsTheOutcomeInPyTorchsOwnWords) {
  const Recording recording = attach("train.py", "out of memory").only();
  EXPECT_EQ(recording.outcome.kind, OutcomeKind::oom);
  EXPECT_THAT(recording.outcome.message, testing::StartsWith("CUDA out of memory. Tried to allocate 4.00 GiB."));
  EXPECT_EQ(recording.outcome.failed_request_bytes, std::int64_t{4} << 30);
  EXPECT_EQ(recording.outcome.allocated_bytes, recording.stats.peak_allocated_bytes);
}

TEST(Attach, OutOfMemoryThatIsCaughtIsAnAssumption) {
  const Recording recording = attach("train.py", "out of memory, caught").only();
  EXPECT_EQ(recording.outcome.kind, OutcomeKind::ok);
  EXPECT_EQ(recording.spec.steps, 3);
  EXPECT_THAT(recording.assumptions, Contains(HasSubstr("memory ran out 1 time and the program went on")));
}

TEST(Attach, AForkedChildLeavesItsParentsJournalAlone) {
  const Recording recording = attach("train.py", "forking").only();
  EXPECT_EQ(recording.spec.steps, 3);
  EXPECT_EQ(recording.outcome.kind, OutcomeKind::ok);
}

TEST(Attach, TorchsOwnProfilerWorksAndNothingIsMissed) {
  const Attached run = attach("train.py", "profiling");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("both saw aten::addmm"));
  EXPECT_EQ(run.only().spec.steps, 4);
  EXPECT_EQ(bytes_of(run.only(), Category::gradient), kParameterBytes);
}

TEST(Attach, OnTheCpuTorchsOwnProfilerHearsOfMemoryInsteadAndThatIsSaid) {
  const Attached run = attach("train.py", "profiling", "cpu");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(run.only().spec.steps, 4);
  EXPECT_THAT(run.only().assumptions, Contains(HasSubstr("Torch's own profiler ran")));
}

TEST(Attach, AnotherTorchIsRefusedInOneLineAndTheProgramRuns) {
  const Attached run = attach("other_torch.py", "");
  EXPECT_EQ(run.status, 0);
  EXPECT_TRUE(run.recordings.empty());
  EXPECT_THAT(run.output,
              testing::MatchesRegex("ran with 1\\.13\\.1\n"
                                    "this program uses Torch 1\\.13\\.1, and this Headroom was built for Torch .*: "
                                    "build one with cmake -DHEADROOM_TORCH_DIR=.*/other_torch/torch\n"));
}

TEST(Attach, WhatCannotBeFollowedIsNoReasonForTheProgramToFail) {
  const Attached run = attach("odd_module.py", "");
  EXPECT_EQ(run.status, 0) << run.output;
  EXPECT_EQ(std::to_string(run.only().stats.peak_allocated_bytes) + "\n", run.output);
  EXPECT_THAT(run.only().assumptions,
              Contains(HasSubstr("could not be followed to the end (RuntimeError: only once)")));
}

TEST(Attach, AForwardWithoutGraphIsAStep) { EXPECT_EQ(attach("train.py", "generating").only().spec.steps, 5); }

TEST(Attach, WhatIsReadFromTheDeviceIsAnAssumptionWithItsPlace) {
  const Attached run = attach("train.py", "reading");
  EXPECT_EQ(run.output, "0.0 0\n");
  EXPECT_THAT(run.only().assumptions,
              IsSupersetOf({HasSubstr("train.py:45: aten::item read a float that was never computed (3 times): 0 was "
                                      "given; state it with --value train.py:45=VALUE"),
                            HasSubstr("train.py:46: aten::nonzero read a count that was never computed (once)")}));
}

TEST(Attach, AStatedValueIsGiven) {
  const Attached run =
      attach("train.py", "reading", "h100-80gb",
             R"(, "values": [{"place": "train.py:45", "value": 2.5}, {"place": "aten::nonzero", "value": 7}])");
  EXPECT_EQ(run.output, "2.5 7\n");
  EXPECT_THAT(run.only().assumptions, Contains(HasSubstr("2.5 was given, as stated")));
}

TEST(Attach, GenerationEndsAtItsLongestLengthThoughNoValueSaysSo) {
  const Attached run = attach("generate.py", "greedy,sampled,greedy");
  EXPECT_THAT(run.output, HasSubstr("[2, 16] [2, 12] [2, 16]\n"));
  EXPECT_EQ(run.only().outcome.kind, OutcomeKind::ok) << run.only().outcome.message;
  EXPECT_EQ(run.only().spec.steps, 8 + 4 + 8);
  EXPECT_THAT(run.only().assumptions, Contains(HasSubstr("transformers/generation/utils.py")));
}

TEST(Attach, SourceLinesAreThoseOfForwardInBackwardToo) {
  const Recording recording = attach("train.py", "normally", "h100-80gb", R"(, "source_lines": true)").only();
  std::map<Phase, std::set<std::string>> lines;
  ASSERT_EQ(recording.events.source.size(), recording.events.size());
  for (std::size_t i = 0; i < recording.events.size(); ++i)
    if (recording.text(recording.events.op[i]).find("gelu") != std::string::npos)
      lines[recording.events.phase[i]].insert(recording.text(recording.events.source[i]));
  EXPECT_THAT(lines[Phase::forward], UnorderedElementsAre("nets.py:13"));
  EXPECT_THAT(lines[Phase::backward], UnorderedElementsAre("nets.py:13"));
}

TEST(Attach, SourceLinesAreKeptOnlyWhenAskedFor) {
  EXPECT_TRUE(attach("train.py", "normally").only().events.source.empty());
}

TEST(Attach, WrappersLeaveTheNamesOfModulesAlone) {
  for (const char* how : {"plain", "checkpoint", "compile"}) {
    const Attached run = attach("wrapped.py", how);
    EXPECT_EQ(run.output, std::to_string(run.only().stats.peak_allocated_bytes) + "\n");
    EXPECT_EQ(bytes_of(run.only(), Category::parameter), kParameterBytes) << how;
    EXPECT_EQ(bytes_of(run.only(), Category::gradient), kParameterBytes) << how;
  }
}

TEST(Attach, RecomputedForwardsBelongToTheirModulesInBackward) {
  const Recording recording = attach("wrapped.py", "checkpoint").only();
  std::set<std::string> layers;
  for (std::size_t i = 0; i < recording.events.size(); ++i)
    if (recording.text(recording.events.op[i]) == "aten::gelu" && recording.events.phase[i] == Phase::backward)
      layers.insert(recording.layers[static_cast<std::size_t>(recording.events.layer[i])].path);
  EXPECT_THAT(layers, UnorderedElementsAre("blocks.0.mlp.1", "blocks.1.mlp.1"));
}

TEST(Attach, OneProcessStandsForOneRankOfFour) {
  for (const char* how : {"ddp", "fsdp"}) {
    const Attached run = attach("wrapped.py", how, "h100-80gb", R"(, "ranks": 4, "rank": 1)");
    EXPECT_EQ(run.status, 0) << run.output;
    EXPECT_THAT(paths(run.only()), Contains("blocks.1.mlp.0"));
    const bool shards = std::string(how) == "fsdp";
    EXPECT_EQ(bytes_of(run.only(), Category::parameter)["blocks.0.mlp.0"],
              kParameterBytes.at("blocks.0.mlp.0") / (shards ? 4 : 1));
  }
}

}  // namespace
}  // namespace headroom
