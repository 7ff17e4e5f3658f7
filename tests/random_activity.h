// Random device activity that keeps every promise of device_activity.h.
#pragma once

#include <cstdint>

#include "recording/recording.h"

namespace headroom::testing_support {

// Gives `recording`, which has its layers, events and device, about `row_count` activities of every kind that `level` has,
// samples of the driver's memory, counts and, on a real device, DRAM traffic. Same seed, same activity.
void add_random_activity(std::uint32_t seed, std::size_t row_count, TraceLevel level, Recording& recording);

}  // namespace headroom::testing_support
