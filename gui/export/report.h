// The report of a session's runs, as `headroom report` writes it of their files.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gui/session/session.h"

namespace headroom::gui {

enum class ReportFormat { html, json };

struct ReportInput {
  std::vector<std::pair<std::string, RunHandle>> runs;  // label and run: those that are loaded
  std::size_t baseline = 0;                             // index into runs
};
ReportInput report_input(const Session& session);

// May run in any thread. Throws Error where no run is loaded or one contradicts itself.
std::string report_text(const ReportInput& input, ReportFormat format);

}  // namespace headroom::gui
