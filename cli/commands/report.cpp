#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/error.h"
#include "cli/application.h"
#include "cli/commands/baseline.h"
#include "cli/commands/commands.h"
#include "cli/measurement.h"
#include "cli/output.h"
#include "cli/recorded_runs.h"
#include "reports/report_run.h"

namespace headroom::cli {
namespace {

struct ReportOptions {
  std::vector<std::string> recordings;
  std::string baseline;
  OutputFlags output;
};

int run_report(const ReportOptions& options) {
  if (options.recordings.empty())
    throw bad_input("expected the path of a RECORDING, as --out of another command writes it");
  const auto labels = labels_of(options.recordings);
  const std::size_t baseline = baseline_index(options.baseline, labels);
  const bool keep = plan_formats(options.output).needs_recordings();
  Report report{std::string(version()), {}, {}};
  std::vector<Breakdown> breakdowns;
  std::vector<LabeledRecording> kept;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    Recording recording = read_sound_recording(options.recordings[i]);
    report.runs.push_back(make_report_run(recording, labels[i], ExitCode::bad_input));
    if (labels.size() > 1) breakdowns.push_back(report.runs.back().breakdown);
    if (keep) kept.push_back({labels[i], std::move(recording)});
  }
  if (labels.size() > 1) report.comparison = compare(breakdowns, baseline);
  const OutputPlan plan = plan_output(options.output);
  require_room(plan, labels.size());
  Written written;
  write_documents(plan, {report, kept}, written);
  written.tell();
  write_result(plan, {report, kept});
  return static_cast<int>(written.code());
}

}  // namespace

void add_report(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* command = app.add_subcommand("report", "Show recordings again, in any format");
  command
      ->add_option("RECORDING", options->recordings,
                   "Recordings that --out of another command wrote,\nor PyTorch snapshots (.pickle)")
      ->type_name("");
  add_baseline_flag(*command, options->baseline, "What comes out");
  add_output_flags(*command, options->output, "report.json, report.html, … as --format asks");
  command->footer(R"(
Needs neither Torch nor a device. Several recordings are compared; each is called by its file's name.

Examples:
  headroom report results/mha.headroom
  headroom report results/mha.headroom results/mqa.headroom --baseline mqa
  headroom report results/*.headroom --out pages --format html
  headroom report results/mha.headroom --out traces --format perfetto,snapshot)");
  command->callback([options, &chosen] { chosen = [options] { return run_report(*options); }; });
}

}  // namespace headroom::cli
