#include <cuda.h>

#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/kernels.h"

namespace headroom::virtual_gpu {
namespace {

// No kernel has more than 48 KiB of static shared memory, so below that distance from the device's limit the kernel's
// own figure, which has to be read from its machine code, does not matter.
bool fits_dynamic_shared(Kernel& kernel, int bytes) {
  constexpr int most_static_bytes = 49152;
  const auto limit = static_cast<int>(device()->shared_bytes_per_block_optin);
  if (bytes < 0 || bytes > limit) return false;
  return bytes <= limit - most_static_bytes ||
         bytes <= limit - static_cast<int>(kernel_facts(kernel).static_shared_bytes);
}

cudaError_t set_cluster(Kernel& kernel, int ordinal, int axis, int value) {
  if (value < 0) return cudaErrorInvalidValue;
  if (device()->major < 9 && value > 1) return cudaErrorNotSupported;
  change_settings(kernel, ordinal).required_cluster[axis] = value;
  return cudaSuccess;
}

int required_cluster(Kernel& kernel, int ordinal, int axis) {
  const int set = settings_of(kernel, ordinal).required_cluster[axis];
  if (set > 0) return set;
  const dim3& own = kernel_facts(kernel).required_cluster;
  return static_cast<int>(axis == 0 ? own.x : axis == 1 ? own.y : own.z);
}

int largest_dynamic_shared(Kernel& kernel, int ordinal) {
  const int limit = dynamic_shared_limit_bytes(kernel, ordinal);
  const bool raised = settings_of(kernel, ordinal).raised_dynamic_shared_bytes > 0;
  return raised ? limit : limit - static_cast<int>(kernel_facts(kernel).static_shared_bytes);
}

}  // namespace

int dynamic_shared_limit_bytes(const Kernel& kernel, int ordinal) {
  const int raised = settings_of(kernel, ordinal).raised_dynamic_shared_bytes;
  return raised > 0 ? raised : static_cast<int>(device()->shared_bytes_per_block);
}

cudaError_t set_kernel_attribute(Kernel& kernel, int ordinal, int attribute, int value) {
  switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
      if (!fits_dynamic_shared(kernel, value)) return cudaErrorInvalidValue;
      change_settings(kernel, ordinal).raised_dynamic_shared_bytes = value;
      return cudaSuccess;
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
      if (value < -1 || value > 100) return cudaErrorInvalidValue;
      change_settings(kernel, ordinal).preferred_carveout = value;
      return cudaSuccess;
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH:
      return set_cluster(kernel, ordinal, attribute - CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH, value);
    case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
      change_settings(kernel, ordinal).larger_clusters = value != 0;
      return cudaSuccess;
    case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
      return cudaSuccess;
    default:
      return cudaErrorInvalidValue;
  }
}

cudaError_t get_kernel_attribute(Kernel& kernel, int ordinal, int attribute, int* value) {
  if (value == nullptr) return cudaErrorInvalidValue;
  const KernelFacts& facts = kernel_facts(kernel);
  const auto answer = [&](auto figure) { return *value = static_cast<int>(figure), cudaSuccess; };
  switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
      return answer(facts.max_threads_per_block);
    case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
      return answer(facts.static_shared_bytes);
    case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES:
      return answer(facts.constant_bytes);
    case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
      return answer(facts.local_bytes);
    case CU_FUNC_ATTRIBUTE_NUM_REGS:
      return answer(facts.registers);
    case CU_FUNC_ATTRIBUTE_PTX_VERSION:
    case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
      return answer(facts.binary_version);
    case CU_FUNC_ATTRIBUTE_CACHE_MODE_CA:
    case CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET:
    case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
      return answer(0);
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
      return answer(largest_dynamic_shared(kernel, ordinal));
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
      return answer(settings_of(kernel, ordinal).preferred_carveout.load());
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH:
      return answer(required_cluster(kernel, ordinal, attribute - CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH));
    case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
      return answer(settings_of(kernel, ordinal).larger_clusters.load());
    default:
      return cudaErrorInvalidValue;
  }
}

cudaError_t get_kernel_attributes(Kernel& kernel, cudaFuncAttributes* out) {
  if (out == nullptr) return cudaErrorInvalidValue;
  const KernelFacts& facts = kernel_facts(kernel);
  if (facts.binary_version == 0) return cudaErrorNoKernelImageForDevice;
  const int ordinal = current_device();
  *out = {};
  out->sharedSizeBytes = facts.static_shared_bytes;
  out->constSizeBytes = facts.constant_bytes;
  out->localSizeBytes = facts.local_bytes;
  out->maxThreadsPerBlock = facts.max_threads_per_block;
  out->numRegs = facts.registers;
  out->ptxVersion = out->binaryVersion = facts.binary_version;
  out->preferredShmemCarveout = settings_of(kernel, ordinal).preferred_carveout;
  out->maxDynamicSharedSizeBytes = largest_dynamic_shared(kernel, ordinal);
  out->requiredClusterWidth = required_cluster(kernel, ordinal, 0);
  out->requiredClusterHeight = required_cluster(kernel, ordinal, 1);
  out->requiredClusterDepth = required_cluster(kernel, ordinal, 2);
  out->nonPortableClusterSizeAllowed = settings_of(kernel, ordinal).larger_clusters ? 1 : 0;
  return cudaSuccess;
}

}  // namespace headroom::virtual_gpu
