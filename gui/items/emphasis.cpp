#include "gui/items/emphasis.h"

namespace headroom::gui {

bool dims_any(const Chosen& chosen, const Filter& filter) {
  return chosen.allocation || chosen.layer || chosen.category || !filter.shows_everything();
}

Emphasis::Emphasis(const Breakdown& run, const Chosen& chosen, const Filter& filter)
    : allocations_(run.allocations), chosen_(chosen), filter_(run, filter) {
  if (chosen.layer) chosen_layers_ = layers_below(run.layers, *chosen.layer);
}

bool Emphasis::is_shown(std::int64_t allocation) const {
  return filter_.shows(allocations_[static_cast<std::size_t>(allocation)]);
}

bool Emphasis::is_lit(std::int64_t allocation) const {
  if (!is_shown(allocation)) return false;
  const Allocation& a = allocations_[static_cast<std::size_t>(allocation)];
  return (!chosen_.allocation || *chosen_.allocation == allocation) &&
         (!chosen_.category || *chosen_.category == a.category) &&
         (chosen_layers_.empty() || chosen_layers_[static_cast<std::size_t>(a.layer)]);
}

}  // namespace headroom::gui
