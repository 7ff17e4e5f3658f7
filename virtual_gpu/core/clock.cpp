#include "virtual_gpu/core/clock.h"

#include <atomic>
#include <chrono>

namespace headroom::virtual_gpu {
namespace {

std::atomic<std::uint64_t> skipped_ns{0};

}  // namespace

std::uint64_t now_ns() {
  const auto host = std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  return static_cast<std::uint64_t>(host) + skipped_ns.load(std::memory_order_relaxed) + 1;
}

void skip_to_ns(std::uint64_t moment_ns) {
  const std::uint64_t now = now_ns();
  if (moment_ns > now) skipped_ns.fetch_add(moment_ns - now, std::memory_order_relaxed);
}

}  // namespace headroom::virtual_gpu
