// How many blocks of a kernel a multiprocessor holds: NVIDIA's occupancy formula (cuda_occupancy.h) over the kernel's
// facts and the device's limits.
#pragma once

#include <driver_types.h>

#include <cstdint>
#include <functional>

#include "virtual_gpu/core/kernels.h"

namespace headroom::virtual_gpu {

// `disable_caching_override`: cudaOccupancyDisableCachingOverride; without effect on these devices.
cudaError_t resident_blocks(int* out, Kernel& kernel, int block_threads, std::uint64_t dynamic_shared_bytes);

// The most dynamic shared memory each of `blocks` blocks can have with all of them on one multiprocessor.
cudaError_t available_dynamic_shared(std::size_t* out, Kernel& kernel, int blocks, int block_threads);

// The block size with the best occupancy, and the smallest grid that fills the device with it. The limit is 0 for none.
cudaError_t potential_block_size(int* grid, int* block, Kernel& kernel,
                                 const std::function<std::size_t(int block_threads)>& dynamic_shared_bytes,
                                 int block_limit);

// Of compute capability 9.0 and above: the largest cluster such a launch can have, and how many clusters of `shape` are
// resident at once. A GPC is taken to hold 18 multiprocessors, as in the H100's whole chip, which is an assumption.
cudaError_t largest_cluster(int* out, Kernel& kernel, const LaunchShape& shape);
cudaError_t resident_clusters(int* out, Kernel& kernel, const LaunchShape& shape);

}  // namespace headroom::virtual_gpu
