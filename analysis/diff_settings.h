// In what two runs differ besides what they took.
#pragma once

#include <vector>

#include "analysis/diff.h"

namespace headroom {

// Members of what was asked for, then of the environment, in the order of a recording's document; values as text, empty
// where a run has none.
std::vector<SettingChange> changed_settings(const Breakdown& before, const Breakdown& after);

}  // namespace headroom
