// The queue of runs, its panel, and what can be done with a run.
#include "gui/running/run_queue.h"

#include <gmock/gmock.h>

#include <QAbstractItemModelTester>
#include <QAction>
#include <QDir>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QTimer>

#include "gui/running/queue_panel.h"
#include "gui/running/run_actions.h"
#include "gui/running/run_dialog.h"
#include "gui/views/text.h"
#include "tests/gui/fake_headroom.h"
#include "tests/gui/support.h"

namespace headroom::gui {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

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
  queue.add({bert_run(8), bert_run(16)});
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
  queue.add({bert_run()});
  ASSERT_TRUE(wait_for_all(queue));
  EXPECT_EQ(queue.item(0).state, QueueState::oom);
  ASSERT_TRUE(wait_until([&] { return session.current_loaded() != nullptr; }));
  EXPECT_EQ(session.current_loaded()->recording.outcome.kind, OutcomeKind::oom);
  EXPECT_THAT(queue.index(0, RunQueue::kProgress).data().toString().toStdString(), HasSubstr("out of memory"));
}

TEST(RunQueue, SaysOfARunThatIsSilentThatItCanBeCancelledAndEndsItHoweverDeaf) {
  FakeHeadroom fake;
  fake.act("stubborn");
  Session session;
  RunQueue& queue = queue_of(session);
  queue.add({bert_run()});
  ASSERT_TRUE(wait_until([&] { return fake.processes().size() >= 2; }));
  queue.item(0).process->set_silence_milliseconds(1);
  const auto told = [&] { return queue.index(0, RunQueue::kProgress).data().toString().toStdString(); };
  ASSERT_TRUE(wait_until([&] { return told().starts_with("no sign of life for "); })) << told();
  EXPECT_THAT(told(), HasSubstr("it can be cancelled"));
  queue.cancel(0);
  ASSERT_TRUE(wait_for_all(queue));
  EXPECT_EQ(queue.item(0).state, QueueState::cancelled);
  EXPECT_TRUE(fake.all_gone());
}

TEST(RunQueue, RunsNoMoreAtOnceThanItMay) {
  FakeHeadroom fake;
  fake.act("hang");
  Session session;
  RunQueue& queue = queue_of(session);
  queue.set_virtual_at_once(2);
  RunSpec real = bert_run();
  real.device = "cpu";
  queue.add({bert_run(1), bert_run(2), bert_run(3), real, real});
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
  queue.add({bert_run()});
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
  queue.add({bert_run(1), bert_run(2)});
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
    queue_of(session).add({bert_run()});
    ASSERT_TRUE(wait_until([&] { return !fake.processes().empty(); }));
  }
  EXPECT_TRUE(fake.all_gone());
}

TEST(RunLabel, IsAFileName) {
  RunSpec spec = bert_run();
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
  queue.add({bert_run()});
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
  queue.add({bert_run()});
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
