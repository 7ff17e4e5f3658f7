// Whether a replay of a recording's own requests did what the recording has, event by event. Pure: no Torch.
#pragma once

#include <string>

#include "recording/recording.h"

namespace headroom::profiler {

// Empty: every block and segment of `replayed` has the size, stream and pool that `recording` says, and every block the same
// place within the same segment; segments given back together may come in any order. Else the first difference, in one sentence.
std::string first_difference(const Recording& recording, const Events& replayed);

}  // namespace headroom::profiler
