#include "virtual_gpu/core/occupancy.h"

#include <cuda_occupancy.h>

#include <algorithm>

#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device.h"

namespace headroom::virtual_gpu {
namespace {

constexpr int kMultiprocessorsPerCluster = 18;  // of a GPC; an H100's whole chip has 8 of 18

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

cudaOccFuncAttributes occupancy_attributes(Kernel& kernel) {
  const KernelFacts& facts = kernel_facts(kernel);
  const int ordinal = current_device();
  cudaOccFuncAttributes function;
  function.maxThreadsPerBlock = facts.max_threads_per_block;
  function.numRegs = facts.registers;
  function.sharedSizeBytes = facts.static_shared_bytes;
  function.partitionedGCConfig = PARTITIONED_GC_OFF;
  const bool raised = settings_of(kernel, ordinal).raised_dynamic_shared_bytes > 0;
  function.shmemLimitConfig = raised ? FUNC_SHMEM_LIMIT_OPTIN : FUNC_SHMEM_LIMIT_DEFAULT;
  function.maxDynamicSharedSizeBytes = static_cast<std::size_t>(dynamic_shared_limit_bytes(kernel, ordinal));
  function.numBlockBarriers = 1;
  return function;
}

cudaOccDeviceState occupancy_state(const Kernel& kernel) {
  cudaOccDeviceState state;
  state.cacheConfig = CACHE_PREFER_NONE;
  state.carveoutConfig = settings_of(kernel, current_device()).preferred_carveout;
  return state;
}

int threads_of(const LaunchShape& shape) { return static_cast<int>(shape.block.x * shape.block.y * shape.block.z); }

}  // namespace

cudaError_t resident_blocks(int* out, Kernel& kernel, int block_threads, std::uint64_t dynamic_shared_bytes) {
  if (out == nullptr || block_threads <= 0) return cudaErrorInvalidValue;
  const cudaOccDeviceProp properties = occupancy_properties(*device());
  const cudaOccFuncAttributes function = occupancy_attributes(kernel);
  const cudaOccDeviceState state = occupancy_state(kernel);
  cudaOccResult result;
  if (cudaOccMaxActiveBlocksPerMultiprocessor(&result, &properties, &function, &state, block_threads,
                                              dynamic_shared_bytes) != CUDA_OCC_SUCCESS)
    return cudaErrorInvalidValue;
  *out = result.activeBlocksPerMultiprocessor;
  return cudaSuccess;
}

cudaError_t available_dynamic_shared(std::size_t* out, Kernel& kernel, int blocks, int block_threads) {
  if (out == nullptr || blocks <= 0 || block_threads <= 0) return cudaErrorInvalidValue;
  const cudaOccDeviceProp properties = occupancy_properties(*device());
  const cudaOccFuncAttributes function = occupancy_attributes(kernel);
  const cudaOccDeviceState state = occupancy_state(kernel);
  const cudaOccError error =
      cudaOccAvailableDynamicSMemPerBlock(out, &properties, &function, &state, blocks, block_threads);
  return error == CUDA_OCC_SUCCESS ? cudaSuccess : cudaErrorInvalidValue;
}

// Tries the sizes from the largest down, in whole warps, and keeps the first that fills a multiprocessor best.
cudaError_t potential_block_size(int* grid, int* block, Kernel& kernel,
                                 const std::function<std::size_t(int)>& dynamic_shared_bytes, int block_limit) {
  if (grid == nullptr || block == nullptr) return cudaErrorInvalidValue;
  int limit = kernel_facts(kernel).max_threads_per_block;
  if (block_limit > 0) limit = std::min(limit, block_limit);
  int best_threads = 0;
  *grid = *block = 0;
  for (int rounded = (limit + 31) / 32 * 32; rounded > 0; rounded -= 32) {
    const int threads = std::min(rounded, limit);
    int blocks = 0;
    if (const cudaError_t error = resident_blocks(&blocks, kernel, threads, dynamic_shared_bytes(threads)))
      return error;
    if (threads * blocks <= best_threads) continue;
    best_threads = threads * blocks;
    *block = threads;
    *grid = blocks * device()->multiprocessor_count;
    if (best_threads == device()->max_threads_per_multiprocessor) break;
  }
  return cudaSuccess;
}

cudaError_t largest_cluster(int* out, Kernel& kernel, const LaunchShape& shape) {
  if (out == nullptr) return cudaErrorInvalidValue;
  if (device()->major < 9) return cudaErrorNotSupported;
  int blocks = 0;
  if (const cudaError_t error = resident_blocks(&blocks, kernel, threads_of(shape), shape.dynamic_shared_bytes))
    return error;
  const int most = settings_of(kernel, current_device()).larger_clusters ? 16 : 8;
  *out = 1;
  if (blocks == 0) return cudaErrorInvalidClusterSize;
  while (2 * *out <= std::min(most, blocks * kMultiprocessorsPerCluster)) *out *= 2;
  return cudaSuccess;
}

cudaError_t resident_clusters(int* out, Kernel& kernel, const LaunchShape& shape) {
  int most = 0;
  if (const cudaError_t error = largest_cluster(&most, kernel, shape)) return error;
  assume("the multiprocessors of a cluster's GPC are taken as 18: how many clusters are resident depends on the chip");
  int blocks = 0;
  if (const cudaError_t error = resident_blocks(&blocks, kernel, threads_of(shape), shape.dynamic_shared_bytes))
    return error;
  const auto size = static_cast<int>(shape.cluster.x * shape.cluster.y * shape.cluster.z);
  if (out == nullptr || size <= 0) return cudaErrorInvalidValue;
  if (size > most) return cudaErrorInvalidClusterSize;
  const int whole = device()->multiprocessor_count / kMultiprocessorsPerCluster;
  const int rest = device()->multiprocessor_count % kMultiprocessorsPerCluster;
  *out = whole * (kMultiprocessorsPerCluster * blocks / size) + rest * blocks / size;
  return cudaSuccess;
}

}  // namespace headroom::virtual_gpu
