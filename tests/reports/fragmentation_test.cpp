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
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string terminal(const FragmentationReport& report, int width = 100) {
  return write_fragmentation_terminal(report, {width, false});
}

TEST(FragmentationReport, TheSampleAddsUp) { EXPECT_THAT(verify(pinned_segments().fragmentation), IsEmpty()); }

TEST(FragmentationReport, LooksAsItShould) {
  for (const int width : {40, 80, 120}) expect_golden(terminal(pinned_segments(), width), "fragmentation-" + std::to_string(width) + ".txt");
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
  EXPECT_EQ(labels, (std::vector<std::string>{"expandable_segments:True", "max_split_size_mb:64", "lasting blocks first"}));
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
