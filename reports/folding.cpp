#include "reports/folding.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <optional>

namespace headroom {
namespace {

std::size_t index_of(LayerId id) { return static_cast<std::size_t>(id); }

struct Numbered {
  std::string stem;  // "layer."
  std::int64_t number = 0;
};

std::optional<Numbered> split_number(const std::string& name) {
  const std::size_t last = name.find_last_not_of("0123456789");
  const std::size_t digits = last == std::string::npos ? 0 : last + 1;
  if (digits == name.size() || name.size() - digits > 9) return std::nullopt;
  Numbered result{name.substr(0, digits), 0};
  std::from_chars(name.data() + digits, name.data() + name.size(), result.number);
  return result;
}

class Folder {
 public:
  explicit Folder(const std::vector<Layer>& layers)
      : layers_(layers), children_(layers.size()), shapes_(layers.size()) {
    for (std::size_t i = 1; i < layers.size(); ++i)
      children_[parent(i)].push_back(LayerId{static_cast<std::uint32_t>(i)});
    for (std::size_t i = layers.size(); i-- > 0;) shapes_[i] = shape(i);
  }

  std::vector<FoldedLayer> fold() {
    if (!layers_.empty()) add({layers_.front().path, layers_.front().path, 0, 0, {LayerId::root}});
    return std::move(rows_);
  }

 private:
  // A parent comes before its children; a layer that says otherwise hangs on the root.
  std::size_t parent(std::size_t at) const {
    const std::size_t named = index_of(layers_[at].parent);
    return named < at ? named : 0;
  }

  std::string relative_name(LayerId id) const {
    const Layer& layer = layers_[index_of(id)];
    const std::string prefix = layers_[parent(index_of(id))].path + ".";
    return layer.path.starts_with(prefix) ? layer.path.substr(prefix.size()) : layer.path;
  }

  // One number for all layers of the same kind with the same below them.
  std::size_t shape(std::size_t at) {
    std::string text(to_name(kLayerKindNames, layers_[at].kind));
    for (const LayerId child : children_[at])
      text += fmt::format("\n{}:{}", relative_name(child), shapes_[index_of(child)]);
    return shape_ids_.emplace(text, shape_ids_.size()).first->second;
  }

  // Of a program's modules that are but a number in a list nothing says that they are alike.
  bool is_unknown_leaf(LayerId id) const {
    return layers_[index_of(id)].kind == LayerKind::other && children_[index_of(id)].empty();
  }

  // How many of `siblings`, from `first` on, fold into one row.
  std::size_t run_length(const std::vector<LayerId>& siblings, std::size_t first) const {
    const auto start = split_number(relative_name(siblings[first]));
    if (!start || is_unknown_leaf(siblings[first])) return 1;
    std::size_t length = 1;
    for (; first + length < siblings.size(); ++length) {
      const LayerId next = siblings[first + length];
      const auto name = split_number(relative_name(next));
      if (!name || name->stem != start->stem || name->number != start->number + static_cast<std::int64_t>(length))
        break;
      if (shapes_[index_of(next)] != shapes_[index_of(siblings[first])]) break;
    }
    return length;
  }

  // The layers that stand at `position` … `position + length - 1` among the children of each of `parents`.
  std::vector<LayerId> members(const std::vector<LayerId>& parents, std::size_t position, std::size_t length) const {
    std::vector<LayerId> result;
    for (const LayerId parent : parents)
      for (std::size_t i = 0; i < length; ++i) result.push_back(children_[index_of(parent)][position + i]);
    return result;
  }

  void add(FoldedLayer row) {
    const std::size_t at = rows_.size();
    rows_.push_back(row);
    const std::vector<LayerId>& siblings = children_[index_of(row.members.front())];
    for (std::size_t i = 0, length = 0; i < siblings.size(); i += length) {
      length = run_length(siblings, i);
      std::string name = relative_name(siblings[i]);
      if (length > 1) name += "–" + std::to_string(split_number(relative_name(siblings[i + length - 1]))->number);
      const bool nested =
          layers_[index_of(siblings[i])].path.starts_with(layers_[index_of(row.members.front())].path + ".");
      add({name, nested ? row.path + "." + name : name, row.depth + 1, at, members(row.members, i, length)});
    }
  }

  const std::vector<Layer>& layers_;
  std::vector<std::vector<LayerId>> children_;
  std::vector<std::size_t> shapes_;
  std::map<std::string, std::size_t> shape_ids_;
  std::vector<FoldedLayer> rows_;
};

}  // namespace

std::vector<FoldedLayer> fold_layers(const std::vector<Layer>& layers) { return Folder(layers).fold(); }

}  // namespace headroom
