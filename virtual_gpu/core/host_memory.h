// Pinned host memory: allocated here, or the caller's own pages registered. The device sees it at the host's addresses.
#pragma once

#include <driver_types.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace headroom::virtual_gpu {

struct PinnedRange {
  std::uint64_t base = 0;
  std::size_t bytes = 0;
  bool owned = false;  // allocated here
  unsigned flags = 0;
  int device = 0;  // current when it was pinned
};

cudaError_t host_allocate(std::size_t bytes, unsigned flags, void** out);  // 0 bytes: nullptr
cudaError_t host_free(void* pointer);                                      // by its start
cudaError_t host_register(void* pointer, std::size_t bytes, unsigned flags);
cudaError_t host_unregister(void* pointer);

std::optional<PinnedRange> find_pinned(const void* pointer);  // the range around it
bool host_pinned(const void* pointer);

}  // namespace headroom::virtual_gpu
