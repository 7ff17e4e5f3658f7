// What the handles of NVIDIA's mathematical libraries have in common here: a stream, on which each routine is one
// launch.
#pragma once

#include <driver_types.h>

#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/work.h"

namespace headroom::virtual_gpu {

struct StreamHandle {
  cudaStream_t stream = nullptr;
};

// nullptr without a device.
inline StreamHandle* make_stream_handle() {
  if (device() == nullptr) return nullptr;
  activate_context();
  assume("memory that NVIDIA's libraries take for themselves when a handle is made is counted as none");
  return new StreamHandle;
}

inline bool launched(const StreamHandle& handle, const char* routine) {
  return submit_kernel(handle.stream, routine, 0) == cudaSuccess;
}

}  // namespace headroom::virtual_gpu
