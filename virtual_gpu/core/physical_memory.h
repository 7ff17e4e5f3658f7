// The books of a device's memory: how much of DeviceModel::total_bytes is in use, to the byte. Everything that takes
// memory takes it here, in granules of 2 MiB: allocations, pools, physical blocks of the virtual memory API. What the
// environment reserves is in use from the start. Lock-free.
#pragma once

#include <atomic>
#include <cstdint>

namespace headroom::virtual_gpu {

struct MemoryUse {
  std::uint64_t total_bytes = 0, used_bytes = 0, peak_bytes = 0;
  std::uint64_t free_bytes() const { return total_bytes - used_bytes; }
};

class PhysicalMemory {
 public:
  PhysicalMemory(std::uint64_t total_bytes, std::uint64_t reserved_bytes);

  // False when it does not fit, even after idle memory of pools was given back.
  bool take(std::uint64_t bytes);
  void give_back(std::uint64_t bytes) { used_.fetch_sub(bytes); }

  MemoryUse use() const { return {total_, used_.load(), peak_.load()}; }

  void on_shortage(void (*reclaim)()) { reclaim_ = reclaim; }

 private:
  bool try_take(std::uint64_t bytes);

  const std::uint64_t total_;
  std::atomic<std::uint64_t> used_, peak_;
  std::atomic<void (*)()> reclaim_{nullptr};
};

PhysicalMemory& physical_memory(int device);  // a valid device

}  // namespace headroom::virtual_gpu
