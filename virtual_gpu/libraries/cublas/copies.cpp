// Copies of vectors and matrices between host and device, which are copies of the runtime's.
#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include "virtual_gpu/core/work.h"
#include "virtual_gpu/libraries/cublas/handle.h"

namespace headroom::virtual_gpu::cublas {
namespace {

using Copy = cudaError_t (*)(void*, std::size_t, const void*, std::size_t, std::size_t, std::size_t, cudaMemcpyKind,
                             cudaStream_t);

struct Side {
  void* address;
  std::int64_t pitch;  // elements from one column to the next
};

// `columns` runs of `rows` elements. The runtime's copy is looked up: this library does not link against it.
Status copy(std::int64_t rows, std::int64_t columns, std::int64_t element, const Side& from, const Side& to,
            cudaMemcpyKind kind, cudaStream_t stream) {
  static const auto call = reinterpret_cast<Copy>(dlsym(RTLD_DEFAULT, "cudaMemcpy2DAsync"));
  if (call == nullptr) return kNotInitialized;
  if (rows < 0 || columns < 0 || element <= 0 || from.pitch <= 0 || to.pitch <= 0) return kInvalidValue;
  if (rows == 0 || columns == 0) return kSuccess;
  const auto bytes = [&](std::int64_t count) { return static_cast<std::size_t>(count * element); };
  const cudaError_t error = call(to.address, bytes(to.pitch), from.address, bytes(from.pitch), bytes(rows),
                                 static_cast<std::size_t>(columns), kind, stream);
  return error == cudaSuccess ? kSuccess : kMappingError;
}

// Calls without a stream return when the copy is done.
Status done(Status status) {
  if (status != kSuccess) return status;
  return synchronize_stream(nullptr) == cudaSuccess ? kSuccess : kMappingError;
}

Status copy_vector(std::int64_t count, std::int64_t element, const Side& from, const Side& to, cudaMemcpyKind kind,
                   cudaStream_t stream) {
  return copy(1, count, element, from, to, kind, stream);
}

}  // namespace

extern "C" {

#define VECTOR(name, suffix, Integer, kind)                                                                \
  Status name##suffix(Integer n, Integer element, void* x, Integer x_step, void* y, Integer y_step) {      \
    return done(copy_vector(n, element, {x, x_step}, {y, y_step}, kind, nullptr));                         \
  }                                                                                                        \
  Status name##Async##suffix(Integer n, Integer element, void* x, Integer x_step, void* y, Integer y_step, \
                             cudaStream_t stream) {                                                        \
    return copy_vector(n, element, {x, x_step}, {y, y_step}, kind, stream);                                \
  }
VECTOR(cublasSetVector, , int, cudaMemcpyHostToDevice)
VECTOR(cublasGetVector, , int, cudaMemcpyDeviceToHost)
VECTOR(cublasSetVector, _64, std::int64_t, cudaMemcpyHostToDevice)
VECTOR(cublasGetVector, _64, std::int64_t, cudaMemcpyDeviceToHost)

#define MATRIX(name, suffix, Integer, kind)                                                                         \
  Status name##suffix(Integer rows, Integer columns, Integer element, void* a, Integer lda, void* b, Integer ldb) { \
    return done(copy(rows, columns, element, {a, lda}, {b, ldb}, kind, nullptr));                                   \
  }                                                                                                                 \
  Status name##Async##suffix(Integer rows, Integer columns, Integer element, void* a, Integer lda, void* b,         \
                             Integer ldb, cudaStream_t stream) {                                                    \
    return copy(rows, columns, element, {a, lda}, {b, ldb}, kind, stream);                                          \
  }
MATRIX(cublasSetMatrix, , int, cudaMemcpyHostToDevice)
MATRIX(cublasGetMatrix, , int, cudaMemcpyDeviceToHost)
MATRIX(cublasSetMatrix, _64, std::int64_t, cudaMemcpyHostToDevice)
MATRIX(cublasGetMatrix, _64, std::int64_t, cudaMemcpyDeviceToHost)
}

}  // namespace headroom::virtual_gpu::cublas
