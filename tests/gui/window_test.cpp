// The window: what it opens, remembers, shows where something is wrong, and how it is used.
#include <gmock/gmock.h>

#include <QAbstractButton>
#include <QAbstractItemModelTester>
#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QDockWidget>
#include <QDropEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QMenuBar>
#include <QMimeData>
#include <QPushButton>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>
#include <QTranslator>
#include <fstream>
#include <set>

#include "gui/items/runs_model.h"
#include "gui/window/appearance.h"
#include "gui/window/command_palette.h"
#include "gui/window/details.h"
#include "gui/window/help_panel.h"
#include "gui/window/icons.h"
#include "gui/window/main_window.h"
#include "gui/window/messages.h"
#include "gui/window/run_list.h"
#include "gui/window/settings.h"
#include "gui/window/translation.h"
#include "recording/file.h"
#include "tests/gui/support.h"
#include "tests/random_recording.h"
#include "tests/temporary_folder.h"

namespace headroom::gui {
namespace {

using testing::HasSubstr;
using testing_support::TemporaryFolder;

QString path_in(const TemporaryFolder& folder, const char* name) { return QString::fromStdString(folder / name); }

class Window : public testing::Test {
 protected:
  Window() { Settings().clear(); }

  QString write(const char* name, const Recording& recording) {
    write_recording(folder_ / name, recording);
    return path_in(folder_, name);
  }
  void open(const QStringList& paths) {
    window_.open_files(paths);
    ASSERT_TRUE(wait_until([&] { return !session_.is_loading(); }));
  }
  std::string newest_message() const {
    return window_.messages().isEmpty() ? "" : window_.messages().back().toStdString();
  }
  QAction* action(const QString& text) {
    for (QAction* action : window_.findChildren<QAction*>())
      if (QString(action->text()).remove('&') == text) return action;
    ADD_FAILURE() << text.toStdString();
    return nullptr;
  }

  TemporaryFolder folder_;
  Session session_;
  MainWindow window_{session_};
};

TEST_F(Window, NothingIsExportedWhereNothingIsOpen) {
  EXPECT_FALSE(action("Export view…")->isEnabled());
  EXPECT_FALSE(action("Export all…")->isEnabled());
  open({QStringLiteral("/nowhere/a.headroom"), write("run.headroom", small_recording())});
  EXPECT_TRUE(action("Export view…")->isEnabled()) << "one of them was read";
}

TEST_F(Window, DetailsDoNotSayThatNothingIsOpenOfARunThatCannotBeRead) {
  Details details(session_, nullptr);
  open({QStringLiteral("/nowhere/a.headroom")});
  EXPECT_THAT(details.text().toStdString(), HasSubstr("could not be read"));
}

TEST_F(Window, HelpHasTheColumnsOfATableThatIsComputedLater) {
  window_.show();
  window_.show_help();
  window_.show_view("layers");
  open({write("run.headroom", small_recording())});
  const auto* help = window_.findChild<HelpPanel*>();
  ASSERT_NE(help, nullptr);
  EXPECT_TRUE(wait_until([&] { return help->toPlainText().contains("Bytes of all categories."); }));
}

TEST_F(Window, ShowsTheStartPageUntilARunIsOpenAndAgainAfterTheLast) {
  EXPECT_TRUE(window_.shows_start_page());
  session_.add(run_of(small_recording(), "a"));
  EXPECT_FALSE(window_.shows_start_page());
  EXPECT_THAT(window_.windowTitle().toStdString(), HasSubstr("a – Headroom"));
  session_.close(0);
  EXPECT_TRUE(window_.shows_start_page());
}

TEST_F(Window, FilesDroppedAreOpened) {
  const QString path = write("a.headroom", small_recording());
  QMimeData content;
  content.setUrls({QUrl::fromLocalFile(path)});
  QDragEnterEvent enter(QPoint(10, 10), Qt::CopyAction, &content, Qt::LeftButton, Qt::NoModifier);
  QCoreApplication::sendEvent(&window_, &enter);
  EXPECT_TRUE(enter.isAccepted());
  QDropEvent drop(QPointF(10, 10), Qt::CopyAction, &content, Qt::LeftButton, Qt::NoModifier);
  QCoreApplication::sendEvent(&window_, &drop);
  ASSERT_TRUE(wait_until([&] { return session_.current_loaded() != nullptr; }));
  EXPECT_EQ(session_.runs()[0].path, path);
}

TEST_F(Window, AFolderStandsForItsRecordings) {
  write("b.headroom", small_recording());
  write("a.headroom", other_recording());
  std::ofstream(folder_ / "notes.txt") << "no recording";
  open({QString::fromStdString(folder_.path().string())});
  ASSERT_EQ(session_.runs().size(), 2u);
  EXPECT_EQ(session_.runs()[0].label, "a");
  const TemporaryFolder empty;
  window_.open_files({QString::fromStdString(empty.path().string())});
  EXPECT_THAT(newest_message(), HasSubstr("has no recordings"));
}

TEST_F(Window, RecentFilesAreThoseThatWereRead) {
  const QString good = write("good.headroom", small_recording());
  std::ofstream(folder_ / "bad.headroom") << "not a recording";
  open({good, path_in(folder_, "bad.headroom")});
  EXPECT_EQ(Settings().recent_files(), QStringList{good});
}

TEST_F(Window, ARunThatCannotBeReadSaysWhyInThePageAndCanBeTriedAgain) {
  std::ofstream(folder_ / "run.headroom") << "not a recording";
  window_.show();
  open({path_in(folder_, "run.headroom")});
  auto* banner = window_.findChild<QFrame*>("banner", Qt::FindChildrenRecursively);
  for (auto* frame : window_.findChildren<QFrame*>("banner"))
    if (frame->isVisible()) banner = frame;
  ASSERT_TRUE(banner->isVisible());
  const QList<QLabel*> labels = banner->findChildren<QLabel*>();
  EXPECT_TRUE(
      std::any_of(labels.begin(), labels.end(), [&](const QLabel* l) { return l->text().contains("run.headroom"); }));
  write("run.headroom", small_recording());
  for (QPushButton* button : banner->findChildren<QPushButton*>())
    if (button->text() == "Retry") QTest::mouseClick(button, Qt::LeftButton);
  ASSERT_TRUE(wait_until([&] { return session_.runs()[0].state == RunState::ready; }));
  EXPECT_FALSE(banner->isVisible());
}

TEST_F(Window, EveryViewCanBeShownByItsKeys) {
  window_.show();
  session_.add(run_of(small_recording(), "a"));
  for (const ViewKind& kind : view_kinds()) {
    action(kind.title)->trigger();
    EXPECT_EQ(window_.current_view(), window_.view(kind.id)) << kind.id.toStdString();
  }
  EXPECT_EQ(action(view_kinds().front().title)->shortcut(), QKeySequence("Alt+1"));
}

TEST_F(Window, NoTwoActionsHaveTheSameKeys) {
  std::set<QString> seen;
  for (const QAction* action : window_.findChildren<QAction*>()) {
    const QString keys = action->shortcut().toString();
    if (keys.isEmpty()) continue;
    EXPECT_TRUE(seen.insert(keys).second) << keys.toStdString();
  }
  EXPECT_GT(seen.size(), 20u);
}

TEST_F(Window, EveryButtonAndFieldHasAName) {
  window_.show();
  session_.add(run_of(small_recording(), "a"));
  window_.show_export(true);
  window_.show_commands();
  int checked = 0;
  for (QWidget* widget : window_.findChildren<QWidget*>()) {
    if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() || widget->objectName().startsWith("qt_"))
      continue;
    const QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(widget);
    EXPECT_FALSE(spoken->text(QAccessible::Name).isEmpty()) << widget->metaObject()->className();
    ++checked;
  }
  EXPECT_GT(checked, 10);
}

TEST_F(Window, SessionsComeBackWithViewBaselineLabelsAndSelection) {
  open({write("a.headroom", small_recording()), write("b.headroom", other_recording())});
  session_.rename(1, "other");
  session_.set_baseline(1);
  session_.set_current(1);
  session_.selection().choose_category(Category::gradient);
  const QByteArray last = view_kinds().back().id;
  window_.show_view(last);
  ASSERT_TRUE(window_.save_session(path_in(folder_, "s.headroom-session")));
  session_.close_all();
  open({path_in(folder_, "s.headroom-session")});
  ASSERT_EQ(session_.runs().size(), 2u);
  EXPECT_EQ(session_.runs()[1].label, "other");
  EXPECT_EQ(session_.baseline(), 1);
  EXPECT_EQ(session_.current(), 1);
  EXPECT_EQ(session_.selection().chosen().category, Category::gradient);
  EXPECT_EQ(window_.current_view(), window_.view(last));
}

TEST_F(Window, ADamagedSessionIsSaidAndClosesNothing) {
  session_.add(run_of(small_recording(), "a"));
  std::ofstream(folder_ / "s.headroom-session") << R"({"schema": "headroom.session/9"})";
  window_.open_files({path_in(folder_, "s.headroom-session")});
  EXPECT_EQ(session_.runs().size(), 1u);
  EXPECT_THAT(newest_message(), HasSubstr("newer Headroom"));
}

TEST_F(Window, ASessionWhoseRecordingIsGoneOpensTheOthers) {
  open({write("a.headroom", small_recording()), write("b.headroom", other_recording())});
  ASSERT_TRUE(window_.save_session(path_in(folder_, "s.headroom-session")));
  session_.close_all();
  std::filesystem::remove(folder_ / "a.headroom");
  open({path_in(folder_, "s.headroom-session")});
  ASSERT_EQ(session_.runs().size(), 2u);
  EXPECT_EQ(session_.runs()[0].state, RunState::failed);
  EXPECT_EQ(session_.runs()[1].state, RunState::ready);
}

TEST_F(Window, ClosingKeepsTheSessionForNextTime) {
  open({write("a.headroom", small_recording())});
  window_.show();
  window_.close();
  Session session;
  MainWindow next(session);
  next.open_session(last_session_path());
  ASSERT_TRUE(wait_until([&] { return session.current_loaded() != nullptr; }));
  EXPECT_EQ(session.runs()[0].path, path_in(folder_, "a.headroom"));
}

TEST_F(Window, SavingWhereNothingCanBeWrittenIsSaid) {
  session_.add(run_of(small_recording(), "a"));
  EXPECT_FALSE(window_.save_session("/nowhere/at/all.headroom-session"));
  EXPECT_THAT(newest_message(), HasSubstr("/nowhere/at"));
}

TEST_F(Window, TheRunListRenamesClosesAndSetsTheBaseline) {
  session_.add(run_of(small_recording(), "a"));
  session_.add(run_of(other_recording(), "b"));
  auto* list = window_.findChild<RunList*>();
  list->setCurrentIndex(list->model()->index(1, 0));
  EXPECT_EQ(session_.current(), 1);
  list->actions_of_run().baseline->trigger();
  EXPECT_EQ(session_.baseline(), 1);
  list->model()->setData(list->model()->index(1, 0), "renamed");
  EXPECT_EQ(session_.runs()[1].label, "renamed");
  list->actions_of_run().close->trigger();
  EXPECT_EQ(session_.runs().size(), 1u);
}

TEST_F(Window, DocksAndMenuHaveRoomForOtherParts) {
  QDockWidget* dock = window_.add_dock("queue", "Queue", Qt::BottomDockWidgetArea, new QLabel("here"));
  EXPECT_EQ(window_.dockWidgetArea(dock), Qt::BottomDockWidgetArea);
  QMenu* runs = window_.menu_for_runs();
  EXPECT_TRUE(runs->menuAction()->isVisible());
  QAction begin("Begin something");
  window_.add_to_start_page(&begin);
  int begun = 0;
  QObject::connect(&begin, &QAction::triggered, [&] { ++begun; });
  for (QPushButton* button : window_.findChildren<QPushButton*>())
    if (button->text() == "Begin something") button->click();
  EXPECT_EQ(begun, 1);
}

TEST_F(Window, CommandsAreFoundByTheirLettersAndDone) {
  window_.show();
  session_.add(run_of(small_recording(), "a"));
  session_.add(run_of(other_recording(), "bee"));
  QWidget* palette = window_.show_commands();
  auto* line = palette->findChild<QLineEdit*>();
  QTest::keyClicks(line, "run: bee");
  QTest::keyClick(line, Qt::Key_Return);
  EXPECT_EQ(session_.current(), 1);
}

TEST_F(Window, TheTableIsCopiedWithExactNumbers) {
  session_.add(run_of(small_recording(), "a"));
  action("Copy as table")->trigger();
  EXPECT_FALSE(QGuiApplication::clipboard()->text().isEmpty());
  action("Copy as picture")->trigger();
  EXPECT_FALSE(QGuiApplication::clipboard()->image().isNull());
}

TEST_F(Window, AFolderStandsForItsSnapshotsToo) {
  write("a.headroom", small_recording());
  std::ofstream(folder_ / "b.pickle") << "no snapshot";
  window_.open_files({QString::fromStdString(folder_.path().string())});
  ASSERT_EQ(session_.runs().size(), 2u);
  EXPECT_EQ(session_.runs()[1].path, path_in(folder_, "b.pickle"));
}

TEST_F(Window, ComparingWithAFileMakesTheCurrentRunTheBaselineAndShowsWhatDiffers) {
  open({write("a.headroom", small_recording()), write("b.headroom", other_recording())});
  session_.set_current(1);
  window_.compare_with({write("c.headroom", other_recording())});
  EXPECT_EQ(session_.baseline(), 1);
  EXPECT_EQ(session_.current(), 2);
  EXPECT_EQ(window_.current_view(), window_.view("diff"));
  window_.compare_with({path_in(folder_, "a.headroom"), path_in(folder_, "b.headroom")});
  EXPECT_EQ(session_.baseline(), 2);
  EXPECT_EQ(window_.current_view(), window_.view("comparison"));
  session_.set_current(0);
  window_.compare_with({path_in(folder_, "a.headroom")});
  EXPECT_THAT(newest_message(), HasSubstr("the current run itself"));
  EXPECT_EQ(session_.baseline(), 2);
}

TEST_F(Window, RecentFilesCanBeComparedWithButNotTheCurrentOneNorSessions) {
  open({write("a & b.headroom", small_recording()), write("c.headroom", other_recording())});
  ASSERT_TRUE(window_.save_session(path_in(folder_, "s.headroom-session")));
  session_.set_current(1);
  QMenu* menu = nullptr;
  for (QMenu* each : window_.findChildren<QMenu*>())
    if (QString(each->title()).remove('&') == "Compare with recent") menu = each;
  ASSERT_NE(menu, nullptr);
  Q_EMIT menu->aboutToShow();
  ASSERT_EQ(menu->actions().size(), 1);
  EXPECT_THAT(menu->actions()[0]->text().toStdString(), HasSubstr("a && b.headroom"));
  menu->actions()[0]->trigger();
  EXPECT_EQ(session_.current(), 0);
  EXPECT_EQ(session_.baseline(), 1);
}

TEST_F(Window, HelpExplainsTheViewAndItsColumns) {
  session_.add(run_of(small_recording(), "a"));
  for (const ViewKind& kind : view_kinds()) {
    const QString text = help_text(kind.title, *window_.view(kind.id));
    EXPECT_GT(text.size(), kind.title.size() + 20) << kind.id.toStdString();
  }
}

TEST(Translation, IsFoundWhateverTheContext) {
  Catalogue german;
  if (!german.load(HEADROOM_BUILD_DIR "/share/headroom/translations/headroom_de.qm"))
    GTEST_SKIP() << "needs lrelease (Debian: qt6-l10n-tools) when it is built";
  EXPECT_EQ(german.translate("headroom::gui::MainWindow", "Views", nullptr, -1), "Ansichten");
  EXPECT_EQ(german.translate("any", "no such text", nullptr, -1), "");
}

// A language in which every text takes twice the room.
class Lengthy : public QTranslator {
 public:
  bool isEmpty() const override { return false; }
  QString translate(const char*, const char* source, const char*, int) const override {
    return QString::fromUtf8(source) + ' ' + QString::fromUtf8(source);
  }
};

TEST(Translation, LongTextsAreNotCutOff) {
  Lengthy lengthy;
  QCoreApplication::installTranslator(&lengthy);
  Session session;
  MainWindow window(session);
  window.show();
  const auto check = [&] {
    QCoreApplication::processEvents();
    for (const QAbstractButton* button : window.findChildren<QAbstractButton*>()) {
      if (!button->isVisible() || button->text().isEmpty() || qobject_cast<const Messages*>(button) != nullptr)
        continue;
      EXPECT_GE(button->width(), button->minimumSizeHint().width()) << button->text().toStdString();
    }
  };
  check();
  session.add(run_of(small_recording(), "a"));
  check();
  window.show_export(true);
  check();
  QCoreApplication::removeTranslator(&lengthy);
}

TEST(Commands, ThoseThatBeginWithTheLettersComeFirst) {
  const std::vector<Command> commands{{"Close run", {}, {}, {}}, {"Run: close", {}, {}, {}}, {"Open", {}, {}, {}}};
  EXPECT_THAT(matching(commands, "run"), testing::ElementsAre(1, 0));
  EXPECT_THAT(matching(commands, "RUN close"), testing::ElementsAre(0, 1));
  EXPECT_TRUE(matching(commands, "nothing").empty());
}

TEST(RunsModel, IsAModelWhateverHappensToTheRuns) {
  Session session;
  RunsModel model(session);
  QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
  session.add(run_of(small_recording(), "a"));
  session.add(run_of(Recording(), "empty"));
  Recording oom = small_recording();
  oom.outcome.kind = OutcomeKind::oom;
  oom.outcome.message = "out of memory";
  session.add(run_of(oom, "oom"));
  session.open({"/nowhere/x.headroom"});
  session.add(run_of(testing_support::random_recording(3, 200), "random"));
  ASSERT_TRUE(wait_until([&] { return !session.is_loading(); }));
  EXPECT_EQ(model.rowCount(), 5);
  EXPECT_THAT(model.index(0).data(RunsModel::kLineRole).toString().toStdString(), HasSubstr("at the peak"));
  EXPECT_THAT(model.index(2).data(RunsModel::kLineRole).toString().toStdString(), HasSubstr("out of memory"));
  EXPECT_TRUE(model.index(3).data(RunsModel::kWarningRole).toBool());
  EXPECT_THAT(model.index(3).data(RunsModel::kLineRole).toString().toStdString(), HasSubstr("/nowhere/x.headroom"));
  EXPECT_TRUE(model.index(0).data(RunsModel::kBaselineRole).toBool());
  session.close(1);
  session.close_all();
  EXPECT_EQ(model.rowCount(), 0);
}

TEST(Session, AFileThatVanishesIsSaidAndReadAgainWhenItComesBack) {
  const TemporaryFolder folder;
  write_recording(folder / "run.headroom", small_recording());
  Session session;
  session.open({path_in(folder, "run.headroom")});
  ASSERT_TRUE(wait_until([&] { return session.current_loaded() != nullptr; }));
  const std::int64_t before = session.current_loaded()->breakdown.peak.allocated_bytes;
  std::filesystem::remove(folder / "run.headroom");
  ASSERT_TRUE(wait_until([&] { return session.runs()[0].message.contains("gone"); }));
  EXPECT_NE(session.current_loaded(), nullptr) << "what was read is kept";
  write_recording(folder / "run.headroom", other_recording());
  ASSERT_TRUE(wait_until([&] { return session.current_loaded()->breakdown.peak.allocated_bytes != before; }));
  EXPECT_TRUE(session.runs()[0].message.isEmpty());
}

TEST(Theme, EveryTextIsReadOnItsGround) {
  constexpr double kLeast = 4.5;  // WCAG 2.1, AA
  for (const bool dark : {false, true}) {
    const Theme t = make_theme(dark);
    for (const QColor& ground : {t.ground, t.panel, t.band})
      for (const QColor& ink : {t.ink, t.soft, t.accent, t.good, t.bad, t.virtual_word, t.measured_word})
        EXPECT_GE(contrast(ink, ground), kLeast) << dark << ink.name().toStdString() << ground.name().toStdString();
    EXPECT_GE(contrast(t.accent_ink, t.accent), kLeast);
    EXPECT_GE(contrast(t.ink, t.bad_ground), kLeast);
    for (const QColor& category : t.categories) EXPECT_GE(contrast(Theme::ink_on(category), category), kLeast);
  }
  EXPECT_NEAR(contrast(Qt::black, Qt::white), 21, 1e-6);
}

TEST(Theme, AnEmptyBoxIsSeenOnItsGround) {
  auto& application = *qobject_cast<QApplication*>(QCoreApplication::instance());
  for (const ThemeChoice choice : {ThemeChoice::dark, ThemeChoice::light}) {
    set_theme(application, choice);
    QCheckBox box;
    box.resize(40, 24);
    const QImage picture = box.grab().toImage();
    double most = 1;
    for (int x = 0; x < picture.width(); ++x)
      for (int y = 0; y < picture.height(); ++y)
        most = std::max(most, contrast(picture.pixelColor(x, y), theme().ground));
    EXPECT_GE(most, choice == ThemeChoice::dark ? 3 : 1.3);
  }
}

TEST(Theme, IconsFollowIt) {
  const QIcon icon = named_icon("timeline");
  const auto brightest = [&] {
    const QImage image = icon.pixmap({32, 32}, 1.0).toImage();
    int most = 0;
    for (int y = 0; y < image.height(); ++y)
      for (int x = 0; x < image.width(); ++x)
        if (qAlpha(image.pixel(x, y)) == 255) most = std::max(most, qGray(image.pixel(x, y)));
    return most;
  };
  EXPECT_LT(brightest(), 100);
  const ThemeForPicture dark(true);
  EXPECT_GT(brightest(), 200);
}

TEST(Theme, EveryViewHasAnIconThatCanBeDrawn) {
  for (const ViewKind& kind : view_kinds()) EXPECT_FALSE(tinted_icon(kind.icon).isNull()) << kind.icon.toStdString();
}

TEST(Theme, AChoiceIsAppliedAndRemembered) {
  Appearance appearance(*qApp, ThemeChoice::light);
  EXPECT_FALSE(theme().dark);
  appearance.choose(ThemeChoice::dark);
  EXPECT_TRUE(theme().dark);
  EXPECT_LT(QApplication::palette().color(QPalette::Window).lightness(), 100);
  appearance.choose(ThemeChoice::light);
  for (const ThemeChoice choice : {ThemeChoice::dark, ThemeChoice::light, ThemeChoice::system}) {
    Settings().set_theme_choice(choice);
    EXPECT_EQ(Settings().theme_choice(), choice);
  }
}

}  // namespace
}  // namespace headroom::gui
