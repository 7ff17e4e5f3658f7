// The pictures of a report, for papers and pull requests: drawn as plain shapes on white, without a display.
#pragma once

#include <string>
#include <vector>

#include "reports/picture.h"
#include "reports/report.h"

namespace headroom {

// The runs' peaks as bars of categories on one scale, each with what it saves.
Picture comparison_picture(const Report& report);

bool has_savings(const Report& report);
Picture savings_picture(const Report& report);  // what each run saves of what; the report has savings

// Allocated bytes by category over the run's events, reserved bytes, phases and the peak.
Picture timeline_picture(const ReportRun& run);

struct NamedPicture {
  std::string name;  // "comparison", "savings", "LABEL.timeline"
  Picture picture;
};

// Of several runs the comparison, then the savings; then the timeline of each run. At least one.
std::vector<NamedPicture> pictures_of(const Report& report);

}  // namespace headroom
