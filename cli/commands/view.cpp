#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/child_process.h"
#include "cli/commands/commands.h"
#include "cli/environment.h"
#include "cli/installed.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kViewer = "headroom-viewer";

fs::path find_viewer() {
  if (const auto viewer = viewer_path()) return *viewer;
  throw could_not_measure(
      fmt::format("{} is neither in {} nor in PATH: the package headroom-viewer has it, and it is built where Qt 6 is "
                  "(scripts/setup, then cmake --workflow "
                  "--preset release, with HEADROOM_GUI on)",
                  kViewer, own_folder().string()));
}

// Becomes the viewer.
int run_view(const std::vector<std::string>& arguments) {
  const fs::path viewer = find_viewer();
  std::vector<std::string> words{viewer.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  execv(viewer.c_str(), pointers(words).data());
  throw could_not_measure(fmt::format("{} could not be started: {}", viewer.string(), std::strerror(errno)));
}

}  // namespace

void add_view(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("view", "Recordings in a window, to look into and to compare");
  command->prefix_command();
  command->footer(R"(
Starts headroom-viewer, which lies beside headroom or in PATH. All arguments are the viewer's: recordings to open, and
its own options (headroom-viewer --help).

Examples:
  headroom view
  headroom view results/mha.headroom results/mqa.headroom)");
  command->callback([command, &chosen] { chosen = [command] { return run_view(command->remaining()); }; });
}

}  // namespace headroom::cli
