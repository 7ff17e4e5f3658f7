// libcusolver.so.12: every factorisation is one launch on its handle's stream, and finds (host code reads zeros) that
// all went well.
#include "virtual_gpu/libraries/cusolver/work_sizes.h"
#include "virtual_gpu/libraries/data_type.h"
#include "virtual_gpu/libraries/stream_handle.h"

namespace headroom::virtual_gpu::cusolver {
namespace {

enum Status { kSuccess = 0, kNotInitialized = 1, kInvalidValue = 3, kExecutionFailed = 6 };

struct Parameters {};

Status launch(const StreamHandle* handle, const char* routine) {
  if (handle == nullptr) return kNotInitialized;
  return launched(*handle, routine) ? kSuccess : kExecutionFailed;
}

void note_assumption() {
  assume("cuSOLVER's work areas are counted as LAPACK documents them for the same routine; cuSOLVER's own may differ");
}

Status answer(const StreamHandle* handle, Size elements, int* out) {
  if (handle == nullptr) return kNotInitialized;
  if (out == nullptr || elements < 0) return kInvalidValue;
  note_assumption();
  *out = static_cast<int>(std::max<Size>(elements, 1));
  return kSuccess;
}

Status answer_bytes(const StreamHandle* handle, Size elements, int type, std::size_t* on_device, std::size_t* on_host) {
  if (handle == nullptr) return kNotInitialized;
  if (on_device == nullptr || on_host == nullptr || elements < 0) return kInvalidValue;
  note_assumption();
  *on_device = static_cast<std::size_t>(elements) * element_bytes(static_cast<cudaDataType>(type));
  *on_host = 0;
  return kSuccess;
}

constexpr int kWithVectors = 1;  // CUSOLVER_EIG_MODE_VECTOR

Size eigen(int mode, Size n) { return mode == kWithVectors ? eigenvectors(n) : eigenvalues(n); }

template <class Object>
Status create(Object** out) {
  if (out == nullptr) return kInvalidValue;
  *out = new Object;
  return kSuccess;
}

}  // namespace

extern "C" {

Status cusolverDnCreate(StreamHandle** out) {
  if (out == nullptr) return kInvalidValue;
  *out = make_stream_handle();
  return *out == nullptr ? kNotInitialized : kSuccess;
}

Status cusolverDnDestroy(StreamHandle* handle) {
  delete handle;
  return kSuccess;
}

Status cusolverDnSetStream(StreamHandle* handle, cudaStream_t stream) {
  if (handle == nullptr) return kNotInitialized;
  handle->stream = stream;
  return kSuccess;
}

Status cusolverDnGetStream(const StreamHandle* handle, cudaStream_t* out) {
  if (handle == nullptr) return kNotInitialized;
  *out = handle->stream;
  return kSuccess;
}

#define HEADROOM_PARAMETERS(name)                                         \
  Status cusolverDnCreate##name(Parameters** out) { return create(out); } \
  Status cusolverDnDestroy##name(Parameters* parameters) {                \
    delete parameters;                                                    \
    return kSuccess;                                                      \
  }
HEADROOM_PARAMETERS(Params)
HEADROOM_PARAMETERS(GesvdjInfo)
HEADROOM_PARAMETERS(SyevjInfo)

Status cusolverDnXgesvdjSetMaxSweeps(Parameters*, int) { return kSuccess; }
Status cusolverDnXgesvdjSetSortEig(Parameters*, int) { return kSuccess; }
Status cusolverDnXgesvdjSetTolerance(Parameters*, double) { return kSuccess; }

using Handle = StreamHandle;
using Pointer = const void*;

#define ROUTINE(name) \
  Status cusolverDn##name(const Handle* handle) { return launch(handle, "cusolverDn" #name); }
#define FOUR(define, real, complex) define(S##real) define(D##real) define(C##complex) define(Z##complex)

FOUR(ROUTINE, potrf, potrf)
FOUR(ROUTINE, potrs, potrs)
FOUR(ROUTINE, potrfBatched, potrfBatched)
FOUR(ROUTINE, potrsBatched, potrsBatched)
FOUR(ROUTINE, getrf, getrf)
FOUR(ROUTINE, getrs, getrs)
FOUR(ROUTINE, geqrf, geqrf)
FOUR(ROUTINE, orgqr, ungqr)
FOUR(ROUTINE, ormqr, unmqr)
FOUR(ROUTINE, sytrf, sytrf)
FOUR(ROUTINE, gesvd, gesvd)
FOUR(ROUTINE, gesvdj, gesvdj)
FOUR(ROUTINE, gesvdjBatched, gesvdjBatched)
FOUR(ROUTINE, gesvdaStridedBatched, gesvdaStridedBatched)
FOUR(ROUTINE, syevd, heevd)
FOUR(ROUTINE, syevj, heevj)
FOUR(ROUTINE, syevjBatched, heevjBatched)
ROUTINE(Xpotrf)
ROUTINE(Xpotrs)
ROUTINE(Xgeqrf)
ROUTINE(Xsyevd)
ROUTINE(XsyevBatched)
ROUTINE(Xgeev)
ROUTINE(Xsytrs)

#define POTRF(name)                                                                                \
  Status cusolverDn##name##_bufferSize(const Handle* handle, int, int n, Pointer, int, int* out) { \
    return answer(handle, block_columns(n), out);                                                  \
  }
FOUR(POTRF, potrf, potrf)

#define RECTANGLE(name)                                                                              \
  Status cusolverDn##name##_bufferSize(const Handle* handle, int m, int n, Pointer, int, int* out) { \
    return answer(handle, block_columns(std::max(m, n)), out);                                       \
  }
FOUR(RECTANGLE, getrf, getrf)
FOUR(RECTANGLE, geqrf, geqrf)

#define SYTRF(name)                                                                           \
  Status cusolverDn##name##_bufferSize(const Handle* handle, int n, Pointer, int, int* out) { \
    return answer(handle, block_columns(n), out);                                             \
  }
FOUR(SYTRF, sytrf, sytrf)

#define ORGQR(name)                                                                                              \
  Status cusolverDn##name##_bufferSize(const Handle* handle, int, int n, int, Pointer, int, Pointer, int* out) { \
    return answer(handle, block_columns(n), out);                                                                \
  }
FOUR(ORGQR, orgqr, ungqr)

#define ORMQR(name)                                                                                                   \
  Status cusolverDn##name##_bufferSize(const Handle* handle, int side, int, int m, int n, int, Pointer, int, Pointer, \
                                       Pointer, int, int* out) {                                                      \
    constexpr int kLeft = 0;                                                                                          \
    return answer(handle, block_columns(side == kLeft ? n : m), out);                                                 \
  }
FOUR(ORMQR, ormqr, unmqr)

#define GESVD(name)                                                                    \
  Status cusolverDn##name##_bufferSize(const Handle* handle, int m, int n, int* out) { \
    return answer(handle, singular_vectors(m, n), out);                                \
  }
FOUR(GESVD, gesvd, gesvd)

#define GESVDJ(name)                                                                                                 \
  Status cusolverDn##name##_bufferSize(const Handle* handle, int, int, int m, int n, Pointer, int, Pointer, Pointer, \
                                       int, Pointer, int, int* out, Parameters*) {                                   \
    return answer(handle, singular_vectors(m, n), out);                                                              \
  }
FOUR(GESVDJ, gesvdj, gesvdj)

#define GESVDJ_BATCHED(name)                                                                                         \
  Status cusolverDn##name##_bufferSize(const Handle* handle, int, int m, int n, Pointer, int, Pointer, Pointer, int, \
                                       Pointer, int, int* out, Parameters*, int batch) {                             \
    return answer(handle, batch * singular_vectors(m, n), out);                                                      \
  }
FOUR(GESVDJ_BATCHED, gesvdjBatched, gesvdjBatched)

#define GESVDA(name)                                                                                                   \
  Status cusolverDn##name##_bufferSize(const Handle* handle, int, int, int m, int n, Pointer, int, long long, Pointer, \
                                       long long, Pointer, int, long long, Pointer, int, long long, int* out,          \
                                       int batch) {                                                                    \
    return answer(handle, batch * singular_vectors(m, n), out);                                                        \
  }
FOUR(GESVDA, gesvdaStridedBatched, gesvdaStridedBatched)

#define SYEVD(name)                                                                                                   \
  Status cusolverDn##name##_bufferSize(const Handle* handle, int mode, int, int n, Pointer, int, Pointer, int* out) { \
    return answer(handle, eigen(mode, n), out);                                                                       \
  }
FOUR(SYEVD, syevd, heevd)

#define SYEVJ(name)                                                                                            \
  Status cusolverDn##name##_bufferSize(const Handle* handle, int, int, int n, Pointer, int, Pointer, int* out, \
                                       Parameters*) {                                                          \
    return answer(handle, jacobi_eigenvectors(n), out);                                                        \
  }
FOUR(SYEVJ, syevj, heevj)

#define SYEVJ_BATCHED(name)                                                                                    \
  Status cusolverDn##name##_bufferSize(const Handle* handle, int, int, int n, Pointer, int, Pointer, int* out, \
                                       Parameters*, int batch) {                                               \
    return answer(handle, batch * jacobi_eigenvectors(n), out);                                                \
  }
FOUR(SYEVJ_BATCHED, syevjBatched, heevjBatched)

Status cusolverDnXpotrf_bufferSize(const Handle* handle, Parameters*, int, Size n, int type, Pointer, Size, int,
                                   std::size_t* on_device, std::size_t* on_host) {
  return answer_bytes(handle, block_columns(n), type, on_device, on_host);
}

Status cusolverDnXgeqrf_bufferSize(const Handle* handle, Parameters*, Size m, Size n, int type, Pointer, Size, int,
                                   Pointer, int, std::size_t* on_device, std::size_t* on_host) {
  return answer_bytes(handle, block_columns(std::max(m, n)), type, on_device, on_host);
}

Status cusolverDnXsytrs_bufferSize(const Handle* handle, int, Size n, Size columns, int type, Pointer, Size, Pointer,
                                   int, Pointer, Size, std::size_t* on_device, std::size_t* on_host) {
  return answer_bytes(handle, n * columns, type, on_device, on_host);
}

Status cusolverDnXsyevd_bufferSize(const Handle* handle, Parameters*, int mode, int, Size n, int type, Pointer, Size,
                                   int, Pointer, int, std::size_t* on_device, std::size_t* on_host) {
  return answer_bytes(handle, eigen(mode, n), type, on_device, on_host);
}

Status cusolverDnXsyevBatched_bufferSize(const Handle* handle, Parameters*, int mode, int, Size n, int type, Pointer,
                                         Size, int, Pointer, int, std::size_t* on_device, std::size_t* on_host,
                                         Size batch) {
  return answer_bytes(handle, batch * eigen(mode, n), type, on_device, on_host);
}

Status cusolverDnXgeev_bufferSize(const Handle* handle, Parameters*, int, int, Size n, int type, Pointer, Size, int,
                                  Pointer, int, Pointer, Size, int, Pointer, Size, int, std::size_t* on_device,
                                  std::size_t* on_host) {
  return answer_bytes(handle, general_eigenvectors(n), type, on_device, on_host);
}
}

}  // namespace headroom::virtual_gpu::cusolver
