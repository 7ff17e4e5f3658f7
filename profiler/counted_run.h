// The run that counts what each layer moves between the GPU and its memory (tracing/range_counters.h). A run of its own
// in a child process, as counting waits for the device at every change of layer: its times and its memory are nobody's.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "recording/recording.h"
#include "tracing/loader.h"
#include "tracing/range_counters.h"

namespace headroom::profiler {

struct CountedTraffic {
  std::vector<DramBytes> dram;
  std::vector<std::string> problems;  // empty: all was counted

  void join(Recording& recording) const;  // which has its layers
};

// Counts from here on, on the device whose context the calling thread has. Where that fails nothing is counted, and
// finish() says why.
class TrafficCounter {
 public:
  explicit TrafficCounter(c10::DeviceIndex device);

  void set_place(LayerId layer, Phase phase);  // from any thread; never throws
  CountedTraffic finish();

 private:
  void start(c10::DeviceIndex device);
  void guarded(const std::function<void()>& work);

  std::mutex mutex_;
  tracing::Library library_;
  tracing::ProfilerApi api_;
  std::unique_ptr<tracing::RangeCounters> counters_;
  CountedTraffic result_;
};

// Calls `count` in a child of this process, which has not used CUDA yet. A child that throws or ends without a result,
// as one that the driver kills, is a problem of the result.
CountedTraffic in_child(const std::function<CountedTraffic()>& count);

}  // namespace headroom::profiler
