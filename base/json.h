// JSON from strangers: a size limit, a depth limit, and messages that name the file, the key and the right type.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace headroom {

using Json = nlohmann::ordered_json;

struct JsonLimits {
  std::uint64_t size_bytes = 4u << 20;  // no configuration file is larger
  int depth = 64;
  int members = 2048;  // of one object: each is compared with all before it
};

// Parses `text`; `where` (a path or a name) opens every message. Throws bad_input on a syntax error (with line and
// column), or a text beyond one of the limits, which are checked before anything is built. Of equal keys the last counts.
Json parse_json(std::string_view text, const std::string& where, JsonLimits limits = {});

Json parse_json_file(const std::filesystem::path& path, JsonLimits limits = {});

// Reads typed members of one object and says what is wrong in one sentence: "FILE: 'KEY' is "twelve", expected a
// whole number from 1 to 65536". Booleans are not numbers; 12.0 is not a whole number.
class JsonReader {
 public:
  JsonReader(const Json& object, std::string where);  // throws bad_input unless it is an object; keeps a reference

  bool has(std::string_view key) const;  // present and not null
  std::int64_t integer(std::string_view key, std::int64_t low, std::int64_t high) const;
  std::int64_t integer_or(std::string_view key, std::int64_t fallback, std::int64_t low, std::int64_t high) const;
  double number_or(std::string_view key, double fallback, double low, double high) const;
  bool boolean_or(std::string_view key, bool fallback) const;
  std::string string(std::string_view key) const;
  std::string string_or(std::string_view key, std::string_view fallback) const;
  const Json& member(std::string_view key) const;  // throws bad_input when absent or null
  [[noreturn]] void fail(std::string_view key, std::string_view expected) const;

 private:
  const Json& object_;
  std::string where_;
};

}  // namespace headroom
