// How tensor trains split a weight, for the closed forms and for those who build it.
#pragma once

#include <cstdint>
#include <vector>

#include "models/catalog/config.h"

namespace headroom::models {

// W[(m_1 … m_d), (n_1 … n_d)] = Σ G_1[m_1, n_1, r_1] G_2[r_1, m_2, n_2, r_2] … G_d[r_(d-1), m_d, n_d], indices with the
// last one fastest. `rank` has d + 1 entries, the first and the last 1. A Kronecker product is the train of rank 1 and
// two cores.
struct TensorTrain {
  std::vector<std::int64_t> out, in, rank;
};

// `count` factors of n, ascending and as near to one another as giving its primes away, largest first, makes them.
std::vector<std::int64_t> balanced_factors(std::int64_t n, std::int64_t count);

// Of a weight [out, in] under tensor-train or kronecker. A rank is no more than the sides of the cut allow.
TensorTrain tensor_train_of(const Compression& compression, std::int64_t out, std::int64_t in);

}  // namespace headroom::models
