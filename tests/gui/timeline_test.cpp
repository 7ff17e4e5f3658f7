// What the timeline shows of a run, and what it does when it is zoomed, moved, pointed at and clicked.
#include "gui/views/timeline.h"

#include <gmock/gmock.h>

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QBuffer>
#include <QPdfWriter>
#include <QSignalSpy>
#include <QTest>
#include <QWheelEvent>

#include "gui/charts/timeline_stack.h"
#include "gui/charts/timeline_words.h"
#include "gui/items/timeline_rows.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "tests/gui/backing.h"
#include "tests/gui/support.h"
#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom::gui {
namespace {

using testing_support::random_recording;
using testing_support::recording_from_text;

Recording oom_recording() {
  Recording recording = small_recording();
  recording.outcome = {.kind = OutcomeKind::oom, .message = "out of memory", .failed_request_bytes = 1 << 20};
  return recording;
}

class TimelineTest : public testing::Test {
 protected:
  void open(Recording recording) {
    session.add(run_of(std::move(recording), "run" + std::to_string(session.runs().size())));
    session.set_current(static_cast<int>(session.runs().size()) - 1);
  }
  const LoadedRun& run() { return *session.current_loaded(); }
  TimelineCanvas& canvas() { return *view.canvas(); }
  const TimelineScene& scene() { return canvas().scene(); }
  void show() {
    view.resize(1000, 700);
    view.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&view));
    canvas().grab();
  }
  // Where the plot shows an event, from the picture's own layout.
  QPoint place_of(std::int64_t event) {
    QImage image(canvas().size(), QImage::Format_ARGB32_Premultiplied);
    QPainter painter(&image);
    painter.setFont(canvas().font());
    const auto layout = lay_out_timeline(painter, QRectF(canvas().rect()).adjusted(8, 8, -8, -4), scene());
    return QPointF(layout.x_of(scene(), place_of_event(scene(), event) + (scene().by_time ? 0 : 0.5)),
                   layout.plot.center().y())
        .toPoint();
  }
  static std::int64_t exported(const QAbstractItemModel& table, int row, int column) {
    return table.index(row, column).data(kExportRole).toLongLong();
  }

  Session session;
  Timeline view{session, nullptr};
};

// The areas alone, of a part of the run, as a screen or a page has them; the peak is as high as the plot.
constexpr QRectF kPlot(0, 0, 300, 200);
QImage areas_of(const TimelineScene& scene, bool as_shapes) {
  QImage image(kPlot.size().toSize(), QImage::Format_RGB32);
  image.fill(theme().panel);
  QPainter painter(&image);
  painter.setRenderHint(QPainter::Antialiasing, as_shapes);
  const auto columns = curve_of(scene, scene.from, scene.to, static_cast<std::size_t>(kPlot.width()));
  const std::int64_t most = scene.run->breakdown.peak.allocated_bytes;
  draw_stack(painter, kPlot, scene, columns, most);
  draw_share(painter, kPlot, scene, columns, most);
  return image;
}

TEST_F(TimelineTest, ThePeakIsSeenAtAnyZoom) {
  open(random_recording(4, 30'000));
  TimelineScene scene{.run = session.current_loaded()};
  const auto peak = static_cast<double>(run().breakdown.peak.event);
  for (double span = 30'000; span > 10; span /= 3) {
    scene.from = std::max(0.0, peak - span / 2);
    scene.to = scene.from + span;
    const QImage image = areas_of(scene, false);
    const int x = std::min(static_cast<int>((peak + 0.5 - scene.from) / span * kPlot.width()), image.width() - 1);
    const auto is_seen = [&](int column) {
      return column >= 0 && column < image.width() && image.pixelColor(column, 0) != theme().panel;
    };
    EXPECT_TRUE(is_seen(x - 1) || is_seen(x) || is_seen(x + 1)) << span;
  }
}

TEST_F(TimelineTest, TheScreenShowsWhatThePageDoes) {
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    open(random_recording(seed, 3000));
    const ShareCurve share(run().breakdown.allocations, run().detail.event_count(),
                           [](const Allocation& a) { return a.block_bytes % 3 == 0; });
    TimelineScene scene{.run = session.current_loaded(), .from = 100, .to = 2100, .share = nullptr};
    for (const ShareCurve* shown : {static_cast<const ShareCurve*>(nullptr), &share}) {
      scene.share = shown;
      const QImage screen = areas_of(scene, false), page = areas_of(scene, true);
      int differing = 0;
      for (int y = 0; y < screen.height(); ++y)
        for (int x = 0; x < screen.width(); ++x) {
          const QColor a = screen.pixelColor(x, y), b = page.pixelColor(x, y);
          differing +=
              std::abs(a.red() - b.red()) + std::abs(a.green() - b.green()) + std::abs(a.blue() - b.blue()) > 9;
        }
      // A row of pixels at an edge that lies within it may be of one colour here and of two there.
      EXPECT_LT(differing, 2 * screen.width()) << seed;
      EXPECT_GT(colour_count(screen), 3);
    }
  }
}

TEST_F(TimelineTest, SaysWhatIsMissingWhereThereIsNoRun) {
  EXPECT_THAT(canvas().accessibleDescription().toStdString(), testing::HasSubstr("No run is open"));
  EXPECT_EQ(view.table()->rowCount(), 0);
  EXPECT_FALSE(view.zoom_by(2));
  EXPECT_FALSE(view.zoom_to_fit());
  EXPECT_FALSE(view.undo_zoom());
  EXPECT_GT(colour_count(picture_of(view)), 1);
}

TEST_F(TimelineTest, SaysThatNothingWasAllocated) {
  open(Recording{});
  EXPECT_THAT(canvas().accessibleDescription().toStdString(), testing::HasSubstr("Nothing was allocated"));
  EXPECT_EQ(view.table()->rowCount(), 0);
  EXPECT_GT(colour_count(picture_of(view)), 1);
}

TEST_F(TimelineTest, SaysWhyAFileCouldNotBeRead) {
  session.open({QStringLiteral("/nowhere/at-all.headroom")});
  ASSERT_TRUE(wait_until([&] { return !session.is_loading(); }));
  EXPECT_THAT(canvas().accessibleDescription().toStdString(), testing::HasSubstr("/nowhere/at-all.headroom"));
}

TEST_F(TimelineTest, TellsThePeakUnlessPointedElsewhere) {
  open(small_recording());
  const std::string text = canvas().accessibleDescription().toStdString();
  EXPECT_THAT(text, testing::HasSubstr("The peak"));
  EXPECT_THAT(text, testing::HasSubstr(exact_text(run().breakdown.peak.allocated_bytes).toStdString()));
}

TEST_F(TimelineTest, ItsTableHasEveryInstantWithItsCategories) {
  open(small_recording());
  const QAbstractItemModel& table = *view.table();
  ASSERT_EQ(table.rowCount(), run().detail.event_count());
  for (int row = 0; row < table.rowCount(); ++row) {
    std::int64_t sum = 0;
    for (int c = 0; c < static_cast<int>(kCategoryCount); ++c) sum += exported(table, row, 6 + c);
    EXPECT_EQ(sum, exported(table, row, 5));
  }
  const auto peak = static_cast<int>(run().breakdown.peak.event);
  EXPECT_EQ(exported(table, peak, 0), peak);
  EXPECT_EQ(exported(table, peak, 5), run().breakdown.peak.allocated_bytes);
  EXPECT_EQ(exported(table, peak, 4), run().breakdown.peak.reserved_bytes);
}

TEST_F(TimelineTest, ItsTableOfALongRunKeepsThePeakAndOnlyWhatIsSeen) {
  open(random_recording(4, 30'000));
  const QAbstractItemModel& table = *view.table();
  EXPECT_LE(table.rowCount(), static_cast<int>(kMostTimelineRows));
  std::int64_t most = 0;
  for (int row = 0; row < table.rowCount(); ++row) most = std::max(most, exported(table, row, 5));
  EXPECT_EQ(most, run().breakdown.peak.allocated_bytes);
  canvas().show_range(100, 200);
  EXPECT_EQ(view.table()->rowCount(), 100);
  EXPECT_EQ(exported(table, 0, 0), 100);
}

TEST_F(TimelineTest, AClickChoosesTheInstantAndItsTensor) {
  open(small_recording());
  show();
  for (const std::size_t index : {4, 5}) {
    const Allocation& a = run().breakdown.allocations[index];
    QTest::mouseClick(&canvas(), Qt::LeftButton, Qt::NoModifier, place_of(a.begin));
    EXPECT_EQ(session.selection().chosen().event, a.begin);
    EXPECT_EQ(session.selection().chosen().allocation, static_cast<std::int64_t>(index));
    QTest::mouseClick(&canvas(), Qt::LeftButton, Qt::NoModifier, place_of(a.end));
    EXPECT_EQ(session.selection().chosen().event, a.end);
    EXPECT_EQ(session.selection().chosen().allocation, static_cast<std::int64_t>(index)) << "the one freed";
  }
}

TEST_F(TimelineTest, AnEventWithoutTensorIsChosenAsAnInstant) {
  open(small_recording());
  QTest::keyClick(&canvas(), Qt::Key_P);
  while (canvas().current_event() > 0) QTest::keyClick(&canvas(), Qt::Key_Left, Qt::ShiftModifier);
  QTest::keyClick(&canvas(), Qt::Key_Return);
  EXPECT_EQ(session.selection().chosen().event, 0);
  EXPECT_EQ(session.selection().chosen().allocation, std::nullopt);
}

TEST_F(TimelineTest, HoveringTellsTheEventUnderThePointer) {
  open(small_recording());
  show();
  const Allocation& a = run().breakdown.allocations[5];
  QTest::mouseMove(&canvas(), place_of(a.begin));
  ASSERT_TRUE(wait_until([&] { return canvas().current_event() == a.begin; }));
  EXPECT_THAT(canvas().accessibleDescription().toStdString(),
              testing::HasSubstr("allocates " + size_and_exact(a.block_bytes).toStdString()));
}

TEST_F(TimelineTest, WhatFollowsThePointerLeavesNoTraces) {
  open(random_recording(1, 4000));
  show();
  for (int i = 0; i < 12; ++i) {
    QTest::mouseMove(&canvas(), QPoint(100 + 61 * i, 100 + 17 * i));
    ASSERT_EQ(on_screen(canvas()), painted_anew(canvas())) << i;
  }
  QTest::keyClick(&canvas(), Qt::Key_Right, Qt::ShiftModifier);
  EXPECT_EQ(on_screen(canvas()), painted_anew(canvas()));
  QEvent leave(QEvent::Leave);
  QCoreApplication::sendEvent(&canvas(), &leave);
  EXPECT_EQ(on_screen(canvas()), painted_anew(canvas()));
}

// While it is zoomed the picture is painted onto the window's own bitmap, else it is kept and copied.
TEST_F(TimelineTest, LooksTheSamePaintedAtOnceOrFromWhatIsKept) {
  for (Recording recording : {random_recording(2, 4000), oom_recording()}) {
    open(std::move(recording));
    show();
    for (const char* stacking : {"category", "layer"})
      for (const char* axis : {"event", "time"}) {
        view.restore({{"axis", axis}, {"stacking", stacking}});
        for (int depth = 0; depth < 6; ++depth) {
          QImage at_once(canvas().size(), QImage::Format_RGB32), kept(canvas().size(), QImage::Format_ARGB32);
          canvas().render(&at_once);
          canvas().render(&kept);
          ASSERT_EQ(at_once, kept.convertToFormat(QImage::Format_RGB32)) << stacking << ' ' << axis << ' ' << depth;
          canvas().zoom_by(2.7, scene().from + (scene().to - scene().from) * 0.6, false);
        }
      }
  }
}

TEST_F(TimelineTest, DraggingMovesAndAShiftDragZooms) {
  open(random_recording(1, 4000));
  show();
  canvas().show_range(1000, 2000);
  const QPoint from = place_of(1500), to = place_of(1600);
  QTest::mousePress(&canvas(), Qt::LeftButton, Qt::NoModifier, from);
  QTest::mouseMove(&canvas(), to);
  QTest::mouseRelease(&canvas(), Qt::LeftButton, Qt::NoModifier, to);
  EXPECT_NEAR(scene().from, 900, 3);
  EXPECT_NEAR(scene().to - scene().from, 1000, 1e-6);
  EXPECT_EQ(session.selection().chosen().event, std::nullopt) << "a drag chooses nothing";
  const QPoint first = place_of(1100), last = place_of(1200);
  QTest::mousePress(&canvas(), Qt::LeftButton, Qt::ShiftModifier, first);
  QTest::mouseMove(&canvas(), last);
  QTest::mouseRelease(&canvas(), Qt::LeftButton, Qt::ShiftModifier, last);
  EXPECT_NEAR(scene().from, 1100, 3);
  EXPECT_NEAR(scene().to, 1200, 3);
  EXPECT_TRUE(view.undo_zoom());
  EXPECT_NEAR(scene().from, 900, 3);
  QTest::mouseDClick(&canvas(), Qt::LeftButton, Qt::NoModifier, first);
  EXPECT_EQ(scene().from, 0);
}

TEST_F(TimelineTest, TheWheelKeepsWhatIsUnderThePointer) {
  open(random_recording(1, 4000));
  show();
  const QPoint at = place_of(1000);
  QWheelEvent wheel(at, canvas().mapToGlobal(at), {}, {0, 240}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase, false);
  QApplication::sendEvent(&canvas(), &wheel);
  EXPECT_LT(scene().to - scene().from, 3000);
  EXPECT_NEAR(place_of(1000).x(), at.x(), 1);
  const double before = scene().from;
  QWheelEvent sideways(at, canvas().mapToGlobal(at), {}, {-240, 0}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                       false);
  QApplication::sendEvent(&canvas(), &sideways);
  EXPECT_GT(scene().from, before);
}

TEST_F(TimelineTest, ATurnOfTheWheelIsOneZoomToGoBackFrom) {
  open(random_recording(1, 4000));
  show();
  const auto turn = [&](int by) {
    const QPoint at = place_of(1000);
    QWheelEvent wheel(at, canvas().mapToGlobal(at), {}, {0, by}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                      false);
    QApplication::sendEvent(&canvas(), &wheel);
  };
  const double from = scene().from, to = scene().to;
  turn(-120);  // nothing to zoom out of
  for (int i = 0; i < 5; ++i) turn(120);
  EXPECT_LT(scene().to - scene().from, 0.5 * (to - from));
  EXPECT_TRUE(view.undo_zoom());
  EXPECT_EQ(scene().from, from);
  EXPECT_EQ(scene().to, to);
  EXPECT_FALSE(view.undo_zoom());
}

TEST_F(TimelineTest, TheOverviewMovesWhatIsSeen) {
  open(random_recording(1, 4000));
  show();
  canvas().show_range(0, 400);
  QImage image(canvas().size(), QImage::Format_ARGB32_Premultiplied);
  QPainter painter(&image);
  painter.setFont(canvas().font());
  const auto layout = lay_out_timeline(painter, QRectF(canvas().rect()).adjusted(8, 8, -8, -4), scene());
  QTest::mouseClick(&canvas(), Qt::LeftButton, Qt::NoModifier, layout.overview.center().toPoint());
  EXPECT_NEAR((scene().from + scene().to) / 2, static_cast<double>(run().detail.event_count()) / 2, 10);
  EXPECT_TRUE(view.undo_zoom());
  EXPECT_EQ(scene().from, 0);
  EXPECT_EQ(scene().to, 400);
}

TEST_F(TimelineTest, ThePlotKeepsItsHeightInASmallWindow) {
  open(random_recording(1, 4000));
  QImage image(10, 10, QImage::Format_ARGB32_Premultiplied);
  QPainter painter(&image);
  painter.setFont(canvas().font());
  const double line = QFontMetricsF(painter.font()).height();
  const std::size_t parts = lay_out_timeline(painter, QRectF(0, 0, 1400, 900), scene()).rows;
  EXPECT_GT(parts, 0U);
  for (const QSizeF size :
       {QSizeF(340, 16 * line), QSizeF(340, 18 * line), QSizeF(340, 24 * line), QSizeF(700, 20 * line)}) {
    const TimelineLayout l = lay_out_timeline(painter, QRectF(QPointF(0, 0), size), scene());
    EXPECT_GE(l.plot.height(), 5 * line) << size.height();
    EXPECT_LE(l.plot.bottom(), l.axis.top() + 1);
    EXPECT_LE(l.axis.bottom(), l.overview.top());
    EXPECT_LE(l.readout.bottom(), size.height());
    EXPECT_LE(static_cast<double>(l.columns) * l.column_width, size.width() + 28);
  }
  EXPECT_TRUE(lay_out_timeline(painter, QRectF(0, 0, 340, 16 * line), scene()).overview.isEmpty());
  canvas().resize(340, static_cast<int>(16 * line));
  canvas().grab();
}

TEST_F(TimelineTest, KeysZoomMoveAndComeBack) {
  open(random_recording(1, 4000));
  QTest::keyClick(&canvas(), Qt::Key_Plus);
  const double span = scene().to - scene().from, from = scene().from;
  EXPECT_LT(span, 3000);
  QTest::keyClick(&canvas(), Qt::Key_Right);
  EXPECT_GT(scene().from, from);
  QTest::keyClick(&canvas(), Qt::Key_Home);
  EXPECT_EQ(scene().from, 0);
  QTest::keyClick(&canvas(), Qt::Key_End);
  EXPECT_EQ(scene().to, static_cast<double>(run().detail.event_count()));
  QTest::keyClick(&canvas(), Qt::Key_Z, Qt::ControlModifier);
  EXPECT_EQ(scene().to - scene().from, static_cast<double>(run().detail.event_count()));
  QTest::keyClick(&canvas(), Qt::Key_Plus);
  QTest::keyClick(&canvas(), Qt::Key_0);
  EXPECT_EQ(scene().from, 0);
  canvas().show_range(0, 20);
  QTest::keyClick(&canvas(), Qt::Key_P);
  EXPECT_EQ(canvas().current_event(), run().breakdown.peak.event);
  EXPECT_LE(scene().from, static_cast<double>(run().breakdown.peak.event));
  EXPECT_GE(scene().to, static_cast<double>(run().breakdown.peak.event));
}

TEST_F(TimelineTest, ChangingTheAxisKeepsWhatIsSeen) {
  open(random_recording(1, 4000));
  canvas().show_range(1000, 2000);
  view.restore({{"axis", "time"}});
  EXPECT_EQ(event_at(scene(), scene().from), event_at_time(run().recording.events.time_ns, scene().from));
  EXPECT_NEAR(static_cast<double>(event_at(scene(), scene().from)), 1000, 3);
  EXPECT_NEAR(static_cast<double>(event_at(scene(), scene().to)), 2000, 3);
}

TEST_F(TimelineTest, AChosenLayerHasItsCurve) {
  open(small_recording());
  session.selection().choose_layer(run().breakdown.allocations[0].layer);
  ASSERT_TRUE(wait_until([&] { return view.is_settled(); }));
  ASSERT_NE(scene().share, nullptr);
  EXPECT_EQ(scene().share->at(run().breakdown.peak.event),
            run().breakdown.peak.layers[static_cast<std::size_t>(run().breakdown.allocations[0].layer)].bytes);
  session.selection().clear();
  EXPECT_EQ(scene().share, nullptr);
}

TEST_F(TimelineTest, AChosenCategoryHasItsCurveWhereTheStackIsOfOthers) {
  open(small_recording());
  session.selection().choose_category(Category::activation);
  EXPECT_EQ(scene().share, nullptr) << "the stack shows it";
  view.restore({{"stacking", "phase"}});
  ASSERT_TRUE(wait_until([&] { return scene().share != nullptr; }));
  EXPECT_EQ(scene().share->at(run().breakdown.peak.event),
            run().breakdown.peak.categories[static_cast<std::size_t>(Category::activation)]);
}

TEST_F(TimelineTest, WhatIsFilteredOutIsPale) {
  open(small_recording());
  const QImage before = picture_of(view);
  Filter filter;
  filter.categories[static_cast<std::size_t>(Category::parameter)] = false;
  session.selection().set_filter(filter);
  EXPECT_NE(picture_of(view), before);
}

TEST_F(TimelineTest, ARunClosedWhileItIsComputedIsForgotten) {
  open(random_recording(2, 20'000));
  session.selection().choose_layer(LayerId(1));
  session.close(0);
  EXPECT_FALSE(canvas().has_run());
  EXPECT_TRUE(view.is_settled());
  QTest::qWait(50);
  EXPECT_EQ(scene().share, nullptr);
}

TEST_F(TimelineTest, RestoresWhatItSaidAndAnythingElse) {
  open(random_recording(1, 4000));
  view.restore({{"stacking", "layer"}, {"axis", "event"}, {"from", 500.0}, {"to", 900.0}, {"fit_height", true}});
  const Json state = view.state();
  Session other_session;
  Timeline other(other_session, nullptr);
  other.restore(state);  // before there is a run
  other_session.add(run_of(random_recording(1, 4000), "again"));
  EXPECT_EQ(other.state(), state);
  for (const Json& odd : {Json(), Json(3), Json::array({1}), Json{{"from", "x"}, {"to", nullptr}, {"axis", 7}},
                          Json{{"from", 9}, {"to", 1}, {"stacking", "none"}}, Json{{"from", -1e300}, {"to", 1e300}}})
    other.restore(odd);
  EXPECT_TRUE(other.canvas()->has_run());
}

TEST_F(TimelineTest, PaintsAnyRunInAnyLight) {
  for (const bool dark : {false, true}) {
    set_theme(*qApp, dark ? ThemeChoice::dark : ThemeChoice::light);
    for (Recording recording : {small_recording(), oom_recording(), random_recording(7, 900), Recording{}}) {
      open(std::move(recording));
      for (const char* stacking : {"category", "layer", "phase"})
        for (const char* axis : {"event", "time"}) {
          view.restore({{"stacking", stacking}, {"axis", axis}});
          EXPECT_GT(colour_count(picture_of(view)), canvas().has_run() ? 5 : 1);
        }
    }
  }
  set_theme(*qApp, ThemeChoice::light);
}

TEST_F(TimelineTest, IsShapesAndTextInAPdf) {
  open(small_recording());
  QBuffer buffer;
  buffer.open(QIODevice::WriteOnly);
  {
    QPdfWriter pdf(&buffer);
    pdf.setResolution(96);
    QPainter painter(&pdf);
    view.paint_page(painter, QRectF(0, 0, 700, 420));
  }
  EXPECT_GT(buffer.data().size(), 5000);
  EXPECT_FALSE(buffer.data().contains("/Subtype /Image"));
  EXPECT_TRUE(buffer.data().contains("/Font"));
}

TEST_F(TimelineTest, ShowsTheRequestThatFailed) {
  open(oom_recording());
  const QImage picture = picture_of(view);
  int failed = 0;
  for (int y = 0; y < picture.height(); ++y)
    for (int x = 0; x < picture.width(); ++x) failed += picture.pixelColor(x, y) == theme().bad;
  EXPECT_GT(failed, 50);
}

TEST_F(TimelineTest, ItsTableIsAModelOfAnyRun) {
  for (const Recording& recording : {small_recording(), oom_recording(), random_recording(3, 500), Recording{}}) {
    RowsModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    const RunHandle handle = run_of(recording, "a");
    const std::int64_t count = handle->detail.event_count();
    set_timeline_rows(model, handle,
                      columns_of_events(0, static_cast<double>(count), static_cast<std::size_t>(count), count));
    EXPECT_EQ(model.rowCount(), count);
    set_timeline_rows(model, nullptr, {});
    EXPECT_EQ(model.rowCount(), 0);
  }
}

TEST(TimelineWords, NameTheTensorTheOperatorAndTheLayer) {
  const RunHandle run =
      run_of(recording_from_text("t=5 +4096@a block/attn aten::mm activation \"[32, 32] float32\"\n-@a"), "a");
  EXPECT_EQ(event_text(*run, 0).toStdString(),
            "allocates 4.00 KiB (4,096 bytes): [32, 32] float32 · aten::mm · block/attn");
  EXPECT_THAT(event_text(*run, 1).toStdString(), testing::StartsWith("frees 4.00 KiB"));
  EXPECT_EQ(event_text(*run, 99).toStdString(), "before the first event");
}

}  // namespace
}  // namespace headroom::gui
