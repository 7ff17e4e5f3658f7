#include "reports/fragmentation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "cli/application.h"
#include "cli/commands/commands.h"
#include "cli/documents.h"
#include "cli/measurement.h"
#include "cli/output.h"
#include "cli/recorded_runs.h"
#include "cli/replays.h"
#include "reports/report_run.h"

namespace headroom::cli {
namespace {

constexpr const char* kJsonFile = "fragmentation.json";

struct FragmentationOptions {
  std::string recording;
  std::vector<std::string> settings;
  std::string timeout;
  bool no_replay = false;
  OutputFlags output;
};

enum class Document : std::uint8_t { terminal, json };
constexpr std::array kDocumentNames{Named<Document>{Document::terminal, "terminal"},
                                    Named<Document>{Document::json, "json"}};

Recording read_with_segments(const std::string& path) {
  Recording recording = read_sound_recording(path);
  if (recording.events.size() == 0 || recording.stats.peak_reserved_bytes == 0 ||
      recording.environment.device_kind == DeviceKind::cpu)
    throw bad_input(
        fmt::format("{}: the run reserved no segments: fragmentation is of PyTorch's CUDA allocator, and this is a "
                    "run on {}",
                    path, printable(recording.environment.device_name)));
  return recording;
}

FragmentationReport explain(const Recording& recording, const std::string& label) {
  FragmentationReport out;
  out.report.headroom_version = version();
  out.report.runs.push_back(make_report_run(recording, label, ExitCode::bad_input));
  out.fragmentation = explain_fragmentation(recording, out.run().allocations);
  if (const auto broken = verify(out.fragmentation); !broken.empty())
    throw could_not_measure(fmt::format("the segments do not add up: {}", broken.front()));
  out.replays = recording.replays;
  return out;
}

std::string render(const FragmentationReport& report, const OutputPlan& place, Document document) {
  if (document == Document::json) return write_fragmentation_json(report);
  return write_fragmentation_terminal(report, look_of(place, STDOUT_FILENO));
}

int run_fragmentation(const FragmentationOptions& options) {
  if (options.recording.empty())
    throw bad_input("expected the path of a RECORDING, as --out of another command writes it");
  if (options.no_replay && !options.settings.empty())
    throw bad_input("--settings asks for a replay, and --no-replay for none");
  const auto documents = documents_of<Document>(options.output, kDocumentNames, {});
  const TimeLimit limit = read_timeout(options.timeout).value_or(kNoLimit);
  Recording recording = read_with_segments(options.recording);
  const std::string label = label_of(options.recording);
  const OutputPlan plan = plan_place(options.output);
  {
    Interrupts interrupts;
    if (!options.no_replay)
      recording.replays = run_replays(recording, options.recording, planned_replays(recording, options.settings), limit,
                                      !plan.quiet && isatty(STDERR_FILENO) == 1, interrupts);
    interrupts.throw_if_caught();
  }
  const FragmentationReport report = explain(recording, label);
  Written written;
  write_recordings(plan, {{label, recording}}, written);
  if (plan.folder && std::ranges::find(documents, Document::json) != documents.end())
    written.attempt([&] { write_file(*plan.folder / kJsonFile, render(report, plan, Document::json)); });
  written.tell();
  if (const Document* shown = shown_of(documents, plan)) write_stdout(render(report, plan, *shown));
  return static_cast<int>(written.code());
}

}  // namespace

void add_fragmentation(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<FragmentationOptions>();
  CLI::App* command =
      app.add_subcommand("fragmentation", "What pins reserved memory at its peak, and what would reserve less");
  command
      ->add_option("RECORDING", options->recording,
                   "A recording that --out of another command wrote,\nor a PyTorch snapshot (.pickle)")
      ->type_name("");
  command
      ->add_option(
          "--settings", options->settings,
          "Repeat the requests under this PYTORCH_CUDA_ALLOC_CONF; may be\ngiven several times (default: a choice of "
          "settings and orders)")
      ->type_name("TEXT")
      ->take_all()
      ->group("What is tried");
  command->add_flag("--no-replay", options->no_replay, "Only what was recorded")->group("What is tried");
  add_timeout_flag(*command, options->timeout, "What is tried");
  add_documents_flags(*command, options->output, "terminal, json", "terminal",
                      "fragmentation.json as --format asks, and the recording with its\nreplays");
  command->footer(R"(
At the peak of reserved memory: which live blocks keep which segments from being given back. Then the run's requests are
made again, of PyTorch's own caching allocator over the virtual GPU, under other settings and in another order.

Examples:
  headroom fragmentation results/mha.headroom
  headroom fragmentation run.headroom --settings expandable_segments:True --settings max_split_size_mb:100
  headroom fragmentation run.headroom --no-replay --format json)");
  command->callback([options, &chosen] { chosen = [options] { return run_fragmentation(*options); }; });
}

}  // namespace headroom::cli
