#include <cstring>

#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device_memory.h"
#include "virtual_gpu/core/host_memory.h"
#include "virtual_gpu/core/kernels.h"
#include "virtual_gpu/core/streams.h"
#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

namespace {

// Success when [pointer, pointer + bytes) lies in one live allocation, or in mapped blocks each next to the other.
cudaError_t check_device_range(const void* pointer, std::size_t bytes) {
  const auto* at = static_cast<const char*>(pointer);
  const auto* end = at + bytes;
  while (at < end) {
    const auto region = device_memory().region(at);
    if (!region) return cudaErrorInvalidValue;
    if (region->kind != MemoryKind::reserved && at != pointer) return cudaErrorInvalidValue;
    at = reinterpret_cast<const char*>(region->base + region->bytes);
  }
  return cudaSuccess;
}

void read_zeros(void* target, std::size_t bytes) {
  std::memset(target, 0, bytes);
  count_host_read(bytes);
}

cudaError_t copy(void* target, const void* source, std::size_t bytes, cudaMemcpyKind kind) {
  if (bytes == 0) return cudaSuccess;
  if (target == nullptr || source == nullptr) return cudaErrorInvalidValue;
  const bool to_device = device_memory().contains(target), from_device = device_memory().contains(source);
  const bool told_to = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool told_from = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (kind != cudaMemcpyDefault && (told_to != to_device || told_from != from_device)) return cudaErrorInvalidValue;
  if (to_device)
    if (const cudaError_t error = check_device_range(target, bytes)) return error;
  if (from_device)
    if (const cudaError_t error = check_device_range(source, bytes)) return error;
  if (!to_device && from_device) read_zeros(target, bytes);
  if (!to_device && !from_device) std::memmove(target, source, bytes);
  return cudaSuccess;
}

cudaError_t copy_on(cudaStream_t stream, void* target, const void* source, std::size_t bytes, cudaMemcpyKind kind) {
  if (const cudaError_t error = check_stream(stream)) return error;
  return copy(target, source, bytes, kind);
}

cudaError_t set(void* target, std::size_t bytes) {
  if (bytes == 0) return cudaSuccess;
  return device_memory().contains(target) ? check_device_range(target, bytes) : cudaErrorInvalidValue;
}

}  // namespace

cudaError_t cudaMalloc(void** out, std::size_t bytes) {
  return with_context([&] {
    return out == nullptr ? cudaErrorInvalidValue : device_memory().allocate(bytes, MemoryKind::device, out);
  });
}

cudaError_t cudaMallocManaged(void** out, std::size_t bytes, unsigned flags) {
  return with_context([&] {
    if (out == nullptr || bytes == 0 || (flags != cudaMemAttachGlobal && flags != cudaMemAttachHost))
      return cudaErrorInvalidValue;
    return device_memory().allocate(bytes, MemoryKind::managed, out);
  });
}

cudaError_t cudaMallocPitch(void** out, std::size_t* pitch, std::size_t width, std::size_t height) {
  return with_context([&] {
    if (out == nullptr || pitch == nullptr) return cudaErrorInvalidValue;
    *pitch = (width + 511) / 512 * 512;
    return device_memory().allocate(*pitch * height, MemoryKind::device, out);
  });
}

cudaError_t cudaFree(void* pointer) {
  return with_context([&] { return device_memory().release(pointer); });
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  return with_context([&] {
    const MemoryUse use = device_memory().use();
    *free = use.total_bytes - use.used_bytes;
    *total = use.total_bytes;
    return cudaSuccess;
  });
}

cudaError_t cudaHostAlloc(void** out, std::size_t bytes, unsigned) {
  return with_context([&] { return out == nullptr ? cudaErrorInvalidValue : host_allocate(bytes, out); });
}

cudaError_t cudaMallocHost(void** out, std::size_t bytes) { return cudaHostAlloc(out, bytes, cudaHostAllocDefault); }

cudaError_t cudaFreeHost(void* pointer) {
  return with_context([&] { return host_free(pointer); });
}

cudaError_t cudaHostRegister(void* pointer, std::size_t bytes, unsigned) {
  return with_context([&] { return host_register(pointer, bytes); });
}

cudaError_t cudaHostUnregister(void* pointer) {
  return with_context([&] { return host_unregister(pointer); });
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* out, const void* pointer) {
  return with_device([&] {
    if (out == nullptr) return cudaErrorInvalidValue;
    *out = {.type = cudaMemoryTypeUnregistered, .device = -2};
    auto* address = const_cast<void*>(pointer);
    if (device_memory().contains(pointer)) {
      const auto region = device_memory().region(pointer);
      if (!region) return cudaSuccess;
      const bool managed = region->kind == MemoryKind::managed;
      *out = {.type = managed ? cudaMemoryTypeManaged : cudaMemoryTypeDevice, .device = 0, .devicePointer = address};
      if (managed) out->hostPointer = address;
    } else if (host_pinned(pointer)) {
      *out = {.type = cudaMemoryTypeHost, .device = 0, .devicePointer = address, .hostPointer = address};
    }
    return cudaSuccess;
  });
}

cudaError_t cudaMemcpy(void* target, const void* source, std::size_t bytes, cudaMemcpyKind kind) {
  return with_context([&] { return copy(target, source, bytes, kind); });
}

cudaError_t cudaMemcpyAsync(void* target, const void* source, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return with_context([&] { return copy_on(stream, target, source, bytes, kind); });
}

cudaError_t cudaMemcpyPeerAsync(void* target, int, const void* source, int, std::size_t bytes, cudaStream_t stream) {
  return with_context([&] { return copy_on(stream, target, source, bytes, cudaMemcpyDeviceToDevice); });
}

cudaError_t cudaMemcpy2DAsync(void* target, std::size_t target_pitch, const void* source, std::size_t source_pitch,
                              std::size_t width, std::size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  return with_context([&] {
    if (width > target_pitch || width > source_pitch) return cudaErrorInvalidValue;
    for (std::size_t row = 0; row < height; ++row)
      if (const cudaError_t error = copy_on(stream, static_cast<char*>(target) + row * target_pitch,
                                            static_cast<const char*>(source) + row * source_pitch, width, kind))
        return error;
    return cudaSuccess;
  });
}

cudaError_t cudaMemset(void* target, int, std::size_t bytes) {
  return with_context([&] { return set(target, bytes); });
}

cudaError_t cudaMemsetAsync(void* target, int, std::size_t bytes, cudaStream_t stream) {
  return with_context([&] {
    const cudaError_t error = check_stream(stream);
    return error != cudaSuccess ? error : set(target, bytes);
  });
}

cudaError_t cudaGetSymbolAddress(void** out, const void* symbol) {
  return with_context([&] {
    std::uint64_t bytes = 0;
    return find_variable(symbol, out, &bytes) ? cudaSuccess : cudaErrorInvalidSymbol;
  });
}

cudaError_t cudaMemcpyToSymbol(const void* symbol, const void* source, std::size_t bytes, std::size_t offset,
                               cudaMemcpyKind) {
  return with_context([&] {
    void* address = nullptr;
    std::uint64_t size = 0;
    if (!find_variable(symbol, &address, &size)) return cudaErrorInvalidSymbol;
    return source != nullptr && offset <= size && bytes <= size - offset ? cudaSuccess : cudaErrorInvalidValue;
  });
}
