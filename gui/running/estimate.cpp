#include "gui/running/estimate.h"

#include <QTimer>
#include <new>

#include "gui/running/program.h"
#include "gui/views/text.h"
#include "recording/file.h"

namespace headroom::gui {
namespace {

constexpr int kMostAttempts = 3;

RunSummary failed(const std::string& message) { return {.outcome = OutcomeKind::error, .message = message}; }

RunSummary read_summary(const QString& path) {
  try {
    return summarize(read_recording(path.toStdString()));
  } catch (const std::exception& error) {
    return failed(error.what());
  }
}

}  // namespace

RunSpec estimated_spec(RunSpec spec) {
  if (!spec.device.starts_with("virtual:")) {
    spec.device = kEstimateDevice;
    spec.virtual_options = {};
  }
  spec.trace.reset();
  spec.require_cupti = spec.counters = false;
  return spec;
}

void Estimate::ask(const RunSpec& spec, int delay_ms) {
  cancel();
  spec_ = spec;
  busy_ = true;
  QTimer::singleShot(delay_ms, this, [this, question = question_] {
    if (question == question_) run();
  });
}

void Estimate::cancel() {
  ++question_;
  busy_ = false;
  reading_.cancel();
  if (!process_) return;
  // It may take a moment to end, which nobody waits for.
  RunProcess* old = process_.release();
  old->disconnect(this);
  old->setParent(this);
  connect(old, &RunProcess::finished, old, &QObject::deleteLater);
  old->is_running() ? old->cancel() : old->deleteLater();
}

void Estimate::run() {
  if (const auto known = cache_.find(spec_)) return answer(result_of(*known));
  attempts_ = 0;
  start_process();
}

void Estimate::start_process() {
  ++attempts_;
  made_by_ = program_fingerprint(find_program().path);
  if (process_) process_.release()->deleteLater();  // it may be what calls this
  process_ = std::make_unique<RunProcess>(spec_);
  process_->set_silence_milliseconds(silence_ms_);
  connect(process_.get(), &RunProcess::silent, this, &Estimate::silent);
  connect(process_.get(), &RunProcess::finished, this, &Estimate::take_end);
  process_->start();
}

void Estimate::take_end() {
  if (process_->state() != RunProcess::State::recorded) return take_run(failed(process_->problem().toStdString()));
  const QString path = process_->recordings().front();
  reading_.start([path](const std::atomic<bool>&) { return read_summary(path); },
                 [this](const RunSummary& run) { take_run(run); });
}

// A result is of the program that is there now, or nobody's.
void Estimate::take_run(const RunSummary& run) {
  const bool replaced = program_fingerprint(find_program().path) != made_by_;
  if (replaced && attempts_ < kMostAttempts) return start_process();
  if (!replaced) cache_.keep(spec_, run);
  answer(result_of(run));
}

void Estimate::answer(const RunResult& result) {
  if (process_) process_.release()->deleteLater();
  busy_ = false;
  result_ = result;
  Q_EMIT finished();
}

}  // namespace headroom::gui
