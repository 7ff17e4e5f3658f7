// Shared by the driver API's functions. CUresult and cudaError_t give the same numbers to the same errors.
#pragma once

#include <cuda.h>
#include <driver_types.h>

#include "virtual_gpu/core/device.h"

namespace headroom::virtual_gpu {

inline CUresult driver_status(cudaError_t status) { return static_cast<CUresult>(status); }

static_assert(static_cast<int>(CUDA_ERROR_OUT_OF_MEMORY) == static_cast<int>(cudaErrorMemoryAllocation));
static_assert(static_cast<int>(CUDA_ERROR_INVALID_VALUE) == static_cast<int>(cudaErrorInvalidValue));
static_assert(static_cast<int>(CUDA_ERROR_ALREADY_MAPPED) == static_cast<int>(cudaErrorAlreadyMapped));
static_assert(static_cast<int>(CUDA_ERROR_INVALID_HANDLE) == static_cast<int>(cudaErrorInvalidResourceHandle));

}  // namespace headroom::virtual_gpu
