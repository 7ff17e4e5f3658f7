// Shared by the runtime API's functions: the last error of a thread, and the guard that every call begins with.
#pragma once

#include <cuda_runtime_api.h>

#include "virtual_gpu/core/device.h"

namespace headroom::virtual_gpu {

// Remembers a failure for cudaGetLastError and hands it on.
cudaError_t finish(cudaError_t status);

// For calls that use the device: makes the primary context, as the runtime does at the first such call.
template <class Body>
cudaError_t with_context(Body body) {
  if (const cudaError_t error = driver_ready()) return finish(error);
  activate_context();
  return finish(body());
}

// For queries that need a device but no context.
template <class Body>
cudaError_t with_device(Body body) {
  const cudaError_t error = driver_ready();
  return finish(error != cudaSuccess ? error : body());
}

// For queries about one device.
template <class Body>
cudaError_t with_ordinal(int ordinal, Body body) {
  return with_device([&] { return valid_device(ordinal) ? body() : cudaErrorInvalidDevice; });
}

}  // namespace headroom::virtual_gpu
