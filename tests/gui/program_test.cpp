// Which program makes the runs: how it is found, checked and chosen.
#include "gui/running/program.h"

#include <gmock/gmock.h>

#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

#include "gui/running/program_check.h"
#include "gui/running/program_dialog.h"
#include "tests/gui/fake_headroom.h"
#include "tests/gui/support.h"

namespace headroom::gui {
namespace {

using testing::HasSubstr;

TEST(Program, IsTheOneThatTheEnvironmentNames) {
  const FakeHeadroom fake;
  EXPECT_EQ(find_program().path, qEnvironmentVariable("HEADROOM_PROGRAM"));
  qputenv("HEADROOM_PROGRAM", "/nowhere/headroom");
  EXPECT_EQ(find_program().path, QString());
  EXPECT_THAT(find_program().problem.toStdString(), HasSubstr("/nowhere/headroom, which HEADROOM_PROGRAM names"));
}

bool wait_for_check(const ProgramCheck& check) {
  return wait_until([&] { return !check.is_busy(); });
}

TEST(ProgramCheck, TellsWhatMakesRunsFromWhatDoesNot) {
  FakeHeadroom fake;
  ProgramCheck check;
  const std::tuple<const char*, ProgramCheck::State, const char*> cases[] = {
      {"well", ProgramCheck::State::works, "headroom 0.1.0 works: a tiny run was made in"},
      {"refuse", ProgramCheck::State::runs_fail, "It is headroom 0.1.0, but its runs fail: --batch is 7"},
      {"foreign", ProgramCheck::State::no_program, "is not headroom"},
      {"deluge", ProgramCheck::State::no_program, "is not headroom"}};
  for (const auto& [action, state, sentence] : cases) {
    fake.act(action);
    check.start(fake.program());
    EXPECT_TRUE(check.is_busy());
    ASSERT_TRUE(wait_for_check(check)) << action;
    EXPECT_EQ(check.state(), state) << action;
    EXPECT_THAT(check.sentence().toStdString(), HasSubstr(sentence));
  }
  check.start(QStringLiteral("/nowhere/headroom"));
  EXPECT_EQ(check.sentence(), QStringLiteral("There is no file /nowhere/headroom."));
  check.start(QStringLiteral("/etc/passwd"));
  EXPECT_EQ(check.sentence(), QStringLiteral("/etc/passwd is no program."));
}

TEST(ProgramCheck, DoesNotWaitForEverAndNamesAnotherVersion) {
  FakeHeadroom fake;
  fake.act("hang");
  ProgramCheck check;
  check.set_patience_milliseconds(100);
  check.start(fake.program());
  ASSERT_TRUE(wait_for_check(check));
  EXPECT_THAT(check.sentence().toStdString(), HasSubstr("does not answer within 0.1 s"));
  fake.act("well");
  fake.become("9.0");
  check.set_patience_milliseconds(30'000);
  check.start(fake.program());
  ASSERT_TRUE(wait_for_check(check));
  EXPECT_THAT(check.sentence().toStdString(), HasSubstr("This viewer is of version"));
}

TEST(ProgramDialog, ChoosesAndForgetsTheProgram) {
  FakeHeadroom fake;
  qunsetenv("HEADROOM_PROGRAM");
  Session session;
  RunQueue& queue = queue_of(session);
  QSignalSpy chosen(&queue, &RunQueue::program_chosen);
  ProgramDialog dialog(queue);
  dialog.show();
  dialog.path()->setText(fake.program());
  EXPECT_EQ(dialog.verdict(), QString());
  dialog.use_button()->click();  // checks it first
  ASSERT_TRUE(wait_until([&] { return dialog.verdict().startsWith(QStringLiteral("✓ headroom 0.1.0 works")); }));
  EXPECT_EQ(chosen.count(), 0);
  dialog.use_button()->click();
  EXPECT_EQ(chosen.count(), 1);
  EXPECT_EQ(find_program().path, fake.program());
  EXPECT_EQ(find_program().source, ProgramSource::setting);
  EXPECT_FALSE(dialog.use_button()->isEnabled());
  dialog.find_button()->click();
  EXPECT_EQ(chosen.count(), 2);
  EXPECT_NE(find_program().source, ProgramSource::setting);
}

TEST(ProgramDialog, WhatTheEnvironmentNamesStays) {
  const FakeHeadroom fake;
  Session session;
  ProgramDialog dialog(queue_of(session));
  dialog.show();
  EXPECT_EQ(dialog.path()->text(), fake.program());
  dialog.path()->setText(QStringLiteral("/bin/true"));
  EXPECT_FALSE(dialog.use_button()->isEnabled());
  EXPECT_FALSE(dialog.find_button()->isEnabled());
}

}  // namespace
}  // namespace headroom::gui
