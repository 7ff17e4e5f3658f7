// Attributes of pools and of a device's graph memory, by the numbers of cudaMemPoolAttr and cudaGraphMemAttributeType,
// which are the driver's too.
#pragma once

#include <driver_types.h>

#include "virtual_gpu/core/memory_pool.h"

namespace headroom::virtual_gpu {

cudaError_t get_pool_attribute(const MemoryPool& pool, int attribute, void* value);
cudaError_t set_pool_attribute(MemoryPool& pool, int attribute, const void* value);  // of the highs, only 0: now
cudaError_t get_graph_memory_attribute(int device, int attribute, void* value);
cudaError_t set_graph_memory_attribute(int device, int attribute, const void* value);

}  // namespace headroom::virtual_gpu
