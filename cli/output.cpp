#include "cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/names.h"
#include "cli/arguments.h"
#include "recording/file.h"

namespace headroom::cli {
namespace {

constexpr std::array kColorNames{Named<Color>{Color::automatic, "auto"}, Named<Color>{Color::always, "always"},
                                 Named<Color>{Color::never, "never"}};

Format format_named(const std::string& name) {
  std::vector<std::string_view> known;
  for (const auto& row : formats()) {
    if (row.name == name) return row.format;
    known.push_back(row.name);
  }
  throw bad_input(unknown_name_message("format", name, known));
}

const FormatRow& row_of(Format format) { return *std::ranges::find(formats(), format, &FormatRow::format); }

void require_folder_name(const std::string& out) {
  if (out.starts_with("-"))
    throw bad_input(fmt::format("--out expects a folder, not the flag '{0}'; a folder of that name is ./{0}", out));
}

}  // namespace

const std::vector<FormatRow>& formats() {
  static const std::vector<FormatRow> rows{
      {Format::terminal, "terminal", "A table to read, on stdout", ""},
      {Format::json, "json", "One JSON document, schema headroom.report/1", "report.json"},
      {Format::html, "html", "One self-contained page that opens offline", "report.html"}};
  return rows;
}

bool OutputPlan::writes(Format format) const { return std::ranges::find(formats, format) != formats.end(); }

void add_output_flags(CLI::App& command, OutputFlags& flags, const char* files) {
  const char* group = "What comes out";
  command
      .add_option("--format", flags.format,
                  "terminal, json, html; several, separated by commas, with --out\n"
                  "(default: terminal)")
      ->type_name("LIST")
      ->group(group);
  command.add_option("--out", flags.out, fmt::format("Where to write, made when absent:\n{}", files))
      ->type_name("FOLDER")
      ->group(group);
  command
      .add_flag("--quiet", flags.quiet,
                "No progress; with --out no table on stdout either, unless\n--format names terminal")
      ->group(group);
  add_look_flags(command, flags);
}

void add_look_flags(CLI::App& command, OutputFlags& flags) {
  const char* group = "What comes out";
  command
      .add_option("--color", flags.color, "auto: on a terminal, unless NO_COLOR is set; always; never\n(default: auto)")
      ->type_name("WHEN")
      ->group(group);
  command
      .add_option("--width", flags.width,
                  "Columns of the table, from 40\n(default: COLUMNS, else the terminal's, else 100)")
      ->type_name("N")
      ->group(group);
}

std::string render(const OutputPlan& plan, const Report& report, Format format, int descriptor) {
  if (format == Format::json) return write_json(report);
  if (format == Format::html) return write_html(report);
  return write_terminal(report, {plan.width.value_or(terminal_width(descriptor)), wants_color(plan.color, descriptor)});
}

std::string_view file_of(Format format) { return row_of(format).file; }

OutputPlan plan_formats(const OutputFlags& flags) {
  OutputPlan plan;
  if (!flags.format.empty())
    for (const auto& name : parse_list("--format", flags.format)) plan.formats.push_back(format_named(name));
  plan.quiet = flags.quiet;
  if (!flags.color.empty()) plan.color = from_name(kColorNames, "color", flags.color);
  if (!flags.width.empty()) plan.width = static_cast<int>(parse_integer("--width", flags.width, 40, 10000));
  require_folder_name(flags.out);
  return plan;
}

OutputPlan plan_output(const OutputFlags& flags) {
  OutputPlan plan = plan_formats(flags);
  const bool by_default = flags.out.empty() ? plan.formats.empty() : !flags.quiet;
  if (by_default && !plan.writes(Format::terminal)) plan.formats.push_back(Format::terminal);
  if (flags.out.empty()) {
    if (plan.formats.size() > 1)
      throw bad_input(fmt::format("--format {} needs --out FOLDER: only one format fits on stdout", flags.format));
    return plan;
  }
  plan.folder = flags.out;
  require_writable_folder(*plan.folder);
  return plan;
}

void write_files(const OutputPlan& plan, const Report& report, const std::vector<LabeledRecording>& recordings) {
  if (!plan.folder) return;
  for (const auto& [label, recording] : recordings) write_recording(*plan.folder / (label + ".headroom"), recording);
  for (const Format format : plan.formats)
    if (const auto file = row_of(format).file; !file.empty())
      write_file(*plan.folder / file, render(plan, report, format, STDOUT_FILENO));
}

void write_result(const OutputPlan& plan, const Report& report) {
  if (!plan.folder)
    write_stdout(render(plan, report, plan.formats.front(), STDOUT_FILENO));
  else if (plan.writes(Format::terminal))
    write_stdout(render(plan, report, Format::terminal, STDOUT_FILENO));
}

}  // namespace headroom::cli
