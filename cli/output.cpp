#include "cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/names.h"
#include "cli/arguments.h"
#include "cli/documents.h"
#include "recording/file.h"
#include "reports/cairo/picture_files.h"
#include "reports/csv.h"
#include "reports/export.h"
#include "reports/latex.h"
#include "reports/markdown.h"
#include "reports/pictures.h"

namespace headroom::cli {
namespace {

constexpr std::array kColorNames{Named<Color>{Color::automatic, "auto"}, Named<Color>{Color::always, "always"},
                                 Named<Color>{Color::never, "never"}};

constexpr std::array kProgressNames{Named<ProgressKind>{ProgressKind::bar, "bar"},
                                    Named<ProgressKind>{ProgressKind::lines, "lines"}};

Format format_named(const std::string& name) {
  std::vector<std::string_view> known;
  for (const auto& row : formats()) {
    if (row.name == name) return row.format;
    known.push_back(row.name);
  }
  throw bad_input(unknown_name_message("format", name, known));
}

const FormatRow& row_of(Format format) { return *std::ranges::find(formats(), format, &FormatRow::format); }

// The runs that were recorded, in the report's order.
std::vector<ExportRun> exported(const Results& results) {
  std::vector<ExportRun> runs;
  for (const ReportRun& run : results.report.runs)
    for (const auto& [label, recording] : results.recordings)
      if (label == run.breakdown.label) runs.push_back({&recording, &run.breakdown});
  return runs;
}

std::vector<Document> drawn(const Report& report, std::string_view ending, std::string (*write)(const Picture&)) {
  std::vector<Document> out;
  for (const auto& [name, picture] : pictures_of(report)) out.push_back({document_name(name, ending), write(picture)});
  return out;
}

std::vector<Document> snapshots(const Results& results) {
  std::vector<Document> out;
  for (const ExportRun& run : exported(results))
    out.push_back({document_name(run.breakdown->label, ".pickle"), write_snapshot(run)});
  return out;
}

// The files of a format, as they stand under --out; of `terminal` none.
std::vector<Document> documents_of(const Results& results, Format format) {
  const Report& report = results.report;
  switch (format) {
    case Format::json:
      return {{"report.json", write_json(report)}};
    case Format::html:
      return {{"report.html", write_html(report)}};
    case Format::markdown:
      return {{"report.md", write_markdown(report)}};
    case Format::latex:
      return write_latex(report);
    case Format::csv:
      return write_csv(report, exported(results));
    case Format::svg:
      return drawn(report, ".svg", write_svg);
    case Format::pdf:
      return drawn(report, ".pdf", write_pdf);
    case Format::png:
      return drawn(report, ".png", write_png);
    case Format::perfetto:
      return {{"report.perfetto-trace", write_perfetto(exported(results))}};
    case Format::snapshot:
      return snapshots(results);
    case Format::terminal:
      break;
  }
  return {};
}

void require_folder_name(const std::string& out) {
  if (out.starts_with("-"))
    throw bad_input(fmt::format("--out expects a folder, not the flag '{0}'; a folder of that name is ./{0}", out));
}

}  // namespace

const std::vector<FormatRow>& formats() {
  static const std::vector<FormatRow> rows{
      {Format::terminal, "terminal", "A table to read, on stdout", ""},
      {Format::json, "json", "One JSON document, schema headroom.report/1", "report.json"},
      {Format::html, "html", "One self-contained page that opens offline", "report.html"},
      {Format::markdown, "markdown", "Tables for pull requests and notes", "report.md"},
      {Format::latex, "latex", "Tables for papers (booktabs)", "comparison.tex, …"},
      {Format::csv, "csv", "Tables for other programs", "runs.csv, layers.csv, …", true},
      {Format::svg, "svg", "Pictures: comparison, savings, memory over time", "comparison.svg, …"},
      {Format::pdf, "pdf", "The same pictures for papers", "comparison.pdf, …", false, true},
      {Format::png, "png", "The same pictures as pixels", "comparison.png, …", false, true},
      {Format::perfetto, "perfetto", "A trace of all runs for the Perfetto UI", "report.perfetto-trace", true, true},
      {Format::snapshot, "snapshot", "PyTorch memory snapshot of each run for memory_viz", "LABEL.pickle", true, true}};
  return rows;
}

std::string format_names() {
  std::string names;
  std::size_t width = 0;
  for (const auto& row : formats()) {
    width += row.name.size() + 2;
    const bool breaks = width > 60;
    if (breaks) width = row.name.size() + 2;
    names += (names.empty() ? "" : breaks ? ",\n" : ", ") + std::string(row.name);
  }
  return names;
}

bool OutputPlan::writes(Format format) const { return std::ranges::find(formats, format) != formats.end(); }

bool OutputPlan::needs_recordings() const {
  return std::ranges::any_of(formats, [](Format format) { return row_of(format).of_recordings; });
}

void add_output_flags(CLI::App& command, OutputFlags& flags, const char* files) {
  add_documents_flags(command, flags, format_names(), "terminal", files);
}

void add_quiet_flag(CLI::App& command, OutputFlags& flags) {
  command
      .add_flag("--quiet", flags.quiet,
                "No progress; with --out no table on stdout either, unless\n--format names terminal")
      ->group("What comes out");
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

void add_progress_flag(CLI::App& command, OutputFlags& flags) {
  command
      .add_option("--progress", flags.progress,
                  "How runs tell on stderr how far they are: bar, on a terminal;\n"
                  "lines, a JSON document a line, for programs (default: bar)")
      ->type_name("KIND")
      ->group("What comes out");
}

void require_room(const OutputPlan& plan, std::size_t count) {
  if (count > 1 && !plan.folder && plan.writes(Format::snapshot))
    throw bad_input(
        fmt::format("--format snapshot needs --out FOLDER: a snapshot is of one run, and there are {}", count));
}

std::string render(const OutputPlan& plan, const Results& results, Format format, int descriptor) {
  if (format == Format::terminal) return write_terminal(results.report, look_of(plan, descriptor));
  if (format == Format::snapshot) require_room(plan, results.recordings.size());
  if (format == Format::csv) return write_runs_csv(results.report);
  return documents_of(results, format).at(0).bytes;
}

OutputPlan plan_formats(const OutputFlags& flags) {
  OutputPlan plan;
  if (!flags.format.empty())
    for (const auto& name : parse_list("--format", flags.format)) plan.formats.push_back(format_named(name));
  plan.quiet = flags.quiet;
  if (!flags.progress.empty()) plan.progress = from_name(kProgressNames, "kind of progress", flags.progress);
  if (!flags.color.empty()) plan.color = from_name(kColorNames, "color", flags.color);
  if (!flags.width.empty()) plan.width = static_cast<int>(parse_integer("--width", flags.width, 40, 10000));
  require_folder_name(flags.out);
  if (plan.writes(Format::pdf) || plan.writes(Format::png)) require_picture_files();
  return plan;
}

void require_one_for_stdout(const OutputPlan& plan, const OutputFlags& flags) {
  if (plan.formats.size() > 1)
    throw bad_input(fmt::format("--format {} needs --out FOLDER: only one format fits on stdout", flags.format));
  if (!plan.formats.empty() && row_of(plan.formats.front()).binary && isatty(STDOUT_FILENO) == 1)
    throw bad_input(fmt::format("--format {} is not for a terminal: --out FOLDER, or > FILE", flags.format));
}

OutputPlan plan_output(const OutputFlags& flags) {
  OutputPlan plan = plan_formats(flags);
  const bool by_default = flags.out.empty() ? plan.formats.empty() : !flags.quiet;
  if (by_default && !plan.writes(Format::terminal)) plan.formats.push_back(Format::terminal);
  if (flags.out.empty()) {
    require_one_for_stdout(plan, flags);
    return plan;
  }
  plan.folder = flags.out;
  require_writable_folder(*plan.folder);
  return plan;
}

OutputPlan plan_place(const OutputFlags& flags) {
  OutputFlags others = flags;
  others.format.clear();
  return plan_output(others);
}

TerminalOptions look_of(const OutputPlan& plan, int descriptor) {
  return {plan.width.value_or(terminal_width(descriptor)), wants_color(plan.color, descriptor)};
}

void write_recordings(const OutputPlan& plan, const std::vector<LabeledRecording>& recordings, Written& written) {
  if (!plan.folder) return;
  for (const LabeledRecording& run : recordings)
    written.attempt([&] { write_recording(*plan.folder / (run.label + ".headroom"), run.recording); });
}

void write_documents(const OutputPlan& plan, const Results& results, Written& written) {
  if (!plan.folder) return;
  for (const Format format : plan.formats)
    written.attempt([&] {
      for (const Document& document : documents_of(results, format))
        written.attempt([&] { write_file(*plan.folder / document.name, document.bytes); });
    });
}

void write_result(const OutputPlan& plan, const Results& results) {
  if (!plan.folder)
    write_stdout(render(plan, results, plan.formats.front(), STDOUT_FILENO));
  else if (plan.writes(Format::terminal))
    write_stdout(render(plan, results, Format::terminal, STDOUT_FILENO));
}

}  // namespace headroom::cli
