// Version, time, ids, and which devices can be traced.
#include "virtual_gpu/core/context.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/streams.h"
#include "virtual_gpu/libraries/cupti/answer.h"
#include "virtual_gpu/libraries/cupti/state.h"

namespace headroom::virtual_gpu::cupti {
namespace {

// CUDA 13 dropped what came before Turing.
constexpr int kOldestCapability = CUPTI_API_VERSION >= 130000 ? 75 : 50;

bool can_trace(int major, int minor) { return major * 10 + minor >= kOldestCapability && major <= 12; }

CUptiResult device_of(CUcontext given, std::uint32_t* device) {
  if (const CUptiResult error = ready()) return error;
  if (device == nullptr) return CUPTI_ERROR_INVALID_PARAMETER;
  const auto* context = reinterpret_cast<const Context*>(given);
  if (context != nullptr && known_context(context) == false) return CUPTI_ERROR_INVALID_DEVICE;
  *device = static_cast<std::uint32_t>(context != nullptr ? context->device : current_device());
  return CUPTI_SUCCESS;
}

CUptiResult id_of_stream(CUcontext context, CUstream stream, bool per_thread, std::uint32_t* id) {
  if (const CUptiResult error = ready()) return error;
  if (id == nullptr) return CUPTI_ERROR_INVALID_PARAMETER;
  if (stream == nullptr && per_thread) stream = cudaStreamPerThread;
  int device = 0;
  unsigned long long number = 0;
  if (stream_device(stream, &device) != cudaSuccess || stream_id(stream, &number) != cudaSuccess)
    return CUPTI_ERROR_INVALID_STREAM;
  const auto* owner = reinterpret_cast<const Context*>(context);
  if (owner != nullptr && (!known_context(owner) || owner->device != device)) return CUPTI_ERROR_INVALID_STREAM;
  *id = static_cast<std::uint32_t>(number);
  return CUPTI_SUCCESS;
}

}  // namespace

extern "C" {

CUptiResult cuptiGetVersion(std::uint32_t* version) {
  if (version == nullptr) return answer(CUPTI_ERROR_INVALID_PARAMETER);
  *version = CUPTI_API_VERSION;
  return CUPTI_SUCCESS;
}

CUptiResult cuptiGetTimestamp(std::uint64_t* timestamp) {
  if (timestamp == nullptr) return answer(CUPTI_ERROR_INVALID_PARAMETER);
  *timestamp = state().clock.now();
  return CUPTI_SUCCESS;
}

CUptiResult cuptiGetContextId(CUcontext given, std::uint32_t* id) {
  if (id == nullptr) return answer(CUPTI_ERROR_INVALID_PARAMETER);
  if (const CUptiResult error = ready()) return answer(error);
  const auto* context = reinterpret_cast<const Context*>(given);
  if (context == nullptr || !known_context(context)) return answer(CUPTI_ERROR_INVALID_CONTEXT);
  *id = context_id(context->device);
  return CUPTI_SUCCESS;
}

CUptiResult cuptiGetStreamId(CUcontext context, CUstream stream, std::uint32_t* id) {
  return answer(id_of_stream(context, stream, false, id));
}

CUptiResult cuptiGetStreamIdEx(CUcontext context, CUstream stream, std::uint8_t per_thread, std::uint32_t* id) {
  return answer(id_of_stream(context, stream, per_thread != 0, id));
}

CUptiResult cuptiGetDeviceId(CUcontext context, std::uint32_t* device) { return answer(device_of(context, device)); }

CUptiResult cuptiComputeCapabilitySupported(int major, int minor, int* supported) {
  if (supported == nullptr) return answer(CUPTI_ERROR_INVALID_PARAMETER);
  *supported = can_trace(major, minor);
  return CUPTI_SUCCESS;
}

CUptiResult cuptiDeviceSupported(CUdevice device, int* supported) {
  if (supported == nullptr) return answer(CUPTI_ERROR_INVALID_PARAMETER);
  if (!valid_device(device)) return answer(CUPTI_ERROR_INVALID_DEVICE);
  *supported = can_trace(virtual_gpu::device()->major, virtual_gpu::device()->minor);
  return CUPTI_SUCCESS;
}

CUptiResult cuptiDeviceVirtualizationMode(CUdevice device, CUpti_DeviceVirtualizationMode* mode) {
  if (mode == nullptr) return answer(CUPTI_ERROR_INVALID_PARAMETER);
  if (!valid_device(device)) return answer(CUPTI_ERROR_INVALID_DEVICE);
  *mode = CUPTI_DEVICE_VIRTUALIZATION_MODE_NONE;
  return CUPTI_SUCCESS;
}
}

}  // namespace headroom::virtual_gpu::cupti
