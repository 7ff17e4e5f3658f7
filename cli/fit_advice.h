// What would make more fit: every change that the model and the mode allow, run at the value that was found, and the
// largest value that the best of them make possible.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/fit_plan.h"

namespace headroom::cli {

struct Change {
  ChangeKind kind = ChangeKind::checkpointing;
  std::string flags;  // as they are added to the command
  std::function<void(RunSpec&)> apply;
};

// Those that are defined for the plan on this device and change anything; `tokens`: of a step at the value found.
std::vector<Change> changes_for(const FitPlan& plan, const std::string& device, std::int64_t tokens);

inline constexpr std::size_t kSearchedChanges = 3;  // the best of so many kinds, and of all together

// Fills in `fit.changes`. `search`: that of the device; `place`: of the value found, or the least one. What was found
// until an interrupt stays in `fit`, and Interrupted goes on. Returns the worst code of runs that failed.
ExitCode advise(const FitPlan& plan, const FitSearch& search, std::int64_t place, ResultCache& cache,
                const MeasureOptions& options, Interrupts& interrupts, DeviceFit& fit);

}  // namespace headroom::cli
