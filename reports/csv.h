// The report as tables for other programs: CSV by RFC 4180 (commas, CRLF, quotes where needed), UTF-8, a header, a
// column `run` first. Memory is whole bytes; only columns that end in _percent have fractions; what is not known is
// empty.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/document.h"
#include "reports/export.h"
#include "reports/report.h"

namespace headroom {

// runs.csv        one line for each run: what decides it, its outcome, peaks, savings
// categories.csv  runs × categories at the peak; the lines of a run sum to its peak
// layers.csv      layers × categories at the peak: a layer's own bytes, which sum to the peak
// tensors.csv     every tensor alive at the peak, largest first; sums to the peak
// events.csv      what the allocator did, in order, of `recorded`: with what was allocated and reserved after it
std::vector<Document> write_csv(const Report& report, const std::vector<ExportRun>& recorded);

// runs.csv alone.
std::string write_runs_csv(const Report& report);

}  // namespace headroom
