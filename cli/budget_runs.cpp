#include "cli/budget_runs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>

#include "base/bytes.h"
#include "base/error.h"
#include "cli/device.h"
#include "cli/interrupts.h"
#include "cli/measurement.h"
#include "cli/program.h"
#include "cli/program_file.h"
#include "cli/recorded_runs.h"
#include "cli/scratch_folder.h"
#include "cli/terminal.h"
#include "recording/file.h"
#include "reports/summary.h"

namespace headroom::cli {
namespace {

constexpr std::size_t kRunsAtOnce = 64;  // whose recordings are held in memory

using Baselines = std::vector<std::optional<Baseline>>;

std::string place_of(const BudgetFile& file, const BudgetEntry& entry) {
  return fmt::format("{}:{}", file.where, entry.line);
}

// What happened to the memory before it ran out, as far as that decides something.
std::string out_of_memory_text(const Recording& recording, const Budget& budget) {
  std::string text = out_of_memory_message(recording);
  for (const Limit& limit : budget.limits)
    if (limit.metric.kind == MetricKind::peak && limit.levels.fail &&
        recording.stats.peak_allocated_bytes > *limit.levels.fail)
      return text + fmt::format("; {} were allocated until then, above the peak's limit of {} already",
                                format_bytes(recording.stats.peak_allocated_bytes), format_bytes(*limit.levels.fail));
  return text + "; half a run is not judged: it needs more memory than its device has";
}

// The command of a baseline is the same wherever the file is checked from: a path in it counts from the file's folder.
std::string command_from_file(const BudgetFile& file, const BudgetEntry& entry) {
  if (entry.source == BudgetSource::recording) return "";
  const std::filesystem::path folder = std::filesystem::path(file.where).parent_path(), model = entry.spec.model;
  RunSpec spec = entry.spec;
  const bool is_path = model.has_parent_path() || model.extension() == ".json";
  if (entry.source == BudgetSource::model && is_path && !folder.empty())
    if (const auto relative = model.lexically_relative(folder.lexically_normal()); !relative.empty())
      spec.model = relative.string();
  return reproduction_command(spec);
}

// The command that repeats the run from where we are, or shows the recording.
std::string command_from_here(const BudgetEntry& entry) {
  const bool is_recording = entry.source == BudgetSource::recording;
  return is_recording ? "headroom report " + entry.recording.string() : reproduction_command(entry.spec);
}

class Judge {
 public:
  Judge(const BudgetFile& file, const Baselines& baselines, const BudgetRunOptions& options)
      : file_(file), baselines_(baselines), options_(options), results_(file.entries.size()) {}

  std::vector<BudgetResult> run() {
    require_programs();
    read_recordings();
    measure_models();
    for (std::size_t i = 0; i < file_.entries.size(); ++i)
      if (file_.entries[i].source == BudgetSource::command) run_command(i);
    return std::move(results_);
  }

 private:
  TimeLimit limit_of(const BudgetEntry& entry) const {
    return options_.limit.value_or(entry.limit.value_or(kUsualLimit));
  }

  // Before anything takes long.
  void require_programs() const {
    for (const BudgetEntry& entry : file_.entries) {
      if (entry.source != BudgetSource::command) continue;
      try {
        find_program(entry.spec.command);
      } catch (const Error& error) {
        throw Error(error.code(), place_of(file_, entry) + ": " + error.what());
      }
    }
  }

  void read_recordings() {
    for (std::size_t i = 0; i < file_.entries.size(); ++i) {
      const BudgetEntry& entry = file_.entries[i];
      if (entry.source != BudgetSource::recording) continue;
      try {
        judge(i, read_sound_recording(entry.recording));
      } catch (const Error& error) {
        throw Error(error.code(), place_of(file_, entry) + ": " + error.what());
      }
    }
  }

  // Those on virtual devices share nothing; others have the machine to themselves.
  void measure_models() {
    std::map<std::string, std::vector<std::size_t>> equal;
    std::vector<std::size_t> shared, alone;
    for (std::size_t i = 0; i < file_.entries.size(); ++i) {
      const BudgetEntry& entry = file_.entries[i];
      if (entry.source != BudgetSource::model) continue;
      auto& indices = equal[to_json(entry.spec).dump() + time_limit_text(limit_of(entry))];
      if (indices.empty()) (is_virtual(entry.spec.device) ? shared : alone).push_back(i);
      indices.push_back(i);
    }
    for (const auto& [first, indices] : equal) same_[indices.front()] = indices;
    measure_each(shared, options_.jobs > 0 ? options_.jobs : default_jobs("virtual:h100-80gb"));
    measure_each(alone, 1);
  }

  void measure_each(const std::vector<std::size_t>& indices, std::size_t jobs) {
    const std::size_t at_once = std::max(kRunsAtOnce, 8 * jobs);
    for (std::size_t from = 0; from < indices.size(); from += at_once) {
      std::vector<PlannedRun> planned;
      const std::size_t to = std::min(indices.size(), from + at_once);
      for (std::size_t i = from; i < to; ++i)
        planned.push_back(
            {file_.entries[indices[i]].name, file_.entries[indices[i]].spec, limit_of(file_.entries[indices[i]])});
      Interrupts interrupts;
      const auto runs = measure(planned, {jobs, options_.show_progress, false}, interrupts);
      for (std::size_t i = from; i < to; ++i)
        for (const std::size_t index : same_.at(indices[i])) take(index, runs[i - from]);
      interrupts.throw_if_caught();
    }
  }

  void take(std::size_t index, const MeasuredRun& run) {
    if (run.recording.outcome.kind != OutcomeKind::error) return judge(index, run.recording);
    fail(index, run.code, run.message);
    if (!run.last_words.empty()) {
      complain(run.label + ": " + run.message);
      show_last_words(run.last_words);
    }
  }

  void run_command(std::size_t index) {
    const BudgetEntry& entry = file_.entries[index];
    const ScratchFolder scratch;
    ProgramCall call{"/proc/self/exe",
                     {"headroom", "run", "--quiet", "--out", (scratch.path() / "run.headroom").string()},
                     {},
                     true};
    call.command.insert(call.command.end(), entry.flags.begin(), entry.flags.end());
    call.command.push_back("--timeout=" + time_limit_text(limit_of(entry)));
    call.command.push_back("--");
    call.command.insert(call.command.end(), entry.spec.command.begin(), entry.spec.command.end());
    for (char** variable = environ; *variable; ++variable) call.environment.push_back(*variable);
    if (options_.show_progress)
      write_stderr(
          fmt::format("headroom: {}: {}\n", printable(entry.name), printable(reproduction_command(entry.spec))));
    const Deadline deadline(limit_of(entry), {});
    const int code = exit_code_of(run_program(call).wait_status);
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
      if (code == 128 + number) throw Interrupted{number};
    if (code == static_cast<int>(ExitCode::could_not_measure) && deadline.milliseconds_left() == 0)
      return fail(index, ExitCode::could_not_measure, timeout_message(limit_of(entry)));
    if (code != 0)
      return fail(index, ExitCode::could_not_measure,
                  fmt::format("the command ended with exit code {}; what it said is on stderr", code));
    judge_largest(index, scratch.path());
  }

  // Each process and each device leaves a recording of its own.
  void judge_largest(std::size_t index, const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& found : std::filesystem::directory_iterator(folder))
      if (found.path().extension() == ".headroom") paths.push_back(found.path());
    std::ranges::sort(paths);
    std::optional<Recording> largest;
    for (const auto& path : paths) {
      Recording recording = read_recording(path);
      if (!largest || recording.stats.peak_allocated_bytes > largest->stats.peak_allocated_bytes)
        largest = std::move(recording);
    }
    if (!largest) return fail(index, ExitCode::could_not_measure, "the command left no recording");
    judge(index, *largest);
  }

  void judge(std::size_t index, const Recording& recording) {
    const BudgetEntry& entry = file_.entries[index];
    const Outcome& outcome = recording.outcome;
    if (outcome.kind == OutcomeKind::oom) {
      fail(index, ExitCode::could_not_measure, out_of_memory_text(recording, entry.budget));
      results_[index].checked.end = RunEnd::out_of_memory;
      return;
    }
    if (outcome.kind == OutcomeKind::error) return fail(index, ExitCode::could_not_measure, outcome.message);
    const Breakdown run = make_breakdown(recording, entry.name);
    if (const auto broken = verify(run); !broken.empty())
      return fail(index, ExitCode::could_not_measure, "the numbers contradict each other: " + broken.front());
    BudgetResult& result = results_[index];
    result.now = make_baseline(run, entry.budget, entry.name, command_from_file(file_, entry));
    const auto& baseline = baselines_[index];
    result.checked = check_budget(run, entry.budget, *result.now, baseline ? &*baseline : nullptr, options_.today);
    if (result.checked.line == 0) result.checked.line = entry.line;
    result.checked.command = command_from_here(entry);
  }

  void fail(std::size_t index, ExitCode code, const std::string& message) {
    const BudgetEntry& entry = file_.entries[index];
    CheckedBudget& out = results_[index].checked;
    out = {.name = entry.name, .line = entry.line, .end = RunEnd::failed, .code = code, .message = message};
    out.command = command_from_here(entry);
  }

  const BudgetFile& file_;
  const Baselines& baselines_;
  const BudgetRunOptions& options_;
  std::vector<BudgetResult> results_;
  std::map<std::size_t, std::vector<std::size_t>> same_;  // budgets of one run, by the first
};

}  // namespace

std::filesystem::path baseline_file(const BudgetFile& file, const BudgetEntry& entry) {
  return file.baselines / (file_stem(entry.name) + ".json");
}

Baselines read_baselines(const BudgetFile& file) {
  Baselines out;
  for (const BudgetEntry& entry : file.entries) {
    const auto path = baseline_file(file, entry);
    std::error_code ignored;
    out.push_back(std::filesystem::exists(path, ignored) ? std::optional(read_baseline(path)) : std::nullopt);
  }
  return out;
}

void require_baselines(const BudgetFile& file, const Baselines& baselines) {
  for (std::size_t i = 0; i < baselines.size(); ++i)
    for (const Limit& limit : file.entries[i].budget.limits)
      if (!baselines[i] && (limit.levels.grows() || (limit.exception && limit.exception->levels.grows())))
        throw bad_input(
            fmt::format("{}:{}: a limit of growth needs a baseline, and there is no {}; make it with: headroom check "
                        "{} --update-baseline",
                        file.where, limit.line, baseline_file(file, file.entries[i]).string(), file.where));
}

std::vector<BudgetResult> run_budgets(const BudgetFile& file, const Baselines& baselines,
                                      const BudgetRunOptions& options) {
  return Judge(file, baselines, options).run();
}

}  // namespace headroom::cli
