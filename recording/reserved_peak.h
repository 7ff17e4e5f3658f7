// The instant at which a run had most memory reserved.
#pragma once

#include <cstdint>

#include "recording/recording.h"

namespace headroom {

// The first event after which reserved bytes are at their maximum; where the next event allocates, as in the segment that was
// reserved for it, that one. -1: nothing was reserved.
std::int64_t event_of_reserved_peak(const Events& events);

// What `event` adds to reserved bytes, or takes away.
std::int64_t reserved_change(const Events& events, std::size_t event);

}  // namespace headroom
