// libcuda.so.1: errors, and functions by name.
#include <dlfcn.h>

#include <string>

#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

namespace {

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
