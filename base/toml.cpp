#include "base/toml.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"

namespace headroom {
namespace {

std::string at_line(const std::string& where, std::size_t line) { return fmt::format("{}:{}", where, line); }

// The end of the string that opens at `quote`: one of ", ', """ and '''.
std::size_t skip_string(std::string_view text, std::size_t quote) {
  const char mark = text[quote];
  const std::string three(3, mark);
  const bool multiline = text.substr(quote, 3) == three;
  std::size_t at = quote + (multiline ? 3 : 1);
  while (at < text.size()) {
    if (mark == '"' && text[at] == '\\')
      at += 2;
    else if (multiline ? text.substr(at, 3) == three : text[at] == mark || text[at] == '\n')
      return at + (multiline ? 2 : 0);
    else
      ++at;
  }
  return at;
}

// Every dot of a key is a table within a table, and the parser and its destructors recurse: none of them may be asked
// to do so without bound. Only strings and comments can hide a dot.
void check_keys(std::string_view text, const std::string& where, int depth) {
  std::size_t line = 1;
  int dots = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      const std::size_t end = std::min(skip_string(text, at), text.size() - 1);
      line += static_cast<std::size_t>(std::count(text.begin() + at, text.begin() + end + 1, '\n'));
      at = end;
    } else if (c == '#') {
      at = std::min(text.find('\n', at), text.size()) - 1;
    } else if (c == '.') {
      if (++dots >= depth)
        throw bad_input(fmt::format("{}: nested deeper than {} levels", at_line(where, line), depth));
    } else if (std::string_view("=,[]{}\n").find(c) != std::string_view::npos) {
      dots = 0;
      line += c == '\n';
    }
  }
}

class Converter {
 public:
  Converter(TomlDocument& document, const JsonLimits& limits) : document_(document), limits_(limits) {}

  Json value(const toml::node& node, const std::string& pointer, int depth) {
    const std::size_t line = node.source().begin.line;
    document_.lines[pointer] = static_cast<std::uint32_t>(std::max<std::size_t>(line, 1));
    if (depth > limits_.depth) refuse(line, fmt::format("nested deeper than {} levels", limits_.depth));
    if (const toml::table* table = node.as_table()) return members(*table, pointer, depth);
    if (const toml::array* array = node.as_array()) return elements(*array, pointer, depth);
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return number->get();
    if (const auto* boolean = node.as_boolean()) return boolean->get();
    if (const auto* number = node.as_floating_point()) {
      if (!std::isfinite(number->get())) refuse(line, "inf and nan are no values here, expected a number");
      return number->get();
    }
    std::ostringstream text;  // a date, a time or both
    node.visit([&](const auto& one) { text << one; });
    return text.str();
  }

 private:
  Json members(const toml::table& table, const std::string& pointer, int depth) {
    if (static_cast<int>(table.size()) > limits_.members)
      refuse(table.source().begin.line, fmt::format("a table with more than {} keys", limits_.members));
    std::vector<std::pair<const toml::key*, const toml::node*>> in_order;
    for (const auto& [key, node] : table) in_order.emplace_back(&key, &node);
    std::stable_sort(in_order.begin(), in_order.end(), [](const auto& a, const auto& b) {
      const auto &x = a.first->source().begin, &y = b.first->source().begin;
      return std::pair(x.line, x.column) < std::pair(y.line, y.column);
    });
    Json json = Json::object();
    for (const auto& [key, node] : in_order) {
      const std::string name(key->str());
      json[name] = value(*node, (Json::json_pointer(pointer) / name).to_string(), depth + 1);
    }
    return json;
  }

  Json elements(const toml::array& array, const std::string& pointer, int depth) {
    Json json = Json::array();
    std::size_t index = 0;
    for (const toml::node& node : array) json.push_back(value(node, fmt::format("{}/{}", pointer, index++), depth + 1));
    return json;
  }

  [[noreturn]] void refuse(std::size_t line, const std::string& what) const {
    throw bad_input(fmt::format("{}: {}", at_line(document_.where, line), what));
  }

  TomlDocument& document_;
  const JsonLimits& limits_;
};

// The parser's own words, short and without control characters.
std::string explanation(std::string_view what) {
  std::string text(what.substr(0, 200));
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7F; }, '?');
  return text;
}

}  // namespace

std::string TomlDocument::place(const std::string& pointer) const {
  std::string at = pointer;
  auto found = lines.find(at);
  while (found == lines.end() && !at.empty()) {
    at.erase(at.rfind('/'));
    found = lines.find(at);
  }
  return found == lines.end() ? where : at_line(where, found->second);
}

TomlDocument parse_toml(std::string_view text, const std::string& where, JsonLimits limits) {
  if (text.size() > limits.size_bytes)
    throw bad_input(fmt::format("{}: {} of TOML, at most {} are read", where,
                                format_bytes(static_cast<std::int64_t>(text.size())),
                                format_bytes(static_cast<std::int64_t>(limits.size_bytes))));
  check_keys(text, where, limits.depth);
  TomlDocument document;
  document.where = where;
  try {
    const toml::table table = toml::parse(text);
    document.root = Converter(document, limits).value(table, "", 0);
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    throw bad_input(fmt::format("{}: not valid TOML, column {}: {}", at_line(where, at.line), at.column,
                                explanation(error.description())));
  }
  return document;
}

TomlDocument parse_toml_file(const std::filesystem::path& path, JsonLimits limits) {
  return parse_toml(read_file(path, limits.size_bytes), path.string(), limits);
}

}  // namespace headroom
