// Completion for zsh, on its own _arguments.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "packaging/shell/interface.h"

namespace headroom::shell {
namespace {

std::string escaped(const std::string& text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string choices_of(const Argument& argument) {
  return escaped(fmt::format("{}", fmt::join(argument.choices, " ")), ":");
}

std::string action(const Argument& argument) {
  switch (argument.values) {
    case Values::files:
      return "_files";
    case Values::folders:
      return "_files -/";
    case Values::recordings:
      return "_files -g \"*.(headroom|pickle)\"";
    case Values::models:
      return "_{0}_models";
    case Values::choices:
      return argument.is_list ? fmt::format("_values -s , {} {}", argument.placeholder, choices_of(argument))
                              : fmt::format("({})", choices_of(argument));
    case Values::nothing:
      return " ";
  }
  return " ";
}

// '(-h --help)'{-h,--help}'[text]:MODE:(a b)'
std::string flag_spec(const Argument& flag) {
  std::string out = "'*'";
  if (flag.names.size() > 1)
    out += fmt::format("{{{}}}", fmt::join(flag.names, ","));
  else
    out += flag.names.front();
  if (!flag.placeholder.empty() && flag.names.size() == 1) out += "=";
  out += fmt::format("'[{}]", escaped(flag.text, "[]:\\"));
  if (!flag.placeholder.empty()) out += fmt::format(":{}:{}", flag.placeholder, action(flag));
  return out + "'";
}

std::string arguments_of(const Command& command) {
  std::string out = "_arguments -S";
  for (const auto& flag : command.flags) out += " \\\n        " + flag_spec(flag);
  for (const auto& argument : command.positionals)
    out += fmt::format(" \\\n        '*:{}:{}'", argument.placeholder, action(argument));
  if (command.ends_with_command)
    out += " \\\n        '(-)1:program: _command_names -e' \\\n        '*::arguments: _normal'";
  if (command.takes_files) out += " \\\n        '*:recording:_files -g \"*.(headroom|headroom-session|pickle)\"'";
  return out;
}

std::string models_of(const Interface& interface) {
  for (const auto& command : interface.commands)
    for (const auto& argument : command.positionals)
      if (argument.values == Values::models) return fmt::format("{}", fmt::join(argument.choices, " "));
  return {};
}

// Of a program without commands.
std::string plain_completion(const Interface& interface) {
  return fmt::format(
      "#compdef {0}\n# zsh completion for {0} {1}, made from the program's own description of itself.\n\n{2}\n",
      interface.program, interface.version, arguments_of(interface.self));
}

}  // namespace

std::string zsh_completion(const Interface& interface) {
  if (interface.commands.empty()) return plain_completion(interface);
  std::string described, cases, self;
  for (const auto& command : interface.commands) {
    described += fmt::format("\n        '{}:{}'", command.name, escaped(command.text, ":"));
    cases += fmt::format("        {}) {} ;;\n", command.name, arguments_of(command));
  }
  for (const auto& flag : interface.self.flags) self += "    " + flag_spec(flag) + " \\\n";
  std::string text = fmt::format(
      R"(#compdef {0}
# zsh completion for {0} {1}, made from the program's own description of itself.

_{0}_models() {{
  _alternative 'models:model:({2})' 'files:config.json:_files -g "*.json"'
}}

_{0}() {{
  local curcontext=$curcontext state line
  _arguments -C \
{3}    '1:command:->command' \
    '*:: :->arguments'
  case $state in
    command)
      local -a commands=({4}
      )
      _describe -t commands command commands ;;
    arguments)
      case $words[1] in
{5}      esac ;;
  esac
}}

_{0} "$@"
)",
      interface.program, interface.version, models_of(interface), self, described, cases);
  for (std::size_t at; (at = text.find("{0}")) != std::string::npos;) text.replace(at, 3, interface.program);
  return text;
}

}  // namespace headroom::shell
