// The time that records carry: CLOCK_REALTIME in nanoseconds, or what the tool's own callback says.
#pragma once

#include <cupti_activity.h>

#include <atomic>
#include <cstdint>

namespace headroom::virtual_gpu::cupti {

std::uint64_t real_time_ns();

class Clock {
 public:
  void use(CUpti_TimestampCallbackFunc callback);
  std::uint64_t now() const;

  // The runtime's times (CLOCK_REALTIME) in the tool's clock. With a callback an interval that has begun begins now, so
  // that it never lies before the call that it belongs to; one that lies ahead is carried over with the ratio of the
  // two clocks.
  struct Interval {
    std::uint64_t start = 0, end = 0;
  };
  Interval interval(std::uint64_t start_ns, std::uint64_t end_ns) const;
  std::uint64_t moment(std::uint64_t ns) const;  // carried over with the ratio, before now as well
  bool own() const { return callback_.load(std::memory_order_relaxed) != nullptr; }

 private:
  struct Pair {
    std::uint64_t real = 0, own = 0;
  };
  Pair both_now(CUpti_TimestampCallbackFunc callback) const;
  double ratio(Pair now) const;

  std::atomic<CUpti_TimestampCallbackFunc> callback_{nullptr};
  std::atomic<std::uint64_t> real_origin_{0}, own_origin_{0};
};

}  // namespace headroom::virtual_gpu::cupti
