// What the layers of a run hold at its peak, equal blocks folded into one row: the table of layers of every writer.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/breakdown.h"
#include "reports/folding.h"

namespace headroom {

// Bytes of the layers themselves, without those below them.
struct LayerSums {
  std::int64_t bytes = 0;  // at the peak
  std::int64_t kept = 0;   // for backward in the last step, requested
  CategoryBytes categories{};

  bool empty() const { return bytes == 0 && kept == 0; }
};

struct LayerSumRow {
  FoldedLayer layer;
  LayerSums own;
  bool leads = false;  // to bytes: its own, or those of a layer below it
};

// Parents before children. The own bytes of all rows sum to the peak, by category, too.
std::vector<LayerSumRow> layer_sums(const Breakdown& run);

LayerSums total_of(const std::vector<LayerSumRow>& rows);

}  // namespace headroom
