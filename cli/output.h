// Where results go.
//
// Without --out exactly one format, on stdout. With --out FOLDER: a file of each format asked for, one recording per
// run, LABEL.headroom, and the terminal's table on stdout (unless --quiet and not asked for).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal.h"
#include "cli/written.h"
#include "recording/recording.h"
#include "reports/document.h"
#include "reports/report.h"

namespace CLI {
class App;
}  // namespace CLI

namespace headroom::cli {

enum class Format { terminal, json, html, markdown, latex, csv, svg, pdf, png, perfetto, snapshot };

struct FormatRow {
  Format format;
  std::string_view name, description, file;  // file: its names under --out, LABEL a run's; empty: stdout
  bool of_recordings = false;                // needs every event of the runs
  bool binary = false;
};
const std::vector<FormatRow>& formats();

// How runs tell how far they are, on stderr. bar: one line, rewritten, where stderr is a terminal and --quiet is not
// given. lines: a JSON document a line, for programs, whatever stderr is.
enum class ProgressKind { bar, lines };

// As typed; empty where the default holds.
struct OutputFlags {
  std::string format, out, color, width;
  std::string progress;  // of commands that measure
  bool quiet = false;
};

// What --out of a command that measures writes.
inline constexpr const char* kMeasuredFiles =
    "report.json, report.html, … as --format asks, and a\nrecording of each run, LABEL.headroom";

// What --format takes, for its help.
std::string format_names();

// `files`: what --out writes, for its help.
void add_output_flags(CLI::App& command, OutputFlags& flags, const char* files);
void add_look_flags(CLI::App& command, OutputFlags& flags);  // --color and --width
void add_quiet_flag(CLI::App& command, OutputFlags& flags);  // of commands whose --out is a folder
void add_progress_flag(CLI::App& command, OutputFlags& flags);

struct OutputPlan {
  std::vector<Format> formats;  // in the order asked for
  std::optional<std::filesystem::path> folder;
  Color color = Color::automatic;
  std::optional<int> width;
  bool quiet = false;
  ProgressKind progress = ProgressKind::bar;

  bool writes(Format format) const;
  bool needs_recordings() const;  // for its formats
};

// What is asked for, without a place. Throws bad_input; could_not_measure where a format needs what is not installed.
OutputPlan plan_formats(const OutputFlags& flags);

// Throws bad_input where --format asks for more, or other things, than fit on stdout.
void require_one_for_stdout(const OutputPlan& plan, const OutputFlags& flags);

// Throws bad_input; the folder is made and known to be writable.
OutputPlan plan_output(const OutputFlags& flags);

// The same of a command that has formats of its own: all but --format.
OutputPlan plan_place(const OutputFlags& flags);

// How a table on `descriptor` looks.
TerminalOptions look_of(const OutputPlan& plan, int descriptor);

struct LabeledRecording {
  std::string label;
  Recording recording;
};

// What there is to show. The runs of `report` whose labels are among the recordings' can be exported.
struct Results {
  const Report& report;
  const std::vector<LabeledRecording>& recordings;
};

// Throws bad_input when a format that holds one run would have to hold `count` on stdout.
void require_room(const OutputPlan& plan, std::size_t count);

// What goes to stdout: the whole text of a report, or the first of a format's files. A table is as wide and as
// colourful as `descriptor` takes.
std::string render(const OutputPlan& plan, const Results& results, Format format, int descriptor);

// What stands under --out, each file whole or not at all: the recordings, and the files of each format.
void write_recordings(const OutputPlan& plan, const std::vector<LabeledRecording>& recordings, Written& written);
void write_documents(const OutputPlan& plan, const Results& results, Written& written);

// The result on stdout, if any goes there.
void write_result(const OutputPlan& plan, const Results& results);

}  // namespace headroom::cli
