#include "cli/sweep_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/bytes.h"
#include "base/error.h"
#include "cli/application.h"
#include "cli/measurement.h"
#include "cli/sweep_store.h"
#include "cli/terminal.h"

namespace headroom::cli {
namespace {

constexpr std::size_t kToldTroubles = 5;

class SweepRunner {
 public:
  explicit SweepRunner(const SweepRequest& request) : request_(request), store_(request.folder) {
    sweep_.headroom_version = version();
    sweep_.id = request.plan.id;
    sweep_.varied = request.plan.varied;
    sweep_.count = static_cast<std::int64_t>(request.plan.runs.size());
  }

  Sweep finish(Written& tables) {
    prepare();
    std::size_t kept = 0;
    for (const SweepRow& row : sweep_.rows)
      kept += row.result.outcome != SweepOutcome::error && !row.result.key.empty();
    tell_beginning(kept);
    Interrupts interrupts;
    try {
      while (!waiting_.empty()) {
        measure_waiting(interrupts);
        queue_outdated();
      }
      interrupts.throw_if_caught();
    } catch (const Interrupted&) {
      tell(fmt::format("{} of {} runs are kept in {}; the same command goes on from there", done_ + kept, planned_,
                       request_.folder.string()));
      throw;
    }
    store_.write_tables(sweep_, tables);
    return std::move(sweep_);
  }

 private:
  void tell(const std::string& sentence) const {
    if (!request_.quiet) write_stderr(printable(sentence) + "\n");
  }

  void tell_beginning(std::size_t kept) const {
    if (!request_.shard.from.empty())
      tell(fmt::format("shard {} of {}, as {} says: {} of {} runs", request_.shard.index, request_.shard.count,
                       request_.shard.from, sweep_.rows.size(), sweep_.count));
    if (kept > 0) tell(fmt::format("{} of {} runs are there already", kept, planned_));
    for (std::size_t i = 0; i < std::min(troubles_.size(), kToldTroubles); ++i) tell(troubles_[i] + "; run again");
    if (troubles_.size() > kToldTroubles) tell(fmt::format("and {} more like these", troubles_.size() - kToldTroubles));
  }

  // A row for each run of the shard; those without a result wait.
  void prepare() {
    std::map<std::string, SweepMaker> makers;  // of each model
    for (std::size_t i = 0; i < request_.plan.runs.size(); ++i) {
      if (!is_of_shard(i, request_.shard)) continue;
      const PlannedSweepRun& run = request_.plan.runs[i];
      SweepRow row{static_cast<std::int64_t>(i + 1), run.settings, {}};
      if (run.spec) {
        auto maker = makers.find(run.spec->model);
        if (maker == makers.end()) maker = makers.emplace(run.spec->model, sweep_maker(*run.spec)).first;
        prepare_run(row, *run.spec, maker->second);
      } else {
        row.result.outcome = SweepOutcome::refused;
        row.result.reason = run.refusal;
      }
      sweep_.rows.push_back(std::move(row));
    }
  }

  void prepare_run(SweepRow& row, const RunSpec& spec, const SweepMaker& maker) {
    ++planned_;
    const std::string key = sweep_key(spec, maker);
    std::string trouble;
    if (auto kept = store_.find(key, spec, maker, request_.keep_recordings, trouble)) {
      row.result = std::move(*kept);
      return;
    }
    if (!trouble.empty()) troubles_.push_back(trouble);
    row.result.outcome = SweepOutcome::error;
    row.result.key = key;
    row.result.spec = spec;
    row.result.maker = maker;
    waiting_.push_back(sweep_.rows.size());
  }

  void measure_waiting(Interrupts& interrupts) {
    std::vector<PlannedRun> runs;
    for (const std::size_t i : waiting_) runs.push_back({label_of(sweep_.rows[i]), *sweep_.rows[i].result.spec});
    MeasureOptions options;
    options.progress_lines = request_.progress_lines;
    options.show_progress = !request_.progress_lines && !request_.quiet && isatty(STDERR_FILENO) == 1;
    options.jobs = jobs(runs);
    options.limit = request_.limit.value_or(request_.plan.limit.value_or(kNoLimit));
    measure(runs, options, interrupts,
            [this](std::size_t index, MeasuredRun run) { take(sweep_.rows[waiting_[index]], run); });
    waiting_.clear();
  }

  std::string label_of(const SweepRow& row) const {
    const std::string words = settings_words(sweep_, row);
    return words.empty() ? row.result.spec->model : words;
  }

  // A device of its own may run one at a time, whatever the others do.
  std::size_t jobs(const std::vector<PlannedRun>& runs) const {
    if (request_.jobs > 0) return request_.jobs;
    std::size_t least = default_jobs(runs.front().spec.device);
    for (const PlannedRun& run : runs) least = std::min(least, default_jobs(run.spec.device));
    return least;
  }

  void take(SweepRow& row, const MeasuredRun& run) {
    const SweepResult asked = row.result;
    if (run.recording.outcome.kind == OutcomeKind::error) {
      row.result.outcome = run.code == ExitCode::bad_input ? SweepOutcome::refused : SweepOutcome::error;
      row.result.reason = run.message;
    } else {
      const Breakdown breakdown = make_breakdown(run.recording, run.label);
      if (const auto broken = verify(breakdown); !broken.empty())
        throw could_not_measure(fmt::format("{}: the numbers contradict themselves: {}", run.label, broken.front()));
      row.result = sweep_result(breakdown);
      row.result.key = asked.key;
      row.result.spec = asked.spec;
      row.result.maker = asked.maker;
      row.result.reason = run.message;
      if (request_.keep_recordings) store_.keep_recording(asked.key, run.recording);
    }
    if (row.result.outcome == SweepOutcome::error) return complain(run.label + ": " + run.message);
    store_.keep(row.result);
    ++done_;
    if (!row.result.torch_version.empty()) fresh_[asked.spec->device] = &row;
  }

  // Kept results of another Torch, or of another device of the same name, are not those of this sweep.
  void queue_outdated() {
    std::size_t outdated = 0;
    for (std::size_t i = 0; i < sweep_.rows.size(); ++i) {
      SweepResult& result = sweep_.rows[i].result;
      if (result.torch_version.empty() || !result.spec || !differs_from_fresh(result)) continue;
      result.outcome = SweepOutcome::error;
      result.peak.reset();
      result.failure.reset();
      waiting_.push_back(i);
      ++outdated;
    }
    fresh_.clear();
    if (outdated > 0)
      tell(fmt::format("{} kept runs were made with another Torch or device; they are run again", outdated));
  }

  bool differs_from_fresh(const SweepResult& result) const {
    for (const auto& [device, row] : fresh_) {
      const SweepResult& fresh = row->result;
      if (result.torch_version != fresh.torch_version) return true;
      if (result.spec->device == device &&
          (result.device_name != fresh.device_name || result.cuda_version != fresh.cuda_version))
        return true;
    }
    return false;
  }

  const SweepRequest& request_;
  SweepStore store_;
  Sweep sweep_;
  std::vector<std::size_t> waiting_;  // indices of rows
  std::vector<std::string> troubles_;
  std::map<std::string, const SweepRow*> fresh_;  // the last measured of each device, in this round
  std::size_t planned_ = 0, done_ = 0;            // that can be run; that were run now
};

}  // namespace

Sweep run_sweep(const SweepRequest& request, Written& tables) { return SweepRunner(request).finish(tables); }

}  // namespace headroom::cli
