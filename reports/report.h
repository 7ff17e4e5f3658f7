// What every writer takes: the runs and, when there is more than one, their comparison. Writers return the whole text;
// the command line decides where it goes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analysis/address_orders.h"
#include "analysis/breakdown.h"
#include "analysis/comparison.h"
#include "analysis/fragmentation.h"
#include "analysis/largest.h"

namespace headroom {

struct ReportRun {
  Breakdown breakdown;
  std::vector<TimelinePoint> timeline;  // at most a few thousand points
  std::vector<OrderPeaks> orders;       // where the run was made under several orders of addresses; this one first
  Fragmentation fragmentation;          // at the peak of reserved memory
  std::vector<AllocatorReplay> replays;  // what the same requests reserve otherwise; the first is of what was recorded
  std::optional<Fit> fit;                // what the device holds at most, where that was asked; a recording has none
};

struct Report {
  std::string headroom_version;
  std::vector<ReportRun> runs;
  std::optional<Comparison> comparison;
};

struct TerminalOptions {
  int width = 100;     // columns; tables drop or wrap columns to stay within, down to 40
  bool color = false;  // ANSI
};

// A table a person reads: runs side by side (or one run's categories, layers, largest tensors), aligned.
std::string write_terminal(const Report& report, const TerminalOptions& options);

// headroom.report/1, one JSON document ending in a newline; reports/schema/report.schema.json describes it.
std::string write_json(const Report& report);

// One self-contained page: no request leaves it.
std::string write_html(const Report& report);

}  // namespace headroom
