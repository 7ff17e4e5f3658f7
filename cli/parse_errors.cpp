#include "cli/parse_errors.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "base/names.h"

namespace headroom::cli {
namespace {

std::string with_suggestion(const std::string& message, const std::string& nearest, const std::string& otherwise) {
  return nearest.empty() ? fmt::format("{}; {}", message, otherwise)
                         : fmt::format("{}; did you mean '{}'?", message, nearest);
}

std::string unknown_command(const CLI::App& app, const std::string& name) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  return unknown_name_message("command", name, {names.begin(), names.end()}) + "; headroom --help explains them";
}

std::string unknown_flag(const CLI::App& command, const std::string& flag) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  return with_suggestion(
      fmt::format("unknown flag '{}'", flag), nearest_name(flag, {names.begin(), names.end()}),
      (command.get_parent() ? "headroom " + command.get_name() : "headroom") + " --help lists the flags");
}

std::string unexpected(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  const auto extras = app.remaining(true);
  const std::string first = extras.empty() ? "" : extras.front();
  if (first.starts_with("-") && first != "-" && first != "--")
    return unknown_flag(chosen.empty() ? app : *chosen.front(), first.substr(0, first.find('=')));
  if (chosen.empty()) return unknown_command(app, first);
  if (chosen.front()->get_name() == "run")
    return fmt::format("expected -- before the command: headroom run -- {}", fmt::join(extras, " "));
  return fmt::format("unexpected argument '{}' after the others of {}", first, chosen.front()->get_name());
}

// "--batch: 1 required N missing", "--batch: At Most 1 required but received 2".
std::string mismatch(const std::string& text) {
  const std::string flag = text.substr(0, text.find(':'));
  if (text.ends_with("missing")) return flag + " expects a value";
  if (text.find("received") != std::string::npos) return flag + " is given more than once";
  return text;
}

bool has_empty_value(const CLI::Option& option) {
  const auto& values = option.results();
  return std::find(values.begin(), values.end(), "") != values.end();
}

}  // namespace

Error explain_parse_error(const CLI::App& app, const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error)) return bad_input(unexpected(app));
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) return bad_input(mismatch(error.what()));
  return bad_input(error.what());
}

void require_values(const CLI::App& app) {
  for (const CLI::App* command : app.get_subcommands())
    for (const CLI::Option* option : command->get_options())
      if (has_empty_value(*option)) throw bad_input(option->get_name() + " expects a value");
}

}  // namespace headroom::cli
