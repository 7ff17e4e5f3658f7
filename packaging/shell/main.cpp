// headroom-shell-files FOLDER: writes completions and manual pages, laid out as under share/.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "base/file.h"
#include "cli/application.h"
#include "cli/commands/commands.h"
#include "packaging/shell/interface.h"

namespace headroom::shell {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  write_file(path, text);
}

void write_all(const fs::path& folder) {
  CLI::App app;
  cli::Chosen chosen;
  cli::describe(app, chosen, {});
  const Interface interface = interface_of(app, cli::version());
  write(folder / "bash-completion/completions" / interface.program, bash_completion(interface));
  write(folder / "zsh/site-functions" / ("_" + interface.program), zsh_completion(interface));
  write(folder / "fish/vendor_completions.d" / (interface.program + ".fish"), fish_completion(interface));
  write(folder / "man/man1" / (interface.program + ".1"), manual_page(interface, interface.self));
  for (const auto& command : interface.commands)
    write(folder / "man/man1" / fmt::format("{}-{}.1", interface.program, command.name),
          manual_page(interface, command));
}

}  // namespace
}  // namespace headroom::shell

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: headroom-shell-files FOLDER\n", stderr), 2;
  try {
    headroom::shell::write_all(argv[1]);
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "headroom-shell-files: %s\n", error.what()), 3;
  }
  return 0;
}
