// A sweep as a TOML file: what all runs have in common, grids whose values are combined, and runs of their own.
//
//   timeout = "10m"                   # of each run; where none is said there is none
//   [base]
//   model = "bert-base"
//   [grid]                            # or several, [[grid]]
//   attention = ["mha", "mqa"]
//   seq = { from = 128, to = 512, factor = 2 }
//   [[run]]
//   attention = "mha"
//   batch = 64
//   [[exclude]]                       # of the grids
//   attention = "mqa"
//   seq = [256, 512]
//
// Keys are those of cli/run_table.h. A grid's last key changes fastest; grids come before runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/toml.h"
#include "cli/time_limit.h"
#include "recording/run_spec.h"

namespace headroom::cli {

struct PlannedSweepRun {
  std::vector<Json> settings;   // of each varied key; null: left to a default that the spec does not say
  std::optional<RunSpec> spec;  // absent: such a run cannot be, and `refusal` says why
  std::string refusal;
};

struct SweepPlan {
  std::vector<std::string> varied;  // keys that have more than one value, in the order of --help
  std::vector<PlannedSweepRun> runs;
  std::string id;                  // of the whole list
  std::optional<TimeLimit> limit;  // of each run; no part of what the sweep is
};

inline constexpr std::size_t kMostSweepRuns = 100'000;

// A combination that cannot be is a run with a refusal. Throws bad_input, naming the line, for an unknown key or table,
// a value that no run can have, an empty or doubled list, an exclude that excludes nothing, or too many runs; and
// could_not_measure for a device that is not there. The same run twice is one run.
SweepPlan read_sweep_plan(const TomlDocument& document);

}  // namespace headroom::cli
