#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands/commands.h"
#include "cli/commands/sweep_output.h"
#include "cli/sweep_store.h"
#include "reports/sweep.h"

namespace headroom::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kTableLimitBytes = 1u << 30;

struct MergeOptions {
  std::vector<std::string> folders;
  OutputFlags output;
};

Sweep read_part(const std::string& folder) {
  const fs::path file = fs::path(folder) / kSweepTable;
  std::error_code ignored;
  if (fs::is_directory(folder, ignored) && !fs::exists(file, ignored))
    throw bad_input(
        fmt::format("'{}' has no {}: its sweep has not ended; run it again, and it goes on", folder, kSweepTable));
  return read_sweep_json(read_file(file, kTableLimitBytes), file.string());
}

int run_merge(const MergeOptions& options) {
  if (options.folders.empty()) throw bad_input("expected the folders of a sweep's shards: DIR…");
  if (options.output.out.empty()) throw bad_input("expected --out FOLDER, where the whole sweep goes");
  const SweepLook look = plan_sweep_look(options.output);
  std::vector<Sweep> parts;
  for (const std::string& folder : options.folders) parts.push_back(read_part(folder));
  const Sweep sweep = merge_sweeps(parts, options.folders);
  const SweepStore store(options.output.out);
  Written written;
  bool failed = false;
  for (const SweepRow& row : sweep.rows) {
    if (row.result.outcome == SweepOutcome::error)
      failed = true;
    else if (!row.result.key.empty())
      written.attempt([&] { store.keep(row.result); });
  }
  store.write_tables(sweep, written);
  written.tell();
  show_sweep(sweep, look);
  const std::vector<std::int64_t> missing = missing_rows(sweep);
  if (!missing.empty())
    complain(fmt::format("{} of {} runs are in none of the folders: {}", missing.size(), sweep.count,
                         number_ranges(missing)));
  return static_cast<int>(failed || !missing.empty() ? ExitCode::could_not_measure : written.code());
}

}  // namespace

void add_merge(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<MergeOptions>();
  CLI::App* command = app.add_subcommand("merge", "The shards of a sweep as one");
  command->add_option("DIR", options->folders, "Folders that headroom sweep --shard wrote")->type_name("");
  add_sweep_output_flags(*command, options->output,
                         "what headroom sweep without --shard would have, byte for\nbyte, so that it can go on there");
  command->footer(R"(
Runs that several folders have must be the same in each. Runs that none has are listed, and the exit code is 3.

Examples:
  headroom merge results/shard-* --out results)");
  command->callback([options, &chosen] { chosen = [options] { return run_merge(*options); }; });
}

}  // namespace headroom::cli
