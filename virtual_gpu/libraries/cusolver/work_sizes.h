// Work areas of dense factorisations, in elements of the matrix.
//
// cuSOLVER tells its own only to a handle on a real device, so these are an assumption: what LAPACK documents for the
// routine of the same name (netlib's reference: the optimal LWORK with a block of 64 columns, plus the copies its
// algorithm keeps).
#pragma once

#include <algorithm>
#include <cstdint>

namespace headroom::virtual_gpu::cusolver {

using Size = std::int64_t;
constexpr Size kBlock = 64;

constexpr Size block_columns(Size rows) { return rows * kBlock; }      // potrf, getrf, geqrf, sytrf, orgqr, ormqr
constexpr Size eigenvectors(Size n) { return 1 + 6 * n + 2 * n * n; }  // syevd, heevd with vectors
constexpr Size eigenvalues(Size n) { return 2 * n + 1; }               // syevd, heevd without
constexpr Size jacobi_eigenvectors(Size n) { return n * n + 2 * n; }   // the matrix once more, and two vectors
constexpr Size general_eigenvectors(Size n) {
  return n * n + (2 + kBlock) * n;
}  // geev: Hessenberg form, and gehrd's block
constexpr Size singular_vectors(Size m, Size n) {  // gesvd, gesvdj, gesvda
  const Size small = std::min(m, n), large = std::max(m, n);
  return m * n + std::max(3 * small + large, 5 * small);
}

}  // namespace headroom::virtual_gpu::cusolver
