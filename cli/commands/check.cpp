#include "reports/check.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "base/names.h"
#include "cli/application.h"
#include "cli/arguments.h"
#include "cli/budget_file.h"
#include "cli/budget_runs.h"
#include "cli/commands/check_init.h"
#include "cli/commands/commands.h"
#include "cli/measurement.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "reports/check_update.h"

namespace headroom::cli {
namespace {

constexpr const char* kUsualFile = "budgets.toml";

struct CheckOptions {
  std::string file, today, jobs, timeout;
  std::vector<std::string> runs;     // of --init
  std::vector<std::string> program;  // what follows "--"
  bool strict = false, update = false;
  InitFlags init;
  OutputFlags output;
};

enum class CheckFormat { terminal, json, junit, sarif, github, gitlab, markdown };

struct CheckFormatRow {
  CheckFormat format;
  std::string_view name, file;  // file: under --out; empty: stdout
  std::string (*write)(const CheckReport&);
};

constexpr CheckFormatRow kFormats[] = {{CheckFormat::terminal, "terminal", "", nullptr},
                                       {CheckFormat::json, "json", "check.json", write_check_json},
                                       {CheckFormat::junit, "junit", "junit.xml", write_check_junit},
                                       {CheckFormat::sarif, "sarif", "check.sarif", write_check_sarif},
                                       {CheckFormat::github, "github", "", write_check_github},
                                       {CheckFormat::gitlab, "gitlab", "gl-code-quality.json", write_check_gitlab},
                                       {CheckFormat::markdown, "markdown", "check.md", write_check_markdown}};

const CheckFormatRow& row_named(const std::string& name) {
  std::vector<std::string_view> known;
  for (const CheckFormatRow& row : kFormats) {
    if (row.name == name) return row;
    known.push_back(row.name);
  }
  throw bad_input(unknown_name_message("format", name, known));
}

// Where everything goes: `on_stdout` in this order, `files` under the folder.
struct CheckOutput {
  std::vector<const CheckFormatRow*> on_stdout, files;
  OutputPlan plan;  // of the table; its formats are without meaning
};

CheckOutput plan_check_output(const OutputFlags& flags) {
  CheckOutput out;
  std::vector<const CheckFormatRow*> asked;
  for (const std::string& name :
       flags.format.empty() ? std::vector<std::string>{"terminal"} : parse_list("--format", flags.format))
    asked.push_back(&row_named(name));
  const bool names_terminal = !flags.format.empty() && std::ranges::find(asked, &kFormats[0]) != asked.end();
  if (flags.out.empty()) {
    const bool documents = std::ranges::any_of(asked, [](const CheckFormatRow* row) { return !row->file.empty(); });
    if (documents && asked.size() > 1)
      throw bad_input(fmt::format("--format {} needs --out FOLDER: only one format fits on stdout", flags.format));
    out.on_stdout = asked;
  } else {
    if (names_terminal || !flags.quiet) out.on_stdout.push_back(&kFormats[0]);
    for (const CheckFormatRow* row : asked) {
      if (!row->file.empty()) out.files.push_back(row);
      if (row->format == CheckFormat::github) out.on_stdout.push_back(row);
    }
  }
  out.plan = plan_place(flags);
  std::ranges::stable_sort(out.on_stdout, {}, [](const CheckFormatRow* row) { return row->format; });
  return out;
}

std::string today_of(const std::string& flag) {
  if (!flag.empty()) {
    if (!is_date(flag)) throw bad_input(fmt::format("--today is '{}', expected a day such as 2026-12-31", flag));
    return flag;
  }
  using namespace std::chrono;
  sys_seconds now = floor<seconds>(system_clock::now());
  if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH"); epoch && *epoch)
    now = sys_seconds(seconds(parse_integer("SOURCE_DATE_EPOCH", epoch, 0, 253402300799)));
  const year_month_day day(floor<days>(now));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

// The page of a job on GitHub, to which every step adds.
void add_to_step_summary(const CheckReport& report) {
  const char* actions = std::getenv("GITHUB_ACTIONS");
  const char* path = std::getenv("GITHUB_STEP_SUMMARY");
  if (!actions || std::string_view(actions) != "true" || !path || !*path) return;
  try {
    append_file(path, write_check_markdown(report));
  } catch (const Error& error) {
    throw could_not_measure(fmt::format("{}, the step's summary (GITHUB_STEP_SUMMARY)", error.what()));
  }
}

// Everything is written that can be; what cannot is told, and is the exit code unless a graver one holds.
ExitCode write_report(const CheckReport& report, const CheckOutput& output) {
  ExitCode code = exit_code_of(report);
  const auto attempt = [&](auto&& write) {
    try {
      write();
    } catch (const Error& error) {
      complain(error.what());
      code = std::max(code, error.code());
    }
  };
  for (const CheckFormatRow* row : output.files)
    attempt([&] { write_file(*output.plan.folder / row->file, row->write(report)); });
  attempt([&] { add_to_step_summary(report); });
  for (const CheckFormatRow* row : output.on_stdout)
    attempt([&] {
      write_stdout(row->write ? row->write(report) : write_check_terminal(report, look_of(output.plan, STDOUT_FILENO)));
    });
  return code;
}

// The old baselines, to tell what changes; one that cannot be read is as good as none, for it is replaced.
std::vector<std::optional<Baseline>> readable_baselines(const BudgetFile& file) {
  std::vector<std::optional<Baseline>> out;
  for (const BudgetEntry& entry : file.entries) {
    std::error_code ignored;
    out.emplace_back();
    try {
      if (const auto path = baseline_file(file, entry); std::filesystem::exists(path, ignored))
        out.back() = read_baseline(path);
    } catch (const Error& error) {
      complain(std::string(error.what()) + "; it is replaced");
    }
  }
  return out;
}

// What can be written is, and told; for the rest the exit code is that of the gravest failure.
int update_baselines(const BudgetFile& file, const BudgetRunOptions& how, const CheckOutput& output) {
  require_writable_folder(file.baselines);
  const auto before = readable_baselines(file);
  const auto results = run_budgets(file, std::vector<std::optional<Baseline>>(file.entries.size()), how);
  ExitCode code = ExitCode::done;
  std::vector<BaselineUpdate> updates;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto path = baseline_file(file, file.entries[i]);
    if (!results[i].now) {
      const CheckedBudget& failed = results[i].checked;
      complain(fmt::format("{}: no baseline is made: {}", failed.name, failed.message));
      code = std::max(code, failed.code);
      continue;
    }
    try {
      write_file(path, write_baseline(*results[i].now));
      updates.push_back({path.string(), before[i], *results[i].now});
    } catch (const Error& error) {
      complain(error.what());
      code = std::max(code, error.code());
    }
  }
  if (!updates.empty()) write_stdout(write_update_terminal(updates, look_of(output.plan, STDOUT_FILENO)));
  return static_cast<int>(code);
}

BudgetFile read_budgets(const std::string& file) {
  std::error_code ignored;
  if (file.empty() && !std::filesystem::exists(kUsualFile, ignored))
    throw bad_input(
        fmt::format("there is no {} in this folder; name another file of BUDGETS, or make one: headroom check --init "
                    "MODEL (docs/check.md)",
                    kUsualFile));
  return read_budget_file(file.empty() ? kUsualFile : file);
}

BudgetRunOptions how_to_run(const CheckOptions& options) {
  return {read_jobs(options.jobs, 0), !options.output.quiet && isatty(STDERR_FILENO) == 1, today_of(options.today),
          read_timeout(options.timeout)};
}

int run_check(const CheckOptions& options) {
  if (!options.runs.empty())
    throw bad_input(fmt::format("unexpected argument '{}': one file is checked; headroom check --init takes runs, too",
                                options.runs.front()));
  if (options.update && !options.output.format.empty())
    throw bad_input("--update-baseline writes baselines and says on stdout what changed; it goes without --format");
  if (options.update && options.strict) throw bad_input("--update-baseline judges nothing; it goes without --strict");
  const BudgetFile file = read_budgets(options.file);
  const BudgetRunOptions how = how_to_run(options);
  const CheckOutput output = plan_check_output(options.output);
  if (options.update) return update_baselines(file, how, output);
  const auto baselines = read_baselines(file);
  require_baselines(file, baselines);
  CheckReport report{std::string(version()), file.where, options.strict, {}};
  for (BudgetResult& result : run_budgets(file, baselines, how)) report.budgets.push_back(std::move(result.checked));
  return static_cast<int>(write_report(report, output));
}

// Nothing is judged, and there is one thing to say of what was written.
int make_budgets(const CLI::App& command, const CheckOptions& options) {
  const std::pair<const char*, bool> given[] = {{"--update-baseline", options.update},
                                                {"--strict", options.strict},
                                                {"--today", !options.today.empty()},
                                                {"--format", !options.output.format.empty()},
                                                {"--out", !options.output.out.empty()}};
  for (const auto& [flag, present] : given)
    if (present)
      throw bad_input(fmt::format("--init writes a budget file and judges nothing; it goes without {}", flag));
  std::vector<std::string> words = options.runs;
  if (!options.file.empty()) words.insert(words.begin(), options.file);
  return run_init(command, options.init, words, options.program, how_to_run(options), plan_place(options.output));
}

void add_outputs(CLI::App& command, OutputFlags& flags) {
  const char* group = "What comes out";
  command
      .add_option(
          "--format", flags.format,
          "terminal, json, junit, sarif, github, gitlab, markdown; several,\nseparated by commas, with --out (default: "
          "terminal)")
      ->type_name("LIST")
      ->group(group);
  command
      .add_option("--out", flags.out,
                  "Where to write, made when absent: check.json, junit.xml,\ncheck.sarif, gl-code-quality.json, "
                  "check.md as --format "
                  "asks")
      ->type_name("FOLDER")
      ->group(group);
  add_quiet_flag(command, flags);
  add_look_flags(command, flags);
}

}  // namespace

void add_check(CLI::App& app, Chosen& chosen, const std::vector<std::string>& command_words) {
  auto options = std::make_shared<CheckOptions>();
  options->program = command_words;
  CLI::App* command = app.add_subcommand("check", "Whether runs keep to their memory budgets, for CI");
  command
      ->add_option("BUDGETS", options->file,
                   "A TOML file of runs and their limits (docs/check.md)\n(default: budgets.toml)")
      ->type_name("");
  command
      ->add_option("RUN", options->runs,
                   "With --init: what the budgets are of, models and recordings;\nwhat ends in .toml is the file")
      ->type_name("");
  const char* group = "What is checked";
  command->add_flag("--strict", options->strict, "Warnings count as failures")->group(group);
  command
      ->add_flag("--update-baseline", options->update, "Measure, write what growth is told from, and show what changed")
      ->group(group);
  command
      ->add_option("--today", options->today,
                   "The day by which exceptions expire, 2026-12-31\n(default: SOURCE_DATE_EPOCH, else today)")
      ->type_name("DAY")
      ->group(group);
  add_jobs_flag(*command, options->jobs, group);
  add_timeout_flag(*command, options->timeout, group, "the budget's timeout, else " + time_limit_text(kUsualLimit));
  add_init_flags(*command, options->init);
  add_outputs(*command, options->output);
  command->footer(R"(
Measures every run of the file, on a virtual GPU unless the file says otherwise, and compares with its limits. A failure
says what grew, how to repeat the run, and what to write where the growth is wanted. With --init it makes the file.

Exit codes: 0 within the budgets (warnings, too, without --strict); 1 over budget; 2 bad file, or a baseline of
something else; 3 a run could not be measured.

Examples:
  headroom check --init bert-base --batch 8
  headroom check --init budgets.toml results/mha.headroom results/mqa.headroom
  headroom check --init --device virtual:a100-80gb -- python train.py
  headroom check
  headroom check budgets.toml --update-baseline
  headroom check budgets.toml --out results --format junit,sarif,markdown
  headroom check budgets.toml --format terminal,github --strict)");
  command->callback([options, command, &chosen] {
    chosen = [options, command] {
      if (options->init.wanted) return make_budgets(*command, *options);
      require_init(*command, options->program);
      return run_check(*options);
    };
  });
}

}  // namespace headroom::cli
