// What each layer and each category took over the run and in its last step, and the closed forms beside it.
#pragma once

#include <vector>

#include "analysis/breakdown.h"

namespace headroom {

struct LayerTotals {
  std::vector<LayerRow> rows;
  CategoryBytes last_step_bytes{};  // requested
};

LayerTotals total_layers(const Recording& recording, const std::vector<Allocation>& allocations);

std::vector<ClosedFormCheck> check_closed_forms(const Recording& recording, const std::vector<Allocation>& allocations,
                                                const KvCache& cache);

}  // namespace headroom
