#include "analysis/treemap.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "analysis/sums.h"

namespace headroom {
namespace {

// Makes nodes as paths of blocks ask for them.
class Planting {
 public:
  Planting(const std::vector<Allocation>& allocations, const LayerRows& layers)
      : allocations_(allocations), layers_(layers) {
    tree_.nodes.emplace_back();
  }

  void add(std::int64_t index, TreemapOrder order) {
    const Allocation& a = allocations_[static_cast<std::size_t>(index)];
    std::uint32_t at = 0;
    if (order == TreemapOrder::category_first) at = category_below(at, a.category);
    at = layer_below(at, layers_.row_of[static_cast<std::size_t>(a.layer)]);
    if (order == TreemapOrder::layer_first) at = category_below(at, a.category);
    const std::uint32_t leaf = append(at, TreemapKind::tensor);
    tree_.nodes[leaf].allocation = index;
    tree_.nodes[leaf].category = a.category;
    tree_.nodes[leaf].bytes = std::max<std::int64_t>(0, a.block_bytes);
    tree_.nodes[leaf].block_count = 1;
  }

  Treemap finish() {
    add_up();
    for (TreemapNode& node : tree_.nodes)
      std::stable_sort(node.children.begin(), node.children.end(),
                       [&](std::uint32_t a, std::uint32_t b) { return tree_.nodes[a].bytes > tree_.nodes[b].bytes; });
    return std::move(tree_);
  }

 private:
  std::uint32_t append(std::uint32_t parent, TreemapKind kind) {
    const auto at = static_cast<std::uint32_t>(tree_.nodes.size());
    TreemapNode node{.kind = kind, .parent = parent};
    node.layer_row = tree_.nodes[parent].layer_row;
    tree_.nodes.push_back(std::move(node));
    tree_.nodes[parent].children.push_back(at);
    return at;
  }

  std::uint32_t category_below(std::uint32_t parent, Category category) {
    const auto [found, is_new] = categories_.try_emplace({parent, category}, 0);
    if (is_new) {
      found->second = append(parent, TreemapKind::category);
      tree_.nodes[found->second].category = category;
    }
    return found->second;
  }

  // The nodes of all layers above, too; the root layer is the node given.
  std::uint32_t layer_below(std::uint32_t parent, std::size_t row) {
    const auto [found, is_new] = reached_.try_emplace({parent, row}, 0);
    if (is_new) found->second = make_layers_below(parent, row);
    return found->second;
  }

  std::uint32_t make_layers_below(std::uint32_t parent, std::size_t row) {
    std::vector<std::size_t> path;
    for (std::size_t at = row; at != layers_.parents[at]; at = layers_.parents[at]) path.push_back(at);
    for (auto at = path.rbegin(); at != path.rend(); ++at) {
      const auto [found, is_new] = layer_nodes_.try_emplace({parent, *at}, 0);
      if (is_new) {
        found->second = append(parent, TreemapKind::layer);
        tree_.nodes[found->second].layer_row = *at;
        tree_.nodes[found->second].layer_name = layers_.names[*at];
      }
      parent = found->second;
    }
    return parent;
  }

  void add_up() {
    std::vector<CategoryBytes> categories(tree_.nodes.size());
    for (std::size_t i = tree_.nodes.size(); i-- > 1;) {
      TreemapNode& node = tree_.nodes[i];
      if (node.kind == TreemapKind::tensor) categories[i][static_cast<std::size_t>(node.category)] = node.bytes;
      name_most(node, categories[i]);
      TreemapNode& parent = tree_.nodes[node.parent];
      headroom::add(parent.bytes, node.bytes);
      parent.block_count += node.block_count;
      for (std::size_t c = 0; c < kCategoryCount; ++c) headroom::add(categories[node.parent][c], categories[i][c]);
    }
    name_most(tree_.nodes[0], categories[0]);
  }

  static void name_most(TreemapNode& node, const CategoryBytes& bytes) {
    if (node.kind == TreemapKind::tensor || node.kind == TreemapKind::category) return;
    node.category = static_cast<Category>(std::max_element(bytes.begin(), bytes.end()) - bytes.begin());
  }

  const std::vector<Allocation>& allocations_;
  const LayerRows& layers_;
  Treemap tree_;
  std::map<std::pair<std::uint32_t, Category>, std::uint32_t> categories_;
  std::map<std::pair<std::uint32_t, std::size_t>, std::uint32_t> layer_nodes_, reached_;
};

bool is_chain(const Treemap& tree, const TreemapNode& node) {
  return node.kind == TreemapKind::layer && node.children.size() == 1 &&
         tree.nodes[node.children.front()].kind == TreemapKind::layer;
}

// "encoder" that holds nothing but "layer.0–11" becomes "encoder.layer.0–11".
Treemap without_chains(const Treemap& tree) {
  Treemap out;
  std::vector<std::uint32_t> moved(tree.nodes.size(), 0);
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    TreemapNode node = tree.nodes[i];
    node.children.clear();
    node.parent = moved[node.parent];
    const bool joins = i > 0 && is_chain(tree, tree.nodes[tree.nodes[i].parent]);
    if (joins) {
      TreemapNode& above = out.nodes[node.parent];
      above.layer_name += "." + node.layer_name;
      above.layer_row = node.layer_row;
      moved[i] = node.parent;
      continue;
    }
    moved[i] = static_cast<std::uint32_t>(out.nodes.size());
    node.depth = i == 0 ? 0 : out.nodes[node.parent].depth + 1;
    out.nodes.push_back(std::move(node));
  }
  for (std::size_t i = 0; i < tree.nodes.size(); ++i)
    for (const std::uint32_t child : tree.nodes[i].children)
      if (moved[child] != moved[i]) out.nodes[moved[i]].children.push_back(moved[child]);
  return out;
}

double worst_ratio(double least, double most, double sum, double side) {
  if (sum <= 0 || least <= 0) return 1e300;
  const double across = sum / side;  // how thick the row is
  return std::max(most / across / across, across * across / least);
}

// Areas of one row of the layout, along the shorter side of what is left of the box.
void place_row(const std::vector<double>& areas, std::size_t from, std::size_t to, double sum, Box& left,
               std::vector<Box>& out) {
  const bool is_column = left.width >= left.height;
  const double side = is_column ? left.height : left.width;
  const double thick = side > 0 ? std::min(sum / side, is_column ? left.width : left.height) : 0;
  double at = 0;
  for (std::size_t i = from; i < to; ++i) {
    const double length = sum > 0 ? side * areas[i] / sum : 0;
    out.push_back(is_column ? Box{left.left, left.top + at, thick, length}
                            : Box{left.left + at, left.top, length, thick});
    at += length;
  }
  if (is_column) {
    left.left += thick;
    left.width -= thick;
  } else {
    left.top += thick;
    left.height -= thick;
  }
}

class LayingOut {
 public:
  LayingOut(const Treemap& tree, const TreemapStyle& style) : tree_(tree), style_(style) {}

  std::vector<TreemapCell> from(std::uint32_t root, const Box& box) {
    cells_.push_back({root, 0, tree_.nodes[root].bytes, box});
    for (std::size_t i = 0; i < cells_.size(); ++i) divide(i);
    return std::move(cells_);
  }

 private:
  void divide(std::size_t index) {
    const TreemapCell cell = cells_[index];
    const TreemapNode& node = tree_.nodes[cell.node];
    if (cell.is_group() || node.children.empty() || node.bytes <= 0) return;
    const double header = index == 0 ? 0 : style_.header_height;
    const Box inner{cell.box.left + style_.padding, cell.box.top + style_.padding + header,
                    cell.box.width - 2 * style_.padding, cell.box.height - 2 * style_.padding - header};
    if (inner.width < style_.least_side || inner.height < style_.least_side) return;
    cells_[index].is_divided = true;
    const double area_of_byte = inner.area() / static_cast<double>(node.bytes);
    std::size_t seen = 0;
    while (seen < node.children.size() &&
           static_cast<double>(tree_.nodes[node.children[seen]].bytes) * area_of_byte >= style_.least_area)
      ++seen;
    if (node.children.size() - seen == 1) ++seen;  // a group of one is that one
    place_children(cell.node, seen, inner);
  }

  void place_children(std::uint32_t parent, std::size_t seen, const Box& inner) {
    const TreemapNode& node = tree_.nodes[parent];
    std::vector<TreemapCell> parts;
    for (std::size_t i = 0; i < seen; ++i)
      parts.push_back({node.children[i], 0, tree_.nodes[node.children[i]].bytes, {}});
    if (seen < node.children.size()) {
      TreemapCell rest{parent, static_cast<std::int64_t>(node.children.size() - seen), 0, {}};
      for (std::size_t i = seen; i < node.children.size(); ++i)
        headroom::add(rest.bytes, tree_.nodes[node.children[i]].bytes);
      const auto place =
          std::find_if(parts.begin(), parts.end(), [&](const TreemapCell& p) { return p.bytes < rest.bytes; });
      parts.insert(place, rest);
    }
    std::vector<std::int64_t> bytes;
    for (const TreemapCell& part : parts) bytes.push_back(part.bytes);
    const std::vector<Box> boxes = squarified(bytes, inner);
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i].box = boxes[i];
    cells_.insert(cells_.end(), parts.begin(), parts.end());
  }

  const Treemap& tree_;
  const TreemapStyle& style_;
  std::vector<TreemapCell> cells_;
};

}  // namespace

LayerRows rows_of(const std::vector<Layer>& layers) {
  LayerRows rows;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    const auto parent = static_cast<std::size_t>(layer.parent);
    const std::string above = layers[parent].path + ".";
    const bool is_below = parent != i && layer.path.compare(0, above.size(), above) == 0;
    rows.names.push_back(is_below ? layer.path.substr(above.size()) : layer.path);
    rows.parents.push_back(parent);
    rows.row_of.push_back(i);
  }
  return rows;
}

Treemap make_treemap(const std::vector<Allocation>& allocations, const std::vector<std::int64_t>& live,
                     const LayerRows& layers, TreemapOrder order) {
  Planting planting(allocations, layers);
  std::vector<std::int64_t> ordered = live;
  std::sort(ordered.begin(), ordered.end());
  for (const std::int64_t index : ordered) planting.add(index, order);
  return without_chains(planting.finish());
}

std::vector<std::int64_t> live_after(const std::vector<Allocation>& allocations, std::int64_t event) {
  std::vector<std::int64_t> live;
  for (std::size_t i = 0; i < allocations.size() && allocations[i].begin <= event; ++i)
    if (allocations[i].end == kNeverFreed || allocations[i].end > event) live.push_back(static_cast<std::int64_t>(i));
  return live;
}

std::vector<Box> squarified(const std::vector<std::int64_t>& bytes, const Box& box) {
  std::vector<Box> out;
  out.reserve(bytes.size());
  const double total = std::accumulate(bytes.begin(), bytes.end(), 0.0);
  std::vector<double> areas;
  for (const std::int64_t part : bytes) areas.push_back(total > 0 ? static_cast<double>(part) / total * box.area() : 0);
  Box left = box;
  for (std::size_t from = 0; from < areas.size();) {
    const double side = std::max(1e-12, std::min(left.width, left.height));
    double sum = areas[from], worst = worst_ratio(areas[from], areas[from], sum, side);
    std::size_t to = from + 1;
    for (; to < areas.size(); ++to) {
      const double next = worst_ratio(areas[to], areas[from], sum + areas[to], side);
      if (next > worst) break;
      worst = next;
      sum += areas[to];
    }
    place_row(areas, from, to, sum, left, out);
    from = to;
  }
  return out;
}

std::vector<TreemapCell> lay_out(const Treemap& tree, std::uint32_t root, const Box& box, const TreemapStyle& style) {
  return LayingOut(tree, style).from(root, box);
}

}  // namespace headroom
