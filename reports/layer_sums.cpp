#include "reports/layer_sums.h"

namespace headroom {
namespace {

void add(LayerSums& sums, const LayerSums& more) {
  sums.bytes += more.bytes;
  sums.kept += more.kept;
  for (std::size_t c = 0; c < kCategoryCount; ++c) sums.categories[c] += more.categories[c];
}

LayerSums sums_of(const Breakdown& run, const FoldedLayer& row) {
  LayerSums out;
  for (const LayerId id : row.members) {
    const auto index = static_cast<std::size_t>(id);
    if (index < run.layer_rows.size()) out.kept += run.layer_rows[index].activation_requested_bytes;
    if (index >= run.peak.layers.size()) continue;
    add(out, {run.peak.layers[index].bytes, 0, run.peak.layers[index].categories});
  }
  return out;
}

}  // namespace

std::vector<LayerSumRow> layer_sums(const Breakdown& run) {
  std::vector<LayerSumRow> rows;
  for (FoldedLayer& layer : fold_layers(run.layers)) {
    const LayerSums own = sums_of(run, layer);
    rows.push_back({std::move(layer), own, !own.empty()});
  }
  for (std::size_t i = rows.size(); i-- > 0;)
    if (rows[i].leads) rows[rows[i].layer.parent].leads = true;
  return rows;
}

LayerSums total_of(const std::vector<LayerSumRow>& rows) {
  LayerSums total;
  for (const LayerSumRow& row : rows) add(total, row.own);
  return total;
}

}  // namespace headroom
