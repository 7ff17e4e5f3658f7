// A budget file: which runs there are, and what each may take. docs/check.md is its reference.
//
//   [[budget]]
//   model = "bert-base"
//   batch = 8
//   peak = "2.5GiB"
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/budget.h"
#include "cli/time_limit.h"
#include "recording/run_spec.h"

namespace headroom::cli {

// model: a run of a model of Headroom's. recording: one that is there already. command: a program, as of headroom run.
enum class BudgetSource : std::uint8_t { model, recording, command };

struct BudgetEntry {
  std::string name;  // "bert-base", "bert-base[attention=mha,batch=8]"; unique in its file
  std::uint32_t line = 0;
  BudgetSource source = BudgetSource::model;
  RunSpec spec;                     // of a model or a command
  std::filesystem::path recording;  // of a recording; as given or from the folder of the file
  std::vector<std::string> flags;   // of a command: those of headroom run, "--device=virtual:h100-80gb", …
  std::optional<TimeLimit> limit;   // of a model or a command, where the file says one
  Budget budget;
};

struct BudgetFile {
  std::string where;                // as given
  std::filesystem::path baselines;  // the folder
  std::vector<BudgetEntry> entries;
};

inline constexpr std::size_t kMostBudgets = 10'000;

// Throws bad_input, naming file and line, for whatever is not of the form or could never be measured. Time and memory
// grow linearly with the text and the runs it stands for.
BudgetFile parse_budget_file(std::string_view text, const std::string& where);

// Whether a budget of such a run may have the key: "batch" of a model, "peak" of any.
bool is_key_of(BudgetSource source, const std::string& key);

// What a run is called that has no name: its model (with its folder where the file is a config.json), its recording's
// file, its program.
std::string usual_name(BudgetSource source, const std::string& run, const std::vector<std::string>& command);

BudgetFile read_budget_file(const std::filesystem::path& path);

// "2026-12-31", a day of the calendar.
bool is_date(std::string_view text);

// A name as that of a file without its ending: letters, digits and ._-[]=, stay, all else is %XX. Distinct names stay
// distinct.
std::string file_stem(std::string_view name);

}  // namespace headroom::cli
