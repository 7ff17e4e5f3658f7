#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "cli/commands/commands.h"
#include "cli/commands/sweep_output.h"
#include "cli/measurement.h"
#include "cli/shard.h"
#include "cli/sweep_file.h"
#include "cli/sweep_run.h"

namespace headroom::cli {
namespace {

struct SweepOptions {
  std::string file, shard, jobs, timeout;
  bool keep_recordings = false;
  OutputFlags output;
};

constexpr JsonLimits kSweepFileLimits{16u << 20, 16, 2048};

std::string default_folder(const std::string& file) {
  const std::string stem = std::filesystem::path(file).stem().string();
  return (stem.empty() ? "sweep" : stem) + "-results";
}

int run_sweep_command(const SweepOptions& options) {
  if (options.file.empty())
    throw bad_input("expected the path of a sweep's TOML FILE; headroom sweep --help shows one");
  const SweepLook look = plan_sweep_look(options.output);
  const Shard shard =
      options.shard.empty() ? Shard() : parse_shard(options.shard, [](const char* name) { return std::getenv(name); });
  SweepRequest request{read_sweep_plan(parse_toml_file(options.file, kSweepFileLimits)),
                       shard,
                       {},
                       0,
                       options.keep_recordings,
                       look.plan.quiet,
                       look.plan.progress == ProgressKind::lines,
                       {}};
  request.jobs = read_jobs(options.jobs, 0);
  request.limit = read_timeout(options.timeout);
  request.folder = options.output.out.empty() ? default_folder(options.file) : options.output.out;
  if (!options.shard.empty()) request.folder /= fmt::format("shard-{}-of-{}", shard.index, shard.count);
  Written tables;
  const Sweep sweep = run_sweep(request, tables);
  tables.tell();
  show_sweep(sweep, look);
  const bool failed =
      std::ranges::any_of(sweep.rows, [](const SweepRow& row) { return row.result.outcome == SweepOutcome::error; });
  return static_cast<int>(failed ? ExitCode::could_not_measure : tables.code());
}

}  // namespace

void add_sweep(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<SweepOptions>();
  CLI::App* command = app.add_subcommand("sweep", "Every combination of a grid of runs, and how peaks grow");
  command->add_option("FILE", options->file, "What to run: a TOML file")->type_name("");
  const char* group = "What is run";
  command
      ->add_option("--shard", options->shard,
                   "Only part I of N, 1/N to N/N; auto: as the job array (Slurm),\n"
                   "MPI or srun says; auto/N: as GNU parallel does, of N")
      ->type_name("I/N")
      ->group(group);
  add_jobs_flag(*command, options->jobs, group);
  add_timeout_flag(*command, options->timeout, group, "the file's timeout, else none");
  command->add_flag("--keep-recordings", options->keep_recordings, "Keep each run's recording, too: runs/KEY.headroom")
      ->group(group);
  add_sweep_output_flags(*command, options->output,
                         "results.csv, .json, .md, a picture for each number that was\n"
                         "varied, and runs/ with each finished run: the same command\n"
                         "again does only what is missing. With --shard a folder\n"
                         "shard-I-of-N in it (default: FILE's name and -results)");
  add_progress_flag(*command, options->output);
  command->footer(R"(
A sweep file, whose keys are the flags of headroom profile:
  [base]
  model = "bert-base"
  [grid]
  attention = ["mha", "mqa"]
  seq = { from = 128, to = 512, factor = 2 }

Also [[grid]] several times, [[run]] for single runs, [[exclude]] for combinations of grids that are left out. What
cannot run, or runs out of memory, is a row that says so.

Examples:
  headroom sweep examples/sweep.toml
  headroom sweep examples/sweep.toml --out results --format markdown
  headroom sweep examples/sweep.toml --out results --shard auto
  headroom merge results/shard-* --out results)");
  command->callback([options, &chosen] { chosen = [options] { return run_sweep_command(*options); }; });
}

}  // namespace headroom::cli
