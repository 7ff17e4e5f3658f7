// The overview and the tables.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <QAbstractItemModelTester>
#include <QAbstractProxyModel>
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMimeData>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QToolButton>
#include <QTreeView>

#include "gui/items/csv.h"
#include "gui/items/descriptions.h"
#include "gui/views/allocations.h"
#include "gui/views/cache.h"
#include "gui/views/category_bar.h"
#include "gui/views/fold_delegate.h"
#include "gui/views/kernels.h"
#include "gui/views/layers.h"
#include "gui/views/overview.h"
#include "gui/views/text.h"
#include "gui/window/details.h"
#include "gui/window/theme.h"
#include "reports/summary.h"
#include "tests/gui/small_run.h"
#include "tests/gui/support.h"
#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom::gui {
namespace {

RunHandle oom_run() {
  Recording recording = testing_support::recording_from_text(
      "t=10 +4096@w block.0/attn aten::empty parameter \"[1024] float32\"\n"
      "== forward 1\n"
      "t=20 +8192@h block.0/attn aten::mm activation? \"[2048] float32\"\n"
      "outcome oom\n");
  recording.outcome.failed_request_bytes = 5 << 20;
  recording.outcome.free_bytes = 3 << 20;
  recording.outcome.phase = "forward";
  recording.outcome.layer = "block.0.attn";
  return run_of(std::move(recording), "oom");
}

RunHandle empty_run() { return run_of(testing_support::recording_from_text(""), "empty"); }

// Prefill of three tokens and two more; the cache of one layer is made anew, larger, with each.
RunHandle generating_run() {
  return run_of(testing_support::recording_from_text(R"(mode generate
t=10 +4096@w block.0/attn aten::empty parameter "[1024] float32"
== prefill 1
t=20 +3072@k1 block.0/attn aten::cat kv_cache "[1, 3, 256] float32"
== decode 2
t=30 +4096@k2 block.0/attn aten::cat kv_cache "[1, 4, 256] float32"
t=40 -@k1
== decode 3
t=50 +5120@k3 block.0/attn aten::cat kv_cache "[1, 5, 256] float32"
t=60 -@k2
)"),
                "generating");
}

struct Kind {
  std::string name;
  std::function<View*(Session&)> make;
};

std::vector<Kind> kinds() {
  return {{"overview", [](Session& s) { return new Overview(s, nullptr); }},
          {"layers", [](Session& s) { return new Layers(s, nullptr); }},
          {"tensors", [](Session& s) { return new Tensors(s, nullptr); }},
          {"allocations", [](Session& s) { return new Allocations(s, nullptr); }},
          {"kernels", [](Session& s) { return new Kernels(s, nullptr); }},
          {"cache", [](Session& s) { return new Cache(s, nullptr); }}};
}

bool settle(View& view) {
  return wait_until([&] { return view.is_settled(); });
}

TEST(TableViews, SurviveEveryRunAndItsClosing) {
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.name);
    Session session;
    const std::unique_ptr<View> view(kind.make(session));
    QAbstractItemModelTester tester(view->table(), QAbstractItemModelTester::FailureReportingMode::Fatal);
    view->resize(900, 600);
    view->show();
    for (const RunHandle& run : {run_of(small_recording(), "small"), empty_run(), oom_run(), generating_run(),
                                 run_of(testing_support::random_recording(2, 200), "random")}) {
      session.add(run);
      session.set_current(static_cast<int>(session.runs().size()) - 1);
      EXPECT_TRUE(settle(*view));
      EXPECT_GT(colour_count(picture_of(*view)), 2);
      QCoreApplication::processEvents();
    }
    session.set_current(0);
    session.close_all();  // while it computes
    EXPECT_TRUE(settle(*view));
    EXPECT_EQ(write_csv(*view->table()).count('\n'), view->table()->columnCount() == 0 ? 0 : 1);
    EXPECT_GT(colour_count(picture_of(*view)), 1);
  }
}

TEST(TableViews, TakeAnyStateAndGiveTheirOwnBack) {
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.name);
    Session session;
    session.add(run_of(small_recording(), "small"));
    const std::unique_ptr<View> view(kind.make(session));
    ASSERT_TRUE(settle(*view));
    const Json state = view->state();
    for (const char* text :
         {"null", "[]", "3", "{\"sort\": {}, \"columns\": 5, \"table\": \"x\", \"descending\": []}",
          "{\"sort\": 99, \"columns\": {\"hidden\": [1, \"Size\"], \"order\": {}, \"widths\": {\"Size\": -5}}}",
          "{\"table\": 77, \"kernels\": [], \"places\": {\"sort\": 1e9}}", "{\"folded\": 1}"})
      view->restore(Json::parse(text));
    view->restore(state);
    ASSERT_TRUE(settle(*view));
    EXPECT_EQ(view->state(), state);
  }
}

TEST(TableViews, PaintPagesInBothThemes) {
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.name);
    Session session;
    session.add(run_of(small_recording(), "small"));
    const std::unique_ptr<View> view(kind.make(session));
    const QImage light = picture_of(*view);
    set_theme(*qApp, ThemeChoice::dark);
    const QImage dark = picture_of(*view);
    set_theme(*qApp, ThemeChoice::light);
    EXPECT_GT(colour_count(dark), 3);
    EXPECT_LT(qGray(dark.pixel(2, 2)), 80);
    EXPECT_GT(qGray(light.pixel(2, 2)), 180);
  }
}

TEST(TableViews, EachHelpNamesWhatIsSeen) {
  Session session;
  for (const Kind& kind : kinds())
    EXPECT_GT(std::unique_ptr<View>(kind.make(session))->help().size(), 100) << kind.name;
}

TEST_F(WithSmallRun, TensorsAreThoseOfThePeakLargestFirst) {
  Tensors view(session, nullptr);
  ASSERT_TRUE(settle(view));
  ASSERT_EQ(view.table()->rowCount(), static_cast<int>(run().peak.live.size()));
  for (int row = 0; row < view.table()->rowCount(); ++row)
    EXPECT_EQ(view.table()->index(row, 0).data(kExportRole).toLongLong(),
              run().allocations[static_cast<std::size_t>(run().peak.live[row])].block_bytes);
  EXPECT_THAT(view.panel()->caption().toStdString(),
              testing::HasSubstr(size_text(run().peak.allocated_bytes).toStdString()));
}

TEST_F(WithSmallRun, TensorsFollowTheInstantAndTheFilter) {
  Tensors view(session, nullptr);
  ASSERT_TRUE(settle(view));
  selection().choose_event(1);
  ASSERT_TRUE(wait_until([&] { return view.rows() && view.rows()->order.size() == 1; }));
  selection().choose_event({});
  selection().set_filter({.text = "logits is no name, but mm is", .least_bytes = 0});
  ASSERT_TRUE(wait_until([&] { return view.rows()->order.empty(); }));
  selection().set_filter({.least_bytes = 16384});
  ASSERT_TRUE(wait_until([&] { return view.rows()->order.size() == 2; }));
  EXPECT_THAT(view.panel()->caption().toStdString(), testing::HasSubstr("2 of"));
}

TEST_F(WithSmallRun, AnInstantThatTheRunDoesNotHaveIsThePeak) {
  selection().choose({.allocation = 1 << 20, .layer = LayerId{4711}, .event = 1 << 20});
  Tensors tensors(session, nullptr);
  Layers layers(session, nullptr);
  Details details(session, nullptr);
  ASSERT_TRUE(settle(tensors) && settle(layers));
  EXPECT_EQ(tensors.rows()->shown_bytes, run().peak.allocated_bytes);
}

TEST_F(WithSmallRun, AClickOnARowChoosesItsAllocationAndTheOtherWayRound) {
  Tensors view(session, nullptr);
  view.resize(900, 500);
  view.show();
  ASSERT_TRUE(settle(view));
  auto* table = static_cast<QTableView*>(view.panel()->items());
  QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(view.table()->index(2, 0)).center());
  EXPECT_EQ(selection().chosen().allocation, view.rows()->order[2]);
  selection().choose_allocation(view.rows()->order[0]);
  EXPECT_EQ(table->currentIndex().row(), 0);
  QTest::keyClick(table, Qt::Key_Down);
  EXPECT_EQ(selection().chosen().allocation, view.rows()->order[1]);
}

TEST_F(WithSmallRun, AClickOnAHeaderSortsInTheBackground) {
  Allocations view(session, nullptr);
  view.resize(900, 500);
  view.show();
  ASSERT_TRUE(settle(view));
  EXPECT_EQ(view.rows()->order.front(), 0U);
  QHeaderView* header = view.panel()->header();
  QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, QPoint(header->sectionViewportPosition(0) + 20, 8));
  ASSERT_TRUE(settle(view));
  const auto size = [&](int row) { return view.table()->index(row, 0).data(kExportRole).toLongLong(); };
  const bool ascending = size(0) < size(view.table()->rowCount() - 1);
  for (int row = 1; row < view.table()->rowCount(); ++row)
    EXPECT_TRUE(ascending ? size(row - 1) <= size(row) : size(row - 1) >= size(row));
  EXPECT_NE(view.rows()->order.front(), 0U);
}

TEST_F(WithSmallRun, FindGoesFromMatchToMatchAndAround) {
  Allocations view(session, nullptr);
  view.resize(900, 500);
  view.show();
  ASSERT_TRUE(settle(view));
  ASSERT_TRUE(view.begin_find());
  auto* field = view.findChild<QLineEdit*>();
  ASSERT_NE(field, nullptr);
  field->setText("softmax");
  QTest::keyClick(field, Qt::Key_Return);
  const auto found = selection().chosen().allocation;
  ASSERT_TRUE(found);
  EXPECT_EQ(run().strings[static_cast<std::size_t>(run().allocations[static_cast<std::size_t>(*found)].op)],
            "aten::softmax");
  view.panel()->find_next(true);
  EXPECT_EQ(selection().chosen().allocation, found);
  field->setText("zeros");
  view.panel()->find_next(false);
  const auto last = selection().chosen().allocation;
  view.panel()->find_next(true);
  EXPECT_NE(selection().chosen().allocation, last);
}

TEST_F(WithSmallRun, CopyTakesTheMarkedRowsAndShownColumns) {
  Tensors view(session, nullptr);
  view.show();
  ASSERT_TRUE(settle(view));
  view.panel()->items()->selectAll();
  QTest::keySequence(view.panel()->items(), QKeySequence::Copy);
  const QString text = QApplication::clipboard()->text();
  EXPECT_EQ(text.count('\n'), view.table()->rowCount() + 1);
  EXPECT_THAT(text.toStdString(), testing::HasSubstr("20480\t"));
  EXPECT_THAT(text.toStdString(), testing::Not(testing::HasSubstr("Address")));
}

TEST_F(WithSmallRun, HiddenColumnsStayHidden) {
  Json state;
  {
    Tensors view(session, nullptr);
    ASSERT_TRUE(settle(view));
    EXPECT_TRUE(view.panel()->header()->isSectionHidden(12));
    state = view.state();
  }
  state["columns"]["hidden"] = {"Tensor"};
  Tensors view(session, nullptr);
  view.restore(state);
  ASSERT_TRUE(settle(view));
  EXPECT_TRUE(view.panel()->header()->isSectionHidden(1));
  EXPECT_FALSE(view.panel()->header()->isSectionHidden(12));
}

TEST_F(WithSmallRun, ARowsMenuFiltersAndShowsTheTimeline) {
  Tensors view(session, nullptr);
  ASSERT_TRUE(settle(view));
  QMenu menu;
  Q_EMIT view.panel()->menu_wanted(&menu, view.table()->index(0, 0));
  const QSignalSpy wanted(&view, &View::view_wanted);
  const Allocation& a = run().allocations[view.rows()->order[0]];
  for (QAction* action : menu.actions())
    if (!action->isSeparator()) action->trigger();
  EXPECT_EQ(selection().filter().layer, a.layer);
  EXPECT_EQ(std::ranges::count(selection().filter().categories, true), 1);
  EXPECT_EQ(selection().chosen().event, a.begin);
  ASSERT_EQ(wanted.count(), 1);
  EXPECT_EQ(wanted[0][0].toByteArray(), "timeline");
}

TEST_F(WithSmallRun, LayersFollowSwitchesInstantAndSelection) {
  Layers view(session, nullptr);
  view.resize(900, 500);
  view.show();
  ASSERT_TRUE(settle(view));
  const LayerId layer = run().allocations[0].layer;
  selection().choose_layer(layer);
  EXPECT_TRUE(view.panel()->items()->currentIndex().isValid());
  view.restore({{"over_the_run", true}, {"with_children", false}, {"folded", false}});
  const QModelIndex index = view.tree()->index_of(layer);
  EXPECT_EQ(view.tree()->headerData(1, Qt::Horizontal).toString(), "parameters");
  EXPECT_EQ(index.siblingAtColumn(1).data(kExportRole).toLongLong(),
            run().layer_rows[static_cast<std::size_t>(layer)].parameter_bytes);
  auto* tree = static_cast<QTreeView*>(view.panel()->items());
  tree->setCurrentIndex(view.table()->index(0, 0));
  EXPECT_EQ(selection().chosen().layer, LayerId::root);
}

// Blocks 0 to 3 are alike.
Recording equal_blocks() {
  std::string text;
  for (int block = 0; block < 4; ++block)
    for (const char* leaf : {"attn", "ffn"})
      text += fmt::format("+4096@{1}{0} layer.{0}/{1} aten::empty parameter\n", block, leaf);
  Recording recording = testing_support::recording_from_text(text);
  for (Layer& layer : recording.layers) std::ranges::replace(layer.path, '/', '.');
  return recording;
}

TEST(Layers, AClickOnTheNumberOfEqualBlocksShowsEachAndOneMoreFoldsThem) {
  Session session;
  session.add(run_of(equal_blocks(), "blocks"));
  Layers view(session, nullptr);
  view.resize(900, 500);
  view.show();
  ASSERT_TRUE(settle(view));
  auto* rows = static_cast<QTreeView*>(view.panel()->items());
  const auto* folds = qobject_cast<FoldDelegate*>(rows->itemDelegateForColumn(0));
  ASSERT_TRUE(folds);
  const auto row_of = [&](const char* path) {
    return static_cast<QAbstractProxyModel*>(view.table())
        ->mapFromSource(view.tree()->index_of(QString::fromUtf8(path)));
  };
  const auto click = [&](const QModelIndex& row) {
    QStyleOptionViewItem option;
    option.rect = rows->visualRect(row);
    option.fontMetrics = rows->fontMetrics();
    QTest::mouseClick(rows->viewport(), Qt::LeftButton, {}, folds->link_rect(option, row).center());
    QCoreApplication::processEvents();
  };
  const QModelIndex folded = row_of("layer.0–3");
  ASSERT_TRUE(folded.isValid());
  click(folded);
  EXPECT_FALSE(row_of("layer.0–3").isValid());
  ASSERT_TRUE(row_of("layer.2.attn").isValid());
  EXPECT_EQ(view.state()["unfolded"], Json::array({"layer.0–3"}));
  click(row_of("layer.0"));
  EXPECT_TRUE(row_of("layer.0–3").isValid());
  rows->setCurrentIndex(row_of("layer.0–3"));
  QTest::keyClick(rows, Qt::Key_Right, Qt::ControlModifier);
  EXPECT_TRUE(row_of("layer.3").isValid());
  rows->setCurrentIndex(row_of("layer.3"));
  QTest::keyClick(rows, Qt::Key_Left, Qt::ControlModifier);
  EXPECT_FALSE(row_of("layer.3").isValid());
  view.restore({{"unfolded", {"layer.0–3", 7, "nothing"}}});
  EXPECT_TRUE(row_of("layer.3").isValid());
}

TEST(Layers, FindAlsoFindsWhatIsFolded) {
  Session session;
  session.add(run_of(equal_blocks(), "blocks"));
  Layers view(session, nullptr);
  view.resize(900, 500);
  view.show();
  ASSERT_TRUE(settle(view));
  view.begin_find();
  for (QLineEdit* field : view.findChildren<QLineEdit*>())
    if (field->isVisible()) field->setText(QStringLiteral("layer.2.ffn"));
  view.panel()->find_next(true);
  EXPECT_EQ(view.panel()->items()->currentIndex().data(kExportRole).toString(), QStringLiteral("layer.0–3.ffn"));
}

TEST(Overview, OfARunOutOfMemorySaysWhatWouldHaveToGo) {
  Session session;
  session.add(oom_run());
  Overview view(session, nullptr);
  view.resize(1000, 700);
  view.show();
  QString texts;
  for (const QLabel* label : view.findChildren<QLabel*>()) texts += label->text() + '\n';
  EXPECT_TRUE(texts.contains(QStringLiteral("What would have to go")));
  EXPECT_TRUE(texts.contains(exact_text(2 << 20)));
  EXPECT_TRUE(texts.contains(QStringLiteral("alone not enough")));
}

TEST_F(WithSmallRun, OverviewSaysPeakPlaceAndCategories) {
  Overview view(session, nullptr);
  view.resize(1000, 700);
  view.show();
  QString texts;
  for (const QLabel* label : view.findChildren<QLabel*>()) texts += label->text() + '\n';
  EXPECT_TRUE(texts.contains(exact_text(run().peak.allocated_bytes)));
  EXPECT_TRUE(texts.contains(truth_text(run().environment)));
  EXPECT_TRUE(texts.contains(to_text(run().layer(run().peak.layer).path)));
  auto* bar = view.findChild<CategoryBar*>();
  ASSERT_NE(bar, nullptr);
  EXPECT_TRUE(bar->accessibleDescription().contains(title_of(Category::activation)));
  QTest::mouseClick(bar, Qt::LeftButton, {}, QPoint(4, 6));
  EXPECT_EQ(selection().chosen().category, Category::parameter);
  QTest::mouseClick(view.findChild<QPushButton*>(), Qt::LeftButton);
  EXPECT_TRUE(QApplication::clipboard()->text().startsWith("headroom profile"));
}

TEST_F(WithSmallRun, OverviewTableHoldsThePeak) {
  Overview view(session, nullptr);
  EXPECT_EQ(view.table()->index(0, 1).data(kExportRole).toLongLong(), run().peak.allocated_bytes);
}

TEST(Overview, ARunThatRanOutOfMemoryExplainsItself) {
  Session session;
  session.add(oom_run());
  Overview view(session, nullptr);
  QString texts;
  for (const QLabel* label : view.findChildren<QLabel*>()) texts += label->text() + '\n';
  EXPECT_TRUE(texts.contains("Out of memory"));
  EXPECT_TRUE(texts.contains("5,242,880 bytes"));
  EXPECT_TRUE(texts.contains("3,145,728 bytes"));
  EXPECT_TRUE(texts.contains("block.0.attn"));
}

TEST(Cache, ChartsAndRowsAreThoseOfTheRun) {
  Session session;
  session.add(generating_run());
  Cache view(session, nullptr);
  view.resize(900, 600);
  view.show();
  const KvCache& cache = session.current_loaded()->breakdown.cache;
  ASSERT_EQ(view.charts()->steps().size(), cache.growth.size());
  ASSERT_EQ(view.table()->rowCount(), static_cast<int>(cache.layers.size()));
  EXPECT_EQ(view.table()->index(0, 4).data(kExportRole).toLongLong(), cache.layers[0].bytes);
  QTest::keyClick(view.charts(), Qt::Key_End);
  EXPECT_EQ(session.selection().chosen().event, last_event_of(*session.current_loaded(), 3));
  EXPECT_TRUE(view.charts()->accessibleDescription().contains("token 3"));
  QTest::mouseClick(view.charts(), Qt::LeftButton, {}, QPoint(130, 120));
  EXPECT_EQ(session.selection().chosen().event, last_event_of(*session.current_loaded(), 1));
}

TEST(Kernels, AreThoseOfTheRunAndASentenceWhereNothingWasTraced) {
  Session session;
  session.add(run_of(testing_support::random_recording(2, 300), "traced"));
  session.add(run_of(small_recording(), "small"));
  Kernels view(session, nullptr);
  const Breakdown& run = session.current_loaded()->breakdown;
  ASSERT_FALSE(run.device.kernels.empty());
  EXPECT_EQ(view.table()->rowCount(), static_cast<int>(run.device.kernels.size()));
  session.set_current(1);
  EXPECT_EQ(view.table()->rowCount(), 0);
  QString texts;
  for (const QLabel* label : view.findChildren<QLabel*>()) texts += label->text();
  EXPECT_TRUE(texts.contains("Nothing was traced"));
}

}  // namespace
}  // namespace headroom::gui
