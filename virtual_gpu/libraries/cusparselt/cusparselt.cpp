// libcusparseLt.so.0: matrices with two of four values kept. Their compressed size follows from the format (half the
// values, and four bits of positions for each group of four); a product is one launch. Its work area is an assumption:
// none.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "virtual_gpu/libraries/data_type.h"
#include "virtual_gpu/libraries/stream_handle.h"

namespace headroom::virtual_gpu::cusparselt {
namespace {

enum Status { kSuccess = 0, kNotInitialized = 1, kInvalidValue = 3, kExecutionFailed = 6, kNotSupported = 10 };

// All of the library's objects are 512 bytes that the caller owns.
struct Matrix {
  std::int64_t rows = 0, columns = 0;
  std::int32_t type = 0;
};

struct Selection {
  std::int32_t values[8] = {};  // by attribute
};

constexpr int kMostRecentAlgorithm = 1;  // CUSPARSELT_MATMUL_ALG_CONFIG_MAX_ID

Status launch(const char* routine, cudaStream_t stream) {
  return submit_kernel(stream, routine, 0) == cudaSuccess ? kSuccess : kExecutionFailed;
}

Status describe(Matrix* matrix, std::int64_t rows, std::int64_t columns, int type) {
  if (matrix == nullptr || rows <= 0 || columns <= 0) return kInvalidValue;
  *matrix = {rows, columns, type};
  return kSuccess;
}

Status multiply(cudaStream_t* streams, int count) {
  return launch("cusparseLtMatmul", count > 0 && streams != nullptr ? streams[0] : nullptr);
}

}  // namespace

extern "C" {

Status cusparseLtInit(void* handle) {
  if (handle == nullptr) return kInvalidValue;
  if (device() == nullptr) return kNotInitialized;
  activate_context();
  return kSuccess;
}
Status cusparseLtDestroy(const void*) { return kSuccess; }

Status cusparseLtDenseDescriptorInit(const void*, Matrix* out, std::int64_t rows, std::int64_t columns, std::int64_t,
                                     std::uint32_t, int type, int) {
  return describe(out, rows, columns, type);
}

Status cusparseLtStructuredDescriptorInit(const void*, Matrix* out, std::int64_t rows, std::int64_t columns,
                                          std::int64_t, std::uint32_t, int type, int, int) {
  return describe(out, rows, columns, type);
}

Status cusparseLtMatDescriptorDestroy(const Matrix*) { return kSuccess; }
Status cusparseLtMatmulDescriptorInit(const void*, void*, int, int, const Matrix*, const Matrix*, const Matrix*,
                                      const Matrix*, int) {
  return kSuccess;
}
Status cusparseLtMatmulDescSetAttribute(const void*, void*, int, const void*, std::size_t) { return kSuccess; }

Status cusparseLtMatmulAlgSelectionInit(const void*, Selection* out, const void*, int) {
  if (out == nullptr) return kInvalidValue;
  *out = {.values = {0, kMostRecentAlgorithm, 5, 1, 0, 1}};  // algorithm, their number, search iterations, split k
  return kSuccess;
}

Status cusparseLtMatmulAlgSetAttribute(const void*, Selection* selection, int attribute, const void* value,
                                       std::size_t bytes) {
  if (attribute < 0 || attribute >= 8 || bytes > sizeof(std::int32_t)) return kInvalidValue;
  std::memcpy(&selection->values[attribute], value, bytes);
  return kSuccess;
}

Status cusparseLtMatmulAlgGetAttribute(const void*, const Selection* selection, int attribute, void* value,
                                       std::size_t bytes) {
  if (attribute < 0 || attribute >= 8 || bytes > sizeof(std::int32_t)) return kInvalidValue;
  std::memcpy(value, &selection->values[attribute], bytes);
  return kSuccess;
}

Status cusparseLtMatmulPlanInit(const void*, void*, const void*, const Selection*) { return kSuccess; }
Status cusparseLtMatmulPlanDestroy(const void*) { return kSuccess; }

Status cusparseLtMatmulGetWorkspace(const void*, const void*, std::size_t* bytes) {
  if (bytes == nullptr) return kInvalidValue;
  assume("cuSPARSELt's work areas are counted as 0 bytes");
  *bytes = 0;
  return kSuccess;
}

Status cusparseLtMatmul(const void*, const void*, const void*, const void*, const void*, const void*, const void*,
                        void*, void*, cudaStream_t* streams, std::int32_t count) {
  return multiply(streams, count);
}

Status cusparseLtMatmulSearch(const void*, void*, const void*, const void*, const void*, const void*, const void*,
                              void*, void*, cudaStream_t* streams, std::int32_t count) {
  return multiply(streams, count);
}

Status cusparseLtSpMMACompressedSize2(const void*, const Matrix* matrix, std::size_t* bytes,
                                      std::size_t* buffer_bytes) {
  if (matrix == nullptr || bytes == nullptr || buffer_bytes == nullptr) return kInvalidValue;
  const std::int64_t values = matrix->rows * matrix->columns;
  *bytes = static_cast<std::size_t>(
      values / 2 * static_cast<std::int64_t>(element_bytes(static_cast<cudaDataType>(matrix->type))) + values / 8);
  *buffer_bytes = 0;
  return kSuccess;
}

Status cusparseLtSpMMACompress2(const void*, const Matrix*, int, int, const void*, void*, void*, cudaStream_t stream) {
  return launch("cusparseLtSpMMACompress2", stream);
}
}

}  // namespace headroom::virtual_gpu::cusparselt
