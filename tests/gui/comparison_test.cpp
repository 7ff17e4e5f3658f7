// Comparison and diff: the numbers of the runs, who is compared with whom, and what is shown when there is nothing.
#include "gui/views/comparison.h"

#include <gmock/gmock.h>

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QComboBox>
#include <QSignalSpy>
#include <QTableView>
#include <QTest>
#include <QTreeView>

#include "analysis/layer_union.h"
#include "gui/views/comparison_canvas.h"
#include "gui/views/diff.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "tests/gui/support.h"
#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom::gui {
namespace {

using testing::HasSubstr;
using testing_support::random_recording;
using testing_support::recording_from_text;

Recording out_of_memory() {
  Recording recording =
      recording_from_text("== forward 1\n+4096@a block.0/attn aten::mm activation \"[8, 128] float32\"");
  recording.outcome = {OutcomeKind::oom, "no room", 1 << 30, 1 << 20, 4096, 0, "forward", "block.0/attn"};
  return recording;
}

struct Runs {
  Session session;
  Runs() {
    session.add(run_of(small_recording(), "small"));
    session.add(run_of(other_recording(), "other"));
  }
};

bool settle(const View& view) {
  return wait_until([&] { return view.is_settled(); });
}

QRectF bar_of(ComparisonCanvas* canvas, std::size_t row) {
  return ComparisonLayout(canvas->chart(), QFontMetricsF(canvas->font()), QRectF(canvas->rect()).adjusted(0, 4, 0, -4))
      .bar(row);
}
QRectF choice_of(ComparisonCanvas* canvas, std::size_t row) {
  return ComparisonLayout(canvas->chart(), QFontMetricsF(canvas->font()), QRectF(canvas->rect()).adjusted(0, 4, 0, -4))
      .choice(row);
}

TEST(ComparisonView, BarsAreTheCategoriesAtThePeaks) {
  Runs runs;
  ComparisonView view(runs.session, nullptr);
  ASSERT_TRUE(settle(view));
  const auto& bars = view.canvas()->chart().bars;
  ASSERT_EQ(bars.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    const PeakView& peak = runs.session.runs()[i].loaded->breakdown.peak;
    EXPECT_EQ(bars[i].bytes, peak.allocated_bytes);
    EXPECT_EQ(bars[i].categories, peak.categories);
    EXPECT_EQ(bars[i].reserved_bytes, 1 << 20);
  }
  EXPECT_TRUE(bars[0].is_baseline);
  EXPECT_THAT(bars[1].change.toStdString(), HasSubstr("−"));
  EXPECT_LT(bars[1].direction, 0);
}

TEST(ComparisonView, SavingsAreThoseOfTheComparison) {
  Runs runs;
  ComparisonView view(runs.session, nullptr);
  ASSERT_TRUE(settle(view));
  const auto& all = runs.session.runs();
  const Comparison expected =
      compare(std::vector<const Breakdown*>{&all[0].loaded->breakdown, &all[1].loaded->breakdown}, 0);
  EXPECT_EQ(view.table()->index(1, 2).data().toString(), percent_text(*expected.rows[1].peak_saving_percent));
  EXPECT_EQ(view.table()->index(1, 2).data(kExportRole).toDouble(), *expected.rows[1].peak_saving_percent);
  EXPECT_EQ(view.table()->index(0, 1).data(kExportRole).toLongLong(), all[0].loaded->breakdown.peak.allocated_bytes);
  EXPECT_EQ(view.table()->index(0, 2).data().toString(), QStringLiteral("baseline"));
}

TEST(ComparisonView, LayersSumToThePeakAndSayTheDifference) {
  Runs runs;
  ComparisonView view(runs.session, nullptr);
  ASSERT_TRUE(settle(view));
  QAbstractItemModel* layers = view.layers();
  ASSERT_EQ(layers->columnCount(), 3);
  EXPECT_EQ(layers->index(0, 2).data(kExportRole).toLongLong(),
            runs.session.runs()[1].loaded->breakdown.peak.allocated_bytes);
  bool found = false;
  for (int row = 0; row < layers->rowCount(); ++row)
    if (layers->index(row, 0).data(kExportRole).toString() == "block.0/attn") {
      found = true;
      EXPECT_THAT(layers->index(row, 2).data().toString().toStdString(), HasSubstr("−12.0 KiB"));
      EXPECT_EQ(layers->index(row, 2).data(kHeatColourRole).value<QColor>(), theme().good);
      EXPECT_FALSE(layers->index(row, 1).data(kHeatRole).isValid());
    }
  EXPECT_TRUE(found);
}

TEST(ComparisonView, AClickOnTheRingMakesTheBaselineAndOneOnTheBarTheCurrentRun) {
  Runs runs;
  ComparisonView view(runs.session, nullptr);
  view.resize(900, 700);
  view.show();
  ASSERT_TRUE(settle(view));
  QTest::mouseClick(view.canvas(), Qt::LeftButton, {}, choice_of(view.canvas(), 1).center().toPoint());
  EXPECT_EQ(runs.session.baseline(), 1);
  EXPECT_EQ(runs.session.current(), 0);
  ASSERT_TRUE(settle(view));
  EXPECT_TRUE(view.canvas()->chart().bars[1].is_baseline);
  QTest::mouseClick(view.canvas(), Qt::LeftButton, {}, bar_of(view.canvas(), 1).center().toPoint());
  EXPECT_EQ(runs.session.current(), 1);
  EXPECT_TRUE(view.canvas()->chart().bars[1].is_current);
}

TEST(ComparisonView, KeysDoWhatClicksDo) {
  Runs runs;
  ComparisonView view(runs.session, nullptr);
  ASSERT_TRUE(settle(view));
  QTest::keyClick(view.canvas(), Qt::Key_Down);
  EXPECT_THAT(view.canvas()->accessibleDescription().toStdString(), HasSubstr("Run 2 of 2"));
  QTest::keyClick(view.canvas(), Qt::Key_B);
  EXPECT_EQ(runs.session.baseline(), 1);
  QTest::keyClick(view.canvas(), Qt::Key_Return);
  EXPECT_EQ(runs.session.current(), 1);
}

TEST(ComparisonView, OrderIsByPeakWhenAsked) {
  Runs runs;
  ComparisonView view(runs.session, nullptr);
  ASSERT_TRUE(settle(view));
  view.restore(Json{{"order", "peak"}});
  EXPECT_EQ(view.canvas()->chart().bars[0].label, runs.session.runs()[1].label);
  EXPECT_TRUE(view.canvas()->chart().bars[1].is_baseline);
  EXPECT_EQ(view.state().at("order"), "peak");
}

TEST(ComparisonView, ARunThatRanOutOfMemoryIsShownAsOne) {
  Runs runs;
  runs.session.add(run_of(out_of_memory(), "large"));
  runs.session.open({QStringLiteral("/nowhere/none.headroom")});
  ASSERT_TRUE(wait_until([&] { return !runs.session.is_loading(); }));
  ComparisonView view(runs.session, nullptr);
  ASSERT_TRUE(settle(view));
  const auto& bars = view.canvas()->chart().bars;
  EXPECT_TRUE(bars[2].is_bad);
  EXPECT_THAT(bars[2].trouble.toStdString(), HasSubstr("out of memory: 1.00 GiB were asked for"));
  EXPECT_EQ(bars[2].change, QString());
  EXPECT_TRUE(bars[3].is_bad);
  EXPECT_THAT(bars[3].trouble.toStdString(), HasSubstr("/nowhere/none.headroom"));
  EXPECT_EQ(view.table()->index(2, 2).data().toString(), QStringLiteral("–"));
}

TEST(ComparisonView, FollowsRunsThatComeAndGo) {
  Session session;
  ComparisonView view(session, nullptr);
  EXPECT_EQ(view.table()->rowCount(), 0);
  session.add(run_of(small_recording(), "small"));
  session.add(run_of(other_recording(), "other"));
  ASSERT_TRUE(settle(view));
  EXPECT_EQ(view.table()->rowCount(), 2);
  session.close(0);
  ASSERT_TRUE(settle(view));
  EXPECT_EQ(view.table()->rowCount(), 1);
  EXPECT_TRUE(view.canvas()->chart().bars[0].is_baseline);
  session.close_all();
  ASSERT_TRUE(settle(view));
  EXPECT_EQ(view.table()->rowCount(), 0);
  EXPECT_THAT(view.canvas()->accessibleDescription().toStdString(), HasSubstr("No run is open"));
}

TEST(ComparisonView, PaperTableShowsWhatTheRunsSay) {
  Session session;
  session.add(run_of(recording_from_text("mode forward\n== forward 1\n+4096@a x aten::mm temporary"), "forward"));
  ComparisonView view(session, nullptr);
  ASSERT_TRUE(settle(view));
  EXPECT_EQ(view.paper()->index(0, 7).data().toString(), QStringLiteral("–"));
  EXPECT_EQ(view.paper()->index(0, 8).data().toString(), QStringLiteral("4.00 KiB (0.00 %)"));
}

TEST(ComparisonModels, AreModels) {
  Session session;
  ComparisonView view(session, nullptr);
  using Mode = QAbstractItemModelTester::FailureReportingMode;
  QAbstractItemModelTester savings(view.table(), Mode::Fatal), layers(view.layers(), Mode::Fatal),
      paper(view.paper(), Mode::Fatal);
  session.add(run_of(small_recording(), "small"));
  session.add(run_of(recording_from_text(""), "nothing"));
  session.add(run_of(out_of_memory(), "large"));
  session.add(run_of(random_recording(1, 300), "random"));
  ASSERT_TRUE(settle(view));
  EXPECT_EQ(view.paper()->rowCount(), 4);
}

TEST(ComparisonView, TakesAnyState) {
  Runs runs;
  ComparisonView view(runs.session, nullptr);
  DiffView diff_view(runs.session, nullptr);
  for (const Json& state :
       {Json(), Json(3), Json::array(), Json{{"order", 7}, {"tab", "x"}}, Json{{"order", "none"}, {"tab", 99}},
        Json{{"before", 1}, {"after", Json::array()}, {"only_changes", "yes"}}, Json{{"before", "gone"}}}) {
    view.restore(state);
    diff_view.restore(state);
  }
  ASSERT_TRUE(settle(view) && settle(diff_view));
  DiffView other(runs.session, nullptr);
  other.restore(diff_view.state());
  EXPECT_EQ(other.state(), diff_view.state());
}

TEST(ComparisonViews, PagesAreNotBlankInLightAndDark) {
  Runs runs;
  ComparisonView view(runs.session, nullptr);
  DiffView diff_view(runs.session, nullptr);
  runs.session.set_current(1);
  for (const ThemeChoice choice : {ThemeChoice::dark, ThemeChoice::light}) {
    set_theme(*qApp, choice);
    EXPECT_GT(colour_count(picture_of(view)), 8);
    EXPECT_GT(colour_count(picture_of(diff_view)), 8);
  }
}

TEST(DiffView, IsOfTheBaselineAndTheCurrentRunOrWhereTheyAreTheSameOfTheNext) {
  Runs runs;
  DiffView view(runs.session, nullptr);
  ASSERT_TRUE(settle(view));
  EXPECT_THAT(view.summary().toStdString(), HasSubstr("shrank by 12.0 KiB"));
  runs.session.set_baseline(1);
  ASSERT_TRUE(settle(view));
  EXPECT_THAT(view.summary().toStdString(), HasSubstr("grew by 12.0 KiB"));
  runs.session.set_baseline(0);
  runs.session.set_current(1);
  ASSERT_TRUE(settle(view));
  EXPECT_THAT(view.summary().toStdString(), HasSubstr("shrank by 12.0 KiB"));
  EXPECT_THAT(view.summary().toStdString(), HasSubstr("activations of block.0/attn (−12.0 KiB)"));
}

TEST(DiffView, TreeLeavesNothingOutAndCanShowOnlyWhatChanged) {
  Runs runs;
  runs.session.set_current(1);
  DiffView view(runs.session, nullptr);
  ASSERT_TRUE(settle(view));
  const QModelIndex root = view.tree()->index(0, 0);
  EXPECT_EQ(view.tree()->index(0, DiffTreeModel::kAfter).data(kExportRole).toLongLong(),
            runs.session.runs()[1].loaded->breakdown.peak.allocated_bytes);
  EXPECT_EQ(view.tree()->rowCount(root), 1);
  EXPECT_EQ(view.tree()->index(0, DiffTreeModel::kBar).data(kSignedBarRole).toDouble(), -1);
  view.restore(Json{{"only_changes", false}});
  ASSERT_TRUE(settle(view));
  EXPECT_GT(view.tree()->rowCount(view.tree()->index(0, 0)), 1);
}

TEST(DiffView, ShowsTheTensorsThatChanged) {
  Runs runs;
  runs.session.set_current(1);
  DiffView view(runs.session, nullptr);
  ASSERT_TRUE(settle(view));
  ASSERT_EQ(view.tensors()->rowCount(), 1);
  EXPECT_EQ(view.tensors()->index(0, 0).data().toString(), QStringLiteral("changed"));
  EXPECT_EQ(view.tensors()->index(0, 1).data(kExportRole).toLongLong(), -12288);
}

TEST(DiffView, ChoosingARowChoosesItInTheCurrentRun) {
  Runs runs;
  runs.session.set_current(1);
  DiffView view(runs.session, nullptr);
  ASSERT_TRUE(settle(view));
  view.findChild<QTableView*>()->setCurrentIndex(view.tensors()->index(0, 0));
  const auto chosen = runs.session.selection().chosen().allocation;
  ASSERT_TRUE(chosen.has_value());
  EXPECT_EQ(runs.session.current_loaded()->breakdown.allocations[static_cast<std::size_t>(*chosen)].block_bytes, 4096);
  const QModelIndex root = view.tree()->index(0, 0);
  view.findChild<QTreeView*>()->setCurrentIndex(view.tree()->index(0, 0, root));
  ASSERT_TRUE(runs.session.selection().chosen().layer.has_value());
  EXPECT_EQ(runs.session.current_loaded()->breakdown.layer(*runs.session.selection().chosen().layer).path, "block.0");
}

TEST(DiffView, OtherRunsCanBeChosenAndExchanged) {
  Runs runs;
  DiffView view(runs.session, nullptr);
  view.compare(runs.session.runs()[1].id, runs.session.runs()[0].id);
  ASSERT_TRUE(settle(view));
  EXPECT_THAT(view.summary().toStdString(), HasSubstr("grew by 12.0 KiB"));
  EXPECT_EQ(view.state().at("before"), runs.session.runs()[1].label.toStdString());
}

TEST(DiffView, SurvivesARunThatIsClosedWhileItComputes) {
  Runs runs;
  runs.session.set_current(1);
  DiffView view(runs.session, nullptr);
  runs.session.close(0);
  ASSERT_TRUE(settle(view));
  EXPECT_THAT(view.summary().toStdString(), HasSubstr("One run is open"));
  runs.session.close_all();
  EXPECT_THAT(view.summary().toStdString(), HasSubstr("No run is open"));
  EXPECT_EQ(view.table()->rowCount(), 0);
}

TEST(DiffTreeModel, IsAModel) {
  DiffTreeModel model;
  QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
  const auto shown = [](RunHandle before, RunHandle after) {
    auto out = std::make_shared<ShownDiff>(ShownDiff{before, after, "a", "b", {}});
    out->diff = diff(before->breakdown, after->breakdown);
    return out;
  };
  const RunHandle nothing = run_of(recording_from_text(""), "nothing");
  const std::vector<RunHandle> all{nothing, run_of(small_recording(), "small"), run_of(out_of_memory(), "oom"),
                                   run_of(random_recording(1, 300), "random")};
  for (const RunHandle& before : all)
    for (const RunHandle& after : all)
      for (const bool only : {true, false})
        model.set(shown(before, after), {.only_changes = only, .with_children = !only});
  EXPECT_GT(model.rowCount(), 0);
  model.set(nullptr, {});
  EXPECT_EQ(model.rowCount(), 0);
}

}  // namespace
}  // namespace headroom::gui
