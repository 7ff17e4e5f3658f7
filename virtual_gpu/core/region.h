// What a device address belongs to.
#pragma once

#include <driver_types.h>

#include <cstdint>
#include <optional>

namespace headroom::virtual_gpu {

class MemoryPool;

enum class MemoryKind { device, managed, mapped, pool };  // mapped: a physical block of the virtual memory API

struct Region {
  std::uint64_t base = 0, bytes = 0;
  MemoryKind kind = MemoryKind::device;
  int device = 0;
  MemoryPool* pool = nullptr;

  std::uint64_t end() const { return base + bytes; }
};

// The live allocation or mapped block around `pointer`.
std::optional<Region> find_region(const void* pointer);

// cudaErrorInvalidValue unless [pointer, pointer + bytes) lies in one live allocation, or in mapped blocks each next to
// the other.
cudaError_t check_range(const void* pointer, std::uint64_t bytes);

// The same for managed memory.
cudaError_t check_managed(const void* pointer, std::uint64_t bytes);

}  // namespace headroom::virtual_gpu
