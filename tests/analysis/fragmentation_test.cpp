// What reserved memory held at its peak, on recordings that a person can check, and over random ones.
#include "analysis/fragmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::random_recording;
using testing_support::recording_from_text;

constexpr std::int64_t kMiB = 1 << 20;

struct Row {
  Action action;
  std::uint64_t address;
  std::int64_t bytes;
  std::int64_t requested;
};

// Segments and blocks at given addresses.
Recording recording_of(const std::vector<Row>& rows) {
  Recording r;
  r.layers.push_back({LayerId::root, LayerId::root, "model", LayerKind::model});
  r.marks.push_back({0, 0, Phase::forward, 1});
  for (const Row& row : rows) {
    Events& e = r.events;
    e.time_ns.push_back(static_cast<std::int64_t>(e.size()));
    e.action.push_back(row.action);
    e.address.push_back(row.address);
    e.block_bytes.push_back(row.bytes);
    e.requested_bytes.push_back(row.requested);
    e.layer.push_back(LayerId::root);
    e.phase.push_back(Phase::forward);
    e.step.push_back(1);
    e.category.push_back(Category::unresolved);
    e.op.push_back(StringId::none);
    e.tensor.push_back(StringId::none);
  }
  testing_support::set_stats_by_replay(r);
  return r;
}

Fragmentation explain(const Recording& recording) {
  Fragmentation f = explain_fragmentation(recording, resolve_allocations(recording));
  EXPECT_THAT(verify(f), IsEmpty());
  return f;
}

constexpr std::uint64_t kA = 0x10000000, kB = 0x20000000, kC = 0x30000000;

TEST(Fragmentation, ASmallBlockPinsALargeSegment) {
  const Fragmentation f = explain(recording_of({{Action::segment_alloc, kA, 20 * kMiB, 0},
                                                {Action::alloc, kA, 18 * kMiB, 18 * kMiB},
                                                {Action::alloc, kA + 18 * kMiB, 2048, 2000},
                                                {Action::free, kA, 18 * kMiB, 18 * kMiB},
                                                {Action::segment_alloc, kB, 30 * kMiB, 0},
                                                {Action::alloc, kB, 30 * kMiB, 30 * kMiB}}));
  EXPECT_EQ(f.event, 5);
  EXPECT_EQ(f.reserved_bytes, 50 * kMiB);
  EXPECT_EQ(f.requested_bytes, 30 * kMiB + 2000);
  EXPECT_EQ(f.rounding_bytes, 48);
  EXPECT_EQ(f.fragmented_bytes, 20 * kMiB - 2048);
  EXPECT_EQ(f.cached_bytes, 0);
  ASSERT_EQ(f.segments.size(), 2u);
  EXPECT_EQ(f.segments[0].address, kA);
  EXPECT_EQ(f.segments[0].live_bytes, 2048);
  EXPECT_EQ(f.segments[0].largest_gap_bytes, 18 * kMiB);
  EXPECT_THAT(f.segments[0].blocks, ElementsAre(1));
  EXPECT_THAT(f.segments[1].blocks, ElementsAre(2));
}

TEST(Fragmentation, AnEmptySegmentIsCachedAndPinnedByNothing) {
  const Fragmentation f = explain(recording_of({{Action::segment_alloc, kA, 2 * kMiB, 0},
                                                {Action::alloc, kA, 512, 512},
                                                {Action::free, kA, 512, 512},
                                                {Action::segment_alloc, kB, 4 * kMiB, 0}}));
  EXPECT_EQ(f.event, 3);
  EXPECT_EQ(f.cached_bytes, 6 * kMiB);
  EXPECT_EQ(f.fragmented_bytes, 0);
  EXPECT_FALSE(f.segments[0].is_pinned());
}

TEST(Fragmentation, ThePeakIsTheFirstOfEqualOnes) {
  const Fragmentation f = explain(recording_of({{Action::segment_alloc, kA, 2 * kMiB, 0},
                                                {Action::segment_free, kA, 2 * kMiB, 0},
                                                {Action::segment_alloc, kB, 2 * kMiB, 0}}));
  EXPECT_EQ(f.event, 0);
  EXPECT_EQ(f.segments[0].address, kA);
}

TEST(Fragmentation, SmallestPinsComeFirst) {
  const Fragmentation f = explain(recording_of({{Action::segment_alloc, kA, 2 * kMiB, 0},
                                                {Action::alloc, kA, kMiB, kMiB},
                                                {Action::alloc, kA + kMiB, 1024, 1024},
                                                {Action::segment_alloc, kB, 2 * kMiB, 0},
                                                {Action::alloc, kB, 512, 512},
                                                {Action::segment_alloc, kC, 2 * kMiB, 0},
                                                {Action::alloc, kC, 2 * kMiB, 2 * kMiB}}));
  ASSERT_EQ(f.segments.size(), 3u);
  EXPECT_EQ(f.segments[0].address, kB);
  EXPECT_EQ(f.segments[1].address, kA);
  EXPECT_THAT(f.segments[1].blocks, ElementsAre(1, 0));
  EXPECT_EQ(f.segments[2].address, kC);  // full
}

TEST(Fragmentation, PiecesOfAnExpandableSegmentAreOne) {
  std::vector<Row> rows{{Action::segment_alloc, kA, 20 * kMiB, 0},
                        {Action::segment_alloc, kA + 20 * kMiB, 20 * kMiB, 0},
                        {Action::alloc, kA, 30 * kMiB, 30 * kMiB}};
  Fragmentation f = explain(recording_of(rows));  // a block larger than its piece says so
  ASSERT_EQ(f.segments.size(), 1u);
  EXPECT_EQ(f.segments[0].bytes, 40 * kMiB);
  rows[2] = {Action::alloc, kA, 10 * kMiB, 10 * kMiB};
  EXPECT_EQ(explain(recording_of(rows)).segments.size(), 2u);  // neighbours by chance
  Recording expandable = recording_of(rows);
  expandable.environment.allocator_settings = "expandable_segments:True";
  EXPECT_EQ(explain(expandable).segments.size(), 1u);
}

TEST(Fragmentation, WhatOtherStreamsUseIsNeitherFreeNorLive) {
  Recording r = recording_of({{Action::segment_alloc, kA, 2 * kMiB, 0},
                              {Action::alloc, kA, 4096, 4000},
                              {Action::free, kA, 4096, 4000},
                              {Action::segment_alloc, kB, 2 * kMiB, 0},
                              {Action::segment_free, kB, 2 * kMiB, 0}});
  r.events.held = {0, 0, 1, 0, 0};
  const Fragmentation f = explain(r);
  EXPECT_EQ(f.held_bytes, 4096);
  EXPECT_EQ(f.requested_bytes, 0);
  EXPECT_EQ(f.fragmented_bytes, 2 * kMiB - 4096);
  r.events.held = {0, 0, 0, 0, 0};
  EXPECT_EQ(explain(r).held_bytes, 0);
}

TEST(Fragmentation, TheCpuHasNone) {
  const Fragmentation f = explain(recording_from_text("+512@w head aten::empty parameter\n"));
  EXPECT_EQ(f.event, -1);
  EXPECT_THAT(f.segments, IsEmpty());
}

// Blocks inside segments, as an allocator places them.
Recording random_segments(std::uint32_t seed) {
  std::vector<Row> rows;
  std::uint32_t state = seed * 2654435761u + 1;
  const auto below = [&](std::uint32_t count) { return (state = state * 1664525u + 1013904223u) / 4 % count; };
  struct Live {
    std::uint64_t address;
    std::int64_t bytes, requested;
  };
  std::vector<Live> live;
  for (std::uint64_t s = 0; s < 8; ++s) {
    const std::uint64_t segment = (s + 1) << 32;
    rows.push_back({Action::segment_alloc, segment, 2 * kMiB, 0});
    for (std::uint64_t at = 0; at < 2u << 20;) {
      const std::int64_t bytes = std::min<std::int64_t>(512 * (1 + below(700)), static_cast<std::int64_t>((2u << 20) - at));
      rows.push_back({Action::alloc, segment + at, bytes, bytes - below(512)});
      live.push_back({segment + at, bytes, rows.back().requested});
      at += static_cast<std::uint64_t>(bytes);
    }
    for (std::size_t frees = below(static_cast<std::uint32_t>(live.size()) + 1); frees > 0; --frees) {
      std::swap(live[below(static_cast<std::uint32_t>(live.size()))], live.back());
      rows.push_back({Action::free, live.back().address, live.back().bytes, live.back().requested});
      live.pop_back();
    }
  }
  return recording_of(rows);
}

TEST(Fragmentation, EveryReservedByteIsInOnePart) {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const Recording recording = random_segments(seed);
    const Fragmentation f = explain(recording);
    EXPECT_EQ(f.reserved_bytes, recording.stats.peak_reserved_bytes);
    EXPECT_EQ(f.requested_bytes + f.rounding_bytes + f.held_bytes + f.cached_bytes + f.fragmented_bytes, f.reserved_bytes);
    const auto live = std::accumulate(f.segments.begin(), f.segments.end(), std::int64_t{0},
                                      [](std::int64_t sum, const SegmentView& s) { return sum + s.live_bytes; });
    EXPECT_EQ(live, f.requested_bytes + f.rounding_bytes);
  }
}

// Whatever a recording holds: no block outside its segments is counted, and nothing fails.
TEST(Fragmentation, TakesAnyRecording) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    const Recording recording = random_recording(seed, 300);
    const Fragmentation f = explain_fragmentation(recording, resolve_allocations(recording));
    EXPECT_EQ(f.reserved_bytes, recording.stats.peak_reserved_bytes) << seed;
  }
}

TEST(Fragmentation, VerifyFindsAByteTooMany) {
  Fragmentation f = explain(recording_of({{Action::segment_alloc, kA, 2 * kMiB, 0}, {Action::alloc, kA, 512, 500}}));
  ++f.rounding_bytes;
  EXPECT_THAT(verify(f), testing::SizeIs(1));
  --f.rounding_bytes;
  ++f.segments[0].free_bytes;
  EXPECT_THAT(verify(f), testing::SizeIs(1));
}

}  // namespace
}  // namespace headroom
