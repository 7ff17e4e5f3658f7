// Runs as processes, and their results.
#include <gmock/gmock.h>
#include <signal.h>

#include <QAbstractItemModelTester>
#include <QAction>
#include <QDir>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QTimer>

#include "gui/running/estimate.h"
#include "gui/running/estimate_panel.h"
#include "gui/running/run_dialog.h"
#include "gui/running/run_process.h"
#include "gui/running/run_queue.h"
#include "gui/views/text.h"
#include "tests/gui/fake_headroom.h"
#include "tests/gui/support.h"

namespace headroom::gui {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

bool wait_for_end(const RunProcess& process) {
  return wait_until([&] { return process.state() > RunProcess::State::running; });
}

TEST(ProgressLine, IsADocumentOfARunAndNothingElse) {
  const auto progress = parse_progress_line(R"({"run":"a","phase":"backward","step":1,"steps":2,"allocated_bytes":9})");
  ASSERT_TRUE(progress);
  EXPECT_EQ(*progress, (RunProgress{QStringLiteral("backward"), 1, 2, 9}));
  for (const char* line : {"", "headroom: out of memory", "{}", R"({"run":"a","phase":7})", R"({"phase":"x"})", "{{{{"})
    EXPECT_FALSE(parse_progress_line(line)) << line;
}

TEST(RunLog, KeepsTheLastLinesAndNoMoreThanSoManyBytes) {
  RunLog log;
  for (int i = 0; i < 25'000; ++i) log.add(QByteArray::number(i));
  EXPECT_EQ(log.lines().size(), RunLog::kMostLines);
  EXPECT_EQ(log.lines().back(), "24999");
  EXPECT_EQ(log.written(), 25'000);
  for (int i = 0; i < 1000; ++i) log.add(QByteArray(1 << 16, 'x'));
  EXPECT_LE(log.text().size(), RunLog::kMostBytes + 1000);
}

TEST(RunProcess, LeavesARecordingAndTellsHowFarItIs) {
  const FakeHeadroom fake;
  RunProcess process(bert_run());
  process.start();
  ASSERT_TRUE(wait_for_end(process));
  EXPECT_EQ(process.state(), RunProcess::State::recorded);
  EXPECT_EQ(process.progress(), (RunProgress{QStringLiteral("forward"), 1, 2, 4096}));
  EXPECT_THAT(process.log().lines(), ElementsAre("a message"));
  ASSERT_EQ(process.recordings().size(), 1);
  EXPECT_TRUE(QFile::exists(process.recordings().front()));
  EXPECT_THAT(fake.calls().join('\n').toStdString(),
              HasSubstr("--quiet --progress lines bert-base --batch 8 --seq 128 --device virtual:h100-80gb"));
}

TEST(RunProcess, OutOfMemoryIsAResult) {
  FakeHeadroom fake;
  fake.set_room(10);
  RunProcess process(bert_run());
  process.start();
  ASSERT_TRUE(wait_for_end(process));
  EXPECT_EQ(process.state(), RunProcess::State::recorded);
  EXPECT_EQ(process.exit_code(), 3);
}

TEST(RunProcess, SaysWhyItFailed) {
  FakeHeadroom fake;
  const std::pair<const char*, const char*> cases[] = {
      {"refuse", "--batch is 7, which nobody wants; expected 8"},
      {"crash", "a last word"},
      {"killed", "headroom was ended by a signal, 9."},
      {"empty", "headroom ended with exit code 0 and left no recording."}};
  for (const auto& [action, reason] : cases) {
    fake.act(action);
    RunProcess process(bert_run());
    process.start();
    ASSERT_TRUE(wait_for_end(process)) << action;
    EXPECT_EQ(process.state(), RunProcess::State::failed) << action;
    EXPECT_EQ(process.problem().toStdString(), reason);
  }
}

TEST(RunProcess, AProgramThatIsNotThereIsAReason) {
  const FakeHeadroom fake;
  qputenv("HEADROOM_PROGRAM", "/nowhere");
  RunProcess process(bert_run());
  QSignalSpy finished(&process, &RunProcess::finished);
  process.start();
  EXPECT_EQ(finished.count(), 0);
  ASSERT_TRUE(wait_for_end(process));
  EXPECT_EQ(finished.count(), 1);
  EXPECT_THAT(process.problem().toStdString(), HasSubstr("It should be the path of headroom"));
}

TEST(RunProcess, AFloodDoesNotGrowTheLog) {
  FakeHeadroom fake;
  fake.act("flood");
  RunProcess process(bert_run());
  process.start();
  ASSERT_TRUE(wait_for_end(process));
  EXPECT_EQ(process.state(), RunProcess::State::recorded);
  EXPECT_LE(process.log().lines().size(), RunLog::kMostLines);
  EXPECT_LE(process.log().text().size(), RunLog::kMostBytes + static_cast<qsizetype>(RunLog::kMostLines));
  EXPECT_GT(process.log().dropped(), 0);
  for (const QByteArray& line : process.log().lines()) EXPECT_LE(line.size(), RunLog::kLongestLine);
}

TEST(RunProcess, AFloodWithoutEndLeavesTheWindowAliveAndIsCancelled) {
  FakeHeadroom fake;
  for (const char* action : {"deluge", "torrent"}) {
    fake.act(action);
    RunProcess process(bert_run());
    int ticks = 0;
    QTimer clock;
    QObject::connect(&clock, &QTimer::timeout, [&] { ++ticks; });
    clock.start(1);
    process.start();
    ASSERT_TRUE(wait_until([&] { return process.log().dropped() > 0; })) << action;
    EXPECT_TRUE(wait_until([&] { return ticks > 5; })) << action;
    process.cancel();
    ASSERT_TRUE(wait_for_end(process)) << action;
    EXPECT_EQ(process.state(), RunProcess::State::cancelled);
    EXPECT_LE(process.log().lines().size(), RunLog::kMostLines);
    EXPECT_LE(process.log().text().size(), RunLog::kMostBytes + static_cast<qsizetype>(RunLog::kMostLines));
    EXPECT_TRUE(fake.all_gone()) << action;
  }
}

TEST(RunProcess, SaysThatItWasKilledFromOutside) {
  FakeHeadroom fake;
  fake.act("hang");
  RunProcess process(bert_run());
  process.start();
  ASSERT_TRUE(wait_until([&] { return !fake.processes().empty(); }));
  ::kill(static_cast<pid_t>(fake.processes().front()), SIGKILL);
  ASSERT_TRUE(wait_for_end(process));
  EXPECT_EQ(process.state(), RunProcess::State::failed);
  EXPECT_EQ(process.exit_code(), -1);
  EXPECT_EQ(process.problem().toStdString(), "headroom was ended by a signal, 9.");
}

TEST(RunProcess, IsCancelledAndSoIsEveryProcessOfItsGroup) {
  FakeHeadroom fake;
  for (const char* action : {"hang", "stubborn"}) {
    fake.act(action);
    RunProcess process(bert_run());
    process.start();
    ASSERT_TRUE(wait_until([&] { return !fake.processes().empty(); }));
    process.cancel();
    ASSERT_TRUE(wait_for_end(process)) << action;
    EXPECT_EQ(process.state(), RunProcess::State::cancelled);
    EXPECT_TRUE(fake.all_gone()) << action;
  }
}

TEST(RunProcess, EndsWithItsObject) {
  FakeHeadroom fake;
  fake.act("stubborn");
  {
    RunProcess process(bert_run());
    process.start();
    ASSERT_TRUE(wait_until([&] { return fake.processes().size() >= 3; }));
  }
  EXPECT_TRUE(fake.all_gone());
}

TEST(RunProcess, LeavesNoScratchBehind) {
  const FakeHeadroom fake;
  QDir(scratch_root()).removeRecursively();
  {
    RunProcess process(bert_run());
    process.start();
    ASSERT_TRUE(wait_for_end(process));
    EXPECT_EQ(QDir(scratch_root()).entryList(QDir::Dirs | QDir::NoDotAndDotDot).size(), 1);
  }
  EXPECT_EQ(QDir(scratch_root()).entryList(QDir::Dirs | QDir::NoDotAndDotDot).size(), 0);
}

TEST(RunProcess, SaysThatThereIsNoSignOfLife) {
  FakeHeadroom fake;
  fake.act("hang");
  RunProcess process(bert_run());
  process.set_silence_milliseconds(50);
  QSignalSpy silent(&process, &RunProcess::silent);
  process.start();
  EXPECT_TRUE(wait_until([&] { return silent.count() > 0; }));
  EXPECT_GT(process.silent_seconds(), 0);
  EXPECT_TRUE(process.is_running());
}

TEST(Estimate, SaysThatItsRunIsSilentAndAnotherQuestionEndsIt) {
  FakeHeadroom fake;
  fake.act("stubborn");
  Estimate estimate;
  EstimatePanel panel;
  QObject::connect(&estimate, &Estimate::silent, &panel, &EstimatePanel::show_busy);
  estimate.set_silence_milliseconds(50);
  panel.show_busy();
  estimate.ask(bert_run());
  ASSERT_TRUE(wait_until([&] { return panel.text().contains(QStringLiteral("no sign of life for 1 s")); }))
      << panel.text().toStdString();
  fake.act("well");
  panel.show_busy();
  EXPECT_FALSE(panel.text().contains(QStringLiteral("no sign of life")));
  estimate.ask(bert_run());
  ASSERT_TRUE(wait_until([&] { return !estimate.is_busy(); }));
  EXPECT_TRUE(estimate.result().fits());
  EXPECT_TRUE(fake.all_gone());
}

TEST(RunProcess, GenerationIsRunWithoutASearch) {
  const FakeHeadroom fake;
  RunSpec spec = bert_run();
  spec.mode = Mode::generate;
  RunProcess process(spec);
  process.start();
  ASSERT_TRUE(wait_for_end(process));
  EXPECT_THAT(fake.calls().join('\n').toStdString(), HasSubstr("--no-fit"));
}

TEST(RunResult, IsTheRecordingsOwnPeak) {
  const RunHandle run = run_of(virtual_recording(), "a");
  const RunResult result = result_of(summarize(virtual_recording()));
  EXPECT_EQ(result.kind, RunResult::Kind::fits);
  EXPECT_TRUE(result.is_virtual);
  EXPECT_EQ(result.allocated_bytes, run->breakdown.peak.allocated_bytes);
  EXPECT_EQ(result.reserved_bytes, run->breakdown.peak_reserved_bytes);
  EXPECT_EQ(result.categories, run->breakdown.peak.categories);
  EXPECT_EQ(result.left_bytes(), (1 << 21) - (1 << 20));
  EXPECT_EQ(result_of(summarize(oom_recording())).kind, RunResult::Kind::oom);
  EXPECT_THAT(result_of(summarize(oom_recording())).message, HasSubstr("3.00 MiB asked for in forward, block.0/attn"));
}

TEST(ResultCache, KnowsASpecAndNoOther) {
  const FakeHeadroom fake;
  ResultCache cache;
  const RunSummary run = summarize(virtual_recording());
  cache.keep(bert_run(8), run);
  EXPECT_EQ(cache.find(bert_run(8)), run);
  EXPECT_FALSE(cache.find(bert_run(9)));
  cache.keep(bert_run(9), {.outcome = OutcomeKind::error, .message = "no"});
  EXPECT_FALSE(cache.find(bert_run(9)));
}

TEST(ResultCache, IsThatOfTheCommandLine) {
  const FakeHeadroom fake;
  ResultCache().keep(bert_run(), summarize(virtual_recording()));
  const headroom::ResultCache of_the_command_line(results_folder());
  EXPECT_TRUE(of_the_command_line.find(run_key(bert_run(), fake.program().toStdString())));
}

TEST(Estimate, AnswersTheNewestQuestionAlone) {
  const FakeHeadroom fake;
  Estimate estimate;
  QSignalSpy finished(&estimate, &Estimate::finished);
  for (const std::int64_t batch : {1, 2, 3}) estimate.ask(bert_run(batch), batch == 3 ? 0 : 20);
  ASSERT_TRUE(wait_until([&] { return finished.count() > 0; }));
  EXPECT_EQ(estimate.spec().batch, 3);
  EXPECT_TRUE(estimate.result().fits());
  QTest::qWait(50);
  EXPECT_EQ(finished.count(), 1);
  EXPECT_EQ(fake.calls().size(), 1);
}

TEST(Estimate, EndsWhatNobodyWaitsFor) {
  FakeHeadroom fake;
  fake.act("hang");
  Estimate estimate;
  estimate.ask(bert_run(1));
  ASSERT_TRUE(wait_until([&] { return !fake.processes().empty(); }));
  fake.act("well");
  estimate.ask(bert_run(2));
  ASSERT_TRUE(wait_until([&] { return !estimate.is_busy(); }));
  EXPECT_TRUE(estimate.result().fits());
  EXPECT_TRUE(fake.all_gone());
}

TEST(Estimate, AsksOnceWhatIsKnown) {
  const FakeHeadroom fake;
  for (int i = 0; i < 2; ++i) {
    Estimate estimate;
    estimate.ask(bert_run());
    ASSERT_TRUE(wait_until([&] { return !estimate.is_busy(); }));
    EXPECT_TRUE(estimate.result().fits());
  }
  EXPECT_EQ(fake.calls().size(), 1);
}

TEST(Estimate, IsMadeAgainWhereTheProgramWasReplacedMeanwhile) {
  FakeHeadroom fake;
  fake.act("hang");
  Estimate estimate;
  estimate.ask(bert_run());
  ASSERT_TRUE(wait_until([&] { return !fake.processes().empty(); }));
  fake.act("well");
  fake.become("0.2.0");
  ::kill(static_cast<pid_t>(fake.processes().front()), SIGKILL);
  ASSERT_TRUE(wait_until([&] { return !estimate.is_busy(); }));
  EXPECT_TRUE(estimate.result().fits());
  EXPECT_EQ(fake.calls().size(), 2);
  EXPECT_TRUE(ResultCache().find(bert_run()));
}

TEST(ResultCache, DoesNotTrustWhatAnotherVersionOfTheProgramSaid) {
  FakeHeadroom fake;
  ResultCache cache;
  cache.keep(bert_run(), summarize(virtual_recording()));
  fake.become("0.2.0-newer");
  EXPECT_FALSE(cache.find(bert_run()));
}

TEST(Estimate, OfARealDeviceIsOnAVirtualOne) {
  RunSpec spec = bert_run();
  spec.device = "cpu";
  spec.trace = TraceLevel::none;
  EXPECT_EQ(estimated_spec(spec).device, "virtual:h100-80gb");
  spec.device = "virtual:a100-40gb";
  EXPECT_EQ(estimated_spec(spec).device, "virtual:a100-40gb");
}

}  // namespace
}  // namespace headroom::gui
