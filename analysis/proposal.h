// The limits that a budget begins with, from the figures of a run that was measured. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/budget.h"

namespace headroom {

struct ProposedLimit {
  Metric metric;
  std::int64_t measured = 0, allowed = 0;  // allowed >= measured: the run that was measured keeps to it
  std::optional<Growth> margin;            // of which `allowed` is made; absent: exactly what was measured
  std::optional<Growth> growth;            // against the baseline, beside it
};

inline constexpr Growth kProposedMargin{kWhole / 20, true};  // 5 %
inline constexpr Growth kProposedGrowth{kWhole / 50, true};  // 2 %
inline constexpr std::int64_t kRoundedFrom = 16 << 20;       // below, a MiB more is more than the margin

// Of the peaks of allocated and reserved memory `margin` more, in whole MiB from kRoundedFrom on; of parameters and of
// the cache's bytes a token, which only another model changes, no more. Of what `figures` has alone.
std::vector<ProposedLimit> propose(const Figures& figures, const Growth& margin = kProposedMargin);

}  // namespace headroom
