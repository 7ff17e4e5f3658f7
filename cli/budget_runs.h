// Measures the runs of a budget file and judges them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/budget_file.h"
#include "reports/check.h"

namespace headroom::cli {

// More than any virtual run takes; of one that hangs a job of CI is not to.
inline constexpr TimeLimit kUsualLimit = std::chrono::minutes(10);

struct BudgetRunOptions {
  std::size_t jobs = 0;  // workers at once; 0: as many as is usual
  bool show_progress = false;
  std::string today;               // "2026-12-31"; for exceptions
  std::optional<TimeLimit> limit;  // of each run, whatever the file says; else that of the file, else kUsualLimit
};

struct BudgetResult {
  CheckedBudget checked;
  std::optional<Baseline> now;  // of a run that went well
};

std::filesystem::path baseline_file(const BudgetFile& file, const BudgetEntry& entry);

// One for each budget, absent where there is no such file. Throws bad_input for a damaged one and one of another
// schema.
std::vector<std::optional<Baseline>> read_baselines(const BudgetFile& file);

// Throws bad_input, saying how to make it, where a limit of growth has no baseline.
void require_baselines(const BudgetFile& file, const std::vector<std::optional<Baseline>>& baselines);

// In the order of the file; equal runs are made once. Throws Interrupted once all processes are gone, bad_input for a
// recording or a program that is not there, could_not_measure when there is no worker.
std::vector<BudgetResult> run_budgets(const BudgetFile& file, const std::vector<std::optional<Baseline>>& baselines,
                                      const BudgetRunOptions& options);

}  // namespace headroom::cli
