#include "gui/items/allocation_filter.h"

#include "gui/views/text.h"

namespace headroom::gui {

std::vector<bool> layers_below(const std::vector<Layer>& layers, LayerId top) {
  std::vector<bool> below(layers.size(), false);
  for (std::size_t i = 0; i < layers.size(); ++i) {  // parents come before children
    const auto parent = static_cast<std::size_t>(layers[i].parent);
    below[i] = i == static_cast<std::size_t>(top) || (parent < i && below[parent]);
  }
  return below;
}

AllocationFilter::AllocationFilter(const Breakdown& run, const Filter& filter)
    : categories_(filter.categories),
      least_bytes_(filter.least_bytes),
      within_(filter.layer ? layers_below(run.layers, *filter.layer) : std::vector<bool>(run.layers.size(), true)) {
  const auto contains = [&](const std::string& text) {
    return filter.text.isEmpty() || to_text(text).contains(filter.text, Qt::CaseInsensitive);
  };
  for (const Layer& layer : run.layers) layer_texts_.push_back(contains(layer.path));
  for (const std::string& text : run.strings) strings_.push_back(contains(text));
}

bool AllocationFilter::shows_layer(LayerId layer) const {
  return is_within(layer) && layer_texts_[static_cast<std::size_t>(layer)];
}

bool AllocationFilter::matches_text(const Allocation& a) const {
  return matches_text(a.tensor) || matches_text(a.op) || matches_text(a.source) ||
         layer_texts_[static_cast<std::size_t>(a.layer)];
}

bool AllocationFilter::shows(const Allocation& a) const {
  return categories_[static_cast<std::size_t>(a.category)] && a.block_bytes >= least_bytes_ && is_within(a.layer) &&
         matches_text(a);
}

}  // namespace headroom::gui
