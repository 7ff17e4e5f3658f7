// What host code asks about a kernel, and sets on it.
#include <cuda.h>

#include "virtual_gpu/core/fat_binary.h"
#include "virtual_gpu/core/kernels.h"
#include "virtual_gpu/core/occupancy.h"
#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

static_assert(static_cast<int>(cudaFuncAttributeMaxDynamicSharedMemorySize) ==
              static_cast<int>(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES));
static_assert(static_cast<int>(cudaFuncAttributeNonPortableClusterSizeAllowed) ==
              static_cast<int>(CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED));

namespace {

template <class Body>
cudaError_t with_kernel(const void* function, Body body) {
  return with_context([&] {
    Kernel* kernel = find_kernel(function);
    return kernel == nullptr ? cudaErrorInvalidDeviceFunction : body(*kernel);
  });
}

LaunchShape shape_of(const cudaLaunchConfig_t& config) {
  LaunchShape shape{config.gridDim, config.blockDim, config.dynamicSmemBytes};
  for (unsigned i = 0; i < config.numAttrs; ++i)
    if (config.attrs[i].id == cudaLaunchAttributeClusterDimension) {
      const auto& size = config.attrs[i].val.clusterDim;
      shape.cluster = {size.x, size.y, size.z};
    }
  return shape;
}

}  // namespace

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* out, const void* function) {
  return with_kernel(function, [&](Kernel& kernel) { return get_kernel_attributes(kernel, out); });
}

cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute attribute, int value) {
  return with_kernel(function,
                     [&](Kernel& kernel) { return set_kernel_attribute(kernel, current_device(), attribute, value); });
}

cudaError_t cudaFuncSetCacheConfig(const void* function, cudaFuncCache) {
  return with_kernel(function, [](Kernel&) { return cudaSuccess; });
}

cudaError_t cudaFuncGetName(const char** name, const void* function) {
  return with_kernel(function, [&](Kernel& kernel) {
    return name == nullptr ? cudaErrorInvalidValue : (*name = kernel.name, cudaSuccess);
  });
}

cudaError_t cudaFuncGetParamInfo(const void* function, std::size_t index, std::size_t* offset, std::size_t* bytes) {
  return with_kernel(function, [&](Kernel& kernel) {
    const auto& parameters = kernel_facts(kernel).parameters;
    if (offset == nullptr || index >= parameters.size()) return cudaErrorInvalidValue;
    *offset = parameters[index].offset;
    if (bytes != nullptr) *bytes = parameters[index].bytes;
    return cudaSuccess;
  });
}

cudaError_t cudaGetFuncBySymbol(cudaFunction_t* out, const void* symbol) {
  return with_kernel(symbol, [&](Kernel& kernel) {
    hand_out(&kernel);
    *out = reinterpret_cast<cudaFunction_t>(&kernel);
    return cudaSuccess;
  });
}

cudaError_t cudaGetKernel(cudaKernel_t* out, const void* function) {
  return with_kernel(function, [&](Kernel& kernel) {
    hand_out(&kernel);
    *out = reinterpret_cast<cudaKernel_t>(&kernel);
    return cudaSuccess;
  });
}

cudaError_t cudaKernelSetAttributeForDevice(cudaKernel_t handle, cudaFuncAttribute attribute, int value, int ordinal) {
  return with_context([&] {
    Kernel* kernel = kernel_of_handle(handle);
    if (kernel == nullptr) return cudaErrorInvalidResourceHandle;
    return valid_device(ordinal) ? set_kernel_attribute(*kernel, ordinal, attribute, value) : cudaErrorInvalidDevice;
  });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* out, const void* function, int threads,
                                                          std::size_t shared_bytes) {
  return with_kernel(function, [&](Kernel& kernel) { return resident_blocks(out, kernel, threads, shared_bytes); });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* out, const void* function, int threads,
                                                                   std::size_t shared_bytes, unsigned flags) {
  if (flags > cudaOccupancyDisableCachingOverride) return finish(cudaErrorInvalidValue);
  return cudaOccupancyMaxActiveBlocksPerMultiprocessor(out, function, threads, shared_bytes);
}

cudaError_t cudaOccupancyAvailableDynamicSMemPerBlock(std::size_t* out, const void* function, int blocks, int threads) {
  return with_kernel(function, [&](Kernel& kernel) { return available_dynamic_shared(out, kernel, blocks, threads); });
}

cudaError_t cudaOccupancyMaxPotentialClusterSize(int* out, const void* function, const cudaLaunchConfig_t* config) {
  return with_kernel(function, [&](Kernel& kernel) {
    return config == nullptr ? cudaErrorInvalidValue : largest_cluster(out, kernel, shape_of(*config));
  });
}

cudaError_t cudaOccupancyMaxActiveClusters(int* out, const void* function, const cudaLaunchConfig_t* config) {
  return with_kernel(function, [&](Kernel& kernel) {
    return config == nullptr ? cudaErrorInvalidValue : resident_clusters(out, kernel, shape_of(*config));
  });
}
