// Completion for fish: one line for each command, flag and value.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "packaging/shell/interface.h"

namespace headroom::shell {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "'";
}

std::string choices_of(const Argument& argument) {
  const std::string names = fmt::format("{}", fmt::join(argument.choices, " "));
  return argument.is_list ? fmt::format("(__fish_complete_list , 'printf %s\\\\n {}')", names) : names;
}

std::string values_of(const Argument& argument) {
  switch (argument.values) {
    case Values::files:
    case Values::recordings:
      return " -r -F";
    case Values::folders:
      return " -x -a '(__fish_complete_directories)'";
    case Values::models:
    case Values::choices:
      return " -x -a " + quoted(choices_of(argument));
    case Values::nothing:
      return " -x";
  }
  return {};
}

std::string flag_line(const std::string& start, const Argument& flag) {
  std::string line = start;
  for (const auto& name : flag.names)
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  return line + (flag.placeholder.empty() ? "" : values_of(flag)) + " -d " + quoted(flag.text) + "\n";
}

std::string positional_lines(const std::string& start, const Argument& argument) {
  std::string lines;
  if (!argument.choices.empty())
    lines += start + " -a " + quoted(choices_of(argument)) + " -d " + argument.placeholder + "\n";
  if (argument.values != Values::choices) lines += start + " -F\n";
  return lines;
}

std::string lines_of(const Interface& interface, const Command& command) {
  const std::string start =
      fmt::format("complete -c {} -n '__fish_seen_subcommand_from {}'", interface.program, command.name);
  std::string lines = "\n";
  for (const auto& flag : command.flags) lines += flag_line(start, flag);
  for (const auto& argument : command.positionals) lines += positional_lines(start, argument);
  if (command.ends_with_command) lines += start + " -a '(__fish_complete_command)' -F\n";
  if (command.takes_files) lines += start + " -F\n";
  return lines;
}

}  // namespace

std::string fish_completion(const Interface& interface) {
  std::string text = fmt::format(
      "# fish completion for {0} {1}, made from the program's own description of itself.\ncomplete -c {0} -f\n",
      interface.program, interface.version);
  const std::string start =
      "complete -c " + interface.program + (interface.commands.empty() ? "" : " -n __fish_use_subcommand");
  for (const auto& flag : interface.self.flags) text += flag_line(start, flag);
  for (const auto& argument : interface.self.positionals) text += positional_lines(start, argument);
  for (const auto& command : interface.commands)
    text += fmt::format("{} -a {} -d {}\n", start, command.name, quoted(command.text));
  for (const auto& command : interface.commands) text += lines_of(interface, command);
  return text;
}

}  // namespace headroom::shell
