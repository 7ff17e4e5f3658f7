// The half of `headroom check` that makes a budget file: its flags, and what it does.
#pragma once

#include <string>
#include <vector>

#include "cli/budget_runs.h"
#include "cli/output.h"
#include "cli/program_flags.h"
#include "cli/run_flags.h"

namespace headroom::cli {

struct InitFlags {
  bool wanted = false;  // --init
  std::string margin;
  RunFlags run;  // the settings of all runs
  ProgramFlags program;
};

void add_init_flags(CLI::App& command, InitFlags& flags);

// Throws bad_input where one of them, or a program, is given without --init.
void require_init(const CLI::App& command, const std::vector<std::string>& program);

// `words`: the file, where one ends in .toml (else budgets.toml), models and recordings. `program`: what follows "--".
int run_init(const CLI::App& command, const InitFlags& flags, const std::vector<std::string>& words,
             const std::vector<std::string>& program, const BudgetRunOptions& how, const OutputPlan& look);

}  // namespace headroom::cli
