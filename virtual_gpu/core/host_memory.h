// Pinned host memory: allocated here, or the caller's own pages registered.
#pragma once

#include <driver_types.h>

#include <cstddef>

namespace headroom::virtual_gpu {

cudaError_t host_allocate(std::size_t bytes, void** out);
cudaError_t host_free(void* pointer);
cudaError_t host_register(void* pointer, std::size_t bytes);
cudaError_t host_unregister(void* pointer);
bool host_pinned(const void* pointer);

}  // namespace headroom::virtual_gpu
