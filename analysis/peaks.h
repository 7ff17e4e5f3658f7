// The instants of the peaks and what was alive at them.
#pragma once

#include <vector>

#include "analysis/breakdown.h"

namespace headroom {

struct Peaks {
  PeakView run;
  std::vector<StepView> steps;  // those that Breakdown::steps shows
};

// What was alive after `event`, one of the recording's. Linear in the events up to it.
PeakView view_after(const Recording& recording, const std::vector<Allocation>& allocations, std::int64_t event);

Peaks find_peaks(const Recording& recording, const std::vector<Allocation>& allocations);

}  // namespace headroom
