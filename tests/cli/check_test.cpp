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
        "headroom profile bert-base --attention mha", "peak = { fail = \"12KiB\", reason = \"the small card\" }"})
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

TEST_F(CheckCommand, AnUpdateWritesAndTellsWhatItCan) {
  budgets(
      "[[budget]]\nname = \"a\"\nmodel = \"bert-base\"\npeak = 1\n"
      "[[budget]]\nname = \"b\"\nmodel = \"bert-base\"\npeak = 1\n"
      "[[budget]]\nname = \"c\"\nmodel = \"bert-base\"\npeak = 1\n");
  std::filesystem::create_directories(here / "budgets.baselines/a.json");
  std::filesystem::create_symlink("b.json", here / "budgets.baselines/b.json");
  const Ended ended = check({"--update-baseline"});
  EXPECT_EQ(ended.code, 2) << ended.err;
  EXPECT_THAT(ended.err,
              AllOf(HasSubstr("a.json' is a folder, expected a file"), HasSubstr("b.json': Too many levels")));
  EXPECT_THAT(ended.out, AllOf(HasSubstr("c.json"), testing::Not(HasSubstr("a.json"))));
  EXPECT_TRUE(std::filesystem::is_regular_file(here / "budgets.baselines/c.json"));
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
  expect_refused(check(), 2, "budgets.toml:2: cannot read 'missing.headroom'");
  budgets("[[budget]]\ncommand = [\"no-such-program\"]\npeak = 1\n");
  expect_refused(check(), 2, "budgets.toml:2: cannot run");
  expect_refused(tool.run({"check", "missing.toml"}), 2, "missing.toml");
  expect_refused(tool.run({"check", "missing.headroom"}), 2, "cannot read 'missing.headroom'");
  write_file(here / "run.headroom", "HEADROOM");
  const std::string run = (here / "run.headroom").string();
  expect_refused(tool.run({"check", run}), 2,
                 run + " is a run, expected a budget file; headroom check --init budgets.toml " + run + " makes one");
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
  expect_refused(check({"--format", "json,junit"}), 2,
                 "--format json,junit needs --out FOLDER: only one format fits on stdout");
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

// What --init writes is checked by the very next command.
class CheckInit : public CheckCommand {
 protected:
  Ended init(const std::string& line) {
    const Ended ended = tool.run(words("check --init " + line));
    EXPECT_THAT(tool.litter(), IsEmpty());
    EXPECT_TRUE(tool.all_workers_gone());
    return ended;
  }
  std::string written(const std::string& name = "budgets.toml") { return read_file(here / name, 1 << 20); }
};

TEST_F(CheckInit, WritesWhatTheNextCheckKeepsTo) {
  const Ended ended = init("bert-base --attention mha --batch 8 --address-order descending --width 100");
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.err, "");
  expect_golden("check-init.txt", ended.out);
  expect_golden("check-init.toml", written());
  EXPECT_THAT(baseline(), HasSubstr("\"peak\": 12288"));
  for (const Words& flags : {Words{}, Words{"--strict"}}) {
    const Ended checked = check(flags);
    EXPECT_EQ(checked.code, 0) << checked.err << checked.out;
  }
  EXPECT_EQ(tool.run({"check"}).code, 0) << "budgets.toml is the usual file";
  EXPECT_THAT(check({"--update-baseline"}).out, HasSubstr("All 15 figures are as they were."));
  tool.fake("by-order");
  EXPECT_EQ(check().code, 1) << "and fails once the run takes more";
}

TEST_F(CheckInit, OverwritesNothing) {
  budgets("# mine\n");
  expect_refused(init("bert-base"), 2, "'budgets.toml' is there already, and --init overwrites nothing");
  EXPECT_EQ(written(), "# mine\n");
  std::filesystem::remove(here / "budgets.toml");
  std::filesystem::create_symlink("nowhere", here / "budgets.toml");
  expect_refused(init("bert-base"), 2, "is there already");
  std::filesystem::create_directories(here / "other.baselines");
  std::ofstream(here / "other.baselines/bert-base.json") << "mine";
  expect_refused(init("other.toml bert-base"), 2, "'other.baselines/bert-base.json' is there already");
  EXPECT_FALSE(std::filesystem::exists(here / "other.toml"));
  EXPECT_THAT(tool.workers(0), IsEmpty()) << "nothing was measured in vain";
}

TEST_F(CheckInit, TakesSeveralRunsFromAnyFolder) {
  std::filesystem::create_directories(here / "a");
  std::filesystem::create_directories(here / "b");
  for (const std::string name : {"a", "b"})
    ASSERT_EQ(tool.run({"profile", "bert-base", "--attention", "mha", "--out", (here / name).string(), "--quiet"}).code,
              0);
  std::filesystem::copy_file(HEADROOM_SOURCE_DIR "/examples/gpt2/config.json", here / "config.json");
  const Ended ended = init("ci/memory.toml ./config.json a/mha.headroom b/mha.headroom --quiet");
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(written("ci/memory.toml"),
              AllOf(HasSubstr("model = \"../config.json\"\ndevice = "),
                    HasSubstr("name = \"a/mha.headroom\"\nrecording = \"../a/mha.headroom\""),
                    HasSubstr("recording = \"../b/mha.headroom\"")));
  EXPECT_THAT(ended.out,
              AllOf(HasSubstr("3 baselines in ci/memory.baselines"), HasSubstr("headroom check ci/memory.toml\n"),
                    HasSubstr("with: { file: \"ci/memory.toml\" }")));
  EXPECT_EQ(tool.run({"check", "ci/memory.toml"}).code, 0);
}

TEST_F(CheckInit, TakesAProgram) {
  const Ended ended = tool.run(
      {"check", "--init", "--ranks", "4", "--", HEADROOM_FAKE_PROGRAM, "attach", "", "record", "cuda0", "1048576"});
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_THAT(
      written(),
      AllOf(
          HasSubstr(
              "command = [\"" HEADROOM_FAKE_PROGRAM
              "\", \"attach\", \"\", \"record\", \"cuda0\", \"1048576\"]\nranks = 4\ndevice = \"virtual:h100-80gb\"\n"),
          HasSubstr("growth = \"2%\"")));
  EXPECT_EQ(tool.run({"check"}).code, 0);
}

TEST_F(CheckInit, WhatCannotBeMeasuredLeavesNothing) {
  const std::vector<std::string> before = here.names();
  tool.fake("mha=oom");
  expect_refused(init("bert-base --attention mha"), 3, "bert-base: out of memory on Stand-in: 3.00 MiB asked for");
  tool.fake("killed");
  expect_refused(init("bert-base gpt2"), 3, "nothing is written: 2 of 2 runs could not be measured");
  EXPECT_EQ(here.names(), before);
}

TEST_F(CheckInit, AFullDiskLeavesNothing) {
  const auto folder = here / "full";
  std::filesystem::create_directories(folder);
  if (mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=8k,nr_inodes=20") != 0) GTEST_SKIP() << "only root may mount";
  std::ofstream(folder / "filler") << std::string(1 << 14, 'x');
  const Ended ended = init("full/budgets.toml bert-base");
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) left.push_back(entry.path().filename());
  umount2(folder.c_str(), MNT_DETACH);
  EXPECT_EQ(ended.code, 3) << ended.err;
  EXPECT_THAT(left, ElementsAre("filler"));
}

TEST_F(CheckInit, SaysWhatDoesNotGoTogether) {
  const std::pair<const char*, const char*> cases[] = {
      {"check --init", "expected what the budgets are of: a model"},
      {"check --init bret-base", "unknown model 'bret-base'; did you mean 'bert-base'?"},
      {"check --init bert-base --batch 0", "--batch is '0', expected a whole number from 1"},
      {"check --init bert-base bert-base", "'bert-base' is named twice"},
      {"check --init a.toml b.toml bert-base", "--init writes one file, not 'a.toml' and 'b.toml'"},
      {"check --init bert-base --margin 5", "--margin is '5', expected a share such as 5%"},
      {"check --init bert-base --margin=-5%", "--margin is '-5%', expected a share such as 5%"},
      {"check --init x.headroom --batch 8", "--batch says nothing of a recording, which is made already: x.headroom"},
      {"check --init --batch 8 -- true", "--batch says nothing of a program: true"},
      {"check --init bert-base --ranks 4", "--ranks says nothing of a model: bert-base"},
      {"check --init bert-base --strict", "it goes without --strict"},
      {"check --init bert-base --format json", "it goes without --format"},
      {"check --init missing.headroom", "headroom: cannot read 'missing.headroom'"},
      {"check bert-base --batch 8", "--batch is of headroom check --init; of a budget file the key is batch"},
      {"check a.toml b.toml", "unexpected argument 'b.toml': one file is checked"},
      {"check -- true", "-- and a command are of headroom check --init"},
      {"check", "there is no budgets.toml in this folder"}};
  for (const auto& [line, message] : cases) {
    SCOPED_TRACE(line);
    expect_refused(tool.run(words(line)), 2, message);
  }
  EXPECT_THAT(here.names(), IsEmpty());
}

TEST_F(CheckInit, TheMarginIsAsAskedFor) {
  ASSERT_EQ(init("bert-base --attention mha --margin 100%").code, 0);
  EXPECT_THAT(written(), HasSubstr("peak = { fail = \"24KiB\", growth = \"2%\" }"));
  ASSERT_EQ(init("other.toml bert-base --attention mha --margin 1KiB").code, 0);
  EXPECT_THAT(written("other.toml"), HasSubstr("peak = { fail = \"13KiB\", growth = \"2%\" }"));
}

}  // namespace
}  // namespace headroom::cli_test
