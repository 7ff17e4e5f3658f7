// Writers of `headroom fragmentation`: what reserved memory held at its peak, what pins it, and what the same requests reserve
// otherwise.
#pragma once

#include <string>
#include <vector>

#include "analysis/fragmentation.h"
#include "recording/replay.h"
#include "reports/report.h"

namespace headroom {

struct FragmentationReport {
  Report report;                // of the one run
  Fragmentation fragmentation;  // its blocks are indices into the run's allocations
  std::vector<AllocatorReplay> replays;  // the first of what was recorded; empty: not asked for

  const Breakdown& run() const { return report.runs.at(0).breakdown; }
};

// The replays with something changed, those that saved most first; those that ran out of memory last.
std::vector<const AllocatorReplay*> ranked(const FragmentationReport& report);

std::string write_fragmentation_terminal(const FragmentationReport& report, const TerminalOptions& options);

// headroom.fragmentation/1; reports/schema/fragmentation.schema.json describes it.
std::string write_fragmentation_json(const FragmentationReport& report);

}  // namespace headroom
