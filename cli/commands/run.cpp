#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/error.h"
#include "cli/application.h"
#include "cli/commands/commands.h"
#include "cli/device.h"
#include "cli/measurement.h"
#include "cli/program.h"
#include "cli/program_file.h"
#include "cli/program_flags.h"
#include "cli/program_output.h"
#include "cli/run_folder.h"
#include "cli/scratch_folder.h"
#include "cli/trace_flags.h"
#include "cli/virtual_flags.h"
#include "recording/journal.h"
#include "reports/report_run.h"

namespace headroom::cli {
namespace {

struct RunOptions {
  std::string device, timeout;
  ProgramFlags program;
  VirtualFlags virtual_device;
  TraceFlags trace;
  OutputFlags output;
};

RunSpec check_program(const RunOptions& options, const std::vector<std::string>& command) {
  RunSpec spec;
  spec.command = command;
  spec.model = program_name(command);
  spec.device = options.device.empty() ? default_device() : options.device;
  require_program_device(spec.device);
  spec.virtual_options = read_virtual_options(options.virtual_device, spec.device);
  read_trace_flags(options.trace, spec);
  read_program_flags(options.program, spec);
  // What ranks tell each other of shapes goes through device memory and back.
  if (spec.ranks > 0 && is_virtual(spec.device)) spec.virtual_options.backed = true;
  validate(spec);
  return spec;
}

// One execution of the program and what it left.
struct Execution {
  ProgramEnd end;
  RunFolder found;
};

// Of several processes only the one that was started has an ending that is known.
void complete(ProcessRecording& process, const RunSpec& spec, const Execution& execution, TimeLimit limit) {
  RunSpec& own = process.recording.spec;
  const RunSpec seen = own;
  own = spec;
  own.mode = seen.mode;
  if (seen.model.ends_with(".py")) own.model = seen.model;  // what a launcher started
  if (execution.found.recordings.size() == 1) finish(process.recording, execution.end.wait_status);
  if (execution.end.timed_out && process.recording.outcome.kind != OutcomeKind::oom)
    process.recording.outcome = {OutcomeKind::error, timeout_message(limit)};
}

Execution execute(ProgramCall call, const RunSpec& spec) {
  const ScratchFolder scratch;
  call.environment = program_environment(spec, scratch.path());
  Execution execution;
  execution.end = run_program(call);
  Interrupts interrupts;  // the folder goes before they do their work
  execution.found = read_run_folder(scratch.path());
  for (auto& process : execution.found.recordings) complete(process, spec, execution, call.limit);
  interrupts.throw_if_caught();
  return execution;
}

bool was_stopped(const ProgramEnd& end) {
  const int code = exit_code_of(end.wait_status);
  return end.timed_out || code == 128 + SIGINT || code == 128 + SIGTERM || code == 128 + SIGHUP;
}

// Under each of the orders, until someone stops it.
std::vector<Execution> execute_all(ProgramCall call, RunSpec spec, const std::vector<std::string>& orders) {
  std::vector<Execution> out{execute(call, spec)};
  call.again = true;
  for (std::size_t i = 1; i < orders.size() && !was_stopped(out.back().end); ++i) {
    spec.virtual_options.address_order = orders[i];
    out.push_back(execute(call, spec));
  }
  return out;
}

// Why nothing was recorded, in one sentence; empty when something was.
std::string nothing_recorded(const RunFolder& found, const ProgramCall& call, const RunSpec& spec) {
  if (!found.recordings.empty() || !found.refusals.empty() || !found.damaged.empty()) return {};
  if (found.attached)
    return fmt::format("nothing was recorded: PyTorch allocated nothing on the device ({}){}", spec.device,
                       spec.device == "cpu" ? "" : "; does the program move its model and data to \"cuda\"?");
  const std::string obstacle = obstacle_to_attaching(call.file, call.command);
  return "nothing was recorded: " +
         (obstacle.empty() ? fmt::format("{} ran no Python that imports PyTorch", call.command.front()) : obstacle);
}

Report make_report(const std::vector<Execution>& executions, const std::vector<std::string>& labels,
                   const std::vector<std::string>& orders) {
  Report report{std::string(version()), {}, {}};
  const auto& shown = executions.front().found.recordings;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    report.runs.push_back(make_report_run(shown[i].recording, labels[i], ExitCode::could_not_measure));
    for (std::size_t k = 0; k < executions.size() && !orders.empty(); ++k)
      if (const auto& same = executions[k].found.recordings; same.size() == shown.size())
        report.runs.back().orders.push_back(order_peaks(same[i].recording, orders[k]));
  }
  return report;
}

std::vector<LabeledRecording> labeled(const Execution& execution, const std::vector<std::string>& labels) {
  std::vector<LabeledRecording> out;
  for (std::size_t i = 0; i < labels.size(); ++i) out.push_back({labels[i], execution.found.recordings[i].recording});
  return out;
}

// After the script, where all ran the same; else after the command.
std::string label_of(const std::vector<ProcessRecording>& recordings) {
  const RunSpec& spec = recordings.front().recording.spec;
  const bool same =
      std::ranges::all_of(recordings, [&](const auto& r) { return r.recording.spec.model == spec.model; });
  return same ? program_label({spec.model}) : program_label(spec.command);
}

void announce(const std::vector<std::filesystem::path>& written) {
  std::string names;
  for (const auto& path : written) names += (names.empty() ? "" : " ") + path.string();
  if (!written.empty()) complain(fmt::format("recorded in {}", names));
}

// Files and report of what was recorded. Returns the code of what could not be written, which is told.
ExitCode show(const ProgramOutput& output, const std::vector<Execution>& executions,
              const std::vector<std::string>& orders) {
  Interrupts interrupts;
  const auto& recordings = executions.front().found.recordings;
  const auto labels = labels_of(recordings, output.label.empty() ? label_of(recordings) : output.label);
  const Report report = make_report(executions, labels, orders);
  const auto kept = labeled(executions.front(), labels);
  Written written;
  const auto paths = write_program_files(output, {report, kept}, written);
  interrupts.throw_if_caught();
  written.attempt([&] { write_program_report(output, {report, kept}); });
  tell_trace_problems(kept);
  written.tell();
  if (!output.plan.quiet) announce(paths);
  return written.code();
}

// As the program ended: its code, or Ctrl-C's signal, so that a shell's loop stops, too. One that was ended has no say.
int end_as(const ProgramEnd& end, ExitCode own) {
  if (end.timed_out) return static_cast<int>(ExitCode::could_not_measure);
  const int code = exit_code_of(end.wait_status);
  if (code == 128 + SIGINT) throw Interrupted{SIGINT};
  return code != 0 ? code : static_cast<int>(own);
}

int run_run(const RunOptions& options, const std::vector<std::string>& command) {
  if (command.empty())
    throw bad_input("expected -- and a command: headroom run --device virtual:h100-80gb -- python train.py");
  const auto file = find_program(command);
  RunSpec spec = check_program(options, command);
  const TimeLimit limit = read_timeout(options.timeout).value_or(kNoLimit);
  const auto orders = orders_to_compare(options.virtual_device, spec.device);
  if (!orders.empty()) spec.virtual_options.address_order = orders.front();
  const ProgramOutput output = plan_program_output(options.output);
  const ProgramCall call{file, command, {}, output.on_stdout.has_value(), false, is_virtual(spec.device), limit};
  const auto executions = execute_all(call, spec, orders);
  const Execution& first = executions.front();
  const ProgramEnd& end = executions.back().end.timed_out ? executions.back().end : first.end;
  if (end.timed_out) complain(program_name(command) + ": " + timeout_message(limit));
  for (const auto& message : first.found.refusals) complain(message);
  for (const auto& message : first.found.damaged) complain(message);
  if (const auto message = nothing_recorded(first.found, call, spec); !message.empty()) complain(message);
  if (first.found.recordings.empty()) return end_as(end, ExitCode::could_not_measure);
  ExitCode own = first.found.damaged.empty() ? ExitCode::done : ExitCode::could_not_measure;
  try {
    own = std::max(own, show(output, executions, orders));
  } catch (const Error& error) {
    complain(error.what());
    own = std::max(own, error.code());
  }
  return end_as(end, own);
}

}  // namespace

void add_run(CLI::App& app, Chosen& chosen, const std::vector<std::string>& command_words) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "Where every byte of any PyTorch program goes");
  command
      ->add_option("--device", options->device,
                   "cpu, cuda, virtual:NAME or several, virtual:8xNAME\n"
                   "(default: cuda where a GPU is usable, else virtual:h100-80gb)")
      ->type_name("NAME")
      ->group("What is run");
  add_program_flags(*command, options->program);
  add_timeout_flag(*command, options->timeout, "What is run");
  add_virtual_flags(*command, options->virtual_device);
  add_trace_flags(*command, options->trace);
  add_program_output_flags(*command, options->output);
  command->footer(R"(
Runs COMMAND as the shell would, on the device, and shows the memory that PyTorch allocated: at its peak by category, by
module and by tensor. The program is not changed. Its exit code is passed on.

Examples:
  headroom run --device virtual:a100-80gb -- python train.py --batch-size 8
  headroom run --device virtual:8xh100-80gb -- torchrun --nproc-per-node 8 train.py
  headroom run --device virtual:h100-80gb --ranks 64 --rank 0 -- python train_fsdp.py
  headroom run --device cuda --source-lines --out results --format json,html -- python train.py)");
  command->callback([options, &chosen, command_words] {
    chosen = [options, command_words] { return run_run(*options, command_words); };
  });
}

}  // namespace headroom::cli
