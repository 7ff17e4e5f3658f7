// A random recording that keeps every promise of recording.h, for property tests. The same seed gives the same one. Of three
// seeds, one has no device activity, one that of level memory, one that of level full.
#pragma once

#include <cstdint>

#include "recording/recording.h"

namespace headroom::testing_support {

Recording random_recording(std::uint32_t seed, std::size_t event_count, DeviceKind device = DeviceKind::virtual_cuda);

}  // namespace headroom::testing_support
