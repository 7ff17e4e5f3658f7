#include "recording/reserved_peak.h"

namespace headroom {

std::int64_t reserved_change(const Events& events, std::size_t event) {
  if (events.action[event] == Action::segment_alloc) return events.block_bytes[event];
  return events.action[event] == Action::segment_free ? -events.block_bytes[event] : 0;
}

std::int64_t event_of_reserved_peak(const Events& events) {
  std::int64_t reserved = 0, most = 0, peak = -1;
  for (std::size_t i = 0; i < events.size(); ++i) {
    reserved += reserved_change(events, i);
    if (reserved <= most) continue;
    most = reserved;
    peak = static_cast<std::int64_t>(i);
  }
  const auto next = static_cast<std::size_t>(peak + 1);
  return peak >= 0 && next < events.size() && events.action[next] == Action::alloc ? peak + 1 : peak;
}

}  // namespace headroom
