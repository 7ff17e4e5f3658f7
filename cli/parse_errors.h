// What the parser of arguments objects to, in the tool's own words: the nearest command or flag, the missing value.
#pragma once

#include "base/error.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace headroom::cli {

Error explain_parse_error(const CLI::App& app, const CLI::ParseError& error);

// Throws bad_input for a flag or an argument whose value is empty.
void require_values(const CLI::App& app);

}  // namespace headroom::cli
