// Whether a filter shows an allocation, answered in constant time: the texts are looked at once, when it is made.
#pragma once

#include <vector>

#include "analysis/breakdown.h"
#include "gui/session/selection.h"

namespace headroom::gui {

// For each layer whether it is `top` or below it.
std::vector<bool> layers_below(const std::vector<Layer>& layers, LayerId top);

class AllocationFilter {
 public:
  AllocationFilter(const Breakdown& run, const Filter& filter);

  bool shows(const Allocation& allocation) const;
  bool matches_text(const Allocation& allocation) const;
  bool shows_layer(LayerId layer) const;  // by layer and text alone
  bool matches_text(StringId text) const { return strings_[static_cast<std::size_t>(text)]; }
  bool is_within(LayerId layer) const { return within_[static_cast<std::size_t>(layer)]; }

 private:
  std::array<bool, kCategoryCount> categories_;
  std::int64_t least_bytes_;
  std::vector<bool> within_, layer_texts_, strings_;
};

}  // namespace headroom::gui
