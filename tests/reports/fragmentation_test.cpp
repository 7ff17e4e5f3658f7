#include "reports/fragmentation.h"

#include <gmock/gmock.h>

#include <sstream>

#include "base/json.h"
#include "reports/text.h"
#include "tests/reports/fragmentation_sample.h"
#include "tests/reports/golden.h"

namespace headroom {
namespace {

using synthetic::pinned_segments;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string terminal(const FragmentationReport& report, int width = 100) {
  return write_fragmentation_terminal(report, {width, false});
}

TEST(FragmentationReport, TheSampleAddsUp) { EXPECT_THAT(verify(pinned_segments().fragmentation), IsEmpty()); }

TEST(FragmentationReport, LooksAsItShould) {
  for (const int width : {40, 80, 120})
    expect_golden(terminal(pinned_segments(), width), "fragmentation-" + std::to_string(width) + ".txt");
}

TEST(FragmentationReport, SegmentsThatAreAlikeAreOneRow) {
  FragmentationReport report = synthetic::pinned_segments();
  std::string text = write_fragmentation_terminal(report, {120, false});
  EXPECT_THAT(text, HasSubstr("10  20.0 MiB  2.00 MiB  18.0 MiB  18.0 MiB  2.00 MiB    [1024, 512] float32"));
  Breakdown& run = report.report.runs.front().breakdown;
  for (std::size_t i = 0; i < 4; ++i) {  // the first four in layers of their own, three of them of one form
    auto layer = run.layers.at(static_cast<std::size_t>(run.allocations[i].layer));
    layer.path = i == 3 ? "head" : "layer." + std::to_string(i + 3) + ".ffn";
    run.allocations[i].layer = static_cast<LayerId>(run.layers.size());
    run.layers.push_back(layer);
  }
  text = write_fragmentation_terminal(report, {120, false});
  EXPECT_THAT(text, AllOf(HasSubstr("3  20.0 MiB"), HasSubstr("layer.3–5.ffn"), HasSubstr("  head"),
                          HasSubstr("6  20.0 MiB")));
}

TEST(FragmentationReport, NoLineIsWiderThanTheTerminal) {
  for (const int width : {40, 57, 80, 100, 160}) {
    std::istringstream lines(terminal(pinned_segments(), width));
    for (std::string line; std::getline(lines, line);)
      EXPECT_LE(display_width(line), static_cast<std::size_t>(width)) << line;
  }
}

TEST(FragmentationReport, WhatSavedMostComesFirstAndWhatRanOutOfMemoryLast) {
  const FragmentationReport report = pinned_segments();
  std::vector<std::string> labels;
  for (const AllocatorReplay* replay : ranked(report)) labels.push_back(replay->label);
  EXPECT_EQ(labels,
            (std::vector<std::string>{"expandable_segments:True", "max_split_size_mb:64", "lasting blocks first"}));
}

TEST(FragmentationReport, ClaimsNoSavingFromAReplayThatIsNotFaithful) {
  FragmentationReport report = pinned_segments();
  report.replays[0].faithful = false;
  report.replays[0].difference = "at event 3 the recording frees another block";
  EXPECT_THAT(terminal(report, 160), HasSubstr("at event 3 the recording frees another block"));
  EXPECT_THAT(terminal(report, 160), Not(HasSubstr("−20.0 MiB")));
  const Json json = parse_json(write_fragmentation_json(report), "json");
  for (const Json& replay : json["replays"]) EXPECT_TRUE(replay["saved_bytes"].is_null());
}

TEST(FragmentationReport, TheDocumentHasEachSegmentAndItsBlocks) {
  const Json json = parse_json(write_fragmentation_json(pinned_segments()), "json");
  EXPECT_EQ(json["schema"], "headroom.fragmentation/1");
  EXPECT_EQ(json["segments"].size(), 11u);
  EXPECT_EQ(json["segments"][0]["blocks"][0]["layer"], "block");
  EXPECT_EQ(json["peak"]["fragmented_bytes"], 180 << 20);
  EXPECT_EQ(json["replays"][1]["saved_bytes"], 20 << 20);
  EXPECT_EQ(json["replays"][2]["saved_bytes"], -(20 << 20));
  EXPECT_TRUE(json["replays"][3]["saved_bytes"].is_null());
}

}  // namespace
}  // namespace headroom
