// What `headroom check --init` writes: a budget file with the reasons of its limits, and what to do with it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "analysis/proposal.h"
#include "reports/report.h"

namespace headroom {

// A key of the run, and its value as TOML has it: {"model", "\"bert-base\""}.
using TomlLine = std::pair<std::string, std::string>;

struct NewBudget {
  std::string name;             // by which the file calls it
  std::vector<TomlLine> lines;  // what is measured
  std::vector<ProposedLimit> limits;
  bool is_virtual = true;  // else whoever checks needs the same device
};

struct NewBudgetFile {
  std::string file, baselines;  // as they are named from here; the folder of the baselines
  std::vector<NewBudget> budgets;
};

// A text, or a list of them, as TOML.
std::string toml_text(const std::string& text);
std::string toml_list(const std::vector<std::string>& texts);

// The file. While the limits of a budget are not known it has one that every run keeps to.
std::string write_budget_file(const NewBudgetFile& file);

// The limits beside what was measured, what was written, and what comes next: the check, and that of a pipeline.
std::string write_init_terminal(const NewBudgetFile& file, const TerminalOptions& options);

}  // namespace headroom
