#include "cli/measurement.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "base/bytes.h"
#include "cli/application.h"
#include "cli/arguments.h"
#include "cli/device.h"
#include "cli/progress.h"
#include "cli/scratch_folder.h"
#include "cli/worker_process.h"
#include "recording/file.h"
#include "recording/verify.h"
#include "reports/report_run.h"
#include "virtual_gpu/catalog.h"

namespace headroom::cli {
namespace {

constexpr int kProgressMilliseconds = 100;

Recording unrecorded(const RunSpec& spec, const std::string& message) {
  Recording recording;
  recording.spec = spec;
  recording.outcome = {OutcomeKind::error, message};
  recording.model.name = spec.model;
  recording.model.attention = spec.attention;
  recording.layers = {{LayerId::root, LayerId::root, "model", LayerKind::model}};
  recording.environment.headroom_version = version();
  if (is_virtual(spec.device)) {
    recording.environment.device_kind = DeviceKind::virtual_cuda;
    recording.environment.device_name = virtual_gpu::device_model(spec.device).product;
  }
  return recording;
}

void fail(MeasuredRun& run, const RunSpec& spec, const WorkerEnd& end) {
  run.code = end.code;
  run.message = printable(end.message);
  run.last_words = end.last_words;
  run.timed_out = end.timed_out;
  run.recording = unrecorded(spec, run.message);
}

void require_promises(const std::vector<std::string>& broken, const std::string& label, ExitCode code) {
  if (!broken.empty())
    throw Error(code, fmt::format("{}: the recording contradicts itself: {}", label, broken.front()));
}

void take_recording(MeasuredRun& run, const std::filesystem::path& file) {
  run.recording = read_recording(file);
  require_promises(verify(run.recording), run.label, ExitCode::could_not_measure);
  const OutcomeKind outcome = run.recording.outcome.kind;
  if (outcome == OutcomeKind::ok) return;
  run.code = ExitCode::could_not_measure;
  run.message = outcome == OutcomeKind::oom ? out_of_memory_message(run.recording) : run.recording.outcome.message;
}

// The workers of one measurement, at most `jobs` at once.
class Fleet {
 public:
  Fleet(RunSource& source, const MeasureOptions& options, Interrupts& interrupts)
      : source_(source),
        options_(options),
        interrupts_(interrupts),
        line_(options.show_progress),
        width_(terminal_width(STDERR_FILENO)) {}

  void finish_all() {
    for (;;) {
      start_waiting();
      if (done_ == planned_.size()) return;
      show_progress();
      wait_for_any(workers_, interrupts_, line_.enabled() ? kProgressMilliseconds : -1);
      interrupts_.throw_if_caught();
      attend_all();
    }
  }

 private:
  std::filesystem::path file_of(std::size_t i) const { return scratch_.path() / fmt::format("{}.headroom", i); }
  std::size_t total() const { return source_.total().value_or(planned_.size()); }

  void start_waiting() {
    while (planned_.size() - done_ < options_.jobs) {
      std::optional<PlannedRun> run = source_.next();
      if (!run) return;
      if (planned_.empty()) worker_command(run->spec);  // throws, once for all, where there is none
      planned_.push_back(std::move(*run));
      start(planned_.size() - 1);
    }
  }

  void start(std::size_t i) {
    try {
      workers_.push_back(std::make_unique<WorkerProcess>(worker_command(planned_[i].spec), to_json(planned_[i].spec),
                                                         file_of(i), interrupts_.original_mask(),
                                                         planned_[i].limit.value_or(options_.limit)));
      running_.push_back(i);
      tell_progress(running_.size() - 1);
    } catch (const Error& error) {
      MeasuredRun run{planned_[i].label, {}, ExitCode::done, {}, {}};
      fail(run, planned_[i].spec, {error.code(), error.what(), {}});
      give_back(i, std::move(run));
    }
  }

  void give_back(std::size_t i, MeasuredRun run) {
    ++done_;
    source_.take(i, std::move(run));
  }

  void attend_all() {
    for (std::size_t slot = 0; slot < workers_.size();) {
      if (!has_ended(slot)) {
        ++slot;
        continue;
      }
      const std::size_t i = running_[slot];
      const WorkerEnd end = workers_[slot]->end();
      workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(slot));
      running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(slot));
      finish(i, end);
    }
  }

  bool has_ended(std::size_t slot) {
    const Progress before = workers_[slot]->progress();
    workers_[slot]->read_available();
    if (workers_[slot]->progress() != before) tell_progress(slot);
    return workers_[slot]->has_ended();
  }

  void finish(std::size_t i, const WorkerEnd& end) {
    MeasuredRun run{planned_[i].label, {}, ExitCode::done, {}, {}};
    if (end.code == ExitCode::done)
      read_result(i, run);
    else
      fail(run, planned_[i].spec, end);
    std::error_code ignored;
    std::filesystem::remove(file_of(i), ignored);
    give_back(i, std::move(run));
  }

  void read_result(std::size_t i, MeasuredRun& run) {
    try {
      take_recording(run, file_of(i));
    } catch (const Error& error) {
      fail(run, planned_[i].spec,
           {ExitCode::could_not_measure,
            fmt::format("the worker ended well but its recording is missing or damaged: {}", error.what()),
            {}});
    }
  }

  void tell_progress(std::size_t slot) const {
    if (options_.progress_lines)
      write_stderr(progress_document(done_, total(), {planned_[running_[slot]].label, workers_[slot]->progress()}));
  }

  void show_progress() {
    if (!line_.enabled()) return;
    std::vector<RunningRun> running;
    for (std::size_t slot = 0; slot < workers_.size(); ++slot)
      running.push_back({planned_[running_[slot]].label, workers_[slot]->progress()});
    line_.show(progress_text(done_, source_.total(), running, width_));
  }

  RunSource& source_;
  const MeasureOptions& options_;
  Interrupts& interrupts_;
  ScratchFolder scratch_;
  ProgressLine line_;
  int width_;
  std::vector<PlannedRun> planned_;                      // those that were started
  std::vector<std::unique_ptr<WorkerProcess>> workers_;  // those that run
  std::vector<std::size_t> running_;                     // what each of them runs: indices into planned_
  std::size_t done_ = 0;
};

// Runs that are all known from the start.
class ListedRuns : public RunSource {
 public:
  using Taken = std::function<void(std::size_t index, MeasuredRun run)>;
  ListedRuns(const std::vector<PlannedRun>& planned, const Taken& taken) : planned_(planned), taken_(taken) {}

  std::optional<PlannedRun> next() override {
    if (next_ == planned_.size()) return {};
    return planned_[next_++];
  }
  void take(std::size_t index, MeasuredRun run) override { taken_(index, std::move(run)); }
  std::optional<std::size_t> total() const override { return planned_.size(); }

 private:
  const std::vector<PlannedRun>& planned_;
  const Taken& taken_;
  std::size_t next_ = 0;
};

std::vector<PlannedRun> expanded(const MeasurementPlan& plan) {
  if (plan.address_orders.empty()) return plan.runs;
  std::vector<PlannedRun> out;
  for (const auto& run : plan.runs)
    for (const auto& order : plan.address_orders) {
      out.push_back(run);
      out.back().spec.virtual_options.address_order = order;
      if (order != plan.address_orders.front()) out.back().label += " " + order;
    }
  return out;
}

// `runs` are the expanded plan's.
Report make_report(const std::vector<MeasuredRun>& runs, const MeasurementPlan& plan) {
  Report report{std::string(version()), {}, {}};
  std::vector<Breakdown> breakdowns;
  const std::size_t orders = plan.address_orders.size(), stride = std::max<std::size_t>(1, orders);
  for (std::size_t i = 0; i < runs.size(); i += stride) {
    report.runs.push_back(make_report_run(runs[i].recording, runs[i].label, ExitCode::could_not_measure));
    for (std::size_t k = 0; k < orders; ++k)
      report.runs.back().orders.push_back(order_peaks(runs[i + k].recording, plan.address_orders[k]));
  }
  if (report.runs.size() < 2) return report;
  for (const auto& run : report.runs) breakdowns.push_back(run.breakdown);
  report.comparison = compare(breakdowns, plan.baseline);
  return report;
}

bool is_recorded(const MeasuredRun& run) { return run.recording.outcome.kind != OutcomeKind::error; }

std::vector<LabeledRecording> recorded(const std::vector<MeasuredRun>& runs, std::size_t stride) {
  std::vector<LabeledRecording> out;
  for (std::size_t i = 0; i < runs.size(); i += stride)
    if (is_recorded(runs[i])) out.push_back({runs[i].label, runs[i].recording});
  return out;
}

// An interrupted search loses nothing of what was measured before it.
std::optional<Interrupted> search(const MeasurementPlan& plan, const Recording& measured, const MeasureOptions& options,
                                  Interrupts& interrupts, std::optional<Fit>& fit) {
  try {
    fit = plan.fit(measured, options, interrupts);
    return {};
  } catch (const Interrupted& caught) {
    fit = Fit{"the search was interrupted", {}};
    return caught;
  }
}

void explain(const MeasuredRun& run, bool one_of_many) {
  if (run.message.empty()) return;
  complain(one_of_many || run.timed_out ? run.label + ": " + run.message : run.message);
  if (!run.last_words.empty()) show_last_words(run.last_words);
}

}  // namespace

std::string out_of_memory_message(const Recording& recording) {
  const Outcome& outcome = recording.outcome;
  const bool would_fit = outcome.failed_request_bytes <= outcome.free_bytes;
  return fmt::format("out of memory on {}: {} asked for in {}, {}, with {} free{}", recording.environment.device_name,
                     format_bytes(outcome.failed_request_bytes), outcome.phase, outcome.layer,
                     format_bytes(outcome.free_bytes),
                     would_fit ? ", less than the segment PyTorch reserves for it" : "");
}

void tell_trace_problems(const std::vector<LabeledRecording>& recordings) {
  std::set<std::string> told;
  for (const auto& [label, recording] : recordings)
    for (const std::string& problem : recording.activity.problems)
      if (told.insert(problem).second) complain(printable(problem));
}

std::vector<MeasuredRun> measure(const std::vector<PlannedRun>& runs, const MeasureOptions& options,
                                 Interrupts& interrupts) {
  std::vector<MeasuredRun> measured(runs.size());
  measure(runs, options, interrupts, [&](std::size_t index, MeasuredRun run) { measured[index] = std::move(run); });
  return measured;
}

void measure(const std::vector<PlannedRun>& runs, const MeasureOptions& options, Interrupts& interrupts,
             const std::function<void(std::size_t index, MeasuredRun run)>& taken) {
  ListedRuns source(runs, taken);
  measure(source, options, interrupts);
}

void measure(RunSource& source, const MeasureOptions& options, Interrupts& interrupts) {
  Fleet(source, options, interrupts).finish_all();
}

std::size_t usable_cores() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  return static_cast<std::size_t>(std::max(1, CPU_COUNT(&cores)));
}

std::size_t default_jobs(const std::string& device) { return is_virtual(device) ? usable_cores() : 1; }

void add_jobs_flag(CLI::App& command, std::string& jobs, const char* group) {
  command.add_option("--jobs", jobs, "Workers at once, 1 to 1024\n(default: one per core for virtual devices, else 1)")
      ->type_name("N")
      ->group(group);
}

std::size_t read_jobs(const std::string& jobs, std::size_t otherwise) {
  constexpr std::int64_t kMost = 1024;
  return jobs.empty() ? otherwise : static_cast<std::size_t>(parse_integer("--jobs", jobs, 1, kMost));
}

int measure_and_report(const MeasurementPlan& plan, const OutputPlan& output) {
  Report report;
  std::vector<MeasuredRun> runs;
  std::vector<LabeledRecording> kept;
  ExitCode code = ExitCode::done;
  Written written;
  std::optional<Interrupted> stopped;
  require_room(output, plan.runs.size());
  {
    Interrupts interrupts;
    const bool lines = output.progress == ProgressKind::lines;
    const MeasureOptions options{plan.jobs, !lines && !output.quiet && isatty(STDERR_FILENO) == 1, lines, plan.limit};
    runs = measure(expanded(plan), options, interrupts);
    for (const auto& run : runs) code = std::max(code, run.code);
    if (std::ranges::any_of(runs, is_recorded)) {
      report = make_report(runs, plan);
      if (plan.fit && runs.front().recording.outcome.kind == OutcomeKind::ok)
        stopped = search(plan, runs.front().recording, options, interrupts, report.runs.front().fit);
      kept = recorded(runs, std::max<std::size_t>(1, plan.address_orders.size()));
      write_recordings(output, kept, written);
      write_documents(output, {report, kept}, written);
      code = std::max(code, written.code());
    }
    if (stopped) throw *stopped;
    interrupts.throw_if_caught();
  }
  for (const auto& run : runs) explain(run, runs.size() > 1);
  tell_trace_problems(kept);
  written.tell();
  if (!report.runs.empty()) write_result(output, {report, kept});
  return static_cast<int>(code);
}

}  // namespace headroom::cli
