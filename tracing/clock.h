// CUPTI's clock, which on Linux is the system's real-time clock.
#pragma once

#include <cstdint>
#include <ctime>

namespace headroom::tracing {

inline std::uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace headroom::tracing
