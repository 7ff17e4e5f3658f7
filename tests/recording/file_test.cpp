#include "recording/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "recording/document.h"
#include "tests/random_recording.h"
#include "tests/recording_text.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing_support::message_of;
using testing_support::random_recording;
using testing_support::recording_from_text;
using testing_support::TemporaryFolder;

void expect_equal(const Recording& a, const Recording& b) {
  EXPECT_EQ(recording_document(a), recording_document(b));
  EXPECT_EQ(a.events.time_ns, b.events.time_ns);
  EXPECT_EQ(a.events.action, b.events.action);
  EXPECT_EQ(a.events.address, b.events.address);
  EXPECT_EQ(a.events.requested_bytes, b.events.requested_bytes);
  EXPECT_EQ(a.events.block_bytes, b.events.block_bytes);
  EXPECT_EQ(a.events.layer, b.events.layer);
  EXPECT_EQ(a.events.phase, b.events.phase);
  EXPECT_EQ(a.events.step, b.events.step);
  EXPECT_EQ(a.events.category, b.events.category);
  EXPECT_EQ(a.events.op, b.events.op);
  EXPECT_EQ(a.events.tensor, b.events.tensor);
  EXPECT_EQ(a.events.source, b.events.source);
  EXPECT_EQ(a.events.stream, b.events.stream);
  EXPECT_EQ(a.events.pool, b.events.pool);
  EXPECT_EQ(a.events.held, b.events.held);
}

TEST(RecordingFile, GivesBackWhatWasWritten) {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    const Recording recording = random_recording(seed, seed * 7);
    expect_equal(decode_recording(encode_recording(recording), "r"), recording);
  }
}

TEST(RecordingFile, GivesBackAnEmptyRecording) {
  Recording recording;
  recording.spec.model = "m";
  expect_equal(decode_recording(encode_recording(recording), "r"), recording);
}

TEST(RecordingFile, GivesBackTheWholeDescription) {
  Recording r = random_recording(1, 10);
  r.environment = {
      "0.1", "2.11", "13.0", "580", DeviceKind::cuda, "H100", "9.0", 85'000'000'000, "expandable_segments"};
  r.outcome = {OutcomeKind::oom, "out of memory", 1, 2, 3, 4, "forward", "head"};
  r.model = {"bert", "mha", {{"a", {1, 2.5, "x", nullptr, true}}}, 32, 4, 5};
  r.stats = {1, 2, 3, 4, 5};
  r.dropped_event_count = 9;
  const Recording back = decode_recording(encode_recording(r), "r");
  expect_equal(back, r);
  EXPECT_EQ(back.spec, r.spec);
  EXPECT_EQ(back.environment, r.environment);
  EXPECT_EQ(back.outcome.layer, "head");
  EXPECT_EQ(back.outcome.reserved_bytes, 4);
  EXPECT_EQ(back.model.config, r.model.config);
  EXPECT_EQ(back.model.kv_cache_bytes_per_token, 5);
  EXPECT_EQ(back.stats.final_reserved_bytes, 5);
  EXPECT_EQ(back.strings, r.strings);
  EXPECT_EQ(back.layers.back().path, r.layers.back().path);
  EXPECT_EQ(back.layers.back().id, r.layers.back().id);
  EXPECT_EQ(back.parameters.back().shared_with, "w");
  EXPECT_EQ(back.closed_forms.back().formula, "4·n");
  EXPECT_EQ(back.assumptions, r.assumptions);
}

TEST(RecordingFile, ReplacesWhatIsNotUtf8) {
  Recording recording;
  recording.spec.model = "caf\xe9.json";
  EXPECT_EQ(decode_recording(encode_recording(recording), "r").spec.model, "caf\xef\xbf\xbd.json");
}

TEST(RecordingFile, StoresAStepRepeatedAThousandTimesInLittleSpace) {
  std::string text = "== forward 1\n";
  for (int i = 0; i < 1000; ++i) text += "+1024@a block aten::mm temporary?\n-@a\n";
  EXPECT_LT(encode_recording(recording_from_text(text)).size(), 3000u);
}

TEST(RecordingFile, IsReadFromDisk) {
  TemporaryFolder folder;
  const Recording recording = random_recording(3, 100);
  write_recording(folder / "run", recording);
  expect_equal(read_recording(folder / "run"), recording);
}

TEST(RecordingFile, IsRefusedWhenItIsNone) {
  TemporaryFolder folder;
  const auto refusal = [&](const char* name) {
    return message_of(ExitCode::bad_input, [&] { read_recording(folder / name); });
  };
  write_file(folder / "other", "{\"schema\": 1}");
  write_file(folder / "short", "HEAD");
  write_file(folder / "empty", "");
  EXPECT_THAT(refusal("other"), HasSubstr("other: not a Headroom recording"));
  EXPECT_THAT(refusal("short"), HasSubstr("not a Headroom recording"));
  EXPECT_THAT(refusal("empty"), HasSubstr("not a Headroom recording"));
  EXPECT_THAT(refusal("absent"), HasSubstr("absent': No such file"));
  EXPECT_THAT(refusal("."), HasSubstr("is a folder"));
}

TEST(RecordingFile, OfTerabytesOfNothingIsRefusedUnread) {
  TemporaryFolder folder;
  write_file(folder / "sparse", "");
  std::filesystem::resize_file(folder / "sparse", std::uintmax_t{1} << 40);
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { read_recording(folder / "sparse"); }),
              HasSubstr("not a Headroom recording"));
}

TEST(RecordingFile, IsNotWrittenWithColumnsOfUnequalLength) {
  Recording recording = random_recording(1, 10);
  recording.events.step.pop_back();
  EXPECT_THAT(message_of(ExitCode::could_not_measure, [&] { encode_recording(recording); }),
              HasSubstr("column 'step' has 9 rows, 'action' has 10"));
}

}  // namespace
}  // namespace headroom
