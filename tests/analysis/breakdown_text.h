// Breakdowns as text a person can read, for golden tests. Layers and categories without bytes are left out.
#pragma once

#include <string>

#include "analysis/breakdown.h"

namespace headroom::testing_support {

// peak 5632 B (5000 requested, 1048576 reserved) after event 4 at t=40, forward of step 1, by block.0/attn
//   parameter 512 | activation 5120
//   head: parameter 512
//   block.0/attn: activation 5120
//   live 4 1
std::string describe(const Breakdown& breakdown, const PeakView& peak);

// block.0/attn: parameter 512, gradient 512, … forward peak 5632 …
std::string describe_rows(const Breakdown& breakdown);

// parameter 128 | activation 5000
std::string describe(const CategoryBytes& categories);

}  // namespace headroom::testing_support
