// Pinned host memory.
#include "virtual_gpu/core/host_memory.h"

#include "virtual_gpu/core/work.h"
#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

cudaError_t cudaHostAlloc(void** out, std::size_t bytes, unsigned flags) {
  return with_context([&] {
    if (out == nullptr) return cudaErrorInvalidValue;
    const cudaError_t error = forbid_in_capture();
    return error != cudaSuccess ? error : host_allocate(bytes, flags, out);
  });
}

cudaError_t cudaMallocHost(void** out, std::size_t bytes) { return cudaHostAlloc(out, bytes, cudaHostAllocDefault); }

cudaError_t cudaFreeHost(void* pointer) {
  return with_context([&] {
    if (const cudaError_t error = forbid_in_capture()) return error;
    synchronize_device(current_device());
    return host_free(pointer);
  });
}

cudaError_t cudaHostRegister(void* pointer, std::size_t bytes, unsigned flags) {
  return with_context([&] { return host_register(pointer, bytes, flags); });
}

cudaError_t cudaHostUnregister(void* pointer) {
  return with_context([&] { return host_unregister(pointer); });
}

cudaError_t cudaHostGetDevicePointer(void** out, void* pointer, unsigned flags) {
  return with_context([&] {
    if (out == nullptr || flags != 0 || !host_pinned(pointer)) return cudaErrorInvalidValue;
    *out = pointer;
    return cudaSuccess;
  });
}

cudaError_t cudaHostGetFlags(unsigned* flags, void* pointer) {
  return with_context([&] {
    const auto pinned = find_pinned(pointer);
    if (flags == nullptr || !pinned) return cudaErrorInvalidValue;
    *flags = pinned->flags;
    return cudaSuccess;
  });
}
