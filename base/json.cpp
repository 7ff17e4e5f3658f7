#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"
#include "base/shortened.h"

namespace headroom {
namespace {

std::string shown(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  return shortened(value.dump(-1, ' ', false, Json::error_handler_t::replace), 60);
}

std::string position(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("line {}, column {}", line, before.size() - line_start + 1);
}

std::size_t skip_string(std::string_view text, std::size_t quote) {
  std::size_t at = quote + 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at;
}

// One pass over the text's brackets and commas, so that neither depth nor width can hurt the parser.
void check_shape(std::string_view text, const std::string& where, const JsonLimits& limits) {
  const auto refuse = [&](std::size_t at, const std::string& what) {
    throw bad_input(fmt::format("{}: {} at {}", where, what, position(text, at)));
  };
  struct Level {
    bool object;
    int members;
  };
  std::vector<Level> open;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
    } else if (c == '[' || c == '{') {
      open.push_back({c == '{', 1});
      if (static_cast<int>(open.size()) > limits.depth)
        refuse(at, fmt::format("nested deeper than {} levels", limits.depth));
    } else if ((c == ']' || c == '}') && !open.empty()) {
      open.pop_back();
    } else if (c == ',' && !open.empty() && open.back().object && ++open.back().members > limits.members) {
      refuse(at, fmt::format("an object with more than {} members", limits.members));
    }
  }
}

// The parser's own words, without its name, its code and the position, which `position` gives.
std::string explanation(const std::string& what) {
  const std::size_t dash = what.find(" - ");
  const std::size_t bracket = what.find("] ");
  std::string text = dash != std::string::npos      ? what.substr(dash + 3)
                     : bracket != std::string::npos ? what.substr(bracket + 2)
                                                    : what;
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7F; }, '?');
  return shortened(text, 200);
}

}  // namespace

Json parse_json(std::string_view text, const std::string& where, JsonLimits limits) {
  if (text.size() > limits.size_bytes)
    throw bad_input(fmt::format("{}: {} of JSON, at most {} are read", where,
                                format_bytes(static_cast<std::int64_t>(text.size())),
                                format_bytes(static_cast<std::int64_t>(limits.size_bytes))));
  check_shape(text, where, limits);
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const Json::parse_error& error) {
    const std::size_t offset = std::min(text.size(), error.byte == 0 ? 0 : error.byte - 1);
    throw bad_input(
        fmt::format("{}: not valid JSON at {}: {}", where, position(text, offset), explanation(error.what())));
  } catch (const Json::exception& error) {
    throw bad_input(fmt::format("{}: not valid JSON: {}", where, explanation(error.what())));
  }
}

Json parse_json_file(const std::filesystem::path& path, JsonLimits limits) {
  return parse_json(read_file(path, limits.size_bytes), path.string(), limits);
}

JsonReader::JsonReader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object.is_object()) throw bad_input(fmt::format("{}: is {}, expected an object", where_, shown(object)));
}

bool JsonReader::has(std::string_view key) const {
  const auto found = object_.find(key);
  return found != object_.end() && !found->is_null();
}

const Json& JsonReader::member(std::string_view key) const {
  const auto found = object_.find(key);
  if (found == object_.end() || found->is_null()) fail(key, "a value");
  return *found;
}

std::int64_t JsonReader::integer(std::string_view key, std::int64_t low, std::int64_t high) const {
  const auto expected = [&] { return fmt::format("a whole number from {} to {}", low, high); };
  if (!has(key)) fail(key, expected());
  const Json& value = member(key);
  if (!value.is_number_integer()) fail(key, expected());
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
    fail(key, expected());
  const auto number = value.get<std::int64_t>();
  if (number < low || number > high) fail(key, expected());
  return number;
}

std::int64_t JsonReader::integer_or(std::string_view key, std::int64_t fallback, std::int64_t low,
                                    std::int64_t high) const {
  return has(key) ? integer(key, low, high) : fallback;
}

double JsonReader::number_or(std::string_view key, double fallback, double low, double high) const {
  if (!has(key)) return fallback;
  const Json& value = member(key);
  const double number = value.is_number() ? value.get<double>() : NAN;
  if (!(number >= low && number <= high)) fail(key, fmt::format("a number from {} to {}", low, high));
  return number;
}

bool JsonReader::boolean_or(std::string_view key, bool fallback) const {
  if (!has(key)) return fallback;
  const Json& value = member(key);
  if (!value.is_boolean()) fail(key, "true or false");
  return value.get<bool>();
}

std::string JsonReader::string(std::string_view key) const {
  if (!has(key) || !member(key).is_string()) fail(key, "a text");
  return member(key).get<std::string>();
}

std::string JsonReader::string_or(std::string_view key, std::string_view fallback) const {
  return has(key) ? string(key) : std::string(fallback);
}

void JsonReader::fail(std::string_view key, std::string_view expected) const {
  const auto found = object_.find(key);
  const std::string state = found == object_.end() ? "missing" : shown(*found);
  throw bad_input(fmt::format("{}: '{}' is {}, expected {}", where_, shortened(key), state, expected));
}

}  // namespace headroom
