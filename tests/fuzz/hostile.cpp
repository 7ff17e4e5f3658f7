#include "tests/fuzz/hostile.h"

#include <utility>

namespace headroom::fuzz {
namespace {

constexpr std::string_view kTokens[] = {"0",
                                        "-0",
                                        "1",
                                        "-1",
                                        "2",
                                        "3",
                                        "7",
                                        "31",
                                        "64",
                                        "127",
                                        "1000",
                                        "65536",
                                        "16777216",
                                        "2147483647",
                                        "2147483648",
                                        "4294967296",
                                        "1099511627776",
                                        "4611686018427387904",
                                        "9223372036854775807",
                                        "-9223372036854775808",
                                        "9223372036854775808",
                                        "99999999999999999999999",
                                        "1.5",
                                        "-0.0",
                                        "1.0",
                                        "0.9999999999999999",
                                        "1e-320",
                                        "1e308",
                                        "-1e308",
                                        "1e400",
                                        "1E+2147483648",
                                        "nan",
                                        "-nan",
                                        "inf",
                                        "+inf",
                                        "0x7fffffffffffffff",
                                        "0b1",
                                        "1_000",
                                        "01",
                                        "true",
                                        "false",
                                        "null",
                                        "[]",
                                        "{}",
                                        "[[]]",
                                        "[{}]",
                                        "[1, 2]",
                                        "[0, -1]",
                                        "[\"mha\", \"mha\"]",
                                        "0000-00-00",
                                        "0000-01-01",
                                        "0001-01-01",
                                        "9999-12-31",
                                        "2026-02-29",
                                        "2026-02-30",
                                        "2026-13-01",
                                        "10000-01-01",
                                        "2026-12-31T23:59:60Z",
                                        "23:59:60",
                                        "''",
                                        "\"\""};

constexpr std::string_view kTexts[] = {"",
                                       " ",
                                       "\t",
                                       "0",
                                       "-1",
                                       "1e9",
                                       "1 YiB",
                                       "1YiB",
                                       "2.5GiB",
                                       "2.5 GB",
                                       "-5MiB",
                                       "5 %",
                                       "5%",
                                       "-5%",
                                       "1e9%",
                                       "100000000%",
                                       "nan%",
                                       "1e400GiB",
                                       "9223372036854775807B",
                                       "9223372036854775808",
                                       "8388608TiB",
                                       "8388607.9999TiB",
                                       "0.1B",
                                       "٣MiB",
                                       "1,5GiB",
                                       "KiB",
                                       "cpu",
                                       "cuda",
                                       "cuda:99999999999",
                                       "virtual:",
                                       "virtual:h100-80gb",
                                       "virtual:64xh100-80gb",
                                       "virtual:-1xh100-80gb",
                                       "all",
                                       "mha",
                                       "MHA",
                                       "mha:",
                                       "mha:x=1",
                                       "window:window=9223372036854775807",
                                       "mhe-add",
                                       "mha,mqa",
                                       "lora:rank=0",
                                       "int4:group=1",
                                       "lora:rank=9223372036854775808+int8",
                                       "int8+int8",
                                       "int4:group=128+lora",
                                       "descending",
                                       "shuffled:-1",
                                       "shuffled:18446744073709551616",
                                       "0000-00-00",
                                       "0000-01-01",
                                       "9999-12-31",
                                       "2026-02-30",
                                       "2026-2-3",
                                       "20260-1-1",
                                       "2026-12-31 ",
                                       "../../etc/passwd",
                                       "/",
                                       "/dev/null",
                                       "/proc/self/environ",
                                       "--help",
                                       "-",
                                       "--batch=8",
                                       "a=b=c",
                                       "=3",
                                       "train.py:42=",
                                       "train.py:42=1e400",
                                       "\\u0000",
                                       "\\u0001\\u007f",
                                       "\\u202e",
                                       "\\ud800",
                                       "é",
                                       "e\\u0301",
                                       "\\U0001F600",
                                       "日本",
                                       "\\\\",
                                       "\\\"",
                                       "\\n",
                                       "%s%n",
                                       "${HOME}",
                                       "`id`",
                                       "<script>",
                                       "'; rm -rf",
                                       "*",
                                       "**",
                                       "**.*",
                                       "?",
                                       "[",
                                       "encoder.layer.*",
                                       "none",
                                       "null",
                                       "true",
                                       "inf"};

constexpr std::string_view kPieces[] = {"*", "**", "?", "*.", "a", ".",    "é", "日",
                                        "/", "=",  ",", "+",  ":", "\\\\", "%"};

bool is_bare(std::string_view key) {
  return !key.empty() &&
         key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == key.npos;
}

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

// `mark`: " = " or ": ".
std::string inline_form(const Node& node, std::string_view mark, bool bare) {
  if (node.kind == Node::Kind::token) return node.token;
  const bool list = node.kind == Node::Kind::list;
  std::string out = list ? "[" : "{", comma;
  for (const Node& element : node.elements) out += std::exchange(comma, ", ") + inline_form(element, mark, bare);
  for (const auto& [key, value] : node.members)
    out += std::exchange(comma, ", ") + (bare && is_bare(key) ? key : in_quotes(key)) + std::string(mark) +
           inline_form(value, mark, bare);
  return out + (list ? "]" : "}");
}

bool is_list_of_tables(const Node& node) {
  if (node.kind != Node::Kind::list || node.elements.empty()) return false;
  for (const Node& element : node.elements)
    if (element.kind != Node::Kind::table) return false;
  return true;
}

void add_lines(std::string& out, const Node& table) {
  for (const auto& [key, value] : table.members)
    out += (is_bare(key) ? key : in_quotes(key)) + " = " + inline_form(value, " = ", true) + "\n";
}

void collect(Node& node, std::vector<Node*>& out) {
  out.push_back(&node);
  for (Node& element : node.elements) collect(element, out);
  for (auto& [key, value] : node.members) collect(value, out);
}

Node token(std::string text) { return {Node::Kind::token, std::move(text), {}, {}}; }

}  // namespace

Node node_of(const Json& json) {
  Node node;
  if (json.is_object()) {
    node.kind = Node::Kind::table;
    for (const auto& [key, value] : json.items()) node.members.push_back({key, node_of(value)});
  } else if (json.is_array()) {
    node.kind = Node::Kind::list;
    for (const Json& element : json) node.elements.push_back(node_of(element));
  } else {
    node.token = json.dump();
  }
  return node;
}

std::string as_json(const Node& node) { return inline_form(node, ": ", false); }

std::string as_toml(const Node& root) {
  std::string plain, tables;
  for (const auto& [key, value] : root.members) {
    const std::string name = is_bare(key) ? key : in_quotes(key);
    if (value.kind == Node::Kind::table) {
      tables += "\n[" + name + "]\n";
      add_lines(tables, value);
    } else if (is_list_of_tables(value)) {
      for (const Node& element : value.elements) {
        tables += "\n[[" + name + "]]\n";
        add_lines(tables, element);
      }
    } else {
      plain += name + " = " + inline_form(value, " = ", true) + "\n";
    }
  }
  return plain + tables;
}

std::string Hostile::key(const std::vector<std::string>& words) {
  switch (below(8)) {
    case 0: {
      std::string text;
      const std::string_view piece = one_of(kPieces);
      for (std::size_t i = 1 + below(below(4) == 0 ? 3000 : 12); i > 0; --i) text += piece;
      return text;
    }
    case 1:
      return std::string(one_of(kTexts));
    case 2: {  // a slip of the finger
      std::string text = one_of(words);
      if (!text.empty()) text.erase(below(text.size()), 1);
      return text;
    }
    default:
      return one_of(words);
  }
}

Node Hostile::leaf(const std::vector<std::string>& words) {
  switch (below(8)) {
    case 0:
    case 1:
    case 2:
      return token(std::string(one_of(kTokens)));
    case 3:
    case 4:
      return token(in_quotes(one_of(kTexts)));
    case 5: {
      std::string nest(1 + below(200), '[');
      return token(nest + "1" + std::string(nest.size(), ']'));
    }
    case 6: {
      Node list{Node::Kind::list, "", {}, {}};
      const std::string_view one = one_of(kTokens);
      for (std::size_t i = 1 + below(below(8) == 0 ? 3000 : 6); i > 0; --i)
        list.elements.push_back(token(below(2) == 0 ? std::string(one) : std::to_string(i)));
      return list;
    }
    default:
      return token(in_quotes(key(words)));
  }
}

void Hostile::change_members(Node& node, const std::vector<std::string>& words) {
  auto& members = node.members;
  const std::size_t at = members.empty() ? 0 : below(members.size());
  switch (members.empty() ? 3 : below(5)) {
    case 0:
      members.erase(members.begin() + static_cast<std::ptrdiff_t>(at));
      return;
    case 1:
      members[at].first = key(words);
      return;
    case 2:
      members.push_back(members[at]);  // twice
      return;
    case 3:
      members.push_back({key(words), leaf(words)});
      return;
    default: {
      auto other = members[below(members.size())].second;
      members[at].second = std::move(other);
    }
  }
}

void Hostile::change_once(Node& root, const std::vector<std::string>& words) {
  std::vector<Node*> nodes;
  collect(root, nodes);
  Node& node = *one_of(nodes);
  if (node.kind == Node::Kind::table && below(4) != 0) return change_members(node, words);
  if (node.kind == Node::Kind::list && !node.elements.empty() && below(2) == 0) {
    node.elements.push_back(node.elements[below(node.elements.size())]);
    return;
  }
  if (below(8) != 0) {
    if (&node != &root) node = leaf(words);
    return;
  }
  Node inner = node;
  node = Node{Node::Kind::table, "", {}, {}};
  node.members.push_back({key(words), std::move(inner)});
}

Node Hostile::changed(const Node& valid, const std::vector<std::string>& words) {
  Node node = valid;
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) change_once(node, words);
  return node;
}

std::string Hostile::damaged(std::string text) {
  if (text.empty() || below(16) != 0) return text;
  const std::size_t at = below(text.size()), length = 1 + below(40);
  switch (below(4)) {
    case 0:
      return text.substr(0, at);
    case 1:
      return text.insert(at, text.substr(at, length));
    case 2:
      return text.erase(at, length);
    default:
      text[at] = static_cast<char>(below(256));
      return text;
  }
}

}  // namespace headroom::fuzz
