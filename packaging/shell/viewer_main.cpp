// headroom-viewer-shell-files FOLDER: the same of headroom-viewer.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/application.h"
#include "gui/command_line.h"
#include "gui/views/view.h"
#include "packaging/shell/interface.h"

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: headroom-viewer-shell-files FOLDER\n", stderr), 2;
  try {
    std::vector<std::string> views;
    for (const auto& kind : headroom::gui::view_kinds()) views.push_back(kind.id.toStdString());
    headroom::gui::describe_command_line(views, [&](const CLI::App& app) {
      headroom::shell::write_files(headroom::shell::interface_of(app, headroom::cli::version()), argv[1]);
    });
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "headroom-viewer-shell-files: %s\n", error.what()), 3;
  }
  return 0;
}
