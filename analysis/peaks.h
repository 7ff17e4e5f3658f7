// The instants of the peaks and what was alive at them.
#pragma once

#include <vector>

#include "analysis/breakdown.h"

namespace headroom {

struct Peaks {
  PeakView run;
  std::vector<StepView> steps;  // those that Breakdown::steps shows
};

Peaks find_peaks(const Recording& recording, const std::vector<Allocation>& allocations);

}  // namespace headroom
