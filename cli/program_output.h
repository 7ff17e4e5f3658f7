// Where the results of `headroom run` go. The program owns stdout while the tool says nothing there:
//
//   no --format          the table on stderr, after the program's own output (not with --quiet)
//   --format F           that one document on stdout; what the program writes to its stdout then goes to stderr
//   --out FOLDER         report.json, report.html, … there as --format asks, the table on stderr
//
// A recording is always written: LABEL.headroom in the current folder, FILE of --out FILE.headroom, or LABEL.headroom
// in FOLDER; of several, LABEL and FILE go on with what tells them apart.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"

namespace headroom::cli {

struct ProgramOutput {
  OutputPlan plan;
  std::optional<Format> on_stdout;
  bool table_on_stderr = true;
  std::filesystem::path folder;  // of the recordings
  std::string label;  // what a recording is called, and its file without .headroom; empty: the program's name
};

void add_program_output_flags(CLI::App& command, OutputFlags& flags);

// Throws bad_input; the folder is made and known to be writable.
ProgramOutput plan_program_output(const OutputFlags& flags);

// The documents under --out and the recordings. Returns the paths of those recordings that were written.
std::vector<std::filesystem::path> write_program_files(const ProgramOutput& output, const Results& results,
                                                       Written& written);

// What goes to stderr and stdout.
void write_program_report(const ProgramOutput& output, const Results& results);

}  // namespace headroom::cli
