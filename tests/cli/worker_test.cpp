// What becomes of a worker that fails, in every way one can.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/personality.h>

#include <fstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::vector<std::string> kProfile{"profile", "bert-base", "--attention", "mqa", "--device", "virtual:h100-80gb"};

std::vector<std::string> with(std::vector<std::string> arguments, const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

void expect_tidy(const Tool& tool) {
  EXPECT_THAT(tool.litter(), IsEmpty());
  EXPECT_TRUE(tool.all_workers_gone());
}

struct Failure {
  std::string action, message;
  int code = 3;
};

TEST(Worker, EveryWayToFailIsOneClearSentenceAndNoLitter) {
  const std::vector<Failure> failures{
      {"segv", "the worker died of SIGSEGV (Segmentation fault)\n  first\n  last words"},
      {"abort", "the worker died of SIGABRT (Aborted)"},
      {"killed", "the worker was killed (SIGKILL), probably by the kernel's out-of-memory killer: host memory ran out"},
      {"refuse", "--sdpa flash needs fp16 or bf16", 2},
      {"unable", "no usable device"},
      {"mute", "the worker ended with exit code 3"},
      {"seven", "the worker ended with exit code 7\n  some\n  lines"},
      {"no-library",
       "the worker cannot start: the shared library libtorch_cpu.so is missing or unusable (libtorch_cpu.so: cannot "
       "open "
       "shared object file: No such file or directory); run scripts/setup, or set HEADROOM_TORCH_DIR to the folder "
       "`torch` "
       "of the pinned Torch wheel, and build again"},
      {"wrong-library",
       "the worker cannot start: a shared library does not fit it (headroom-worker: undefined symbol: "
       "_ZN2at4_ops5emptyE); run scripts/setup and build again"}};
  for (const auto& failure : failures) {
    SCOPED_TRACE(failure.action);
    Tool tool;
    tool.fake(failure.action);
    const Ended ended = tool.run(kProfile);
    EXPECT_EQ(ended.code, failure.code);
    EXPECT_EQ(ended.err, "headroom: " + failure.message + "\n");
    EXPECT_EQ(ended.out, "");
    expect_tidy(tool);
  }
}

TEST(Worker, ARecordingThatIsMissingOrDamagedIsAFailure) {
  for (const std::string action : {"nothing", "garbage", "half", "contradiction"}) {
    SCOPED_TRACE(action);
    Tool tool;
    tool.fake(action);
    const Ended ended = tool.run(kProfile);
    EXPECT_EQ(ended.code, 3);
    EXPECT_THAT(ended.err, StartsWith("headroom: the worker ended well but its recording is missing or damaged: "));
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1);
    EXPECT_EQ(ended.out, "");
    expect_tidy(tool);
  }
}

TEST(Worker, AFloodOfOutputNeitherBlocksNorConfuses) {
  Tool tool;
  tool.fake("flood");
  const Ended ended = tool.run(kProfile);
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.err, "");
  expect_tidy(tool);
}

TEST(Worker, WhatItLeavesRunningIsEndedWithIt) {
  Tool tool;
  tool.fake("orphan");
  EXPECT_EQ(tool.run(kProfile).code, 0);
  EXPECT_EQ(tool.workers(2).size(), 2u);
  expect_tidy(tool);
}

TEST(Worker, AMissingOneIsNamedWithTheRemedy) {
  Tool tool;
  tool.environment["HEADROOM_WORKER"] = "/nowhere/headroom-worker";
  const Ended ended = tool.run(kProfile);
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.err,
            "headroom: the worker /nowhere/headroom-worker is missing: it is built with Torch (scripts/setup, then "
            "cmake --workflow --preset release); HEADROOM_WORKER names another one\n");
}

TEST(Worker, OneThatCannotBeExecutedIsNamed) {
  Tool tool;
  const auto folder = tool.scratch();
  testing_support::TemporaryFolder elsewhere;
  std::ofstream(elsewhere / "plain") << "text";
  tool.environment["HEADROOM_WORKER"] = elsewhere / "plain";
  EXPECT_EQ(tool.run(kProfile).err,
            "headroom: the worker " + (elsewhere / "plain").string() + " is not an executable file\n");
  tool.environment["HEADROOM_WORKER"] = elsewhere.path();
  EXPECT_EQ(tool.run(kProfile).err,
            "headroom: the worker " + elsewhere.path().string() + " is not an executable file\n");
}

TEST(Worker, OneOfNoKnownFormatIsExplained) {
  testing_support::TemporaryFolder elsewhere;
  const auto worker = elsewhere / "bin" / "worker", library = elsewhere / "lib/headroom/virtual-gpu";
  std::filesystem::create_directories(worker.parent_path());
  std::filesystem::create_directories(library);
  std::ofstream(library / "headroom-virtual-gpu.so") << "never loaded";
  std::ofstream(worker) << "\x7f"
                           "ELF but no program";
  std::filesystem::permissions(worker, std::filesystem::perms::owner_all);
  Tool tool;
  tool.environment["HEADROOM_WORKER"] = worker;
  const Ended ended = tool.run({"profile", "bert-base", "--device", "cpu"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.err, "headroom: cannot start the worker " + worker.string() + ": Exec format error\n");
  expect_tidy(tool);
}

TEST(Worker, AVirtualDeviceIsPreloadedAndNamed) {
  Tool tool;
  tool.fake("environment");
  EXPECT_EQ(tool.run(kProfile).err, "headroom: HEADROOM_VIRTUAL_GPU=h100-80gb loaded=true\n");
}

TEST(Worker, TheProcessorGetsTheLibraryWithoutADeviceEvenWhenOneIsInTheEnvironment) {
  Tool tool;
  tool.environment["HEADROOM_VIRTUAL_GPU"] = "a100-40gb";
  tool.fake("environment");
  EXPECT_EQ(tool.run({"profile", "bert-base", "--device", "cpu"}).err,
            "headroom: HEADROOM_VIRTUAL_GPU=(unset) loaded=true\n");
}

TEST(Worker, LivesAtTheSameAddressesEveryTime) {
  const int now = personality(0xffffffff);
  if (personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE) < 0) GTEST_SKIP() << "this sandbox forbids it";
  personality(static_cast<unsigned long>(now));
  Tool tool;
  tool.fake("addresses");
  EXPECT_EQ(tool.run(kProfile).err, "headroom: always the same\n");
}

TEST(Worker, GetsEveryFlagInItsSpec) {
  Tool tool;
  tool.fake("spec");
  const Ended ended =
      tool.run(words("profile gpt2 --attention mqa --batch 3 --seq 77 --mode forward --dtype amp-bf16 --optimizer sgd "
                     "--optimizer-implementation fused --sdpa flash --dropout 0.25 --steps 5 --device "
                     "virtual:a100-40gb --seed 42 --reserve 1KiB --events delayed --address-order shuffled:2 --backed"));
  const Json expected = Json::parse(R"({"model": "gpt2", "attention": "mqa", "batch": 3, "seq": 77, "mode": "forward",
      "dtype": "amp-bf16", "optimizer": "sgd", "optimizer_implementation": "fused", "sdpa": "flash", "dropout": 0.25,
      "steps": 5, "device": "virtual:a100-40gb", "seed": 42, "virtual_options":
      {"reserve_bytes": 1024, "address_order": "shuffled:2", "events": "delayed", "backed": true}})");
  ASSERT_THAT(ended.err, StartsWith("headroom: "));
  EXPECT_EQ(Json::parse(ended.err.substr(10)), expected);
}

TEST(Worker, GetsEveryFlagOfTrainingInItsSpec) {
  Tool tool;
  tool.fake("spec");
  const Ended ended = tool.run(
      words("profile gpt2 --optimizer sgd --momentum 0.5 --checkpoint block --accumulate 4 --clip 2.5 --loss-chunk 64 "
            "--device cpu"));
  ASSERT_THAT(ended.err, StartsWith("headroom: "));
  const Json spec = Json::parse(ended.err.substr(10));
  EXPECT_EQ(spec["momentum"], 0.5);
  EXPECT_EQ(spec["checkpoint"], "block");
  EXPECT_EQ(spec["accumulate"], 4);
  EXPECT_EQ(spec["clip"], 2.5);
  EXPECT_EQ(spec["loss_chunk"], 64);
  tool.fake("spec");
  const Json eight_bit = Json::parse(tool.run(words("profile gpt2 --optimizer adam-8bit --device cpu")).err.substr(10));
  EXPECT_EQ(eight_bit["optimizer"], "adam-8bit");
}

TEST(Worker, WithoutFlagsGetsTheDefaults) {
  Tool tool;
  tool.fake("spec");
  const Ended ended = tool.run({"profile", "gpt2", "--device", "cpu"});
  const Json expected = Json::parse(R"({"model": "gpt2", "attention": "", "batch": 1, "seq": 128, "mode": "train",
      "dtype": "fp32", "optimizer": "adamw", "optimizer_implementation": "foreach", "sdpa": "eager", "dropout": null,
      "steps": 2, "device": "cpu", "seed": 0, "virtual_options":
      {"reserve_bytes": 0, "address_order": "", "events": "immediate", "backed": false}})");
  ASSERT_THAT(ended.err, StartsWith("headroom: "));
  EXPECT_EQ(Json::parse(ended.err.substr(10)), expected);
}

TEST(Worker, DefaultsToAVirtualDeviceWithoutAGpu) {
  if (std::filesystem::exists("/dev/nvidiactl")) GTEST_SKIP() << "there is one here";
  Tool tool;
  tool.fake("spec");
  EXPECT_THAT(tool.run({"profile", "gpt2"}).err, HasSubstr(R"("device":"virtual:h100-80gb")"));
}

TEST(Profile, OutOfMemoryIsReportedAndExits3) {
  Tool tool;
  tool.fake("oom");
  const Ended ended = tool.run(with(kProfile, {"--format", "json"}));
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(
      ended.err,
      "headroom: out of memory on Stand-in: 3.00 MiB asked for in forward, layer.0.attention, with 1.00 MiB free\n");
  EXPECT_EQ(Json::parse(ended.out).at("runs").at(0).at("outcome").at("kind"), "oom");
  expect_tidy(tool);
}

std::vector<std::string> labels_of(const Json& report) {
  std::vector<std::string> labels;
  for (const auto& run : report.at("runs")) labels.push_back(run.at("label"));
  return labels;
}

const std::vector<std::string> kCompare{"compare",  "bert-base", "--device",   "virtual:h100-80gb",
                                        "--format", "json",      "--attention"};

TEST(Compare, ReportsInTheOrderGivenWhateverFinishesFirst) {
  Tool tool;
  tool.fake("sha=slow");
  const Ended ended = tool.run(with(kCompare, {"sha,mqa,skv", "--jobs", "3"}));
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(labels_of(Json::parse(ended.out)), ElementsAre("sha", "mqa", "skv"));
  EXPECT_EQ(tool.workers(3).size(), 3u);
  expect_tidy(tool);
}

TEST(Compare, TheBaselineIsMhaOrTheFirstOrTheOneNamed) {
  const auto baseline = [](std::vector<std::string> more) {
    return Json::parse(Tool().run(with(kCompare, more)).out).at("comparison").at("baseline");
  };
  EXPECT_EQ(baseline({"sha,mha,mqa"}), "mha");
  EXPECT_EQ(baseline({"sha,mqa"}), "sha");
  EXPECT_EQ(baseline({"sha,mha,mqa", "--baseline", "mqa"}), "mqa");
}

TEST(Compare, WithoutAttentionRunsAllThatTheModelAllows) {
  const Ended ended = Tool().run({"compare", "bert-base", "--device", "cpu", "--format", "json"});
  const auto labels = labels_of(Json::parse(ended.out));
  EXPECT_THAT(labels, testing::IsSupersetOf({"mha", "sha", "mqa", "skv", "el-slice", "mhe-add", "mhe-mul"}));
}

TEST(Compare, WithoutAttentionLeavesOutWhatTheModelForbids) {
  const Ended ended = Tool().run({"compare", "llama-7b", "--device", "cpu", "--format", "json"});
  EXPECT_THAT(labels_of(Json::parse(ended.out)), testing::Not(testing::Contains("el-exact")));
}

TEST(Compare, AWorkerThatDiesIsARowAndTheOthersFinish) {
  Tool tool;
  tool.fake("mqa=segv,skv=oom");
  const Ended ended = tool.run(with(kCompare, {"mha,mqa,skv,sha"}));
  EXPECT_EQ(ended.code, 3);
  const Json report = Json::parse(ended.out);
  EXPECT_THAT(labels_of(report), ElementsAre("mha", "mqa", "skv", "sha"));
  std::vector<std::string> outcomes;
  for (const auto& run : report.at("runs")) outcomes.push_back(run.at("outcome").at("kind"));
  EXPECT_THAT(outcomes, ElementsAre("ok", "error", "oom", "ok"));
  EXPECT_EQ(report.at("runs").at(1).at("outcome").at("message"), "the worker died of SIGSEGV (Segmentation fault)");
  EXPECT_THAT(ended.err, HasSubstr("headroom: mqa: the worker died of SIGSEGV (Segmentation fault)\n"));
  EXPECT_THAT(ended.err, HasSubstr("headroom: skv: out of memory on Stand-in"));
  expect_tidy(tool);
}

TEST(Compare, OddBytesInAWorkersMessageAreShownAsSuch) {
  Tool tool;
  tool.fake("mqa=babble");
  const Ended ended = tool.run(with(kCompare, {"mha,mqa"}));
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.err, "headroom: mqa: \\xff\\x1b[31m\n");
  EXPECT_EQ(Json::parse(ended.out).at("runs").at(1).at("outcome").at("message"), "\\xff\\x1b[31m");
}

TEST(Compare, WhatCouldNotBeTracedIsSaidOnceForAllRuns) {
  Tool tool;
  tool.fake("mha=untraced,mqa=untraced");
  const Ended ended = tool.run(with(kCompare, {"mha,mqa"}));
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.err, "headroom: CUPTI off: \\x1b[31mno such library.\n");
}

TEST(Compare, WhenAllDieThereIsNoReport) {
  Tool tool;
  tool.fake("killed");
  const Ended ended = tool.run(with(kCompare, {"mha,mqa"}));
  EXPECT_EQ(ended.code, 3);
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 2);
  expect_tidy(tool);
}

TEST(Compare, ARefusedRunIsBadInput) {
  Tool tool;
  tool.fake("mqa=refuse");
  const Ended ended = tool.run(with(kCompare, {"mha,mqa"}));
  EXPECT_EQ(ended.code, 2);
  EXPECT_EQ(ended.err, "headroom: mqa: --sdpa flash needs fp16 or bf16\n");
  EXPECT_THAT(labels_of(Json::parse(ended.out)), ElementsAre("mha", "mqa"));
}

TEST(Compare, StartsNoMoreWorkersThanJobs) {
  Tool tool;
  tool.fake("hang");
  tool.start(with(kCompare, {"mha,mqa,skv,sha", "--jobs", "2"}));
  tool.workers(2);
  usleep(100'000);
  EXPECT_EQ(tool.workers(2).size(), 2u);
  tool.send(SIGTERM);
  EXPECT_EQ(tool.wait().signal, SIGTERM);
}

}  // namespace
}  // namespace headroom::cli_test
