#include "cli/python_arguments.h"

#include <filesystem>
#include <string_view>

namespace headroom::cli {
namespace {

struct PythonArguments {
  std::string isolating, script;
};

bool is_python(const std::string& word) {
  const std::string name = std::filesystem::path(word).filename().string();
  for (const std::string_view prefix : {"python", "pypy"})
    if (name.starts_with(prefix) && name.find_first_not_of("0123456789.", prefix.size()) == std::string::npos)
      return true;
  return false;
}

// Options may be bundled; those with a value take the rest of their word, or the next one.
PythonArguments parse(const std::vector<std::string>& words) {
  PythonArguments found;
  if (words.empty() || !is_python(words.front())) return found;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("-") || word == "-") {
      found.script = word == "-" ? "" : word;
      return found;
    }
    if (word == "--check-hash-based-pycs") ++i;
    if (word.starts_with("--")) continue;
    for (std::size_t at = 1; at < word.size(); ++at) {
      const char option = word[at];
      if (found.isolating.empty() && std::string_view("IES").find(option) != std::string_view::npos)
        found.isolating = std::string("-") + option;
      const bool ends = option == 'c' || option == 'm';
      if (!ends && option != 'W' && option != 'X') continue;
      const std::string value = at + 1 < word.size() ? word.substr(at + 1) : ++i < words.size() ? words[i] : "";
      if (option == 'm') found.script = value;
      if (ends) return found;
      break;
    }
  }
  return found;
}

}  // namespace

std::string isolating_flag(const std::vector<std::string>& words) { return parse(words).isolating; }

std::string python_script(const std::vector<std::string>& words) { return parse(words).script; }

}  // namespace headroom::cli
