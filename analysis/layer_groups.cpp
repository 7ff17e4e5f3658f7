#include "analysis/layer_groups.h"

#include <algorithm>

namespace headroom {
namespace {

constexpr std::int64_t kMuch = 4;  // a branch with more than the peak's n-th part is opened

using Branches = std::vector<std::size_t>;  // of one parent, in the recording's order

class Grouping {
 public:
  explicit Grouping(const Breakdown& run) : run_(run), bytes_(run.layers.size()), children_(run.layers.size()) {
    for (const LayerBytes& layer : run.peak.layers) bytes_[static_cast<std::size_t>(layer.layer)] = layer.bytes;
    for (std::size_t i = run.layers.size(); i-- > 1;) bytes_[parent(i)] += bytes_[i];
    for (std::size_t i = 1; i < run.layers.size(); ++i) children_[parent(i)].push_back(i);
  }

  LayerGroups make() {
    if (!run_.layers.empty()) groups_.push_back({0});
    while (open_largest()) {
    }
    LayerGroups result;
    result.of_layer.assign(std::max<std::size_t>(run_.layers.size(), 1), static_cast<std::uint8_t>(groups_.size()));
    for (const Branches& group : groups_) {
      for (const std::size_t root : group) result.of_layer[root] = static_cast<std::uint8_t>(result.names.size());
      result.names.push_back(name(group));
    }
    result.names.emplace_back("other layers");
    for (std::size_t i = 1; i < run_.layers.size(); ++i)
      if (result.of_layer[i] == groups_.size()) result.of_layer[i] = result.of_layer[parent(i)];
    return result;
  }

 private:
  // A parent comes before its children; a layer that says otherwise hangs on the root.
  std::size_t parent(std::size_t i) const {
    const auto named = static_cast<std::size_t>(run_.layers[i].parent);
    return named < i ? named : 0;
  }

  bool may_open(const Branches& group) const {
    if (group.size() != 1 || children_[group.front()].empty()) return false;
    return group.front() == 0 || bytes_[group.front()] > run_.peak.allocated_bytes / kMuch;
  }

  bool open_largest() {
    auto largest = groups_.end();
    for (auto group = groups_.begin(); group != groups_.end(); ++group)
      if (may_open(*group) && (largest == groups_.end() || bytes_[group->front()] > bytes_[largest->front()]))
        largest = group;
    const std::size_t room = kMostLayerGroups + 1 - groups_.size();
    if (largest == groups_.end() || room < 2) return false;
    const Branches branches = children_[largest->front()];
    const std::size_t together = (branches.size() + room - 1) / room;
    auto at = groups_.erase(largest);
    for (std::size_t i = 0; i < branches.size(); i += together) {
      const auto first = branches.begin() + static_cast<std::ptrdiff_t>(i);
      at = std::next(groups_.insert(
          at, Branches(first, first + static_cast<std::ptrdiff_t>(std::min(together, branches.size() - i)))));
    }
    return true;
  }

  std::string name(const Branches& group) const {
    const std::string &first = run_.layers[group.front()].path, &last = run_.layers[group.back()].path;
    if (group.size() == 1) return first;
    return first + "–" + last.substr(last.rfind('.') + 1);
  }

  const Breakdown& run_;
  std::vector<std::int64_t> bytes_;  // with the layers below
  std::vector<Branches> children_;
  std::vector<Branches> groups_;
};

}  // namespace

LayerGroups group_layers(const Breakdown& run) { return Grouping(run).make(); }

}  // namespace headroom
