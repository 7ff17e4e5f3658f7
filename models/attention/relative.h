// Multi-head attention with Transformer-XL's positions (Dai et al. 2019, arXiv 1901.02860, section 3.3): the score of
// query i and key j ≤ i is (q_i + u)·k_j + (q_i + v)·(W_R r_{i−j}), with sinusoids r of the distance, one matrix W_R
// and one u and v for each head in every layer; so in Gopher and Chinchilla (Rae et al. 2021, arXiv 2112.11446).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace headroom::models {

// [T, width]: sines, then cosines, of distances T − 1 down to 0, at the rates of Vaswani et al. 2017. Computed in fp32.
at::Tensor distance_sinusoids(std::int64_t seq, std::int64_t width, at::TensorOptions options);

// Scores [B·n, T, T] before they are scaled; those of j > i are of no use and get no gradient: they must be masked.
// query [B, T, n·d]; key [B, n, T, d], contiguous; distances [T, n·d], of T − 1 down to 0; content and position, u and
// v: [n, d]. Row i of the products with the distances is read from T − 1 − i on: no shifted copy of them is made. Kept
// for backward: query, key and distances; the queries' sums with u and v are made again.
at::Tensor relative_scores(const at::Tensor& query, const at::Tensor& key, const at::Tensor& distances,
                           const at::Tensor& content, const at::Tensor& position);

}  // namespace headroom::models
