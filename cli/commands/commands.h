// The commands: each in its own file with its options, its set-up and its run.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace headroom::cli {

// What the command line asked for, to be called once it is parsed. Returns the exit code; throws Error and Interrupted.
using Chosen = std::function<int()>;

void add_compare(CLI::App& app, Chosen& chosen);
void add_profile(CLI::App& app, Chosen& chosen);
void add_fit(CLI::App& app, Chosen& chosen);
void add_run(CLI::App& app, Chosen& chosen, const std::vector<std::string>& command_words);
void add_sweep(CLI::App& app, Chosen& chosen);
void add_merge(CLI::App& app, Chosen& chosen);
void add_check(CLI::App& app, Chosen& chosen, const std::vector<std::string>& command_words);
void add_report(CLI::App& app, Chosen& chosen);
void add_diff(CLI::App& app, Chosen& chosen);
void add_fragmentation(CLI::App& app, Chosen& chosen);
void add_reproduce(CLI::App& app, Chosen& chosen);
void add_view(CLI::App& app, Chosen& chosen);
void add_list(CLI::App& app, Chosen& chosen);

// In the order of --help. `command_words`: what follows "--", of the commands that take a program.
inline void add_commands(CLI::App& app, Chosen& chosen, const std::vector<std::string>& command_words) {
  add_compare(app, chosen);
  add_profile(app, chosen);
  add_fit(app, chosen);
  add_run(app, chosen, command_words);
  add_sweep(app, chosen);
  add_merge(app, chosen);
  add_check(app, chosen, command_words);
  add_report(app, chosen);
  add_diff(app, chosen);
  add_fragmentation(app, chosen);
  add_reproduce(app, chosen);
  add_view(app, chosen);
  add_list(app, chosen);
}

}  // namespace headroom::cli
