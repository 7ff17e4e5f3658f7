// `headroom fragmentation` as people use it: what it prints and writes, what it refuses, and how it fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "base/json.h"
#include "recording/file.h"
#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

using Words = std::vector<std::string>;

// A recording of the stand-in worker, and the tool to show it.
class FragmentationCommand : public testing::Test {
 protected:
  FragmentationCommand() { record("virtual:h100-80gb"); }

  void record(const std::string& device) {
    Tool recorder;
    const Ended ended = recorder.run({"profile", "bert-base", "--device", device, "--out", here.path(), "--quiet"});
    ASSERT_EQ(ended.code, 0) << ended.err;
  }

  Ended run(Words flags, const std::string& name = "bert-base.headroom") {
    flags.insert(flags.begin(), {"fragmentation", (here / name).string()});
    return tool.run(flags);
  }

  Json json_of(Words flags) {
    flags.insert(flags.end(), {"--format", "json"});
    const Ended ended = run(flags);
    EXPECT_EQ(ended.code, 0) << ended.err;
    return parse_json(ended.out, "stdout");
  }

  void expect_refused(const Ended& ended, int code, const std::string& message) {
    EXPECT_EQ(ended.code, code);
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, AllOf(StartsWith("headroom: "), HasSubstr(message)));
    EXPECT_THAT(tool.litter(), IsEmpty());
    EXPECT_TRUE(tool.all_workers_gone());
  }

  testing_support::TemporaryFolder here;
  Tool tool;
};

TEST_F(FragmentationCommand, ShowsThePeakAndWhatEachReplayReserved) {
  const Ended ended = run({});
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.err, "");
  for (const char* text : {"Peak reserved", "as recorded", "expandable_segments:True", "lasting blocks first", "512 KiB",
                           "did what was recorded, event by event"})
    EXPECT_THAT(ended.out, HasSubstr(text));
  EXPECT_THAT(tool.litter(), IsEmpty());
}

TEST_F(FragmentationCommand, WithoutReplaysStartsNoWorker) {
  const Ended ended = run({"--no-replay"});
  EXPECT_EQ(ended.code, 0);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("Peak reserved"), Not(HasSubstr("as recorded"))));
  EXPECT_THAT(tool.workers(0), IsEmpty());
  EXPECT_THAT(json_of({"--no-replay"})["replays"], IsEmpty());
}

TEST_F(FragmentationCommand, TriesTheSettingsThatWereAskedForAndNoOthers) {
  const Json json = json_of({"--settings", "expandable_segments:True", "--settings", "max_split_size_mb:100"});
  EXPECT_EQ(json["schema"], "headroom.fragmentation/1");
  ASSERT_THAT(json["replays"], SizeIs(3));
  EXPECT_EQ(json["replays"][0]["change"], "none");
  EXPECT_TRUE(json["replays"][0]["saved_bytes"].is_null());
  EXPECT_EQ(json["replays"][1]["settings"], "expandable_segments:True");
  EXPECT_EQ(json["replays"][2]["settings"], "max_split_size_mb:100");
  EXPECT_EQ(json["replays"][2]["saved_bytes"], 1 << 19);
}

TEST_F(FragmentationCommand, ClaimsNothingWhereTheReplayIsNotFaithful) {
  tool.fake("unfaithful");
  const Ended ended = run({"--width", "160"});
  EXPECT_THAT(ended.out, HasSubstr("nothing is said to be saved: at event 0 the recording differs"));
  const Json json = json_of({});
  for (const Json& replay : json["replays"]) EXPECT_TRUE(replay["saved_bytes"].is_null());
}

TEST_F(FragmentationCommand, WritesTheDocumentAndTheRecordingWithItsReplays) {
  const auto out = here / "out";
  const Ended ended = run({"--out", out.string(), "--format", "terminal,json"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("Peak reserved"));
  EXPECT_EQ(parse_json(read_file(out / "fragmentation.json", 1 << 20), "file"), json_of({}));
  const Recording kept = read_recording(out / "bert-base.headroom");
  ASSERT_FALSE(kept.replays.empty());
  EXPECT_TRUE(kept.replays[0].faithful);
  EXPECT_EQ(kept.events.address, read_recording(here / "bert-base.headroom").events.address);
}

TEST_F(FragmentationCommand, ShowsARunOfAnyProgram) {
  Tool runner;
  runner.folder = here.path();
  ASSERT_EQ(runner.run({"run", "--quiet", "--device", "virtual:h100-80gb", "--", HEADROOM_FAKE_PROGRAM, "attach", "", "record",
                        "cuda0", "1048576"}).code, 0);
  const Ended ended = run({}, "headroom_fake_program.headroom");
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(ended.out, AllOf(HasSubstr("1.00 MiB"), HasSubstr("as recorded")));
}

TEST_F(FragmentationCommand, ARunOnTheCpuHasNoSegments) {
  record("cpu");
  expect_refused(run({}), 2, "the run reserved no segments");
  EXPECT_THAT(tool.workers(0), IsEmpty());
}

TEST_F(FragmentationCommand, WhatCannotBeAskedIsRefused) {
  expect_refused(tool.run({"fragmentation"}), 2, "expected the path of a RECORDING");
  expect_refused(run({}, "missing.headroom"), 2, "missing.headroom");
  expect_refused(run({"--no-replay", "--settings", "expandable_segments:True"}), 2, "--settings asks for a replay");
  for (const char* text : {"foo", "max_split_size_mb:", "expandable_segments:True,foo", ":1", ","})
    expect_refused(run({"--settings", text}), 2, std::string("--settings is '") + text + "', expected KEY:VALUE");
  expect_refused(run({"--format", "html"}), 2, "unknown format 'html'. Known: terminal, json");
  std::ofstream(here / "bad.headroom") << "no recording";
  expect_refused(run({}, "bad.headroom"), 2, "bad.headroom");
  EXPECT_THAT(tool.workers(0), IsEmpty());
}

TEST_F(FragmentationCommand, AWorkerThatFailsIsNamedWithItsReplay) {
  tool.fake("segv");
  expect_refused(run({}), 3, "' failed: the worker died of SIGSEGV");  // of those that run at once, the first to die
  tool.fake("refuse");
  expect_refused(run({}), 2, "failed: --sdpa flash needs fp16 or bf16");
}

}  // namespace
}  // namespace headroom::cli_test
