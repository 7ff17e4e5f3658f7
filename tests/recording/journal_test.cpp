// Journals: what a process left, whole, torn or forged, read as a recording.
#include "recording/journal.h"

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
#include "recording/journal_writer.h"
#include "recording/verify.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::message_of;
using testing_support::TemporaryFolder;

const std::vector<std::string> kNothing;

JournalRow row(RowKind kind, std::uint64_t address, std::int64_t bytes = 0) {
  JournalRow row{};
  row.kind = kind;
  row.address = address;
  row.requested_bytes = kind == RowKind::alloc ? bytes - 12 : 0;
  row.block_bytes = bytes;
  row.category = static_cast<std::uint8_t>(Category::unresolved);
  return row;
}

JournalRow mark(Phase phase, std::int32_t step) {
  JournalRow row{};
  row.kind = RowKind::mark;
  row.phase = static_cast<std::uint8_t>(phase);
  row.step = step;
  return row;
}

void write_opening(JournalWriter& journal) {
  journal.note({{"device", "virtual:h100-80gb"},
                {"program", "train.py"},
                {"environment", {{"torch_version", "2.11.0"}, {"device_kind", "virtual"}}}});
}

class JournalTest : public testing::Test {
 protected:
  // What is read of what `write` wrote.
  template <class Write>
  Recording written(Write write) {
    {
      JournalWriter journal(path_);
      write_opening(journal);
      write(journal);
    }
    return read();
  }
  Recording read() {
    Recording recording = read_journal(path_);
    EXPECT_EQ(verify(recording), kNothing);
    return recording;
  }

  TemporaryFolder folder_;
  const fs::path path_ = folder_.path() / "4711-cuda0.journal";
};

TEST_F(JournalTest, HoldsWhatWasWritten) {
  const Recording recording = written([](JournalWriter& journal) {
    journal.append(mark(Phase::build, 0));
    journal.append(row(RowKind::segment_alloc, 1 << 20, 2 << 20));
    journal.note({{"string", "aten::mm"}});
    journal.note({{"root", "Net"}, {"has_parameters", true}});
    journal.note({{"layer", ""}, {"parent", 0}, {"kind", "model"}, {"root", 0}});
    journal.note({{"layer", "block.0"}, {"parent", 1}, {"kind", "block"}, {"root", 0}});
    journal.append(mark(Phase::forward, 1));
    journal.append(row(RowKind::alloc, 1 << 20, 512));
    journal[3].op = 1;
    journal[3].layer = 2;
    journal[3].category = static_cast<std::uint8_t>(Category::parameter);
    journal.append(row(RowKind::free, 1 << 20));
  });
  EXPECT_EQ(recording.spec.model, "train.py");
  EXPECT_EQ(recording.spec.device, "virtual:h100-80gb");
  EXPECT_EQ(recording.spec.mode, Mode::forward);
  EXPECT_EQ(recording.environment.torch_version, "2.11.0");
  EXPECT_THAT(recording.events.action, ElementsAre(Action::segment_alloc, Action::alloc, Action::free));
  EXPECT_EQ(recording.text(recording.events.op[1]), "aten::mm");
  EXPECT_EQ(recording.layers[static_cast<std::size_t>(recording.events.layer[1])].path, "block.0");
  EXPECT_EQ(recording.events.category[1], Category::parameter);
  EXPECT_EQ(recording.events.phase[1], Phase::forward);
  EXPECT_EQ(recording.events.requested_bytes[2], 500);
  EXPECT_EQ(recording.stats.peak_allocated_bytes, 512);
  EXPECT_EQ(recording.stats.final_reserved_bytes, 2 << 20);
}

TEST_F(JournalTest, KeepsEverythingThatHappenedBeforeItsProcessWasKilled) {
  const pid_t child = fork();
  if (child == 0) {
    JournalWriter journal(path_);
    write_opening(journal);
    for (std::uint64_t i = 1; i <= 200'000; ++i) journal.append(row(RowKind::alloc, i << 9, 512));
    raise(SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Recording recording = read();
  EXPECT_EQ(recording.stats.peak_allocated_bytes, 200'000 * 512);
  finish(recording, status);
  EXPECT_EQ(recording.outcome.kind, OutcomeKind::error);
  EXPECT_THAT(recording.outcome.message, HasSubstr("signal 9 (SIGKILL)"));
}

TEST_F(JournalTest, CountsWhatADiskHadNoRoomFor) {
  const pid_t child = fork();
  if (child == 0) {
    JournalWriter journal(path_);
    write_opening(journal);
    const rlimit limit{5 << 20, 5 << 20};
    setrlimit(RLIMIT_FSIZE, &limit);
    for (std::uint64_t i = 1; i <= 100'000; ++i) journal.append(row(RowKind::alloc, i << 9, 512));
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  const Recording recording = read();
  EXPECT_GT(recording.events.size(), 70'000u);
  EXPECT_EQ(static_cast<std::int64_t>(recording.events.size()) + recording.dropped_event_count, 100'000);
}

TEST_F(JournalTest, MeasuresBlocksThatWereNot) {
  const Recording recording = written([](JournalWriter& journal) {
    JournalRow alloc = row(RowKind::alloc, 512, 0);
    alloc.requested_bytes = 1000;
    journal.append(alloc);
    journal.append(row(RowKind::free, 512));
  });
  EXPECT_THAT(recording.events.block_bytes, ElementsAre(1024, 1024));
  EXPECT_THAT(recording.assumptions, ElementsAre(HasSubstr("1 blocks were not measured")));
}

TEST_F(JournalTest, SeveralModelsHaveTheirNamesInFront) {
  const Recording recording = written([](JournalWriter& journal) {
    journal.note({{"root", "Generator"}, {"has_parameters", true}});
    journal.note({{"layer", ""}, {"parent", 0}, {"root", 0}, {"kind", "model"}});
    journal.note({{"layer", "conv"}, {"parent", 1}, {"root", 0}});
    journal.note({{"root", "Critic"}, {"has_parameters", true}});
    journal.note({{"layer", ""}, {"parent", 0}, {"root", 1}, {"kind", "model"}});
    journal.note({{"layer", "conv"}, {"parent", 3}, {"root", 1}});
    journal.note({{"parameter", "conv.weight"}, {"root", 0}, {"shape", {2, 3}}, {"bytes", 24}, {"layer", 2}});
    journal.note({{"parameter", "conv.weight"}, {"root", 1}, {"shape", {2, 3}}, {"layer", 4},
                  {"shared_with", "conv.weight"}, {"shared_root", 0}});
  });
  std::vector<std::string> paths;
  for (const Layer& layer : recording.layers) paths.push_back(layer.path);
  EXPECT_THAT(paths, ElementsAre("model", "Generator", "Generator.conv", "Critic", "Critic.conv"));
  ASSERT_EQ(recording.parameters.size(), 2u);
  EXPECT_EQ(recording.parameters[1].name, "Critic.conv.weight");
  EXPECT_EQ(recording.parameters[1].shared_with, "Generator.conv.weight");
  EXPECT_EQ(recording.model.parameter_count, 6);
}

TEST_F(JournalTest, ALossFunctionIsNoModelOfItsOwn) {
  const Recording recording = written([](JournalWriter& journal) {
    journal.note({{"root", "Net"}, {"has_parameters", true}});
    journal.note({{"layer", ""}, {"parent", 0}, {"root", 0}, {"kind", "model"}});
    journal.note({{"layer", "fc"}, {"parent", 1}, {"root", 0}});
    journal.note({{"root", "CrossEntropyLoss"}, {"has_parameters", false}});
    journal.note({{"layer", ""}, {"parent", 0}, {"root", 1}, {"kind", "loss"}});
  });
  std::vector<std::string> paths;
  for (const Layer& layer : recording.layers) paths.push_back(layer.path);
  EXPECT_THAT(paths, ElementsAre("model", "fc", "CrossEntropyLoss"));
}

TEST_F(JournalTest, TheLatestNoteOfAParameterAndOfAnAssumptionCounts) {
  const Recording recording = written([](JournalWriter& journal) {
    journal.note({{"root", "Net"}, {"has_parameters", true}});
    journal.note({{"parameter", "w"}, {"shape", {2}}, {"bytes", 8}});
    journal.note({{"parameter", "gone"}, {"shape", {2}}, {"bytes", 8}});
    journal.note({{"forget_parameters", 0}});
    journal.note({{"parameter", "w"}, {"shape", {4}}, {"bytes", 16}});
    journal.note({{"assumption", "at least 1"}, {"key", "a"}});
    journal.note({{"assumption", "2"}, {"key", "a"}});
  });
  ASSERT_EQ(recording.parameters.size(), 1u);
  EXPECT_EQ(recording.parameters[0].bytes, 16);
  EXPECT_THAT(recording.assumptions, ElementsAre("2"));
}

const Json kOutOfMemory = {{"oom", {{"kind", "oom"}, {"message", "no room"}, {"failed_request_bytes", 4096}}}, {"row", 2}};

TEST_F(JournalTest, MemoryThatRanOutLastIsTheOutcome) {
  const Recording recording = written([](JournalWriter& journal) {
    journal.append(mark(Phase::forward, 1));
    journal.append(row(RowKind::alloc, 512, 512));
    journal.note(kOutOfMemory);
    journal.append(row(RowKind::free, 512));
  });
  EXPECT_EQ(recording.outcome.kind, OutcomeKind::oom);
  EXPECT_EQ(recording.outcome.failed_request_bytes, 4096);
}

TEST_F(JournalTest, MemoryThatRanOutAndWasCaughtIsNotTheOutcome) {
  const Recording recording = written([](JournalWriter& journal) {
    journal.append(mark(Phase::forward, 1));
    journal.append(row(RowKind::alloc, 512, 512));
    journal.note(kOutOfMemory);
    journal.append(row(RowKind::alloc, 1024, 512));
  });
  EXPECT_EQ(recording.outcome.kind, OutcomeKind::ok);
  EXPECT_THAT(recording.assumptions, ElementsAre(HasSubstr("memory ran out 1 time and the program went on")));
}

TEST_F(JournalTest, AnExceptionKeepsItsWordsAndTheAllocatorsFigures) {
  Recording recording = written([](JournalWriter& journal) {
    journal.append(row(RowKind::alloc, 512, 512));
    journal.note(kOutOfMemory);
    journal.note({{"outcome", {{"kind", "oom"}, {"message", "OutOfMemoryError: CUDA out of memory."}}}});
    journal.note({{"end", {{"allocated_bytes", 512}}}});
  });
  finish(recording, 1 << 8);
  EXPECT_EQ(recording.outcome.message, "OutOfMemoryError: CUDA out of memory.");
  EXPECT_EQ(recording.outcome.failed_request_bytes, 4096);
}

TEST_F(JournalTest, AnExitCodeIsAnError) {
  Recording recording = written([](JournalWriter&) {});
  finish(recording, 0);
  EXPECT_EQ(recording.outcome.kind, OutcomeKind::ok);
  finish(recording, 3 << 8);
  EXPECT_EQ(recording.outcome.message, "the program ended with exit code 3");
}

TEST_F(JournalTest, AnAllocatorThatCountsOtherwiseIsMentioned) {
  const Recording recording = written([](JournalWriter& journal) {
    journal.append(row(RowKind::alloc, 512, 512));
    journal.note({{"end", {{"allocated_bytes", 1024}}}});
  });
  EXPECT_THAT(recording.assumptions, ElementsAre(HasSubstr("the allocator counted 1,024 bytes")));
}

TEST_F(JournalTest, IsReadableAfterEveryNoteAndRow) {
  JournalWriter journal(path_);
  for (int i = 0; i < 20; ++i) {
    journal.note({{"string", std::string(static_cast<std::size_t>(i), 'x')}});
    journal.append(row(RowKind::alloc, 512u * static_cast<unsigned>(i + 1), 512));
    EXPECT_EQ(read().events.size(), static_cast<std::size_t>(i + 1));
  }
}

TEST_F(JournalTest, ATornLastNoteIsPassedOver) {
  written([](JournalWriter& journal) { journal.note({{"string", "whole"}}); });
  std::ofstream(path_ / "notes", std::ios::app) << R"({"string": "to)";
  EXPECT_THAT(read().strings, ElementsAre("", "whole"));
}

TEST_F(JournalTest, AnythingElseIsNoJournal) {
  fs::create_directory(path_);
  std::ofstream(path_ / "rows") << std::string(5000, 'x');
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { read_journal(path_); }), HasSubstr("not a journal"));
}

// As a damaged note has it: whose device is lost counts as the CPU, which has no segments.
TEST_F(JournalTest, SegmentsOfAnUnknownDeviceAreCountedAsTheyAre) {
  for (const std::int64_t bytes : {std::int64_t{0}, std::int64_t{512}}) {
    const fs::path path = folder_.path() / ("1-" + std::to_string(bytes) + ".journal");
    {
      JournalWriter journal(path);
      journal.append(row(RowKind::segment_alloc, 1 << 20, bytes));
      journal.append(row(RowKind::alloc, 1 << 21, 64));
    }
    const Recording recording = read_journal(path);
    EXPECT_EQ(verify(recording), kNothing);
    EXPECT_EQ(recording.stats.peak_reserved_bytes, bytes);
  }
}

TEST_F(JournalTest, AnotherVersionIsRefused) {
  written([](JournalWriter&) {});
  std::fstream file(path_ / "rows", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(8);
  file.put(7);
  file.close();
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { read_journal(path_); }), HasSubstr("another version"));
}

// Whatever the bytes are: an error, or a recording that keeps its promises and survives being written.
TEST_F(JournalTest, ForgedBytesGiveARecordingThatKeepsItsPromises) {
  written([](JournalWriter& journal) {
    journal.note({{"root", "Net"}, {"has_parameters", true}});
    for (int i = 0; i < 6; ++i) journal.note({{"layer", std::to_string(i)}, {"parent", i}, {"kind", "block"}});
    journal.note({{"parameter", "w"}, {"shape", {2, 4}}, {"bytes", 32}, {"layer", 3}});
    for (std::uint64_t i = 0; i < 40; ++i) {
      journal.append(row(RowKind::alloc, 512 * (i % 7), 512));
      journal.append(row(RowKind::free, 512 * (i % 5)));
      journal.append(row(RowKind::segment_alloc, i << 21, 1 << 21));
      if (i % 8 == 0) journal.append(mark(Phase::backward, static_cast<std::int32_t>(i)));
    }
  });
  const std::string rows = read_file(path_ / "rows", 64 << 20).substr(0, 16384), notes = read_file(path_ / "notes", 1 << 20);
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string bad_rows = rows, bad_notes = notes;
    for (int i = 0; i < 20; ++i) {
      bad_rows[32 + random() % (bad_rows.size() - 32)] = static_cast<char>(random());
      bad_notes[random() % bad_notes.size()] = static_cast<char>(random());
    }
    std::ofstream(path_ / "rows", std::ios::binary) << bad_rows;
    std::ofstream(path_ / "notes", std::ios::binary) << bad_notes;
    const Recording recording = read();
    EXPECT_NO_THROW(decode_recording(encode_recording(recording), "again"));
  }
}

TEST(Journals, AreFoundInOrder) {
  const TemporaryFolder folder;
  for (const char* name : {"700-cuda1.journal", "700-cuda0.journal", "70-cpu.journal", "70.attached"})
    fs::create_directory(folder.path() / name);
  std::vector<std::string> names;
  for (const fs::path& path : find_journals(folder.path())) names.push_back(path.filename());
  EXPECT_THAT(names, ElementsAre("70-cpu.journal", "700-cuda0.journal", "700-cuda1.journal"));
}

}  // namespace
}  // namespace headroom
