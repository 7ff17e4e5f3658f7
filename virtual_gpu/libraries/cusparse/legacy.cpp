// The older API: conversions and sorts, sums of sparse matrices, block-sparse matrices.
#include "virtual_gpu/libraries/cusparse/handle.h"
#include "virtual_gpu/libraries/cusparse/sparse.h"

namespace headroom::virtual_gpu::cusparse {
namespace {

struct Description {};
struct Info {};

}  // namespace

extern "C" {

Status cusparseCreateMatDescr(Description** out) { return create(out); }
Status cusparseDestroyMatDescr(Description* description) { return destroy(description); }
Status cusparseSetMatType(Description*, int) { return kSuccess; }
Status cusparseSetMatDiagType(Description*, int) { return kSuccess; }
Status cusparseSetMatFillMode(Description*, int) { return kSuccess; }
Status cusparseSetMatIndexBase(Description*, int) { return kSuccess; }
Status cusparseCreateBsrsv2Info(Info** out) { return create(out); }
Status cusparseDestroyBsrsv2Info(Info* info) { return destroy(info); }
Status cusparseCreateBsrsm2Info(Info** out) { return create(out); }
Status cusparseDestroyBsrsm2Info(Info* info) { return destroy(info); }

Status cusparseXcoosort_bufferSizeExt(const Handle* handle, int, int, int nonzeros, Pointer, Pointer,
                                      std::size_t* out) {
  return answer_bytes(handle, sort_bytes(nonzeros), out);
}

Status cusparseXcsrsort_bufferSizeExt(const Handle* handle, int, int, int nonzeros, Pointer, Pointer,
                                      std::size_t* out) {
  return answer_bytes(handle, sort_bytes(nonzeros), out);
}

#define ROUTINE(name) \
  Status cusparse##name(const Handle* handle) { return launch(handle, "cusparse" #name); }
ROUTINE(Xcoo2csr)
ROUTINE(XcoosortByRow)
ROUTINE(Xcsrsort)
ROUTINE(CreateIdentityPermutation)

// The sum's size depends on which places the two share.
Status cusparseXcsrgeam2Nnz(const Handle* handle, int, int, Pointer, int a_nonzeros, Pointer, Pointer, Pointer,
                            int b_nonzeros, Pointer, Pointer, Pointer, int*, int* total, void*) {
  if (total == nullptr) return kInvalidValue;
  assume("sum of sparse matrices: how many entries it has depends on values; counted as if no place were shared");
  *total = a_nonzeros + b_nonzeros;
  return launch(handle, "cusparseXcsrgeam2Nnz");
}

#define FOUR(define, name) define(S##name) define(D##name) define(C##name) define(Z##name)

#define CSRGEAM2(name)                                                                                                \
  Status cusparse##name##_bufferSizeExt(const Handle* handle, int rows, int, Pointer, Pointer, int, Pointer, Pointer, \
                                        Pointer, Pointer, Pointer, int, Pointer, Pointer, Pointer, Pointer, Pointer,  \
                                        Pointer, Pointer, std::size_t* out) {                                         \
    return answer_bytes(handle, row_bytes(rows), out);                                                                \
  }                                                                                                                   \
  ROUTINE(name)
FOUR(CSRGEAM2, csrgeam2)

FOUR(ROUTINE, bsrmm)
FOUR(ROUTINE, bsrmv)
FOUR(ROUTINE, bsrsm2_analysis)
FOUR(ROUTINE, bsrsm2_solve)
FOUR(ROUTINE, bsrsv2_analysis)
FOUR(ROUTINE, bsrsv2_solve)

static Status answer_int(const Handle* handle, Size block_rows, int* out) {
  std::size_t bytes = 0;
  if (out == nullptr) return kInvalidValue;
  const Status status = answer_bytes(handle, row_bytes(block_rows), &bytes);
  *out = static_cast<int>(bytes);
  return status;
}

#define BSRSV2(name)                                                                                           \
  Status cusparse##name##_bufferSize(const Handle* handle, int, int, int rows, int, Pointer, Pointer, Pointer, \
                                     Pointer, int, Info*, int* out) {                                          \
    return answer_int(handle, rows, out);                                                                      \
  }
FOUR(BSRSV2, bsrsv2)

#define BSRSM2(name)                                                                                            \
  Status cusparse##name##_bufferSize(const Handle* handle, int, int, int, int rows, int, int, Pointer, Pointer, \
                                     Pointer, Pointer, int, Info*, int* out) {                                  \
    return answer_int(handle, rows, out);                                                                       \
  }
FOUR(BSRSM2, bsrsm2)

// No pivot is zero.
Status cusparseXbsrsv2_zeroPivot(const Handle*, Info*, int* position) { return *position = -1, kSuccess; }
Status cusparseXbsrsm2_zeroPivot(const Handle*, Info*, int* position) { return *position = -1, kSuccess; }
}

}  // namespace headroom::virtual_gpu::cusparse
