#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/child_process.h"
#include "cli/commands/commands.h"
#include "cli/environment.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kViewer = "headroom-viewer";

bool is_program_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
}

// Beside this executable, then in PATH.
fs::path find_viewer() {
  if (const fs::path beside = own_folder() / kViewer; is_program_file(beside)) return beside;
  const char* found = std::getenv("PATH");
  std::string folders = found ? found : "";
  for (std::size_t begin = 0; begin <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    if (const fs::path path = fs::path(folders.substr(begin, end - begin)) / kViewer;
        path.is_absolute() && is_program_file(path))
      return path;
    begin = end + 1;
  }
  throw could_not_measure(
      fmt::format("{} is neither in {} nor in PATH: it is built where Qt 6 is (scripts/setup, then cmake --workflow "
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
