// TOML 1.0 from strangers, as JSON with the line of every value: a size limit, a depth limit, and messages that name
// the file and the line. Dates and times become strings, as they would be written; a table's keys keep the order of the
// file.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"

namespace headroom {

struct TomlDocument {
  Json root;          // an object
  std::string where;  // the path or name that was given

  // "budgets.toml:12": the line of the value at a JSON pointer ("/run/0/batch"), or of the nearest one around it.
  std::string place(const std::string& pointer) const;

  std::map<std::string, std::uint32_t> lines;  // by JSON pointer, from 1
};

// Throws bad_input on a syntax error, inf and nan, or a text beyond one of the limits (`depth` counts the parts of a
// dotted key, too).
TomlDocument parse_toml(std::string_view text, const std::string& where, JsonLimits limits = {});

TomlDocument parse_toml_file(const std::filesystem::path& path, JsonLimits limits = {});

}  // namespace headroom
