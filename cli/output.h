// Where results go.
//
// Without --out exactly one format, on stdout. With --out FOLDER: report.json and report.html as asked, one recording
// per run, LABEL.headroom, and the terminal's table on stdout (unless --quiet and not asked for).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal.h"
#include "recording/recording.h"
#include "reports/report.h"

namespace CLI {
class App;
}  // namespace CLI

namespace headroom::cli {

enum class Format { terminal, json, html };

struct FormatRow {
  Format format;
  std::string_view name, description, file;  // file: its name under --out; empty: stdout
};
const std::vector<FormatRow>& formats();

// As typed; empty where the default holds.
struct OutputFlags {
  std::string format, out, color, width;
  bool quiet = false;
};

// What --out of a command that measures writes.
inline constexpr const char* kMeasuredFiles =
    "report.json and report.html as --format asks, and a\nrecording of each run, LABEL.headroom";

// `files`: what --out writes, for its help.
void add_output_flags(CLI::App& command, OutputFlags& flags, const char* files);
void add_look_flags(CLI::App& command, OutputFlags& flags);  // --color and --width

struct OutputPlan {
  std::vector<Format> formats;  // in the order asked for
  std::optional<std::filesystem::path> folder;
  Color color = Color::automatic;
  std::optional<int> width;
  bool quiet = false;

  bool writes(Format format) const;
};

// What is asked for, without a place. Throws bad_input.
OutputPlan plan_formats(const OutputFlags& flags);

// Throws bad_input; the folder is made and known to be writable.
OutputPlan plan_output(const OutputFlags& flags);

// The whole text of a report; a table is as wide and as colourful as `descriptor` takes.
std::string render(const OutputPlan& plan, const Report& report, Format format, int descriptor);

std::string_view file_of(Format format);  // its name under --out; empty: none

struct LabeledRecording {
  std::string label;
  Recording recording;
};

// The files under --out, each whole or not at all.
void write_files(const OutputPlan& plan, const Report& report, const std::vector<LabeledRecording>& recordings);

// The result on stdout, if any goes there.
void write_result(const OutputPlan& plan, const Report& report);

}  // namespace headroom::cli
