#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/names.h"
#include "cli/arguments.h"
#include "cli/commands/baseline.h"
#include "cli/commands/commands.h"
#include "cli/measurement.h"
#include "cli/output.h"
#include "cli/run_flags.h"
#include "models/catalog/attention.h"
#include "models/catalog/cache.h"
#include "models/catalog/compression.h"

namespace headroom::cli {
namespace {

struct CompareOptions {
  RunFlags run;
  OutputFlags output;
  std::string baseline, jobs, timeout;
};

// Throws bad_input where the mechanism is undefined for the model, its weights for what compresses them, or its cache
// for a run that generates.
void require_defined(const models::ModelConfig& model, const RunSpec& spec, std::string_view mechanism) {
  const models::ModelConfig config = models::with_attention(model, mechanism);
  models::with_compression(config, spec.compression, spec.mode == Mode::train);
  if (spec.mode != Mode::generate) return;
  models::require_generation(config, cache_size_of(spec), spec.seq, spec.generation.new_tokens);
}

bool is_defined_for(const models::ModelConfig& model, const RunSpec& spec, std::string_view mechanism) {
  try {
    require_defined(model, spec, mechanism);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::vector<std::string> usual_mechanisms_for(const models::ModelConfig& model, const RunSpec& spec) {
  std::vector<std::string> names;
  for (const std::string_view name : models::compared_by_default())
    if (is_defined_for(model, spec, name)) names.emplace_back(name);
  return names;
}

std::vector<std::string> mechanisms(const CompareOptions& options, const models::ModelConfig& model,
                                    const RunSpec& spec) {
  if (options.run.attention.empty()) {
    // What no mechanism can do is said, not skipped.
    models::with_compression(model, spec.compression, spec.mode == Mode::train);
    return usual_mechanisms_for(model, spec);
  }
  auto names = parse_list("--attention", options.run.attention);
  for (const auto& name : names) require_defined(model, spec, name);
  return names;
}

int run_compare(const CompareOptions& options) {
  const CheckedRun checked = check_run(options.run);
  const auto names = mechanisms(options, checked.model, checked.spec);
  const std::size_t baseline = baseline_index(options.baseline, names);
  const std::size_t jobs = read_jobs(options.jobs, default_jobs(checked.spec.device));
  const TimeLimit limit = read_timeout(options.timeout).value_or(kNoLimit);
  std::vector<PlannedRun> runs;
  for (const auto& name : names) {
    runs.push_back({name, checked.spec});
    runs.back().spec.attention = name;
  }
  const auto orders = orders_to_compare(options.run.virtual_device, checked.spec.device);
  return measure_and_report({runs, orders, baseline, jobs, {}, limit}, plan_output(options.output));
}

}  // namespace

void add_compare(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<CompareOptions>();
  CLI::App* command = app.add_subcommand("compare", "One model with several attention mechanisms, side by side");
  add_run_flags(*command, options->run, "LIST",
                "Mechanisms, separated by commas (headroom list attention)\n"
                "(default: those of the MHE paper and gqa, where defined for the model)");
  add_baseline_flag(*command, options->baseline, "What is run");
  add_jobs_flag(*command, options->jobs, "What is run");
  add_timeout_flag(*command, options->timeout, "What is run");
  add_output_flags(*command, options->output, kMeasuredFiles);
  add_progress_flag(*command, options->output);
  command->footer(R"(
Runs MODEL's steps once with each mechanism, each in a process of its own, and shows what each saves.

Examples:
  headroom compare bert-base --attention mha,sha,mqa,skv,el-slice,mhe-add,mhe-mul --batch 8 --seq 128
  headroom compare gpt2 --attention mha,mqa --dtype bf16 --sdpa flash --device virtual:a100-40gb
  headroom compare examples/gpt2/config.json --attention mha,mhe-mul --out results --format json,html)");
  command->callback([options, &chosen] { chosen = [options] { return run_compare(*options); }; });
}

}  // namespace headroom::cli
