#include <cuda_occupancy.h>

#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/kernels.h"

namespace headroom::virtual_gpu {
namespace {

cudaOccDeviceProp occupancy_properties(const DeviceModel& model) {
  cudaOccDeviceProp properties;
  properties.computeMajor = model.major;
  properties.computeMinor = model.minor;
  properties.maxThreadsPerBlock = 1024;
  properties.maxThreadsPerMultiprocessor = model.max_threads_per_multiprocessor;
  properties.regsPerBlock = model.registers_per_block;
  properties.regsPerMultiprocessor = model.registers_per_multiprocessor;
  properties.warpSize = 32;
  properties.sharedMemPerBlock = static_cast<std::size_t>(model.shared_bytes_per_block);
  properties.sharedMemPerMultiprocessor = static_cast<std::size_t>(model.shared_bytes_per_multiprocessor);
  properties.numSms = model.multiprocessor_count;
  properties.sharedMemPerBlockOptin = static_cast<std::size_t>(model.shared_bytes_per_block_optin);
  properties.reservedSharedMemPerBlock = static_cast<std::size_t>(model.reserved_shared_bytes_per_block);
  return properties;
}

}  // namespace

cudaError_t resident_blocks(int* out, const Kernel& kernel, int block_threads, std::uint64_t dynamic_shared_bytes) {
  if (out == nullptr || block_threads <= 0) return cudaErrorInvalidValue;
  const KernelFacts& facts = kernel_facts(kernel);
  const cudaOccDeviceProp properties = occupancy_properties(*device());
  cudaOccFuncAttributes function;
  function.maxThreadsPerBlock = facts.max_threads_per_block;
  function.numRegs = facts.registers;
  function.sharedSizeBytes = facts.static_shared_bytes;
  function.partitionedGCConfig = PARTITIONED_GC_OFF;
  function.shmemLimitConfig =
      kernel.raised_dynamic_shared_bytes > 0 ? FUNC_SHMEM_LIMIT_OPTIN : FUNC_SHMEM_LIMIT_DEFAULT;
  function.maxDynamicSharedSizeBytes = static_cast<std::size_t>(dynamic_shared_limit_bytes(kernel));
  function.numBlockBarriers = 1;
  cudaOccDeviceState state;
  state.cacheConfig = CACHE_PREFER_NONE;
  state.carveoutConfig = kernel.preferred_carveout;
  cudaOccResult result;
  if (cudaOccMaxActiveBlocksPerMultiprocessor(&result, &properties, &function, &state, block_threads,
                                              dynamic_shared_bytes) != CUDA_OCC_SUCCESS)
    return cudaErrorInvalidValue;
  *out = result.activeBlocksPerMultiprocessor;
  return cudaSuccess;
}

}  // namespace headroom::virtual_gpu
