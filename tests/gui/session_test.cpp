// What a session promises of the files it opens.
#include "gui/session/session.h"

#include <gmock/gmock.h>

#include <QSignalSpy>

#include "recording/file.h"
#include "tests/gui/support.h"
#include "tests/temporary_folder.h"

namespace headroom::gui {
namespace {

TEST(Session, FirstRunOpenedIsCurrentAndBaseline) {
  Session session;
  session.add(run_of(small_recording(), "a"));
  session.add(run_of(other_recording(), "b"));
  EXPECT_EQ(session.current(), 0);
  EXPECT_EQ(session.baseline(), 0);
  EXPECT_EQ(session.runs()[1].label, QStringLiteral("b"));
}

TEST(Session, AFileThatCannotBeReadStaysInTheListWithItsReason) {
  Session session;
  session.open({QStringLiteral("/nowhere/at-all.headroom")});
  ASSERT_TRUE(wait_until([&] { return !session.is_loading(); }));
  EXPECT_EQ(session.runs()[0].state, RunState::failed);
  EXPECT_THAT(session.runs()[0].message.toStdString(), testing::HasSubstr("/nowhere/at-all.headroom"));
}

TEST(Session, ABaselineThatCannotBeReadGivesWayToTheNextRun) {
  const testing_support::TemporaryFolder folder;
  const auto path = folder.path() / "run.headroom";
  write_recording(path, small_recording());
  Session session;
  QSignalSpy moved(&session, &Session::baseline_changed);
  session.open({QStringLiteral("/nowhere/a.headroom"), QStringLiteral("/nowhere/b.headroom"),
                QString::fromStdString(path.string())});
  ASSERT_TRUE(wait_until([&] { return !session.is_loading(); }));
  EXPECT_EQ(session.baseline(), 2);
  EXPECT_GE(moved.count(), 1);
  session.set_baseline(0);
  session.close(0);
  EXPECT_EQ(session.baseline(), 1) << "the first that can be read";
  session.close_all();
  EXPECT_EQ(session.baseline(), -1);
}

TEST(Session, AFileThatIsWrittenAnewIsReadAgain) {
  const testing_support::TemporaryFolder folder;
  const auto path = folder.path() / "run.headroom";
  write_recording(path, small_recording());
  Session session;
  session.open({QString::fromStdString(path.string())});
  ASSERT_TRUE(wait_until([&] { return session.current_loaded() != nullptr; }));
  const std::int64_t before = session.current_loaded()->breakdown.peak.allocated_bytes;
  write_recording(path, other_recording());
  ASSERT_TRUE(wait_until([&] { return session.current_loaded()->breakdown.peak.allocated_bytes != before; }));
  EXPECT_EQ(session.current_loaded()->breakdown.peak.allocated_bytes, before - 16384 + 4096);
}

}  // namespace
}  // namespace headroom::gui
