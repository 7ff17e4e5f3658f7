// Which of several runs the others are measured against.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/names.h"

namespace headroom::cli {

inline void add_baseline_flag(CLI::App& command, std::string& name, const char* group) {
  command
      .add_option("--baseline", name,
                  "Savings are against this one\n(default: mha if it is among them, else the first)")
      ->type_name("NAME")
      ->group(group);
}

// The index of `name`; of mha, or 0, when no name was given. Throws bad_input when `name` is not among the labels.
inline std::size_t baseline_index(const std::string& name, const std::vector<std::string>& labels) {
  const auto found = std::ranges::find(labels, name.empty() ? "mha" : name);
  if (found != labels.end()) return static_cast<std::size_t>(found - labels.begin());
  if (name.empty()) return 0;
  throw bad_input(unknown_name_message("baseline", name, {labels.begin(), labels.end()}));
}

}  // namespace headroom::cli
