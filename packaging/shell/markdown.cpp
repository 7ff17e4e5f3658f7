// Pages of docs/reference.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <regex>
#include <sstream>

#include "base/file.h"
#include "packaging/shell/reference.h"
#include "packaging/shell/variables.h"
#include "reports/categories.h"
#include "reports/glossary.h"

namespace headroom::shell {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMade = "<!-- Made by scripts/reference; changes belong into what it is made from. -->\n";

// Text for a cell or a paragraph: flags and variables as code, nothing else taken for a mark.
std::string prose(const std::string& text) {
  static const std::regex code("--[a-z][a-z-]*[a-z]|[A-Z][A-Z0-9]*_[A-Z0-9_]+|PYTORCH_[A-Z_]+");
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("|*<\\").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return std::regex_replace(escaped, code, "`$&`");
}

std::string code(std::string_view text) { return fmt::format("`{}`", text); }

std::string names_of(const Argument& flag) {
  std::vector<std::string> names;
  for (const auto& name : flag.names) names.push_back(code(name));
  if (!flag.placeholder.empty()) names.back() = code(flag.names.back() + " " + flag.placeholder);
  return fmt::format("{}", fmt::join(names, ", "));
}

bool same(const Argument& a, const Argument& b) {
  return a.names == b.names && a.placeholder == b.placeholder && a.text == b.text && a.group == b.group;
}

std::string title_of(const std::string& group) { return group == "Options" ? "Flags" : group; }

struct Shared {
  Argument flag;
  std::vector<std::string> commands;
};

bool is_help(const Argument& flag) { return flag.group == "Help"; }

// Flags that more than one command has, word for word, in the order in which they first appear.
std::vector<Shared> shared_flags(const Interface& interface) {
  std::vector<Shared> all;
  for (const auto& command : interface.commands)
    for (const auto& flag : command.flags) {
      if (is_help(flag)) continue;
      const auto known = std::ranges::find_if(all, [&](const Shared& one) { return same(one.flag, flag); });
      (known == all.end() ? *all.insert(all.end(), {flag, {}}) : *known).commands.push_back(command.name);
    }
  std::erase_if(all, [](const Shared& one) { return one.commands.size() < 2; });
  return all;
}

bool is_shared(const std::vector<Shared>& shared, const Argument& flag) {
  return std::ranges::any_of(shared, [&](const Shared& one) { return same(one.flag, flag); });
}

std::vector<std::string> groups_of(const std::vector<Argument>& flags) {
  std::vector<std::string> groups;
  for (const auto& flag : flags)
    if (std::ranges::find(groups, flag.group) == groups.end()) groups.push_back(flag.group);
  return groups;
}

std::string flag_row(const Argument& flag, const std::string& last) {
  const Meaning meaning = meaning_of(flag.text);
  return fmt::format("| {} | {} | {} |{}\n", names_of(flag), prose(meaning.fallback), prose(meaning.text), last);
}

std::string flag_tables(const std::vector<Argument>& flags, const std::string& heading) {
  std::string text;
  for (const auto& group : groups_of(flags)) {
    text += fmt::format("{}\n| flag | default | meaning |\n|---|---|---|\n",
                        fmt::format(fmt::runtime(heading), title_of(group)));
    for (const auto& flag : flags)
      if (flag.group == group) text += flag_row(flag, "");
    text += "\n";
  }
  return text;
}

std::string shared_chapter(const std::vector<Shared>& shared) {
  std::vector<Argument> flags;
  for (const auto& one : shared) flags.push_back(one.flag);
  std::string text = "## Flags of several commands\n\n";
  for (const auto& group : groups_of(flags)) {
    text += fmt::format("### {}\n\n| flag | default | meaning | commands |\n|---|---|---|---|\n", title_of(group));
    for (const auto& one : shared)
      if (one.flag.group == group) text += flag_row(one.flag, fmt::format(" {} |", fmt::join(one.commands, ", ")));
    text += "\n";
  }
  return text;
}

// Paragraphs of the text under --help; its examples as a block.
std::string footer_of(const Command& command) {
  std::string text, paragraph, block;
  const auto end = [&] {
    if (!paragraph.empty()) text += prose(paragraph) + "\n\n";
    if (!block.empty()) text += "```text\n" + block + "```\n\n";
    paragraph.clear(), block.clear();
  };
  for (const auto& line : command.footer) {
    if (line.empty())
      end();
    else if (line.starts_with("  "))
      block += line.substr(2) + "\n";
    else
      paragraph += (paragraph.empty() ? "" : " ") + line;
  }
  return end(), text;
}

std::string positionals_of(const Command& command) {
  if (command.positionals.empty()) return "";
  std::string text = "| what is named | meaning |\n|---|---|\n";
  for (const auto& argument : command.positionals)
    text += fmt::format("| {} | {} |\n", code(argument.placeholder), prose(argument.text));
  return text + "\n";
}

std::string chapter(const Interface& interface, const Command& command, const std::vector<Shared>& shared) {
  std::vector<Argument> own;
  std::vector<std::string> others;
  for (const auto& flag : command.flags)
    if (!is_help(flag)) is_shared(shared, flag) ? others.push_back(code(flag.names.front())) : own.push_back(flag);
  std::string text = fmt::format("## {} {}\n\n{}.\n\n```text\n{}\n```\n\n", interface.program, command.name,
                                 prose(command.text), command.usage);
  text += positionals_of(command) + flag_tables(own, "**{}**\n");
  if (!others.empty())
    text += fmt::format("And of the [flags of several commands](#flags-of-several-commands): {}.\n\n",
                        fmt::join(others, ", "));
  return text + footer_of(command);
}

// Rows of a table whose lines have a group each: a heading and a table for each group.
template <class Rows, class Write>
std::string grouped(const Rows& rows, const std::string& head, Write write) {
  std::string text;
  std::string_view group;
  for (const auto& row : rows) {
    if (row.group != group) text += fmt::format("\n## {}\n\n{}", row.group, head);
    group = row.group;
    text += write(row);
  }
  return text;
}

std::string category_rows() {
  std::string text =
      "\n## Categories\n\nEvery byte has exactly one. [More](../report.md#categories)\n\n"
      "| word | in JSON | meaning |\n|---|---|---|\n";
  for (const auto& style : kCategoryStyles)
    text += fmt::format("| **{}** | {} | {} |\n", style.title, code(to_name(kCategoryNames, style.category)),
                        prose(std::string(style.meaning)));
  return text;
}

}  // namespace

Meaning meaning_of(const std::string& text) {
  static const std::regex alone("\\s*\\(default: ([^()]*)\\)"), behind("\\s*; default: ([^()]*)\\)");
  std::smatch found;
  if (std::regex_search(text, found, alone)) return {found.prefix().str() + found.suffix().str(), found[1]};
  if (std::regex_search(text, found, behind)) return {found.prefix().str() + ")" + found.suffix().str(), found[1]};
  return {text, ""};
}

std::string command_reference(const Interface& interface) {
  const auto shared = shared_flags(interface);
  std::string text = fmt::format("{}# {}\n\n", kMade, interface.program);
  text += prose(interface.self.text) + "\n\n```text\n" + interface.self.usage + "\n```\n\n";
  if (interface.commands.empty())
    return text + positionals_of(interface.self) + flag_tables(interface.self.flags, "## {}\n") +
           footer_of(interface.self);
  text += "| command | what for |\n|---|---|\n";
  for (const auto& command : interface.commands)
    text += fmt::format("| [{0}](#{1}-{0}) | {2} |\n", command.name, interface.program, prose(command.text));
  text +=
      "\nExplanation and examples are in [cli.md](../cli.md); [exit codes](exit-codes.md) and [variables of the "
      "environment](environment.md) have pages of their own. Every command takes `--help`.\n\n";
  text += flag_tables(interface.self.flags, "**{}**\n");
  for (const auto& command : interface.commands) text += chapter(interface, command, shared);
  return text + shared_chapter(shared);
}

std::string environment_reference() {
  const std::string head = "| variable | where it is not set | meaning |\n|---|---|---|\n";
  const auto row = [](const Variable& v) {
    return fmt::format("| {} | {} | {} |\n", code(v.name), prose(std::string(v.fallback)),
                       prose(std::string(v.meaning)));
  };
  return fmt::format("{}# Variables of the environment\n\nAll that a user may set. A flag overrides a variable.\n",
                     kMade) +
         grouped(kVariables, head, row) + grouped(kBuildVariables, head, row);
}

std::string exit_code_reference() {
  std::string text = fmt::format("{}# Exit codes\n\n| code | of | meaning |\n|---|---|---|\n", kMade);
  for (const auto& code : kExitCodes)
    text += fmt::format("| {} | {} | {} |\n", code.code,
                        code.command.empty() ? "every command" : "`" + std::string(code.command) + "`",
                        prose(std::string(code.meaning)));
  return text + "\nOf several that hold the largest is the one. Examples are in [cli.md](../cli.md#exit-codes).\n";
}

std::string glossary() {
  std::string text =
      fmt::format("{}# Glossary\n\nThe words of reports, tables and the viewer.\n{}", kMade, category_rows());
  return text + grouped(kGlossary, "| word | meaning |\n|---|---|\n", [](const Term& term) {
           const std::string more = term.page.empty() ? "" : fmt::format(" [More](../{})", term.page);
           return fmt::format("| **{}** | {}{} |\n", term.word, prose(std::string(term.meaning)), more);
         });
}

void write_reference(const Interface& interface, const fs::path& folder) {
  fs::create_directories(folder);
  if (interface.commands.empty()) return write_file(folder / (interface.program + ".md"), command_reference(interface));
  write_file(folder / "cli.md", command_reference(interface));
  write_file(folder / "environment.md", environment_reference());
  write_file(folder / "exit-codes.md", exit_code_reference());
  write_file(folder / "glossary.md", glossary());
}

}  // namespace headroom::shell
