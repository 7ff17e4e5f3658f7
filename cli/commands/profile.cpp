#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/error.h"
#include "cli/commands/commands.h"
#include "cli/fit.h"
#include "cli/measurement.h"
#include "cli/output.h"
#include "cli/run_flags.h"

namespace headroom::cli {
namespace {

struct ProfileOptions {
  RunFlags run;
  OutputFlags output;
  std::string timeout;
  bool no_fit = false;
};

int run_profile(const ProfileOptions& options) {
  const CheckedRun checked = check_single_run(options.run);
  const std::string label = checked.spec.attention.empty() ? model_label(checked.model) : checked.spec.attention;
  const auto orders = orders_to_compare(options.run.virtual_device, checked.spec.device);
  if (options.no_fit && checked.spec.mode != Mode::generate)
    throw bad_input(
        fmt::format("--no-fit is of --mode generate, and --mode is {}", to_name(kModeNames, checked.spec.mode)));
  MeasurementPlan plan{{{label, checked.spec}},           orders, 0,
                       default_jobs(checked.spec.device), {},     read_timeout(options.timeout).value_or(kNoLimit)};
  if (checked.spec.mode == Mode::generate && !options.no_fit)
    plan.fit = [positions = checked.model.max_positions](const Recording& measured, const MeasureOptions& how,
                                                         Interrupts& interrupts) {
      return find_what_fits(measured, positions, how, interrupts);
    };
  return measure_and_report(plan, plan_output(options.output));
}

}  // namespace

void add_profile(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<ProfileOptions>();
  CLI::App* command = app.add_subcommand("profile", "Where every byte of one model goes");
  add_run_flags(*command, options->run, "NAME", "A mechanism (headroom list attention)\n(default: the model's own)");
  command
      ->add_flag("--counters", options->run.counters,
                 "Count what each layer moves to and from the GPU's memory, in a run\n"
                 "of its own; a real GPU's counters need privileges")
      ->group("What is traced");
  command
      ->add_flag("--no-fit", options->no_fit,
                 "In --mode generate: do not search for the largest context and\n"
                 "batch that a virtual device holds")
      ->group("What is run");
  add_timeout_flag(*command, options->timeout, "What is run");
  add_output_flags(*command, options->output, kMeasuredFiles);
  add_progress_flag(*command, options->output);
  command->footer(R"(
Runs MODEL's steps on the device and shows the memory at its peak: by category, by layer, and the largest tensors.

Examples:
  headroom profile bert-base --batch 8 --seq 512
  headroom profile llama-7b --batch 1 --seq 2048 --dtype bf16 --optimizer adamw
  headroom profile llama-7b --mode generate --batch 4 --seq 2048 --new-tokens 32 --dtype bf16
  headroom profile examples/gpt2/config.json --mode forward --device cpu --format json)");
  command->callback([options, &chosen] { chosen = [options] { return run_profile(*options); }; });
}

}  // namespace headroom::cli
