// The promises of recording.h, checked. Run by the worker before it writes and by every test that records.
#pragma once

#include <string>
#include <vector>

#include "recording/recording.h"

namespace headroom {

// One sentence for each promise that does not hold, with the numbers (the first three of each kind and how many more);
// empty when all hold. Takes any Recording, however broken. Where events were dropped, sums are not checked.
std::vector<std::string> verify(const Recording& recording);

}  // namespace headroom
