// Documents that are nearly right: a valid one with keys, types, numbers, nesting and sizes changed, as TOML or JSON.
// The same seed gives the same ones, on every machine.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"

namespace headroom::fuzz {

// A value whose leaves are tokens as they are written, so that it can say what no parser's document could: a key twice,
// 1e400, the 30th of February.
struct Member;
struct Node {
  enum class Kind : std::uint8_t { token, list, table };
  Kind kind = Kind::token;
  std::string token;
  std::vector<Node> elements;
  std::vector<Member> members;
};
struct Member {
  std::string first;
  Node second;
};

Node node_of(const Json& json);
std::string as_json(const Node& node);
std::string as_toml(const Node& root);  // a table; lists of tables become [[key]]

class Hostile {
 public:
  explicit Hostile(std::uint32_t seed) : random_(seed) {}

  // `valid` after one to four changes. `words`: keys and values that the reader knows, or nearly.
  Node changed(const Node& valid, const std::vector<std::string>& words);

  // Now and then a text is damaged below its grammar: bytes cut, doubled or overwritten.
  std::string damaged(std::string text);

  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
  template <class List>
  const auto& one_of(const List& list) {
    return list[below(std::size(list))];
  }

 private:
  void change_once(Node& root, const std::vector<std::string>& words);
  void change_members(Node& node, const std::vector<std::string>& words);
  Node leaf(const std::vector<std::string>& words);
  std::string key(const std::vector<std::string>& words);

  std::mt19937 random_;
};

}  // namespace headroom::fuzz
