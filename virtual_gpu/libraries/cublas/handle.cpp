#include "virtual_gpu/libraries/cublas/handle.h"

#include <iterator>

#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/work.h"

namespace headroom::virtual_gpu::cublas {
namespace {

struct StatusText {
  Status status;
  const char *name, *text;
};

constexpr StatusText kStatusTexts[] = {
    {kSuccess, "CUBLAS_STATUS_SUCCESS", "success"},
    {kNotInitialized, "CUBLAS_STATUS_NOT_INITIALIZED", "the library was not initialized"},
    {kAllocFailed, "CUBLAS_STATUS_ALLOC_FAILED", "the resource allocation failed"},
    {kInvalidValue, "CUBLAS_STATUS_INVALID_VALUE", "an invalid value was given"},
    {kArchMismatch, "CUBLAS_STATUS_ARCH_MISMATCH", "the device lacks a feature that the routine needs"},
    {kMappingError, "CUBLAS_STATUS_MAPPING_ERROR", "device memory could not be accessed"},
    {kExecutionFailed, "CUBLAS_STATUS_EXECUTION_FAILED", "the work could not be launched on the handle's stream"},
    {kInternalError, "CUBLAS_STATUS_INTERNAL_ERROR", "an internal operation failed"},
    {kNotSupported, "CUBLAS_STATUS_NOT_SUPPORTED", "not supported by the virtual GPU"},
    {kLicenseError, "CUBLAS_STATUS_LICENSE_ERROR", "no licence"},
};

const StatusText* find_text(Status status) {
  for (const StatusText& row : kStatusTexts)
    if (row.status == status) return &row;
  return nullptr;
}

template <class Value>
Status set(Handle* handle, Value Handle::*field, Value value) {
  if (handle == nullptr) return kNotInitialized;
  handle->*field = value;
  return kSuccess;
}

template <class Value>
Status get(const Handle* handle, Value Handle::*field, Value* out) {
  if (handle == nullptr) return kNotInitialized;
  if (out == nullptr) return kInvalidValue;
  *out = handle->*field;
  return kSuccess;
}

}  // namespace

Status launch(const Handle* handle, const char* routine) {
  if (handle == nullptr) return kNotInitialized;
  return submit_kernel(handle->stream, routine, 0) == cudaSuccess ? kSuccess : kExecutionFailed;
}

extern "C" {

Status cublasCreate_v2(Handle** out) {
  if (device() == nullptr) return kNotInitialized;
  if (out == nullptr) return kInvalidValue;
  activate_context();
  assume("memory that NVIDIA's libraries take for themselves when a handle is made is counted as none");
  *out = new Handle;
  return kSuccess;
}

Status cublasDestroy_v2(Handle* handle) {
  if (handle == nullptr) return kNotInitialized;
  delete handle;
  return kSuccess;
}

Status cublasSetWorkspace_v2(Handle* handle, void* workspace, std::size_t bytes) {
  if (handle == nullptr) return kNotInitialized;
  if (reinterpret_cast<std::uintptr_t>(workspace) % 256 != 0) return kInvalidValue;
  handle->workspace = workspace;
  handle->workspace_bytes = bytes;
  return kSuccess;
}

// A new stream resets the workspace to the library's own.
Status cublasSetStream_v2(Handle* handle, cudaStream_t stream) {
  if (handle == nullptr) return kNotInitialized;
  handle->stream = stream;
  handle->workspace = nullptr;
  handle->workspace_bytes = 0;
  return kSuccess;
}

Status cublasGetStream_v2(Handle* handle, cudaStream_t* out) { return get(handle, &Handle::stream, out); }

#define HEADROOM_STATE(set_name, get_name, field)                                           \
  Status set_name(Handle* handle, int value) { return set(handle, &Handle::field, value); } \
  Status get_name(Handle* handle, int* out) { return get(handle, &Handle::field, out); }

HEADROOM_STATE(cublasSetPointerMode_v2, cublasGetPointerMode_v2, pointer_mode)
HEADROOM_STATE(cublasSetAtomicsMode, cublasGetAtomicsMode, atomics_mode)
HEADROOM_STATE(cublasSetMathMode, cublasGetMathMode, math_mode)
HEADROOM_STATE(cublasSetSmCountTarget, cublasGetSmCountTarget, sm_count_target)
HEADROOM_STATE(cublasSetEmulationStrategy, cublasGetEmulationStrategy, emulation_strategy)
HEADROOM_STATE(cublasSetEmulationSpecialValuesSupport, cublasGetEmulationSpecialValuesSupport, emulation_special_values)
HEADROOM_STATE(cublasSetFixedPointEmulationMantissaControl, cublasGetFixedPointEmulationMantissaControl,
               mantissa_control)
HEADROOM_STATE(cublasSetFixedPointEmulationMaxMantissaBitCount, cublasGetFixedPointEmulationMaxMantissaBitCount,
               max_mantissa_bits)
HEADROOM_STATE(cublasSetFixedPointEmulationMantissaBitOffset, cublasGetFixedPointEmulationMantissaBitOffset,
               mantissa_bit_offset)

#undef HEADROOM_STATE

Status cublasSetFixedPointEmulationMantissaBitCountPointer(Handle* handle, int* bits) {
  return set(handle, &Handle::mantissa_bits, bits);
}

Status cublasGetFixedPointEmulationMantissaBitCountPointer(Handle* handle, int** out) {
  return get(handle, &Handle::mantissa_bits, out);
}

Status cublasGetVersion_v2(Handle* handle, int* out) {
  if (handle == nullptr) return kNotInitialized;
  if (out == nullptr) return kInvalidValue;
  *out = kVersion[0] * 10000 + kVersion[1] * 100 + kVersion[2];
  return kSuccess;
}

Status cublasGetProperty(int property, int* out) {
  if (property < 0 || property >= static_cast<int>(std::size(kVersion)) || out == nullptr) return kInvalidValue;
  *out = kVersion[property];
  return kSuccess;
}

std::size_t cublasGetCudartVersion() { return kRuntimeVersion; }

const char* cublasGetStatusName(Status status) {
  const StatusText* row = find_text(status);
  return row == nullptr ? "CUBLAS_STATUS_UNKNOWN" : row->name;
}

const char* cublasGetStatusString(Status status) {
  const StatusText* row = find_text(status);
  return row == nullptr ? "unknown status" : row->text;
}

// There is no log: nothing is computed that it could tell of.
Status cublasLoggerConfigure(int, int, int, const char*) { return kSuccess; }
static void* logger_callback = nullptr;
Status cublasSetLoggerCallback(void* callback) { return logger_callback = callback, kSuccess; }
Status cublasGetLoggerCallback(void** out) { return *out = logger_callback, kSuccess; }
}

}  // namespace headroom::virtual_gpu::cublas
