#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/driver_versions.h"
#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

cudaError_t cudaGetDriverEntryPointByVersion(const char* name, void** function, unsigned version,
                                             unsigned long long flags, cudaDriverEntryPointQueryResult* result) {
  if (name == nullptr || function == nullptr) return finish(cudaErrorInvalidValue);
  const bool per_thread = flags == cudaEnablePerThreadDefaultStream;
  const DriverFunction found = find_driver_function(name, static_cast<int>(version), per_thread);
  *function = found.address;
  if (result != nullptr)
    *result = found.address != nullptr ? cudaDriverEntryPointSuccess
              : found.too_new          ? cudaDriverEntryPointVersionNotSufficent
                                       : cudaDriverEntryPointSymbolNotFound;
  return cudaSuccess;
}

extern "C" cudaError_t cudaGetDriverEntryPoint(const char* name, void** function, unsigned long long flags,
                                               cudaDriverEntryPointQueryResult* result) {
  return cudaGetDriverEntryPointByVersion(name, function, kRuntimeVersion, flags, result);
}

// Undocumented tables between NVIDIA's own libraries: there is nothing truthful to hand out.
cudaError_t cudaGetExportTable(const void** out, const cudaUUID_t*) {
  count_unimplemented("cudaGetExportTable");
  if (out != nullptr) *out = nullptr;
  return finish(cudaErrorSymbolNotFound);
}

extern "C" cudaError_t cudaProfilerStart() {
  return with_context([] { return cudaSuccess; });
}

extern "C" cudaError_t cudaProfilerStop() {
  return with_context([] { return cudaSuccess; });
}

cudaError_t cudaCtxResetPersistingL2Cache() {
  return with_context([] { return cudaSuccess; });
}
