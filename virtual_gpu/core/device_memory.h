// One device's allocations: cudaMalloc and its like, and what pools hand out. Addresses come from the device's range,
// bytes from its books (core/physical_memory.h).
#pragma once

#include <driver_types.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "virtual_gpu/core/address_space.h"
#include "virtual_gpu/core/region.h"

namespace headroom::virtual_gpu {

inline std::uint64_t whole_granules(std::uint64_t bytes) {
  return (bytes + kGranuleBytes - 1) / kGranuleBytes * kGranuleBytes;
}

class DeviceMemory {
 public:
  explicit DeviceMemory(int device);

  // 0 bytes give nullptr. Managed memory that does not fit is taken as evicted to the host, as the driver does.
  cudaError_t allocate(std::uint64_t bytes, MemoryKind kind, void** out);
  cudaError_t release(std::uint64_t address);  // of allocate(), by its start
  void release_all();                          // of allocate()

  std::optional<Region> find(std::uint64_t address) const;

  // Allocations inside a pool's memory, for find().
  void add(const Region& region);
  void remove(std::uint64_t base);

  // Addresses alone, for pools and reservations. `alignment` 0: any; `wish` 0: none.
  std::optional<std::uint64_t> take_addresses(std::uint64_t bytes, std::uint64_t alignment, std::uint64_t wish);
  void give_back_addresses(std::uint64_t address, std::uint64_t bytes);

 private:
  struct Allocation {
    Region region;
    std::uint64_t physical_bytes = 0;
  };

  cudaError_t take(std::uint64_t bytes, MemoryKind kind, std::uint64_t* out);
  void drop(std::map<std::uint64_t, Allocation>::iterator found);

  const int device_;
  mutable std::mutex mutex_;
  AddressSpace addresses_;
  std::map<std::uint64_t, Allocation> allocations_;
};

DeviceMemory& device_memory(int device);  // a valid device

}  // namespace headroom::virtual_gpu
