#include "cli/commands/check_init.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <optional>

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/budget_init.h"
#include "cli/terminal.h"

namespace headroom::cli {
namespace {

constexpr const char* kGroup = "With --init: ";
constexpr double kMostPercent = 1000;

// "--batch" -> "batch"; empty for what is not of --init.
std::string key_of(const CLI::Option& option) {
  return option.get_group().starts_with(kGroup) ? option.get_lnames().front() : "";
}

bool is_number(const std::string& text) {
  constexpr std::size_t kMostDigits = 18;
  if (text == "0") return true;
  return !text.empty() && text.size() <= kMostDigits && text.front() != '0' &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

std::string toml_of(const CLI::Option& option) {
  const std::vector<std::string>& typed = option.results();
  if (option.get_expected_max() == 0) return "true";
  if (key_of(option) == "value") return toml_list(typed);
  return is_number(typed.front()) ? typed.front() : toml_text(typed.front());
}

// In the order of --help.
std::vector<TomlLine> settings_of(const CLI::App& command) {
  std::vector<TomlLine> settings;
  for (const CLI::Option* option : command.get_options())
    if (const std::string key = key_of(*option); !key.empty() && key != "margin" && option->count() > 0)
      settings.emplace_back(key, toml_of(*option));
  return settings;
}

Growth margin_of(const std::string& text) {
  if (text.empty()) return kProposedMargin;
  const bool is_share = text.ends_with('%'), has_unit = text.ends_with('B');  // a bare 5 might mean either
  if (has_unit) return {parse_size("--margin", text), false};
  const double percent = is_share ? parse_number("--margin", text.substr(0, text.size() - 1)) : -1;
  if (!(percent >= 0 && percent <= kMostPercent))
    throw bad_input(
        fmt::format("--margin is '{}', expected a share such as 5%, up to 1000%, or a size such as 200MiB", text));
  return {static_cast<std::int64_t>(percent * (kWhole / 100) + 0.5), true};
}

}  // namespace

void add_init_flags(CLI::App& command, InitFlags& flags) {
  command
      .add_flag("--init", flags.wanted,
                "Measure the models, recordings or the command that are named, and\nwrite a budget file with limits "
                "that hold today, and its baselines;\nnever over an old one")
      ->group("What is checked");
  const auto before = command.get_options();
  add_settings_flags(command, flags.run, "NAME", "A mechanism (headroom list attention)\n(default: the model's own)");
  command.remove_option(command.get_option("--address-orders"));
  add_program_flags(command, flags.program);
  command.get_option("--device")
      ->description("cpu, cuda, cuda:N or virtual:NAME (headroom list devices)\n(default: virtual:h100-80gb)");
  for (CLI::Option* option : command.get_options()) {
    if (std::ranges::find(before, option) != before.end()) continue;
    std::string group = option->get_group();
    group.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(group.front())));
    option->group(kGroup + group);
  }
  command
      .add_option("--margin", flags.margin,
                  "How far above what was measured the limits of the peaks are, 10%\nor 200MiB (default: 5%)")
      ->type_name("MARGIN")
      ->group(std::string(kGroup) + "what is allowed");
}

void require_init(const CLI::App& command, const std::vector<std::string>& program) {
  if (!program.empty())
    throw bad_input(
        "-- and a command are of headroom check --init; of a budget file the key is command = [\"python\", …]");
  for (const CLI::Option* option : command.get_options()) {
    const std::string key = key_of(*option);
    if (key.empty() || option->count() == 0) continue;
    throw bad_input(key == "margin"
                        ? std::string("--margin is of headroom check --init")
                        : fmt::format("--{0} is of headroom check --init; of a budget file the key is {0}", key));
  }
}

int run_init(const CLI::App& command, const InitFlags& flags, const std::vector<std::string>& words,
             const std::vector<std::string>& program, const BudgetRunOptions& how, const OutputPlan& look) {
  InitRequest request{"budgets.toml", {}, program, settings_of(command), margin_of(flags.margin)};
  std::optional<std::string> file;
  for (const std::string& word : words) {
    if (!word.ends_with(".toml")) {
      request.runs.push_back(word);
      continue;
    }
    if (file) throw bad_input(fmt::format("--init writes one file, not '{}' and '{}'", *file, word));
    file = word;
  }
  if (file) request.file = *file;
  write_stdout(write_init_terminal(init_budgets(request, how), look_of(look, STDOUT_FILENO)));
  return static_cast<int>(ExitCode::done);
}

}  // namespace headroom::cli
