// libcuda.so.1: the virtual memory API behind expandable segments, and pointer queries.
#include <cstdint>

#include "virtual_gpu/core/device_memory.h"
#include "virtual_gpu/core/host_memory.h"
#include "virtual_gpu/core/streams.h"
#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

namespace {

template <class Body>
CUresult with_device(Body body) {
  return device() == nullptr ? CUDA_ERROR_NO_DEVICE : driver_status(body());
}

}  // namespace

CUresult cuMemGetAllocationGranularity(std::size_t* out, const CUmemAllocationProp*, CUmemAllocationGranularity_flags) {
  *out = kGranuleBytes;
  return CUDA_SUCCESS;
}

CUresult cuMemAddressReserve(CUdeviceptr* out, std::size_t bytes, std::size_t, CUdeviceptr, unsigned long long flags) {
  return with_device([&] {
    std::uint64_t address = 0;
    const cudaError_t status = flags == 0 ? device_memory().reserve(bytes, &address) : cudaErrorInvalidValue;
    *out = address;
    return status;
  });
}

CUresult cuMemAddressFree(CUdeviceptr address, std::size_t bytes) {
  return with_device([&] { return device_memory().free_reservation(address, bytes); });
}

CUresult cuMemCreate(CUmemGenericAllocationHandle* out, std::size_t bytes, const CUmemAllocationProp* prop,
                     unsigned long long) {
  return with_device([&] {
    const bool here = prop != nullptr && prop->location.type == CU_MEM_LOCATION_TYPE_DEVICE && prop->location.id == 0;
    std::uint64_t handle = 0;
    const cudaError_t status = here ? device_memory().create_physical(bytes, &handle) : cudaErrorInvalidValue;
    *out = handle;
    return status;
  });
}

CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
  return with_device([&] { return device_memory().release_physical(handle); });
}

CUresult cuMemRetainAllocationHandle(CUmemGenericAllocationHandle* out, void* address) {
  return with_device([&] {
    std::uint64_t handle = 0;
    const cudaError_t status = device_memory().retain_physical(reinterpret_cast<std::uint64_t>(address), &handle);
    *out = handle;
    return status;
  });
}

CUresult cuMemMap(CUdeviceptr address, std::size_t bytes, std::size_t offset, CUmemGenericAllocationHandle handle,
                  unsigned long long flags) {
  return with_device(
      [&] { return offset == 0 && flags == 0 ? device_memory().map(address, bytes, handle) : cudaErrorInvalidValue; });
}

CUresult cuMemUnmap(CUdeviceptr address, std::size_t bytes) {
  return with_device([&] { return device_memory().unmap(address, bytes); });
}

CUresult cuMemSetAccess(CUdeviceptr address, std::size_t bytes, const CUmemAccessDesc*, std::size_t) {
  return with_device([&] { return device_memory().mapped(address, bytes) ? cudaSuccess : cudaErrorInvalidValue; });
}

CUresult cuMemGetInfo(std::size_t* free, std::size_t* total) {
  return with_device([&] {
    const MemoryUse use = device_memory().use();
    *free = use.total_bytes - use.used_bytes;
    *total = use.total_bytes;
    return cudaSuccess;
  });
}

CUresult cuMemsetD32Async(CUdeviceptr address, unsigned, std::size_t count, CUstream stream) {
  return with_device([&] {
    if (const cudaError_t error = check_stream(stream)) return error;
    const auto region = device_memory().region(reinterpret_cast<void*>(address));
    return region && address + count * 4 <= region->base + region->bytes ? cudaSuccess : cudaErrorInvalidValue;
  });
}

CUresult cuPointerGetAttribute(void* out, CUpointer_attribute attribute, CUdeviceptr address) {
  return with_device([&] {
    auto* pointer = reinterpret_cast<void*>(address);
    const auto region = device_memory().region(pointer);
    const bool pinned = !region && host_pinned(pointer);
    if (!region && !pinned) return cudaErrorInvalidValue;
    switch (attribute) {
      case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
        *static_cast<CUmemorytype*>(out) = pinned ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE;
        return cudaSuccess;
      case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
        *static_cast<CUdeviceptr*>(out) = address;
        return cudaSuccess;
      case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
        return *static_cast<int*>(out) = 0, cudaSuccess;
      case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
        if (!region) return cudaErrorInvalidValue;
        *static_cast<CUdeviceptr*>(out) = region->base;
        return cudaSuccess;
      case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
        if (!region) return cudaErrorInvalidValue;
        *static_cast<std::size_t*>(out) = region->bytes;
        return cudaSuccess;
      default:
        return cudaErrorNotSupported;
    }
  });
}
