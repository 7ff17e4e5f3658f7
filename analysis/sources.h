// What each line of the program had asked for and still held at the peak.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/breakdown.h"

namespace headroom {

struct SourceBytes {
  StringId source{};  // none: no line of the program, such as what a library's own thread asked for
  std::int64_t bytes = 0, block_count = 0;
  CategoryBytes categories{};
};

// Largest first; the rows sum to the peak. Empty where no line was recorded.
std::vector<SourceBytes> sources_at_peak(const Breakdown& run);

}  // namespace headroom
