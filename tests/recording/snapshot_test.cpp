// Snapshots of PyTorch's become recordings whose sums are PyTorch's own.
#include "recording/snapshot/snapshot.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "base/file.h"
#include "base/json.h"
#include "recording/file.h"
#include "recording/snapshot/address_space.h"
#include "recording/snapshot/open.h"
#include "recording/verify.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using namespace std::string_literals;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::filesystem::path kFolder = HEADROOM_SOURCE_DIR "/tests/golden/snapshots";

std::string bytes_of(const std::string& name) { return read_file(kFolder / (name + ".pickle"), 1 << 20); }
Recording snapshot(const std::string& name) { return read_snapshot(bytes_of(name), name); }
Json facts(const std::string& name) { return parse_json_file(kFolder / (name + ".json")); }

std::vector<std::string> names() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder))
    if (entry.path().extension() == ".pickle") found.push_back(entry.path().stem());
  std::ranges::sort(found);
  return found;
}

TEST(Snapshot, KeepsThePromisesOfARecording) {
  ASSERT_GE(names().size(), 8u);
  for (const std::string& name : names()) EXPECT_THAT(verify(snapshot(name)), IsEmpty()) << name;
}

TEST(Snapshot, WhatIsLeftAtItsEndIsWhatPyTorchCounted) {
  for (const std::string& name : names()) {
    const AllocatorStats stats = snapshot(name).stats;
    EXPECT_EQ(stats.final_allocated_bytes, facts(name)["current_allocated_bytes"]) << name;
    EXPECT_EQ(stats.final_reserved_bytes, facts(name)["current_reserved_bytes"]) << name;
  }
}

// Block sizes are not in the history: they follow from the allocator's rules.
TEST(Snapshot, PeaksOfAWholeHistoryAreWhatPyTorchCounted) {
  for (const std::string& name : names()) {
    if (name.ends_with("ring") || name.ends_with("late") || name.ends_with("no-history")) continue;
    const AllocatorStats stats = snapshot(name).stats;
    EXPECT_EQ(stats.peak_allocated_bytes, facts(name)["peak_allocated_bytes"]) << name;
    // PyTorch goes on to count what was requested of a freed block that a stream still uses; a recording does not.
    if (!name.ends_with("streams")) {
      EXPECT_EQ(stats.peak_requested_bytes, facts(name)["peak_requested_bytes"]) << name;
    }
    EXPECT_EQ(stats.peak_reserved_bytes, facts(name)["peak_reserved_bytes"]) << name;
  }
}

TEST(Snapshot, IsNeitherMeasuredNorVirtual) {
  const Recording recording = snapshot("torch-2.11-plain");
  EXPECT_EQ(recording.environment.device_kind, DeviceKind::unknown);
  EXPECT_THAT(recording.assumptions, Contains(HasSubstr("nothing in it tells a GPU from a virtual one")));
  EXPECT_EQ(decode_recording(encode_recording(recording), "again").environment.device_kind, DeviceKind::unknown);
}

TEST(Snapshot, ABlockIsOfTheProgramsLine) {
  const Recording recording = snapshot("torch-2.11-plain");
  EXPECT_THAT(recording.strings, Contains(testing::StartsWith("make.py:")));
  EXPECT_EQ(recording.layers.size(), 1u);
  EXPECT_THAT(recording.events.category, Each(Category::unresolved));
}

TEST(Snapshot, BlocksFromBeforeTheHistoryAreAllocatedAtItsStart) {
  for (const char* name : {"torch-2.11-late", "torch-2.11-ring", "torch-2.11-no-history"}) {
    const Recording recording = snapshot(name);
    EXPECT_EQ(recording.events.action.front(), Action::segment_alloc) << name;
    EXPECT_GE(recording.stats.peak_allocated_bytes, recording.stats.final_allocated_bytes) << name;
  }
  EXPECT_THAT(snapshot("torch-2.11-late").assumptions, Contains(HasSubstr("were there when the history begins")));
  EXPECT_THAT(snapshot("torch-2.11-ring").assumptions, Contains(HasSubstr("its beginning was overwritten")));
  EXPECT_THAT(snapshot("torch-2.11-no-history").assumptions, Contains(HasSubstr("No history was recorded")));
}

TEST(Snapshot, RunningOutOfMemoryAtTheEndIsTheOutcome) {
  const Recording recording = snapshot("torch-2.11-out-of-memory");
  EXPECT_EQ(recording.outcome.kind, OutcomeKind::oom);
  EXPECT_EQ(recording.outcome.failed_request_bytes, std::int64_t{4} << 40);
  EXPECT_GT(recording.outcome.free_bytes, 0);
  EXPECT_EQ(snapshot("torch-2.11-plain").outcome.kind, OutcomeKind::ok);
}

TEST(Snapshot, OfSeveralDevicesIsOfTheOneWithMostEventsUnlessAskedOtherwise) {
  const Recording first = snapshot("torch-2.11-two-devices");
  EXPECT_THAT(first.assumptions, Contains(HasSubstr("The snapshot is of 2 devices; this is device 0")));
  const std::string bytes = bytes_of("torch-2.11-two-devices");
  const Recording second = read_snapshot(bytes, "run", 1);
  EXPECT_THAT(verify(second), IsEmpty());
  EXPECT_EQ(second.stats.peak_requested_bytes, 20'000'000);
  EXPECT_THAT(testing_support::message_of(ExitCode::bad_input, [&] { read_snapshot(bytes, "run", 7); }),
              HasSubstr("nothing was recorded of device 7"));
}

TEST(Snapshot, KnowsStreamsPoolsAndBlocksThatAreStillHeld) {
  const Events events = snapshot("torch-2.11-streams").events;
  EXPECT_THAT(events.stream, Contains(1));
  EXPECT_THAT(events.pool, Contains(1));
  EXPECT_THAT(snapshot("torch-2.11-plain").events.pool, IsEmpty());
}

TEST(AddressSpace, ABlockTakesTheRestThatIsTooSmallToBeOne) {
  snapshot_reader::AddressSpace space({});
  space.segments.add({0x1000'0000, 20 << 20});
  EXPECT_EQ(space.block_bytes(0x1000'0000, 1), 512);
  EXPECT_EQ(space.block_bytes(0x1000'0000, (19 << 20) + 1), 20 << 20);
  EXPECT_EQ(space.block_bytes(0x1000'0000, 3 << 20), 3 << 20);
  space.occupy(0x1000'0000 + (4 << 20), 512);
  EXPECT_EQ(space.block_bytes(0x1000'0000, 3 << 20), 4 << 20);
  EXPECT_EQ(space.block_bytes(0x9000'0000, 700), 1024);
}

TEST(Snapshot, DamagedOneIsReadOrRefused) {
  for (const char* name : {"torch-2.11-plain", "torch-2.11-expandable"}) {
    const std::string whole = bytes_of(name);
    std::mt19937 random(7);
    for (int round = 0; round < 1500; ++round) {
      std::string bytes = whole;
      if (round % 3 == 0) bytes.resize(random() % bytes.size());
      for (int i = 0; i < 3 && !bytes.empty(); ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
      try {
        ASSERT_THAT(verify(read_snapshot(bytes, "run")), IsEmpty()) << round;
      } catch (const Error& error) {
        ASSERT_EQ(error.code(), ExitCode::bad_input);
        ASSERT_THAT(error.what(), testing::StartsWith("run: "));
      }
    }
  }
}

TEST(Snapshot, PickleOfSomethingElseIsNamed) {
  EXPECT_THAT(testing_support::message_of(ExitCode::bad_input, [] { read_snapshot("\x80\x02}.", "run"); }),
              HasSubstr("run: it is a pickle of something else"));
}

TEST(OpenRecording, TellsFormatsApartByTheirContent) {
  const testing_support::TemporaryFolder folder;
  write_recording(folder / "a.pickle", snapshot("torch-2.11-plain"));
  EXPECT_GT(open_recording(folder / "a.pickle").events.size(), 0u);
  write_file(folder / "b.headroom", bytes_of("torch-2.11-plain"));
  EXPECT_GT(open_recording(folder / "b.headroom").events.size(), 0u);
}

TEST(OpenRecording, SaysWhatAForeignFileSeemsToBe) {
  const testing_support::TemporaryFolder folder;
  const auto refusal = [&](const std::string& bytes) {
    write_file(folder / "file", bytes);
    return testing_support::message_of(ExitCode::bad_input, [&] { open_recording(folder / "file"); });
  };
  EXPECT_THAT(refusal("PK\x03\x04..."), HasSubstr("this is a zip archive, as torch.save writes checkpoints"));
  EXPECT_THAT(refusal("\x1f\x8b..."), HasSubstr("compressed with gzip"));
  EXPECT_THAT(refusal("{\"schema\": \"headroom.report/1\"}"),
              HasSubstr("this is a report of Headroom's; open the recording"));
  EXPECT_THAT(refusal(" {\"traceEvents\": []}"), HasSubstr("a trace of PyTorch's profiler"));
  EXPECT_THAT(refusal("<!DOCTYPE html>"), HasSubstr("this is a page"));
  EXPECT_THAT(refusal("{}"), HasSubstr("JSON of an unknown kind"));
  EXPECT_THAT(refusal(""), HasSubstr("this file is empty"));
  EXPECT_THAT(refusal("something"), testing::EndsWith("not a memory snapshot of PyTorch's"));
  EXPECT_THAT(refusal("HEADROOM"), HasSubstr("the recording is cut short"));
}

}  // namespace
}  // namespace headroom
