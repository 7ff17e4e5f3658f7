// The ways to compress weights for `headroom list compression`: all in a table, or one with its formulas and options.
#pragma once

#include <string>

#include "base/json.h"

namespace headroom::cli {

std::string compression_table();
Json compression_json();  // an array of objects with `name`

// Throws bad_input for an unknown name.
std::string method_text(const std::string& name);
Json method_json(const std::string& name);

}  // namespace headroom::cli
