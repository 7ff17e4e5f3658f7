// Completion for bash, with nothing but bash: no package of helpers.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "packaging/shell/interface.h"

namespace headroom::shell {
namespace {

constexpr const char* kHead = R"(# bash completion for {0} {1}, made from the program's own description of itself.

# What begins as $current does; $1: a separator of lists, or nothing. What is chosen already is not offered again.
_{0}_choose() {{
  local separator=$1 head= tail=$current name
  shift
  if [[ -n $separator ]]; then
    tail=${{current##*"$separator"}}
    head=${{current%"$tail"}}
    compopt -o nospace
  fi
  for name; do
    [[ -n $separator && $separator$head == *"$separator$name$separator"* ]] && continue
    [[ $name == "$tail"* ]] && COMPREPLY+=("$head$name")
  done
}}

# Files whose names end as $1 says, a regular expression, and folders.
_{0}_files() {{
  local path
  compopt -o filenames
  while IFS= read -r path; do
    [[ -d $path || $path =~ $1 ]] && COMPREPLY+=("$path")
  done < <(compgen -f -- "$current")
}}

_{0}() {{
  local line=${{COMP_LINE:0:COMP_POINT}} words current previous command= flags= i
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current=${{words[-1]}} previous=${{words[-2]-}}
  COMPREPLY=()
  for ((i = 1; i < ${{#words[@]}} - 1; ++i)); do
    [[ ${{words[i]}} == -- ]] && {{ _{0}_program "$i"; return; }}
    [[ -z $command && " {2} " == *" ${{words[i]}} "* ]] && command=${{words[i]}}
  done
  if [[ $current == --*=* ]]; then
    previous=${{current%%=*}} current=${{current#*=}}
  fi
  _{0}_value || _{0}_argument
  # Bash replaces what stands after the last of its own word breaks.
  local cut= character
  for character in : =; do
    [[ $COMP_WORDBREAKS == *"$character"* && $current == *"$character"* && ${{#current}} -gt ${{#cut}} ]] &&
      cut=${{current%"${{current##*"$character"}}"}}
  done
  for i in "${{!COMPREPLY[@]}}"; do COMPREPLY[i]=${{COMPREPLY[i]#"$cut"}}; done
}}

# The words after --, the first of which stands at $1 + 1: a program, and what it takes.
_{0}_program() {{
  if (($1 + 2 == ${{#words[@]}})); then
    mapfile -t COMPREPLY < <(compgen -c -- "$current")
  fi
  _{0}_files .
}}
)";

constexpr const char* kTail = R"(
complete -F _{0} {0}
)";

std::string action(const Argument& argument) {
  switch (argument.values) {
    case Values::files:
      return "_{0}_files .";
    case Values::folders:
      return "_{0}_files '/$'";
    case Values::recordings:
      return "_{0}_files '\\.(headroom|pickle)$'";
    case Values::models:
      return fmt::format("_{{0}}_choose '' {}; _{{0}}_files '\\.json$'", fmt::join(argument.choices, " "));
    case Values::choices:
      return fmt::format("_{{0}}_choose '{}' {}", argument.is_list ? "," : "", fmt::join(argument.choices, " "));
    case Values::nothing:
      return ":";
  }
  return ":";
}

// Of a flag before the word: what may be its value.
std::string value_cases(const Command& command) {
  std::string cases;
  for (const auto& flag : command.flags)
    for (const auto& name : flag.names)
      if (!flag.placeholder.empty()) cases += fmt::format("    '{} {}') {} ;;\n", command.name, name, action(flag));
  return cases;
}

std::string all_flags(const Command& command) {
  std::string names;
  for (const auto& flag : command.flags)
    for (const auto& name : flag.names) names += " " + name;
  return names;
}

std::string argument_case(const Command& command, const std::string& commands = "") {
  std::string actions = fmt::format("flags='{}'", all_flags(command).substr(1));
  if (!commands.empty()) actions += "; _{0}_choose ''" + commands;
  if (command.ends_with_command) actions += "; flags+=' --'";
  if (command.takes_files) actions += "; [[ $current == -* ]] || _{0}_files '\\.(headroom|headroom-session|pickle)$'";
  for (const auto& argument : command.positionals) actions += "; [[ $current == -* ]] || { " + action(argument) + "; }";
  return fmt::format("    '{}') {} ;;\n", command.name, actions);
}

std::string command_names(const Interface& interface) {
  std::string names;
  for (const auto& command : interface.commands) names += " " + command.name;
  return names;
}

void fill_in(std::string& text, const std::string& program) {
  for (std::size_t at; (at = text.find("{0}")) != std::string::npos;) text.replace(at, 3, program);
}

}  // namespace

std::string bash_completion(const Interface& interface) {
  std::string values = value_cases(interface.self), arguments;
  for (const auto& command : interface.commands) values += value_cases(command), arguments += argument_case(command);
  arguments += argument_case(interface.self, command_names(interface));
  std::string body = "\n_{0}_value() {\n  case \"$command $previous\" in\n" + values +
                     "    *) return 1 ;;\n  esac\n  return 0\n}\n\n_{0}_argument() {\n  case $command in\n" +
                     arguments + "  esac\n  [[ $current == -* ]] && _{0}_choose '' $flags\n}\n";
  fill_in(body, interface.program);
  return fmt::format(kHead, interface.program, interface.version,
                     command_names(interface).empty() ? std::string() : command_names(interface).substr(1)) +
         body + fmt::format(kTail, interface.program);
}

}  // namespace headroom::shell
