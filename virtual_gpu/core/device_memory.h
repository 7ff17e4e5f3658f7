// Device memory: address space without pages behind it, and the books of what is in use.
//
// The whole range is one PROT_NONE mapping at a fixed address, the same in every run; a host read of it faults at once.
// Physical use counts in 2 MiB granules: allocations, and physical blocks of the virtual memory API from their creation
// until they are both released and unmapped. Nothing fits beyond DeviceModel::total_bytes.
#pragma once

#include <driver_types.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "virtual_gpu/core/address_space.h"

namespace headroom::virtual_gpu {

struct MemoryUse {
  std::uint64_t total_bytes = 0, used_bytes = 0, peak_bytes = 0;
};

enum class MemoryKind { device, managed, reserved };  // reserved: addresses of the virtual memory API

struct Region {
  std::uint64_t base = 0, bytes = 0;
  MemoryKind kind = MemoryKind::device;
};

class DeviceMemory {
 public:
  DeviceMemory(std::uint64_t total_bytes, AddressOrder order);

  cudaError_t allocate(std::uint64_t bytes, MemoryKind kind, void** out);
  cudaError_t release(void* pointer);

  cudaError_t reserve(std::uint64_t bytes, std::uint64_t* address);
  cudaError_t free_reservation(std::uint64_t address, std::uint64_t bytes);
  cudaError_t create_physical(std::uint64_t bytes, std::uint64_t* handle);
  cudaError_t retain_physical(std::uint64_t address, std::uint64_t* handle);
  cudaError_t release_physical(std::uint64_t handle);
  cudaError_t map(std::uint64_t address, std::uint64_t bytes, std::uint64_t handle);
  cudaError_t unmap(std::uint64_t address, std::uint64_t bytes);
  bool mapped(std::uint64_t address, std::uint64_t bytes) const;

  bool contains(const void* pointer) const;                 // inside the device's address range; no lock
  std::optional<Region> region(const void* pointer) const;  // the live allocation or mapped block around it
  MemoryUse use() const;

 private:
  struct Physical {
    std::uint64_t bytes = 0;
    int references = 0, mappings = 0;
  };
  struct Mapping {
    std::uint64_t bytes = 0, handle = 0;
  };

  bool take_pages(std::uint64_t bytes);
  void drop_if_unused(std::uint64_t handle);
  std::map<std::uint64_t, Region>::const_iterator find_region(std::uint64_t address) const;

  mutable std::mutex mutex_;
  MemoryUse use_;
  AddressSpace addresses_;
  std::map<std::uint64_t, Region> regions_;  // allocations and reservations
  std::map<std::uint64_t, Mapping> mappings_;
  std::map<std::uint64_t, Physical> physical_;
  std::uint64_t next_handle_ = 1;
};

DeviceMemory& device_memory();  // only when device() is not null

}  // namespace headroom::virtual_gpu
