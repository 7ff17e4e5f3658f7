// Device activity in a recording's file: what is written comes back, what is forged is refused.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recording/container.h"
#include "recording/document.h"
#include "recording/file.h"
#include "recording/verify.h"
#include "tests/random_recording.h"
#include "tests/temporary_folder.h"

namespace headroom {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing_support::message_of;
using testing_support::random_recording;

void expect_equal(const Activities& a, const Activities& b) {
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.start_ns, b.start_ns);
  EXPECT_EQ(a.duration_ns, b.duration_ns);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.detail, b.detail);
  EXPECT_EQ(a.bytes, b.bytes);
  EXPECT_EQ(a.address, b.address);
  EXPECT_EQ(a.stream, b.stream);
  EXPECT_EQ(a.correlation, b.correlation);
  EXPECT_EQ(a.thread, b.thread);
  EXPECT_EQ(a.layer, b.layer);
  EXPECT_EQ(a.phase, b.phase);
  EXPECT_EQ(a.step, b.step);
}

Recording traced() { return random_recording(2, 50, DeviceKind::cuda); }

Recording read_back(const Recording& recording) { return decode_recording(encode_recording(recording), "run"); }

template <class F>
std::string refusal(F change) {
  Recording recording = traced();
  change(recording, recording.activity.activities);
  return message_of(ExitCode::bad_input, [&] { read_back(recording); });
}

template <class F>
std::string document_refusal(F change) {
  Json json = recording_document(traced());
  change(json["activity"]);
  return message_of(ExitCode::bad_input, [&] { parse_recording_document(json, "run"); });
}

TEST(ActivityFile, GivesBackWhatWasWritten) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    const Recording recording = random_recording(seed, seed * 7, seed % 2 ? DeviceKind::cuda : DeviceKind::virtual_cuda);
    const Recording back = read_back(recording);
    expect_equal(back.activity.activities, recording.activity.activities);
    EXPECT_EQ(back.activity.shapes, recording.activity.shapes);
    EXPECT_EQ(recording_document(back), recording_document(recording));
  }
}

TEST(ActivityFile, GivesBackExtremes) {
  Recording recording = traced();
  Activities& a = recording.activity.activities;
  const std::size_t last = a.size() - 1;
  a.start_ns[0] = -(std::int64_t{1} << 61);
  a.start_ns[last] = a.duration_ns[last] = std::int64_t{1} << 61;
  a.address[3] = ~std::uint64_t{0};
  a.correlation[3] = a.thread[4] = a.stream[5] = 0xFFFFFFFF;
  a.step[6] = 0x7FFFFFFF;
  for (std::int64_t& bytes : a.bytes) bytes = 0;
  a.bytes[7] = std::int64_t{1} << 61;
  expect_equal(read_back(recording).activity.activities, a);
}

TEST(ActivityFile, GivesBackEveryPartOfTheDescription) {
  Recording recording = traced();
  DeviceActivity& a = recording.activity;
  a.problems = {"The driver is too old.", "«x»"};
  a.dropped_count = 1, a.damaged_count = 2, a.unknown_count = 3, a.outside_count = 4, a.untimed_count = 5;
  a.unreturned_count = 6, a.unmatched_count = 7, a.peak_dram_bytes_per_second = 8;
  a.samples = {{SampleMoment::reserved, -5, 3, 100, 200}};
  a.dram = {{LayerId(1), Phase::backward, 300, 400}};
  const DeviceActivity back = read_back(recording).activity;
  EXPECT_EQ(back.level, TraceLevel::full);
  EXPECT_EQ(back.tracer, a.tracer);
  EXPECT_EQ(back.problems, a.problems);
  EXPECT_EQ(back.dropped_count, 1);
  EXPECT_EQ(back.damaged_count, 2);
  EXPECT_EQ(back.unknown_count, 3);
  EXPECT_EQ(back.outside_count, 4);
  EXPECT_EQ(back.untimed_count, 5);
  EXPECT_EQ(back.unreturned_count, 6);
  EXPECT_EQ(back.unmatched_count, 7);
  EXPECT_EQ(back.peak_dram_bytes_per_second, 8);
  ASSERT_EQ(back.samples.size(), 1u);
  EXPECT_EQ(back.samples[0].moment, SampleMoment::reserved);
  EXPECT_EQ(back.samples[0].time_ns, -5);
  EXPECT_EQ(back.samples[0].event, 3);
  EXPECT_EQ(back.samples[0].used_bytes, 100);
  EXPECT_EQ(back.samples[0].total_bytes, 200);
  ASSERT_EQ(back.dram.size(), 1u);
  EXPECT_EQ(back.dram[0].layer, LayerId(1));
  EXPECT_EQ(back.dram[0].phase, Phase::backward);
  EXPECT_EQ(back.dram[0].read_bytes, 300);
  EXPECT_EQ(back.dram[0].written_bytes, 400);
}

TEST(ActivityFile, OfNothingTracedHasNoTraceOfIt) {
  const std::string bytes = encode_recording(random_recording(0, 50));
  EXPECT_THAT(bytes, Not(HasSubstr("\"activity\"")));
  EXPECT_THAT(bytes, Not(HasSubstr("a.kind")));
}

// A file that an earlier version wrote: a step of a small GPT-2 on the virtual H100.
TEST(ActivityFile, FromBeforeThereWasDeviceActivityStillReads) {
  const Recording recording = read_recording(HEADROOM_SOURCE_DIR "/tests/golden/recordings/before-device-activity.headroom");
  EXPECT_EQ(recording.spec.model, "tiny.json");
  EXPECT_EQ(recording.stats.peak_allocated_bytes, 69'344'768);
  EXPECT_EQ(recording.activity.level, TraceLevel::none);
  EXPECT_EQ(recording.activity.activities.size(), 0u);
  EXPECT_THAT(verify(recording), testing::IsEmpty());
  const std::string again = encode_recording(recording);
  EXPECT_EQ(recording_document(decode_recording(again, "again")), recording_document(recording));
}

// The example of docs/recording-format.md.
TEST(ActivityFile, LiesAsDocumented) {
  Recording recording;
  recording.spec.model = "m";
  recording.layers = {{LayerId::root, LayerId::root, "model", LayerKind::model}, {LayerId(1), LayerId::root, "fc", {}}};
  recording.strings = {"", "cudaLaunchKernel", "gemm"};
  recording.activity.level = TraceLevel::full;
  recording.activity.shapes.resize(1);
  using enum ActivityKind;
  recording.activity.activities = {.kind = {call, kernel, call, kernel, copy},
                                   .start_ns = {100, 110, 200, 210, 300},
                                   .duration_ns = {8, kNoDuration, 9, kNoDuration, 64},
                                   .name = {StringId(1), StringId(2), StringId(1), StringId(2), StringId::none},
                                   .detail = {0, 0, 0, 0, 1},
                                   .bytes = {0, 0, 0, 0, 4096},
                                   .address = {0, 0, 0, 0, 0},
                                   .stream = {kNoStream, 7, kNoStream, 7, 7},
                                   .correlation = {1, 1, 2, 2, 3},
                                   .thread = {5, 0, 5, 0, 0},
                                   .layer = {LayerId(1), LayerId(1), LayerId(1), LayerId(1), LayerId(0)},
                                   .phase = std::vector<Phase>(5, Phase::forward),
                                   .step = {1, 1, 1, 1, 1}};
  const std::string bytes = encode_recording(recording);
  const ContainerReader container(bytes, "run");
  const auto hex = [](std::string_view raw) {
    std::string text;
    for (const unsigned char byte : raw) text += fmt::format("{}{:02x}", text.empty() ? "" : " ", byte);
    return text;
  };
  const auto column = [&](const char* name) { return hex(container.decompressed(name, 1000)); };
  EXPECT_EQ(hex(container.plain("a.kind")), "05 05 01");
  EXPECT_EQ(column("a.start"), "c8 01 14 b4 01 14 b4 01");
  // From here on: kernel, kernel, copy, call, call.
  EXPECT_EQ(column("a.length"), "01 01 80 01 10 12");
  EXPECT_EQ(column("a.name"), "04 04 00 02 02");
  EXPECT_EQ(column("a.detail"), "00 00 02 00 00");
  EXPECT_EQ(column("a.bytes"), "00 00 80 40 00 00");
  EXPECT_EQ(column("a.addr"), "00 00 00 00 00");
  EXPECT_EQ(column("a.stream"), "0e 00 00 f0 ff ff ff 1f 00");
  EXPECT_EQ(column("a.correl"), "02 02 02 03 02");
  EXPECT_EQ(column("a.thread"), "00 00 00 0a 00");
  EXPECT_EQ(column("a.layer"), "02 00 01 02 00");
  EXPECT_EQ(column("a.phase"), "01 01 01 01 01");
  EXPECT_EQ(column("a.step"), "02 00 00 00 00");
}

// A launch is a call and a kernel; a training step repeats.
TEST(ActivityFile, StoresALaunchInFewBytes) {
  Recording recording = random_recording(0, 10);
  recording.activity.level = TraceLevel::full;
  recording.activity.tracer = "CUPTI";
  recording.activity.shapes.resize(50);
  for (int i = 0; i < 400; ++i) recording.strings.push_back("void some_kernel_" + std::to_string(i));
  const std::size_t before = encode_recording(recording).size();
  Activities& a = recording.activity.activities;
  constexpr std::uint32_t kLaunches = 20'000;
  std::uint32_t random = 1;
  std::int64_t time = 0;
  for (std::uint32_t i = 0; i < 2 * kLaunches; ++i) {
    const bool kernel = i % 2 == 1;
    a.kind.push_back(kernel ? ActivityKind::kernel : ActivityKind::call);
    random = random * 1664525 + 1013904223;
    a.start_ns.push_back(time += 1500 + (random >> 22));
    a.duration_ns.push_back(kernel ? kNoDuration : 1000 + (random >> 23));
    a.name.push_back(StringId(kernel ? 1 + i % 799 / 2 : 3));
    a.detail.push_back(kernel ? i % 799 / 2 % 50 : 0);
    a.bytes.push_back(0);
    a.address.push_back(0);
    a.stream.push_back(kernel ? 7 : kNoStream);
    a.correlation.push_back(i / 2 + 1);
    a.thread.push_back(kernel ? 0 : 4711);
    a.layer.push_back(LayerId::root);
    a.phase.push_back(Phase::forward);
    a.step.push_back(1);
  }
  const std::size_t bytes = encode_recording(recording).size() - before;
  EXPECT_LT(bytes, 8 * kLaunches) << "for " << kLaunches << " launches";
}

TEST(ActivityFile, IsNotWrittenWithColumnsOfUnequalLength) {
  Recording recording = traced();
  recording.activity.activities.thread.pop_back();
  EXPECT_THAT(message_of(ExitCode::could_not_measure, [&] { encode_recording(recording); }), HasSubstr("column 'a.thread' has"));
}

TEST(ActivityFile, IdsAndNamesOutOfRangeAreRefused) {
  EXPECT_THAT(refusal([](Recording& r, Activities& a) { a.layer[9] = LayerId(r.layers.size()); }), HasSubstr("'a.layer'"));
  EXPECT_THAT(refusal([](Recording& r, Activities& a) { a.name[9] = StringId(r.strings.size()); }), HasSubstr("'a.name'"));
  EXPECT_THAT(refusal([](Recording&, Activities& a) { a.name[9] = StringId(0xFFFFFFFF); }), HasSubstr("'a.name'"));
  EXPECT_THAT(refusal([](Recording&, Activities& a) { a.phase[9] = Phase(7); }), HasSubstr("'a.phase'"));
  EXPECT_THAT(refusal([](Recording&, Activities& a) { a.step[9] = -1; }), HasSubstr("'a.step'"));
  EXPECT_THAT(refusal([](Recording&, Activities& a) { a.kind[9] = ActivityKind(9); }), HasSubstr("'a.kind'"));
  EXPECT_THAT(refusal([](Recording&, Activities& a) { a.bytes[9] = -1; }), HasSubstr("'a.bytes'"));
  EXPECT_THAT(refusal([](Recording&, Activities& a) { a.duration_ns[9] = -2; }), HasSubstr("'a.length'"));
  EXPECT_THAT(refusal([](Recording&, Activities& a) { a.start_ns.back() = INT64_MAX; }), HasSubstr("'a.start'"));
}

TEST(ActivityFile, DetailsThatNameNothingAreRefused) {
  const auto of = [](ActivityKind kind, std::uint32_t detail) {
    return refusal([&](Recording&, Activities& a) {
      a.kind[4] = kind;
      a.detail[4] = detail;
    });
  };
  EXPECT_THAT(of(ActivityKind::kernel, 7), HasSubstr("run: the recording is damaged: activity 4, a row of kind kernel, has the detail 7"));
  EXPECT_THAT(of(ActivityKind::copy, 6), HasSubstr("activity 4, a row of kind copy, has the detail 6"));
  EXPECT_THAT(of(ActivityKind::memory, 18), HasSubstr("activity 4, a row of kind memory, has the detail 18"));
  EXPECT_THAT(of(ActivityKind::pool, 4), HasSubstr("activity 4, a row of kind pool, has the detail 4"));
  EXPECT_THAT(of(ActivityKind::overhead, 1), HasSubstr("activity 4, a row of kind overhead, has the detail 1"));
}

TEST(ActivityFile, RowsOutOfOrderAreRefused) {
  EXPECT_THAT(refusal([](Recording&, Activities& a) { a.start_ns[9] = a.start_ns[8] - 1; }),
              HasSubstr("activity 9 starts before the one before it"));
}

TEST(ActivityFile, SizesWhoseSumWouldOverflowAreRefused) {
  EXPECT_THAT(refusal([](Recording&, Activities& a) {
                for (std::int64_t& bytes : a.bytes) bytes = std::int64_t{1} << 60;
              }),
              HasSubstr("more bytes than any device moves"));
  EXPECT_THAT(document_refusal([](Json& j) {
                for (int i = 0; i < 4; ++i)
                  j["dram"].push_back({{"layer", 0}, {"phase", "decode"}, {"read_bytes", 1ll << 60}, {"written_bytes", 0}});
              }),
              HasSubstr("run: activity: 'dram' adds up to more bytes than any device moves"));
}

TEST(ActivityFile, DescriptionsThatMakeNoSenseAreRefused) {
  EXPECT_THAT(document_refusal([](Json& j) { j["level"] = "ful"; }), HasSubstr("unknown level 'ful'; did you mean 'full'?"));
  EXPECT_THAT(document_refusal([](Json& j) { j["dropped_count"] = -1; }), HasSubstr("run: activity: 'dropped_count' is -1"));
  EXPECT_THAT(document_refusal([](Json& j) { j.erase("shapes"); }), HasSubstr("'shapes' is missing"));
  EXPECT_THAT(document_refusal([](Json& j) { j["shapes"][0]["grid"] = {1, 2}; }), HasSubstr("shapes[0]: 'grid' is"));
  EXPECT_THAT(document_refusal([](Json& j) { j["shapes"][1]["block"][2] = 1ll << 32; }), HasSubstr("block[2] is 4294967296"));
  EXPECT_THAT(document_refusal([](Json& j) { j["samples"][2]["event"] = 51; }), HasSubstr("samples[2]: 'event' is 51"));
  EXPECT_THAT(document_refusal([](Json& j) { j["samples"][2]["moment"] = "noon"; }), HasSubstr("unknown moment 'noon'"));
  EXPECT_THAT(document_refusal([](Json& j) { j["dram"][0]["layer"] = 99; }), HasSubstr("dram[0]: 'layer' is 99"));
  EXPECT_THAT(document_refusal([](Json& j) { j["row_count"] = 1ll << 32; }), HasSubstr("'row_count' is 4294967296"));
  EXPECT_THAT(document_refusal([](Json& j) { j = 5; }), HasSubstr("run: activity: is 5, expected an object"));
}

TEST(ActivityFile, RowCountBeyondTheFilesSizeIsRefused) {
  Json json = recording_document(random_recording(2, 0));
  json["activity"]["row_count"] = 1ll << 31;
  ContainerWriter container;
  container.add_plain("meta", json.dump());
  container.add_plain("action", "");
  for (const char* name : {"time", "address", "request", "block", "layer", "phase", "step", "category", "op", "tensor"})
    container.add_compressed(name, "");
  container.add_plain("a.kind", "x");
  EXPECT_THAT(message_of(ExitCode::bad_input, [&] { decode_recording(container.finish(), "run"); }),
              HasSubstr("column 'a.kind' does not hold 2147483648 activities"));
}

}  // namespace
}  // namespace headroom
