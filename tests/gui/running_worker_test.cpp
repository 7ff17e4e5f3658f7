// The real program, its worker and its virtual GPU, as the viewer starts them. Needs a build with Torch, or
// HEADROOM_PROGRAM.
#include <gmock/gmock.h>

#include <QDir>
#include <QFileInfo>
#include <QTest>

#include "gui/running/estimate.h"
#include "gui/running/program.h"
#include "gui/running/run_queue.h"
#include "tests/gui/support.h"

namespace headroom::gui {
namespace {

class RealProgram : public testing::Test {
 protected:
  void SetUp() override {
    const QFileInfo program(find_program().path);
    const QString worker =
        qEnvironmentVariable("HEADROOM_WORKER", program.dir().filePath(QStringLiteral("headroom-worker")));
    if (!program.exists() || !QFileInfo::exists(worker))
      GTEST_SKIP() << "there is no headroom with a worker: build with Torch, or name one in HEADROOM_PROGRAM";
    ResultCache().clear();
  }

  static bool wait_long(const std::function<bool()>& condition) { return QTest::qWaitFor(condition, 120'000); }
};

RunSpec tiny() {
  RunSpec spec;
  spec.model = "bert-tiny";
  spec.seq = 32;
  return spec;
}

TEST_F(RealProgram, ARunOpensAndItsEstimateSaysTheSame) {
  Session session;
  RunQueue& queue = queue_of(session);
  queue.add({tiny()});
  ASSERT_TRUE(wait_long([&] { return queue.item(0).is_over() && session.current_loaded(); }));
  EXPECT_EQ(queue.item(0).state, QueueState::done) << queue.item(0).problem.toStdString();
  EXPECT_GT(queue.item(0).process->progress().steps, 0);
  Estimate estimate;
  estimate.ask(tiny());
  ASSERT_TRUE(wait_long([&] { return !estimate.is_busy(); }));
  EXPECT_EQ(estimate.result().allocated_bytes, session.current_loaded()->breakdown.peak.allocated_bytes);
  EXPECT_TRUE(estimate.result().is_virtual);
}

TEST_F(RealProgram, OutOfMemoryAndARefusalAreTold) {
  RunSpec large = tiny();
  large.batch = 1 << 20;
  large.device = "virtual:a100-40gb";
  Estimate estimate;
  estimate.ask(large);
  ASSERT_TRUE(wait_long([&] { return !estimate.is_busy(); }));
  EXPECT_EQ(estimate.result().kind, RunResult::Kind::oom) << estimate.result().message;
  RunSpec wrong = tiny();
  wrong.seq = 100'000;
  estimate.ask(wrong);
  ASSERT_TRUE(wait_long([&] { return !estimate.is_busy(); }));
  EXPECT_EQ(estimate.result().kind, RunResult::Kind::failed);
  EXPECT_THAT(estimate.result().message, testing::HasSubstr("512"));
}

}  // namespace
}  // namespace headroom::gui
