// The command line from its arguments to its exit code: parses, runs the command, and is the one place that catches.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/commands/commands.h"

namespace headroom::cli {

std::string_view version();

// Everything that can be typed, with its help. `command_words`: what follows "--".
void describe(CLI::App& app, Chosen& chosen, const std::vector<std::string>& command_words);

// Exit codes: 0 done, 2 bad usage or bad input, 3 could not measure or could not write. A run stopped by SIGINT,
// SIGTERM or SIGHUP tidies up and then ends by that very signal, which shells show as 130, 143 and 129.
int run(int argc, char** argv);

}  // namespace headroom::cli
