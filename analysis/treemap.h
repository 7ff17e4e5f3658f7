// Live blocks as a tree of areas: what is live at an instant by category, layer and tensor, and where each part lies in
// a rectangle (Bruls, Huizing and van Wijk, Squarified Treemaps, 2000). Pure.
//
// Invariant: the bytes of a node are the sum of its children's, the root's those of all blocks given, to the byte.
// Children are largest first, of equal ones the first allocated; the same input gives the same tree and layout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/breakdown.h"

namespace headroom {

// The layers as the tree shows them: all of them, or identical ones folded into one row. Parents come before children,
// row 0 is the root.
struct LayerRows {
  std::vector<std::string> names;    // relative to the parent
  std::vector<std::size_t> parents;  // rows
  std::vector<std::size_t> row_of;   // by layer
};

// One row for each layer.
LayerRows rows_of(const std::vector<Layer>& layers);

enum class TreemapOrder : std::uint8_t { category_first, layer_first };
enum class TreemapKind : std::uint8_t { root, category, layer, tensor };

struct TreemapNode {
  TreemapKind kind = TreemapKind::root;
  std::uint32_t parent = 0;
  std::uint32_t depth = 0;
  Category category = Category::other;  // tensor, category: its own; else that of most of its bytes
  std::size_t layer_row = 0;            // layer, and what is below one
  std::string layer_name;               // layer: joined where a layer holds nothing but one other layer
  std::int64_t allocation = -1;         // tensor
  std::int64_t bytes = 0;
  std::int64_t block_count = 0;
  std::vector<std::uint32_t> children;
};

struct Treemap {
  std::vector<TreemapNode> nodes;  // the root first, parents before children
};

// `live`: indices of allocations, each once.
Treemap make_treemap(const std::vector<Allocation>& allocations, const std::vector<std::int64_t>& live,
                     const LayerRows& layers, TreemapOrder order);

// Indices of the blocks that are live after `event`, in order of `begin`.
std::vector<std::int64_t> live_after(const std::vector<Allocation>& allocations, std::int64_t event);

struct Box {
  double left = 0, top = 0, width = 0, height = 0;
  double right() const { return left + width; }
  double bottom() const { return top + height; }
  double area() const { return width * height; }
};

// `box` cut into parts whose areas are as `bytes`, which descend, and as square as can be; one for each, in their
// order.
std::vector<Box> squarified(const std::vector<std::int64_t>& bytes, const Box& box);

struct TreemapStyle {
  double header_height = 0;  // of a node with children, above them; the root has none
  double padding = 0;        // around them
  double least_area = 1;     // smaller siblings are drawn as one
  double least_side = 1;     // what is left within a smaller node is not divided
};

struct TreemapCell {
  std::uint32_t node = 0;        // of a group: the parent
  std::int64_t group_count = 0;  // of a group of children too small to be seen: how many; else 0
  std::int64_t bytes = 0;
  Box box;
  bool is_divided = false;  // its children are cells, too

  bool is_group() const { return group_count > 0; }
};

// `root` and what is below it; a parent before its children.
std::vector<TreemapCell> lay_out(const Treemap& tree, std::uint32_t root, const Box& box, const TreemapStyle& style);

}  // namespace headroom
