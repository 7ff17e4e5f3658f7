// libcuda.so.1: devices, contexts, errors, and the names of functions. The state is the runtime's (core).
#include <cuda.h>
#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <string>

#include "virtual_gpu/core/device.h"
#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

namespace {

std::atomic<bool> initialised{false};
char primary_context;  // its address is the handle
thread_local CUcontext current_context = nullptr;

CUcontext primary() { return reinterpret_cast<CUcontext>(&primary_context); }

template <class Body>
CUresult with_driver(Body body) {
  if (device() == nullptr) return CUDA_ERROR_NO_DEVICE;
  return initialised.load(std::memory_order_relaxed) || context_active() ? body() : CUDA_ERROR_NOT_INITIALIZED;
}

struct ErrorText {
  CUresult code;
  const char *name, *text;
};

#define HEADROOM_ERROR(code, text) \
  { code, #code, text }
constexpr ErrorText kErrorTexts[] = {
    HEADROOM_ERROR(CUDA_SUCCESS, "no error"),
    HEADROOM_ERROR(CUDA_ERROR_INVALID_VALUE, "invalid argument"),
    HEADROOM_ERROR(CUDA_ERROR_OUT_OF_MEMORY, "out of memory"),
    HEADROOM_ERROR(CUDA_ERROR_NOT_INITIALIZED, "initialization error"),
    HEADROOM_ERROR(CUDA_ERROR_NO_DEVICE, "no CUDA-capable device is detected"),
    HEADROOM_ERROR(CUDA_ERROR_INVALID_DEVICE, "invalid device ordinal"),
    HEADROOM_ERROR(CUDA_ERROR_INVALID_CONTEXT, "invalid device context"),
    HEADROOM_ERROR(CUDA_ERROR_ALREADY_MAPPED, "the object is already mapped"),
    HEADROOM_ERROR(CUDA_ERROR_NOT_FOUND, "named symbol not found"),
    HEADROOM_ERROR(CUDA_ERROR_NOT_SUPPORTED, "operation not supported"),
};
#undef HEADROOM_ERROR

const ErrorText* find_text(CUresult code) {
  for (const ErrorText& row : kErrorTexts)
    if (row.code == code) return &row;
  return nullptr;
}

}  // namespace

CUresult cuInit(unsigned flags) {
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  if (device() == nullptr) return CUDA_ERROR_NO_DEVICE;
  initialised = true;
  return CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int* version) { return *version = kDriverVersion, CUDA_SUCCESS; }

CUresult cuDeviceGetCount(int* count) {
  return with_driver([&] { return *count = 1, CUDA_SUCCESS; });
}

CUresult cuDeviceGet(CUdevice* out, int ordinal) {
  return with_driver([&] { return ordinal == 0 ? (*out = 0, CUDA_SUCCESS) : CUDA_ERROR_INVALID_DEVICE; });
}

CUresult cuDeviceGetName(char* out, int length, CUdevice ordinal) {
  return with_driver([&] {
    if (ordinal != 0) return CUDA_ERROR_INVALID_DEVICE;
    std::snprintf(out, static_cast<std::size_t>(length), "%s", device()->product.c_str());
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceTotalMem(std::size_t* bytes, CUdevice ordinal) {
  return with_driver([&] {
    return ordinal == 0 ? (*bytes = static_cast<std::size_t>(device()->total_bytes), CUDA_SUCCESS)
                        : CUDA_ERROR_INVALID_DEVICE;
  });
}

CUresult cuDeviceGetUuid(CUuuid* out, CUdevice) {
  return with_driver([&] { return std::memcpy(out->bytes, "headroom-virtual", sizeof out->bytes), CUDA_SUCCESS; });
}

CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice ordinal) {
  return with_driver([&] {
    const auto known = device_attribute(*device(), attribute);
    if (ordinal != 0 || !known) return ordinal != 0 ? CUDA_ERROR_INVALID_DEVICE : CUDA_ERROR_INVALID_VALUE;
    return *value = *known, CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxGetState(CUdevice ordinal, unsigned* flags, int* active) {
  if (ordinal != 0 || device() == nullptr) return CUDA_ERROR_INVALID_DEVICE;
  *flags = 0;
  *active = context_active() ? 1 : 0;
  return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext* out, CUdevice ordinal) {
  return with_driver([&] {
    if (ordinal != 0) return CUDA_ERROR_INVALID_DEVICE;
    activate_context();
    *out = primary();
    return CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxRelease(CUdevice) {
  return with_driver([] { return CUDA_SUCCESS; });
}

CUresult cuCtxGetCurrent(CUcontext* out) {
  return with_driver([&] { return *out = context_active() ? primary() : current_context, CUDA_SUCCESS; });
}

CUresult cuCtxSetCurrent(CUcontext context) {
  return with_driver([&] { return current_context = context, CUDA_SUCCESS; });
}

CUresult cuCtxPushCurrent(CUcontext context) { return cuCtxSetCurrent(context); }

CUresult cuCtxPopCurrent(CUcontext* out) {
  return with_driver([&] {
    if (out != nullptr) *out = current_context;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetDevice(CUdevice* out) {
  return with_driver([&] { return *out = 0, CUDA_SUCCESS; });
}

CUresult cuCtxSynchronize() {
  return with_driver([] { return CUDA_SUCCESS; });
}

CUresult cuGetErrorString(CUresult error, const char** out) {
  const ErrorText* row = find_text(error);
  *out = row != nullptr ? row->text : nullptr;
  return row != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorName(CUresult error, const char** out) {
  const ErrorText* row = find_text(error);
  *out = row != nullptr ? row->name : nullptr;
  return row != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

// The newest version of a function carries a suffix that cuda.h hides behind a macro: the plain name means that one.
CUresult cuGetProcAddress(const char* name, void** function, int, cuuint64_t, CUdriverProcAddressQueryResult* result) {
  static void* const self = dlopen("libcuda.so.1", RTLD_LAZY);
  *function = nullptr;
  for (const char* suffix : {"_v4", "_v3", "_v2", ""})
    if (*function == nullptr) *function = dlsym(self, (std::string(name) + suffix).c_str());
  if (result != nullptr)
    *result = *function != nullptr ? CU_GET_PROC_ADDRESS_SUCCESS : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  return *function != nullptr || result != nullptr ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}
