// Objects and arrays of a recording's document, with the place of each for messages.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace headroom::document {

inline constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

template <class T, class F>
Json list(const std::vector<T>& items, F to_json_item) {
  Json array = Json::array();
  for (const T& item : items) array.push_back(to_json_item(item));
  return array;
}

// An object of the document and where it is, for messages.
struct Node {
  std::string where;
  JsonReader reader;
  Node(const Json& json, std::string place) : where(std::move(place)), reader(json, where) {}

  std::string text(std::string_view key) const { return reader.string_or(key, ""); }
  std::int64_t bytes(std::string_view key) const { return reader.integer_or(key, 0, 0, kMax); }
  Node child(std::string_view key) const { return {reader.member(key), fmt::format("{}: {}", where, key)}; }
};

inline const Json& array_of(const Node& node, std::string_view key) {
  const Json& json = node.reader.member(key);
  if (!json.is_array()) node.reader.fail(key, "an array");
  return json;
}

template <class T, class F>
void read_list(const Node& node, std::string_view key, std::vector<T>& out, F read_item) {
  const Json& items = array_of(node, key);
  out.clear();
  out.reserve(items.size());
  for (const Json& item : items) out.push_back(read_item(item, fmt::format("{}: {}[{}]", node.where, key, out.size())));
}

inline std::string read_text(const Json& json, const std::string& where) {
  if (!json.is_string()) throw bad_input(where + ": expected a text");
  return json.get<std::string>();
}

inline std::int64_t read_extent(const Json& json, const std::string& where) {
  const Json wrapped{{"extent", json}};
  return JsonReader(wrapped, where).integer("extent", 0, kMax);
}

}  // namespace headroom::document
