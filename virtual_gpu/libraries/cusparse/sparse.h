// Sparse and dense operands as cuSPARSE's generic API describes them, and how large its work buffers are taken to be.
//
// cuSPARSE tells its own sizes only to a handle on a real device: each is an assumption, from what the algorithm must
// keep.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace headroom::virtual_gpu::cusparse {

using Size = std::int64_t;

struct SparseMatrix {
  Size rows = 0, columns = 0, nonzeros = 0;
};

struct DenseMatrix {
  Size rows = 0, columns = 0;
};

constexpr std::size_t kIndexBytes = 4;

// One index for each row: where a row's work starts.
inline std::size_t row_bytes(Size rows) { return static_cast<std::size_t>(rows + 1) * kIndexBytes; }

// A radix sort of pairs of indices: keys and values twice.
inline std::size_t sort_bytes(Size nonzeros) { return static_cast<std::size_t>(nonzeros) * 4 * kIndexBytes; }

// Where no values exist, neither does a structure: each entry of `a` meets the mean row of `b`, and no two products
// fall on the same place, unless the result is full.
inline Size product_nonzeros(const SparseMatrix& a, const SparseMatrix& b) {
  if (b.rows == 0) return 0;
  const Size products = a.nonzeros * b.nonzeros / b.rows;
  return std::min(products, a.rows * b.columns);
}

}  // namespace headroom::virtual_gpu::cusparse
