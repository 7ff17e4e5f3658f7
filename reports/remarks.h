// What must be said beside the numbers of a report, in sentences that every text writer takes the same way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reports/report.h"

namespace headroom {

// "1.25 GiB (1,342,177,280)"; the exact count only where it says more.
std::string exact_bytes(std::int64_t bytes);

// "virtual", "measured", "virtual and measured": what may be said of the numbers of all runs.
std::string truth_words(const Report& report);

// Why a run whose outcome is not ok ended.
std::string failure_remark(const Breakdown& run);

// "mha parameter_bytes of model: closed form 4·d = 16, recorded 17 (+1 B)"
std::string disagreement_remark(const Breakdown& run, const ClosedFormCheck& check);

std::string dropped_remark(const Breakdown& run);  // of a run with dropped events

// Why there are no savings, or what else they come from.
std::vector<std::string> savings_remarks(const Report& report);

// All of the above that hold, and what tracing lost: what a reader must know before believing a number.
std::vector<std::string> warnings(const Report& report);

// What the runs rest on, each sentence once, in order.
std::vector<std::string> assumptions_of(const Report& report);

}  // namespace headroom
