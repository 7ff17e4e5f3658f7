// headroom-shell-files FOLDER: writes completions and manual pages of headroom, laid out as under share/.
// headroom-shell-files --reference FOLDER: writes pages of docs/reference.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string_view>

#include "cli/application.h"
#include "cli/commands/commands.h"
#include "packaging/shell/reference.h"

int main(int argc, char** argv) {
  const bool reference = argc == 3 && std::string_view(argv[1]) == "--reference";
  if (argc != 2 && !reference) return std::fputs("usage: headroom-shell-files [--reference] FOLDER\n", stderr), 2;
  try {
    CLI::App app;
    headroom::cli::Chosen chosen;
    headroom::cli::describe(app, chosen, {});
    const auto interface = headroom::shell::interface_of(app, headroom::cli::version());
    reference ? headroom::shell::write_reference(interface, argv[2]) : headroom::shell::write_files(interface, argv[1]);
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "headroom-shell-files: %s\n", error.what()), 3;
  }
  return 0;
}
