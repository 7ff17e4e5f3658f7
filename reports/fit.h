// Writers of `headroom fit`: the largest values that devices hold, what limits them, and what would make more fit.
#pragma once

#include <string>
#include <vector>

#include "analysis/fit.h"
#include "reports/report.h"

namespace headroom {

struct FitReport {
  std::string headroom_version;
  std::string command;  // that repeats it
  std::string model_name;
  RunSpec spec;  // what all runs have in common; its device is the first, and what is solved for means nothing
  FitSize size = FitSize::batch;
  std::string heads_keep;          // of FitSize::heads: "head-size" or "width"; else empty
  std::vector<DeviceFit> devices;  // in the order asked for
};

std::string write_fit_terminal(const FitReport& report, const TerminalOptions& options);

// headroom.fit/1; reports/schema/fit.schema.json describes it.
std::string write_fit_json(const FitReport& report);

std::string write_fit_markdown(const FitReport& report);

// A row for each device and each change that was tried on it, RFC 4180, integers of bytes.
std::string write_fit_csv(const FitReport& report);

}  // namespace headroom
