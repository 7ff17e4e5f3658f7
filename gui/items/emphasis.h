// Which blocks of a run stand out, as maps draw them: what the filter hides, and what is beside that which is chosen,
// is dimmed.
#pragma once

#include <vector>

#include "analysis/breakdown.h"
#include "gui/items/allocation_filter.h"
#include "gui/session/selection.h"

namespace headroom::gui {

class Emphasis {
 public:
  // Copies what it needs of the run but its allocations, which must outlive it. Takes any ids.
  Emphasis(const Breakdown& run, const Chosen& chosen, const Filter& filter);

  bool is_shown(std::int64_t allocation) const;  // by the filter
  bool is_lit(std::int64_t allocation) const;    // shown, and chosen where anything is

 private:
  const std::vector<Allocation>& allocations_;
  Chosen chosen_;
  AllocationFilter filter_;
  std::vector<bool> chosen_layers_;  // by layer; empty: all
};

// Whether anything can be dimmed at all.
bool dims_any(const Chosen& chosen, const Filter& filter);

}  // namespace headroom::gui
