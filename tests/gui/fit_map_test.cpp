// What fits: each cell a run, the order in which they are made, and what is shown of them.
#include "gui/running/fit_map.h"

#include <gmock/gmock.h>

#include <QAbstractItemModelTester>
#include <QComboBox>
#include <QPushButton>
#include <QSet>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QTest>

#include "gui/charts/fit_chart.h"
#include "gui/running/program_dialog.h"
#include "gui/running/run_queue.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "tests/gui/fake_headroom.h"
#include "tests/gui/support.h"

namespace headroom::gui {
namespace {

using testing::HasSubstr;

// A model of few sizes: sequences of 64 to 512, batches of 1 to 512; 2048 tokens fit.
class Fit : public testing::Test {
 protected:
  Fit() : view_(session_, nullptr) {
    fake_.set_room(2048);
    ResultCache().clear();
  }

  void open_run() {
    Recording recording = virtual_recording();
    recording.spec.batch = 4;
    recording.spec.seq = 128;
    session_.add(run_of(std::move(recording), "a"));
  }

  FitCell cell_of(std::int64_t batch, std::int64_t seq) {
    const FitGrid& grid = view_.search().grid();
    const auto at = [](const std::vector<std::int64_t>& sizes, std::int64_t size) {
      return static_cast<std::size_t>(std::find(sizes.begin(), sizes.end(), size) - sizes.begin());
    };
    return {at(grid.batches(), batch), at(grid.seqs(), seq)};
  }

  bool wait_for_search() {
    return QTest::qWaitFor([this] { return view_.is_settled(); }, 20'000);
  }

  FakeHeadroom fake_;
  Session session_;
  FitMap view_;
};

TEST_F(Fit, WithoutARunSaysWhatIsMissing) {
  EXPECT_FALSE(view_.search().has_spec());
  EXPECT_EQ(view_.table()->rowCount(), 0);
  EXPECT_GT(colour_count(picture_of(view_)), 1);
}

TEST_F(Fit, AProgramOfTheUsersCannotBeVaried) {
  Recording recording = virtual_recording();
  recording.spec.command = {"python", "train.py"};
  session_.add(run_of(std::move(recording), "a"));
  EXPECT_FALSE(view_.search().has_spec());
}

TEST_F(Fit, RunsNothingUntilItIsAsked) {
  open_run();
  EXPECT_TRUE(view_.search().has_spec());
  EXPECT_FALSE(view_.search().is_running());
  QTest::qWait(30);
  EXPECT_TRUE(fake_.calls().isEmpty());
}

TEST_F(Fit, EachCellIsARunOrFollowsFromASmallerOne) {
  open_run();
  QSignalSpy settled(&view_, &View::settled);
  view_.search().start();
  EXPECT_FALSE(view_.is_settled());
  ASSERT_TRUE(wait_for_search());
  EXPECT_GE(settled.count(), 1);
  const FitGrid& grid = view_.search().grid();
  int runs = 0;
  for (std::size_t s = 0; s < grid.seqs().size(); ++s)
    for (std::size_t b = 0; b < grid.batches().size(); ++b) {
      const bool fits = grid.batches()[b] * grid.seqs()[s] <= 2048;
      EXPECT_EQ(grid.at({b, s}) == FitState::fits, fits);
      const RunResult* result = view_.search().result({b, s});
      EXPECT_EQ(result == nullptr, grid.at({b, s}) == FitState::smaller_did_not_fit);
      runs += result ? 1 : 0;
    }
  EXPECT_EQ(fake_.calls().size(), runs);
  EXPECT_LT(runs, static_cast<int>(grid.cell_count()));
}

TEST_F(Fit, TheFigureBelowTheMapIsInTheMapToo) {
  open_run();
  view_.resize(900, 700);
  view_.show();
  ASSERT_TRUE(wait_until([&] { return view_.is_settled() && view_.exact_text().contains("fits"); }));
  EXPECT_EQ(view_.search().grid().tried_count(), 1U);
}

TEST_F(Fit, GpusAreToldApartByTheirNames) {
  open_run();
  view_.resize(700, 700);
  view_.show();
  const auto* table = view_.findChild<QTableView*>();
  ASSERT_NE(table, nullptr);
  EXPECT_NE(table->textElideMode(), Qt::ElideRight);
  QStringList names;
  for (int row = 0; row < table->model()->rowCount(); ++row)
    names.append(table->model()->index(row, 0).data().toString());
  EXPECT_EQ(QSet<QString>(names.begin(), names.end()).size(), names.size());
  for (const QString& name : names) EXPECT_FALSE(name.startsWith("NVIDIA")) << name.toStdString();
}

TEST_F(Fit, WhatWasRunBeforeIsThereAtOnce) {
  open_run();
  view_.search().start();
  ASSERT_TRUE(wait_for_search());
  const auto calls = fake_.calls().size();
  FitMap again(session_, nullptr);
  EXPECT_EQ(again.search().grid().tried_count(), again.search().grid().cell_count());
  EXPECT_EQ(fake_.calls().size(), calls);
}

TEST_F(Fit, StopsAndGoesOn) {
  open_run();
  fake_.act("hang");
  view_.search().start();
  ASSERT_TRUE(wait_until([&] { return !fake_.processes().empty(); }));
  view_.search().stop();
  EXPECT_FALSE(view_.search().is_running());
  EXPECT_TRUE(fake_.all_gone());
  fake_.act("well");
  view_.search().start();
  EXPECT_TRUE(wait_for_search());
}

TEST_F(Fit, RunsThatAllFailSayWhyAndEndTheSearch) {
  open_run();
  fake_.act("refuse");
  view_.search().start();
  ASSERT_TRUE(wait_for_search());
  EXPECT_THAT(view_.search().problem().toStdString(), HasSubstr("which nobody wants"));
  const FitCell first{view_.search().grid().batches().size() - 1, 0};
  EXPECT_EQ(view_.search().grid().at(first), FitState::refused);
  EXPECT_THAT(view_.canvas().describe(first).toStdString(), HasSubstr("which nobody wants"));
  EXPECT_LT(fake_.calls().size(), 10);  // it does not go on for ever
}

TEST_F(Fit, AClickShowsTheExactResultAndADoubleClickOpensTheRun) {
  open_run();
  view_.resize(1100, 700);
  view_.show();
  const auto click = [&](FitCell cell) {
    QTest::mouseClick(&view_.canvas(), Qt::LeftButton, {}, view_.canvas().rect_of(cell).center().toPoint());
  };
  click(cell_of(2, 256));
  EXPECT_EQ(view_.canvas().chosen(), cell_of(2, 256));
  ASSERT_TRUE(wait_until([&] { return view_.exact_text().startsWith(QStringLiteral("✓ batch 2 × seq 256 fits")); }))
      << view_.exact_text().toStdString();
  EXPECT_THAT(view_.exact_text().toStdString(), HasSubstr("virtual"));
  click(cell_of(512, 512));
  ASSERT_TRUE(
      wait_until([&] { return view_.exact_text().startsWith(QStringLiteral("✕ batch 512 × seq 512 does not fit")); }));
  QTest::mouseDClick(&view_.canvas(), Qt::LeftButton, {}, view_.canvas().rect_of(cell_of(512, 512)).center().toPoint());
  RunQueue& queue = queue_of(session_);
  ASSERT_EQ(queue.rowCount(), 1);
  EXPECT_EQ(queue.item(0).spec.batch, 512);
  EXPECT_TRUE(wait_until([&] { return queue.count(QueueState::oom) == 1; }));
}

TEST_F(Fit, ArrowKeysMoveAndEnterOpens) {
  open_run();
  view_.canvas().choose(FitCell{0, 0});
  QTest::keyClick(&view_.canvas(), Qt::Key_Up);
  QTest::keyClick(&view_.canvas(), Qt::Key_Right);
  EXPECT_EQ(view_.canvas().chosen(), (FitCell{1, 1}));
  EXPECT_FALSE(view_.canvas().accessibleDescription().isEmpty());
  QTest::keyClick(&view_.canvas(), Qt::Key_Return);
  EXPECT_EQ(queue_of(session_).rowCount(), 1);
}

TEST_F(Fit, AnySizeBetweenTheCellsIsRun) {
  open_run();
  view_.show();
  for (QSpinBox* spin : view_.findChildren<QSpinBox*>())
    if (spin->accessibleName() == QStringLiteral("Batch")) spin->setValue(13);
  EXPECT_FALSE(view_.canvas().chosen());
  EXPECT_TRUE(wait_until([&] { return view_.exact_text().startsWith(QStringLiteral("✓ batch 13 × seq 128 fits")); }));
}

TEST_F(Fit, TheLargestBatchOfAGpuWasRunAndOneMoreDidNotFit) {
  open_run();
  LargestBatches& batches = view_.batches();
  QAbstractItemModelTester tester(&batches, QAbstractItemModelTester::FailureReportingMode::Fatal);
  const int row = batches.row_of("virtual:h100-80gb");
  ASSERT_GE(row, 0);
  batches.find(row);
  ASSERT_TRUE(QTest::qWaitFor([&] { return !batches.is_running(); }, 20'000));
  ASSERT_TRUE(batches.row(row).largest);
  EXPECT_EQ(batches.row(row).largest->value, 16);  // of 128 tokens
  EXPECT_EQ(batches.index(row, 2).data().toString(), QStringLiteral("16"));
  const std::string calls = fake_.calls().join('\n').toStdString();
  EXPECT_THAT(calls, HasSubstr("--batch 16 --seq 128"));
  EXPECT_THAT(calls, HasSubstr("--batch 17 --seq 128"));
  RunSpec longer = view_.spec();
  longer.seq = 256;
  batches.set_spec(longer);
  EXPECT_FALSE(batches.row(row).largest);
}

TEST_F(Fit, AnotherGpuHasAnotherMap) {
  open_run();
  view_.restore(Json{{"device", "virtual:a100-40gb"}, {"batch", 2}, {"seq", 64}});
  EXPECT_EQ(view_.spec().device, "virtual:a100-40gb");
  EXPECT_EQ(view_.canvas().chosen(), cell_of(2, 64));
  EXPECT_EQ(view_.state(), (Json{{"device", "virtual:a100-40gb"}, {"batch", 2}, {"seq", 64}}));
}

TEST_F(Fit, AClickOnAGpuShowsItsMapAndSoDoKeysInTheMap) {
  open_run();
  view_.resize(1100, 700);
  view_.show();
  QTableView* gpus = view_.findChild<QTableView*>();
  const int row = view_.batches().row_of("virtual:a100-40gb");
  QTest::mouseClick(gpus->viewport(), Qt::LeftButton, {}, gpus->visualRect(view_.batches().index(row, 0)).center());
  EXPECT_EQ(view_.spec().device, "virtual:a100-40gb");
  EXPECT_FALSE(view_.batches().is_running());
  QTest::keyClick(&view_.canvas(), Qt::Key_PageDown);
  EXPECT_EQ(view_.spec().device, "virtual:" + view_.batches().row(row + 1).device->name);
  QTest::keyClick(&view_.canvas(), Qt::Key_PageUp);
  QTest::keyClick(&view_.canvas(), Qt::Key_PageUp);
  EXPECT_EQ(view_.spec().device, "virtual:" + view_.batches().row(row - 1).device->name);
  for (int i = 0; i < 40; ++i) QTest::keyClick(&view_.canvas(), Qt::Key_PageUp);
  EXPECT_EQ(view_.spec().device, "virtual:" + view_.batches().row(0).device->name);
}

TEST_F(Fit, WhatAnotherVersionFoundIsForgotten) {
  open_run();
  view_.search().start();
  ASSERT_TRUE(wait_for_search());
  EXPECT_EQ(view_.search().grid().at(cell_of(2, 256)), FitState::fits);
  fake_.set_room(64);
  fake_.become("0.2.0");
  view_.search().start();
  ASSERT_TRUE(wait_for_search());
  EXPECT_NE(view_.search().grid().at(cell_of(2, 256)), FitState::fits);
  EXPECT_EQ(view_.search().grid().at(cell_of(1, 64)), FitState::fits);
  LargestBatches& batches = view_.batches();
  batches.find(0);
  ASSERT_TRUE(QTest::qWaitFor([&] { return !batches.is_running(); }, 20'000));
  EXPECT_EQ(batches.row(0).largest->value, std::nullopt);  // not one of 128 tokens
  fake_.set_room(256);
  fake_.become("0.3.0-rc");
  batches.find(0);
  ASSERT_TRUE(QTest::qWaitFor([&] { return !batches.is_running(); }, 20'000));
  EXPECT_EQ(batches.row(0).largest->value, 2);
}

TEST_F(Fit, WithoutAProgramLeadsToWhereItIsChosen) {
  open_run();
  view_.show();
  qputenv("HEADROOM_PROGRAM", "/nowhere");
  queue_of(session_).tell_program_chosen();
  QPushButton* choose = nullptr;
  for (QPushButton* button : view_.findChildren<QPushButton*>())
    if (button->text() == QStringLiteral("Choose the program…")) choose = button;
  ASSERT_TRUE(choose && choose->isVisible());
  choose->click();
  EXPECT_TRUE(view_.findChild<ProgramDialog*>()->isVisible());
  qputenv("HEADROOM_PROGRAM", fake_.program().toUtf8());
  queue_of(session_).tell_program_chosen();
  EXPECT_FALSE(choose->isVisible());
}

TEST_F(Fit, RestoresWhateverItIsGiven) {
  const char* texts[] = {"{}",
                         "[]",
                         "7",
                         "null",
                         R"({"device":7,"batch":"x","seq":-1})",
                         R"({"device":"virtual:nothing","batch":99999999999,"seq":0})"};
  for (const bool has_run : {false, true}) {
    if (has_run) open_run();
    for (const char* text : texts) view_.restore(Json::parse(text));
  }
  EXPECT_EQ(view_.spec().device, "virtual:h100-80gb");
}

TEST_F(Fit, TheDialogsSpecIsShownUntilARunIsChosen) {
  open_run();
  RunSpec spec{.model = "gpt2", .batch = 2, .seq = 64};
  fake_.act("hang");
  queue_of(session_).want_fit(spec);
  EXPECT_EQ(view_.spec().model, "gpt2");
  EXPECT_TRUE(view_.search().is_running());
  session_.add(run_of(virtual_recording(), "b"));
  session_.set_current(1);
  EXPECT_EQ(view_.spec().model, "bert-base");
  EXPECT_FALSE(view_.search().is_running());
}

TEST_F(Fit, SurvivesARunThatIsClosedWhileItSearches) {
  open_run();
  fake_.act("hang");
  view_.search().start();
  ASSERT_TRUE(wait_until([&] { return !fake_.processes().empty(); }));
  session_.close_all();
  EXPECT_FALSE(view_.search().has_spec());
  EXPECT_EQ(view_.table()->rowCount(), 0);
  EXPECT_TRUE(fake_.all_gone());
}

TEST_F(Fit, AFailedRunAndOneOutOfMemoryHaveAMapToo) {
  session_.add(run_of(oom_recording(), "oom"));
  EXPECT_TRUE(view_.search().has_spec());
  Recording failed = virtual_recording();
  failed.outcome.kind = OutcomeKind::error;
  session_.add(run_of(std::move(failed), "failed"));
  session_.set_current(1);
  EXPECT_TRUE(view_.search().has_spec());
}

TEST_F(Fit, TheTableHasExactBytes) {
  open_run();
  QAbstractItemModelTester tester(view_.table(), QAbstractItemModelTester::FailureReportingMode::Fatal);
  view_.search().start();
  ASSERT_TRUE(wait_for_search());
  const QAbstractItemModel& table = *view_.table();
  ASSERT_EQ(table.rowCount(), static_cast<int>(view_.search().grid().cell_count()));
  EXPECT_EQ(table.index(0, 3).data(kExportRole).toLongLong(),
            result_of(summarize(virtual_recording())).allocated_bytes);
  EXPECT_EQ(table.index(0, 2).data().toString(), QStringLiteral("fits"));
  const int last = table.rowCount() - 1;
  EXPECT_EQ(table.index(last, 2).data().toString(), QStringLiteral("not run: a smaller one did not fit"));
  EXPECT_EQ(table.index(last, 3).data(kExportRole).toString(), QString());
}

TEST_F(Fit, PaintsAPageInLightAndDark) {
  open_run();
  view_.search().start();
  ASSERT_TRUE(wait_for_search());
  for (const bool dark : {false, true}) {
    set_theme(*static_cast<QApplication*>(QCoreApplication::instance()), dark ? ThemeChoice::dark : ThemeChoice::light);
    EXPECT_GT(colour_count(picture_of(view_)), 10) << dark;
  }
  set_theme(*static_cast<QApplication*>(QCoreApplication::instance()), ThemeChoice::light);
}

TEST(FitChartPlaces, ACellIsFoundWhereItIsDrawn) {
  const FitGrid grid({1, 2, 4, 8}, {64, 128, 256});
  const QRectF plot(40, 10, 300, 200);
  for (std::size_t s = 0; s < 3; ++s)
    for (std::size_t b = 0; b < 4; ++b) {
      const FitCell cell{b, s};
      EXPECT_EQ(fit_cell_at(plot, grid, fit_cell_rect(plot, grid, cell).center()), cell);
    }
  EXPECT_FALSE(fit_cell_at(plot, grid, {0, 0}));
  EXPECT_FALSE(fit_cell_at(plot, FitGrid(), plot.center()));
}

}  // namespace
}  // namespace headroom::gui
