// libcublas.so.13: handles are real, every routine is one launch. Results that a caller asks for in host memory
// (pointer mode host) are zeros, as any read of the device is.
#include <cstddef>

#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device.h"

namespace {

enum Status { kSuccess = 0, kNotInitialized = 1, kInvalidValue = 7 };

struct Handle {
  void *stream = nullptr, *workspace = nullptr;
  std::size_t workspace_bytes = 0;
  int pointer_mode = 0, math_mode = 0;
};

// Any argument list: the routine's operands are device addresses that nobody looks at.
Status launch(const Handle* handle) {
  if (handle == nullptr) return kNotInitialized;
  headroom_virtual_gpu_launch();
  return kSuccess;
}

}  // namespace

extern "C" {

Status cublasCreate_v2(Handle** out) {
  if (headroom::virtual_gpu::device() == nullptr) return kNotInitialized;
  headroom::virtual_gpu::activate_context();
  *out = new Handle;
  return kSuccess;
}

Status cublasDestroy_v2(Handle* handle) {
  if (handle == nullptr) return kNotInitialized;
  delete handle;
  return kSuccess;
}

Status cublasSetStream_v2(Handle* handle, void* stream) { return handle->stream = stream, kSuccess; }

Status cublasSetWorkspace_v2(Handle* handle, void* workspace, std::size_t bytes) {
  if (handle == nullptr) return kNotInitialized;
  handle->workspace = workspace;
  handle->workspace_bytes = bytes;
  return kSuccess;
}

Status cublasSetPointerMode_v2(Handle* handle, int mode) { return handle->pointer_mode = mode, kSuccess; }
Status cublasGetPointerMode_v2(Handle* handle, int* mode) { return *mode = handle->pointer_mode, kSuccess; }
Status cublasSetMathMode(Handle* handle, int mode) { return handle->math_mode = mode, kSuccess; }
Status cublasGetMathMode(Handle* handle, int* mode) { return *mode = handle->math_mode, kSuccess; }

#define HEADROOM_ROUTINE(name) \
  Status name(Handle* handle) { return launch(handle); }
#define HEADROOM_FOUR_TYPES(name, suffix) \
  HEADROOM_ROUTINE(cublasS##name##suffix) \
  HEADROOM_ROUTINE(cublasD##name##suffix) \
  HEADROOM_ROUTINE(cublasC##name##suffix) HEADROOM_ROUTINE(cublasZ##name##suffix)

HEADROOM_FOUR_TYPES(gemm, _v2)
HEADROOM_FOUR_TYPES(gemmBatched, )
HEADROOM_FOUR_TYPES(gemmStridedBatched, )
HEADROOM_FOUR_TYPES(gemv, _v2)
HEADROOM_FOUR_TYPES(trsm, _v2)
HEADROOM_FOUR_TYPES(trsmBatched, )
HEADROOM_ROUTINE(cublasSgemmEx)
HEADROOM_ROUTINE(cublasGemmEx)
HEADROOM_ROUTINE(cublasGemmBatchedEx)
HEADROOM_ROUTINE(cublasGemmStridedBatchedEx)
HEADROOM_ROUTINE(cublasHSHgemvBatched)
HEADROOM_ROUTINE(cublasHSHgemvStridedBatched)

// PyTorch asks for dot products with the pointer mode set to device, so nothing reaches the host.
HEADROOM_ROUTINE(cublasDotEx)
HEADROOM_ROUTINE(cublasSdot_v2)
HEADROOM_ROUTINE(cublasDdot_v2)
HEADROOM_ROUTINE(cublasCdotu_v2)
HEADROOM_ROUTINE(cublasCdotc_v2)
HEADROOM_ROUTINE(cublasZdotu_v2)
HEADROOM_ROUTINE(cublasZdotc_v2)

#undef HEADROOM_FOUR_TYPES
#undef HEADROOM_ROUTINE
}
