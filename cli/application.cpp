#include "cli/application.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <new>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/help.h"
#include "cli/interrupts.h"
#include "cli/parse_errors.h"
#include "cli/terminal.h"
#include "cli/versions.h"

namespace headroom::cli {
namespace {

constexpr const char* kDescription =
    "Headroom: how much memory a transformer takes, where every byte goes, and which attention mechanism would take "
    "less.";

constexpr const char* kFooter = R"(
Examples:
  headroom compare bert-base --attention mha,mqa,mhe-add,mhe-mul --batch 8
  headroom profile llama-7b --batch 1 --seq 2048 --dtype bf16 --device virtual:a100-40gb
  headroom fit llama-7b --solve batch --seq 2048 --dtype bf16 --device all
  headroom run --device virtual:a100-40gb -- python train.py
  headroom compare examples/gpt2/config.json --out results --format json,html
  headroom sweep examples/sweep.toml --out results
  headroom check budgets.toml
  headroom report results/mha.headroom results/mqa.headroom
  headroom diff before.headroom after.headroom --threshold 5%
  headroom fragmentation results/mha.headroom
  headroom reproduce mhe --out mhe
  headroom view results/mha.headroom
  headroom list attention

Exit codes: 0 done; 1 over budget (check) or different (diff); 2 bad usage or bad input; 3 could not measure (out of
memory, no device, a worker died) or could not write; run: the program's own. headroom COMMAND --help explains a
command.)";

// Cuts the program's own words off, which are none of ours to parse.
std::vector<std::string> take_command_words(int& argc, char** argv) {
  const std::string_view command = argc < 2 ? "" : argv[1];
  if (command != "run" && command != "check") return {};
  char** const end = argv + argc;
  char** const dashes = std::find_if(argv + 2, end, [](const char* word) { return std::string_view(word) == "--"; });
  argc = static_cast<int>(dashes - argv);
  return dashes == end ? std::vector<std::string>() : std::vector<std::string>(dashes + 1, end);
}

std::vector<std::string_view> command_names(const CLI::App& app) {
  std::vector<std::string_view> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  return names;
}

int parse_and_run(int argc, char** argv) {
  const std::vector<std::string> command_words = take_command_words(argc, argv);
  CLI::App app;
  Chosen chosen;
  describe(app, chosen, command_words);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    write_stdout(help_text(app));
    return 0;
  } catch (const CLI::CallForVersion& text) {
    write_stdout(fmt::format("{}\n", text.what()));
    return 0;
  } catch (const CLI::ParseError& error) {
    throw explain_parse_error(app, error);
  }
  require_values(app);
  if (!chosen)
    throw bad_input(
        fmt::format("expected a command: {} (headroom --help explains them)", alternatives(command_names(app))));
  return chosen();
}

}  // namespace

std::string_view version() { return HEADROOM_VERSION; }

void describe(CLI::App& app, Chosen& chosen, const std::vector<std::string>& command_words) {
  app.name("headroom");
  app.description(kDescription);
  app.footer(kFooter);
  app.set_help_flag("--help,-h", "Explain and exit")->group("Help");
  app.set_version_flag("--version", versions_text, "Print the versions of all parts and exit")->group("Help");
  app.require_subcommand(0, 1);
  app.formatter(make_help_formatter());
  add_commands(app, chosen, command_words);
  for (CLI::App* command : app.get_subcommands(nullptr)) {
    command->group("Commands");
    command->get_help_ptr()->group("Help");
  }
}

int run(int argc, char** argv) {
  prepare_standard_streams();
  try {
    return parse_and_run(argc, argv);
  } catch (const Interrupted& interrupted) {
    end_by_signal(interrupted.signal);
  } catch (const Error& error) {
    complain(error.what());
    return static_cast<int>(error.code());
  } catch (const std::filesystem::filesystem_error& error) {
    complain(fmt::format("'{}': {}", error.path1().string(), error.code().message()));
  } catch (const std::bad_alloc&) {
    complain("host memory ran out");
  } catch (const std::exception& error) {
    complain(fmt::format("unexpected failure: {}", error.what()));
  }
  return static_cast<int>(ExitCode::could_not_measure);
}

}  // namespace headroom::cli
