// libcuda.so.1: functions by name.
#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/driver_versions.h"
#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

CUresult cuGetProcAddress(const char* name, void** function, int version, cuuint64_t flags,
                          CUdriverProcAddressQueryResult* result) {
  if (name == nullptr || function == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const bool per_thread = (flags & CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM) != 0;
  const DriverFunction found = find_driver_function(name, version, per_thread);
  *function = found.address;
  const auto status = found.address != nullptr ? CU_GET_PROC_ADDRESS_SUCCESS
                      : found.too_new          ? CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT
                                               : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  if (result != nullptr) *result = status;
  return found.address != nullptr || result != nullptr ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

#undef cuGetProcAddress  // the form before CUDA 12, without a result
extern "C" CUresult HEADROOM_IMPLEMENTS(cuGetProcAddress)(const char* name, void** function, int version,
                                                          cuuint64_t flags) {
  return cuGetProcAddress_v2(name, function, version, flags, nullptr);
}

// Undocumented tables between NVIDIA's own libraries: there is nothing truthful to hand out.
CUresult cuGetExportTable(const void** out, const CUuuid*) {
  count_unimplemented("cuGetExportTable");
  if (out != nullptr) *out = nullptr;
  return CUDA_ERROR_NOT_FOUND;
}

// cudaProfiler.h
extern "C" CUresult cuProfilerStart() {
  return with_current_context([] { return CUDA_SUCCESS; });
}
extern "C" CUresult cuProfilerStop() {
  return with_current_context([] { return CUDA_SUCCESS; });
}
