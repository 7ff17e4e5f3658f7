// PyTorch's caching allocator on device 0, asked as by a program of many streams and private pools, which have numbers here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "profiler/cuda.h"
#include "profiler/event_log.h"

namespace headroom::profiler {

class RawAllocator {
 public:
  struct Now {
    std::int64_t allocated_bytes = 0, requested_bytes = 0, reserved_bytes = 0;
  };

  // CUDA is open. What the allocator does from here on is in `log`, as a recorder would have it; one in a process.
  RawAllocator();
  RawAllocator(const RawAllocator&) = delete;
  RawAllocator& operator=(const RawAllocator&) = delete;

  std::optional<std::uint64_t> allocate(std::int64_t bytes, Lane lane);  // empty: out of memory
  void release(std::uint64_t address);
  void empty_cache(std::int32_t pool);   // 0: of all that nobody allocates in any more, the default one included
  void release_pool(std::int32_t pool);

  Now now() const;
  const EventLog& log() const { return log_; }
  std::int64_t driver_call_count() const { return driver_call_count_; }

 private:
  using PoolId = std::pair<std::uint64_t, std::uint64_t>;
  struct Pool {
    PoolId id;
    std::int64_t use_count = 0;
  };

  void take(const cuda::AllocatorEvent& event);
  Lane lane_of(const cuda::AllocatorEvent& event) const;
  void* stream(std::uint8_t number);
  Pool& pool(std::int32_t number);

  EventLog log_;
  std::int64_t driver_call_count_ = 0;
  std::map<std::uint8_t, void*> streams_;
  std::map<const void*, std::uint8_t> stream_numbers_;
  std::map<std::int32_t, Pool> pools_;
  std::map<PoolId, std::int32_t> pool_numbers_;
};

}  // namespace headroom::profiler
