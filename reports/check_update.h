// What --update-baseline changes, for a person to read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/baseline.h"
#include "reports/report.h"

namespace headroom {

struct BaselineUpdate {
  std::string file;
  std::optional<Baseline> before;  // absent: there was none
  Baseline now;
};

// Figure by figure: before, now, change; those that did not change are counted.
std::string write_update_terminal(const std::vector<BaselineUpdate>& updates, const TerminalOptions& options);

}  // namespace headroom
