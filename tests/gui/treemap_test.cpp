// What the treemap shows, follows and lets choose.
#include "gui/views/treemap.h"

#include <gmock/gmock.h>

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QTest>
#include <QToolButton>
#include <algorithm>
#include <set>

#include "gui/views/treemap_canvas.h"
#include "gui/window/theme.h"
#include "tests/gui/backing.h"
#include "tests/gui/shown_view.h"
#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom::gui {
namespace {

using testing_support::random_recording;
using testing_support::recording_from_text;

struct Shown : ShownView<TreemapView, TreemapCanvas> {
  using ShownView::ShownView;
  const Treemap& tree() { return canvas().scene().of->tree; }
  std::size_t cell_of(TreemapKind kind) {
    const auto& cells = canvas().scene().cells;
    for (std::size_t i = 1; i < cells.size(); ++i)
      if (!cells[i].is_group() && tree().nodes[cells[i].node].kind == kind) return i;
    ADD_FAILURE() << "no such cell";
    return 0;
  }
  // Where a cell is itself and not one of its children: in its header.
  QPoint place_of(std::size_t cell) {
    const Box& box = canvas().scene().cells[cell].box;
    return QPointF(box.left + box.width / 2, box.top + 6).toPoint();
  }
};

TEST(TreemapView, ShowsThePeakToTheByte) {
  Shown s(small_recording());
  EXPECT_EQ(s.tree().nodes[0].bytes, s.run().peak.allocated_bytes);
  EXPECT_EQ(s.canvas().scene().cells[0].bytes, s.run().peak.allocated_bytes);
}

TEST(TreemapView, LooksTheSamePaintedAtOnceOrFromWhatIsKept) {
  Shown s(random_recording(3, 3000));
  for (std::uint32_t node = 0; node < s.tree().nodes.size() && node < 40; ++node) {
    if (s.tree().nodes[node].children.empty()) continue;
    Q_EMIT s.canvas().root_wanted(node);
    QImage at_once(s.canvas().size(), QImage::Format_RGB32), kept(s.canvas().size(), QImage::Format_ARGB32);
    s.canvas().render(&at_once);
    s.canvas().render(&kept);
    ASSERT_EQ(at_once, kept.convertToFormat(QImage::Format_RGB32)) << node;
  }
}

TEST(TreemapView, WhatFollowsThePointerLeavesNoTraces) {
  Shown s(small_recording());
  s.canvas().grab();
  for (int i = 0; i < 12; ++i) {
    QTest::mouseMove(&s.canvas(), QPoint(20 + 31 * i, 20 + 17 * i));
    ASSERT_EQ(on_screen(s.canvas()), painted_anew(s.canvas())) << i;
  }
}

TEST(TreemapView, FollowsTheInstant) {
  Shown s(small_recording());
  s.session.selection().choose_event(2);
  s.settle();
  EXPECT_EQ(s.tree().nodes[0].bytes, 8192 + 4096);
  s.session.selection().choose_event({});
  s.settle();
  EXPECT_EQ(s.tree().nodes[0].bytes, s.run().peak.allocated_bytes);
}

TEST(TreemapView, ClickChoosesTensorLayerOrCategory) {
  Shown s(small_recording());
  const std::size_t tensor = s.cell_of(TreemapKind::tensor);
  const TreemapNode node = s.tree().nodes[s.canvas().scene().cells[tensor].node];
  QTest::mouseClick(&s.canvas(), Qt::LeftButton, {}, s.place_of(tensor));
  EXPECT_EQ(s.session.selection().chosen().allocation, node.allocation);
  const std::size_t category = s.cell_of(TreemapKind::category);
  const Category expected = s.tree().nodes[s.canvas().scene().cells[category].node].category;
  QTest::mouseClick(&s.canvas(), Qt::LeftButton, {}, s.place_of(category));
  EXPECT_EQ(s.session.selection().chosen().category, expected);
  EXPECT_FALSE(s.session.selection().chosen().allocation);
  const std::size_t layer = s.cell_of(TreemapKind::layer);
  const std::size_t row = s.tree().nodes[s.canvas().scene().cells[layer].node].layer_row;
  QTest::mouseClick(&s.canvas(), Qt::LeftButton, {}, s.place_of(layer));
  EXPECT_EQ(s.session.selection().chosen().layer, s.canvas().scene().of->layer_of_row[row]);
}

TEST(TreemapView, DoubleClickGoesInAndBackspaceComesOut) {
  Shown s(small_recording());
  const std::size_t category = s.cell_of(TreemapKind::category);
  const std::uint32_t node = s.canvas().scene().cells[category].node;
  QTest::mouseDClick(&s.canvas(), Qt::LeftButton, {}, s.place_of(category));
  EXPECT_EQ(s.canvas().root(), node);
  EXPECT_EQ(s.canvas().scene().cells[0].node, node);
  QTest::keyClick(&s.canvas(), Qt::Key_Backspace);
  EXPECT_EQ(s.canvas().root(), 0u);
  ASSERT_TRUE(s.canvas().scene().cursor);
  EXPECT_EQ(s.canvas().scene().cells[*s.canvas().scene().cursor].node, node) << "what one was in is found again";
}

TEST(TreemapView, ArrowKeysMoveBetweenSiblingsAndEnterGoesIn) {
  Shown s(small_recording());
  std::set<std::uint32_t> seen;
  const std::size_t siblings = s.tree().nodes[0].children.size();
  for (std::size_t i = 0; i < siblings; ++i) {
    QTest::keyClick(&s.canvas(), Qt::Key_Right);
    seen.insert(s.canvas().scene().cells[*s.canvas().scene().cursor].node);
  }
  EXPECT_EQ(seen, std::set(s.tree().nodes[0].children.begin(), s.tree().nodes[0].children.end()));
  const std::uint32_t last = s.canvas().scene().cells[*s.canvas().scene().cursor].node;
  QTest::keyClick(&s.canvas(), Qt::Key_Return);
  EXPECT_EQ(s.canvas().root(), last);
  QTest::keyClick(&s.canvas(), Qt::Key_Escape);
  EXPECT_EQ(s.canvas().root(), 0u);
}

TEST(TreemapView, ThePathAboveComesOut) {
  Shown s(small_recording());
  QTest::mouseDClick(&s.canvas(), Qt::LeftButton, {}, s.place_of(s.cell_of(TreemapKind::category)));
  QTest::qWait(0);
  ASSERT_NE(s.canvas().root(), 0u);
  s.view.findChild<QToolButton*>()->click();
  EXPECT_EQ(s.canvas().root(), 0u);
  EXPECT_FALSE(s.view.undo_zoom());
}

TEST(TreemapView, LightsWhatIsChosenAndShown) {
  Shown s(small_recording());
  EXPECT_TRUE(s.canvas().scene().lit.empty());
  s.session.selection().choose_category(Category::parameter);
  const auto& lit = s.canvas().scene().lit;
  ASSERT_EQ(lit.size(), s.tree().nodes.size());
  EXPECT_TRUE(lit[0]);
  for (std::size_t i = 1; i < lit.size(); ++i) EXPECT_EQ(lit[i], s.tree().nodes[i].category == Category::parameter);
  Filter filter;
  filter.text = "nowhere";
  s.session.selection().set_filter(filter);
  EXPECT_FALSE(s.canvas().scene().lit[0]);
}

TEST(TreemapView, OrdersAddUpToTheSame) {
  Shown s(small_recording());
  s.view.findChild<QComboBox*>()->setCurrentIndex(1);
  s.settle();
  EXPECT_EQ(s.tree().nodes[0].bytes, s.run().peak.allocated_bytes);
  EXPECT_EQ(s.tree().nodes[s.tree().nodes[0].children[0]].kind, TreemapKind::layer);
}

TEST(TreemapView, FoldsIdenticalLayers) {
  Recording recording = recording_from_text(R"(
== build 0
+1024@a layer.0/attention - parameter
+1024@b layer.1/attention - parameter
)");
  for (Layer& layer : recording.layers) std::ranges::replace(layer.path, '/', '.');
  Shown s(recording);
  const auto names = [&] {
    QStringList all;
    for (std::uint32_t i = 0; i < s.tree().nodes.size(); ++i)
      if (s.tree().nodes[i].kind == TreemapKind::layer) all << node_name(*s.canvas().scene().of, i);
    return all.join(",").toStdString();
  };
  EXPECT_EQ(names(), "layer.0–1.attention");
  s.view.findChild<QCheckBox*>()->setChecked(false);
  s.settle();
  EXPECT_EQ(names(), "layer.0.attention,layer.1.attention");
}

TEST(TreemapView, TableHasEveryNodeWithPathAndBytes) {
  Shown s(random_recording(3, 500));
  QAbstractItemModel& table = *s.view.table();
  QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::Fatal);
  ASSERT_EQ(s.view.table()->rowCount(), static_cast<int>(s.tree().nodes.size()));
  qlonglong tensors = 0;
  for (int row = 0; row < table.rowCount(); ++row) {
    EXPECT_FALSE(table.index(row, 0).data().toString().isEmpty());
    if (table.index(row, 1).data().toString() == "tensor")
      tensors += table.index(row, 2).data(kExportRole).toLongLong();
  }
  EXPECT_EQ(tensors, s.run().peak.allocated_bytes);
}

TEST(TreemapView, ShowsRunsOfEveryKindInLightAndDark) {
  for (const bool dark : {false, true}) {
    set_theme(*qApp, dark ? ThemeChoice::dark : ThemeChoice::light);
    for (const Recording& recording :
         {small_recording(), random_recording(4, 700), random_recording(5, 300, DeviceKind::cpu),
          recording_from_text("outcome oom\n== build 0\n+4096@w layer - parameter\n")}) {
      Shown s(recording);
      EXPECT_GT(colour_count(picture_of(s.view)), 4);
      EXPECT_GT(colour_count(s.view.grab().toImage()), 4);
    }
  }
  set_theme(*qApp, ThemeChoice::light);
}

TEST(TreemapView, SaysWhyThereIsNothingToSee) {
  Session session;
  TreemapView view(session, nullptr);
  view.show();
  EXPECT_EQ(view.table()->rowCount(), 0);
  EXPECT_GT(colour_count(picture_of(view)), 1);
  EXPECT_THAT(view.findChild<TreemapCanvas*>()->accessibleDescription().toStdString(),
              testing::HasSubstr("No run is open"));
  QTest::keyClick(view.findChild<TreemapCanvas*>(), Qt::Key_Right);
  session.add(run_of(Recording{.layers = {{}}}, "empty"));
  EXPECT_THAT(view.findChild<TreemapCanvas*>()->accessibleDescription().toStdString(),
              testing::HasSubstr("allocated nothing"));
}

TEST(TreemapView, ARunClosedWhileItIsDrawnIsForgotten) {
  Session session;
  TreemapView view(session, nullptr);
  view.show();
  session.add(run_of(random_recording(2, 2000), "a"));
  EXPECT_FALSE(view.is_settled());
  session.close(0);
  QTest::qWait(50);
  EXPECT_TRUE(view.is_settled());
  EXPECT_FALSE(view.findChild<TreemapCanvas*>()->scene().of);
}

TEST(TreemapView, RestoresItsStateAndAnyOther) {
  Shown s(small_recording());
  s.view.findChild<QComboBox*>()->setCurrentIndex(1);
  s.settle();
  QTest::mouseDClick(&s.canvas(), Qt::LeftButton, {}, s.place_of(s.cell_of(TreemapKind::layer)));
  const Json kept = s.view.state();
  ASSERT_FALSE(kept.at("root").empty());
  Shown other(small_recording());
  other.view.restore(kept);
  other.settle();
  EXPECT_EQ(other.view.state(), kept);
  EXPECT_TRUE(other.view.zoom_to_fit());
  for (const char* text : {"null", "[]", R"({"order":1,"fold":"x","root":[1,"nowhere"]})", R"({"root":{}})"}) {
    other.view.restore(Json::parse(text));
    other.settle();
    EXPECT_EQ(other.canvas().root(), 0u) << text;
  }
}

}  // namespace
}  // namespace headroom::gui
