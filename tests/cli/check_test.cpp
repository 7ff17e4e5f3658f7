// `headroom check` as a pipeline meets it: what it prints and writes, how it ends, and what it leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <fstream>

#include "base/file.h"
#include "base/json.h"
#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

using Words = std::vector<std::string>;

// A run of the stand-in worker takes 4096 bytes for each letter of its mechanism, all in layer.0.attention.
class CheckCommand : public testing::Test {
 protected:
  CheckCommand() { tool.folder = here.path(); }

  void budgets(const std::string& text) { std::ofstream(here / "budgets.toml") << text; }

  // One run of 12288 bytes, with these limits.
  void limits(const std::string& text) {
    budgets("[[budget]]\nmodel = \"bert-base\"\nattention = \"mha\"\naddress-order = \"descending\"\n" + text);
  }

  Ended check(Words flags = {}) {
    flags.insert(flags.begin(), {"check", "budgets.toml"});
    const Ended ended = tool.run(flags);
    EXPECT_THAT(tool.litter(), IsEmpty());
    EXPECT_TRUE(tool.all_workers_gone());
    return ended;
  }

  Json json_of(Words flags, int code) {
    flags.insert(flags.end(), {"--format", "json"});
    const Ended ended = check(flags);
    EXPECT_EQ(ended.code, code) << ended.err;
    return parse_json(ended.out, "stdout");
  }

  void expect_refused(const Ended& ended, int code, const std::string& message) {
    EXPECT_EQ(ended.code, code);
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, AllOf(StartsWith("headroom: "), HasSubstr(message)));
  }

  std::string baseline() { return read_file(here / "budgets.baselines/bert-base.json", 1 << 20); }

  testing_support::TemporaryFolder here;
  Tool tool;
};

TEST_F(CheckCommand, WhatKeepsToItsBudgetIsDone) {
  limits("peak = 12288\nlayer.\"layer.*.attention\" = \"12 KiB\"\nparameters = 3072\n");
  const Ended ended = check();
  EXPECT_EQ(ended.code, 0);
  EXPECT_EQ(ended.err, "");
  EXPECT_THAT(ended.out, AllOf(StartsWith("budgets.toml: the budget is kept\n"), HasSubstr("0 B left"),
                               Not(HasSubstr("To repeat"))));
}

TEST_F(CheckCommand, AFailureExplainsItself) {
  limits("peak = { fail = 8192, reason = \"the small card\" }\n");
  const Ended ended = check({"--width", "100"});
  EXPECT_EQ(ended.code, 1);
  for (const char* text :
       {"peak is 12.0 KiB (12,288), 4.00 KiB above 8.00 KiB (budgets.toml:5)", "the small card", "layer.0.attention",
        "headroom profile bert-base --attention mha", "peak = { fail = 12288, reason = \"the small card\" }"})
    EXPECT_THAT(ended.out, HasSubstr(text));
}

TEST_F(CheckCommand, AWarningFailsOnlyWhereThatIsAskedFor) {
  limits("peak = { warn = 8192, fail = 20000 }\n");
  EXPECT_EQ(check().code, 0);
  EXPECT_EQ(check({"--strict"}).code, 1);
  EXPECT_EQ(json_of({}, 0)["budgets"][0]["status"], "warned");
}

TEST_F(CheckCommand, EqualRunsAreMadeOnce) {
  budgets(
      "[defaults]\nmodel = \"bert-base\"\npeak = 99999\n[[budget]]\nattention = [\"mha\", \"mqa\"]\n[[budget]]\nname = "
      "\"again\"\nattention = \"mha\"\n");
  const Json json = json_of({}, 0);
  ASSERT_THAT(json["budgets"], SizeIs(3));
  EXPECT_EQ(json["budgets"][1]["name"], "bert-base[attention=mqa]");
  EXPECT_THAT(tool.workers(2), SizeIs(2));
}

TEST_F(CheckCommand, GrowthIsToldFromTheBaseline) {
  limits("peak = { growth = \"5%\" }\n");
  expect_refused(check(), 2,
                 "budgets.toml:5: a limit of growth needs a baseline, and there is no "
                 "budgets.baselines/bert-base.json; make it with: headroom check budgets.toml --update-baseline");
  EXPECT_THAT(tool.workers(0), IsEmpty());
  EXPECT_THAT(check({"--update-baseline"}).out,
              AllOf(HasSubstr("bert-base (budgets.baselines/bert-base.json)"), HasSubstr("12.0 KiB")));
  const std::string first = baseline();
  EXPECT_THAT(first, HasSubstr("\"peak\": 12288"));
  EXPECT_EQ(check().code, 0);
  tool.fake("by-order");
  const Ended grown = check({"--width", "100"});
  EXPECT_EQ(grown.code, 1);
  EXPECT_THAT(grown.out, AllOf(HasSubstr("the baseline's 12.0 KiB and 5 % of it"), HasSubstr("+5.00 KiB"),
                               HasSubstr("other"), HasSubstr("--update-baseline")));
  EXPECT_THAT(check({"--update-baseline"}).out, AllOf(HasSubstr("+41.7 %"), HasSubstr("17.0 KiB")));
  EXPECT_EQ(check().code, 0);
  tool.fake("ok");
  check({"--update-baseline"});
  EXPECT_EQ(baseline(), first) << "the same run, the same bytes";
}

TEST_F(CheckCommand, ABaselineOfSomethingElseIsRefused) {
  limits("peak = { growth = \"5%\" }\n");
  check({"--update-baseline"});
  std::string other = baseline();
  other.replace(other.find("\"torch\": \""), 10, "\"torch\": \"2.9.0");
  std::ofstream(here / "budgets.baselines/bert-base.json") << other;
  const Json json = json_of({}, 2);
  EXPECT_EQ(json["budgets"][0]["outcome"], "refused");
  EXPECT_THAT(json["budgets"][0]["message"].get<std::string>(),
              AllOf(HasSubstr("Torch 2.9.0 then"), HasSubstr("--update-baseline")));
  std::ofstream(here / "budgets.baselines/bert-base.json") << "{}";
  expect_refused(check(), 2, "budgets.baselines/bert-base.json: 'schema'");
  EXPECT_EQ(check({"--update-baseline"}).code, 0) << "which mends it";
}

TEST_F(CheckCommand, ABaselineIsTheSameFromEveryFolder) {
  std::filesystem::create_directories(here / "ci");
  std::filesystem::copy_file(HEADROOM_SOURCE_DIR "/examples/gpt2/config.json", here / "config.json");
  for (const char* name : {"ci/budgets.toml", "budgets.toml"})
    std::ofstream(here / name) << "[[budget]]\nname = \"b\"\nmodel = \""
                               << (name[0] == 'c' ? "../config.json" : "./config.json")
                               << "\"\npeak = { growth = 0 }\n";
  for (const std::string name : {"ci/budgets.toml", "budgets.toml"}) {
    EXPECT_EQ(tool.run({"check", name, "--update-baseline"}).code, 0);
    const std::string first = read_file(here / (name.substr(0, name.size() - 5) + ".baselines/b.json"), 1 << 20);
    EXPECT_THAT(first, HasSubstr(name[0] == 'c' ? "headroom profile ../config.json" : "headroom profile config.json"));
    EXPECT_EQ(tool.run({"check", (here / name).string()}).code, 0) << "by its absolute path";
    EXPECT_EQ(tool.run({"check", "ci/../" + name}).code, 0);
  }
}

TEST_F(CheckCommand, AFailedUpdateLosesNothing) {
  limits("peak = { growth = \"5%\" }\n");
  check({"--update-baseline"});
  const std::string before = baseline();
  tool.fake("killed");
  const Ended ended = check({"--update-baseline"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("bert-base: no baseline is made: the worker was killed"));
  EXPECT_EQ(baseline(), before);
  tool.fake("by-order");
  tool.out_file = "/dev/full";
  EXPECT_EQ(check({"--update-baseline"}).code, 3) << "what changed could not be shown";
  tool.out_file = "";
  limits("peak = 1\n");
  std::filesystem::remove_all(here / "budgets.baselines");
  std::ofstream(here / "budgets.baselines") << "a file";
  expect_refused(check({"--update-baseline"}), 2, "budgets.baselines");
}

TEST_F(CheckCommand, AFullDiskAtTheUpdateKeepsTheOldBaseline) {
  limits("peak = { growth = \"5%\" }\n");
  const auto folder = here / "budgets.baselines";
  std::filesystem::create_directories(folder);
  if (mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=8k") != 0) GTEST_SKIP() << "only root may mount";
  EXPECT_EQ(check({"--update-baseline"}).code, 0);
  const std::string before = baseline();
  std::ofstream(folder / "filler") << std::string(1 << 14, 'x');
  tool.fake("by-order");
  const Ended ended = check({"--update-baseline"});
  const std::string after = baseline();
  umount2(folder.c_str(), MNT_DETACH);
  EXPECT_EQ(ended.code, 3) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("No space left on device"));
  EXPECT_EQ(after, before);
}

TEST_F(CheckCommand, WhatCouldNotBeMeasuredIsNoPass) {
  budgets("[defaults]\nmodel = \"bert-base\"\npeak = 12288\n[[budget]]\nattention = [\"mha\", \"mqa\", \"sha\"]\n");
  tool.fake("mqa=oom,sha=segv");
  const Json json = json_of({}, 3);
  EXPECT_EQ(json["counts"]["within"], 1);
  EXPECT_EQ(json["budgets"][1]["outcome"], "out_of_memory");
  EXPECT_THAT(json["budgets"][1]["message"].get<std::string>(),
              HasSubstr("out of memory on Stand-in: 3.00 MiB asked for"));
  EXPECT_EQ(json["budgets"][2]["outcome"], "failed");
  tool.fake("mqa=refuse");
  EXPECT_EQ(json_of({}, 2)["counts"]["not_judged"], 1);
}

TEST_F(CheckCommand, AGlobThatMatchesNothingIsAnErrorAtItsLine) {
  limits("peak = 99999\nlayer.\"layer.0.atention\" = 5\n");
  const Json json = json_of({}, 2);
  EXPECT_EQ(json["budgets"][0]["line"], 6);
  EXPECT_THAT(json["budgets"][0]["message"].get<std::string>(),
              HasSubstr("no layer of the run matches 'layer.0.atention'; did you mean 'layer.0.attention'?"));
}

TEST_F(CheckCommand, ExceptionsExpireByTheDayThatIsGiven) {
  limits("peak = { fail = 1, exception = { fail = 12288, reason = \"new head\", expires = 2026-05-31 } }\n");
  EXPECT_EQ(check({"--today", "2026-05-31"}).code, 0);
  const Ended late = check({"--today", "2026-06-01"});
  EXPECT_EQ(late.code, 1);
  EXPECT_THAT(late.out, HasSubstr("An exception expired on 2026-05-31: new head"));
  tool.environment["SOURCE_DATE_EPOCH"] = "1780185600";  // 2026-05-31
  EXPECT_EQ(check().code, 0);
  tool.environment["SOURCE_DATE_EPOCH"] = "1780272000";
  EXPECT_EQ(check().code, 1);
  expect_refused(check({"--today", "tomorrow"}), 2, "--today is 'tomorrow', expected a day such as 2026-12-31");
}

TEST_F(CheckCommand, RecordingsAndCommandsAreCheckedToo) {
  ASSERT_EQ(tool.run({"profile", "bert-base", "--attention", "mqa", "--out", (here / "results").string(), "--quiet",
                      "--device", "virtual:h100-80gb"})
                .code,
            0);
  budgets(
      "[[budget]]\nrecording = \"results/mqa.headroom\"\npeak = 1\n[[budget]]\nname = \"program\"\ncommand = "
      "[\"" HEADROOM_FAKE_PROGRAM "\", \"attach\", \"\", \"record\", \"cuda0\", \"1048576\"]\npeak = \"1MiB\"\n");
  const Json json = json_of({}, 1);
  EXPECT_EQ(json["budgets"][0]["command"], "headroom report results/mqa.headroom");
  EXPECT_EQ(json["budgets"][0]["limits"][0]["value"], 12288);
  EXPECT_EQ(json["budgets"][1]["status"], "within");
  EXPECT_EQ(json["budgets"][1]["limits"][0]["value"], 1 << 20);
}

TEST_F(CheckCommand, WhatIsNotThereIsToldBeforeAnythingRuns) {
  budgets("[[budget]]\nrecording = \"missing.headroom\"\npeak = 1\n");
  expect_refused(check(), 2, "budgets.toml:1: cannot read 'missing.headroom'");
  budgets("[[budget]]\ncommand = [\"no-such-program\"]\npeak = 1\n");
  expect_refused(check(), 2, "budgets.toml:1: ");
  expect_refused(tool.run({"check"}), 2, "expected the path of a file of BUDGETS");
  expect_refused(tool.run({"check", "missing.toml"}), 2, "missing.toml");
}

TEST_F(CheckCommand, ACommandThatFailsIsNotMeasured) {
  budgets("[[budget]]\ncommand = [\"false\"]\npeak = 1\n");
  const Json json = json_of({}, 3);
  EXPECT_THAT(json["budgets"][0]["message"].get<std::string>(), HasSubstr("the command ended with exit code"));
}

TEST_F(CheckCommand, WritesEveryFormAtOnce) {
  limits("peak = 1\n");
  const Ended ended = check({"--out", "out", "--format", "json,junit,sarif,gitlab,markdown,github", "--quiet"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_THAT(ended.out, StartsWith("::error file=budgets.toml,line=5,title=bert-base%3A peak::peak is"));
  for (const char* name : {"check.json", "junit.xml", "check.sarif", "gl-code-quality.json", "check.md"})
    EXPECT_TRUE(std::filesystem::exists(here / "out" / name)) << name;
  EXPECT_THAT(check({"--format", "terminal,github"}).out,
              AllOf(HasSubstr("the budget is exceeded"), HasSubstr("\n::error ")));
  expect_refused(check({"--format", "json,junit"}), 2, "--out FOLDER takes all");
  expect_refused(check({"--format", "sarfi"}), 2, "unknown format 'sarfi'; did you mean 'sarif'?");
  expect_refused(check({"--update-baseline", "--format", "json"}), 2, "it goes without --format");
}

TEST_F(CheckCommand, AStepOnGitHubGetsItsSummary) {
  limits("peak = 1\n");
  std::ofstream(here / "summary.md") << "before\n";
  tool.environment["GITHUB_STEP_SUMMARY"] = (here / "summary.md").string();
  check();
  EXPECT_EQ(read_file(here / "summary.md", 1 << 20), "before\n") << "not on GitHub";
  tool.environment["GITHUB_ACTIONS"] = "true";
  check();
  EXPECT_THAT(read_file(here / "summary.md", 1 << 20), StartsWith("before\n### Memory: the budget is exceeded"));
  tool.environment["GITHUB_STEP_SUMMARY"] = "/dev/full";
  const Ended ended = check();
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.out, HasSubstr("the budget is exceeded")) << "all else is there";
}

TEST_F(CheckCommand, AnInterruptedCheckLeavesNothingHalf) {
  budgets("[defaults]\nmodel = \"bert-base\"\npeak = 1\n[[budget]]\nattention = [\"mha\", \"mqa\"]\n");
  tool.fake("mqa=hang");
  tool.start({"check", "budgets.toml", "--update-baseline", "--jobs", "2"});
  tool.workers(2);
  tool.send(SIGINT);
  const Ended ended = tool.wait();
  EXPECT_EQ(ended.signal, SIGINT);
  EXPECT_EQ(ended.out, "");
  EXPECT_TRUE(tool.all_workers_gone());
  EXPECT_THAT(tool.litter(), IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(here / "budgets.baselines"));
}

}  // namespace
}  // namespace headroom::cli_test
