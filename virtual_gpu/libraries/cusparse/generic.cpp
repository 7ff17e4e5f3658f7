// The handle, and the generic API: products of sparse matrices, vectors and dense matrices.
#include "virtual_gpu/libraries/cusparse/handle.h"
#include "virtual_gpu/libraries/cusparse/sparse.h"

namespace headroom::virtual_gpu::cusparse {
namespace {

struct Solver {};
struct Product {};

}  // namespace

extern "C" {

Status cusparseCreate(Handle** out) {
  if (out == nullptr) return kInvalidValue;
  *out = make_stream_handle();
  return *out == nullptr ? kNotInitialized : kSuccess;
}

Status cusparseDestroy(Handle* handle) { return destroy(handle); }

Status cusparseSetStream(Handle* handle, cudaStream_t stream) {
  if (handle == nullptr) return kNotInitialized;
  handle->stream = stream;
  return kSuccess;
}

Status cusparseGetStream(const Handle* handle, cudaStream_t* out) {
  if (handle == nullptr) return kNotInitialized;
  *out = handle->stream;
  return kSuccess;
}

Status cusparseSetPointerMode(Handle* handle, int) { return handle == nullptr ? kNotInitialized : kSuccess; }

const char* cusparseGetErrorString(Status status) {
  switch (status) {
    case kSuccess:
      return "success";
    case kNotInitialized:
      return "initialization error";
    case kInvalidValue:
      return "invalid value";
    case kExecutionFailed:
      return "launch failure";
    case kNotSupported:
      return "not supported by the virtual GPU";
  }
  return "unknown error";
}

Status cusparseCreateCsr(SparseMatrix** out, Size rows, Size columns, Size nonzeros, void*, void*, void*, int, int, int,
                         int) {
  return create(out, {rows, columns, nonzeros});
}

Status cusparseCreateCoo(SparseMatrix** out, Size rows, Size columns, Size nonzeros, void*, void*, void*, int, int,
                         int) {
  return create(out, {rows, columns, nonzeros});
}

Status cusparseCreateDnMat(DenseMatrix** out, Size rows, Size columns, Size, void*, int, int) {
  return create(out, {rows, columns});
}

Status cusparseCreateDnVec(DenseMatrix** out, Size size, void*, int) { return create(out, {size, 1}); }

Status cusparseDestroySpMat(SparseMatrix* matrix) { return destroy(matrix); }
Status cusparseDestroyDnMat(DenseMatrix* matrix) { return destroy(matrix); }
Status cusparseDestroyDnVec(DenseMatrix* vector) { return destroy(vector); }

Status cusparseSpMatGetSize(const SparseMatrix* matrix, Size* rows, Size* columns, Size* nonzeros) {
  if (matrix == nullptr) return kInvalidValue;
  *rows = matrix->rows;
  *columns = matrix->columns;
  *nonzeros = matrix->nonzeros;
  return kSuccess;
}

// Concern kernels alone.
Status cusparseSpMatSetAttribute(SparseMatrix*, int, void*, std::size_t) { return kSuccess; }
Status cusparseCsrSetPointers(SparseMatrix*, void*, void*, void*) { return kSuccess; }
Status cusparseCsrSetStridedBatch(SparseMatrix*, int, Size, Size) { return kSuccess; }
Status cusparseDnMatSetStridedBatch(DenseMatrix*, int, Size) { return kSuccess; }

Status cusparseSpMV_bufferSize(const Handle* handle, int, Pointer, const SparseMatrix* a, const DenseMatrix*, Pointer,
                               DenseMatrix*, int, int, std::size_t* out) {
  return a == nullptr ? kInvalidValue : answer_bytes(handle, row_bytes(a->rows), out);
}

Status cusparseSpMM_bufferSize(const Handle* handle, int, int, Pointer, const SparseMatrix* a, const DenseMatrix*,
                               Pointer, DenseMatrix*, int, int, std::size_t* out) {
  return a == nullptr ? kInvalidValue : answer_bytes(handle, row_bytes(a->rows), out);
}

Status cusparseSDDMM_bufferSize(const Handle* handle, int, int, Pointer, const DenseMatrix*, const DenseMatrix*,
                                Pointer, SparseMatrix* c, int, int, std::size_t* out) {
  return c == nullptr ? kInvalidValue : answer_bytes(handle, row_bytes(c->rows), out);
}

Status cusparseSpSV_bufferSize(const Handle* handle, int, Pointer, const SparseMatrix* a, const DenseMatrix*,
                               DenseMatrix*, int, int, Solver*, std::size_t* out) {
  return a == nullptr ? kInvalidValue : answer_bytes(handle, row_bytes(a->rows) + sort_bytes(a->nonzeros), out);
}

Status cusparseSpSM_bufferSize(const Handle* handle, int, int, Pointer, const SparseMatrix* a, const DenseMatrix*,
                               DenseMatrix*, int, int, Solver*, std::size_t* out) {
  return a == nullptr ? kInvalidValue : answer_bytes(handle, row_bytes(a->rows) + sort_bytes(a->nonzeros), out);
}

#define HEADROOM_LAUNCH(name) \
  Status name(const Handle* handle) { return launch(handle, #name); }
HEADROOM_LAUNCH(cusparseSpMV)
HEADROOM_LAUNCH(cusparseSpMM)
HEADROOM_LAUNCH(cusparseSDDMM)
HEADROOM_LAUNCH(cusparseSDDMM_preprocess)
HEADROOM_LAUNCH(cusparseSpSV_analysis)
HEADROOM_LAUNCH(cusparseSpSV_solve)
HEADROOM_LAUNCH(cusparseSpSM_analysis)
HEADROOM_LAUNCH(cusparseSpSM_solve)

Status cusparseSpSV_createDescr(Solver** out) { return create(out); }
Status cusparseSpSV_destroyDescr(Solver* solver) { return destroy(solver); }
Status cusparseSpSM_createDescr(Solver** out) { return create(out); }
Status cusparseSpSM_destroyDescr(Solver* solver) { return destroy(solver); }
Status cusparseSpGEMM_createDescr(Product** out) { return create(out); }
Status cusparseSpGEMM_destroyDescr(Product* product) { return destroy(product); }

// Asked twice: without a buffer for its size, with it for the work.
Status cusparseSpGEMM_workEstimation(const Handle* handle, int, int, Pointer, const SparseMatrix* a,
                                     const SparseMatrix* b, Pointer, SparseMatrix*, int, int, Product*,
                                     std::size_t* bytes, void* buffer) {
  if (a == nullptr || b == nullptr) return kInvalidValue;
  return buffer == nullptr ? answer_bytes(handle, row_bytes(a->rows), bytes)
                           : launch(handle, "cusparseSpGEMM_workEstimation");
}

Status cusparseSpGEMM_compute(const Handle* handle, int, int, Pointer, const SparseMatrix* a, const SparseMatrix* b,
                              Pointer, SparseMatrix* c, int, int, Product*, std::size_t* bytes, void* buffer) {
  if (a == nullptr || b == nullptr || c == nullptr) return kInvalidValue;
  if (buffer == nullptr) return answer_bytes(handle, sort_bytes(product_nonzeros(*a, *b)), bytes);
  assume(
      "product of sparse matrices: how many entries it has depends on values; counted as if entries were spread evenly "
      "and no "
      "two products fell on one place");
  c->nonzeros = product_nonzeros(*a, *b);
  return launch(handle, "cusparseSpGEMM_compute");
}

HEADROOM_LAUNCH(cusparseSpGEMM_copy)
}

}  // namespace headroom::virtual_gpu::cusparse
