#include "virtual_gpu/core/errors.h"

#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

namespace {

const ErrorRow* find(CUresult error) {
  const ErrorRow* row = find_error(error);
  return row != nullptr && row->driver_name != nullptr ? row : nullptr;
}

}  // namespace

CUresult cuGetErrorString(CUresult error, const char** out) {
  const ErrorRow* row = find(error);
  if (out == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *out = row != nullptr ? row->text : nullptr;
  return row != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorName(CUresult error, const char** out) {
  const ErrorRow* row = find(error);
  if (out == nullptr) return CUDA_ERROR_INVALID_VALUE;
  *out = row != nullptr ? row->driver_name : nullptr;
  return row != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
