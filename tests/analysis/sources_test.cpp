#include "analysis/sources.h"

#include <gtest/gtest.h>

#include "tests/random_recording.h"

namespace headroom {
namespace {

// `recording`, where block i was asked for by line i % 4; the first of them is no line.
Recording with_lines(Recording recording) {
  const auto first = static_cast<std::uint32_t>(recording.strings.size()) - 1;
  for (const char* line : {"a.py:1", "a.py:2", "b.py:3"}) recording.strings.push_back(line);
  recording.events.source.clear();
  for (std::uint32_t i = 0; i < recording.events.size(); ++i)
    recording.events.source.push_back(i % 4 == 0 ? StringId::none : StringId{first + i % 4});
  return recording;
}

TEST(Sources, RowsSumToThePeakWithTheirCategories) {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    const Breakdown run = make_breakdown(with_lines(testing_support::random_recording(seed, 400)), "random");
    std::int64_t bytes = 0, blocks = 0, before = INT64_MAX;
    CategoryBytes categories{};
    for (const SourceBytes& row : sources_at_peak(run)) {
      EXPECT_LE(row.bytes, before) << "largest first";
      before = row.bytes;
      bytes += row.bytes;
      blocks += row.block_count;
      for (std::size_t c = 0; c < kCategoryCount; ++c) categories[c] += row.categories[c];
    }
    EXPECT_EQ(bytes, run.peak.allocated_bytes);
    EXPECT_EQ(blocks, static_cast<std::int64_t>(run.peak.live.size()));
    EXPECT_EQ(categories, run.peak.categories);
  }
}

TEST(Sources, ThereAreNoneWhereNoLinesWereRecorded) {
  Recording recording = testing_support::random_recording(1, 400);
  recording.events.source.clear();
  EXPECT_TRUE(sources_at_peak(make_breakdown(recording, "random")).empty());
}

}  // namespace
}  // namespace headroom
