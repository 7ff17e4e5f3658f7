#include "gui/export/report.h"

#include "base/error.h"
#include "reports/report_run.h"

namespace headroom::gui {

ReportInput report_input(const Session& session) {
  ReportInput input;
  for (const int index : session.ready_runs()) {
    const SessionRun& run = session.runs()[static_cast<std::size_t>(index)];
    if (index == session.baseline()) input.baseline = input.runs.size();
    input.runs.push_back({run.label.toStdString(), run.loaded});
  }
  return input;
}

std::string report_text(const ReportInput& input, ReportFormat format) {
  if (input.runs.empty()) throw bad_input("no run is open; expected a run that a report can be of");
  Report report{HEADROOM_VERSION, {}, {}};
  std::vector<Breakdown> breakdowns;
  for (const auto& [label, run] : input.runs) {
    report.runs.push_back(make_report_run(run->recording, label, ExitCode::bad_input));
    breakdowns.push_back(report.runs.back().breakdown);
  }
  if (breakdowns.size() > 1) report.comparison = compare(breakdowns, input.baseline);
  return format == ReportFormat::html ? write_html(report) : write_json(report);
}

}  // namespace headroom::gui
