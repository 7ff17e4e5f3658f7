// What `headroom check` found, and its writers. Each returns the whole text; a result stands at the line of the budget
// file that asks for it. Names that were recorded are made harmless in each form's own way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/budget.h"
#include "base/error.h"
#include "reports/baseline.h"
#include "reports/report.h"

namespace headroom {

// judged: there are figures. out_of_memory, failed: the run did not end well. refused: it did, and cannot be judged:
// the baseline is of something else, a glob matches no layer.
enum class RunEnd : std::uint8_t { judged, out_of_memory, failed, refused };
inline constexpr std::array kRunEndNames{
    Named<RunEnd>{RunEnd::judged, "judged"}, Named<RunEnd>{RunEnd::out_of_memory, "out_of_memory"},
    Named<RunEnd>{RunEnd::failed, "failed"}, Named<RunEnd>{RunEnd::refused, "refused"}};

struct JudgedLimit {
  Limit limit;
  Check check;
  std::string layer;  // that has the figure
};

struct PeakTensor {
  std::string tensor, layer, op;
  Category category{};
  std::int64_t bytes = 0;
};

inline constexpr std::size_t kShownCells = 8, kShownTensors = 5;

struct CheckedBudget {
  std::string name;
  std::uint32_t line = 0;
  std::string command;  // that repeats the run; of a recording that shows it
  std::string device;   // "virtual NVIDIA H100 80GB HBM3"
  RunEnd end = RunEnd::judged;
  ExitCode code = ExitCode::done;  // where it did not end well
  std::string message;             // why it was not judged; of a judged run empty
  std::vector<JudgedLimit> limits;
  std::string peak_place;           // "backward of step 2 at loss"
  std::optional<Change> peak;       // against the baseline, where there is one
  std::vector<CellChange> cells;    // what changed, largest growth first; without a baseline the largest, from 0
  std::vector<PeakTensor> tensors;  // the largest at the peak

  Status status() const;  // of a run that was not judged: failed
};

struct CheckReport {
  std::string headroom_version;
  std::string file;     // of the budgets, as given
  bool strict = false;  // warnings count as failures
  std::vector<CheckedBudget> budgets;
};

// The exit code: 0 where all is within (warnings, too, unless strict), 1 over budget, 2 where something was refused, 3
// where something could not be measured; the largest that holds.
ExitCode exit_code_of(const CheckReport& report);

// Everything that a budget says of a run that was measured. `baseline`: may be null.
CheckedBudget check_budget(const Breakdown& run, const Budget& budget, const Baseline& now, const Baseline* baseline,
                           std::string_view today);

std::string write_check_terminal(const CheckReport& report, const TerminalOptions& options);
std::string write_check_json(const CheckReport& report);      // headroom.check/1; reports/schema/check.schema.json
std::string write_check_junit(const CheckReport& report);     // JUnit XML: a case for each limit
std::string write_check_sarif(const CheckReport& report);     // SARIF 2.1.0
std::string write_check_github(const CheckReport& report);    // workflow commands, at most 10; empty where all is well
std::string write_check_gitlab(const CheckReport& report);    // Code Quality
std::string write_check_markdown(const CheckReport& report);  // for a comment or a step's summary, below 60 KB

}  // namespace headroom
