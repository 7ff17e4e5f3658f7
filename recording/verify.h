// The promises of recording.h, checked. Run by the worker before it writes and by every test that records.
#pragma once

#include <string>
#include <vector>

#include "recording/recording.h"

namespace headroom {

// One sentence for each promise that does not hold, with the numbers; empty when all hold.
std::vector<std::string> verify(const Recording& recording);

}  // namespace headroom
