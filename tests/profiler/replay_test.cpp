// Replays: a recording's own requests give the recording again, event by event; other settings give what can be foreseen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/fragmentation.h"
#include "base/file.h"
#include "recording/file.h"
#include "recording/replay.h"
#include "recording/verify.h"
#include "temporary_folder.h"
#include "worker.h"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::record_again;
using testing_support::run_program;
using testing_support::run_worker;
using testing_support::run_worker_with;
using testing_support::TemporaryFolder;
using testing_support::tiny_model;
using testing_support::worker_environment;
using Environment = std::map<std::string, std::string>;

constexpr std::int64_t kMiB = 1 << 20;
constexpr const char* kDevice = "virtual:h100-80gb";
const Environment kExpandable{{"PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True"}};

Environment environment_of(const std::string& device, const Environment& more) {
  Environment environment = worker_environment(device);
  for (const auto& [name, value] : more) environment[name] = value;
  return environment;
}

Recording record_program(const std::string& name, const Environment& more = {}) {
  const TemporaryFolder folder;
  const std::string out = (folder / "run.headroom").string();
  EXPECT_EQ(run_program({REPLAYED_PROGRAM, name, out}, environment_of(kDevice, more)), 0) << name;
  Recording recording = read_recording(out);
  EXPECT_THAT(verify(recording), IsEmpty()) << name;
  return recording;
}

struct Replayed {
  int exit_code = -1;
  std::string messages;
  AllocatorReplay replay;
};

Replayed replay(const Recording& recording, ReplayChange change, const std::string& settings, const Environment& more = {}) {
  const TemporaryFolder folder;
  write_recording(folder / "run.headroom", recording);
  const Json job{{"replay", {{"recording", (folder / "run.headroom").string()},
                             {"label", "test"},
                             {"change", to_name(kReplayChangeNames, change)},
                             {"settings", settings}}}};
  Environment environment = environment_of(recording.spec.device, more);
  environment["PYTORCH_CUDA_ALLOC_CONF"] = settings;
  const auto out = folder / "replay.json";
  const auto result = run_worker_with({"--out", out.string()}, job.dump(), environment);
  Replayed replayed{result.exit_code, result.messages, {}};
  if (result.exit_code == 0) replayed.replay = parse_replay(parse_json(read_file(out, 1 << 20), "replay"), "replay");
  return replayed;
}

std::int64_t reserved(const Recording& recording, ReplayChange change, const std::string& settings) {
  const Replayed replayed = replay(recording, change, settings);
  EXPECT_EQ(replayed.exit_code, 0) << replayed.messages;
  return replayed.replay.peak_reserved_bytes;
}

// The recording's own settings: event by event what was recorded.
AllocatorReplay expect_faithful(Recording recording, const Environment& more = {}) {
  const auto settings = more.find("PYTORCH_CUDA_ALLOC_CONF");
  const Replayed replayed =
      replay(recording, ReplayChange::none, settings == more.end() ? "" : settings->second, more);
  EXPECT_EQ(replayed.exit_code, 0) << replayed.messages;
  EXPECT_TRUE(replayed.replay.faithful) << replayed.replay.difference;
  recording.replays = {replayed.replay};
  EXPECT_THAT(verify(recording), IsEmpty());
  EXPECT_EQ(replayed.replay.reserved_at_peak_bytes, recording.stats.peak_reserved_bytes);
  return replayed.replay;
}

RunSpec spec_of(const std::string& model) {
  RunSpec spec;
  spec.model = model;
  spec.batch = 2;
  spec.seq = 16;
  spec.device = kDevice;
  return spec;
}

TEST(Replay, OfGrowingTemporaries) {
  const Recording recording = record_program("growing");
  const AllocatorReplay replay = expect_faithful(recording);
  EXPECT_EQ(replay.peak_reserved_bytes, 150 * kMiB);
  EXPECT_EQ(replay.segment_count, 3);
  EXPECT_EQ(replay.driver_call_count, 3);
  EXPECT_EQ(reserved(recording, ReplayChange::settings, "expandable_segments:True"), 80 * kMiB);  // pages of 20 MiB
  EXPECT_EQ(reserved(recording, ReplayChange::empty_cache, ""), 70 * kMiB);
  EXPECT_EQ(reserved(recording, ReplayChange::lasting_first, ""), 150 * kMiB);  // nothing of it lasts
}

TEST(Replay, LastingBlocksFirstLeaveNoHoles) {
  const Recording recording = record_program("lasting");
  EXPECT_EQ(expect_faithful(recording).peak_reserved_bytes, 120 * kMiB);
  EXPECT_EQ(reserved(recording, ReplayChange::lasting_first, ""), 90 * kMiB);
}

TEST(Replay, OfPinnedSegments) {
  const Recording recording = record_program("pinned");
  EXPECT_EQ(expect_faithful(recording).peak_reserved_bytes, 380 * kMiB);
  const Fragmentation f = explain_fragmentation(recording, resolve_allocations(recording));
  EXPECT_THAT(verify(f), IsEmpty());
  EXPECT_EQ(f.fragmented_bytes, 180 * kMiB);
  EXPECT_EQ(f.segments.size(), 11u);
  EXPECT_EQ(f.segments[0].live_bytes, 2 * kMiB);
  EXPECT_EQ(f.segments[0].largest_gap_bytes, 18 * kMiB);
  EXPECT_EQ(reserved(recording, ReplayChange::empty_cache, ""), 380 * kMiB);  // what is pinned is not given back
}

TEST(Replay, OfATrainingRunIsFaithful) {
  for (const char* model : {"bert", "llama"}) expect_faithful(record_again(spec_of(tiny_model(model))));
}

TEST(Replay, OfAPresetIsFaithful) {
  RunSpec spec = spec_of("bert-base");
  expect_faithful(record_again(spec));
}

TEST(Replay, OfExpandableSegmentsIsFaithful) {
  const auto result = run_worker(spec_of(tiny_model("llama")), kExpandable);
  ASSERT_TRUE(result.recording) << result.messages;
  expect_faithful(*result.recording, kExpandable);
}

TEST(Replay, OfARunThatRanOutOfMemoryEndsAtTheSameRequest) {
  RunSpec spec = spec_of("bert-base");
  spec.batch = 8;
  spec.seq = 128;
  spec.virtual_options.reserve_bytes = std::int64_t{78} << 30;
  const Environment reserve{{"HEADROOM_VIRTUAL_GPU_RESERVE", std::to_string(spec.virtual_options.reserve_bytes)}};
  const auto result = run_worker(spec, reserve);
  ASSERT_TRUE(result.recording) << result.messages;
  ASSERT_EQ(result.recording->outcome.kind, OutcomeKind::oom);
  const AllocatorReplay replay = expect_faithful(*result.recording, reserve);
  EXPECT_TRUE(replay.ran_out_of_memory);
  EXPECT_EQ(replay.failed_event, static_cast<std::int64_t>(result.recording->events.size()));
}

TEST(Replay, OfAnyProgramIsFaithful) {
  for (int seed = 0; seed < 6; ++seed) {
    SCOPED_TRACE(seed);
    Environment more;
    if (seed % 3 == 1) more = kExpandable;
    if (seed % 3 == 2) more = {{"HEADROOM_VIRTUAL_GPU_EVENTS", "delayed"}};
    if (seed == 5) more["PYTORCH_CUDA_ALLOC_CONF"] = "max_split_size_mb:40";
    const Recording recording = record_program("random:" + std::to_string(seed), more);
    EXPECT_FALSE(recording.events.stream.empty());
    expect_faithful(recording, more);
  }
}

// A check that cannot fail would be none.
TEST(Replay, OfAChangedRecordingIsNotFaithful) {
  Recording recording = record_program("pinned");
  for (std::size_t i = 0; i < recording.events.size(); ++i)
    if (recording.events.requested_bytes[i] == 2 * kMiB) recording.events.requested_bytes[i] -= 513;
  recording.stats.peak_requested_bytes -= 10 * 513;
  const Replayed replayed = replay(recording, ReplayChange::none, "");
  ASSERT_EQ(replayed.exit_code, 0) << replayed.messages;
  EXPECT_FALSE(replayed.replay.faithful);
  EXPECT_THAT(replayed.replay.difference, HasSubstr("at event 1 the recording allocates 2,097,152 bytes"));
}

TEST(Replay, OfTheCpuIsRefused) {
  RunSpec spec = spec_of(tiny_model("bert"));
  spec.device = "cpu";
  Recording recording = record_again(spec);
  recording.spec.device = kDevice;
  const Replayed replayed = replay(recording, ReplayChange::none, "");
  EXPECT_EQ(replayed.exit_code, 2);
  EXPECT_THAT(replayed.messages, HasSubstr("reserved no segments"));
}

TEST(Replay, WithoutEveryEventIsRefused) {
  Recording recording = record_program("growing");
  recording.dropped_event_count = 3;
  const Replayed replayed = replay(recording, ReplayChange::none, "");
  EXPECT_EQ(replayed.exit_code, 2);
  EXPECT_THAT(replayed.messages, HasSubstr("3 events of the run were lost"));
}

TEST(Replay, SettingsThatPyTorchRefusesAreNamed) {
  const Replayed replayed = replay(record_program("growing"), ReplayChange::settings, "max_split_size_mb:many");
  EXPECT_EQ(replayed.exit_code, 3);
  EXPECT_THAT(replayed.messages, HasSubstr("with the allocator settings 'max_split_size_mb:many'"));
}

}  // namespace
}  // namespace headroom
