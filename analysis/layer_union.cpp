#include "analysis/layer_union.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace headroom {
namespace {

// In the order they were met: parents before children, siblings in their order below `children`.
class Union {
 public:
  explicit Union(std::size_t run_count) : run_count_(run_count) {}

  void add(std::size_t run, const std::vector<Layer>& layers) {
    std::vector<std::size_t> here;                  // the node of each layer
    std::map<std::size_t, std::size_t> last_child;  // of each node, in this run
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const Layer& layer = layers[i];
      const std::size_t parent = i == 0 ? 0 : here[std::min(static_cast<std::size_t>(layer.parent), i - 1)];
      const std::size_t node = i == 0 ? root(layer) : find_or_add(run, parent, layer, last_child);
      if (i > 0) last_child[parent] = node;
      nodes_[node].of_run[run] = layer.id;
      here.push_back(node);
    }
  }

  std::vector<UnitedLayer> in_order() {
    if (nodes_.empty()) root({.path = "model", .kind = LayerKind::model});
    std::vector<UnitedLayer> out;
    std::vector<std::pair<std::size_t, std::size_t>> open{{0, 0}};  // node, its parent's place in `out`
    while (!open.empty()) {
      const auto [node, parent] = open.back();
      open.pop_back();
      const std::size_t place = out.size();
      UnitedLayer layer = std::move(nodes_[node]);
      layer.layer.id = static_cast<LayerId>(place);
      layer.layer.parent = static_cast<LayerId>(parent);
      layer.depth = place == 0 ? 0 : out[parent].depth + 1;
      out.push_back(std::move(layer));
      for (auto child = children_[node].rbegin(); child != children_[node].rend(); ++child)
        open.push_back({*child, place});
    }
    return out;
  }

 private:
  std::size_t add_node(const Layer& layer) {
    nodes_.push_back({layer, 0, std::vector<std::optional<LayerId>>(run_count_)});
    children_.emplace_back();
    return nodes_.size() - 1;
  }

  std::size_t root(const Layer& layer) { return nodes_.empty() ? add_node(layer) : 0; }

  std::size_t find_or_add(std::size_t run, std::size_t parent, const Layer& layer,
                          const std::map<std::size_t, std::size_t>& last_child) {
    auto& known = by_path_[{parent, layer.path}];
    for (const std::size_t node : known)
      if (!nodes_[node].of_run[run]) return node;
    const std::size_t node = add_node(layer);
    known.push_back(node);
    auto& siblings = children_[parent];
    const auto before = last_child.find(parent);
    const auto at = before == last_child.end() ? siblings.begin() : std::ranges::find(siblings, before->second) + 1;
    siblings.insert(run == 0 ? siblings.end() : at, node);
    return node;
  }

  const std::size_t run_count_;
  std::vector<UnitedLayer> nodes_;
  std::vector<std::vector<std::size_t>> children_;
  std::map<std::pair<std::size_t, std::string>, std::vector<std::size_t>> by_path_;  // below a parent
};

}  // namespace

std::vector<UnitedLayer> unite_layers(const std::vector<const std::vector<Layer>*>& runs) {
  Union united(runs.size());
  for (std::size_t run = 0; run < runs.size(); ++run) united.add(run, *runs[run]);
  return united.in_order();
}

std::vector<Layer> layers_of(const std::vector<UnitedLayer>& united) {
  std::vector<Layer> layers;
  for (const UnitedLayer& layer : united) layers.push_back(layer.layer);
  return layers;
}

}  // namespace headroom
