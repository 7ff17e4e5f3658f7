#include "cli/trainings.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "cli/measurement.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "cli/worker_process.h"

namespace headroom::cli {
namespace {

constexpr int kProgressMilliseconds = 200;
constexpr std::uint64_t kResultLimitBytes = 4 << 20;

std::string label_of(const TrainingJob& job) { return fmt::format("{}, seed {}", job.attention, job.seed); }

// Where the text lies is no part of what was done.
bool same_work(TrainingJob a, const TrainingJob& b) {
  a.text = b.text;
  return a == b;
}

std::optional<TrainingResult> kept_result(const std::filesystem::path& file, const TrainingJob& job) {
  try {
    const std::string where = file.string();
    TrainingResult result = parse_training_result(parse_json(read_file(file, kResultLimitBytes), where), where);
    if (same_work(result.job, job)) return result;
  } catch (const Error&) {  // absent or of something else: it is done again
  }
  return {};
}

RunSpec on_the_processor() {
  RunSpec spec;
  spec.device = "cpu";
  return spec;
}

class TrainingFleet {
 public:
  TrainingFleet(const std::vector<TrainingJob>& jobs, const std::filesystem::path& folder, TimeLimit limit, bool quiet,
                Interrupts& interrupts)
      : jobs_(jobs),
        folder_(folder),
        limit_(limit),
        quiet_(quiet),
        interrupts_(interrupts),
        line_(!quiet && isatty(STDERR_FILENO) == 1),
        results_(jobs.size()),
        workers_(jobs.size()),
        command_(worker_command(on_the_processor())),
        most_(usable_cores()) {
    require_writable_folder(folder);
  }

  Trainings finish_all() {
    for (std::size_t i = 0; i < jobs_.size(); ++i) results_[i] = kept_result(file_of(i), jobs_[i]);
    const auto kept = std::ranges::count_if(results_, [](const auto& result) { return result.has_value(); });
    if (kept > 0) tell(fmt::format("{} of {} trainings are there already", kept, jobs_.size()));
    for (start_waiting(); running_ > 0; start_waiting()) {
      show_progress();
      wait();
      interrupts_.throw_if_caught();
      for (std::size_t i = 0; i < next_; ++i)
        if (workers_[i]) attend(i);
    }
    for (auto& result : results_)
      if (result) out_.results.push_back(std::move(*result));
    return std::move(out_);
  }

 private:
  std::filesystem::path file_of(std::size_t i) const {
    return folder_ / fmt::format("{}-seed-{}.json", jobs_[i].attention, jobs_[i].seed);
  }

  void start_waiting() {
    for (; next_ < jobs_.size() && running_ < most_; ++next_) {
      if (results_[next_]) continue;
      workers_[next_] = std::make_unique<WorkerProcess>(command_, training_document(jobs_[next_]), file_of(next_),
                                                        interrupts_.original_mask(), limit_);
      ++running_;
    }
  }

  void wait() { wait_for_any(workers_, interrupts_, line_.enabled() ? kProgressMilliseconds : -1); }

  void attend(std::size_t i) {
    workers_[i]->read_available();
    if (!workers_[i]->has_ended()) return;
    const WorkerEnd end = workers_[i]->end();
    workers_[i].reset();
    --running_;
    if (end.code == ExitCode::bad_input) throw bad_input(printable(end.message));  // of one is of all
    if (end.code == ExitCode::done) results_[i] = kept_result(file_of(i), jobs_[i]);
    if (!results_[i]) {
      const std::string why = end.message.empty() ? "its result is missing or damaged" : printable(end.message);
      out_.failures.push_back(fmt::format("the training of {} failed: {}", label_of(jobs_[i]), why));
      return;
    }
    const TrainingResult& result = *results_[i];
    tell(fmt::format("{}: perplexity {:.3f} a byte after {} steps, {:.0f} s", label_of(jobs_[i]),
                     byte_perplexity(result), result.job.steps, result.seconds));
  }

  void tell(const std::string& sentence) {
    line_.clear();
    if (!quiet_) write_stderr(sentence + "\n");
  }

  void show_progress() {
    if (!line_.enabled()) return;
    std::string text = fmt::format("{} of {} trained", done(), jobs_.size());
    for (std::size_t i = 0; i < next_; ++i)
      if (workers_[i])
        text += fmt::format(" · {}: step {} of {}", label_of(jobs_[i]), workers_[i]->progress().step, jobs_[i].steps);
    line_.show(text);
  }

  std::size_t done() const { return next_ - running_; }

  const std::vector<TrainingJob>& jobs_;
  const std::filesystem::path folder_;
  const TimeLimit limit_;
  const bool quiet_;
  Interrupts& interrupts_;
  ProgressLine line_;
  std::vector<std::optional<TrainingResult>> results_;
  std::vector<std::unique_ptr<WorkerProcess>> workers_;
  const WorkerCommand command_;
  const std::size_t most_;  // workers at once, each on one thread
  std::size_t next_ = 0, running_ = 0;
  Trainings out_;
};

}  // namespace

Trainings run_trainings(const std::vector<TrainingJob>& jobs, const std::filesystem::path& folder, TimeLimit limit,
                        bool quiet, Interrupts& interrupts) {
  return TrainingFleet(jobs, folder, limit, quiet, interrupts).finish_all();
}

}  // namespace headroom::cli
