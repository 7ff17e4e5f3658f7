// What one run says of the tables of `headroom reproduce mhe`.
#pragma once

#include <string>

#include "analysis/reproduction/reproduction.h"

namespace headroom::reproduction {

// Of a run that trained: all but the peak of inference and the cache. Throws bad_input where it has no attention.
MemoryRow training_memory(const Breakdown& training, const std::string& mechanism);

// Whatever this run alone says; 0 stands for what it does not. A run that failed says nothing.
MemoryRow memory_of(const Breakdown& run, const std::string& mechanism);

}  // namespace headroom::reproduction
