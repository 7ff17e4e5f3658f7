// Tracer: the collector (tracing/collector.h) joined to a run. Says to CUPTI where each thread is, and hands on what CUPTI
// recorded, device by device.
//
// One for each process, never destroyed. What Headroom itself asks of CUDA (OwnWork) is no part of the trace.
#pragma once

#include <c10/core/Device.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "profiler/run_clock.h"
#include "recording/activity_rows.h"
#include "tracing/collector.h"
#include "tracing/context.h"

namespace headroom::profiler {

class Tracer {
 public:
  // Rows of one device, with the tables of all rows so far. Called by drain() and stop().
  using Sink = std::function<void(c10::DeviceIndex, std::span<const ActivityRow>, const ActivityTables&)>;

  // When rows go to the sink by themselves: at_phases so that what a killed program leaves is whole up to there, and
  // when_many where nothing but the run's end asks for them.
  enum class Drains { at_phases, when_many };

  // Starts tracing: before CUDA is initialised, if possible. `level`: memory or full. What cannot be done is among the
  // problems of summary().
  Tracer(TraceLevel level, Sink sink, Drains drains);

  bool tracing() const { return collector_.tracing(); }
  std::string first_problem() const;  // why it does not
  const RunClock& clock() const { return clock_; }

  // The calling thread is at `place` from now on. Cheap where nothing changes.
  void set_place(const tracing::Context& place);

  // The calling thread's calls to CUDA are Headroom's own while this lives. `tracer` may be nullptr.
  class OwnWork {
   public:
    explicit OwnWork(Tracer* tracer);
    ~OwnWork();
    OwnWork(const OwnWork&) = delete;
    OwnWork& operator=(const OwnWork&) = delete;

   private:
    Tracer* tracer_;
  };

  // From any thread. What CUPTI has completed goes to the sink.
  void drain();
  void phase_begins();
  // Another profiler wants CUPTI, and no longer does.
  void pause(const std::string& why);
  void resume();
  // Waits for `devices` and gives the rest to the sink.
  void stop(const std::vector<c10::DeviceIndex>& devices);
  // The child of a fork: nothing is traced, and no lock is taken any more.
  void forget_process() { forgotten_ = true; }

  // Level, tracer, problems and counts since the start; of `device` the peak bandwidth.
  DeviceActivity summary(c10::DeviceIndex device) const;

 private:
  void deliver(tracing::Trace trace);
  void note_devices(const std::vector<tracing::TraceRow>& rows);
  c10::DeviceIndex device_of(const tracing::TraceRow& row);
  void note_problem(const std::string& sentence);
  void look_at_clock();

  const RunClock clock_;
  const TraceLevel level_;
  const Sink sink_;
  const Drains drains_;
  tracing::Collector& collector_;
  const bool started_;
  mutable std::mutex mutex_;  // of the collector's drain … stop, and of all below
  DeviceActivity counts_;
  std::vector<std::string> problems_;
  std::unordered_map<std::uint32_t, c10::DeviceIndex> devices_;  // by correlation, of this drain
  c10::DeviceIndex last_device_ = 0;
  bool stopped_ = false;
  std::atomic<bool> forgotten_{false};
};

// HEADROOM_CUPTI: this library and no other; empty where the variable is not set.
std::string named_cupti();

}  // namespace headroom::profiler
