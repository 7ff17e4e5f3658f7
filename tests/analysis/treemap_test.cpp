// Areas proportional to bytes, and trees whose parts add up.
#include "analysis/treemap.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>

#include "tests/random_recording.h"
#include "tests/recording_text.h"

namespace headroom {
namespace {

using testing_support::random_recording;
using testing_support::recording_from_text;

bool contains(const Box& outer, const Box& inner) {
  const double slack = 1e-6;
  return inner.left >= outer.left - slack && inner.top >= outer.top - slack && inner.right() <= outer.right() + slack &&
         inner.bottom() <= outer.bottom() + slack;
}

bool overlap(const Box& a, const Box& b) {
  const double slack = 1e-6;
  return a.left + slack < b.right() && b.left + slack < a.right() && a.top + slack < b.bottom() &&
         b.top + slack < a.bottom();
}

// Paths as models have them, for recording_text.h has slashes in them.
Recording dotted(Recording recording) {
  for (Layer& layer : recording.layers) std::replace(layer.path.begin(), layer.path.end(), '/', '.');
  return recording;
}

struct Grown {
  explicit Grown(const Recording& recording, TreemapOrder order = TreemapOrder::category_first)
      : run(make_breakdown(recording, "run")),
        tree(make_treemap(run.allocations, run.peak.live, rows_of(run.layers), order)) {}
  Breakdown run;
  Treemap tree;
};

TEST(Squarified, IsTheExampleOfThePaper) {
  const auto boxes = squarified({6, 6, 4, 3, 2, 2, 1}, {0, 0, 6, 4});
  ASSERT_EQ(boxes.size(), 7u);
  EXPECT_NEAR(boxes[0].width, 3, 1e-9);  // the first two stand on each other at the left
  EXPECT_NEAR(boxes[0].height, 2, 1e-9);
  EXPECT_NEAR(boxes[1].top, 2, 1e-9);
  EXPECT_NEAR(boxes[2].left, 3, 1e-9);  // the next two lie side by side above the rest
  EXPECT_NEAR(boxes[2].width, 4 / (7.0 / 3), 1e-9);
  EXPECT_NEAR(boxes[3].top, boxes[2].top, 1e-9);
}

TEST(Squarified, AreasAreAsTheBytesWithoutOverlap) {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::int64_t> bytes(1 + random() % 60);
    for (auto& part : bytes) part = 1 + static_cast<std::int64_t>(random() % 1000000);
    std::sort(bytes.rbegin(), bytes.rend());
    const double total = std::accumulate(bytes.begin(), bytes.end(), 0.0);
    const Box box{5, 7, 300, 200};
    const auto boxes = squarified(bytes, box);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      EXPECT_NEAR(boxes[i].area() / box.area(), static_cast<double>(bytes[i]) / total, 1e-9);
      EXPECT_TRUE(contains(box, boxes[i]));
      for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(overlap(boxes[i], boxes[j])) << i << " " << j;
    }
  }
}

TEST(Treemap, BytesAreThePeakAndEveryNodeIsTheSumOfItsChildren) {
  for (std::uint32_t seed = 1; seed <= 12; ++seed)
    for (const auto order : {TreemapOrder::category_first, TreemapOrder::layer_first}) {
      const Grown g(random_recording(seed, 400), order);
      EXPECT_EQ(g.tree.nodes[0].bytes, g.run.peak.allocated_bytes);
      for (std::size_t i = 0; i < g.tree.nodes.size(); ++i) {
        const TreemapNode& node = g.tree.nodes[i];
        EXPECT_LE(node.parent, i);
        if (node.kind == TreemapKind::tensor) continue;
        std::int64_t bytes = 0, before = std::numeric_limits<std::int64_t>::max();
        for (const std::uint32_t child : node.children) {
          EXPECT_EQ(g.tree.nodes[child].parent, i);
          EXPECT_LE(g.tree.nodes[child].bytes, before);
          bytes += before = g.tree.nodes[child].bytes;
        }
        EXPECT_EQ(node.bytes, bytes);
      }
    }
}

TEST(Treemap, CategoriesAreThoseOfTheBreakdown) {
  const Grown g(random_recording(3, 500));
  CategoryBytes categories{};
  for (const std::uint32_t child : g.tree.nodes[0].children) {
    ASSERT_EQ(g.tree.nodes[child].kind, TreemapKind::category);
    categories[static_cast<std::size_t>(g.tree.nodes[child].category)] = g.tree.nodes[child].bytes;
  }
  EXPECT_EQ(categories, g.run.peak.categories);
}

TEST(Treemap, LayersWithNothingButOneLayerAreJoined) {
  const Grown g(dotted(recording_from_text(R"(
== build 0
+1024@a encoder/layer/0/attention - parameter
+512@b encoder/layer/0/ffn - parameter
)")));
  const TreemapNode& category = g.tree.nodes[g.tree.nodes[0].children[0]];
  ASSERT_EQ(category.children.size(), 1u);
  const TreemapNode& layer = g.tree.nodes[category.children[0]];
  EXPECT_EQ(layer.layer_name, "encoder.layer.0");
  ASSERT_EQ(layer.children.size(), 2u);
  EXPECT_EQ(g.tree.nodes[layer.children[0]].layer_name, "attention");
  EXPECT_EQ(layer.depth, 2u);
}

TEST(TreemapLayout, ChildrenAreWithinTheirParentAndApart) {
  for (std::uint32_t seed = 1; seed <= 6; ++seed)
    for (const TreemapStyle& style : {TreemapStyle{}, TreemapStyle{16, 3, 12, 10}}) {
      const Grown g(random_recording(seed, 400), TreemapOrder::layer_first);
      const auto cells = lay_out(g.tree, 0, {0, 0, 640, 400}, style);
      std::map<std::uint32_t, Box> divided;
      std::map<std::uint32_t, std::vector<TreemapCell>> below;
      for (const TreemapCell& cell : cells) {
        const std::uint32_t parent = cell.is_group() ? cell.node : g.tree.nodes[cell.node].parent;
        if (cell.node != 0 || cell.is_group()) {
          ASSERT_TRUE(divided.contains(parent));
          EXPECT_TRUE(contains(divided[parent], cell.box));
          for (const TreemapCell& other : below[parent]) EXPECT_FALSE(overlap(cell.box, other.box));
          below[parent].push_back(cell);
        }
        if (cell.is_divided) divided[cell.node] = cell.box;
      }
      EXPECT_GT(cells.size(), 5u);
    }
}

TEST(TreemapLayout, NothingIsLostWhereTensorsAreTooSmall) {
  std::string text = "== build 0\n+1048576@large layer - parameter\n";
  for (int i = 0; i < 50; ++i) text += "+512@small" + std::to_string(i) + " layer - parameter\n";
  const Grown g(recording_from_text(text));
  std::map<std::uint32_t, std::int64_t> sums;
  std::int64_t grouped = 0;
  for (const TreemapCell& cell : lay_out(g.tree, 0, {0, 0, 300, 200}, {0, 0, 40, 1})) {
    const std::uint32_t parent = cell.is_group() ? cell.node : g.tree.nodes[cell.node].parent;
    if (cell.node != 0 || cell.is_group()) sums[parent] += cell.bytes;
    grouped += cell.group_count;
  }
  EXPECT_EQ(grouped, 50);
  for (const auto& [node, bytes] : sums) EXPECT_EQ(bytes, g.tree.nodes[node].bytes);
}

TEST(TreemapLayout, LeavesWithoutHeadersAreProportionalToTheirBytes) {
  const Grown g(random_recording(5, 300));
  const Box box{0, 0, 500, 300};
  for (const TreemapCell& cell : lay_out(g.tree, 0, box, {0, 0, 0, 0})) {
    EXPECT_NEAR(cell.box.area() / box.area(),
                static_cast<double>(cell.bytes) / static_cast<double>(g.run.peak.allocated_bytes), 1e-9);
  }
}

TEST(TreemapLayout, IsTheSameEveryTime) {
  const Grown a(random_recording(5, 300)), b(random_recording(5, 300));
  const auto first = lay_out(a.tree, 0, {0, 0, 300, 300}, {14, 2, 8, 6});
  const auto second = lay_out(b.tree, 0, {0, 0, 300, 300}, {14, 2, 8, 6});
  ASSERT_EQ(first.size(), second.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].node, second[i].node);
    EXPECT_EQ(first[i].box.left, second[i].box.left);
  }
}

TEST(Treemap, OfNothingHasARootOfNothing) {
  const Treemap tree = make_treemap({}, {}, rows_of({}), TreemapOrder::layer_first);
  ASSERT_EQ(tree.nodes.size(), 1u);
  EXPECT_EQ(lay_out(tree, 0, {0, 0, 100, 100}, {}).size(), 1u);
}

TEST(LiveAfter, IsThePeaksLiveBlocksAtThePeak) {
  const Breakdown run = make_breakdown(random_recording(6, 500), "run");
  auto live = run.peak.live;
  std::sort(live.begin(), live.end());
  EXPECT_EQ(live_after(run.allocations, run.peak.event), live);
}

}  // namespace
}  // namespace headroom
