// What the memory map shows, follows and lets choose.
#include "gui/views/memory_map.h"

#include <gmock/gmock.h>

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QBuffer>
#include <QComboBox>
#include <QHelpEvent>
#include <QSet>
#include <QTest>
#include <QToolTip>
#include <QtSvg/QSvgGenerator>
#include <algorithm>

#include "gui/charts/memory_map_details.h"
#include "gui/items/block_words.h"
#include "gui/items/emphasis.h"
#include "gui/views/map_canvas.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "tests/gui/backing.h"
#include "tests/gui/shown_view.h"
#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom::gui {
namespace {

using testing_support::random_recording;
using testing_support::recording_from_text;

constexpr const char* kOom = R"(
outcome oom
== build 0
+4096@w layer - parameter
== forward 1
+8192@a layer - activation?
)";

// With blocks that do not overlap, as real ones.
Recording apart(Recording recording) {
  for (auto& address : recording.events.address) address *= 64;
  return recording;
}

struct Shown : ShownView<MemoryMapView, MapCanvas> {
  using ShownView::ShownView;
  void choose_layout(int index) {
    view.findChildren<QComboBox*>().at(0)->setCurrentIndex(index);
    settle();
  }
  // In pixels of the canvas.
  QPoint place_of(double event, double bytes) {
    const QRectF plot = canvas().plot();
    MapScene scene;
    scene.window = canvas().window();
    return QPointF(scene.x_of(plot, event), scene.y_of(plot, bytes)).toPoint();
  }
  // The middle of the largest shape of one block.
  std::pair<std::int64_t, QPoint> large_block() {
    const auto& shapes = canvas().scene().picture.shapes;
    const auto area = [](const MapShape& s) {
      return s.count > 1 ? 0 : (s.to_event - s.from_event) * (s.to_bytes - s.from_bytes);
    };
    const auto most = std::max_element(shapes.begin(), shapes.end(),
                                       [&](const MapShape& a, const MapShape& b) { return area(a) < area(b); });
    return {most->allocation,
            place_of((most->from_event + most->to_event) / 2, (most->from_bytes + most->to_bytes) / 2)};
  }
};

TEST(Emphasis, LightsWhatIsChosenAndShown) {
  const RunHandle run = run_of(small_recording(), "a");
  const Breakdown& b = run->breakdown;
  std::int64_t parameters = 0, large = 0, attention = 0;
  Filter filter;
  filter.least_bytes = 8192;
  const Emphasis by_category(b, {.category = Category::parameter}, {}), by_size(b, {}, filter);
  const LayerId layer = b.allocations[0].layer;
  const Emphasis by_layer(b, {.layer = b.layer(layer).parent}, {});
  for (std::size_t i = 0; i < b.allocations.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    parameters += by_category.is_lit(index);
    large += by_size.is_shown(index);
    attention += by_layer.is_lit(index);
    EXPECT_EQ(by_layer.is_lit(index), b.allocations[i].layer == layer) << "the block holds its attention";
  }
  EXPECT_EQ(parameters, 2);
  EXPECT_EQ(large, 6);
  EXPECT_GT(attention, 2);
  EXPECT_FALSE(dims_any({}, {}));
  EXPECT_FALSE(dims_any({.event = 4}, {}));
  EXPECT_TRUE(dims_any({.category = Category::input}, {}));
  EXPECT_TRUE(dims_any({}, filter));
}

TEST(Emphasis, FiltersByTextOfLayerTensorAndOperator) {
  const RunHandle run = run_of(small_recording(), "a");
  const auto count = [&](const QString& text) {
    Filter filter;
    filter.text = text;
    const Emphasis emphasis(run->breakdown, {}, filter);
    std::int64_t shown = 0;
    for (std::size_t i = 0; i < run->breakdown.allocations.size(); ++i)
      shown += emphasis.is_shown(static_cast<std::int64_t>(i));
    return shown;
  };
  EXPECT_EQ(count("SOFTMAX"), 1);
  EXPECT_EQ(count("[2048]"), 3);
  EXPECT_GT(count("attn"), 3);
  EXPECT_EQ(count("nowhere"), 0);
}

TEST(MemoryMapView, TopOfThePackedMapIsThePeak) {
  Shown s(small_recording());
  const MapPicture& picture = s.canvas().scene().picture;
  ASSERT_FALSE(picture.columns.empty());
  std::int64_t most = 0;
  for (const MapColumn& column : picture.columns) most = std::max(most, column.allocated_bytes);
  EXPECT_EQ(most, s.run().peak.allocated_bytes);
  EXPECT_EQ(s.canvas().scene().instant, s.run().peak.event);
}

TEST(MemoryMapView, ClickChoosesTheBlockThatIsDrawnThere) {
  for (const int layout : {0, 1}) {
    Shown s(apart(small_recording()));
    s.choose_layout(layout);
    const auto [block, place] = s.large_block();
    QTest::mouseClick(&s.canvas(), Qt::LeftButton, {}, place);
    EXPECT_EQ(s.session.selection().chosen().allocation, block) << "layout " << layout;
  }
}

std::string tooltip_at(QWidget& widget, const QPoint& place) {
  QHelpEvent help(QEvent::ToolTip, place, widget.mapToGlobal(place));
  QApplication::sendEvent(&widget, &help);
  return QToolTip::text().toStdString();
}

TEST(MemoryMapView, PointerNamesTensorLayerOperatorSizeAndLifetime) {
  Shown s(small_recording());
  const auto [block, place] = s.large_block();
  const Allocation& a = s.run().allocations[static_cast<std::size_t>(block)];
  const std::string text = tooltip_at(s.canvas(), place);
  for (const std::string& part : {s.run().text(a.tensor), s.run().text(a.op), s.run().layer(a.layer).path,
                                  exact_text(a.block_bytes).toStdString(), lifetime_text(s.run(), a).toStdString()})
    EXPECT_THAT(text, testing::HasSubstr(part));
}

TEST(MemoryMapView, PointerNamesTheSegmentThatIsFree) {
  Shown s(apart(small_recording()));
  s.choose_layout(1);
  const double bytes = static_cast<double>(s.canvas().scene().of->map.height(MapLayout::address));
  EXPECT_THAT(tooltip_at(s.canvas(), s.place_of(5, bytes * 0.3)), testing::HasSubstr("segment of 1.00 MiB"));
}

TEST(MemoryMapView, PointerNamesTheSegmentOfABlockInBothLayouts) {
  Shown shown(small_recording());
  for (const int layout : {0, 1}) {
    shown.choose_layout(layout);
    const auto [block, place] = shown.large_block();
    const Allocation& a = shown.run().allocations[static_cast<std::size_t>(block)];
    const SegmentSpan* segment = segment_of(shown.canvas().scene().of->map, a.address, a.begin);
    ASSERT_TRUE(segment);
    QHelpEvent help(QEvent::ToolTip, place, shown.canvas().mapToGlobal(place));
    QApplication::sendEvent(&shown.canvas(), &help);
    EXPECT_TRUE(QToolTip::text().contains(segment_text(*segment))) << QToolTip::text().toStdString();
  }
}

TEST(MemoryMapDetails, SegmentsHoldWhatIsAllocatedAndWhatIsFree) {
  const RunHandle run = run_of(small_recording(), "small");
  const MapOfRun of(run);
  EXPECT_EQ(reserved_after(of.map, of.map.event_count() - 1), 1 << 20);
  EXPECT_EQ(reserved_after(of.map, -1), 0);
  for (const Allocation& a : run->breakdown.allocations) {
    const SegmentSpan* segment = segment_of(of.map, a.address, a.begin);
    ASSERT_TRUE(segment);
    EXPECT_LE(a.address + static_cast<std::uint64_t>(a.block_bytes),
              segment->address + static_cast<std::uint64_t>(segment->bytes));
  }
  EXPECT_EQ(segment_of(of.map, 1, 0), nullptr);
}

TEST(MemoryMapDetails, TicksOfTimeAreToldApart) {
  EXPECT_EQ(time_tick_text(1'500'000'000, 100'000'000), QStringLiteral("1.50 s"));
  EXPECT_EQ(time_tick_text(32'704'000, 10'000'000), QStringLiteral("33 ms"));
  for (const std::int64_t start :
       {std::int64_t{0}, std::int64_t{999}, std::int64_t{32'704'000}, std::int64_t{7'000'000'000}})
    for (const std::int64_t step : {std::int64_t{10}, std::int64_t{50'000}, std::int64_t{3'000'000}})
      if (start < 1'000'000'000 || step >= 50'000) {
        EXPECT_NE(time_tick_text(start, step), time_tick_text(start + step, step)) << start << " " << step;
      }
}

TEST(MemoryMapView, SaysWhenItsEventsWereWhereTheyWereTimed) {
  Shown shown(small_recording());
  QComboBox* axis = shown.view.findChildren<QComboBox*>().at(2);
  EXPECT_TRUE(axis->isEnabled());
  const QImage events = shown.canvas().grab().toImage();
  axis->setCurrentIndex(1);
  EXPECT_TRUE(shown.canvas().scene().by_time);
  EXPECT_NE(shown.canvas().grab().toImage(), events);
  EXPECT_EQ(shown.view.state()["axis"], "time");
  Recording untimed = small_recording();
  std::ranges::fill(untimed.events.time_ns, 0);
  Shown other(untimed);
  QComboBox* off = other.view.findChildren<QComboBox*>().at(2);
  EXPECT_FALSE(off->isEnabled());
  off->setCurrentIndex(1);
  EXPECT_FALSE(other.canvas().scene().by_time);
}

TEST(MemoryMapView, HatchesWhatIsFreeInASegmentAndMarksItsBounds) {
  Shown shown(small_recording());
  shown.choose_layout(1);
  const MemoryMap& map = shown.canvas().scene().of->map;
  const SegmentSpan& segment = map.segments().front();
  const QImage picture = shown.canvas().grab().toImage();
  QSet<QRgb> colours;  // of free memory: its ground and its lines
  const QPoint corner =
      shown.place_of(static_cast<double>(segment.begin) + 1, static_cast<double>(segment.bytes) * 0.8);
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 16; ++x) colours.insert(picture.pixel(corner + QPoint(x, y)));
  EXPECT_GT(colours.size(), 1);
}

TEST(MemoryMapView, ClickOnNothingChoosesNothingAndKeepsTheInstant) {
  Shown s(small_recording());
  s.session.selection().choose({.allocation = 1, .event = 3});
  s.settle();
  QTest::mouseClick(&s.canvas(), Qt::LeftButton, {}, s.place_of(1, static_cast<double>(s.run().peak.allocated_bytes)));
  EXPECT_FALSE(s.session.selection().chosen().allocation);
  EXPECT_EQ(s.session.selection().chosen().event, 3);
}

TEST(MemoryMapView, ShiftClickChoosesTheInstant) {
  Shown s(small_recording());
  QTest::mouseClick(&s.canvas(), Qt::LeftButton, Qt::ShiftModifier, s.place_of(4.5, 100));
  EXPECT_EQ(s.session.selection().chosen().event, 4);
  EXPECT_EQ(s.canvas().scene().instant, 4);
}

TEST(MemoryMapView, ControlAndArrowsMoveTheInstant) {
  Shown s(small_recording());
  QTest::keyClick(&s.canvas(), Qt::Key_Left, Qt::ControlModifier);
  EXPECT_EQ(s.session.selection().chosen().event, s.run().peak.event - 1);
  QTest::keyClick(&s.canvas(), Qt::Key_Right, Qt::ControlModifier);
  EXPECT_EQ(s.session.selection().chosen().event, s.run().peak.event);
}

TEST(MemoryMapView, KeysStepThroughBlocksAndEscapeChoosesNothing) {
  Shown s(small_recording());
  QTest::keyClick(&s.canvas(), Qt::Key_N);
  const auto first = s.session.selection().chosen().allocation;
  ASSERT_TRUE(first);
  s.settle();
  QTest::keyClick(&s.canvas(), Qt::Key_N);
  EXPECT_GT(*s.session.selection().chosen().allocation, *first);
  s.settle();
  QTest::keyClick(&s.canvas(), Qt::Key_P);
  EXPECT_EQ(s.session.selection().chosen().allocation, first);
  QTest::keyClick(&s.canvas(), Qt::Key_Escape);
  EXPECT_FALSE(s.session.selection().chosen().allocation);
}

TEST(MemoryMapView, WheelZoomsAtThePointerAndUndoComesBack) {
  Shown s(small_recording());
  const MapWindow before = s.canvas().window();
  const QPointF at = s.place_of(5, 20000);
  QWheelEvent turn(at, s.canvas().mapToGlobal(at), {}, {0, 360}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                   false);
  QApplication::sendEvent(&s.canvas(), &turn);
  const MapWindow after = s.canvas().window();
  EXPECT_LT(after.to_event - after.from_event, before.to_event - before.from_event);
  EXPECT_LT(after.to_bytes - after.from_bytes, before.to_bytes - before.from_bytes);
  EXPECT_LT((s.place_of(5, 20000) - at).manhattanLength(), 3);
  s.settle();
  EXPECT_EQ(s.canvas().scene().picture.window, s.canvas().window());
  EXPECT_TRUE(s.view.undo_zoom());
  EXPECT_EQ(s.canvas().window(), before);
  EXPECT_FALSE(s.view.undo_zoom());
}

TEST(MemoryMapView, DragMovesBothAxesAndDoubleClickResets) {
  Shown s(small_recording());
  ASSERT_TRUE(s.view.zoom_by(4));
  const MapWindow before = s.canvas().window();
  const QPoint from(400, 300), to(300, 350);
  QTest::mousePress(&s.canvas(), Qt::LeftButton, {}, from);
  QTest::mouseMove(&s.canvas(), (from + to) / 2);
  QTest::mouseMove(&s.canvas(), to);
  QTest::mouseRelease(&s.canvas(), Qt::LeftButton, {}, to);
  EXPECT_GT(s.canvas().window().from_event, before.from_event);
  EXPECT_GT(s.canvas().window().from_bytes, before.from_bytes);
  EXPECT_FALSE(s.session.selection().chosen().allocation) << "a drag is no click";
  QTest::mouseDClick(&s.canvas(), Qt::LeftButton, {}, from);
  EXPECT_EQ(s.canvas().window().from_event, 0);
  EXPECT_FALSE(s.view.zoom_to_fit());
}

TEST(MemoryMapView, DimsWhatIsNotChosenAndWhatTheFilterHides) {
  Shown s(small_recording());
  const auto dimmed_count = [&] {
    s.settle();
    const auto& shapes = s.canvas().scene().picture.shapes;
    return std::count_if(shapes.begin(), shapes.end(), [](const MapShape& x) { return x.group % 2 == 1; });
  };
  EXPECT_EQ(dimmed_count(), 0);
  s.session.selection().choose_category(Category::parameter);
  const auto by_choice = dimmed_count();
  EXPECT_GT(by_choice, 0);
  for (const MapShape& x : s.canvas().scene().picture.shapes)
    if (x.count == 1) {
      EXPECT_EQ(x.group % 2 == 0,
                s.run().allocations[static_cast<std::size_t>(x.allocation)].category == Category::parameter);
    }
  s.session.selection().clear();
  EXPECT_EQ(dimmed_count(), 0);
  Filter filter;
  filter.least_bytes = 1 << 30;
  s.session.selection().set_filter(filter);
  EXPECT_EQ(dimmed_count(), static_cast<std::ptrdiff_t>(s.canvas().scene().picture.shapes.size()));
}

TEST(MemoryMapView, TableHasTheVisibleBlocksThatTheFilterShows) {
  Shown s(small_recording());
  QAbstractItemModel& table = *s.view.table();
  QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::Fatal);
  EXPECT_EQ(s.view.table()->rowCount(), static_cast<int>(s.run().allocations.size()));
  qlonglong sum = 0, expected = 0;
  for (int row = 0; row < table.rowCount(); ++row) sum += table.index(row, 4).data(kExportRole).toLongLong();
  for (const Allocation& a : s.run().allocations) expected += a.block_bytes;
  EXPECT_EQ(sum, expected);
  MapWindow window = s.canvas().window();
  window.to_event = 4;
  s.canvas().look_at(window, false);
  EXPECT_LT(s.view.table()->rowCount(), static_cast<int>(s.run().allocations.size()));
  Filter filter;
  filter.text = "nowhere";
  s.session.selection().set_filter(filter);
  EXPECT_EQ(s.view.table()->rowCount(), 0);
}

TEST(MemoryMapView, ColoursByLayerWithIdenticalOnesFolded) {
  Shown s(small_recording());
  s.view.findChildren<QComboBox*>().at(1)->setCurrentIndex(1);
  s.settle();
  QStringList names;
  for (const LegendEntry& entry : s.canvas().scene().legend) names << entry.text;
  EXPECT_TRUE(names.contains("block.0/attn")) << names.join(", ").toStdString();
}

TEST(MemoryMapView, ShowsRunsOfEveryKindInLightAndDark) {
  for (const bool dark : {false, true}) {
    set_theme(*qApp, dark ? ThemeChoice::dark : ThemeChoice::light);
    for (const Recording& recording : {small_recording(), recording_from_text(kOom), random_recording(4, 700),
                                       random_recording(5, 300, DeviceKind::cpu)}) {
      Shown s(recording);
      for (const int layout : {0, 1}) {
        s.choose_layout(layout);
        EXPECT_GT(colour_count(picture_of(s.view)), 4);
        EXPECT_GT(colour_count(s.view.grab().toImage()), 4);
      }
    }
  }
  set_theme(*qApp, ThemeChoice::light);
}

TEST(MemoryMapView, PageHasItsTextAndShapesAsVectors) {
  Shown s(small_recording());
  QBuffer buffer;
  QSvgGenerator generator;
  generator.setOutputDevice(&buffer);
  generator.setSize({900, 540});
  QPainter painter(&generator);
  s.view.paint_page(painter, QRectF(0, 0, 900, 540));
  painter.end();
  const std::string svg = buffer.data().toStdString();
  EXPECT_THAT(svg, testing::HasSubstr("forward of step 1"));
  EXPECT_THAT(svg, testing::Not(testing::HasSubstr("<image")));
}

TEST(MemoryMapView, SaysWhyThereIsNothingToSee) {
  Session session;
  MemoryMapView view(session, nullptr);
  view.resize(600, 400);
  view.show();
  EXPECT_EQ(view.table()->rowCount(), 0);
  EXPECT_FALSE(view.zoom_by(2));
  EXPECT_GT(colour_count(picture_of(view)), 1);
  EXPECT_THAT(view.findChild<MapCanvas*>()->accessibleDescription().toStdString(),
              testing::HasSubstr("No run is open"));
  session.open({QStringLiteral("/nowhere/at-all.headroom")});
  ASSERT_TRUE(wait_until([&] { return !session.is_loading(); }));
  EXPECT_THAT(view.findChild<MapCanvas*>()->accessibleDescription().toStdString(),
              testing::HasSubstr("/nowhere/at-all.headroom"));
  session.add(run_of(Recording{.layers = {{}}}, "empty"));
  session.set_current(1);
  EXPECT_THAT(view.findChild<MapCanvas*>()->accessibleDescription().toStdString(),
              testing::HasSubstr("allocated nothing"));
}

TEST(MemoryMapView, ARunClosedWhileItIsDrawnIsForgotten) {
  Session session;
  MemoryMapView view(session, nullptr);
  view.resize(600, 400);
  view.show();
  session.add(run_of(random_recording(2, 2000), "a"));
  EXPECT_FALSE(view.is_settled());
  session.close(0);
  EXPECT_TRUE(view.is_settled());
  QTest::qWait(50);
  EXPECT_FALSE(view.findChild<MapCanvas*>()->scene().of);
}

TEST(MemoryMapView, RestoresItsStateAndAnyOther) {
  Shown s(small_recording());
  s.choose_layout(1);
  s.view.zoom_by(2);
  s.settle();
  const Json kept = s.view.state();
  Shown other(small_recording());
  other.view.restore(kept);
  other.settle();
  EXPECT_EQ(other.view.state(), kept);
  for (const char* text : {"null", "3", "[]", R"({"layout":7,"colour":{},"from_event":"x","to_event":1e300})",
                           R"({"from_event":5,"to_event":-5,"from_bytes":-1e308,"to_bytes":1e308})"}) {
    other.view.restore(Json::parse(text));
    other.settle();
    EXPECT_GT(colour_count(other.view.grab().toImage()), 3) << text;
  }
}

TEST(MemoryMapView, TakesAnySelection) {
  Shown s(small_recording());
  s.session.selection().choose({.allocation = 1 << 20, .layer = LayerId(77), .event = 1 << 30});
  s.settle();
  EXPECT_GT(colour_count(s.view.grab().toImage()), 3);
  s.session.selection().choose({.allocation = -5, .event = -9});
  s.settle();
  EXPECT_GT(colour_count(picture_of(s.view)), 3);
}

TEST(MemoryMapView, WhatFollowsThePointerLeavesNoTraces) {
  for (const int layout : {0, 1}) {
    Shown s(apart(random_recording(5, 500)));
    s.choose_layout(layout);
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&s.view));
    QCoreApplication::processEvents();
    const QRectF plot = s.canvas().plot();
    for (int i = 0; i < 12; ++i) {
      QTest::mouseMove(&s.canvas(),
                       (plot.topLeft() + QPointF(plot.width() * i / 12, plot.height() * i / 14)).toPoint());
      ASSERT_EQ(on_screen(s.canvas()), painted_anew(s.canvas())) << layout << ' ' << i;
    }
    s.canvas().zoom_by(3);
    s.settle();
    QCoreApplication::processEvents();
    EXPECT_EQ(on_screen(s.canvas()), painted_anew(s.canvas()));
  }
}

TEST(MapPicture, TheScreenShowsWhatThePageDoes) {
  for (const MapLayout layout : {MapLayout::packed, MapLayout::address}) {
    Shown s(apart(random_recording(5, 2000)));
    s.choose_layout(layout == MapLayout::address ? 1 : 0);
    MapScene scene = s.canvas().scene();
    scene.window = scene.picture.window;
    const QSize size(scene.window.columns, scene.window.rows);
    const QImage screen = map_shapes_image(size, 1, QFont(), scene);
    QImage page(size, QImage::Format_RGB32);
    QPainter painter(&page);
    painter.setFont(QFont());
    paint_map_shapes(painter, QRectF(QPointF(0, 0), size), scene);
    painter.end();
    int differing = 0;
    for (int y = 0; y < size.height(); ++y)
      for (int x = 0; x < size.width(); ++x) differing += screen.pixel(x, y) != page.pixel(x, y);
    EXPECT_LT(differing, size.width() * size.height() / 20);
    EXPECT_GT(colour_count(screen), 2);
  }
}

TEST(MapPicture, EveryColumnIsFilledUpToWhatIsAllocated) {
  Shown s(random_recording(6, 3000));
  MapScene scene = s.canvas().scene();
  scene.window = scene.picture.window;
  const QImage image = map_shapes_image(QSize(scene.window.columns, scene.window.rows), 1, QFont(), scene);
  const QRectF plot(QPointF(0, 0), image.size());
  for (const MapColumn& column : scene.picture.columns) {
    const int x = static_cast<int>(std::floor(scene.x_of(plot, (column.from_event + column.to_event) / 2)));
    const double top = scene.y_of(plot, static_cast<double>(column.allocated_bytes));
    for (int y = static_cast<int>(std::lround(top)); y < image.height(); ++y)
      ASSERT_NE(image.pixelColor(x, y), theme().panel) << "event " << column.event << ", row " << y;
    const int above = static_cast<int>(std::lround(top)) - 1;
    ASSERT_TRUE(above < 0 || image.pixelColor(x, above) == theme().panel);
  }
}

}  // namespace
}  // namespace headroom::gui
