// headroom-viewer-shell-files [--reference] FOLDER: the same of headroom-viewer.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string_view>

#include "cli/application.h"
#include "gui/command_line.h"
#include "gui/views/view.h"
#include "packaging/shell/reference.h"

int main(int argc, char** argv) {
  const bool reference = argc == 3 && std::string_view(argv[1]) == "--reference";
  if (argc != 2 && !reference)
    return std::fputs("usage: headroom-viewer-shell-files [--reference] FOLDER\n", stderr), 2;
  try {
    std::vector<std::string> views;
    for (const auto& kind : headroom::gui::view_kinds()) views.push_back(kind.id.toStdString());
    headroom::gui::describe_command_line(views, [&](const CLI::App& app) {
      const auto interface = headroom::shell::interface_of(app, headroom::cli::version());
      reference ? headroom::shell::write_reference(interface, argv[2])
                : headroom::shell::write_files(interface, argv[1]);
    });
  } catch (const std::exception& error) {
    return std::fprintf(stderr, "headroom-viewer-shell-files: %s\n", error.what()), 3;
  }
  return 0;
}
