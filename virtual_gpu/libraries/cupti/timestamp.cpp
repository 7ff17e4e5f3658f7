#include "virtual_gpu/libraries/cupti/timestamp.h"

#include <time.h>

#include <algorithm>

namespace headroom::virtual_gpu::cupti {
namespace {

constexpr int kAttempts = 4;
constexpr std::uint64_t kReadingNs = 1000;

std::uint64_t scaled(std::uint64_t nanoseconds, double ratio) {
  return static_cast<std::uint64_t>(static_cast<double>(nanoseconds) * ratio);
}

}  // namespace

std::uint64_t real_time_ns() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(time.tv_nsec);
}

void Clock::use(CUpti_TimestampCallbackFunc callback) {
  real_origin_ = real_time_ns();
  own_origin_ = callback();
  callback_ = callback;
}

std::uint64_t Clock::now() const {
  const auto callback = callback_.load(std::memory_order_relaxed);
  return callback != nullptr ? callback() : real_time_ns();
}

// A thread that is put aside between the two readings reads again.
Clock::Pair Clock::both_now(CUpti_TimestampCallbackFunc callback) const {
  Pair now;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::uint64_t before = real_time_ns();
    now.own = callback();
    now.real = real_time_ns();
    if (now.real - before < kReadingNs) break;
  }
  return now;
}

double Clock::ratio(Pair now) const {
  if (now.real <= real_origin_ || now.own <= own_origin_) return 1;
  return static_cast<double>(now.own - own_origin_) / static_cast<double>(now.real - real_origin_);
}

Clock::Interval Clock::interval(std::uint64_t start_ns, std::uint64_t end_ns) const {
  const auto callback = callback_.load(std::memory_order_relaxed);
  if (callback == nullptr) return {start_ns, end_ns};
  const Pair now = both_now(callback);
  const std::uint64_t start = now.own + scaled(start_ns > now.real ? start_ns - now.real : 0, ratio(now));
  return {start, start + scaled(std::max(start_ns, end_ns) - start_ns, ratio(now))};
}

std::uint64_t Clock::moment(std::uint64_t ns) const {
  const auto callback = callback_.load(std::memory_order_relaxed);
  if (callback == nullptr) return ns;
  const Pair now = both_now(callback);
  return ns > now.real ? now.own + scaled(ns - now.real, ratio(now)) : now.own - scaled(now.real - ns, ratio(now));
}

}  // namespace headroom::virtual_gpu::cupti
