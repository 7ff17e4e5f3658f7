#include "virtual_gpu/core/region.h"

#include "virtual_gpu/core/address_map.h"
#include "virtual_gpu/core/device_memory.h"
#include "virtual_gpu/core/virtual_memory.h"

namespace headroom::virtual_gpu {

std::optional<Region> find_region(const void* pointer) {
  const auto device = device_of_address(pointer);
  if (!device) return std::nullopt;
  if (const auto found = device_memory(*device).find(address_of(pointer))) return found;
  return virtual_memory().find(address_of(pointer));
}

cudaError_t check_range(const void* pointer, std::uint64_t bytes) {
  const std::uint64_t start = address_of(pointer);
  if (start + bytes < start) return cudaErrorInvalidValue;
  for (std::uint64_t at = start; at < start + bytes;) {
    const auto region = find_region(reinterpret_cast<const void*>(at));
    if (!region || (at != start && region->kind != MemoryKind::mapped)) return cudaErrorInvalidValue;
    at = region->end();
  }
  return cudaSuccess;
}

cudaError_t check_managed(const void* pointer, std::uint64_t bytes) {
  const auto region = find_region(pointer);
  const bool good = region && region->kind == MemoryKind::managed && bytes <= region->end() - address_of(pointer);
  return good && bytes != 0 ? cudaSuccess : cudaErrorInvalidValue;
}

}  // namespace headroom::virtual_gpu
