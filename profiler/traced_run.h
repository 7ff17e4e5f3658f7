// The trace of one worker's run: the tracer, and in memory what it gave of the run's device.
#pragma once

#include <optional>
#include <vector>

#include "profiler/device_memory.h"
#include "profiler/recorder.h"
#include "profiler/tracer.h"
#include "recording/recording.h"

namespace headroom::profiler {

class TracedRun {
 public:
  // nullptr where nothing is to be traced. Before CUDA is initialised. Throws could_not_measure when it cannot be done and
  // the spec requires it. Kept for the rest of the process.
  static TracedRun* start(const RunSpec& spec);

  Tracer& tracer() { return tracer_; }
  void before_context(c10::DeviceIndex index) { before_context_ = ask_management_library(index); }
  void begin(Recorder& recorder, at::Device device);  // the device is open, and nothing allocated on it
  void end(Recorder& recorder);
  // After end(); the recording has its layers, marks and environment.
  void join(Recording& recording) const;

 private:
  explicit TracedRun(TraceLevel level);

  Tracer tracer_;
  std::optional<DeviceMemory> before_context_;
  at::Device device_{at::kCUDA, 0};
  std::vector<ActivityRow> rows_;
  ActivityTables tables_;
  std::int64_t end_ns_ = 0;
};

}  // namespace headroom::profiler
