#include "analysis/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "analysis/diff_settings.h"

namespace headroom {
namespace {

std::int64_t& side(Change& change, std::size_t run) { return run == 0 ? change.before : change.after; }

// Own bytes of each layer at the peak; a peak of a damaged run may know fewer layers.
const LayerBytes* at_peak(const Breakdown& run, const std::optional<LayerId>& layer) {
  if (!layer || static_cast<std::size_t>(*layer) >= run.peak.layers.size()) return nullptr;
  return &run.peak.layers[static_cast<std::size_t>(*layer)];
}

void add_run(DiffLayer& row, const Breakdown& run, std::size_t index) {
  const auto& layer = row.united.of_run[index];
  if (const LayerBytes* bytes = at_peak(run, layer)) {
    side(row.self, index) = bytes->bytes;
    for (std::size_t c = 0; c < kCategoryCount; ++c) side(row.self_categories[c], index) = bytes->categories[c];
  }
  if (layer && static_cast<std::size_t>(*layer) < run.layer_rows.size())
    side(row.parameter_bytes, index) = run.layer_rows[static_cast<std::size_t>(*layer)].parameter_bytes;
}

std::size_t parent_of(const UnitedLayer& layer) { return static_cast<std::size_t>(layer.layer.parent); }

std::vector<DiffLayer> diff_layers(const Breakdown& before, const Breakdown& after) {
  std::vector<DiffLayer> rows;
  for (UnitedLayer& united : unite_layers({&before.layers, &after.layers})) {
    DiffLayer& row = rows.emplace_back();
    row.united = std::move(united);
    add_run(row, before, 0);
    add_run(row, after, 1);
    row.total = row.self;
    row.total_categories = row.self_categories;
  }
  for (std::size_t i = rows.size(); i-- > 1;) {
    DiffLayer& parent = rows[parent_of(rows[i].united)];
    parent.total += rows[i].total;
    for (std::size_t c = 0; c < kCategoryCount; ++c) parent.total_categories[c] += rows[i].total_categories[c];
  }
  return rows;
}

// The blocks at the peaks of both runs, matched in turns: each turn takes those that are equal by what it looks at.
class TensorMatcher {
 public:
  TensorMatcher(const Breakdown& before, const Breakdown& after, const std::vector<DiffLayer>& layers)
      : runs_{&before, &after} {
    for (std::size_t run : {0, 1}) {
      std::vector<std::size_t> rows(runs_[run]->layers.size(), 0);
      for (std::size_t i = 0; i < layers.size(); ++i)
        if (const auto& layer = layers[i].united.of_run[run]) rows[static_cast<std::size_t>(*layer)] = i;
      for (const std::int64_t index : runs_[run]->peak.live) {
        const auto layer = static_cast<std::size_t>(allocation(run, index).layer);
        open_[run].push_back({index, layer < rows.size() ? rows[layer] : 0});
      }
      std::ranges::sort(open_[run], {}, &Block::index);
    }
  }

  void match_into(Diff& diff) {
    match(diff, [&](std::size_t run, const Block& b) {
      return key(run, b, text(run, b, &Allocation::tensor), bytes(run, b));
    });
    match(diff, [&](std::size_t run, const Block& b) { return key(run, b, text(run, b, &Allocation::tensor), 0); });
    match(diff, [&](std::size_t run, const Block& b) { return key(run, b, {}, bytes(run, b)); });
    match(diff, [&](std::size_t run, const Block& b) { return key(run, b, {}, 0); });
    for (std::size_t run : {0, 1})
      for (const Block& block : open_[run]) {
        TensorChange change = change_of(run, block);
        (run == 0 ? change.before : change.after) = block.index;
        side(change.bytes, run) = bytes(run, block);
        diff.tensors.push_back(change);
      }
    std::ranges::stable_sort(diff.tensors, std::ranges::greater(),
                             [](const TensorChange& t) { return std::abs(t.bytes.delta()); });
  }

 private:
  struct Block {
    std::int64_t index = 0;
    std::size_t layer = 0;
  };
  using Key = std::tuple<std::size_t, Category, std::string_view, std::string_view, std::int64_t>;

  const Allocation& allocation(std::size_t run, std::int64_t index) const {
    return runs_[run]->allocations[static_cast<std::size_t>(index)];
  }
  std::int64_t bytes(std::size_t run, const Block& block) const { return allocation(run, block.index).block_bytes; }

  std::string_view text(std::size_t run, const Block& block, StringId Allocation::*which) const {
    const auto id = static_cast<std::size_t>(allocation(run, block.index).*which);
    return id < runs_[run]->strings.size() ? std::string_view(runs_[run]->strings[id]) : std::string_view();
  }

  Key key(std::size_t run, const Block& block, std::string_view shape, std::int64_t bytes) const {
    return {block.layer, allocation(run, block.index).category, text(run, block, &Allocation::op), shape, bytes};
  }

  TensorChange change_of(std::size_t run, const Block& block) const {
    return {.layer = block.layer, .category = allocation(run, block.index).category};
  }

  // Of equal keys the first with the first, the second with the second, and so on.
  template <class KeyOf>
  void match(Diff& diff, KeyOf key_of) {
    std::map<Key, std::vector<Block>> waiting;
    for (auto block = open_[1].rbegin(); block != open_[1].rend(); ++block)
      waiting[key_of(1, *block)].push_back(*block);
    std::vector<Block> rest;
    std::set<std::int64_t> taken;
    for (const Block& block : open_[0]) {
      const auto found = waiting.find(key_of(0, block));
      if (found == waiting.end() || found->second.empty()) {
        rest.push_back(block);
        continue;
      }
      taken.insert(found->second.back().index);
      add_pair(diff, block, found->second.back());
      found->second.pop_back();
    }
    open_[0] = std::move(rest);
    std::erase_if(open_[1], [&](const Block& block) { return taken.contains(block.index); });
  }

  void add_pair(Diff& diff, const Block& before, const Block& after) {
    TensorChange change = change_of(0, before);
    change.before = before.index;
    change.after = after.index;
    change.bytes = {bytes(0, before), bytes(1, after)};
    if (!change.bytes.any() && text(0, before, &Allocation::tensor) == text(1, after, &Allocation::tensor))
      ++diff.unchanged_tensor_count;
    else
      diff.tensors.push_back(change);
  }

  const Breakdown* runs_[2];
  std::vector<Block> open_[2];
};

}  // namespace

bool Diff::is_empty() const {
  const auto differs = [](const DiffLayer& layer) {
    return layer.was_added() || layer.was_removed() || std::ranges::any_of(layer.self_categories, &Change::any);
  };
  return !peak.any() && tensors.empty() && std::ranges::none_of(layers, differs);
}

Diff diff(const Breakdown& before, const Breakdown& after) {
  Diff d;
  d.peak = {before.peak.allocated_bytes, after.peak.allocated_bytes};
  d.peak_requested = {before.peak.requested_bytes, after.peak.requested_bytes};
  d.peak_reserved = {before.peak_reserved_bytes, after.peak_reserved_bytes};
  d.parameter_bytes = {before.parameter_bytes, after.parameter_bytes};
  d.parameter_count = {before.parameter_count, after.parameter_count};
  d.kv_cache_bytes_per_token = {cache_bytes_per_token(before), cache_bytes_per_token(after)};
  for (std::size_t c = 0; c < kCategoryCount; ++c)
    d.categories[c] = {before.peak.categories[c], after.peak.categories[c]};
  d.layers = diff_layers(before, after);
  TensorMatcher(before, after, d.layers).match_into(d);
  d.settings = changed_settings(before, after);
  return d;
}

std::vector<std::string> verify(const Diff& diff, const Breakdown& before, const Breakdown& after) {
  std::vector<std::string> problems;
  const auto expect = [&](const char* what, const Change& found, const Change& wanted) {
    if (found != wanted)
      problems.push_back(fmt::format("{} are {} bytes before and {} after, expected {} and {}", what, found.before,
                                     found.after, wanted.before, wanted.after));
  };
  expect("the peaks", diff.peak, {before.peak.allocated_bytes, after.peak.allocated_bytes});
  Change categories, layers;
  CategoryChanges cells{};
  for (const Change& change : diff.categories) categories += change;
  std::vector<Change> with_children;
  for (const DiffLayer& layer : diff.layers) {
    layers += layer.self;
    with_children.push_back(layer.self);
    for (std::size_t c = 0; c < kCategoryCount; ++c) cells[c] += layer.self_categories[c];
  }
  expect("the categories", categories, diff.peak);
  expect("the layers", layers, diff.peak);
  for (std::size_t c = 0; c < kCategoryCount; ++c) expect("the cells of a category", cells[c], diff.categories[c]);
  for (std::size_t i = diff.layers.size(); i-- > 0;) {
    expect("a layer and its children", diff.layers[i].total, with_children[i]);
    if (i > 0) with_children[parent_of(diff.layers[i].united)] += with_children[i];
  }
  std::int64_t changed = 0;
  for (const TensorChange& tensor : diff.tensors) changed += tensor.bytes.delta();
  if (changed != diff.peak.delta())
    problems.push_back(fmt::format("the tensors change by {} bytes, the peak by {}", changed, diff.peak.delta()));
  return problems;
}

std::vector<std::int64_t> total_bytes_at_peak(const std::vector<UnitedLayer>& united, const Breakdown& run,
                                              std::size_t run_index) {
  std::vector<std::int64_t> bytes;
  for (const UnitedLayer& layer : united) {
    const LayerBytes* own = at_peak(run, layer.of_run[run_index]);
    bytes.push_back(own == nullptr ? 0 : own->bytes);
  }
  for (std::size_t i = united.size(); i-- > 1;) bytes[parent_of(united[i])] += bytes[i];
  return bytes;
}

}  // namespace headroom
