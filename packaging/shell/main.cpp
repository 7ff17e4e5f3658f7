// headroom-shell-files FOLDER: writes completions and manual pages of headroom, laid out as under share/.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/application.h"
#include "cli/commands/commands.h"
#include "packaging/shell/interface.h"

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: headroom-shell-files FOLDER\n", stderr), 2;
  try {
    CLI::App app;
    headroom::cli::Chosen chosen;
    headroom::cli::describe(app, chosen, {});
    headroom::shell::write_files(headroom::shell::interface_of(app, headroom::cli::version()), argv[1]);
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "headroom-shell-files: %s\n", error.what()), 3;
  }
  return 0;
}
