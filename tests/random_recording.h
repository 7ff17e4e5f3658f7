// A random recording that keeps every promise of recording.h, for property tests. The same seed gives the same one.
#pragma once

#include <cstdint>

#include "recording/recording.h"

namespace headroom::testing_support {

Recording random_recording(std::uint32_t seed, std::size_t event_count);

}  // namespace headroom::testing_support
