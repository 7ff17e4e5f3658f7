// The attention mechanisms for `headroom list attention`: all in a table, or one with its formulas, options, and what
// it does not go with.
#pragma once

#include <string>

#include "base/json.h"

namespace headroom::cli {

std::string attention_table();
Json attention_json();  // an array of objects with `name`

// Throws bad_input for an unknown name.
std::string mechanism_text(const std::string& name);
Json mechanism_json(const std::string& name);

}  // namespace headroom::cli
