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
                  format_names() +
                      ";\none on stdout, where the program's output then goes to\nstderr; with --out FOLDER several, "
                      "separated by commas\n(default: a table on stderr)")
      ->type_name("LIST")
      ->group(group);
  command
      .add_option("--out", flags.out,
                  "FILE.headroom of the recording, or a folder for it and for\nreport.json, report.html, … as --format "
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
  require_one_for_stdout(output.plan, flags);
  if (output.plan.formats.empty()) return output;
  output.on_stdout = output.plan.formats.front();
  output.table_on_stderr = false;
  return output;
}

std::vector<fs::path> write_program_files(const ProgramOutput& output, const Results& results, Written& written) {
  std::vector<fs::path> paths;
  for (const LabeledRecording& run : results.recordings)
    written.attempt([&] {
      const fs::path path = (output.folder / (run.label + std::string(kEnding))).lexically_normal();
      write_recording(path, run.recording);
      paths.push_back(path);
    });
  write_documents(output.plan, results, written);
  return paths;
}

void write_program_report(const ProgramOutput& output, const Results& results) {
  if (output.table_on_stderr) write_stderr("\n" + render(output.plan, results, Format::terminal, STDERR_FILENO));
  if (output.on_stdout) write_stdout(render(output.plan, results, *output.on_stdout, STDOUT_FILENO));
}

}  // namespace headroom::cli
