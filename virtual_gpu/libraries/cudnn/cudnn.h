// Types of cuDNN's C API that the virtual library answers with: numbers as in cudnn_graph.h of cuDNN 9.
#pragma once

#include <driver_types.h>

#include <cstddef>
#include <cstdint>

namespace headroom::virtual_gpu::cudnn {

enum Status {
  kSuccess = 0,
  kNotInitialized = 1001,
  kBadParam = 2000,
  kBadParamNullPointer = 2002,
  kBadParamNotFinalized = 2004,
  kBadParamSizeInsufficient = 2006,
  kNotSupported = 3000,
  kInternalError = 4000,
  kExecutionFailed = 5000,
};

struct Handle {
  cudaStream_t stream = nullptr;
};

Status launch(const Handle* handle, const char* routine, std::uint64_t duration_ns = 0);

// What cudnnGetLastErrorString gives on this thread from now on. Returns `status`.
Status fail(Status status, const char* why);

}  // namespace headroom::virtual_gpu::cudnn
