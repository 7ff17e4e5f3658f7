// The clock of a run: its events count from here, and what CUPTI records is told in CLOCK_REALTIME.
#pragma once

#include <chrono>
#include <cstdint>

namespace headroom::profiler {

class RunClock {
 public:
  std::int64_t now_ns() const { return nanoseconds(std::chrono::steady_clock::now() - start_); }
  std::uint64_t start_realtime_ns() const { return start_realtime_ns_; }

  // How far CLOCK_REALTIME has moved against this clock since the start: someone set the system's time.
  std::int64_t drift_ns() const { return static_cast<std::int64_t>(realtime_ns() - start_realtime_ns_) - now_ns(); }

 private:
  template <class Duration>
  static std::int64_t nanoseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
  }
  static std::uint64_t realtime_ns() {
    return static_cast<std::uint64_t>(nanoseconds(std::chrono::system_clock::now().time_since_epoch()));
  }

  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::uint64_t start_realtime_ns_ = realtime_ns();
};

}  // namespace headroom::profiler
