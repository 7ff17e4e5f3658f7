#include "cli/program_output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/file.h"
#include "recording/file.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".headroom";

bool names_file(const std::string& out) {
  std::error_code ignored;
  return out.ends_with(kEnding) && !fs::is_directory(out, ignored);
}

void choose_place(ProgramOutput& output, const std::string& out) {
  output.folder = out;
  if (names_file(out)) {
    output.folder = fs::path(out).parent_path();
    output.label = fs::path(out).stem().string();
  }
  if (output.folder.empty()) output.folder = ".";
  require_writable_folder(output.folder);
}

}  // namespace

void add_program_output_flags(CLI::App& command, OutputFlags& flags) {
  const char* group = "What comes out";
  command
      .add_option("--format", flags.format,
                  "One of terminal, json, html on stdout, where the program's\noutput then goes to stderr; with --out "
                  "FOLDER several, separated\nby commas (default: a table on stderr)")
      ->type_name("LIST")
      ->group(group);
  command
      .add_option("--out", flags.out,
                  "FILE.headroom of the recording, or a folder for it and for\nreport.json and report.html as --format "
                  "asks; of several\nprocesses or devices each has a recording\n(default: PROGRAM.headroom in this "
                  "folder)")
      ->type_name("PATH")
      ->group(group);
  command.add_flag("--quiet", flags.quiet, "No table, unless --format names it")->group(group);
  add_look_flags(command, flags);
}

ProgramOutput plan_program_output(const OutputFlags& flags) {
  ProgramOutput output{plan_formats(flags), {}, !flags.quiet, {}, {}};
  choose_place(output, flags.out);
  if (!flags.out.empty() && !names_file(flags.out)) {
    output.plan.folder = output.folder;
    output.table_on_stderr |= output.plan.writes(Format::terminal);
    return output;
  }
  if (output.plan.formats.size() > 1)
    throw bad_input(fmt::format("--format {} needs --out FOLDER: only one format fits on stdout", flags.format));
  if (output.plan.formats.empty()) return output;
  output.on_stdout = output.plan.formats.front();
  output.table_on_stderr = false;
  return output;
}

std::vector<fs::path> write_program_files(const ProgramOutput& output, const Report& report,
                                          const std::vector<LabeledRecording>& recordings) {
  std::vector<fs::path> written;
  for (const auto& [label, recording] : recordings) {
    written.push_back((output.folder / (label + std::string(kEnding))).lexically_normal());
    write_recording(written.back(), recording);
  }
  write_files(output.plan, report, {});
  return written;
}

void write_program_report(const ProgramOutput& output, const Report& report) {
  if (output.table_on_stderr) write_stderr("\n" + render(output.plan, report, Format::terminal, STDERR_FILENO));
  if (output.on_stdout) write_stdout(render(output.plan, report, *output.on_stdout, STDOUT_FILENO));
}

}  // namespace headroom::cli
