// cudaDeviceSetLimit and cuCtxSetLimit: kept for each device and told again. Nothing here depends on them; what they
// cost on a real device belongs to its context.
#pragma once

#include <driver_types.h>

#include <cstddef>

namespace headroom::virtual_gpu {

// `limit` by the numbers of cudaLimit, which are CUlimit's too. cudaErrorUnsupportedLimit for one that CUDA 13 lacks.
cudaError_t set_device_limit(int device, int limit, std::size_t value);
cudaError_t get_device_limit(int device, int limit, std::size_t* value);

}  // namespace headroom::virtual_gpu
