// Rows of a tracer as they join a recording.
#include "recording/activity_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "recording/verify.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kStart = 1'764'000'000'000'000'000;

ActivityRow row(ActivityKind kind, std::uint64_t start, std::uint64_t end = 0) {
  ActivityRow row{};
  row.kind = static_cast<std::uint8_t>(kind);
  row.start_ns = start == 0 ? 0 : kStart + start;
  row.end_ns = end == 0 ? 0 : kStart + end;
  row.stream = kNoStream;
  row.phase = kNoPhase;
  return row;
}

ActivityRow memory(std::uint64_t start, MemoryKind kind, MemoryOperation operation, std::uint64_t address) {
  ActivityRow made = row(ActivityKind::memory, start);
  made.detail = memory_detail(kind, operation);
  made.address = address;
  made.bytes = 512;
  return made;
}

class ActivityRowsTest : public testing::Test {
 protected:
  ActivityRowsTest() {
    recording_ = testing_support::recording_from_text(
        "== build 0\n+512@w head aten::mm parameter\n== forward 1\n+512@x head aten::mm activation?\n== backward 2\n");
    recording_.environment.device_kind = DeviceKind::cuda;
    recording_.activity.level = TraceLevel::full;
    recording_.activity.tracer = "CUPTI";
    tables_.strings = {"", "gemm", "aten::mm", "gemm"};
    tables_.shapes = {{{1, 1, 1}, {32, 1, 1}}, {{2, 1, 1}, {32, 1, 1}}, {{1, 1, 1}, {32, 1, 1}}};
  }

  const Activities& join(const std::vector<ActivityRow>& rows) {
    join_activity(rows, tables_, origin_, recording_);
    EXPECT_THAT(verify(recording_), IsEmpty());
    return recording_.activity.activities;
  }

  Recording recording_;
  ActivityTables tables_;
  ActivityOrigin origin_{.start_realtime_ns = kStart};
};

TEST_F(ActivityRowsTest, AreSortedAndTimedFromTheRecordingsStart) {
  const Activities& a = join({row(ActivityKind::call, 900, 950), row(ActivityKind::call, 100, 350), row(ActivityKind::set, 100)});
  EXPECT_THAT(a.kind, ElementsAre(ActivityKind::call, ActivityKind::set, ActivityKind::call));
  EXPECT_THAT(a.start_ns, ElementsAre(100, 100, 900));
  EXPECT_THAT(a.duration_ns, ElementsAre(250, kNoDuration, 50));
}

TEST_F(ActivityRowsTest, InternNamesOnceAndOnlyThoseInUse) {
  tables_.strings.push_back("never used");
  const std::size_t before = recording_.strings.size();
  ActivityRow first = row(ActivityKind::kernel, 1), second = row(ActivityKind::kernel, 2), call = row(ActivityKind::call, 3);
  first.name = 1;
  second.name = 3;
  call.name = 2;
  const Activities& a = join({first, second, call});
  EXPECT_EQ(recording_.strings.size(), before + 1);
  EXPECT_EQ(recording_.text(a.name[0]), "gemm");
  EXPECT_EQ(a.name[1], a.name[0]);
  EXPECT_EQ(a.name[2], recording_.events.op[0]) << "the allocator's events have named it";
}

TEST_F(ActivityRowsTest, KeepEachShapeOnceAndOnlyThoseInUse) {
  ActivityRow first = row(ActivityKind::kernel, 1), second = row(ActivityKind::kernel, 2);
  first.detail = 2;
  second.detail = 0;
  const Activities& a = join({first, second});
  EXPECT_THAT(recording_.activity.shapes, ElementsAre(tables_.shapes[0]));
  EXPECT_THAT(a.detail, ElementsAre(0, 0));
}

TEST_F(ActivityRowsTest, OutsideTheRecordingAreCounted) {
  origin_.end_ns = 1000;
  const Activities& a = join({row(ActivityKind::call, -5), row(ActivityKind::call, 1), row(ActivityKind::call, 1000),
                              row(ActivityKind::call, 1001)});
  EXPECT_THAT(a.start_ns, ElementsAre(1, 1000));
  EXPECT_EQ(recording_.activity.outside_count, 2);
}

TEST_F(ActivityRowsTest, OfAnUnknownClockAreOutside) {
  origin_.start_realtime_ns = 0;
  EXPECT_EQ(join({row(ActivityKind::call, 5)}).size(), 0u);
  EXPECT_EQ(recording_.activity.outside_count, 1);
}

TEST_F(ActivityRowsTest, ThatMakeNoSenseAreCounted) {
  const auto with = [](ActivityRow made, auto member, auto value) {
    made.*member = value;
    return made;
  };
  const ActivityRow kernel = row(ActivityKind::kernel, 5), copy = row(ActivityKind::copy, 5);
  join({with(kernel, &ActivityRow::kind, 9), with(kernel, &ActivityRow::detail, 3), with(copy, &ActivityRow::detail, 6),
        with(copy, &ActivityRow::bytes, -1), with(copy, &ActivityRow::bytes, INT64_MAX),
        with(memory(5, {}, {}, 1), &ActivityRow::detail, 18), kernel});
  EXPECT_EQ(recording_.activity.activities.size(), 1u);
  EXPECT_EQ(recording_.activity.dropped_count, 6);
}

TEST_F(ActivityRowsTest, OfAnotherLevelAreCounted) {
  recording_.activity.level = TraceLevel::memory;
  const Activities& a = join({row(ActivityKind::kernel, 5), row(ActivityKind::call, 6)});
  EXPECT_THAT(a.kind, ElementsAre(ActivityKind::call));
  EXPECT_EQ(recording_.activity.dropped_count, 1);
  recording_.activity.level = TraceLevel::none;
  EXPECT_EQ(join({row(ActivityKind::call, 6)}).size(), 0u);
}

TEST_F(ActivityRowsTest, WithoutAStartBeginWithTheirCall) {
  ActivityRow kernel = row(ActivityKind::kernel, 0), call = row(ActivityKind::call, 300, 400);
  kernel.correlation = call.correlation = 7;
  const Activities& a = join({row(ActivityKind::call, 100), kernel, call});
  EXPECT_THAT(a.start_ns, ElementsAre(100, 300, 300));
  EXPECT_THAT(a.duration_ns, ElementsAre(kNoDuration, kNoDuration, 100));
}

TEST_F(ActivityRowsTest, WithoutAStartAndACallBeginWithTheRowBefore) {
  EXPECT_THAT(join({row(ActivityKind::call, 100), row(ActivityKind::kernel, 0), row(ActivityKind::call, 300)}).start_ns,
              ElementsAre(100, 100, 300));
}

TEST_F(ActivityRowsTest, OfWorkThatAVirtualDeviceNeverDidHaveNoDuration) {
  recording_.environment.device_kind = DeviceKind::virtual_cuda;
  recording_.stats.peak_reserved_bytes = recording_.stats.final_reserved_bytes = 0;
  const Activities& a = join({row(ActivityKind::call, 1, 9), row(ActivityKind::kernel, 2, 9), row(ActivityKind::copy, 3, 9),
                              row(ActivityKind::synchronization, 4, 9)});
  EXPECT_THAT(a.duration_ns, ElementsAre(8, kNoDuration, kNoDuration, 5));
}

TEST_F(ActivityRowsTest, ThatEndBeforeTheyBeginHaveNoDuration) {
  EXPECT_THAT(join({row(ActivityKind::kernel, 9, 5)}).duration_ns, ElementsAre(kNoDuration));
}

TEST_F(ActivityRowsTest, HaveThePhaseOfTheirTimeWhereNobodyKnows) {
  recording_.marks[0].time_ns = 0;
  recording_.marks[1].time_ns = 1000;
  recording_.marks[2].time_ns = 2000;
  ActivityRow known = row(ActivityKind::call, 2500);
  known.phase = static_cast<std::uint8_t>(Phase::optimizer);
  known.step = 4;
  known.layer = 1;
  const Activities& a = join({row(ActivityKind::call, 999), row(ActivityKind::call, 1000), row(ActivityKind::call, 5000), known});
  EXPECT_THAT(a.phase, ElementsAre(Phase::build, Phase::forward, Phase::optimizer, Phase::backward));
  EXPECT_THAT(a.step, ElementsAre(0, 1, 4, 2));
  EXPECT_THAT(a.layer, ElementsAre(LayerId::root, LayerId::root, LayerId(1), LayerId::root));
}

TEST_F(ActivityRowsTest, HaveTheLayersOfTheirOrigin) {
  const std::vector<LayerId> layers{LayerId::root, LayerId::root, LayerId(1)};
  origin_.layers = &layers;
  std::vector<ActivityRow> rows(4, row(ActivityKind::call, 5));
  for (std::uint32_t i = 0; i < 4; ++i) rows[i].layer = i;
  EXPECT_THAT(join(rows).layer, ElementsAre(LayerId::root, LayerId::root, LayerId(1), LayerId::root));
  origin_.layers = nullptr;
  EXPECT_THAT(join(rows).layer, ElementsAre(LayerId::root, LayerId(1), LayerId::root, LayerId::root));
}

TEST_F(ActivityRowsTest, CountMemoryTakenOrGivenOutOfTurn) {
  using enum MemoryOperation;
  join({memory(1, MemoryKind::device, allocate, 64), memory(2, MemoryKind::physical, allocate, 64),
        memory(3, MemoryKind::device, release, 64), memory(4, MemoryKind::physical, release, 64),
        memory(5, MemoryKind::pinned, release, 128), memory(6, MemoryKind::device, allocate, 256),
        memory(7, MemoryKind::device, allocate, 256)});
  EXPECT_EQ(recording_.activity.unmatched_count, 2);
}

TEST_F(ActivityRowsTest, KeepOnlyWhatTheirKindHas) {
  ActivityRow kernel = row(ActivityKind::kernel, 1);
  kernel.bytes = 5;
  kernel.address = 6;
  kernel.thread = 7;
  const Activities& a = join({kernel});
  EXPECT_EQ(a.bytes[0], 0);
  EXPECT_EQ(a.address[0], 0u);
  EXPECT_EQ(a.thread[0], 0u);
}

// Whatever the rows are, the recording keeps its promises, and joining them again changes nothing.
TEST_F(ActivityRowsTest, OfRandomBytesGiveARecordingThatKeepsItsPromises) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<ActivityRow> rows(40);
    for (ActivityRow& made : rows) {
      for (std::size_t i = 0; i < sizeof(made); i += 8) {
        const std::uint64_t word = random() >> random() % 64;
        std::copy_n(reinterpret_cast<const char*>(&word), 8, reinterpret_cast<char*>(&made) + i);
      }
      if (random() % 4) made.kind %= 9;
      if (random() % 4) made.detail %= 6;
      if (random() % 4) made.start_ns = kStart + random() % 10'000;
    }
    recording_.activity.level = static_cast<TraceLevel>(random() % 3);
    const std::size_t size = join(rows).size();
    const std::size_t strings = recording_.strings.size();
    EXPECT_EQ(join(rows).size(), size);
    EXPECT_EQ(recording_.strings.size(), strings);
  }
}

}  // namespace
}  // namespace headroom
