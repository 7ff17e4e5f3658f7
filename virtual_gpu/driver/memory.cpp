// libcuda.so.1: device memory, pinned host memory, and what a pointer is.
#include <cstdint>

#include "virtual_gpu/core/address_map.h"
#include "virtual_gpu/core/device_memory.h"
#include "virtual_gpu/core/host_memory.h"
#include "virtual_gpu/core/memory_pool.h"
#include "virtual_gpu/core/physical_memory.h"
#include "virtual_gpu/core/work.h"
#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

namespace {

void* pointer_to(CUdeviceptr address) { return reinterpret_cast<void*>(address); }

CUresult allocate(CUdeviceptr* out, std::size_t bytes, MemoryKind kind) {
  return with_current_context([&] {
    if (out == nullptr || bytes == 0) return cudaErrorInvalidValue;
    if (const cudaError_t error = forbid_in_capture()) return error;
    void* pointer = nullptr;
    const cudaError_t status = device_memory(current_device()).allocate(bytes, kind, &pointer);
    *out = reinterpret_cast<CUdeviceptr>(pointer);
    return status;
  });
}

// What the attributes of a pointer are told from: device memory or pinned host memory.
struct Pointed {
  std::optional<Region> region;
  std::optional<PinnedRange> pinned;

  explicit Pointed(const void* pointer) : region(find_region(pointer)) {
    if (!region) pinned = find_pinned(pointer);
  }
  bool known() const { return region || pinned; }
  bool managed() const { return region && region->kind == MemoryKind::managed; }
  int device() const { return region ? region->device : pinned->device; }
  std::uint64_t base() const { return region ? region->base : pinned->base; }
  std::uint64_t bytes() const { return region ? region->bytes : pinned->bytes; }
};

template <class T, class V>
cudaError_t give(void* out, V value) {
  *static_cast<T*>(out) = static_cast<T>(value);
  return cudaSuccess;
}

cudaError_t pointer_attribute(void* out, CUpointer_attribute attribute, CUdeviceptr address, const Pointed& pointed) {
  const bool on_host = pointed.pinned || pointed.managed();
  switch (attribute) {
    case CU_POINTER_ATTRIBUTE_CONTEXT:
      return give<CUcontext>(out, reinterpret_cast<CUcontext>(&primary_context(pointed.device())));
    case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
      return give<CUmemorytype>(out, pointed.region ? CU_MEMORYTYPE_DEVICE : CU_MEMORYTYPE_HOST);
    case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
      return give<CUdeviceptr>(out, address);
    case CU_POINTER_ATTRIBUTE_HOST_POINTER:
      return on_host ? give<CUdeviceptr>(out, address) : cudaErrorInvalidValue;
    case CU_POINTER_ATTRIBUTE_BUFFER_ID:
    case CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID:
      return give<unsigned long long>(out, pointed.base());
    case CU_POINTER_ATTRIBUTE_IS_MANAGED:
      return give<int>(out, pointed.managed());
    case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
      return give<int>(out, pointed.device());
    case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
    case CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR:
      return give<CUdeviceptr>(out, pointed.base());
    case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
    case CU_POINTER_ATTRIBUTE_MAPPING_SIZE:
      return give<std::size_t>(out, pointed.bytes());
    case CU_POINTER_ATTRIBUTE_MAPPED:
      return give<int>(out, 1);
    case CU_POINTER_ATTRIBUTE_ACCESS_FLAGS:
      return give<int>(out, CU_POINTER_ATTRIBUTE_ACCESS_FLAG_READWRITE);
    case CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE:
      return give<void*>(out, pointed.region ? pointed.region->pool : nullptr);
    case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
    case CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE:
    case CU_POINTER_ATTRIBUTE_SYNC_MEMOPS:
      return give<int>(out, 0);
    case CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES:
      return give<unsigned long long>(out, 0);
    default:
      return cudaErrorNotSupported;
  }
}

}  // namespace

CUresult cuMemAlloc(CUdeviceptr* out, std::size_t bytes) { return allocate(out, bytes, MemoryKind::device); }

CUresult cuMemAllocManaged(CUdeviceptr* out, std::size_t bytes, unsigned flags) {
  if (flags != CU_MEM_ATTACH_GLOBAL && flags != CU_MEM_ATTACH_HOST) return CUDA_ERROR_INVALID_VALUE;
  return allocate(out, bytes, MemoryKind::managed);
}

CUresult cuMemAllocPitch(CUdeviceptr* out, std::size_t* pitch, std::size_t width, std::size_t height,
                         unsigned element_bytes) {
  constexpr std::size_t unit = 512;
  if (pitch == nullptr || width == 0 || height == 0 || width > SIZE_MAX / 2 ||
      (element_bytes != 4 && element_bytes != 8 && element_bytes != 16))
    return CUDA_ERROR_INVALID_VALUE;
  *pitch = (width + unit - 1) / unit * unit;
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(*pitch, height, &bytes)) return CUDA_ERROR_OUT_OF_MEMORY;
  return allocate(out, bytes, MemoryKind::device);
}

CUresult cuMemFree(CUdeviceptr address) {
  return with_current_context([&] { return address == 0 ? cudaErrorInvalidValue : free_now(pointer_to(address)); });
}

CUresult cuMemGetInfo(std::size_t* free, std::size_t* total) {
  return with_current_context([&] {
    const MemoryUse use = physical_memory(current_device()).use();
    *free = use.free_bytes();
    *total = use.total_bytes;
    return cudaSuccess;
  });
}

CUresult cuMemGetAddressRange(CUdeviceptr* base, std::size_t* bytes, CUdeviceptr address) {
  return with_current_context([&] {
    const auto region = find_region(pointer_to(address));
    if (!region) return cudaErrorInvalidValue;
    if (base != nullptr) *base = region->base;
    if (bytes != nullptr) *bytes = region->bytes;
    return cudaSuccess;
  });
}

CUresult cuMemHostAlloc(void** out, std::size_t bytes, unsigned flags) {
  return with_current_context([&] {
    if (out == nullptr || bytes == 0) return cudaErrorInvalidValue;
    const cudaError_t error = forbid_in_capture();
    return error != cudaSuccess ? error : host_allocate(bytes, flags, out);
  });
}

CUresult cuMemAllocHost(void** out, std::size_t bytes) { return cuMemHostAlloc(out, bytes, 0); }

CUresult cuMemFreeHost(void* pointer) {
  return with_current_context([&] {
    if (pointer == nullptr) return cudaErrorInvalidValue;
    if (const cudaError_t error = forbid_in_capture()) return error;
    synchronize_device(current_device());
    return host_free(pointer);
  });
}

CUresult cuMemHostRegister(void* pointer, std::size_t bytes, unsigned flags) {
  return with_current_context([&] { return host_register(pointer, bytes, flags); });
}

CUresult cuMemHostUnregister(void* pointer) {
  return with_current_context([&] { return host_unregister(pointer); });
}

CUresult cuMemHostGetDevicePointer(CUdeviceptr* out, void* pointer, unsigned flags) {
  return with_current_context([&] {
    if (out == nullptr || flags != 0 || !host_pinned(pointer)) return cudaErrorInvalidValue;
    *out = reinterpret_cast<CUdeviceptr>(pointer);
    return cudaSuccess;
  });
}

CUresult cuMemHostGetFlags(unsigned* flags, void* pointer) {
  return with_current_context([&] {
    const auto pinned = find_pinned(pointer);
    if (flags == nullptr || !pinned) return cudaErrorInvalidValue;
    *flags = pinned->flags;
    return cudaSuccess;
  });
}

CUresult cuPointerGetAttribute(void* out, CUpointer_attribute attribute, CUdeviceptr address) {
  return with_driver([&] {
    const Pointed pointed(pointer_to(address));
    if (out == nullptr || !pointed.known()) return cudaErrorInvalidValue;
    return pointer_attribute(out, attribute, address, pointed);
  });
}

// Of a pointer that is neither, all are zeros, which is no error.
CUresult cuPointerGetAttributes(unsigned count, CUpointer_attribute* attributes, void** out, CUdeviceptr address) {
  return with_driver([&] {
    if (attributes == nullptr || out == nullptr) return cudaErrorInvalidValue;
    const Pointed pointed(pointer_to(address));
    for (unsigned i = 0; i < count; ++i) {
      const bool eight_bytes =
          attributes[i] != CU_POINTER_ATTRIBUTE_MEMORY_TYPE && attributes[i] != CU_POINTER_ATTRIBUTE_IS_MANAGED &&
          attributes[i] != CU_POINTER_ATTRIBUTE_MAPPED && attributes[i] != CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL;
      if (attributes[i] == CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL)
        give<int>(out[i], -2);
      else if (eight_bytes)
        give<std::uint64_t>(out[i], 0);
      else
        give<int>(out[i], 0);
      if (pointed.known()) pointer_attribute(out[i], attributes[i], address, pointed);
    }
    return cudaSuccess;
  });
}

CUresult cuPointerSetAttribute(const void* value, CUpointer_attribute attribute, CUdeviceptr address) {
  return with_driver([&] {
    if (value == nullptr || attribute != CU_POINTER_ATTRIBUTE_SYNC_MEMOPS || !find_region(pointer_to(address)))
      return cudaErrorInvalidValue;
    return cudaSuccess;
  });
}

// Advice about managed memory moves nothing, as nothing has to be moved.
CUresult cuMemPrefetchAsync_v2(CUdeviceptr address, std::size_t bytes, CUmemLocation, unsigned flags, CUstream stream) {
  return with_current_context([&] {
    const cudaError_t error = flags != 0 ? cudaErrorInvalidValue : check_managed(pointer_to(address), bytes);
    return error != cudaSuccess ? error : submit(stream, {});
  });
}

CUresult cuMemAdvise_v2(CUdeviceptr address, std::size_t bytes, CUmem_advise, CUmemLocation) {
  return with_current_context([&] { return check_managed(pointer_to(address), bytes); });
}
