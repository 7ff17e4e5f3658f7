// --timeout: a run that hangs is ended, with all it started; what it was is told, and the others go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/budget_file.h"
#include "cli/time_limit.h"
#include "recording/file.h"
#include "tests/cli/tool.h"

namespace headroom::cli_test {
namespace {

using cli::kNoLimit;
using cli::parse_time_limit;
using cli::time_limit_text;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using testing_support::message_of;

constexpr const char* kGaveUp = "no result after 0.2s, and it was ended (";
constexpr const char* kMore = "; --timeout 0.4s would give it twice as long";

TEST(TimeLimit, IsReadAsItIsWritten) {
  using std::chrono::milliseconds;
  for (const auto& [text, expected] : std::vector<std::pair<std::string, std::int64_t>>{
           {"90", 90'000}, {"90s", 90'000}, {"1.5h", 5'400'000}, {"10m", 600'000}, {"0.25", 250}, {"none", 0}}) {
    EXPECT_EQ(parse_time_limit("--timeout", text), milliseconds(expected)) << text;
    EXPECT_EQ(parse_time_limit("--timeout", time_limit_text(milliseconds(expected))), milliseconds(expected)) << text;
  }
  EXPECT_EQ(time_limit_text(milliseconds(90'000)), "90s");
  EXPECT_EQ(time_limit_text(milliseconds(5'400'000)), "90m");
  EXPECT_EQ(time_limit_text(milliseconds(7'200'000)), "2h");
  EXPECT_EQ(time_limit_text(milliseconds(250)), "0.25s");
  EXPECT_EQ(time_limit_text(kNoLimit), "none");
}

TEST(TimeLimit, WhatIsNoTimeIsRefused) {
  for (const std::string text :
       {"", "0", "-1", "0s", "ten", "10 m", "10min", "300ms", "nan", "inf", "1e99", "721h", "s"})
    EXPECT_EQ(message_of(ExitCode::bad_input, [&] { parse_time_limit("--timeout", text); }),
              "--timeout is '" + text + "', expected a time such as 90s, 10m or 1.5h, from 0.001s to 720h, or none");
}

TEST(TimeLimit, ADeadlineAsksAndThenMakesIt) {
  cli::Deadline never(kNoLimit, std::chrono::milliseconds(0));
  EXPECT_EQ(never.milliseconds_left(), -1);
  EXPECT_EQ(never.signal_due(), 0);
  cli::Deadline deadline(std::chrono::milliseconds(1), std::chrono::milliseconds(0));
  EXPECT_FALSE(deadline.has_passed());
  while (deadline.milliseconds_left() > 0) {
  }
  EXPECT_EQ(deadline.signal_due(), SIGTERM);
  EXPECT_TRUE(deadline.has_passed());
  EXPECT_EQ(deadline.signal_due(), SIGKILL);
  EXPECT_EQ(deadline.milliseconds_left(), -1);
  EXPECT_EQ(deadline.signal_due(), 0);
}

class Timeout : public testing::Test {
 protected:
  Timeout() {
    tool.folder = here.path();
    tool.environment["XDG_CACHE_HOME"] = here / "cache";
  }

  Ended run(const std::string& line) {
    const Ended ended = tool.run(words(line));
    EXPECT_THAT(tool.litter(), IsEmpty());
    EXPECT_TRUE(tool.all_workers_gone());
    return ended;
  }

  testing_support::TemporaryFolder here;
  Tool tool;
};

TEST_F(Timeout, EndsAWorkerThatHangsWhereverItDoes) {
  for (int point = 0; point < 8; ++point) {
    SCOPED_TRACE(point);
    tool.fake(point == 0 ? "*=at-0-hang" : "mqa=at-" + std::to_string(point) + "-hang");
    const Ended ended = run("profile bert-base --attention mqa --device virtual:h100-80gb --timeout 0.2");
    EXPECT_EQ(ended.code, 3);
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err,
                AllOf(StartsWith(std::string("headroom: mqa: ") + kGaveUp), EndsWith(std::string(kMore) + "\n")));
  }
}

TEST_F(Timeout, TellsWhereItWasLast) {
  const std::pair<const char*, const char*> heard[] = {{"1", "it had told of no progress"},
                                                       {"3", "it was last at: step 1 of 2, forward, 4.00 KiB"},
                                                       {"5", "it was last at: step 1 of 2, backward, 8.00 KiB"}};
  for (const auto& [point, words] : heard) {
    tool.fake(std::string("mqa=at-") + point + "-hang");
    EXPECT_EQ(run("profile bert-base --attention mqa --device virtual:h100-80gb --timeout 1").err,
              std::string("headroom: mqa: no result after 1s, and it was ended (") + words +
                  "); --timeout 2s would give it twice as long\n");
  }
}

TEST_F(Timeout, EndsOneThatIsDeafOrStoppedAndWhatItStarted) {
  for (const std::string action : {"stubborn", "at-3-stop", "brood"}) {
    SCOPED_TRACE(action);
    tool.fake("mqa=" + action);
    const Ended ended = run("profile bert-base --attention mqa --device virtual:h100-80gb --timeout 0.2s");
    EXPECT_EQ(ended.code, 3);
    EXPECT_THAT(ended.err, HasSubstr(kGaveUp));
  }
}

TEST_F(Timeout, EndsOneThatNeverStopsTalking) {
  tool.fake("mqa=at-4-spew");
  const Ended ended = run("profile bert-base --attention mqa --device virtual:h100-80gb --timeout 1s");
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("it was last at: step 1 of 2, forward, 4.00 KiB; its last words: yyyyy"),
                               HasSubstr("yyy…); --timeout 2s")));
  EXPECT_LT(ended.err.size(), 1000u);
}

TEST_F(Timeout, IsOfEachRunAndTheOthersAreThere) {
  tool.fake("mqa=hang,sha=slow");
  const Ended ended = run(
      "compare bert-base --attention mha,mqa,sha --jobs 1 --device virtual:h100-80gb --timeout 5 --timeout 1 --out out "
      "--format json,terminal");
  EXPECT_EQ(ended.code, 2) << "a flag is given once";
  const Ended once =
      run("compare bert-base --attention mha,mqa,sha --jobs 1 --device virtual:h100-80gb --timeout 1 --out out "
          "--format json "
          "--quiet");
  EXPECT_EQ(once.code, 3);
  EXPECT_EQ(
      once.err,
      "headroom: mqa: no result after 1s, and it was ended (it had told of no progress); --timeout 2s would give it "
      "twice as long\n");
  const Json report = parse_json_file(here / "out/report.json");
  EXPECT_EQ(report.at("runs").at(0).at("outcome").at("kind"), "ok");
  EXPECT_EQ(report.at("runs").at(1).at("outcome").at("kind"), "error");
  EXPECT_EQ(report.at("runs").at(1).at("outcome").at("message").get<std::string>().substr(0, 18), "no result after 1s");
  EXPECT_EQ(report.at("runs").at(2).at("outcome").at("kind"), "ok");
  EXPECT_TRUE(std::filesystem::exists(here / "out/sha.headroom"));
  EXPECT_FALSE(std::filesystem::exists(here / "out/mqa.headroom"));
}

TEST_F(Timeout, OfABudgetFailsItAndTheOthersAreJudged) {
  std::ofstream(here / "budgets.toml") << R"([defaults]
timeout = "1s"
peak = 20000
[[budget]]
model = "bert-base"
attention = "mqa"
[[budget]]
name = "well"
model = "bert-base"
attention = "mha"
timeout = "none"
[[budget]]
name = "program"
command = ["sleep", "100"]
[[budget]]
name = "slow"
model = "bert-base"
attention = "skv"
timeout = 30
)";
  tool.fake("mqa=at-2-hang,skv=slow");
  const Ended ended = run("check --format json");
  EXPECT_EQ(ended.code, 3);
  const Json runs = Json::parse(ended.out).at("budgets");
  const auto reason = [&](std::size_t i) {
    const Json& message = runs.at(i).at("message");
    return message.is_string() ? message.get<std::string>() : "";
  };
  EXPECT_THAT(reason(0), AllOf(HasSubstr("no result after 1s"), HasSubstr("step 1 of 2, forward, 4.00 KiB")));
  EXPECT_EQ(reason(1), "");
  EXPECT_THAT(reason(2), HasSubstr("no result after 1s, and it was ended; --timeout 2s"));
  EXPECT_EQ(reason(3), "");
  EXPECT_EQ(run("check --timeout 0.05 --format github").code, 3);
}

TEST_F(Timeout, OfABudgetFileIsReadLikeTheFlag) {
  const std::string budget = "[[budget]]\nmodel = \"bert-base\"\npeak = 1\n";
  const auto limit_of = [&](const std::string& line) {
    return cli::parse_budget_file(budget + line, "b.toml").entries.front().limit;
  };
  EXPECT_EQ(limit_of(""), std::nullopt);
  EXPECT_EQ(limit_of("timeout = 90\n"), std::chrono::seconds(90));
  EXPECT_EQ(limit_of("timeout = \"1.5m\"\n"), std::chrono::seconds(90));
  EXPECT_EQ(limit_of("timeout = \"none\"\n"), kNoLimit);
  EXPECT_EQ(message_of(ExitCode::bad_input, [&] { limit_of("timeout = \"soon\"\n"); }),
            "b.toml:4: 'timeout' is 'soon', expected a time such as 90s, 10m or 1.5h, from 0.001s to 720h, or none");
  EXPECT_EQ(
      message_of(
          ExitCode::bad_input,
          [] { cli::parse_budget_file("[[budget]]\nrecording = \"x.headroom\"\npeak = 1\ntimeout = 1\n", "b.toml"); }),
      "b.toml:4: 'timeout' says nothing of a recording, which is made");
}

TEST_F(Timeout, OfASweepLeavesARowThatIsRunAgain) {
  std::ofstream(here / "sweep.toml") << "timeout = 1\n[base]\nmodel = \"bert-base\"\n[grid]\nattention = [\"mha\", "
                                        "\"mqa\"]\n";
  tool.fake("mqa=hang");
  const Ended ended = run("sweep sweep.toml --jobs 1 --out out --format json");
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("headroom: mqa: no result after 1s"));
  EXPECT_THAT(ended.out, HasSubstr("no result after 1s"));
  const std::string whole = Json::parse(ended.out).at("sweep");
  tool.fake("mqa=slow");
  const Ended again = run("sweep sweep.toml --jobs 1 --out out --format json --timeout none");
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.err, HasSubstr("1 of 2 runs are there already"));
  EXPECT_EQ(Json::parse(again.out).at("sweep"), whole) << "a limit is no part of what is run";
  std::ofstream(here / "sweep.toml") << "timeout = \"x\"\n[base]\nmodel = \"bert-base\"\n[grid]\nbatch = [1]\n";
  EXPECT_THAT(run("sweep sweep.toml").err, HasSubstr("sweep.toml:1: 'timeout' is 'x', expected a time"));
}

TEST_F(Timeout, OfASearchKeepsWhatWasFound) {
  tool.fake("hang-above-1");
  const Ended ended =
      run("fit gpt2 --seq 10 --solve batch --advice none --device virtual:a100-40gb --timeout 1 --format json");
  EXPECT_EQ(ended.code, 3);
  EXPECT_THAT(ended.err, HasSubstr("no result after 1s"));
  EXPECT_EQ(Json::parse(ended.out).at("results").at(0).at("value"), 1);
}

TEST_F(Timeout, OfAReplayAndOfATrainingIsTold) {
  ASSERT_EQ(run("profile bert-base --attention mqa --device virtual:h100-80gb --quiet --out in").code, 0);
  std::ofstream(here / "text.txt") << std::string(9000, 'a');
  tool.fake("replay=hang,training=hang");
  const Ended replay = run("fragmentation in/mqa.headroom --settings expandable_segments:True --timeout 0.2");
  EXPECT_EQ(replay.code, 3);
  // Of two that run at once, the first to be ended.
  EXPECT_THAT(replay.err, AllOf(HasSubstr("the replay '"), HasSubstr("' failed: "), HasSubstr(kGaveUp)));
  const Ended training = run("reproduce mhe --only training --attention mha --seeds 1 --text text.txt --timeout 0.2");
  EXPECT_EQ(training.code, 3);
  EXPECT_THAT(training.err, AllOf(HasSubstr("the training of mha, seed 0 failed: "), HasSubstr(kGaveUp)));
}

TEST_F(Timeout, OfAProgramEndsAllItStartedAndKeepsWhatWasRecorded) {
  for (const std::string end : {"hang", "deaf"}) {
    SCOPED_TRACE(end);
    const Ended ended = run("run --device virtual:h100-80gb --timeout 1 --quiet -- " HEADROOM_FAKE_PROGRAM
                            " attach _ record cuda0 1048576 pid brood " +
                            end);
    EXPECT_EQ(ended.code, 3);
    EXPECT_EQ(ended.err,
              "headroom: headroom_fake_program: no result after 1s, and it was ended; --timeout 2s would give it twice "
              "as long\n");
    const Recording kept = read_recording(here / "headroom_fake_program.headroom");
    EXPECT_EQ(kept.outcome.kind, OutcomeKind::error);
    EXPECT_THAT(kept.outcome.message, HasSubstr("no result after 1s"));
    EXPECT_EQ(kept.stats.peak_allocated_bytes, 1 << 20);
  }
}

TEST_F(Timeout, IsNoneOfARunThatIsDoneInTime) {
  tool.fake("slow");
  EXPECT_EQ(run("profile bert-base --attention mqa --device virtual:h100-80gb --timeout 30").code, 0);
  EXPECT_EQ(run("run --device virtual:h100-80gb --timeout 1h --quiet -- " HEADROOM_FAKE_PROGRAM
                " attach _ record cuda0 1048576 exit 7")
                .code,
            7);
}

}  // namespace
}  // namespace headroom::cli_test
