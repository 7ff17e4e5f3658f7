#include "gui/items/emphasis.h"

#include <string_view>

#include "gui/views/text.h"

namespace headroom::gui {
namespace {

bool is_among(const std::vector<bool>& flags, std::size_t index) {
  return flags.empty() || (index < flags.size() && flags[index]);
}

bool contains(std::string_view text, const QString& wanted) {
  return to_text(text).contains(wanted, Qt::CaseInsensitive);
}

}  // namespace

bool dims_any(const Chosen& chosen, const Filter& filter) {
  return chosen.allocation || chosen.layer || chosen.category || !filter.shows_everything();
}

std::vector<bool> layers_below(const std::vector<Layer>& layers, LayerId layer) {
  std::vector<bool> below(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i)
    below[i] = layers[i].id == layer ||
               (static_cast<std::size_t>(layers[i].parent) < i && below[static_cast<std::size_t>(layers[i].parent)]);
  return below;
}

Emphasis::Emphasis(const Breakdown& run, const Chosen& chosen, const Filter& filter)
    : allocations_(run.allocations),
      chosen_(chosen),
      filter_(filter),
      chooses_(chosen.allocation || chosen.layer || chosen.category) {
  if (chosen.layer) chosen_layers_ = layers_below(run.layers, *chosen.layer);
  if (filter.layer) filtered_layers_ = layers_below(run.layers, *filter.layer);
  if (filter.text.isEmpty()) return;
  for (const Layer& layer : run.layers) layers_with_text_.push_back(contains(layer.path, filter.text));
  for (const std::string& text : run.strings) strings_with_text_.push_back(contains(text, filter.text));
}

bool Emphasis::has_text(const Allocation& a) const {
  if (filter_.text.isEmpty()) return true;
  const auto says = [&](StringId id) { return is_among(strings_with_text_, static_cast<std::size_t>(id)); };
  return is_among(layers_with_text_, static_cast<std::size_t>(a.layer)) || says(a.tensor) || says(a.op) ||
         says(a.source);
}

bool Emphasis::is_shown(std::int64_t allocation) const {
  const Allocation& a = allocations_[static_cast<std::size_t>(allocation)];
  return filter_.categories[static_cast<std::size_t>(a.category)] && a.block_bytes >= filter_.least_bytes &&
         is_among(filtered_layers_, static_cast<std::size_t>(a.layer)) && has_text(a);
}

bool Emphasis::is_lit(std::int64_t allocation) const {
  if (!is_shown(allocation)) return false;
  if (!chooses_) return true;
  const Allocation& a = allocations_[static_cast<std::size_t>(allocation)];
  return (!chosen_.allocation || *chosen_.allocation == allocation) &&
         (!chosen_.category || *chosen_.category == a.category) &&
         is_among(chosen_layers_, static_cast<std::size_t>(a.layer));
}

}  // namespace headroom::gui
