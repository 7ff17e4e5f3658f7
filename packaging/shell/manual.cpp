// Manual pages in roff, with the macros of man(7).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "packaging/shell/interface.h"
#include "packaging/shell/variables.h"

namespace headroom::shell {
namespace {

using Lines = std::vector<std::string>;

// One character of UTF-8 that begins at `at`, which is moved behind it.
unsigned next_character(const std::string& text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(at++);
  unsigned code = first < 0x80 ? first : first < 0xe0 ? first & 0x1f : first < 0xf0 ? first & 0x0f : first & 0x07;
  while (first >= 0x80 && at < text.size() && (byte(at) & 0xc0) == 0x80) code = code << 6 | (byte(at++) & 0x3f);
  return code;
}

std::string roff(const std::string& text) {
  std::string out = !text.empty() && (text.front() == '.' || text.front() == '\'') ? "\\&" : "";
  for (std::size_t at = 0; at < text.size();) {
    const unsigned code = next_character(text, at);
    if (code >= 0x80)
      out += fmt::format("\\[u{:04X}]", code);
    else if (code == '\\')
      out += "\\e";
    else
      out += code == '-' ? std::string("\\-") : std::string(1, static_cast<char>(code));
  }
  return out;
}

// In lines that are short to read in the source, too; the reader's terminal fills its own.
std::string filled(const std::string& text) {
  constexpr std::size_t kColumns = 78;
  std::string out, line;
  std::istringstream words(text);
  for (std::string word; words >> word; line += (line.empty() ? "" : " ") + word)
    if (!line.empty() && line.size() + 1 + word.size() > kColumns) out += roff(line) + "\n", line.clear();
  return out + roff(line) + "\n";
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string page_name(const Interface& interface, const Command& command) {
  return command.name.empty() ? interface.program : interface.program + "-" + command.name;
}

std::string entry(const std::string& term, const std::string& text) { return ".TP\n" + term + "\n" + filled(text); }

std::string term_of(const Argument& argument, bool positional) {
  if (positional) return "\\fI" + roff(argument.placeholder) + "\\fR";
  std::string term;
  for (const auto& name : argument.names) term += (term.empty() ? "\\fB" : ", \\fB") + roff(name) + "\\fR";
  return argument.placeholder.empty() ? term : term + " \\fI" + roff(argument.placeholder) + "\\fR";
}

// By group, in the order in which groups appear.
std::string options_of(const Command& command) {
  std::string text;
  Lines groups;
  for (const auto& flag : command.flags)
    if (std::ranges::find(groups, flag.group) == groups.end()) groups.push_back(flag.group);
  if (!command.positionals.empty()) text += ".SS What is named\n";
  for (const auto& argument : command.positionals) text += entry(term_of(argument, true), argument.text);
  for (const auto& group : groups) {
    text += ".SS " + roff(group == "Options" ? "Flags" : group) + "\n";
    for (const auto& flag : command.flags)
      if (flag.group == group) text += entry(term_of(flag, false), flag.text);
  }
  return text.empty() ? "" : ".SH OPTIONS\n" + text;
}

// Paragraphs of the text under --help, the examples apart.
struct Footer {
  std::string description, examples, exit_codes;
};

std::vector<Lines> paragraphs_of(const Lines& lines) {
  std::vector<Lines> out{{}};
  for (const auto& line : lines) {
    if (line.empty())
      out.emplace_back();
    else
      out.back().push_back(line);
  }
  return out;
}

Footer footer_of(const Command& command) {
  constexpr std::string_view kExit = "Exit codes: ";
  Footer out;
  for (const auto& lines : paragraphs_of(command.footer)) {
    const std::string text = fmt::format("{}", fmt::join(lines, " "));
    if (lines.empty()) continue;
    if (lines.front() == "Examples:")
      for (std::size_t i = 1; i < lines.size(); ++i)
        out.examples += roff(lines[i].substr(lines[i].find_first_not_of(' '))) + "\n";
    else if (text.starts_with(kExit))
      out.exit_codes += filled(text.substr(kExit.size()));
    else
      out.description += (out.description.empty() ? "" : ".PP\n") + filled(text);
  }
  return out;
}

// "headroom - how much …": what whatis(1) shows.
std::string purpose(const Command& command) {
  const auto colon = command.name.empty() ? command.text.find(": ") : std::string::npos;  // of "Headroom: how much …"
  std::string text = colon == std::string::npos ? command.text : command.text.substr(colon + 2);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string commands_of(const Interface& interface) {
  std::string text = ".SH COMMANDS\n";
  for (const auto& command : interface.commands)
    text += entry("\\fB" + roff(page_name(interface, command)) + "\\fR(1)", command.text);
  return text;
}

std::string environment() {
  std::string text = ".SH ENVIRONMENT\n";
  std::string_view group;
  for (const auto& variable : kVariables) {
    if (variable.group != group) text += fmt::format(".SS {}\n", roff(std::string(variable.group)));
    group = variable.group;
    const std::string fallback = variable.fallback.empty() ? "" : fmt::format(" Default: {}.", variable.fallback);
    text += entry(fmt::format("\\fB{}\\fR", variable.name), std::string(variable.meaning) + fallback);
  }
  return text;
}

std::string see_also(const Interface& interface, const Command& self) {
  Lines pages;
  if (!self.name.empty()) pages.push_back(interface.program);
  if (interface.commands.empty()) pages.push_back("headroom");
  for (const auto& command : interface.commands)
    if (command.name != self.name) pages.push_back(page_name(interface, command));
  std::string text = ".SH SEE ALSO\n";
  for (std::size_t i = 0; i < pages.size(); ++i)
    text += fmt::format(".BR {} (1){}\n", roff(pages[i]), i + 1 < pages.size() ? "," : "");
  return text;
}

}  // namespace

std::string manual_page(const Interface& interface, const Command& command) {
  const std::string name = page_name(interface, command);
  const Footer footer = footer_of(command);
  std::string text = fmt::format(".TH {} 1 \"\" \"{} {}\" \"User commands\"\n.SH NAME\n{} \\- {}\n", roff(upper(name)),
                                 interface.program, interface.version, roff(name), roff(purpose(command)));
  text += ".SH SYNOPSIS\n.B " + roff(command.usage) + "\n";
  text += ".SH DESCRIPTION\n" + (footer.description.empty() ? filled(command.text) : footer.description);
  if (!interface.commands.empty() && command.name.empty()) text += commands_of(interface);
  text += options_of(command);
  if (!footer.examples.empty()) text += ".SH EXAMPLES\n.nf\n" + footer.examples + ".fi\n";
  text += ".SH EXIT STATUS\n" + (footer.exit_codes.empty() ? ".BR headroom (1)\nhas the list.\n" : footer.exit_codes);
  if (!interface.commands.empty() && command.name.empty()) text += environment();
  return text + see_also(interface, command);
}

}  // namespace headroom::shell
