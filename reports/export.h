// The formats that other programs' viewers open. Unlike the other writers they need every event, so they take
// recordings beside their breakdowns. docs/exports.md says what each track and field means.
#pragma once

#include <string>
#include <vector>

#include "analysis/breakdown.h"
#include "recording/recording.h"

namespace headroom {

// One run; both outlive the call. `breakdown` is of `recording`, so its allocations name events there.
struct ExportRun {
  const Recording* recording = nullptr;
  const Breakdown* breakdown = nullptr;
};

// A trace in Perfetto's protobuf format, one process for each run. The same runs give the same bytes.
std::string write_perfetto(const std::vector<ExportRun>& runs);

// What torch.cuda.memory._snapshot() would have returned at the end of the run, pickled.
std::string write_snapshot(const ExportRun& run);

}  // namespace headroom
