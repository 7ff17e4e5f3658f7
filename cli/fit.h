// The largest sizes of a run that a virtual device holds, found by running it: no formula decides.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "analysis/largest.h"
#include "cli/measurement.h"

namespace headroom::cli {

// One size to be found: where to look, and the run to make for a value.
struct FitSearch {
  FitSize size = FitSize::context;
  std::int64_t low = 1, high = 1;
  FitLimit limit = FitLimit::tokens;  // what `high` is
  std::function<RunSpec(std::int64_t value)> spec_of;
  std::vector<std::pair<std::int64_t, std::int64_t>> known;  // values and what they used at most, from other runs
};

// All searches side by side, each with one run at a time, options.jobs of them at once. A run that neither fits nor
// runs out of memory ends its search with the reason. Throws Interrupted.
std::vector<FoundSize> find_largest(const std::vector<FitSearch>& searches, std::int64_t capacity_bytes,
                                    const MeasureOptions& options, Interrupts& interrupts);

// The largest context and the largest batch of a run of --mode generate that fitted. `positions`: the model's.
Fit find_what_fits(const Recording& measured, std::int64_t positions, const MeasureOptions& options,
                   Interrupts& interrupts);

}  // namespace headroom::cli
