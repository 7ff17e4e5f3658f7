#include <cmath>
#include <string_view>

#include "virtual_gpu/core/activity.h"
#include "virtual_gpu/core/backing.h"
#include "virtual_gpu/core/capture.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/fat_binary.h"
#include "virtual_gpu/core/kernel_arguments.h"
#include "virtual_gpu/core/kernels.h"
#include "virtual_gpu/core/occupancy.h"
#include "virtual_gpu/core/telling.h"
#include "virtual_gpu/core/timeline.h"
#include "virtual_gpu/core/work.h"

namespace headroom::virtual_gpu {
namespace {

std::uint64_t product(const dim3& size) { return static_cast<std::uint64_t>(size.x) * size.y * size.z; }

cudaError_t check_shape(const dim3& grid, const dim3& block) {
  const bool grid_fits =
      grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.x <= 2147483647u && grid.y <= 65535 && grid.z <= 65535;
  const std::uint64_t threads = product(block);
  const bool block_fits = threads > 0 && threads <= 1024 && block.x <= 1024 && block.y <= 1024 && block.z <= 64;
  return grid_fits && block_fits ? cudaSuccess : cudaErrorInvalidConfiguration;
}

// Of a kernel whose machine code was read: no launch reads it for this alone.
cudaError_t check_facts(const KernelFacts& facts, const LaunchShape& shape, int limit_bytes) {
  if (product(shape.block) > static_cast<std::uint64_t>(facts.max_threads_per_block))
    return cudaErrorLaunchOutOfResources;
  const bool fits = facts.static_shared_bytes + shape.dynamic_shared_bytes <= static_cast<std::uint64_t>(limit_bytes);
  return fits ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t check_cluster(const Kernel& kernel, const LaunchShape& shape, int ordinal) {
  const std::uint64_t blocks = product(shape.cluster);
  if (blocks <= 1) return cudaSuccess;
  if (device()->major < 9) return cudaErrorNotSupported;
  const std::uint64_t most = settings_of(kernel, ordinal).larger_clusters ? 16 : 8;
  const bool whole =
      shape.grid.x % shape.cluster.x == 0 && shape.grid.y % shape.cluster.y == 0 && shape.grid.z % shape.cluster.z == 0;
  return blocks <= most && whole ? cudaSuccess : cudaErrorInvalidClusterSize;
}

cudaError_t check_cooperative(Kernel& kernel, const LaunchShape& shape) {
  int resident = 0;
  const auto threads = static_cast<int>(product(shape.block));
  if (const cudaError_t error = resident_blocks(&resident, kernel, threads, shape.dynamic_shared_bytes)) return error;
  const std::uint64_t room = static_cast<std::uint64_t>(resident) * device()->multiprocessor_count;
  return product(shape.grid) <= room ? cudaSuccess : cudaErrorCooperativeLaunchTooLarge;
}

bool looks_spinning(const Kernel& kernel) {
  return std::string_view(kernel.name).find("spin_kernel") != std::string_view::npos;
}

bool has_image(const Kernel& kernel) {
  auto& runs = const_cast<std::atomic<signed char>&>(kernel.runs);
  if (runs.load(std::memory_order_relaxed) < 0) {
    runs = kernel.module != nullptr || kernel.binary->has_image(*device()) ? 1 : 0;
    if (runs == 1 && kernel.binary->first_use()) tell_module(*kernel.binary, wall_ns());
  }
  return runs.load(std::memory_order_relaxed) != 0;
}

cudaGraphNodeParams node_params(const Kernel& kernel, const LaunchShape& shape) {
  cudaGraphNodeParams params = {};
  params.type = cudaGraphNodeTypeKernel;
  params.kernel.func = const_cast<void*>(kernel.host_function != nullptr ? kernel.host_function : &kernel);
  params.kernel.gridDim = shape.grid;
  params.kernel.blockDim = shape.block;
  params.kernel.sharedMemBytes = static_cast<unsigned>(shape.dynamic_shared_bytes);
  return params;
}

}  // namespace

cudaError_t check_launch(const Kernel& kernel, const LaunchShape& shape) {
  if (!has_image(kernel)) return cudaErrorNoKernelImageForDevice;
  if (const cudaError_t error = check_shape(shape.grid, shape.block)) return error;
  const int ordinal = current_device();
  const int limit_bytes = dynamic_shared_limit_bytes(kernel, ordinal);
  if (shape.dynamic_shared_bytes > static_cast<std::uint64_t>(limit_bytes)) return cudaErrorInvalidValue;
  if (const KernelFacts* facts = kernel.facts.load(std::memory_order_acquire))
    if (const cudaError_t error = check_facts(*facts, shape, limit_bytes)) return error;
  if (const cudaError_t error = check_cluster(kernel, shape, ordinal)) return error;
  return shape.cooperative ? check_cooperative(const_cast<Kernel&>(kernel), shape) : cudaSuccess;
}

KernelWork work_facts(const Kernel& kernel, const LaunchShape& shape) {
  return {const_cast<Kernel*>(&kernel), shape.grid,       shape.block, shape.cluster,
          shape.dynamic_shared_bytes,   shape.cooperative};
}

std::uint64_t spin_ns(const Kernel& kernel, void** arguments) {
  auto& spins = const_cast<std::atomic<signed char>&>(kernel.spins);
  if (spins.load(std::memory_order_relaxed) < 0) spins = looks_spinning(kernel) ? 1 : 0;
  if (spins.load(std::memory_order_relaxed) == 0 || arguments == nullptr) return 0;
  const auto cycles = *static_cast<const std::int64_t*>(arguments[0]);
  return cycles <= 0 ? 0 : static_cast<std::uint64_t>(static_cast<double>(cycles) * 1e6 / device()->clock_khz);
}

cudaError_t launch(Kernel& kernel, const LaunchShape& shape, void** arguments, cudaStream_t handle) {
  Stream* stream = find_stream(handle);
  if (stream == nullptr || stream->device != current_device()) return cudaErrorInvalidResourceHandle;
  if (const cudaError_t error = check_launch(kernel, shape)) return error;
  const std::uint64_t duration_ns = spin_ns(kernel, arguments);
  if (duration_ns == 0 && !backed() && !stream->special.load(std::memory_order_acquire) &&
      activity_listener() == nullptr)
    return submit_kernel(handle, kernel.name, 0);
  Work work{WorkKind::kernel, kernel.name, duration_ns, effect_of_arguments(kernel, arguments),
            facts_for(handle, work_facts(kernel, shape))};
  const cudaGraphNodeParams params = node_params(kernel, shape);
  return submit_to(*stream, work, &params);
}

}  // namespace headroom::virtual_gpu
