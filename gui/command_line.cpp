#include "gui/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/names.h"

namespace headroom::gui {
namespace {

constexpr std::array kThemes{Named<ThemeChoice>{ThemeChoice::system, "system"},
                             Named<ThemeChoice>{ThemeChoice::light, "light"},
                             Named<ThemeChoice>{ThemeChoice::dark, "dark"}};

constexpr std::array kRuns{Named<bool>{false, "all"}, Named<bool>{true, "first"}};

struct Given {
  std::string runs = "all", views, formats = "png", theme, size = "1600x1000", scale = "1";
};

std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> parts = CLI::detail::split(list, ',');
  std::erase_if(parts, [](const std::string& part) { return part.empty(); });
  return parts;
}

void require_known(const char* what, const std::string& name, const std::vector<std::string_view>& known) {
  if (std::find(known.begin(), known.end(), name) == known.end())
    throw bad_input(unknown_name_message(what, name, known));
}

std::optional<double> number_in(std::string_view text, double least, double most) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most))
    return std::nullopt;
  return value;
}

QSizeF parse_size(const std::string& text) {
  const std::size_t x = text.find('x');
  const auto width = number_in(text.substr(0, x), kLeastSize, kMostSize);
  const auto height = x == std::string::npos ? std::nullopt : number_in(text.substr(x + 1), kLeastSize, kMostSize);
  if (!width || !height)
    throw bad_input(fmt::format("--size is '{}', expected WIDTHxHEIGHT, each from {:.0f} to {:.0f}, such as 1600x1000",
                                text, kLeastSize, kMostSize));
  return {*width, *height};
}

double parse_scale(const std::string& text) {
  const auto scale = number_in(text, 0.5, kMostScale);
  if (!scale) throw bad_input(fmt::format("--scale is '{}', expected a number from 0.5 to {:.0f}", text, kMostScale));
  return *scale;
}

void add_options(CLI::App& app, CommandLine& line, Given& given) {
  const char* pictures = "Pictures without a window";
  app.add_option(
         "FILE", line.files,
         "Recordings (.headroom), PyTorch snapshots (.pickle), a .headroom-session,\nor folders with recordings")
      ->type_name("");
  app.add_option("--view", line.view, "Which view is shown first")->type_name("ID");
  app.add_option("--theme", given.theme, "system, light or dark\n(default: what was chosen last; light in pictures)")
      ->type_name("NAME");
  app.add_option("--language", line.language, "de or en (default: the desktop's; en in pictures)")->type_name("NAME");
  app.add_option("--export", line.export_folder,
                 "Write views into this folder, and exit. Several runs get a folder in\nit each; what compares them "
                 "is written once")
      ->type_name("FOLDER")
      ->group(pictures);
  app.add_option("--runs", given.runs, "all, or first: only the first of several (default: all)")
      ->type_name("WHICH")
      ->group(pictures);
  app.add_option("--views", given.views, "Which, separated by commas (default: all)")
      ->type_name("LIST")
      ->group(pictures);
  app.add_option("--formats", given.formats, "png, svg, pdf, csv; separated by commas (default: png)")
      ->type_name("LIST")
      ->group(pictures);
  app.add_option(
         "--size", given.size,
         "Of a page or the window in logical pixels; a table that needs\nmore height gets it (default: 1600x1000)")
      ->type_name("WxH")
      ->group(pictures);
  app.add_option("--scale", given.scale, "Pixels of a PNG for each logical pixel (default: 1)")
      ->type_name("N")
      ->group(pictures);
  app.add_option("--screenshot", line.screenshot, "Write a PNG of the whole window, and exit")
      ->type_name("FILE")
      ->group(pictures);
  app.add_option("--dialog", line.dialog,
                 "What is open in a screenshot: start, export, commands, shortcuts,\n"
                 "about, help, run, or fit, which makes the runs of that view first")
      ->type_name("NAME")
      ->group(pictures);
}

void check(CommandLine& line, const Given& given, const std::vector<std::string>& view_ids) {
  const std::vector<std::string_view> known(view_ids.begin(), view_ids.end());
  line.views = parts_of(given.views);
  for (const std::string& id : line.views) require_known("view", id, known);
  if (!line.view.empty()) require_known("view", line.view, known);
  if (!line.dialog.empty()) require_known("dialog", line.dialog, {kDialogs.begin(), kDialogs.end()});
  for (const std::string& name : parts_of(given.formats)) line.formats.push_back(export_format_named(name));
  if (!line.language.empty()) require_known("language", line.language, {"de", "en"});
  if (!given.theme.empty()) line.theme = from_name(kThemes, "theme", given.theme);
  line.first_run_only = from_name(kRuns, "choice of runs", given.runs);
  line.size = parse_size(given.size);
  line.scale = parse_scale(given.scale);
  if (!line.export_folder.empty() && !line.screenshot.empty())
    throw bad_input("--export and --screenshot exclude each other; expected one of them");
  if (!line.export_folder.empty() && line.formats.empty())
    throw bad_input("--formats is empty, expected png, svg, pdf or csv");
  if (!line.export_folder.empty() && line.files.empty()) throw bad_input("--export expects the path of a recording");
}

std::string nearest_flag(const CLI::App& app, const std::string& flag) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  const std::string nearest = nearest_name(flag, {names.begin(), names.end()});
  return nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest);
}

void add_everything(CLI::App& app, CommandLine& line, Given& given, const std::vector<std::string>& view_ids) {
  app.name("headroom-viewer");
  app.description("Headroom's viewer: what a transformer's memory went to, run by run.");
  app.set_help_flag("--help,-h", "Explain and exit");
  app.set_version_flag("--version", fmt::format("headroom-viewer {}", HEADROOM_VERSION), "Print the version and exit");
  add_options(app, line, given);
  app.footer(fmt::format("\nViews: {}\n\nExit codes: 0 done; 2 bad usage or bad input; 3 could not write.",
                         fmt::join(view_ids, ", ")));
}

}  // namespace

void describe_command_line(const std::vector<std::string>& view_ids, const std::function<void(const CLI::App&)>& use) {
  CommandLine line;
  Given given;
  CLI::App app;
  add_everything(app, line, given, view_ids);
  use(app);
}

CommandLine parse_command_line(int argc, const char* const* argv, const std::vector<std::string>& view_ids) {
  CommandLine line;
  Given given;
  CLI::App app;
  add_everything(app, line, given, view_ids);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    line.text = app.help();
    return line;
  } catch (const CLI::CallForVersion& version) {
    line.text = fmt::format("{}\n", version.what());
    return line;
  } catch (const CLI::ExtrasError&) {
    const std::string extra = app.remaining().front();
    throw bad_input(
        fmt::format("unknown flag {}{} (headroom-viewer --help lists them)", extra, nearest_flag(app, extra)));
  } catch (const CLI::ParseError& error) {
    throw bad_input(error.what());
  }
  check(line, given, view_ids);
  return line;
}

}  // namespace headroom::gui
