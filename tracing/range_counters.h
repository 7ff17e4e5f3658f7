// RangeCounters: what each layer and phase moves between a GPU and its memory, by CUPTI's Range Profiler.
//
// User ranges, user replay, one pass, one level of nesting: a range goes from one change of place to the next, and
// begins and ends with an idle device, so that work which a layer left behind is its own. That makes a run slower, so
// times are not taken from it. What hits the L2 cache does not reach the memory and is not counted.
//
// Every function throws could_not_measure, with the remedy, where CUPTI refuses; the object is then only to be
// destroyed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "recording/device_activity.h"
#include "tracing/counter_plan.h"

namespace headroom::tracing {

struct RangeOptions {
  CUcontext context = nullptr;         // of the device
  std::size_t device = 0;              // CUPTI's number of it, which is CUDA's
  std::function<void()> wait;          // until the device is idle
  std::size_t ranges_per_round = 512;  // so many are counted before they are read
};

class RangeCounters {
 public:
  // CUDA has been initialised and the context is the calling thread's. `api` outlives this.
  RangeCounters(const ProfilerApi& api, RangeOptions options);
  ~RangeCounters();
  RangeCounters(const RangeCounters&) = delete;
  RangeCounters& operator=(const RangeCounters&) = delete;

  // What is launched from here on belongs to `layer` in `phase`. One thread at a time.
  void set_place(LayerId layer, Phase phase);
  // Ends counting. In order of layer and phase, all ranges of the same place added up; none of zero bytes.
  std::vector<DramBytes> finish();
  // Reads and writes could not be told apart.
  bool is_total() const { return plan_->is_total(); }

 private:
  using Place = std::pair<LayerId, Phase>;

  void initialize();
  void close();
  std::string chip();
  std::vector<std::uint8_t> availability();
  void enable();
  void begin_round();
  void end_round();
  void read_round();
  const Place& place_of(std::size_t range);
  void push(const Place& place);
  void pop();

  const ProfilerApi& api_;
  const RangeOptions options_;
  std::unique_ptr<CounterPlan> plan_;
  CUpti_RangeProfiler_Object* profiler_ = nullptr;
  bool initialized_ = false, started_ = false, open_ = false;
  std::vector<std::uint8_t> image_;
  std::vector<Place> round_;  // by the number that is the range's name
  std::map<Place, DramTraffic> traffic_;
};

}  // namespace headroom::tracing
