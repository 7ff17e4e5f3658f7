// Shared by the driver API's functions. CUresult and cudaError_t give the same numbers to the same errors.
#pragma once

#include <cuda.h>
#include <driver_types.h>

#include "virtual_gpu/core/context.h"
#include "virtual_gpu/core/device.h"

namespace headroom::virtual_gpu {

inline CUresult driver_status(cudaError_t status) { return static_cast<CUresult>(status); }

static_assert(static_cast<int>(CUDA_ERROR_OUT_OF_MEMORY) == static_cast<int>(cudaErrorMemoryAllocation));
static_assert(static_cast<int>(CUDA_ERROR_INVALID_VALUE) == static_cast<int>(cudaErrorInvalidValue));
static_assert(static_cast<int>(CUDA_ERROR_NOT_INITIALIZED) == static_cast<int>(cudaErrorInitializationError));
static_assert(static_cast<int>(CUDA_ERROR_INVALID_CONTEXT) == static_cast<int>(cudaErrorDeviceUninitialized));
static_assert(static_cast<int>(CUDA_ERROR_ALREADY_MAPPED) == static_cast<int>(cudaErrorAlreadyMapped));
static_assert(static_cast<int>(CUDA_ERROR_INVALID_HANDLE) == static_cast<int>(cudaErrorInvalidResourceHandle));

bool driver_initialised();  // by cuInit, or by the runtime

// For calls that need cuInit to have happened. `body` gives a CUresult or a cudaError_t.
template <class Body>
CUresult with_driver(Body body) {
  if (const cudaError_t error = driver_ready()) return driver_status(error);
  return driver_initialised() ? static_cast<CUresult>(body()) : CUDA_ERROR_NOT_INITIALIZED;
}

// For calls about one device.
template <class Body>
CUresult with_ordinal(CUdevice ordinal, Body body) {
  return with_driver([&] { return valid_device(ordinal) ? static_cast<CUresult>(body()) : CUDA_ERROR_INVALID_DEVICE; });
}

// For calls that work in the thread's current context.
template <class Body>
CUresult with_current_context(Body body) {
  return with_driver(
      [&] { return current_context() != nullptr ? static_cast<CUresult>(body()) : CUDA_ERROR_INVALID_CONTEXT; });
}

}  // namespace headroom::virtual_gpu
