#include "analysis/address_orders.h"

namespace headroom {

OrderPeaks order_peaks(const Recording& recording, const std::string& order) {
  const AllocatorStats& stats = recording.stats;
  return {order, recording.outcome.kind, stats.peak_allocated_bytes, stats.peak_requested_bytes,
          stats.peak_reserved_bytes};
}

std::optional<Band> band_of(const std::vector<OrderPeaks>& orders, std::int64_t OrderPeaks::*peak) {
  std::optional<Band> band;
  for (const OrderPeaks& run : orders) {
    if (run.outcome != OutcomeKind::ok) continue;
    const std::int64_t bytes = run.*peak;
    if (!band) band = Band{bytes, bytes, run.order, run.order};
    if (bytes < band->least_bytes) band->least_bytes = bytes, band->least_order = run.order;
    if (bytes > band->most_bytes) band->most_bytes = bytes, band->most_order = run.order;
  }
  return band;
}

}  // namespace headroom
