// What a spec takes, found by running it on a virtual GPU: the newest question alone is answered. Where the program is
// replaced by another one meanwhile, the run is made once more.
#pragma once

#include <QObject>
#include <memory>

#include "gui/running/run_process.h"
#include "gui/running/run_result.h"
#include "gui/views/background.h"

namespace headroom::gui {

// The spec as it is estimated: on its own device where that is virtual, else on kEstimateDevice; never traced.
RunSpec estimated_spec(RunSpec spec);
inline constexpr const char* kEstimateDevice = "virtual:h100-80gb";

class Estimate : public QObject {
  Q_OBJECT

 public:
  explicit Estimate(QObject* parent = nullptr) : QObject(parent) {}

  // Ends what runs, and asks this; `delay_ms` later, unless something else is asked by then. Answered by finished(),
  // never before this returns; from the cache where it was asked before.
  void ask(const RunSpec& spec, int delay_ms = 0);
  void cancel();

  bool is_busy() const { return busy_; }
  const RunSpec& spec() const { return spec_; }  // of the newest question
  const RunResult& result() const { return result_; }

  void set_silence_milliseconds(int milliseconds) { silence_ms_ = milliseconds; }

 Q_SIGNALS:
  void silent(int seconds);  // its run has given no sign of life for so long; again each second
  void finished();           // result() answers spec()

 private:
  void run();
  void start_process();
  void take_end();
  void take_run(const RunSummary& run);
  void answer(const RunResult& result);

  RunSpec spec_;
  RunResult result_;
  ResultCache cache_;
  std::unique_ptr<RunProcess> process_;
  Background reading_;
  QString made_by_;  // fingerprint of the program that was started
  int attempts_ = 0, silence_ms_ = RunProcess::kSilenceMilliseconds;
  std::uint64_t question_ = 0;
  bool busy_ = false;
};

}  // namespace headroom::gui
