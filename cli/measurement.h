// Runs specs in workers, several at once, and reports what comes back.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/interrupts.h"
#include "cli/output.h"
#include "cli/time_limit.h"
#include "recording/recording.h"
#include "reports/report.h"

namespace headroom::cli {

struct PlannedRun {
  std::string label;
  RunSpec spec;
  std::optional<TimeLimit> limit = {};  // else that of all
};

// What became of a planned run. Its outcome is `ok`, `oom`, or `error` when its worker failed: then nothing was
// recorded, `message` says why, and `last_words` is what a crashed worker left on stderr.
struct MeasuredRun {
  std::string label;
  Recording recording;
  ExitCode code = ExitCode::done;  // oom and error: not done
  std::string message, last_words;
  bool timed_out = false;
};

struct MeasureOptions {
  std::size_t jobs = 1;  // workers at once
  bool show_progress = false;
  bool progress_lines = false;  // for programs: --progress lines
  TimeLimit limit = kNoLimit;   // of each run
};

// In the order given, whatever finishes first. Throws Interrupted once the workers are dead and the temporary folder is
// gone; could_not_measure when there is no worker to start.
std::vector<MeasuredRun> measure(const std::vector<PlannedRun>& runs, const MeasureOptions& options,
                                 Interrupts& interrupts);

// The same, but each run is given away as it ends, whichever does first: nobody keeps its recording. `index` is that of
// `runs`; what `taken` throws ends the measurement.
void measure(const std::vector<PlannedRun>& runs, const MeasureOptions& options, Interrupts& interrupts,
             const std::function<void(std::size_t index, MeasuredRun run)>& taken);

// Runs of which one decides what the next one is.
class RunSource {
 public:
  virtual ~RunSource() = default;
  // What to run when a worker is free; empty: nothing now. Asked again whenever a run has ended.
  virtual std::optional<PlannedRun> next() = 0;
  // What came of a run; `index` counts what next() gave, from 0.
  virtual void take(std::size_t index, MeasuredRun run) = 0;
  virtual std::optional<std::size_t> total() const { return {}; }  // how many there will be, where that is known
};

// Until nothing runs and nothing is to be run. Throws as the other does.
void measure(RunSource& source, const MeasureOptions& options, Interrupts& interrupts);

std::size_t usable_cores();  // by this process

// The cores this process may use for virtual devices, whose runs share nothing; 1 for cpu and cuda.
std::size_t default_jobs(const std::string& device);

// --jobs, the same for all commands that have it; empty where the default holds.
void add_jobs_flag(CLI::App& command, std::string& jobs, const char* group);
std::size_t read_jobs(const std::string& jobs, std::size_t otherwise);

// "out of memory on NVIDIA …: 2.00 GiB asked for in forward, layer.3, with 1.20 GiB free"
std::string out_of_memory_message(const Recording& recording);

// What was asked of tracing and could not be done, on stderr; a sentence that several runs share once.
void tell_trace_problems(const std::vector<LabeledRecording>& recordings);

struct MeasurementPlan {
  std::vector<PlannedRun> runs;
  std::vector<std::string> address_orders;  // each run is made under each; the first one's is shown. Empty: as they are
  std::size_t baseline = 0;                 // index into `runs`
  std::size_t jobs = 1;
  // What the device holds at most of the first run, asked once that went well; empty: nobody asks.
  std::function<std::optional<Fit>(const Recording& measured, const MeasureOptions&, Interrupts&)> fit;
  TimeLimit limit = kNoLimit;  // of each run
};

// The second half of a command that measures: run, write the files, print the result, say what failed. Returns the exit
// code.
int measure_and_report(const MeasurementPlan& plan, const OutputPlan& output);

}  // namespace headroom::cli
