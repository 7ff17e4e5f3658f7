#include "gui/running/fit_search.h"

#include <QThread>
#include <algorithm>

#include "base/error.h"
#include "gui/running/program.h"
#include "gui/running/spec_check.h"
#include "gui/views/text.h"
#include "models/catalog/attention.h"

namespace headroom::gui {
namespace {

constexpr std::int64_t kMostBatch = 512, kLeastSeq = 64, kLongest = 1 << 20;
constexpr std::size_t kFailuresEnough = 4;

FitState state_of(RunResult::Kind kind) {
  switch (kind) {
    case RunResult::Kind::fits:
      return FitState::fits;
    case RunResult::Kind::oom:
      return FitState::out_of_memory;
    case RunResult::Kind::failed:
      break;
  }
  return FitState::refused;
}

bool takes(const models::ModelConfig& model, std::int64_t seq) {
  try {
    models::validate_shape(model, 1, seq);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// The longest sequence that the model's positions allow.
std::int64_t longest_of(const RunSpec& spec) {
  try {
    const models::ModelConfig model =
        models::with_attention_and_positions(models::load_model(spec.model), spec.attention, spec.positions);
    const std::int64_t own = spec.mode == Mode::generate ? spec.generation.new_tokens : 0;
    const std::int64_t most = std::min(model.max_positions > 0 ? model.max_positions : kLongest, kLongest);
    if (takes(model, most)) return std::max<std::int64_t>(1, most - own);
  } catch (const Error&) {
  }
  return spec.seq;
}

}  // namespace

FitSearch::FitSearch(QObject* parent) : QObject(parent), at_once_(std::max(1, QThread::idealThreadCount())) {}

void FitSearch::set_spec(const RunSpec& spec) {
  stop();
  spec_ = estimated_spec(spec);
  results_.clear();
  problem_.clear();
  if (!has_spec()) {
    grid_ = {};
    Q_EMIT changed();
    return;
  }
  most_seq_ = std::max(longest_of(spec_), spec_.seq);
  const std::int64_t most_batch = std::max(kMostBatch, spec_.batch);
  grid_ =
      FitGrid(fit_sizes(1, most_batch, spec_.batch), fit_sizes(std::min(kLeastSeq, most_seq_), most_seq_, spec_.seq));
  made_by_ = program_fingerprint(find_program().path);
  recall();
  Q_EMIT changed();
}

void FitSearch::forget_other_program() {
  const QString now = program_fingerprint(find_program().path);
  if (now == made_by_) return;
  made_by_ = now;
  grid_ = FitGrid(grid_.batches(), grid_.seqs());
  results_.clear();
  recall();
}

// What fits before what does not, so that it is not taken for what follows from that.
void FitSearch::recall() {
  for (std::size_t s = 0; s < grid_.seqs().size(); ++s)
    for (std::size_t b = 0; b < grid_.batches().size(); ++b)
      if (const auto known = cache_.find(spec_of(FitCell{b, s}))) tell({b, s}, result_of(*known));
}

RunSpec FitSearch::spec_of(std::int64_t batch, std::int64_t seq) const {
  RunSpec spec = spec_;
  spec.batch = batch;
  spec.seq = seq;
  return spec;
}

RunSpec FitSearch::spec_of(FitCell cell) const { return spec_of(grid_.batches()[cell.batch], grid_.seqs()[cell.seq]); }

const RunResult* FitSearch::result(FitCell cell) const {
  const auto found = results_.find({cell.batch, cell.seq});
  return found == results_.end() ? nullptr : &found->second;
}

bool FitSearch::is_running(FitCell cell) const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [&](const auto& worker) { return worker->estimate.is_busy() && worker->cell == cell; });
}

void FitSearch::tell(FitCell cell, const RunResult& result) {
  grid_.tell(cell, state_of(result.kind));
  results_[{cell.batch, cell.seq}] = result;
}

void FitSearch::learn(const RunSpec& spec, const RunResult& result) {
  if (!has_spec() || result.kind == RunResult::Kind::failed || spec != spec_of(spec.batch, spec.seq)) return;
  for (std::size_t s = 0; s < grid_.seqs().size(); ++s)
    for (std::size_t b = 0; b < grid_.batches().size(); ++b) {
      const FitCell cell{b, s};
      if (grid_.batches()[b] != spec.batch || grid_.seqs()[s] != spec.seq || this->result(cell) != nullptr) continue;
      tell(cell, result);
      Q_EMIT changed();
    }
}

void FitSearch::start() {
  if (!has_spec() || started_) return;
  started_ = true;
  problem_.clear();
  forget_other_program();
  feed();
}

void FitSearch::stop() {
  for (const auto& worker : workers_) worker->estimate.cancel();
  if (!std::exchange(started_, false)) return;
  Q_EMIT changed();
  Q_EMIT ended();
}

void FitSearch::feed() {
  while (workers_.size() < static_cast<std::size_t>(at_once_)) {
    workers_.push_back(std::make_unique<Worker>());
    Worker* worker = workers_.back().get();
    connect(&worker->estimate, &Estimate::finished, this, [this, worker] { take(*worker); });
  }
  for (const auto& worker : workers_) {
    if (worker->estimate.is_busy()) continue;
    const auto cell = grid_.next([this](FitCell c) { return is_running(c); });
    if (!cell) break;
    worker->cell = *cell;
    worker->estimate.ask(spec_of(*cell));
  }
  const bool busy =
      std::any_of(workers_.begin(), workers_.end(), [](const auto& worker) { return worker->estimate.is_busy(); });
  if (!busy) started_ = false;
  Q_EMIT changed();
  if (!busy) Q_EMIT ended();
}

void FitSearch::take(Worker& worker) {
  forget_other_program();
  tell(worker.cell, worker.estimate.result());
  if (!started_) return;
  const bool only_failures = std::all_of(
      results_.begin(), results_.end(), [](const auto& known) { return known.second.kind == RunResult::Kind::failed; });
  if (only_failures && results_.size() >= kFailuresEnough) {
    problem_ = to_text(worker.estimate.result().message);
    return stop();
  }
  feed();
}

}  // namespace headroom::gui
