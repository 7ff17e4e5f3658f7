// Memory pools, and what graphs allocate.
#include "virtual_gpu/core/memory_pool.h"
#include "virtual_gpu/core/pool_attributes.h"
#include "virtual_gpu/core/streams.h"
#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

namespace {

cudaMemPool_t handle_of(MemoryPool& pool) { return reinterpret_cast<cudaMemPool_t>(&pool); }

template <class Body>
cudaError_t with_pool(cudaMemPool_t handle, Body body) {
  return with_context([&] {
    auto* pool = reinterpret_cast<MemoryPool*>(handle);
    return known_pool(pool) ? body(*pool) : cudaErrorInvalidValue;
  });
}

bool on_device(const cudaMemLocation& location) {
  return location.type == cudaMemLocationTypeDevice && valid_device(location.id);
}

cudaError_t find_pool(cudaMemPool_t* out, const cudaMemLocation* location, cudaMemAllocationType type,
                      MemoryPool& (*which)(int)) {
  return with_context([&] {
    if (out == nullptr || location == nullptr) return cudaErrorInvalidValue;
    if (!on_device(*location) || type != cudaMemAllocationTypePinned) return cudaErrorNotSupported;
    return *out = handle_of(which(location->id)), cudaSuccess;
  });
}

}  // namespace

cudaError_t cudaMallocAsync(void** out, std::size_t bytes, cudaStream_t stream) {
  return with_context([&] {
    int device = 0;
    const cudaError_t error = stream_device(stream, &device);
    return error != cudaSuccess ? error : allocate_from_pool(current_pool(device), bytes, stream, out);
  });
}

cudaError_t cudaMallocFromPoolAsync(void** out, std::size_t bytes, cudaMemPool_t pool, cudaStream_t stream) {
  return with_pool(pool, [&](MemoryPool& found) { return allocate_from_pool(found, bytes, stream, out); });
}

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream) {
  return with_context([&] { return free_on_stream(pointer, stream); });
}

cudaError_t cudaMemPoolCreate(cudaMemPool_t* out, const cudaMemPoolProps* properties) {
  return with_context([&] {
    if (out == nullptr || properties == nullptr || properties->allocType != cudaMemAllocationTypePinned)
      return cudaErrorInvalidValue;
    if (properties->location.type != cudaMemLocationTypeDevice) return cudaErrorNotSupported;
    if (!valid_device(properties->location.id)) return cudaErrorInvalidDevice;
    *out = handle_of(*create_pool(properties->location.id, properties->maxSize));
    return cudaSuccess;
  });
}

cudaError_t cudaMemPoolDestroy(cudaMemPool_t pool) {
  return with_pool(pool, [](MemoryPool& found) { return destroy_pool(&found); });
}

cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, std::size_t bytes) {
  return with_pool(pool, [&](MemoryPool& found) { return trim_pool(found, bytes), cudaSuccess; });
}

cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
  return with_pool(pool, [&](MemoryPool& found) { return get_pool_attribute(found, attribute, value); });
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
  return with_pool(pool, [&](MemoryPool& found) { return set_pool_attribute(found, attribute, value); });
}

cudaError_t cudaMemPoolSetAccess(cudaMemPool_t pool, const cudaMemAccessDesc* rights, std::size_t count) {
  return with_pool(pool, [&](MemoryPool& found) {
    for (std::size_t i = 0; i < count; ++i)
      if (const cudaError_t error = set_pool_access(found, rights[i])) return error;
    return cudaSuccess;
  });
}

cudaError_t cudaMemPoolGetAccess(cudaMemAccessFlags* flags, cudaMemPool_t pool, cudaMemLocation* location) {
  return with_pool(pool, [&](MemoryPool& found) {
    if (flags == nullptr || location == nullptr) return cudaErrorInvalidValue;
    if (!on_device(*location)) return cudaErrorInvalidDevice;
    *flags = found.access(location->id);
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* out, int ordinal) {
  return with_ordinal(ordinal, [&] { return *out = handle_of(default_pool(ordinal)), cudaSuccess; });
}

cudaError_t cudaDeviceGetMemPool(cudaMemPool_t* out, int ordinal) {
  return with_ordinal(ordinal, [&] { return *out = handle_of(current_pool(ordinal)), cudaSuccess; });
}

cudaError_t cudaDeviceSetMemPool(int ordinal, cudaMemPool_t pool) {
  return with_pool(pool, [&](MemoryPool& found) {
    if (!valid_device(ordinal)) return cudaErrorInvalidDevice;
    if (found.device() != ordinal) return cudaErrorInvalidValue;
    return set_current_pool(ordinal, &found), cudaSuccess;
  });
}

cudaError_t cudaMemGetDefaultMemPool(cudaMemPool_t* out, cudaMemLocation* location, cudaMemAllocationType type) {
  return find_pool(out, location, type, default_pool);
}

cudaError_t cudaMemGetMemPool(cudaMemPool_t* out, cudaMemLocation* location, cudaMemAllocationType type) {
  return find_pool(out, location, type, current_pool);
}

cudaError_t cudaMemSetMemPool(cudaMemLocation* location, cudaMemAllocationType type, cudaMemPool_t pool) {
  if (location == nullptr || location->type != cudaMemLocationTypeDevice || type != cudaMemAllocationTypePinned)
    return finish(cudaErrorNotSupported);
  return cudaDeviceSetMemPool(location->id, pool);
}

cudaError_t cudaDeviceGetGraphMemAttribute(int ordinal, cudaGraphMemAttributeType attribute, void* value) {
  return with_ordinal(ordinal, [&] { return get_graph_memory_attribute(ordinal, attribute, value); });
}

cudaError_t cudaDeviceSetGraphMemAttribute(int ordinal, cudaGraphMemAttributeType attribute, void* value) {
  return with_ordinal(ordinal, [&] { return set_graph_memory_attribute(ordinal, attribute, value); });
}

cudaError_t cudaDeviceGraphMemTrim(int ordinal) {
  return with_ordinal(ordinal, [&] { return graph_pool(ordinal).trim_to(0), cudaSuccess; });
}
