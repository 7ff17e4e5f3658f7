// The virtual memory API (cuMemAddressReserve, cuMemCreate, cuMemMap …), behind PyTorch's expandable segments.
//
// Reservations are addresses alone and may exceed the device's memory many times. A physical block belongs to a device
// and counts from its creation until it is both released and unmapped everywhere. Mappings of a block made on one
// device may lie in another's addresses.
#pragma once

#include <driver_types.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "virtual_gpu/core/region.h"

namespace headroom::virtual_gpu {

struct PhysicalBlock {
  std::uint64_t bytes = 0;
  int device = 0;
  unsigned handle_types = 0;  // what it may be exported as
  int references = 0, mappings = 0;
};

class VirtualMemory {
 public:
  cudaError_t reserve(int device, std::uint64_t bytes, std::uint64_t alignment, std::uint64_t wish, std::uint64_t* out);
  cudaError_t free_reservation(std::uint64_t address, std::uint64_t bytes);

  cudaError_t create(int device, std::uint64_t bytes, unsigned handle_types, std::uint64_t* handle);
  cudaError_t retain(std::uint64_t handle);
  cudaError_t release(std::uint64_t handle);
  std::optional<PhysicalBlock> block(std::uint64_t handle) const;
  std::optional<std::uint64_t> handle_at(std::uint64_t address) const;  // of the block mapped around it

  cudaError_t map(std::uint64_t address, std::uint64_t bytes, std::uint64_t handle);
  cudaError_t unmap(std::uint64_t address, std::uint64_t bytes);

  // `protection` is CUmemAccess_flags. The range is mapped blocks, each next to the other.
  cudaError_t set_access(std::uint64_t address, std::uint64_t bytes, int device, unsigned protection);
  std::optional<unsigned> access(std::uint64_t address, int device) const;  // empty: nothing is mapped there

  std::optional<Region> find(std::uint64_t address) const;

 private:
  struct Mapping {
    std::uint64_t bytes = 0, handle = 0;
    std::map<int, unsigned> protection;  // by device
  };
  using Mappings = std::map<std::uint64_t, Mapping>;

  bool covered(std::uint64_t address, std::uint64_t bytes) const;
  void drop_if_unused(std::uint64_t handle);
  Mappings::const_iterator around(std::uint64_t address) const;

  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::uint64_t> reservations_;  // address -> bytes
  Mappings mappings_;
  std::map<std::uint64_t, PhysicalBlock> blocks_;
  std::uint64_t next_handle_ = 1;
};

VirtualMemory& virtual_memory();

}  // namespace headroom::virtual_gpu
