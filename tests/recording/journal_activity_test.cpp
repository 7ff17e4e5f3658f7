// Device activity in journals: written from drain to drain, read whole, torn or forged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "base/file.h"
#include "recording/file.h"
#include "recording/journal.h"
#include "recording/journal_writer.h"
#include "recording/verify.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::TemporaryFolder;

constexpr std::uint64_t kStart = 1'764'000'000'000'000'000;
const std::vector<std::string> kNames{"", "cudaMalloc", "gemm"};
const std::vector<LaunchShape> kShapes{{{8, 1, 1}, {128, 1, 1}, 32, 1024, 0, 0}};

ActivityRow row(ActivityKind kind, std::uint64_t time, std::uint32_t name = 0) {
  ActivityRow row{};
  row.kind = static_cast<std::uint8_t>(kind);
  row.start_ns = kStart + time;
  row.end_ns = row.start_ns + 5;
  row.name = name;
  row.stream = kNoStream;
  return row;
}

DeviceActivity traced(TraceLevel level = TraceLevel::full) {
  DeviceActivity activity;
  activity.level = level;
  activity.tracer = "CUPTI 13.0 (130001)";
  return activity;
}

void open(JournalWriter& journal, const char* device_kind = "cuda") {
  journal.note({{"device", "cuda:0"}, {"environment", {{"device_kind", device_kind}}}, {"start_realtime_ns", kStart}});
  journal.note(activity_note(traced()));
}

class JournalActivityTest : public testing::Test {
 protected:
  template <class Write>
  Recording written(Write write) {
    {
      JournalWriter journal(path_);
      open(journal);
      write(journal);
    }
    return read();
  }
  Recording read() {
    Recording recording = read_journal(path_);
    EXPECT_THAT(verify(recording), IsEmpty());
    return recording;
  }
  // Of a process that was only allowed files of so many bytes.
  template <class Write>
  Recording written_within(rlim_t limit_bytes, Write write) {
    const pid_t child = fork();
    if (child == 0) {
      signal(SIGXFSZ, SIG_IGN);
      JournalWriter journal(path_);
      open(journal);
      const rlimit limit{limit_bytes, limit_bytes};
      setrlimit(RLIMIT_FSIZE, &limit);
      write(journal);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    return read();
  }

  TemporaryFolder folder_;
  const fs::path path_ = folder_.path() / "4711-cuda0.journal";
};

TEST_F(JournalActivityTest, HoldsWhatWasWrittenFromDrainToDrain) {
  const Recording recording = written([](JournalWriter& journal) {
    journal.append_activity(std::vector{row(ActivityKind::call, 100, 1)}, {"", "cudaMalloc"}, {});
    journal.append_activity({}, {"", "cudaMalloc"}, {});
    journal.append_activity(std::vector{row(ActivityKind::kernel, 50, 2), row(ActivityKind::call, 200, 1)}, kNames, kShapes);
  });
  const Activities& a = recording.activity.activities;
  EXPECT_EQ(recording.activity.level, TraceLevel::full);
  EXPECT_EQ(recording.activity.tracer, "CUPTI 13.0 (130001)");
  EXPECT_THAT(a.start_ns, ElementsAre(50, 100, 200));
  EXPECT_THAT(a.duration_ns, ElementsAre(5, 5, 5));
  EXPECT_EQ(recording.text(a.name[0]), "gemm");
  EXPECT_EQ(recording.text(a.name[1]), "cudaMalloc");
  EXPECT_EQ(recording.activity.shapes, kShapes);
}

TEST_F(JournalActivityTest, NamesShareTheTableOfTheAllocatorsEvents) {
  const Recording recording = written([](JournalWriter& journal) {
    journal.note({{"string", "gemm"}});
    journal.append_activity(std::vector{row(ActivityKind::call, 1, 2)}, kNames, {});
  });
  EXPECT_THAT(recording.strings, ElementsAre("", "gemm"));
  EXPECT_EQ(recording.activity.activities.name[0], StringId(1));
}

TEST_F(JournalActivityTest, HasTheRecordingsLayers) {
  const Recording recording = written([](JournalWriter& journal) {
    journal.note({{"root", "Net"}, {"has_parameters", true}});
    journal.note({{"layer", ""}, {"parent", 0}, {"root", 0}, {"kind", "model"}});
    journal.note({{"layer", "fc"}, {"parent", 1}, {"root", 0}});
    ActivityRow call = row(ActivityKind::call, 1);
    call.layer = 2;
    journal.append_activity(std::vector{call}, kNames, {});
    journal.note(dram_note({LayerId(0), Phase::forward, 10, 1}));
    journal.note(dram_note({LayerId(1), Phase::forward, 20, 2}));
    journal.note(dram_note({LayerId(2), Phase::forward, 40, 4}));
  });
  const auto path = [&](LayerId layer) { return recording.layers[static_cast<std::size_t>(layer)].path; };
  EXPECT_EQ(path(recording.activity.activities.layer[0]), "fc");
  ASSERT_EQ(recording.activity.dram.size(), 2u);
  EXPECT_EQ(path(recording.activity.dram[0].layer), "model");
  EXPECT_EQ(recording.activity.dram[0].read_bytes, 30) << "of the model and of its root module";
  EXPECT_EQ(recording.activity.dram[1].written_bytes, 4);
}

TEST_F(JournalActivityTest, SamplesStandAmongTheEventsAndNotAmongTheRows) {
  const Recording recording = written([](JournalWriter& journal) {
    JournalRow alloc{};
    alloc.kind = RowKind::alloc;
    alloc.address = alloc.requested_bytes = alloc.block_bytes = 512;
    JournalRow mark{};
    mark.kind = RowKind::mark;
    journal.note(sample_note({SampleMoment::before_context, 1, static_cast<std::int64_t>(journal.size()), 10, 100}));
    journal.append(mark);
    journal.append(alloc);
    journal.note(sample_note({SampleMoment::reserved, 2, static_cast<std::int64_t>(journal.size()), 20, 100}));
    journal.append(alloc);  // where one is live: no event
    journal.append(mark);
    journal.note(sample_note({SampleMoment::phase, 1, static_cast<std::int64_t>(journal.size()), 30, 100}));   // earlier
    journal.note(sample_note({SampleMoment::phase, 3, static_cast<std::int64_t>(journal.size()), 101, 100}));  // too much
    journal.note(sample_note({SampleMoment::end, 4, static_cast<std::int64_t>(journal.size()), 40, 100}));
  });
  std::vector<std::pair<std::int64_t, std::int64_t>> found;
  for (const DriverMemorySample& sample : recording.activity.samples) found.emplace_back(sample.event, sample.used_bytes);
  EXPECT_THAT(found, ElementsAre(std::pair{0, 10}, std::pair{1, 20}, std::pair{1, 40}));
}

TEST_F(JournalActivityTest, TheLatestNoteOfCountsCounts) {
  const Recording recording = written([](JournalWriter& journal) {
    DeviceActivity activity = traced();
    activity.dropped_count = 3;
    journal.note(activity_note(activity));
    activity.dropped_count = 5;
    activity.problems = {"Another profiler holds CUPTI."};
    journal.note(activity_note(activity));
  });
  EXPECT_EQ(recording.activity.dropped_count, 5);
  EXPECT_THAT(recording.activity.problems, ElementsAre("Another profiler holds CUPTI."));
}

TEST_F(JournalActivityTest, KeepsEverythingThatHappenedBeforeItsProcessWasKilled) {
  const pid_t child = fork();
  if (child == 0) {
    JournalWriter journal(path_);
    open(journal);
    for (std::uint64_t i = 0; i < 1000; ++i)
      journal.append_activity(std::vector<ActivityRow>(200, row(ActivityKind::call, i, 1)), kNames, kShapes);
    raise(SIGKILL);
  }
  waitpid(child, nullptr, 0);
  EXPECT_EQ(read().activity.activities.size(), 200'000u);
}

TEST_F(JournalActivityTest, CountsWhatADiskHadNoRoomFor) {
  const Recording recording = written_within(5 << 20, [](JournalWriter& journal) {
    for (std::uint64_t i = 0; i < 100; ++i)
      journal.append_activity(std::vector<ActivityRow>(1000, row(ActivityKind::call, i, 1)), kNames, kShapes);
    JournalRow alloc{};
    alloc.kind = RowKind::alloc;
    journal.append(alloc);
  });
  const DeviceActivity& activity = recording.activity;
  EXPECT_GT(activity.activities.size(), 60'000u);
  EXPECT_EQ(static_cast<std::int64_t>(activity.activities.size()) + activity.dropped_count, 100'000);
  EXPECT_EQ(recording.events.size(), 1u) << "events have room of their own";
}

TEST_F(JournalActivityTest, CountsWhatADiskWithoutAnyRoomLost) {
  const Recording recording = written_within(1 << 20, [](JournalWriter& journal) {
    for (int i = 0; i < 3; ++i) journal.append_activity(std::vector<ActivityRow>(10, row(ActivityKind::call, 1)), kNames, {});
  });
  EXPECT_EQ(recording.activity.activities.size(), 0u);
  EXPECT_EQ(recording.activity.dropped_count, 30);
}

TEST_F(JournalActivityTest, OfALongNameKeepsItsBeginning) {
  const Recording recording = written([](JournalWriter& journal) {
    journal.append_activity(std::vector{row(ActivityKind::call, 1, 1), row(ActivityKind::call, 2, 2)},
                            {"", std::string(3 << 20, 'x'), "next"}, {});
  });
  EXPECT_EQ(recording.text(recording.activity.activities.name[0]), std::string(64 << 10, 'x'));
  EXPECT_EQ(recording.text(recording.activity.activities.name[1]), "next");
}

TEST_F(JournalActivityTest, ThatNoNoteSpeaksOfIsNone) {
  {
    JournalWriter journal(path_);
    journal.note({{"environment", {{"device_kind", "cuda"}}}, {"start_realtime_ns", kStart}});
    journal.append_activity(std::vector{row(ActivityKind::call, 1)}, {}, {});
  }
  EXPECT_EQ(read().activity.level, TraceLevel::none);
  EXPECT_EQ(read().activity.activities.size(), 0u);
}

TEST_F(JournalActivityTest, WithoutAClockIsOutside) {
  {
    JournalWriter journal(path_);
    journal.note({{"environment", {{"device_kind", "cuda"}}}});
    journal.note(activity_note(traced()));
    journal.append_activity(std::vector{row(ActivityKind::call, 1)}, {}, {});
  }
  EXPECT_EQ(read().activity.outside_count, 1);
}

TEST_F(JournalActivityTest, TornAnywhereGivesTheRowsThatAreWhole) {
  written([](JournalWriter& journal) {
    journal.append_activity(std::vector<ActivityRow>(20, row(ActivityKind::call, 1, 1)), kNames, {});
  });
  for (const std::size_t rows : {20u, 7u, 0u})
    for (const std::size_t torn : {0u, 1u, 63u}) {
      fs::resize_file(path_ / kJournalActivityName, kJournalHeaderBytes + rows * sizeof(ActivityRow) + torn);
      EXPECT_EQ(read().activity.activities.size(), rows);
    }
  for (const std::size_t bytes : {4095u, 20u, 0u}) {
    fs::resize_file(path_ / kJournalActivityName, bytes);
    EXPECT_EQ(read().activity.activities.size(), 0u);
    EXPECT_THAT(read().activity.problems, ElementsAre(testing::HasSubstr("What was traced of the device is lost")));
  }
}

// Whatever the bytes are: a recording that keeps its promises and survives being written.
TEST_F(JournalActivityTest, ForgedBytesGiveARecordingThatKeepsItsPromises) {
  written([](JournalWriter& journal) {
    std::vector<ActivityRow> rows;
    for (std::uint64_t i = 0; i < 90; ++i) rows.push_back(row(static_cast<ActivityKind>(i % 9), i * 100, i % 3));
    journal.append_activity(rows, kNames, kShapes);
    for (int i = 0; i < 6; ++i) journal.note({{"layer", std::to_string(i)}, {"parent", i}, {"kind", "block"}});
    journal.note(sample_note({SampleMoment::end, 5, 0, 10, 100}));
    journal.note(dram_note({LayerId(2), Phase::forward, 10, 1}));
  });
  const std::string rows = read_file(path_ / kJournalActivityName, 64 << 20).substr(0, kJournalHeaderBytes + 6000);
  const std::string notes = read_file(path_ / kJournalNotesName, 1 << 20);
  fs::resize_file(path_ / kJournalRowsName, 2 * kJournalHeaderBytes);
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::string bad_rows = rows, bad_notes = notes;
    for (int i = 0; i < 20; ++i) bad_rows[kJournalHeaderBytes + random() % 6000] = static_cast<char>(random());
    for (std::uint32_t i = random() % 4; i > 0; --i) bad_notes[random() % bad_notes.size()] = static_cast<char>(random());
    if (round % 8 == 0) bad_rows[random() % 48] = static_cast<char>(random());
    std::ofstream(path_ / kJournalActivityName, std::ios::binary) << bad_rows;
    std::ofstream(path_ / kJournalNotesName, std::ios::binary) << bad_notes;
    const Recording recording = read();
    EXPECT_NO_THROW(decode_recording(encode_recording(recording), "again"));
  }
}

}  // namespace
}  // namespace headroom
