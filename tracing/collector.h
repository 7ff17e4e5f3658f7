// Collector: what CUPTI records of this process, as plain rows. Knows no Torch; libcupti is loaded at run time.
//
// One for each process, as CUPTI's callbacks carry no pointer of ours. Order of use: start() before the first CUDA call if
// possible; set_context() from any thread, for its own work; drain() now and then; stop() once the devices are idle.
// start, drain, pause, resume and stop are one thread's at a time. No lock of ours is held while CUPTI calls us.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "recording/device_activity.h"

namespace headroom::tracing {

struct CollectorOptions {
  TraceLevel level = TraceLevel::full;
  std::string library;      // HEADROOM_CUPTI: this file and no other; empty: looked for (loader.h)
  std::size_t buffer_bytes = std::size_t{4} << 20;
  std::size_t buffer_limit = 64;  // buffers in CUPTI's hands or waiting to be read; beyond it CUPTI drops records and counts them
};

// A row of recording/device_activity.h before it is joined to a recording: times are CLOCK_REALTIME, 0 where there is none,
// names index Trace::strings, and `context` is what set_context said on the thread whose call caused it.
struct TraceRow {
  ActivityKind kind{};
  std::int32_t device = 0;
  std::uint64_t start_ns = 0, end_ns = 0;
  std::uint32_t name = 0;
  std::uint32_t detail = 0;
  std::int64_t bytes = 0;
  std::uint64_t address = 0;
  std::uint32_t stream = kNoStream, correlation = 0, thread = 0;
  std::uint64_t context = 0;
};

struct Trace {
  std::vector<std::string> strings{""};  // all since the start, so that names stay valid from drain to drain
  std::vector<LaunchShape> shapes;       // likewise
  std::vector<TraceRow> rows;            // of this drain; those whose context is not known yet wait for the next
  // Counts since the start; outside_count is for who knows the recording's ends.
  std::int64_t dropped_count = 0, damaged_count = 0, unknown_count = 0, untimed_count = 0, unreturned_count = 0;
};

class Collector {
 public:
  // Never throws for what is wrong with CUPTI or the machine: then tracing() is false and problems() says what, why and the remedy.
  static Collector& start(const CollectorOptions& options);

  bool tracing() const;
  std::string tracer() const;                           // DeviceActivity::tracer
  const std::vector<std::string>& problems() const;     // also of parts that could not be started

  // What the calling thread does from now on belongs to `context`; 0: to nothing. Cheap where nothing changes.
  void set_context(std::uint64_t context);

  // What CUPTI has completed so far; never waits for the device.
  Trace drain();

  // Gives CUPTI to another profiler and takes it back; what happens meanwhile is not recorded.
  void pause();
  void resume();

  // Flushes everything, ends tracing and gives the rest. The caller has synchronised the devices.
  Trace stop();

  std::int64_t peak_dram_bytes_per_second(int device) const;  // 0: not known

 private:
  Collector();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace headroom::tracing
