// What a map of memory promises of its shapes.
#include "analysis/memory_map.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing_support::random_recording;
using testing_support::recording_from_text;

const std::atomic<bool> kGoOn{false};

struct Mapped {
  explicit Mapped(Recording r)
      : recording(std::move(r)), allocations(resolve_allocations(recording)), map(recording, allocations) {
    for (const Allocation& a : allocations) groups.push_back(static_cast<std::uint16_t>(a.category));
  }
  MapPicture picture(MapLayout layout, int columns, int rows) const {
    return map.picture(layout, map.whole(layout, columns, rows), groups, kGoOn);
  }

  Recording recording;
  std::vector<Allocation> allocations;
  MemoryMap map;
  std::vector<std::uint16_t> groups;
};

// Bytes in use after each event, by the rule a person would follow.
std::vector<std::int64_t> replayed(const Recording& recording) {
  std::vector<std::int64_t> bytes;
  std::int64_t sum = 0;
  const Events& e = recording.events;
  for (std::size_t i = 0; i < e.size(); ++i) {
    if (e.action[i] == Action::alloc) sum += e.block_bytes[i];
    if (e.action[i] == Action::free) sum -= e.block_bytes[i];
    bytes.push_back(sum);
  }
  return bytes;
}

// With blocks that do not overlap, as real ones; random_recording only keeps their addresses apart.
Recording apart(Recording recording) {
  for (auto& address : recording.events.address) address *= 16;
  return recording;
}

// The shapes of each column fill the bytes from 0 to its top without gap or overlap.
void expect_filled(const MapPicture& picture) {
  for (const MapColumn& column : picture.columns) {
    std::vector<std::pair<double, double>> spans;
    for (const MapShape& s : picture.shapes)
      if (s.from_event <= column.from_event && s.to_event >= column.to_event)
        spans.push_back({s.from_bytes, s.to_bytes});
    std::sort(spans.begin(), spans.end());
    double top = 0;
    for (const auto& [from, to] : spans) {
      ASSERT_EQ(from, top) << "at event " << column.event;
      top = to;
    }
    ASSERT_EQ(top, static_cast<double>(column.allocated_bytes)) << "at event " << column.event;
  }
}

TEST(PackedMap, TopIsWhatIsAllocatedAfterEveryEvent) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    const Mapped m(random_recording(seed, 150));
    const auto expected = replayed(m.recording);
    const MapPicture picture = m.picture(MapLayout::packed, 1000, 200);
    ASSERT_EQ(picture.columns.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(picture.columns[i].event, static_cast<std::int64_t>(i));
      ASSERT_EQ(picture.columns[i].allocated_bytes, expected[i]) << "seed " << seed << ", event " << i;
    }
    expect_filled(picture);
  }
}

TEST(PackedMap, CoarseColumnsShowTheMostAllocatedWithinThemToTheByte) {
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    const Mapped m(random_recording(seed, 900));
    const auto expected = replayed(m.recording);
    for (const int columns : {1, 7, 64}) {
      const MapPicture picture = m.picture(MapLayout::packed, columns, 9);
      ASSERT_EQ(picture.columns.size(), static_cast<std::size_t>(columns));
      for (const MapColumn& c : picture.columns)
        ASSERT_EQ(c.allocated_bytes, *std::max_element(expected.begin() + static_cast<std::ptrdiff_t>(c.from_event),
                                                       expected.begin() + static_cast<std::ptrdiff_t>(c.to_event)));
      expect_filled(picture);
    }
  }
}

TEST(PackedMap, NothingMovesWhenItIsLookedAtCloser) {
  const Mapped m(random_recording(3, 600));
  const auto place_of_blocks = [&](int rows) {
    std::map<std::pair<std::int64_t, double>, double> places;  // allocation, event: bytes
    for (const MapShape& s : m.picture(MapLayout::packed, 600, rows).shapes)
      if (s.count == 1) places[{s.allocation, s.from_event}] = s.from_bytes;
    return places;
  };
  const auto fine = place_of_blocks(1 << 30), coarse = place_of_blocks(100);
  ASSERT_FALSE(coarse.empty());
  EXPECT_GT(fine.size(), coarse.size());
  for (const auto& [key, bytes] : coarse) {
    const auto found = fine.find(key);
    if (found != fine.end()) {
      EXPECT_EQ(found->second, bytes);
    }
  }
}

TEST(PackedMap, ABlockComesDownWhenOneBelowIsFreed) {
  const Mapped m(recording_from_text(R"(
== forward 1
+1024@a - - activation
+512@b - - activation
-@a
)"));
  const MapPicture picture = m.picture(MapLayout::packed, 100, 100);
  std::vector<std::pair<double, double>> places;
  for (const MapShape& s : picture.shapes)
    if (s.allocation == 1) places.push_back({s.from_event, s.from_bytes});
  EXPECT_THAT(places, testing::ElementsAre(std::pair(1.0, 1024.0), std::pair(2.0, 0.0)));
}

TEST(PackedMap, SmallBlocksShareAShapeThatKnowsHowManyAndTheLargest) {
  const Mapped m(recording_from_text(R"(
== forward 1
+1048576@a - - activation
+512@b - - activation
+1024@c - - activation
+512@d - - input
)"));
  const MapPicture picture = m.picture(MapLayout::packed, 100, 64);
  const MapShape& last = picture.shapes.back();
  EXPECT_EQ(last.count, 3);
  EXPECT_EQ(last.allocation, 2);
  EXPECT_EQ(last.group, kMixedGroup);
  EXPECT_EQ(last.to_bytes - last.from_bytes, 2048);
}

TEST(PackedMap, FindsTheBlockThatItsShapesShow) {
  const Mapped m(random_recording(5, 200));
  for (const MapShape& s : m.picture(MapLayout::packed, 1000, 1 << 30).shapes) {
    const double middle = (s.from_bytes + s.to_bytes) / 2;
    EXPECT_EQ(m.map.at(MapLayout::packed, static_cast<std::int64_t>(s.from_event), middle), s.allocation);
  }
  EXPECT_EQ(m.map.at(MapLayout::packed, 10, static_cast<double>(m.map.allocated_after(10))), std::nullopt);
}

TEST(AddressMap, ShowsReservedAddressesOnly) {
  const Mapped m(random_recording(4, 500));
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < m.map.ranges().size(); ++i) {
    const AddressRange& range = m.map.ranges()[i];
    EXPECT_EQ(range.offset, bytes);
    EXPECT_EQ(m.map.address_at(static_cast<double>(range.offset)), range.address);
    bytes += range.bytes;
    if (i > 0) {
      EXPECT_GT(range.address, m.map.ranges()[i - 1].address + static_cast<std::uint64_t>(m.map.ranges()[i - 1].bytes));
    }
  }
  EXPECT_EQ(m.map.height(MapLayout::address), bytes);
}

TEST(AddressMap, EveryBlockOfTheWindowIsInOneShape) {
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    const Mapped m(random_recording(seed, 800));
    std::int64_t expected = 0;
    for (const Allocation& a : m.allocations) expected += a.block_bytes > 0 ? 1 : 0;
    for (const auto& [columns, rows] : {std::pair(1, 1), std::pair(30, 20), std::pair(5000, 100000)}) {
      std::int64_t count = 0;
      for (const MapShape& s : m.picture(MapLayout::address, columns, rows).shapes) count += s.count;
      EXPECT_EQ(count, expected) << seed << ", " << columns << " × " << rows;
    }
  }
}

TEST(AddressMap, HasNoMoreSharedShapesThanPixels) {
  const Mapped m(random_recording(6, 6000));
  const MapPicture picture = m.picture(MapLayout::address, 20, 10);
  std::size_t shared = 0;
  for (const MapShape& s : picture.shapes)
    shared += s.to_event - s.from_event <= picture.window.event_per_column() * 1.01 ||
              s.to_bytes - s.from_bytes <= picture.window.bytes_per_row() * 1.01;
  EXPECT_GT(shared, 0u);
  EXPECT_LE(shared, 2u * 20 * 10);
}

TEST(AddressMap, FindsTheBlockAtAnAddress) {
  const Mapped m(apart(random_recording(7, 300)));
  for (std::size_t i = 0; i < m.allocations.size(); ++i) {
    const Allocation& a = m.allocations[i];
    if (a.block_bytes == 0) continue;
    EXPECT_EQ(m.map.at(MapLayout::address, a.begin, static_cast<double>(m.map.offset_of(i))), i);
    const auto found = m.map.at(MapLayout::address, m.map.end_of(a) - 1, static_cast<double>(m.map.offset_of(i)));
    EXPECT_EQ(found, i);
  }
}

TEST(AddressMap, SegmentsLiveFromReservationToRelease) {
  const Mapped m(recording_from_text(R"(
segment +2097152@s
== forward 1
+512@a - - activation
segment -@s
+512@b - - activation
)"));
  ASSERT_EQ(m.map.segments().size(), 1u);
  EXPECT_EQ(m.map.segments()[0].begin, 0);
  EXPECT_EQ(m.map.segments()[0].end, 2);
  EXPECT_EQ(m.map.segments()[0].bytes, 2097152);
}

TEST(MemoryMap, VisibleBlocksAreThoseOfTheWindow) {
  const Mapped m(random_recording(8, 400));
  for (const MapLayout layout : {MapLayout::packed, MapLayout::address}) {
    MapWindow window = m.map.whole(layout, 2000, 100000);
    EXPECT_EQ(m.map.visible(layout, window, kGoOn).size(), m.allocations.size());
    window.from_event = 100, window.to_event = 140;
    window.to_bytes = std::floor(window.to_bytes / 2);
    std::set<std::int64_t> expected;
    for (std::int64_t event = 100; event < 140; ++event)
      for (double bytes = 0.5; bytes < window.to_bytes; bytes += 256)
        if (const auto block = m.map.at(layout, event, bytes)) expected.insert(*block);
    const auto found = m.map.visible(layout, window, kGoOn);
    const std::set<std::int64_t> all(found.begin(), found.end());
    EXPECT_TRUE(std::includes(all.begin(), all.end(), expected.begin(), expected.end()));
    EXPECT_GT(expected.size(), 10u);
    EXPECT_LT(found.size(), m.allocations.size());
    for (const std::int64_t i : found) {
      EXPECT_LT(m.allocations[static_cast<std::size_t>(i)].begin, 140);
      EXPECT_GT(m.map.end_of(m.allocations[static_cast<std::size_t>(i)]), 100);
    }
  }
}

TEST(PackedMap, OfSoManyShapesThatDrawingThemWouldTakeLongIsCoarserAndStillToTheByte) {
  Recording recording = random_recording(11, 60000);
  const Mapped m(std::move(recording));
  const MapPicture picture = m.picture(MapLayout::packed, 3000, 1 << 20);
  EXPECT_LE(picture.shapes.size(), 102000u);
  for (std::size_t i = 0; i < picture.columns.size(); i += 500) {
    double sum = 0;
    for (const MapShape& s : picture.shapes)
      if (s.from_event <= picture.columns[i].from_event && s.to_event >= picture.columns[i].to_event)
        sum += s.to_bytes - s.from_bytes;
    EXPECT_EQ(sum, static_cast<double>(picture.columns[i].allocated_bytes));
  }
}

TEST(MemoryMap, OfNothingIsEmpty) {
  const Mapped m{Recording()};
  for (const MapLayout layout : {MapLayout::packed, MapLayout::address}) {
    EXPECT_TRUE(m.picture(layout, 100, 100).shapes.empty());
    EXPECT_EQ(m.map.height(layout), 0);
    EXPECT_EQ(m.map.at(layout, 0, 0), std::nullopt);
  }
}

TEST(MemoryMap, EndsEarlyOnceCancelled) {
  const Mapped m(random_recording(9, 400));
  const std::atomic<bool> cancelled{true};
  EXPECT_TRUE(
      m.map.picture(MapLayout::address, m.map.whole(MapLayout::address, 10, 10), m.groups, cancelled).shapes.empty());
}

}  // namespace
}  // namespace headroom
