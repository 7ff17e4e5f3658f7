#include "virtual_gpu/core/errors.h"
#include "virtual_gpu/cudart/api.h"

namespace headroom::virtual_gpu {
namespace {

thread_local cudaError_t last_error = cudaSuccess;

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
  const ErrorRow* row = find_error(error);
  return row != nullptr && row->runtime_name != nullptr ? row->runtime_name : "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  const ErrorRow* row = find_error(error);
  return row != nullptr && row->runtime_name != nullptr ? row->text : "unrecognized error code";
}
