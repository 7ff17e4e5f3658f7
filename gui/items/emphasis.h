// Which blocks of a run stand out, as maps draw them: what the filter hides, and what is beside that which is chosen,
// is dimmed.
#pragma once

#include <optional>
#include <vector>

#include "analysis/breakdown.h"
#include "gui/session/selection.h"

namespace headroom::gui {

class Emphasis {
 public:
  // Copies what it needs of the run but its allocations, which must outlive it. Takes any ids.
  Emphasis(const Breakdown& run, const Chosen& chosen, const Filter& filter);

  bool is_shown(std::int64_t allocation) const;  // by the filter
  bool is_lit(std::int64_t allocation) const;    // shown, and chosen where anything is

 private:
  bool has_text(const Allocation& a) const;

  const std::vector<Allocation>& allocations_;
  Chosen chosen_;
  Filter filter_;
  bool chooses_;
  std::vector<bool> chosen_layers_, filtered_layers_;       // by layer; empty: all
  std::vector<bool> layers_with_text_, strings_with_text_;  // empty: all
};

// Whether anything can be dimmed at all.
bool dims_any(const Chosen& chosen, const Filter& filter);

// Of each layer, whether it is `layer` or below it.
std::vector<bool> layers_below(const std::vector<Layer>& layers, LayerId layer);

}  // namespace headroom::gui
