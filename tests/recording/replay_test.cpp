// Replays of a recording: in the file and back, what they promise, and what may be said to be saved.
#include "recording/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "recording/file.h"
#include "recording/verify.h"
#include "tests/random_recording.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing_support::message_of;
using testing_support::random_recording;

AllocatorReplay replay_of(const Recording& recording) {
  AllocatorReplay replay;
  replay.label = "as recorded";
  replay.device = "h100-80gb";
  replay.peak_allocated_bytes = recording.stats.peak_allocated_bytes;
  replay.peak_requested_bytes = recording.stats.peak_requested_bytes;
  replay.peak_reserved_bytes = replay.reserved_at_peak_bytes = recording.stats.peak_reserved_bytes;
  replay.segment_count = 3;
  replay.driver_call_count = 5;
  replay.faithful = true;
  return replay;
}

AllocatorReplay changed_from(const AllocatorReplay& base) {
  AllocatorReplay replay = base;
  replay.label = replay.settings = "expandable_segments:True";
  replay.change = ReplayChange::settings;
  replay.faithful = false;
  return replay;
}

// Every member is something else than unset.
AllocatorReplay full_replay() {
  return {"a \"label\"", ReplayChange::lasting_first, "max_split_size_mb:64", "a100-40gb", 1, 2, 3, 4, 5, 6, true, 7, 8, true, "é"};
}

Recording recording_with_replays() {
  Recording recording = random_recording(1, 60);
  const AllocatorReplay base = replay_of(recording);
  AllocatorReplay failed = changed_from(base);
  failed.change = ReplayChange::empty_cache;
  failed.ran_out_of_memory = true;
  failed.failed_event = 0;
  failed.failed_request_bytes = 512;
  recording.replays = {base, changed_from(base), failed};
  return recording;
}

TEST(AllocatorReplay, TheDocumentHoldsEveryMember) {
  EXPECT_EQ(parse_replay(replay_document(full_replay()), "replay"), full_replay());
  EXPECT_EQ(parse_replay(replay_document(AllocatorReplay{}), "replay"), AllocatorReplay{});
}

TEST(AllocatorReplay, ComesBackFromTheFile) {
  const testing_support::TemporaryFolder folder;
  const Recording recording = recording_with_replays();
  ASSERT_THAT(verify(recording), IsEmpty());
  write_recording(folder / "run.headroom", recording);
  EXPECT_EQ(read_recording(folder / "run.headroom").replays, recording.replays);
}

TEST(AllocatorReplay, AWrongValueIsNamed) {
  const auto refusal = [](const char* key, const Json& value) {
    Json json = replay_document(full_replay());
    json[key] = value;
    return message_of(ExitCode::bad_input, [&] { parse_replay(json, "replays[0]"); });
  };
  EXPECT_THAT(refusal("change", "setting"), HasSubstr("replays[0]: unknown change 'setting'; did you mean 'settings'?"));
  EXPECT_THAT(refusal("peak_reserved_bytes", -1), HasSubstr("'peak_reserved_bytes'"));
  EXPECT_THAT(refusal("segment_count", 1.5), HasSubstr("'segment_count'"));
  EXPECT_THAT(refusal("failed_event", -2), HasSubstr("'failed_event'"));
  EXPECT_THAT(refusal("faithful", "yes"), HasSubstr("'faithful'"));
}

TEST(AllocatorReplay, EachPromiseIsChecked) {
  const std::vector<std::pair<std::function<void(AllocatorReplay&)>, const char*>> cases{
      {[](auto& r) { r.peak_requested_bytes = r.peak_allocated_bytes + 1; }, "requests more than it allocates"},
      {[](auto& r) { r.peak_allocated_bytes = r.peak_reserved_bytes + 1; }, "allocates more than it reserves"},
      {[](auto& r) { ++r.reserved_at_peak_bytes; }, "reserves more than at its peak"},
      {[](auto& r) { r.segment_count = r.driver_call_count + 1; }, "has segments that nobody reserved"},
      {[](auto& r) { r.failed_event = 1 << 20; }, "failed after the recording's end"},
      {[](auto& r) { r.ran_out_of_memory = true; }, "ran out of memory at no event"},
      {[](auto& r) { r.faithful = true; }, "changes something, and yet is called faithful"}};
  for (const auto& [change, problem] : cases) {
    SCOPED_TRACE(problem);
    Recording recording = recording_with_replays();
    change(recording.replays[1]);
    EXPECT_THAT(verify(recording), testing::Contains(HasSubstr(problem)));
  }
}

TEST(AllocatorReplay, OneThatIsFaithfulHasTheRecordingsPeaks) {
  for (std::int64_t AllocatorReplay::*peak : {&AllocatorReplay::peak_allocated_bytes, &AllocatorReplay::peak_requested_bytes,
                                              &AllocatorReplay::peak_reserved_bytes}) {
    Recording recording = recording_with_replays();
    --(recording.replays[0].*peak);
    EXPECT_THAT(verify(recording), testing::Contains(HasSubstr("other peaks than the recording")));
  }
  Recording recording = recording_with_replays();
  recording.replays.erase(recording.replays.begin());
  EXPECT_THAT(verify(recording), testing::Contains(HasSubstr("is not of what was recorded")));
}

TEST(AllocatorReplay, NothingIsSavedWhereNothingIsKnown) {
  AllocatorReplay base{.peak_reserved_bytes = 100, .faithful = true}, changed{.peak_reserved_bytes = 60};
  EXPECT_EQ(saved_bytes(base, changed), 40);
  changed.peak_reserved_bytes = 130;
  EXPECT_EQ(saved_bytes(base, changed), -30);
  changed.ran_out_of_memory = true;
  EXPECT_EQ(saved_bytes(base, changed), 0);
  changed.ran_out_of_memory = base.faithful = false;
  EXPECT_EQ(saved_bytes(base, changed), 0);
}

}  // namespace
}  // namespace headroom
