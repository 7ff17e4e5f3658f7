// The tables of a sweep file as a list of combinations, before any of them is checked as a run.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/toml.h"

namespace headroom::cli {

struct SweepCombinations {
  std::vector<Json> tables;                                            // objects of single values
  std::map<std::pair<std::string, std::string>, std::string> origins;  // (key, value as JSON) -> where it stands first
};

// Throws bad_input, as read_sweep_plan() does, for all that can be known without a run.
SweepCombinations expand_sweep(const TomlDocument& document);

}  // namespace headroom::cli
