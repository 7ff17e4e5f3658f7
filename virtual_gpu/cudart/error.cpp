#include "virtual_gpu/cudart/api.h"

namespace headroom::virtual_gpu {
namespace {

thread_local cudaError_t last_error = cudaSuccess;

struct ErrorText {
  cudaError_t code;
  const char *name, *text;
};

#define HEADROOM_ERROR(code, text) \
  { code, #code, text }
constexpr ErrorText kErrorTexts[] = {
    HEADROOM_ERROR(cudaSuccess, "no error"),
    HEADROOM_ERROR(cudaErrorInvalidValue, "invalid argument"),
    HEADROOM_ERROR(cudaErrorMemoryAllocation, "out of memory"),
    HEADROOM_ERROR(cudaErrorInitializationError, "initialization error"),
    HEADROOM_ERROR(cudaErrorInvalidConfiguration, "invalid configuration argument"),
    HEADROOM_ERROR(cudaErrorInvalidSymbol, "invalid device symbol"),
    HEADROOM_ERROR(cudaErrorInvalidDevicePointer, "invalid device pointer"),
    HEADROOM_ERROR(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy"),
    HEADROOM_ERROR(cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version"),
    HEADROOM_ERROR(cudaErrorMissingConfiguration, "__global__ function call is not configured"),
    HEADROOM_ERROR(cudaErrorInvalidDeviceFunction, "invalid device function"),
    HEADROOM_ERROR(cudaErrorNoDevice, "no CUDA-capable device is detected"),
    HEADROOM_ERROR(cudaErrorInvalidDevice, "invalid device ordinal"),
    HEADROOM_ERROR(cudaErrorDeviceUninitialized, "invalid device context"),
    HEADROOM_ERROR(cudaErrorAlreadyMapped, "the object is already mapped"),
    HEADROOM_ERROR(cudaErrorNoKernelImageForDevice, "no kernel image is available for execution on the device"),
    HEADROOM_ERROR(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    HEADROOM_ERROR(cudaErrorSymbolNotFound, "named symbol not found"),
    HEADROOM_ERROR(cudaErrorNotReady, "device not ready"),
    HEADROOM_ERROR(cudaErrorPeerAccessAlreadyEnabled, "peer access is already enabled"),
    HEADROOM_ERROR(cudaErrorPeerAccessNotEnabled, "peer access has not been enabled"),
    HEADROOM_ERROR(cudaErrorPeerAccessUnsupported, "peer access is not supported between these two devices"),
    HEADROOM_ERROR(cudaErrorHostMemoryAlreadyRegistered, "part or all of the requested memory range is already mapped"),
    HEADROOM_ERROR(cudaErrorHostMemoryNotRegistered, "pointer does not correspond to a registered memory region"),
    HEADROOM_ERROR(cudaErrorNotPermitted, "operation not permitted"),
    HEADROOM_ERROR(cudaErrorNotSupported, "operation not supported"),
    HEADROOM_ERROR(cudaErrorUnknown, "unknown error"),
};
#undef HEADROOM_ERROR

const ErrorText* find_text(cudaError_t code) {
  for (const ErrorText& row : kErrorTexts)
    if (row.code == code) return &row;
  return nullptr;
}

}  // namespace

cudaError_t finish(cudaError_t status) {
  if (status != cudaSuccess) last_error = status;
  return status;
}

}  // namespace headroom::virtual_gpu

using namespace headroom::virtual_gpu;

cudaError_t cudaGetLastError() {
  const cudaError_t error = last_error;
  last_error = cudaSuccess;
  return error;
}

cudaError_t cudaPeekAtLastError() { return last_error; }

const char* cudaGetErrorName(cudaError_t error) {
  const ErrorText* row = find_text(error);
  return row != nullptr ? row->name : "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  const ErrorText* row = find_text(error);
  return row != nullptr ? row->text : "unrecognized error code";
}
