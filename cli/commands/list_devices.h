// The catalogue of devices for `headroom list devices`: all in a table, or one with every figure and its sources.
#pragma once

#include <string>

#include "base/json.h"

namespace headroom::cli {

std::string devices_table();
Json devices_json();  // an array of objects with `name`

// `name` with or without "virtual:". Throws bad_input for an unknown one.
std::string device_text(const std::string& name);
Json device_json(const std::string& name);

}  // namespace headroom::cli
