#include "reports/kernel_names.h"

#include <array>
#include <cctype>

namespace headroom {
namespace {

constexpr std::string_view kAnonymous = "(anonymous namespace)", kCall = "operator()";

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '~'; }

// The bracket that closes the one at `open`; npos: none does.
std::size_t closing(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text.substr(i).starts_with("->"))
      ++i;
    else if (std::string_view("(<{[").find(text[i]) != std::string_view::npos)
      ++depth;
    else if (std::string_view(")>}]").find(text[i]) != std::string_view::npos && --depth == 0)
      return i;
  }
  return std::string_view::npos;
}

// The end of a parameter list and what is written behind it, where one begins at `open`; else `open`.
std::size_t after_parameters(std::string_view text, std::size_t open) {
  const std::size_t close = closing(text, open);
  if (close == std::string_view::npos) return open;
  constexpr std::string_view kConst = " const";
  return text.substr(close + 1).starts_with(kConst) ? close + 1 + kConst.size() : close + 1;
}

// The end of "{lambda()#1}::operator()() const::" at `at`; else `at`.
std::size_t after_wrapper(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with("{lambda(")) return at;
  const std::size_t close = closing(text, at);
  if (close == std::string_view::npos) return at;
  const std::size_t call = close + 3;
  if (text.substr(close + 1).substr(0, 2 + kCall.size()) != "::operator()") return at;
  const std::size_t end = after_parameters(text, call + kCall.size());
  return text.substr(end).starts_with("::") ? end + 2 : at;
}

// The end of a qualifier at `at` that says nothing: a namespace; else `at`.
std::size_t after_namespace(std::string_view text, std::size_t at) {
  std::size_t end = at;
  if (text.substr(at).starts_with(kAnonymous))
    end += kAnonymous.size();
  else
    while (end < text.size() && is_word(text[end])) ++end;
  const std::string_view rest = text.substr(end);
  return end > at && rest.starts_with("::") && !rest.starts_with("::{") ? end + 2 : at;
}

// The end of the parameters at `at` of a function that something lies in, or that ends the name; else `at`.
std::size_t after_scope(std::string_view text, std::size_t at, int depth) {
  if (text[at] != '(' || text.substr(at).starts_with(kAnonymous)) return at;
  const std::size_t end = after_parameters(text, at);
  const bool ends = end == text.size() && depth == 0;
  return ends || text.substr(end).starts_with("::") ? end : at;
}

}  // namespace

std::string short_kernel_name(std::string_view name) {
  if (name.starts_with("void ")) name.remove_prefix(5);
  std::string out;
  int depth = 0;
  for (std::size_t at = 0; at < name.size();) {
    const bool at_word = out.empty() || !is_word(out.back());
    std::size_t next = after_wrapper(name, at);
    if (next == at && at_word) next = after_namespace(name, at);
    if (next == at && !out.empty()) next = after_scope(name, at, depth);
    if (next == at) {
      depth += name[at] == '<' || name[at] == '{' ? 1 : name[at] == '>' || name[at] == '}' ? -1 : 0;
      out += name[next++];
    }
    at = next;
  }
  return out.empty() ? std::string(name) : out;
}

}  // namespace headroom
