// libcuda.so.1: memory pools (core/memory_pool.h). A CUmemoryPool is a cudaMemPool_t.
#include "virtual_gpu/core/ipc.h"
#include "virtual_gpu/core/memory_pool.h"
#include "virtual_gpu/core/pool_attributes.h"
#include "virtual_gpu/core/streams.h"
#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

namespace {

static_assert(static_cast<int>(CU_MEMPOOL_ATTR_USED_MEM_HIGH) == static_cast<int>(cudaMemPoolAttrUsedMemHigh));
static_assert(static_cast<int>(CU_GRAPH_MEM_ATTR_RESERVED_MEM_HIGH) ==
              static_cast<int>(cudaGraphMemAttrReservedMemHigh));

CUmemoryPool handle_of(MemoryPool& pool) { return reinterpret_cast<CUmemoryPool>(&pool); }

template <class Body>
CUresult with_pool(CUmemoryPool handle, Body body) {
  return with_driver([&] {
    auto* pool = reinterpret_cast<MemoryPool*>(handle);
    return known_pool(pool) ? body(*pool) : cudaErrorInvalidValue;
  });
}

cudaError_t allocate(CUdeviceptr* out, MemoryPool& pool, std::size_t bytes, CUstream stream) {
  void* pointer = nullptr;
  const cudaError_t status = allocate_from_pool(pool, bytes, stream, &pointer);
  *out = reinterpret_cast<CUdeviceptr>(pointer);
  return status;
}

CUresult find_pool(CUmemoryPool* out, const CUmemLocation* location, CUmemAllocationType type,
                   MemoryPool& (*which)(int)) {
  return with_driver([&] {
    if (out == nullptr || location == nullptr) return cudaErrorInvalidValue;
    if (location->type != CU_MEM_LOCATION_TYPE_DEVICE || type != CU_MEM_ALLOCATION_TYPE_PINNED)
      return cudaErrorNotSupported;
    if (!valid_device(location->id)) return cudaErrorInvalidDevice;
    return *out = handle_of(which(location->id)), cudaSuccess;
  });
}

}  // namespace

CUresult cuMemAllocAsync(CUdeviceptr* out, std::size_t bytes, CUstream stream) {
  return with_current_context([&] {
    int device = 0;
    const cudaError_t error = stream_device(stream, &device);
    return error != cudaSuccess ? error : allocate(out, current_pool(device), bytes, stream);
  });
}

CUresult cuMemAllocFromPoolAsync(CUdeviceptr* out, std::size_t bytes, CUmemoryPool pool, CUstream stream) {
  return with_pool(pool, [&](MemoryPool& found) { return allocate(out, found, bytes, stream); });
}

CUresult cuMemFreeAsync(CUdeviceptr address, CUstream stream) {
  return with_current_context([&] { return free_on_stream(reinterpret_cast<void*>(address), stream); });
}

CUresult cuMemPoolCreate(CUmemoryPool* out, const CUmemPoolProps* properties) {
  return with_driver([&] {
    if (out == nullptr || properties == nullptr || properties->allocType != CU_MEM_ALLOCATION_TYPE_PINNED)
      return cudaErrorInvalidValue;
    if (properties->location.type != CU_MEM_LOCATION_TYPE_DEVICE) return cudaErrorNotSupported;
    if (!valid_device(properties->location.id)) return cudaErrorInvalidDevice;
    *out = handle_of(*create_pool(properties->location.id, properties->maxSize));
    return cudaSuccess;
  });
}

CUresult cuMemPoolDestroy(CUmemoryPool pool) {
  return with_pool(pool, [](MemoryPool& found) { return destroy_pool(&found); });
}

CUresult cuMemPoolTrimTo(CUmemoryPool pool, std::size_t bytes) {
  return with_pool(pool, [&](MemoryPool& found) { return trim_pool(found, bytes), cudaSuccess; });
}

CUresult cuMemPoolGetAttribute(CUmemoryPool pool, CUmemPool_attribute attribute, void* value) {
  return with_pool(pool, [&](MemoryPool& found) { return get_pool_attribute(found, attribute, value); });
}

CUresult cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute attribute, void* value) {
  return with_pool(pool, [&](MemoryPool& found) { return set_pool_attribute(found, attribute, value); });
}

CUresult cuMemPoolSetAccess(CUmemoryPool pool, const CUmemAccessDesc* rights, std::size_t count) {
  return with_pool(pool, [&](MemoryPool& found) {
    for (std::size_t i = 0; i < count; ++i) {
      cudaMemAccessDesc right{};
      right.location.type = static_cast<cudaMemLocationType>(rights[i].location.type);
      right.location.id = rights[i].location.id;
      right.flags = static_cast<cudaMemAccessFlags>(rights[i].flags);
      if (const cudaError_t error = set_pool_access(found, right)) return error;
    }
    return cudaSuccess;
  });
}

CUresult cuMemPoolGetAccess(CUmemAccess_flags* flags, CUmemoryPool pool, CUmemLocation* location) {
  return with_pool(pool, [&](MemoryPool& found) {
    if (flags == nullptr || location == nullptr) return cudaErrorInvalidValue;
    if (location->type != CU_MEM_LOCATION_TYPE_DEVICE || !valid_device(location->id)) return cudaErrorInvalidDevice;
    *flags = static_cast<CUmemAccess_flags>(found.access(location->id));
    return cudaSuccess;
  });
}

CUresult cuDeviceGetDefaultMemPool(CUmemoryPool* out, CUdevice ordinal) {
  return with_ordinal(ordinal, [&] { return *out = handle_of(default_pool(ordinal)), CUDA_SUCCESS; });
}

CUresult cuDeviceGetMemPool(CUmemoryPool* out, CUdevice ordinal) {
  return with_ordinal(ordinal, [&] { return *out = handle_of(current_pool(ordinal)), CUDA_SUCCESS; });
}

CUresult cuDeviceSetMemPool(CUdevice ordinal, CUmemoryPool pool) {
  return with_pool(pool, [&](MemoryPool& found) {
    if (!valid_device(ordinal)) return cudaErrorInvalidDevice;
    if (found.device() != ordinal) return cudaErrorInvalidValue;
    return set_current_pool(ordinal, &found), cudaSuccess;
  });
}

CUresult cuMemGetDefaultMemPool(CUmemoryPool* out, CUmemLocation* location, CUmemAllocationType type) {
  return find_pool(out, location, type, default_pool);
}

CUresult cuMemGetMemPool(CUmemoryPool* out, CUmemLocation* location, CUmemAllocationType type) {
  return find_pool(out, location, type, current_pool);
}

CUresult cuMemSetMemPool(CUmemLocation* location, CUmemAllocationType type, CUmemoryPool pool) {
  if (location == nullptr || location->type != CU_MEM_LOCATION_TYPE_DEVICE || type != CU_MEM_ALLOCATION_TYPE_PINNED)
    return CUDA_ERROR_NOT_SUPPORTED;
  return cuDeviceSetMemPool(location->id, pool);
}

CUresult cuDeviceGetGraphMemAttribute(CUdevice ordinal, CUgraphMem_attribute attribute, void* value) {
  return with_ordinal(ordinal, [&] { return get_graph_memory_attribute(ordinal, attribute, value); });
}

CUresult cuDeviceSetGraphMemAttribute(CUdevice ordinal, CUgraphMem_attribute attribute, void* value) {
  return with_ordinal(ordinal, [&] { return set_graph_memory_attribute(ordinal, attribute, value); });
}

CUresult cuDeviceGraphMemTrim(CUdevice ordinal) {
  return with_ordinal(ordinal, [&] { return graph_pool(ordinal).trim_to(0), CUDA_SUCCESS; });
}

#define HEADROOM_REFUSED(name, ...)                           \
  CUresult name(__VA_ARGS__) {                                \
    return with_driver([] { return refuse_sharing(#name); }); \
  }
HEADROOM_REFUSED(cuMemPoolExportToShareableHandle, void*, CUmemoryPool, CUmemAllocationHandleType, unsigned long long)
HEADROOM_REFUSED(cuMemPoolImportFromShareableHandle, CUmemoryPool*, void*, CUmemAllocationHandleType,
                 unsigned long long)
HEADROOM_REFUSED(cuMemPoolExportPointer, CUmemPoolPtrExportData*, CUdeviceptr)
HEADROOM_REFUSED(cuMemPoolImportPointer, CUdeviceptr*, CUmemoryPool, CUmemPoolPtrExportData*)
HEADROOM_REFUSED(cuIpcGetMemHandle, CUipcMemHandle*, CUdeviceptr)
HEADROOM_REFUSED(cuIpcOpenMemHandle, CUdeviceptr*, CUipcMemHandle, unsigned)
HEADROOM_REFUSED(cuIpcCloseMemHandle, CUdeviceptr)
HEADROOM_REFUSED(cuIpcGetEventHandle, CUipcEventHandle*, CUevent)
HEADROOM_REFUSED(cuIpcOpenEventHandle, CUevent*, CUipcEventHandle)
#undef HEADROOM_REFUSED
