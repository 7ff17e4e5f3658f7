#include "cli/help.h"

#include <CLI/CLI.hpp>

namespace headroom::cli {
namespace {

constexpr std::size_t kFlagColumns = 30;

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override {
    std::string usage = "\nUsage: " + name;
    if (!app->get_subcommands(nullptr).empty()) usage += " COMMAND";
    for (const CLI::Option* option : app->get_options())
      if (option->get_positional()) usage += positional(*option);
    if (app->get_name() == "check") return usage + " [FLAGS] [-- COMMAND [ARGUMENTS]]\n";
    if (app->get_name() == "run") return usage + " [FLAGS] -- COMMAND [ARGUMENTS]\n";
    return usage + (app->get_name() == "view" ? " [RECORDING...] [OPTIONS]\n" : " [FLAGS]\n");
  }

  static std::string positional(const CLI::Option& option) {
    const std::string name = option.get_name(true);
    const std::string text = name + (option.get_expected_max() > 1 ? "..." : "");
    const bool may_be_left_out = name == "NAME" || name == "BUDGETS" || name == "RUN";
    return may_be_left_out ? " [" + text + "]" : " " + text;
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_type_name().empty() || option->get_positional() ? "" : " " + option->get_type_name();
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> make_help_formatter() {
  auto formatter = std::make_shared<HelpFormatter>();
  formatter->column_width(kFlagColumns);
  formatter->label("Positionals", "What is named");
  formatter->label("Options", "Flags");
  return formatter;
}

std::string help_text(const CLI::App& app) {
  std::string text = app.help();
  for (std::size_t at; (at = text.find("\n\n\n")) != std::string::npos;) text.erase(at, 1);
  return text.ends_with('\n') ? text : text + "\n";
}

}  // namespace headroom::cli
