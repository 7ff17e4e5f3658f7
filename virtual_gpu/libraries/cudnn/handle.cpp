// Handles, versions and errors.
#include <cstdio>
#include <string>

#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/work.h"
#include "virtual_gpu/libraries/cudnn/cudnn.h"
#include "virtual_gpu/libraries/cudnn/real_library.h"

namespace headroom::virtual_gpu::cudnn {
namespace {

// Without NVIDIA's library: the version that Torch's wheel requires.
constexpr std::size_t kVersionWithout = HEADROOM_CUDNN_VERSION;

thread_local std::string last_error;

struct StatusName {
  Status status;
  const char* name;
};
constexpr StatusName kStatusNames[] = {
    {kSuccess, "CUDNN_STATUS_SUCCESS"},
    {kNotInitialized, "CUDNN_STATUS_NOT_INITIALIZED"},
    {kBadParam, "CUDNN_STATUS_BAD_PARAM"},
    {kBadParamNullPointer, "CUDNN_STATUS_BAD_PARAM_NULL_POINTER"},
    {kBadParamNotFinalized, "CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED"},
    {kBadParamSizeInsufficient, "CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT"},
    {kNotSupported, "CUDNN_STATUS_NOT_SUPPORTED"},
    {kInternalError, "CUDNN_STATUS_INTERNAL_ERROR"},
    {kExecutionFailed, "CUDNN_STATUS_EXECUTION_FAILED"},
};

}  // namespace

Status launch(const Handle* handle, const char* routine, std::uint64_t duration_ns) {
  if (handle == nullptr) return fail(kBadParamNullPointer, "no handle");
  return submit_kernel(handle->stream, routine, duration_ns) == cudaSuccess
             ? kSuccess
             : fail(kExecutionFailed, "the work could not be launched on the handle's stream");
}

Status fail(Status status, const char* why) {
  last_error = why;
  return status;
}

extern "C" {

std::size_t cudnnGetVersion() { return real_library() == nullptr ? kVersionWithout : real_library()->version; }
std::size_t cudnnGetCudartVersion() { return kRuntimeVersion; }

Status cudnnGetProperty(int property, int* out) {
  const auto version = static_cast<int>(cudnnGetVersion());
  if (out == nullptr || property < 0 || property > 2) return fail(kBadParam, "no such property");
  *out = property == 0 ? version / 10000 : property == 1 ? version / 100 % 100 : version % 100;
  return kSuccess;
}

const char* cudnnGetErrorString(Status status) {
  for (const StatusName& row : kStatusNames)
    if (row.status == status) return row.name;
  const auto real_text = real<const char*(Status)>("cudnnGetErrorString");
  return real_text == nullptr ? "CUDNN_STATUS_UNKNOWN" : real_text(status);
}

// What the virtual library itself said last, else what NVIDIA's did.
void cudnnGetLastErrorString(char* out, std::size_t bytes) {
  if (out == nullptr || bytes == 0) return;
  const auto real_text = real<void(char*, std::size_t)>("cudnnGetLastErrorString");
  if (last_error.empty() && real_text != nullptr) return real_text(out, bytes);
  std::snprintf(out, bytes, "%s", last_error.c_str());
  last_error.clear();
}

Status cudnnCreate(Handle** out) {
  if (out == nullptr) return fail(kBadParamNullPointer, "no place for the handle");
  if (device() == nullptr) return fail(kNotInitialized, "no device");
  activate_context();
  assume("memory that NVIDIA's libraries take for themselves when a handle is made is counted as none");
  *out = new Handle;
  return kSuccess;
}

Status cudnnDestroy(Handle* handle) {
  delete handle;
  return kSuccess;
}

Status cudnnSetStream(Handle* handle, cudaStream_t stream) {
  if (handle == nullptr) return fail(kBadParamNullPointer, "no handle");
  handle->stream = stream;
  return kSuccess;
}

Status cudnnGetStream(const Handle* handle, cudaStream_t* out) {
  if (handle == nullptr || out == nullptr) return fail(kBadParamNullPointer, "no handle or no place for the stream");
  *out = handle->stream;
  return kSuccess;
}
}

}  // namespace headroom::virtual_gpu::cudnn
