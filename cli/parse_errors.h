// What the parser of arguments objects to, in the tool's own words: the nearest command or flag, the missing value.
#pragma once

#include "base/error.h"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace headroom::cli {

Error explain_parse_error(const CLI::App& app, const CLI::ParseError& error);

}  // namespace headroom::cli
