// Runs as processes, their results, and the queue of them.
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
#include "gui/running/queue_panel.h"
#include "gui/running/run_actions.h"
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

RunSpec bert(std::int64_t batch = 8) {
  RunSpec spec;
  spec.model = "bert-base";
  spec.batch = batch;
  return spec;
}

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
  RunProcess process(bert());
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
  RunProcess process(bert());
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
    RunProcess process(bert());
    process.start();
    ASSERT_TRUE(wait_for_end(process)) << action;
    EXPECT_EQ(process.state(), RunProcess::State::failed) << action;
    EXPECT_EQ(process.problem().toStdString(), reason);
  }
}

TEST(RunProcess, AProgramThatIsNotThereIsAReason) {
  const FakeHeadroom fake;
  qputenv("HEADROOM_PROGRAM", "/nowhere");
  RunProcess process(bert());
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
  RunProcess process(bert());
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
    RunProcess process(bert());
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
  RunProcess process(bert());
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
    RunProcess process(bert());
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
    RunProcess process(bert());
    process.start();
    ASSERT_TRUE(wait_until([&] { return fake.processes().size() >= 3; }));
  }
  EXPECT_TRUE(fake.all_gone());
}

TEST(RunProcess, LeavesNoScratchBehind) {
  const FakeHeadroom fake;
  QDir(scratch_root()).removeRecursively();
  {
    RunProcess process(bert());
    process.start();
    ASSERT_TRUE(wait_for_end(process));
    EXPECT_EQ(QDir(scratch_root()).entryList(QDir::Dirs | QDir::NoDotAndDotDot).size(), 1);
  }
  EXPECT_EQ(QDir(scratch_root()).entryList(QDir::Dirs | QDir::NoDotAndDotDot).size(), 0);
}

TEST(RunProcess, SaysThatThereIsNoSignOfLife) {
  FakeHeadroom fake;
  fake.act("hang");
  RunProcess process(bert());
  process.set_silence_milliseconds(50);
  QSignalSpy silent(&process, &RunProcess::silent);
  process.start();
  EXPECT_TRUE(wait_until([&] { return silent.count() > 0; }));
  EXPECT_GT(process.silent_seconds(), 0);
  EXPECT_TRUE(process.is_running());
}

TEST(RunProcess, GenerationIsRunWithoutASearch) {
  const FakeHeadroom fake;
  RunSpec spec = bert();
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
  cache.keep(bert(8), run);
  EXPECT_EQ(cache.find(bert(8)), run);
  EXPECT_FALSE(cache.find(bert(9)));
  cache.keep(bert(9), {.outcome = OutcomeKind::error, .message = "no"});
  EXPECT_FALSE(cache.find(bert(9)));
}

TEST(ResultCache, IsThatOfTheCommandLine) {
  const FakeHeadroom fake;
  ResultCache().keep(bert(), summarize(virtual_recording()));
  const headroom::ResultCache of_the_command_line(results_folder());
  EXPECT_TRUE(of_the_command_line.find(run_key(bert(), fake.program().toStdString())));
}

TEST(Estimate, AnswersTheNewestQuestionAlone) {
  const FakeHeadroom fake;
  Estimate estimate;
  QSignalSpy finished(&estimate, &Estimate::finished);
  for (const std::int64_t batch : {1, 2, 3}) estimate.ask(bert(batch), batch == 3 ? 0 : 20);
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
  estimate.ask(bert(1));
  ASSERT_TRUE(wait_until([&] { return !fake.processes().empty(); }));
  fake.act("well");
  estimate.ask(bert(2));
  ASSERT_TRUE(wait_until([&] { return !estimate.is_busy(); }));
  EXPECT_TRUE(estimate.result().fits());
  EXPECT_TRUE(fake.all_gone());
}

TEST(Estimate, AsksOnceWhatIsKnown) {
  const FakeHeadroom fake;
  for (int i = 0; i < 2; ++i) {
    Estimate estimate;
    estimate.ask(bert());
    ASSERT_TRUE(wait_until([&] { return !estimate.is_busy(); }));
    EXPECT_TRUE(estimate.result().fits());
  }
  EXPECT_EQ(fake.calls().size(), 1);
}

TEST(Estimate, IsMadeAgainWhereTheProgramWasReplacedMeanwhile) {
  FakeHeadroom fake;
  fake.act("hang");
  Estimate estimate;
  estimate.ask(bert());
  ASSERT_TRUE(wait_until([&] { return !fake.processes().empty(); }));
  fake.act("well");
  fake.become("0.2.0");
  ::kill(static_cast<pid_t>(fake.processes().front()), SIGKILL);
  ASSERT_TRUE(wait_until([&] { return !estimate.is_busy(); }));
  EXPECT_TRUE(estimate.result().fits());
  EXPECT_EQ(fake.calls().size(), 2);
  EXPECT_TRUE(ResultCache().find(bert()));
}

TEST(ResultCache, DoesNotTrustWhatAnotherVersionOfTheProgramSaid) {
  FakeHeadroom fake;
  ResultCache cache;
  cache.keep(bert(), summarize(virtual_recording()));
  fake.become("0.2.0-newer");
  EXPECT_FALSE(cache.find(bert()));
}

TEST(Estimate, OfARealDeviceIsOnAVirtualOne) {
  RunSpec spec = bert();
  spec.device = "cpu";
  spec.trace = TraceLevel::none;
  EXPECT_EQ(estimated_spec(spec).device, "virtual:h100-80gb");
  spec.device = "virtual:a100-40gb";
  EXPECT_EQ(estimated_spec(spec).device, "virtual:a100-40gb");
}

bool wait_for_all(const RunQueue& queue) {
  return wait_until([&] {
    return std::all_of(queue.items().begin(), queue.items().end(), [](const auto& item) { return item->is_over(); });
  });
}

TEST(RunQueue, OpensWhatEndsInTheSession) {
  const FakeHeadroom fake;
  Session session;
  RunQueue& queue = queue_of(session);
  QAbstractItemModelTester tester(&queue, QAbstractItemModelTester::FailureReportingMode::Fatal);
  queue.add({bert(8), bert(16)});
  ASSERT_TRUE(wait_for_all(queue));
  ASSERT_TRUE(wait_until([&] { return !session.is_loading(); }));
  EXPECT_EQ(queue.count(QueueState::done), 2);
  ASSERT_EQ(session.runs().size(), 2u);
  EXPECT_EQ(session.runs()[0].state, RunState::ready);
  EXPECT_EQ(session.current_run()->label, QStringLiteral("bert-base-b8-s128"));
  EXPECT_EQ(queue.index(0, RunQueue::kPeak).data().toString(),
            size_text(session.current_loaded()->breakdown.peak.allocated_bytes));
}

TEST(RunQueue, OutOfMemoryOpensToo) {
  FakeHeadroom fake;
  fake.set_room(1);
  Session session;
  RunQueue& queue = queue_of(session);
  queue.add({bert()});
  ASSERT_TRUE(wait_for_all(queue));
  EXPECT_EQ(queue.item(0).state, QueueState::oom);
  ASSERT_TRUE(wait_until([&] { return session.current_loaded() != nullptr; }));
  EXPECT_EQ(session.current_loaded()->recording.outcome.kind, OutcomeKind::oom);
  EXPECT_THAT(queue.index(0, RunQueue::kProgress).data().toString().toStdString(), HasSubstr("out of memory"));
}

TEST(RunQueue, RunsNoMoreAtOnceThanItMay) {
  FakeHeadroom fake;
  fake.act("hang");
  Session session;
  RunQueue& queue = queue_of(session);
  queue.set_virtual_at_once(2);
  RunSpec real = bert();
  real.device = "cpu";
  queue.add({bert(1), bert(2), bert(3), real, real});
  EXPECT_EQ(queue.count(QueueState::running), 3);
  EXPECT_EQ(queue.item(2).state, QueueState::waiting);
  EXPECT_EQ(queue.item(3).state, QueueState::running);
  EXPECT_EQ(queue.item(4).state, QueueState::waiting);
  EXPECT_EQ(queue.summary(), QStringLiteral("3 running, 2 waiting"));
  queue.cancel_all();
  ASSERT_TRUE(wait_for_all(queue));
  EXPECT_EQ(queue.count(QueueState::cancelled), 5);
  EXPECT_TRUE(fake.all_gone());
}

TEST(RunQueue, AFailureStaysWithItsReasonAndCanBeRunAgain) {
  FakeHeadroom fake;
  fake.act("refuse");
  Session session;
  RunQueue& queue = queue_of(session);
  QSignalSpy messages(&queue, &RunQueue::message);
  queue.add({bert()});
  ASSERT_TRUE(wait_for_all(queue));
  EXPECT_EQ(queue.item(0).state, QueueState::failed);
  EXPECT_THAT(queue.index(0, RunQueue::kProgress).data().toString().toStdString(), HasSubstr("--batch is 7"));
  EXPECT_EQ(messages.count(), 1);
  EXPECT_TRUE(session.runs().empty());
  fake.act("well");
  queue.retry(0);
  ASSERT_TRUE(wait_for_all(queue));
  EXPECT_EQ(queue.item(0).state, QueueState::done);
}

TEST(RunQueue, ForgetsWhatIsRemovedAndEndsIt) {
  FakeHeadroom fake;
  fake.act("hang");
  Session session;
  RunQueue& queue = queue_of(session);
  QAbstractItemModelTester tester(&queue, QAbstractItemModelTester::FailureReportingMode::Fatal);
  queue.add({bert(1), bert(2)});
  ASSERT_TRUE(wait_until([&] { return !fake.processes().empty(); }));
  queue.remove(0);
  EXPECT_EQ(queue.rowCount(), 1);
  queue.remove(0);
  EXPECT_TRUE(fake.all_gone());
}

TEST(RunQueue, RunsTheCurrentRunAgain) {
  const FakeHeadroom fake;
  Session session;
  RunQueue& queue = queue_of(session);
  queue.run_again();
  EXPECT_EQ(queue.rowCount(), 0);
  Recording recording = virtual_recording();
  recording.spec.batch = 77;
  session.add(run_of(recording, "a"));
  queue.run_again();
  ASSERT_EQ(queue.rowCount(), 1);
  EXPECT_EQ(queue.item(0).spec.batch, 77);
}

TEST(RunQueue, EndsWithItsSession) {
  FakeHeadroom fake;
  fake.act("hang");
  {
    Session session;
    queue_of(session).add({bert()});
    ASSERT_TRUE(wait_until([&] { return !fake.processes().empty(); }));
  }
  EXPECT_TRUE(fake.all_gone());
}

TEST(RunLabel, IsAFileName) {
  RunSpec spec = bert();
  spec.attention = "window:window=64";
  EXPECT_EQ(run_label(spec).toStdString(), "bert-base-window-window-64-b8-s128");
  spec.model = "/models/my model/config.json";
  spec.attention.clear();
  EXPECT_EQ(run_label(spec).toStdString(), "my-model-b8-s128");
}

QAction* action_of(const QWidget& widget, const QString& text) {
  for (QAction* action : widget.findChildren<QAction*>())
    if (action->text() == text) return action;
  return nullptr;
}

TEST(QueuePanel, OffersWhatCanBeDoneWithARun) {
  FakeHeadroom fake;
  fake.act("hang");
  Session session;
  RunQueue& queue = queue_of(session);
  QueuePanel panel(queue);
  panel.show();
  EXPECT_FALSE(action_of(panel, QStringLiteral("Cancel"))->isEnabled());
  queue.add({bert()});
  EXPECT_EQ(panel.current_row(), 0);
  EXPECT_TRUE(action_of(panel, QStringLiteral("Cancel"))->isEnabled());
  EXPECT_FALSE(action_of(panel, QStringLiteral("Open"))->isEnabled());
  action_of(panel, QStringLiteral("Cancel"))->trigger();
  ASSERT_TRUE(wait_for_all(queue));
  fake.act("well");
  action_of(panel, QStringLiteral("Run again"))->trigger();
  ASSERT_TRUE(wait_for_all(queue));
  EXPECT_TRUE(action_of(panel, QStringLiteral("Open"))->isEnabled());
  QTest::keyClick(panel.table(), Qt::Key_Delete);
  EXPECT_EQ(queue.rowCount(), 0);
  EXPECT_EQ(panel.current_row(), -1);
}

TEST(QueuePanel, ShowsTheLogOfTheChosenRun) {
  const FakeHeadroom fake;
  Session session;
  RunQueue& queue = queue_of(session);
  QueuePanel panel(queue);
  panel.show();
  action_of(panel, QStringLiteral("Log"))->trigger();
  queue.add({bert()});
  ASSERT_TRUE(wait_for_all(queue));
  EXPECT_TRUE(wait_until([&] { return panel.log_text() == QStringLiteral("a message"); }));
  queue.remove(0);
  EXPECT_EQ(panel.log_text(), QString());
}

TEST(RunActions, FollowWhatThereIs) {
  const FakeHeadroom fake;
  Session session;
  QWidget window;
  const QList<QAction*> actions = make_run_actions(session, &window);
  ASSERT_EQ(actions.size(), 5);
  for (const int i : {0, 4}) EXPECT_TRUE(actions[i]->isEnabled());
  for (int i = 1; i < 4; ++i) EXPECT_FALSE(actions[i]->isEnabled()) << i;
  Recording recording = virtual_recording();
  recording.spec.batch = 21;
  session.add(run_of(recording, "a"));
  EXPECT_TRUE(actions[1]->isEnabled());
  actions[2]->trigger();
  EXPECT_EQ(show_run_dialog(session, &window).spec().batch, 21);
}

}  // namespace
}  // namespace headroom::gui
