// What headroom-viewer is told: files to open, or pictures to make without a window.
#pragma once

#include <QSizeF>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gui/export/picture.h"
#include "gui/window/theme.h"

namespace CLI {
class App;
}  // namespace CLI

namespace headroom::gui {

struct CommandLine {
  std::vector<std::string> files;
  std::string export_folder;          // not empty: export, and no window
  std::string screenshot;             // not empty: a picture of the window, and no window
  std::vector<std::string> views;     // for an export; empty: all
  std::string view;                   // which is shown; empty: as always
  std::string dialog;                 // for a screenshot: what is open in the window
  std::vector<ExportFormat> formats;  // for an export
  bool first_run_only = false;        // of several files
  std::optional<ThemeChoice> theme;
  std::string language;  // empty: the desktop's in a window, English in pictures
  QSizeF size;
  double scale = 1;
  std::string text;  // not empty: to be printed, and nothing else to be done

  bool is_headless() const { return !export_folder.empty() || !screenshot.empty(); }
};

inline constexpr std::array kDialogs{"start", "export", "commands", "shortcuts", "about", "help", "run", "fit"};

// Throws Error. `view_ids`: those there are.
CommandLine parse_command_line(int argc, const char* const* argv, const std::vector<std::string>& view_ids);

// Gives `use` all that can be typed, with its help: what completions and the manual page are made from.
void describe_command_line(const std::vector<std::string>& view_ids, const std::function<void(const CLI::App&)>& use);

}  // namespace headroom::gui
