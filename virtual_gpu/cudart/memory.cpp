// Device memory: allocation, what is free, and what a pointer is.
#include "virtual_gpu/core/context.h"
#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device_memory.h"
#include "virtual_gpu/core/host_memory.h"
#include "virtual_gpu/core/memory_pool.h"
#include "virtual_gpu/core/physical_memory.h"
#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

namespace {

constexpr std::size_t kPitchBytes = 512;

cudaError_t allocate(void** out, std::size_t bytes, MemoryKind kind) {
  if (out == nullptr) return cudaErrorInvalidValue;
  if (const cudaError_t error = forbid_in_capture()) return error;
  return device_memory(current_device()).allocate(bytes, kind, out);
}

cudaError_t allocate_rows(void** out, std::size_t* pitch, std::size_t width, std::size_t rows) {
  if (pitch == nullptr) return cudaErrorInvalidValue;
  if (width > SIZE_MAX - kPitchBytes) return cudaErrorMemoryAllocation;
  *pitch = (width + kPitchBytes - 1) / kPitchBytes * kPitchBytes;
  std::size_t bytes = 0;
  return __builtin_mul_overflow(*pitch, rows, &bytes) ? cudaErrorMemoryAllocation
                                                      : allocate(out, bytes, MemoryKind::device);
}

}  // namespace

cudaError_t cudaMalloc(void** out, std::size_t bytes) {
  return with_context([&] { return allocate(out, bytes, MemoryKind::device); });
}

cudaError_t cudaMallocManaged(void** out, std::size_t bytes, unsigned flags) {
  return with_context([&] {
    if (bytes == 0 || (flags != cudaMemAttachGlobal && flags != cudaMemAttachHost)) return cudaErrorInvalidValue;
    return allocate(out, bytes, MemoryKind::managed);
  });
}

cudaError_t cudaMallocPitch(void** out, std::size_t* pitch, std::size_t width, std::size_t height) {
  return with_context([&] { return allocate_rows(out, pitch, width, height); });
}

cudaError_t cudaMalloc3D(cudaPitchedPtr* out, cudaExtent extent) {
  return with_context([&] {
    if (out == nullptr) return cudaErrorInvalidValue;
    *out = {nullptr, 0, extent.width, extent.height};
    std::size_t rows = 0;
    if (__builtin_mul_overflow(extent.height, extent.depth, &rows)) return cudaErrorMemoryAllocation;
    return allocate_rows(&out->ptr, &out->pitch, extent.width, rows);
  });
}

cudaError_t cudaFree(void* pointer) {
  return with_context([&] { return free_now(pointer); });
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  return with_context([&] {
    const MemoryUse use = physical_memory(current_device()).use();
    if (free != nullptr) *free = use.free_bytes();
    if (total != nullptr) *total = use.total_bytes;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceReset() {
  return with_context([] {
    const int device = current_device();
    const cudaError_t error = synchronize_device(device);
    trim_pools(device);
    device_memory(device).release_all();
    reset_primary(device);
    return error;
  });
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* out, const void* pointer) {
  return with_device([&] {
    if (out == nullptr) return cudaErrorInvalidValue;
    *out = {.type = cudaMemoryTypeUnregistered, .device = -2};
    auto* address = const_cast<void*>(pointer);
    if (const auto region = find_region(pointer)) {
      const bool managed = region->kind == MemoryKind::managed;
      *out = {.type = managed ? cudaMemoryTypeManaged : cudaMemoryTypeDevice,
              .device = region->device,
              .devicePointer = address,
              .hostPointer = managed ? address : nullptr};
    } else if (const auto pinned = find_pinned(pointer)) {
      *out = {.type = cudaMemoryTypeHost, .device = pinned->device, .devicePointer = address, .hostPointer = address};
    }
    return cudaSuccess;
  });
}

// Where managed memory lies; CUDA 13 names places, before that there was a device's number.
#if CUDART_VERSION >= 13000
using Place = cudaMemLocation;
#else
using Place = int;
#endif

namespace {

// Moves nothing, as nothing has to be moved.
cudaError_t prefetch(const void* pointer, std::size_t bytes, cudaStream_t stream) {
  const cudaError_t error = check_managed(pointer, bytes);
  return error != cudaSuccess ? error : submit(stream, {});
}

}  // namespace

#if CUDART_VERSION >= 13000
cudaError_t cudaMemPrefetchAsync(const void* pointer, std::size_t bytes, Place, unsigned flags, cudaStream_t stream) {
  return with_context([&] { return flags != 0 ? cudaErrorInvalidValue : prefetch(pointer, bytes, stream); });
}
#else
cudaError_t cudaMemPrefetchAsync(const void* pointer, std::size_t bytes, Place, cudaStream_t stream) {
  return with_context([&] { return prefetch(pointer, bytes, stream); });
}
#endif

cudaError_t cudaMemAdvise(const void* pointer, std::size_t bytes, cudaMemoryAdvise, Place) {
  return with_context([&] { return check_managed(pointer, bytes); });
}
