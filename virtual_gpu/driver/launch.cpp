// libcuda.so.1: launches and occupancy.
#include "virtual_gpu/core/kernels.h"
#include "virtual_gpu/core/occupancy.h"
#include "virtual_gpu/core/work.h"
#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

namespace {

// The driver has no number for the runtime's "invalid configuration".
CUresult launch_status(cudaError_t status) {
  return status == cudaErrorInvalidConfiguration ? CUDA_ERROR_INVALID_VALUE : driver_status(status);
}

CUresult launch_function(const void* function, const LaunchShape& shape, CUstream stream, void** arguments) {
  return with_current_context([&] {
    Kernel* kernel = kernel_of_handle(function);
    return kernel == nullptr ? CUDA_ERROR_INVALID_HANDLE : launch_status(launch(*kernel, shape, arguments, stream));
  });
}

LaunchShape shape_of(const CUlaunchConfig& config) {
  LaunchShape shape{{config.gridDimX, config.gridDimY, config.gridDimZ},
                    {config.blockDimX, config.blockDimY, config.blockDimZ},
                    config.sharedMemBytes};
  for (unsigned i = 0; i < config.numAttrs; ++i) {
    const CUlaunchAttribute& attribute = config.attrs[i];
    if (attribute.id == CU_LAUNCH_ATTRIBUTE_COOPERATIVE) shape.cooperative = attribute.value.cooperative != 0;
    if (attribute.id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION)
      shape.cluster = {attribute.value.clusterDim.x, attribute.value.clusterDim.y, attribute.value.clusterDim.z};
  }
  return shape;
}

template <class Body>
CUresult with_kernel(const void* function, Body body) {
  return with_current_context([&] {
    Kernel* kernel = kernel_of_handle(function);
    return kernel == nullptr ? CUDA_ERROR_INVALID_HANDLE : driver_status(body(*kernel));
  });
}

}  // namespace

CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                        unsigned block_y, unsigned block_z, unsigned shared_bytes, CUstream stream, void** arguments,
                        void**) {
  return launch_function(function, {{grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared_bytes}, stream,
                         arguments);
}

CUresult cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction function, void** arguments, void**) {
  return config == nullptr ? CUDA_ERROR_INVALID_VALUE
                           : launch_function(function, shape_of(*config), config->hStream, arguments);
}

CUresult cuLaunchCooperativeKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                                   unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                                   CUstream stream, void** arguments) {
  const LaunchShape shape{{grid_x, grid_y, grid_z}, {block_x, block_y, block_z}, shared_bytes, {0, 0, 0}, true};
  return launch_function(function, shape, stream, arguments);
}

CUresult cuLaunchHostFunc(CUstream stream, CUhostFn function, void* data) {
  return with_driver([&] {
    if (function == nullptr) return cudaErrorInvalidValue;
    return submit(stream, {WorkKind::host_function, nullptr, 0, [=] { function(data); }, {}});
  });
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* out, CUfunction function, int threads,
                                                     std::size_t shared_bytes) {
  return with_kernel(function, [&](Kernel& kernel) { return resident_blocks(out, kernel, threads, shared_bytes); });
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* out, CUfunction function, int threads,
                                                              std::size_t shared_bytes, unsigned flags) {
  return flags > CU_OCCUPANCY_DISABLE_CACHING_OVERRIDE
             ? CUDA_ERROR_INVALID_VALUE
             : cuOccupancyMaxActiveBlocksPerMultiprocessor(out, function, threads, shared_bytes);
}

CUresult cuOccupancyMaxPotentialBlockSize(int* grid, int* block, CUfunction function, CUoccupancyB2DSize shared_of,
                                          std::size_t shared_bytes, int block_limit) {
  return with_kernel(function, [&](Kernel& kernel) {
    const auto bytes = [&](int threads) { return shared_of != nullptr ? shared_of(threads) : shared_bytes; };
    return potential_block_size(grid, block, kernel, bytes, block_limit);
  });
}

CUresult cuOccupancyMaxPotentialBlockSizeWithFlags(int* grid, int* block, CUfunction function,
                                                   CUoccupancyB2DSize shared_of, std::size_t shared_bytes,
                                                   int block_limit, unsigned) {
  return cuOccupancyMaxPotentialBlockSize(grid, block, function, shared_of, shared_bytes, block_limit);
}

CUresult cuOccupancyAvailableDynamicSMemPerBlock(std::size_t* out, CUfunction function, int blocks, int threads) {
  return with_kernel(function, [&](Kernel& kernel) { return available_dynamic_shared(out, kernel, blocks, threads); });
}

CUresult cuOccupancyMaxPotentialClusterSize(int* out, CUfunction function, const CUlaunchConfig* config) {
  return with_kernel(function, [&](Kernel& kernel) {
    return config == nullptr ? cudaErrorInvalidValue : largest_cluster(out, kernel, shape_of(*config));
  });
}

CUresult cuOccupancyMaxActiveClusters(int* out, CUfunction function, const CUlaunchConfig* config) {
  return with_kernel(function, [&](Kernel& kernel) {
    return config == nullptr ? cudaErrorInvalidValue : resident_clusters(out, kernel, shape_of(*config));
  });
}
