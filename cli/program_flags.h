// The flags of a program that is run, beside those of its device: shared by the commands that run one.
#pragma once

#include <string>
#include <vector>

#include "recording/run_spec.h"

namespace CLI {
class App;
}  // namespace CLI

namespace headroom::cli {

// As typed; empty where the default holds.
struct ProgramFlags {
  std::vector<std::string> values;
  std::string ranks, rank;
  bool source_lines = false;
};

void add_program_flags(CLI::App& command, ProgramFlags& flags);

// Sets values, source_lines, ranks and rank of `spec`. Throws bad_input.
void read_program_flags(const ProgramFlags& flags, RunSpec& spec);

// "train.py:42=3": the value is what follows the last "=". Throws bad_input, calling it `what`.
StatedValue parse_stated_value(const std::string& what, const std::string& text);

}  // namespace headroom::cli
