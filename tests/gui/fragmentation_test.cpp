// What the list of segments shows, follows and lets choose.
#include "gui/views/fragmentation.h"

#include <gmock/gmock.h>

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QLabel>
#include <QTest>
#include <algorithm>
#include <array>
#include <set>

#include "gui/views/segment_table.h"
#include "gui/views/text.h"
#include "gui/window/theme.h"
#include "tests/gui/support.h"
#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom::gui {
namespace {

using testing_support::random_recording;
using testing_support::recording_from_text;

// A segment of 4 KiB that 512 bytes pin, an empty one, and a full one.
Recording pinned_recording() {
  Recording r = recording_from_text(R"(
== forward 1
segment +1024@u
+1024@b layer - parameter "[256] float32"
segment +2048@t
segment +4096@s
+512@a layer - activation "[128] float32"
)");
  const std::array<std::uint64_t, 5> addresses{0x30000, 0x30000, 0x20000, 0x10000, 0x10400};
  for (std::size_t i = 0; i < addresses.size(); ++i) r.events.address[i] = addresses[i];
  r.environment.device_kind = DeviceKind::virtual_cuda;
  return r;
}

AllocatorReplay replay(const char* label, ReplayChange change, std::int64_t reserved) {
  AllocatorReplay out{.label = label, .change = change, .device = "h100-80gb", .peak_reserved_bytes = reserved};
  out.faithful = change == ReplayChange::none;
  return out;
}

struct Shown {
  explicit Shown(const Recording& recording) : view(session, nullptr) {
    session.add(run_of(recording, "run"));
    view.resize(1000, 700);
    view.show();
  }
  SegmentTable& list() { return *view.findChild<SegmentTable*>(); }
  const LoadedRun& run() { return *session.current_loaded(); }
  std::string words() {
    QStringList all;
    for (const QLabel* label : view.findChildren<QLabel*>()) all << label->text();
    return all.join('\n').toStdString();
  }

  Session session;
  FragmentationView view;
};

TEST(FragmentationView, ListsSegmentsThatLeastPinsFirst) {
  Shown s(pinned_recording());
  QAbstractItemModel& table = *s.view.table();
  QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::Fatal);
  ASSERT_EQ(table.rowCount(), 3);
  EXPECT_EQ(table.index(0, 1).data(kExportRole).toLongLong(), 4096);
  EXPECT_EQ(table.index(0, 2).data(kExportRole).toLongLong(), 512);
  EXPECT_EQ(table.index(0, 3).data(kExportRole).toLongLong(), 3584);
  EXPECT_EQ(table.index(0, 4).data(kExportRole).toLongLong(), 4096 - 0x400 - 512);
  EXPECT_EQ(table.index(0, 6).data().toString(), "[128] float32");
  EXPECT_EQ(table.index(1, 3).data(kExportRole).toLongLong(), 0);
  EXPECT_EQ(table.index(2, 0).data().toString(), "nothing: cached");
}

TEST(FragmentationView, FiguresAreThoseOfTheFragmentationAndAddUp) {
  for (std::uint32_t seed = 1; seed < 6; ++seed) {
    const RunHandle run = run_of(random_recording(seed, 600), "a");
    std::int64_t sum = 0;
    for (const ReservedPart& part : reserved_parts(run->fragmentation)) sum += part.bytes;
    EXPECT_EQ(sum, run->fragmentation.reserved_bytes);
  }
}

TEST(FragmentationView, SaysWhatIsReservedAndThatItIsVirtual) {
  Shown s(pinned_recording());
  EXPECT_THAT(s.words(), testing::HasSubstr("7.00 KiB (7,168 bytes) are reserved in 3 segments"));
  EXPECT_THAT(s.words(), testing::HasSubstr("3.50 KiB (3,584 bytes)"));
  EXPECT_THAT(s.words(), testing::HasSubstr("virtual"));
  EXPECT_THAT(s.words(), testing::Not(testing::HasSubstr("measured")));
}

TEST(SegmentPicture, FindsTheBlockUnderThePointer) {
  const RunHandle run = run_of(pinned_recording(), "a");
  const SegmentView& segment = run->fragmentation.segments[0];
  const QRectF rect(0, 0, 4096, 10);  // a byte a pixel
  EXPECT_EQ(block_in_segment(rect, *run, segment, 0x400 + 5, 0), segment.blocks[0]);
  EXPECT_EQ(block_in_segment(rect, *run, segment, 0x400 - 3, 5), segment.blocks[0]);
  EXPECT_EQ(block_in_segment(rect, *run, segment, 100, 5), std::nullopt);
}

TEST(FragmentationView, ClickOnABlockChoosesIt) {
  Shown s(pinned_recording());
  const SegmentView& segment = s.run().fragmentation.segments[0];
  const QRectF rect = segment_rect(s.list().visualRect(s.view.table()->index(0, 0)));
  const QPointF middle(rect.left() + rect.width() * (0x400 + 256) / 4096, rect.center().y());
  QTest::mouseClick(s.list().viewport(), Qt::LeftButton, {}, middle.toPoint());
  EXPECT_EQ(s.session.selection().chosen().allocation, segment.blocks[0]);
}

TEST(FragmentationView, KeysStepThroughTheBlocksOfASegment) {
  Shown s(small_recording());
  const auto& segments = s.run().fragmentation.segments;
  ASSERT_FALSE(segments.empty());
  s.list().setCurrentIndex(s.view.table()->index(0, 0));
  ASSERT_TRUE(segments[0].is_pinned());
  QTest::keyClick(&s.list(), Qt::Key_Return);
  EXPECT_EQ(s.session.selection().chosen().allocation, segments[0].blocks[0]);
  std::set<std::int64_t> seen;
  for (std::size_t i = 0; i < segments[0].blocks.size(); ++i) QTest::keyClick(&s.list(), Qt::Key_Left);
  for (std::size_t i = 0; i < segments[0].blocks.size(); ++i) {
    seen.insert(*s.session.selection().chosen().allocation);
    QTest::keyClick(&s.list(), Qt::Key_Right);
  }
  EXPECT_EQ(seen.size(), segments[0].blocks.size());
}

TEST(FragmentationView, FollowsWhatIsChosen) {
  Shown s(pinned_recording());
  ASSERT_EQ(s.run().fragmentation.segments[1].blocks.size(), 1u);
  const std::int64_t block = s.run().fragmentation.segments[1].blocks[0];
  s.session.selection().choose_allocation(block);
  EXPECT_EQ(s.list().currentIndex().row(), 1);
  EXPECT_EQ(s.list().marks().chosen, block);
  EXPECT_FALSE(s.list().marks().is_lit(s.run().fragmentation.segments[0].blocks[0]));
  s.session.selection().clear();
  EXPECT_TRUE(s.list().marks().is_lit(s.run().fragmentation.segments[0].blocks[0]));
}

TEST(FragmentationView, ShowsReplaysThatSaveMostFirst) {
  Recording recording = pinned_recording();
  recording.replays = {replay("as recorded", ReplayChange::none, 7168),
                       replay("max_split_size_mb:64", ReplayChange::settings, 8192),
                       replay("expandable_segments:True", ReplayChange::settings, 4096)};
  recording.replays.push_back(replay("roundup", ReplayChange::settings, 0));
  recording.replays.back().ran_out_of_memory = true;
  Shown s(recording);
  const auto lists = s.view.findChildren<QTableView*>();
  const auto other = std::ranges::find_if(lists, [&](const QTableView* list) { return list != &s.list(); });
  QAbstractItemModel& replays = *(*other)->model();
  QAbstractItemModelTester tester(&replays, QAbstractItemModelTester::FailureReportingMode::Fatal);
  ASSERT_EQ(replays.rowCount(), 4);
  EXPECT_EQ(replays.index(1, 0).data().toString(), "expandable_segments:True");
  EXPECT_EQ(replays.index(1, 2).data(kExportRole).toLongLong(), 3072);
  EXPECT_EQ(replays.index(2, 2).data().toString(), "−1.00 KiB");
  EXPECT_EQ(replays.index(3, 1).data().toString(), "out of memory");
  EXPECT_THAT(s.words(), testing::HasSubstr("“roundup” ran out of memory"));
}

TEST(FragmentationView, SaysHowToAskForReplaysWhereThereAreNone) {
  Shown s(pinned_recording());
  EXPECT_THAT(s.words(), testing::HasSubstr("headroom fragmentation run.headroom"));
}

TEST(FragmentationView, SaysWhyThereIsNothingToSee) {
  Recording cpu = recording_from_text("== build 0\n+4096@w layer - parameter\n");
  cpu.environment.device_kind = DeviceKind::cpu;
  Shown s(cpu);
  EXPECT_THAT(s.words(), testing::HasSubstr("ran on the CPU, whose allocator reserves no segments"));
  EXPECT_EQ(s.view.table()->rowCount(), 0);
  EXPECT_GT(colour_count(picture_of(s.view)), 1);
  s.session.close(0);
  EXPECT_THAT(s.words(), testing::HasSubstr("No run is open"));
  s.session.add(run_of(Recording{.layers = {{}}}, "empty"));
  EXPECT_THAT(s.words(), testing::HasSubstr("allocated nothing"));
}

TEST(FragmentationView, ShowsRunsOfEveryKindInLightAndDark) {
  for (const bool dark : {false, true}) {
    set_theme(*qApp, dark ? ThemeChoice::dark : ThemeChoice::light);
    for (Recording recording : {pinned_recording(), small_recording(), random_recording(4, 3000)}) {
      recording.replays = {replay("as recorded", ReplayChange::none, 7168),
                           replay("expandable_segments:True", ReplayChange::settings, 4096)};
      Shown s(recording);
      EXPECT_GT(colour_count(picture_of(s.view)), 4);
      EXPECT_GT(colour_count(s.view.grab().toImage()), 4);
    }
  }
  set_theme(*qApp, ThemeChoice::light);
}

TEST(FragmentationView, RestoresItsStateAndAnyOther) {
  Shown s(pinned_recording());
  s.list().setColumnWidth(3, 123);
  const Json kept = s.view.state();
  Shown other(pinned_recording());
  other.view.restore(kept);
  EXPECT_EQ(other.list().columnWidth(3), 123);
  for (const char* text : {"null", "[]", "7", R"({"column_widths":[1e300,-4,"x",{}]})", R"({"column_widths":3})"})
    other.view.restore(Json::parse(text));
  EXPECT_LE(other.list().columnWidth(0), 2000);
}

}  // namespace
}  // namespace headroom::gui
