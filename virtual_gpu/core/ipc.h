// Sharing device memory or events with another process: refused. Each process has virtual devices of its own.
#pragma once

#include <driver_types.h>

#include "virtual_gpu/core/counters.h"

namespace headroom::virtual_gpu {

// `function` is a literal. cudaErrorNotSupported, as drivers answer where inter-process communication does not exist.
inline cudaError_t refuse_sharing(const char* function) {
  count_unimplemented(function);
  assume("device memory, pools and events cannot be shared between processes: each has virtual devices of its own");
  return cudaErrorNotSupported;
}

}  // namespace headroom::virtual_gpu
