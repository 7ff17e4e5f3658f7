#include "virtual_gpu/core/pool_attributes.h"

namespace headroom::virtual_gpu {
namespace {

cudaError_t give(std::uint64_t number, void* value) {
  *static_cast<std::uint64_t*>(value) = number;
  return cudaSuccess;
}

cudaError_t reset_high(MemoryPool& pool, bool reserved, const void* value) {
  if (*static_cast<const std::uint64_t*>(value) != 0) return cudaErrorInvalidValue;
  reserved ? pool.reset_reserved_high() : pool.reset_used_high();
  return cudaSuccess;
}

const std::atomic<int>* policy(const MemoryPool& pool, int attribute) {
  const int index = attribute - cudaMemPoolReuseFollowEventDependencies;
  return index >= 0 && index < 3 ? &pool.reuse_policy[index] : nullptr;
}

}  // namespace

cudaError_t get_pool_attribute(const MemoryPool& pool, int attribute, void* value) {
  if (value == nullptr) return cudaErrorInvalidValue;
  const PoolUse use = pool.use();
  switch (attribute) {
    case cudaMemPoolReuseFollowEventDependencies:
    case cudaMemPoolReuseAllowOpportunistic:
    case cudaMemPoolReuseAllowInternalDependencies:
      *static_cast<int*>(value) = *policy(pool, attribute);
      return cudaSuccess;
    case cudaMemPoolAttrReleaseThreshold:
      return give(pool.threshold(), value);
    case cudaMemPoolAttrReservedMemCurrent:
      return give(use.reserved, value);
    case cudaMemPoolAttrReservedMemHigh:
      return give(use.reserved_high, value);
    case cudaMemPoolAttrUsedMemCurrent:
      return give(use.used, value);
    case cudaMemPoolAttrUsedMemHigh:
      return give(use.used_high, value);
    default:
      return cudaErrorInvalidValue;
  }
}

cudaError_t set_pool_attribute(MemoryPool& pool, int attribute, const void* value) {
  if (value == nullptr) return cudaErrorInvalidValue;
  switch (attribute) {
    case cudaMemPoolReuseFollowEventDependencies:
    case cudaMemPoolReuseAllowOpportunistic:
    case cudaMemPoolReuseAllowInternalDependencies:
      pool.reuse_policy[attribute - cudaMemPoolReuseFollowEventDependencies] = *static_cast<const int*>(value);
      return cudaSuccess;
    case cudaMemPoolAttrReleaseThreshold:
      pool.set_threshold(*static_cast<const std::uint64_t*>(value));
      return cudaSuccess;
    case cudaMemPoolAttrReservedMemHigh:
      return reset_high(pool, true, value);
    case cudaMemPoolAttrUsedMemHigh:
      return reset_high(pool, false, value);
    default:
      return cudaErrorInvalidValue;
  }
}

cudaError_t get_graph_memory_attribute(int device, int attribute, void* value) {
  if (value == nullptr) return cudaErrorInvalidValue;
  const PoolUse use = graph_pool(device).use();
  switch (attribute) {
    case cudaGraphMemAttrUsedMemCurrent:
      return give(use.used, value);
    case cudaGraphMemAttrUsedMemHigh:
      return give(use.used_high, value);
    case cudaGraphMemAttrReservedMemCurrent:
      return give(use.reserved, value);
    case cudaGraphMemAttrReservedMemHigh:
      return give(use.reserved_high, value);
    default:
      return cudaErrorInvalidValue;
  }
}

cudaError_t set_graph_memory_attribute(int device, int attribute, const void* value) {
  if (value == nullptr) return cudaErrorInvalidValue;
  if (attribute == cudaGraphMemAttrUsedMemHigh) return reset_high(graph_pool(device), false, value);
  if (attribute == cudaGraphMemAttrReservedMemHigh) return reset_high(graph_pool(device), true, value);
  return cudaErrorInvalidValue;
}

}  // namespace headroom::virtual_gpu
