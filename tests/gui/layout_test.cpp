// The window at every size: what it needs at the least, that nothing in it is cut off or covered, that all of it can be
// reached by keyboard and is called something.
#include <gmock/gmock.h>

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractScrollArea>
#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDockWidget>
#include <QFontDatabase>
#include <QLabel>
#include <QListWidget>
#include <QMenu>
#include <QMenuBar>
#include <QTableView>
#include <QTableWidget>
#include <QTest>
#include <set>

#include "gui/running/run_actions.h"
#include "gui/running/run_dialog.h"
#include "gui/views/flow_layout.h"
#include "gui/views/turning_splitter.h"
#include "gui/window/dialogs.h"
#include "gui/window/furnish.h"
#include "gui/window/main_window.h"
#include "gui/window/page_frame.h"
#include "gui/window/settings.h"
#include "gui/window/side_pane.h"
#include "tests/gui/support.h"

namespace headroom::gui {
namespace {

std::string describe(const QWidget& widget) {
  QString text = QString::fromLatin1(widget.metaObject()->className()) + ' ' + widget.accessibleName();
  for (const QWidget* above = widget.parentWidget(); above != nullptr; above = above->parentWidget())
    text += QStringLiteral(" < ") + QString::fromLatin1(above->metaObject()->className());
  return text.toStdString();
}

// The window with everything in it, two runs, and the fonts of a usual desktop, so that widths are the same everywhere.
class Layout : public testing::Test {
 protected:
  Layout() {
    Settings().clear();
    if (QFontDatabase::families().contains(QStringLiteral("DejaVu Sans")))
      QApplication::setFont(QFont(QStringLiteral("DejaVu Sans"), 10));
    furnish(window_, session_);
    session_.add(run_of(small_recording(), "multi-head attention as in the paper"));
    session_.add(run_of(other_recording(), "b"));
  }
  ~Layout() override { QApplication::setFont(before_); }

  QDockWidget& dock(const char* name) { return *window_.findChild<QDockWidget*>(QString::fromLatin1(name)); }
  void settle() {
    wait_until([&] { return window_.current_view()->is_settled(); });
    for (int turn = 0; turn < 4; ++turn) QCoreApplication::processEvents();
  }

  const QFont before_ = QApplication::font();
  Session session_;
  MainWindow window_{session_};
};

TEST_F(Layout, EveryViewFitsIntoASmallScreenWithFilterAndDetails) {
  window_.resize(800, 600);
  window_.show();
  for (const ViewKind& kind : view_kinds()) {
    window_.show_view(kind.id);
    settle();
    const QSize least = window_.view(kind.id)->minimumSizeHint();
    EXPECT_LE(least.width(), 460) << kind.id.toStdString();
    EXPECT_EQ(window_.size(), QSize(800, 600)) << kind.id.toStdString();
    EXPECT_GE(window_.current_view()->width(), least.width()) << kind.id.toStdString();
  }
  dock("queue").show();
  dock("help").show();
  settle();
  EXPECT_EQ(window_.width(), 800);
}

// Of what a layout placed: inside its parent, over no sibling, buttons as wide as their words.
void expect_nothing_cut_off(const QWidget& parent) {
  std::vector<const QWidget*> placed;
  for (const QObject* child : parent.children()) {
    const auto* widget = qobject_cast<const QWidget*>(child);
    if (widget == nullptr || !widget->isVisible() || widget->isWindow()) continue;
    if (parent.layout() != nullptr && parent.layout()->indexOf(const_cast<QWidget*>(widget)) >= 0) {
      EXPECT_TRUE(parent.rect().contains(widget->geometry())) << describe(*widget);
      for (const QWidget* other : placed)
        EXPECT_FALSE(other->geometry().intersects(widget->geometry()))
            << describe(*widget) << " and " << describe(*other);
      placed.push_back(widget);
    }
    if (const auto* button = qobject_cast<const QAbstractButton*>(widget);
        button != nullptr && !button->text().isEmpty()) {
      EXPECT_GE(button->width(), button->minimumSizeHint().width()) << describe(*widget);
    }
    expect_nothing_cut_off(*widget);
  }
}

TEST_F(Layout, NothingIsCutOffOrCoveredAtAnyUsualSize) {
  window_.show();
  for (const QSize size : {QSize(800, 600), QSize(1000, 640), QSize(1280, 720), QSize(1920, 1080)}) {
    window_.resize(size);
    for (const ViewKind& kind : view_kinds()) {
      SCOPED_TRACE(kind.id.toStdString() + " at " + std::to_string(size.width()));
      window_.show_view(kind.id);
      settle();
      expect_nothing_cut_off(*window_.centralWidget());
    }
  }
}

TEST_F(Layout, WhereItIsNarrowViewsAreIconsAndRunsAreInTheHeader) {
  auto* side = window_.findChild<SidePane*>();
  auto* views = side->findChild<QListWidget*>();
  window_.resize(1280, 720);
  window_.show();
  settle();
  EXPECT_FALSE(side->is_rail());
  window_.resize(800, 600);
  settle();
  EXPECT_TRUE(side->is_rail());
  EXPECT_EQ(views->item(1)->text(), "");
  EXPECT_EQ(views->item(1)->data(Qt::AccessibleTextRole).toString(), view_kinds()[1].title);
  auto* runs = window_.findChild<RunButton*>();
  Q_EMIT runs->menu()->aboutToShow();
  ASSERT_EQ(runs->menu()->actions().size(), 2);
  runs->menu()->actions()[1]->trigger();
  EXPECT_EQ(session_.current(), 1);
  EXPECT_THAT(runs->accessibleName().toStdString(), testing::HasSubstr("b · "));
  window_.resize(1280, 720);
  settle();
  EXPECT_FALSE(side->is_rail());
  EXPECT_EQ(views->item(1)->text(), view_kinds()[1].title);
}

TEST_F(Layout, ThePaneKeepsTheWidthItWasGiven) {
  auto* sides = window_.findChild<SideSplitter*>();
  auto* side = window_.findChild<SidePane*>();
  window_.resize(1280, 720);
  window_.show();
  settle();
  sides->set_side_width(300);
  EXPECT_EQ(side->width(), 300);
  window_.resize(800, 600);
  settle();
  window_.resize(1280, 720);
  settle();
  EXPECT_EQ(side->width(), 300);
  sides->toggle_rail();
  EXPECT_TRUE(side->is_rail());
  sides->toggle_rail();
  EXPECT_FALSE(side->is_rail());
}

TEST_F(Layout, LongNamesOfRunsAreCutWithTheWholeInTheirTip) {
  session_.rename(0, QString(300, 'x'));
  window_.resize(800, 600);
  window_.show();
  settle();
  EXPECT_EQ(window_.size(), QSize(800, 600));
  auto* runs = window_.findChild<RunButton*>();
  EXPECT_TRUE(runs->text().endsWith(QStringLiteral("…")));
  EXPECT_THAT(runs->toolTip().toStdString(), testing::HasSubstr(std::string(300, 'x')));
}

// Of windows, dialogs and pages: everything that takes the focus, and everything with a list in it.
void expect_names(const QWidget& root, int& count) {
  for (QWidget* widget : root.findChildren<QWidget*>()) {
    if (widget->focusPolicy() == Qt::NoFocus || widget->objectName().startsWith("qt_")) continue;
    const QWidget* parent = widget->parentWidget();
    const bool is_part = parent->inherits("QComboBox") || parent->inherits("QAbstractSpinBox") ||
                         parent->inherits("QComboBoxPrivateContainer") ||
                         (parent->inherits("QAbstractItemView") && widget->inherits("QAbstractButton"));
    if (is_part || qobject_cast<QLabel*>(widget) != nullptr || qobject_cast<QMenu*>(widget) != nullptr) continue;
    const QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(widget);
    EXPECT_FALSE(spoken->text(QAccessible::Name).isEmpty()) << describe(*widget);
    ++count;
  }
}

TEST_F(Layout, EveryWidgetOfEveryViewAndDialogHasAName) {
  int count = 0;
  window_.show();
  for (const ViewKind& kind : view_kinds()) {
    window_.show_view(kind.id);
    settle();
  }
  window_.show_export(true);
  window_.show_commands();
  window_.show_help();
  show_shortcuts(&window_);
  show_about(&window_);
  RunDialog& dialog = show_run_dialog(session_, &window_);
  expect_names(window_, count);
  expect_names(dialog, count);
  EXPECT_GT(count, 100);
}

TEST_F(Layout, TabVisitsEveryViewsControlsInTheOrderTheyStand) {
  window_.resize(1280, 720);
  window_.show();
  for (const ViewKind& kind : view_kinds()) {
    window_.show_view(kind.id);
    settle();
    View& view = *window_.current_view();
    std::vector<QWidget*> order;
    std::set<QWidget*> seen;
    for (QWidget* at = view.nextInFocusChain(); at != nullptr && seen.insert(at).second; at = at->nextInFocusChain())
      if (view.isAncestorOf(at) && at->isVisible() && at->isEnabled() && at->focusProxy() == nullptr &&
          (at->focusPolicy() & Qt::TabFocus) != 0)
        order.push_back(at);
    EXPECT_FALSE(order.empty() && view.table()->rowCount() > 0) << kind.id.toStdString() << " cannot be reached";
    for (std::size_t i = 1; i < order.size(); ++i) {
      const QPoint before = order[i - 1]->mapTo(&view, QPoint()), after = order[i]->mapTo(&view, QPoint());
      const bool goes_on = after.y() + order[i]->height() > before.y() || after.x() > before.x();
      EXPECT_TRUE(goes_on) << kind.id.toStdString() << ": " << describe(*order[i]);
    }
  }
}

void expect_own_letters(const QMenu& menu) {
  std::set<QChar> letters;
  for (const QAction* action : menu.actions()) {
    const qsizetype at = QString(action->text()).replace(QStringLiteral("&&"), QStringLiteral("__")).indexOf('&');
    if (at >= 0 && at + 1 < action->text().size() && action->isVisible()) {
      EXPECT_TRUE(letters.insert(action->text()[at + 1].toLower()).second)
          << menu.title().toStdString() << ": " << action->text().toStdString();
    }
    if (action->menu() != nullptr) expect_own_letters(*action->menu());
  }
}

TEST_F(Layout, NoTwoEntriesOfAMenuHaveTheSameLetterAndNoTwoActionsTheSameKeys) {
  std::set<QChar> letters;
  for (const QAction* action : window_.menuBar()->actions()) {
    ASSERT_NE(action->menu(), nullptr);
    const qsizetype at = action->text().indexOf('&');
    ASSERT_GE(at, 0) << action->text().toStdString();
    EXPECT_TRUE(letters.insert(action->text()[at + 1].toLower()).second) << action->text().toStdString();
    Q_EMIT action->menu()->aboutToShow();
    expect_own_letters(*action->menu());
  }
  std::set<QString> keys;
  for (const QAction* action : window_.findChildren<QAction*>())
    for (const QKeySequence& sequence : action->shortcuts())
      EXPECT_TRUE(keys.insert(sequence.toString()).second)
          << action->text().toStdString() << " " << sequence.toString().toStdString();
  EXPECT_GT(keys.size(), 20u);
}

TEST_F(Layout, ShortcutsStandAsInTheMenusAndEachOnce) {
  QWidget* dialog = show_shortcuts(&window_);
  const auto* table = dialog->findChild<QTableWidget*>();
  ASSERT_NE(table, nullptr);
  QStringList headings;
  std::set<std::pair<QString, QString>> seen;
  for (int row = 0; row < table->rowCount(); ++row) {
    const QString what = table->item(row, 0)->text(), keys = table->item(row, 1)->text();
    if (keys.isEmpty()) headings.append(what);
    EXPECT_TRUE(seen.insert({what, keys}).second) << what.toStdString();
  }
  EXPECT_EQ(headings.value(0), "File");
  EXPECT_EQ(headings.back(), "In tables and lists");
}

TEST_F(Layout, WhatHasTheKeyboardShowsIt) {
  QListWidget list;
  list.addItem("one");
  list.show();
  list.activateWindow();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&list));
  const auto edge = [&] { return list.grab().toImage().pixel(list.width() / 2, 0); };
  list.clearFocus();
  const QRgb without = edge();
  list.setFocus();
  ASSERT_TRUE(list.hasFocus());
  EXPECT_NE(edge(), without);
}

TEST_F(Layout, ATableThatGetsTheKeyboardChoosesNothingUntilAKeyDoes) {
  window_.show();
  for (const char* id : {"tensors", "layers"}) {
    window_.show_view(id);
    settle();
    window_.activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(&window_));
    auto* items = window_.current_view()->findChild<QAbstractItemView*>();
    ASSERT_NE(items, nullptr);
    ASSERT_GT(items->model()->rowCount(), 0);
    items->setFocus(Qt::TabFocusReason);
    ASSERT_TRUE(items->hasFocus()) << id;
    EXPECT_FALSE(session_.selection().chosen().allocation || session_.selection().chosen().layer) << id;
    QTest::keyClick(items, Qt::Key_Down);
    EXPECT_TRUE(session_.selection().chosen().allocation || session_.selection().chosen().layer) << id;
    session_.selection().clear();
  }
}

TEST_F(Layout, WhereThereIsRoomControlsAreAsWideAsTheirWords) {
  window_.resize(2560, 1440);
  window_.show();
  for (const char* id : {"map", "timeline", "treemap"}) {
    window_.show_view(id);
    settle();
    for (const QComboBox* box : window_.current_view()->findChildren<QComboBox*>())
      EXPECT_LE(box->width(), box->sizeHint().width() + 4) << id;
  }
}

TEST_F(Layout, EveryActionIsInAMenu) {
  std::set<const QAction*> found;
  const std::function<void(const QMenu&)> walk = [&](const QMenu& menu) {
    for (const QAction* action : menu.actions()) {
      found.insert(action);
      if (action->menu() != nullptr) walk(*action->menu());
    }
  };
  for (const QAction* action : window_.menuBar()->actions()) walk(*action->menu());
  for (const QAction* action : window_.findChildren<QAction*>(Qt::FindDirectChildrenOnly))
    if (!action->text().isEmpty()) {
      EXPECT_TRUE(found.contains(action)) << action->text().toStdString();
    }
}

TEST(FlowLayout, PutsIntoARowWhatFitsAndGivesTheRestToWhatExpands) {
  QWidget box;
  auto* flow = new FlowLayout(10);
  flow->setContentsMargins(0, 0, 0, 0);
  box.setLayout(flow);
  std::vector<QWidget*> parts;
  for (const int width : {100, 50, 100}) {
    parts.push_back(new QWidget);
    parts.back()->setFixedSize(width, 20);
    flow->addWidget(parts.back());
    if (parts.size() == 1) flow->add_stretch();
  }
  box.show();
  QCoreApplication::processEvents();
  const auto x = [&](std::size_t i) { return parts[i]->geometry().topLeft(); };
  flow->setGeometry(QRect(0, 0, 400, 100));
  EXPECT_EQ(x(0), QPoint(0, 0));
  EXPECT_EQ(x(2), QPoint(300, 0));
  EXPECT_EQ(flow->heightForWidth(400), 20);
  flow->setGeometry(QRect(0, 0, 180, 100));
  EXPECT_EQ(x(1), QPoint(130, 0)) << "at the right of its row";
  EXPECT_EQ(x(2), QPoint(0, 30));
  EXPECT_EQ(flow->heightForWidth(180), 50);
  EXPECT_EQ(flow->minimumSize().width(), 100);
}

TEST(FlowLayout, ALongTextStandsBesideTheControlsOrAboveThemOnSeveralLines) {
  QWidget box;
  auto* flow = new FlowLayout(10);
  flow->setContentsMargins(0, 0, 0, 0);
  box.setLayout(flow);
  auto* text = new WrappingLabel;
  text->setText(QStringLiteral("a sentence of a few words about what is shown below it"));
  auto* control = new QWidget;
  control->setFixedSize(80, 20);
  flow->addWidget(text);
  flow->addWidget(control);
  box.show();
  QCoreApplication::processEvents();
  const int line = text->fontMetrics().horizontalAdvance(text->text());
  flow->setGeometry(QRect(0, 0, line + 200, 100));
  EXPECT_NEAR(control->x(), line + 120, 2);
  EXPECT_NEAR(text->width(), line + 110, 2);
  flow->setGeometry(QRect(0, 0, line / 2, 100));
  EXPECT_EQ(control->x(), 0);
  EXPECT_GE(control->y(), text->fontMetrics().height() * 2);
}

TEST(TurningSplitter, StandsUprightWhereItsPartsDoNotFitBesideEachOther) {
  QWidget window;
  TurningSplitter splitter(&window);
  for (const int width : {300, 200}) {
    auto* part = new QWidget;
    part->setMinimumSize(width, 50);
    splitter.addWidget(part);
  }
  EXPECT_EQ(splitter.minimumSizeHint().width(), 300);
  splitter.resize(600, 200);
  window.show();
  EXPECT_EQ(splitter.orientation(), Qt::Horizontal);
  splitter.resize(400, 200);
  EXPECT_EQ(splitter.orientation(), Qt::Vertical);
  EXPECT_GE(splitter.minimumSizeHint().height(), 100);
  splitter.resize(600, 200);
  EXPECT_EQ(splitter.orientation(), Qt::Horizontal);
}

}  // namespace
}  // namespace headroom::gui
