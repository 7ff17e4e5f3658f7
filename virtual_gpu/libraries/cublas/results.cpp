// Routines that may answer in host memory: reductions and rotations in pointer mode host (zeros, as any value read from
// the device is), and the arguments check of batched solvers (0: all arguments are good).
#include <complex>
#include <cstring>

#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/host_reads.h"
#include "virtual_gpu/core/work.h"
#include "virtual_gpu/libraries/cublas/handle.h"
#include "virtual_gpu/libraries/data_type.h"

namespace headroom::virtual_gpu::cublas {
namespace {

// The host waits for such a result.
template <class... Value>
Status reduce(const Handle* handle, const char* routine, Value*... results) {
  const Status status = launch(handle, routine);
  if (status != kSuccess || !handle->results_on_host()) return status;
  if (synchronize_stream(handle->stream) != cudaSuccess) return kExecutionFailed;
  ((*results = Value{}), ...);
  (host_read(results, nullptr, sizeof(Value), current_device()), ...);
  return kSuccess;
}

Status reduce_any(const Handle* handle, const char* routine, void* result, int type) {
  const Status status = launch(handle, routine);
  if (status != kSuccess || !handle->results_on_host()) return status;
  if (synchronize_stream(handle->stream) != cudaSuccess) return kExecutionFailed;
  const std::size_t bytes = element_bytes(static_cast<cudaDataType>(type));
  std::memset(result, 0, bytes);
  host_read(result, nullptr, bytes, current_device());
  return kSuccess;
}

Status checked(const Handle* handle, const char* routine, int* info) {
  if (info == nullptr) return kInvalidValue;
  *info = 0;
  return launch(handle, routine);
}

using Size = std::int64_t;
using Complex = std::complex<float>;
using DoubleComplex = std::complex<double>;

}  // namespace

extern "C" {

#define DOT(name, Integer, Value)                                                                         \
  Status name(const Handle* handle, Integer, const void*, Integer, const void*, Integer, Value* result) { \
    return reduce(handle, #name, result);                                                                 \
  }
#define DOTS(name, Value) DOT(cublas##name##_v2, int, Value) DOT(cublas##name##_v2_64, Size, Value)
DOTS(Sdot, float)
DOTS(Ddot, double)
DOTS(Cdotu, Complex)
DOTS(Cdotc, Complex)
DOTS(Zdotu, DoubleComplex)
DOTS(Zdotc, DoubleComplex)

#define NORM(name, Integer, Value)                                                  \
  Status name(const Handle* handle, Integer, const void*, Integer, Value* result) { \
    return reduce(handle, #name, result);                                           \
  }
#define NORMS(name, Value) NORM(cublas##name##_v2, int, Value) NORM(cublas##name##_v2_64, Size, Value)
#define INDICES(name) NORM(cublas##name##_v2, int, int) NORM(cublas##name##_v2_64, Size, Size)
NORMS(Snrm2, float)
NORMS(Dnrm2, double)
NORMS(Scnrm2, float)
NORMS(Dznrm2, double)
NORMS(Sasum, float)
NORMS(Dasum, double)
NORMS(Scasum, float)
NORMS(Dzasum, double)
INDICES(Isamax)
INDICES(Idamax)
INDICES(Icamax)
INDICES(Izamax)
INDICES(Isamin)
INDICES(Idamin)
INDICES(Icamin)
INDICES(Izamin)

#define DOT_EX(name, Integer)                                                                                    \
  Status name(const Handle* handle, Integer, const void*, int, Integer, const void*, int, Integer, void* result, \
              int type) {                                                                                        \
    return reduce_any(handle, #name, result, type);                                                              \
  }
DOT_EX(cublasDotEx, int)
DOT_EX(cublasDotcEx, int)
DOT_EX(cublasDotEx_64, Size)
DOT_EX(cublasDotcEx_64, Size)

#define NORM_EX(name, Integer)                                                                    \
  Status name(const Handle* handle, Integer, const void*, int, Integer, void* result, int type) { \
    return reduce_any(handle, #name, result, type);                                               \
  }
NORM_EX(cublasNrm2Ex, int)
NORM_EX(cublasAsumEx, int)
NORM_EX(cublasNrm2Ex_64, Size)
NORM_EX(cublasAsumEx_64, Size)

// Rotations are made from values that lie where the results do; on the host they are taken as the zeros they would be.
#define ROTG(name, Value, Real)                                                      \
  Status name(const Handle* handle, Value* a, Value* b, Real* cosine, Value* sine) { \
    return reduce(handle, #name, a, b, cosine, sine);                                \
  }
ROTG(cublasSrotg_v2, float, float)
ROTG(cublasDrotg_v2, double, double)
ROTG(cublasCrotg_v2, Complex, float)
ROTG(cublasZrotg_v2, DoubleComplex, double)

#define ROTMG(name, Value)                                                                                  \
  Status name(const Handle* handle, Value* d1, Value* d2, Value* x1, const Value*, Value(*parameters)[5]) { \
    return reduce(handle, #name, d1, d2, x1, &(*parameters)[0], &(*parameters)[1], &(*parameters)[2],       \
                  &(*parameters)[3], &(*parameters)[4]);                                                    \
  }
ROTMG(cublasSrotmg_v2, float)
ROTMG(cublasDrotmg_v2, double)

#define FOUR_TYPES(routine, name) \
  routine(cublasS##name) routine(cublasD##name) routine(cublasC##name) routine(cublasZ##name)

#define GELS(name)                                                                                        \
  Status name(const Handle* handle, int, int, int, int, void**, int, void**, int, int* info, int*, int) { \
    return checked(handle, #name, info);                                                                  \
  }
FOUR_TYPES(GELS, gelsBatched)

#define GEQRF(name)                                                                  \
  Status name(const Handle* handle, int, int, void**, int, void**, int* info, int) { \
    return checked(handle, #name, info);                                             \
  }
FOUR_TYPES(GEQRF, geqrfBatched)

#define GETRS(name)                                                                                              \
  Status name(const Handle* handle, int, int, int, const void**, int, const int*, void**, int, int* info, int) { \
    return checked(handle, #name, info);                                                                         \
  }
FOUR_TYPES(GETRS, getrsBatched)
}

}  // namespace headroom::virtual_gpu::cublas
