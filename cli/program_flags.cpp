#include "cli/program_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "cli/arguments.h"

namespace headroom::cli {

void add_program_flags(CLI::App& command, ProgramFlags& flags) {
  const char* group = "What is run";
  const auto add = [&](const char* name, std::string& value, const char* type, const char* text) {
    command.add_option(name, value, text)->type_name(type)->group(group);
  };
  command
      .add_option("--value", flags.values,
                  "PLACE=VALUE: what a read of device memory shall give, since\nnothing computed it: train.py:42=3 or "
                  "aten::nonzero=1000;\nmay be repeated (default: 0 everywhere)")
      ->type_name("TEXT")
      ->allow_extra_args(false)
      ->group(group);
  command
      .add_flag("--source-lines", flags.source_lines,
                "Record the line of the program that asked for each block;\nslower")
      ->group(group);
  add("--ranks", flags.ranks, "N", "Let the one process stand for one of N ranks (default: no)");
  add("--rank", flags.rank, "R", "Which of them, from 0 (default: 0)");
}

StatedValue parse_stated_value(const std::string& what, const std::string& text) {
  const auto equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0)
    throw bad_input(fmt::format(
        "{} is '{}', expected PLACE=VALUE: a line, train.py:42=3, or an operator, aten::nonzero=1000", what, text));
  return {text.substr(0, equals), parse_number(what + " " + text.substr(0, equals), text.substr(equals + 1))};
}

void read_program_flags(const ProgramFlags& flags, RunSpec& spec) {
  for (const std::string& text : flags.values) spec.values.push_back(parse_stated_value("--value", text));
  spec.source_lines = flags.source_lines;
  if (!flags.ranks.empty()) spec.ranks = parse_integer("--ranks", flags.ranks, 1, kMaxRanks);
  if (flags.rank.empty()) return;
  if (spec.ranks == 0) throw bad_input("--rank needs --ranks N: which of how many processes this one stands for");
  spec.rank = parse_integer("--rank", flags.rank, 0, spec.ranks - 1);
}

}  // namespace headroom::cli
