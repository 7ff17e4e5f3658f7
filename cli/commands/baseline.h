// Which of several runs the others are measured against.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/names.h"

namespace headroom::cli {

// The index of `name`; of mha, or 0, when no name was given. Throws bad_input when `name` is not among the labels.
inline std::size_t baseline_index(const std::string& name, const std::vector<std::string>& labels) {
  const auto found = std::ranges::find(labels, name.empty() ? "mha" : name);
  if (found != labels.end()) return static_cast<std::size_t>(found - labels.begin());
  if (name.empty()) return 0;
  throw bad_input(unknown_name_message("baseline", name, {labels.begin(), labels.end()}));
}

}  // namespace headroom::cli
