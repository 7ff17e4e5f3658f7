#include "reports/folding.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace headroom {
namespace {

using testing::ElementsAre;

class Tree {
 public:
  Tree() { layers.push_back({LayerId::root, LayerId::root, "model", LayerKind::model}); }
  LayerId add(const std::string& path, LayerKind kind, LayerId parent = LayerId::root) {
    layers.push_back({LayerId(layers.size()), parent, path, kind});
    return layers.back().id;
  }
  std::vector<Layer> layers;
};

Tree encoder(int blocks) {
  Tree tree;
  const LayerId stack = tree.add("encoder", LayerKind::stack);
  for (int i = 0; i < blocks; ++i) {
    const LayerId block = tree.add("encoder.layer." + std::to_string(i), LayerKind::block, stack);
    tree.add("encoder.layer." + std::to_string(i) + ".attention", LayerKind::attention, block);
    tree.add("encoder.layer." + std::to_string(i) + ".ffn", LayerKind::ffn, block);
  }
  return tree;
}

std::vector<std::string> names(const std::vector<FoldedLayer>& rows) {
  std::vector<std::string> out;
  for (const FoldedLayer& row : rows) out.push_back(row.path + " x" + std::to_string(row.members.size()));
  return out;
}

TEST(Folding, IdenticalBlocksBecomeOneRow) {
  EXPECT_THAT(names(fold_layers(encoder(12).layers)),
              ElementsAre("model x1", "encoder x1", "encoder.layer.0–11 x12", "encoder.layer.0–11.attention x12",
                          "encoder.layer.0–11.ffn x12"));
}

TEST(Folding, ABlockThatDiffersBelowStaysApart) {
  Tree tree = encoder(2);
  const LayerId odd = tree.add("encoder.layer.2", LayerKind::block, LayerId{1});
  tree.add("encoder.layer.2.attention", LayerKind::attention, odd);
  EXPECT_THAT(names(fold_layers(tree.layers)),
              ElementsAre("model x1", "encoder x1", "encoder.layer.0–1 x2", "encoder.layer.0–1.attention x2",
                          "encoder.layer.0–1.ffn x2", "encoder.layer.2 x1", "encoder.layer.2.attention x1"));
}

TEST(Folding, NumbersWithAGapDoNotFold) {
  Tree tree;
  tree.add("block.0", LayerKind::block);
  tree.add("block.2", LayerKind::block);
  EXPECT_THAT(names(fold_layers(tree.layers)), ElementsAre("model x1", "block.0 x1", "block.2 x1"));
}

TEST(Folding, LeavesOfUnknownKindStayApart) {
  Tree tree;
  for (const char* path : {"0", "1"}) tree.add(path, LayerKind::other);
  EXPECT_THAT(names(fold_layers(tree.layers)), ElementsAre("model x1", "0 x1", "1 x1"));
}

TEST(Folding, BlocksWithinBlocksFoldTwice) {
  Tree tree;
  for (int i = 0; i < 2; ++i) {
    const std::string path = "layer." + std::to_string(i);
    const LayerId block = tree.add(path, LayerKind::block);
    for (int e = 0; e < 4; ++e) tree.add(path + ".expert." + std::to_string(e), LayerKind::ffn, block);
  }
  EXPECT_THAT(names(fold_layers(tree.layers)), ElementsAre("model x1", "layer.0–1 x2", "layer.0–1.expert.0–3 x8"));
}

TEST(Folding, EveryLayerIsInExactlyOneRow) {
  Tree tree = encoder(5);
  tree.add("stray", LayerKind::other, LayerId{4000});               // a parent that is not there
  tree.add("loop", LayerKind::other, LayerId(tree.layers.size()));  // its own parent
  std::vector<std::size_t> seen;
  for (const FoldedLayer& row : fold_layers(tree.layers))
    for (const LayerId id : row.members) seen.push_back(static_cast<std::size_t>(id));
  std::sort(seen.begin(), seen.end());
  ASSERT_EQ(seen.size(), tree.layers.size());
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], i);
}

TEST(Folding, NoLayersMakeNoRows) { EXPECT_TRUE(fold_layers({}).empty()); }

}  // namespace
}  // namespace headroom
