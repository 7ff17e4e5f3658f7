// headroom check --init: a budget file with limits that hold today, and the baselines beside it, of runs that are
// measured first. What is there already is never overwritten.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/budget_runs.h"
#include "reports/check_init.h"

namespace headroom::cli {

struct InitRequest {
  std::filesystem::path file;        // of the budgets
  std::vector<std::string> runs;     // models, and recordings (is_recorded_run)
  std::vector<std::string> command;  // a program, or empty
  std::vector<TomlLine> settings;    // of every run: {"batch", "8"}
  Growth margin = kProposedMargin;   // of peaks
};

bool is_recorded_run(const std::string& run);  // x.headroom, x.pickle, x.pkl; else it is a model

// Measures, then writes the baselines and last the file. Throws bad_input, before anything is measured, where a file is
// there already, a run cannot be or a setting says nothing of it; and where a run could not be measured or a file not
// written, having written nothing.
NewBudgetFile init_budgets(const InitRequest& request, const BudgetRunOptions& options);

}  // namespace headroom::cli
