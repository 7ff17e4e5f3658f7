// What the self-attention sublayers of a stack share of its positions, computed once per forward pass: the tables of a
// rotation, or biases on the scores.
//
// ALiBi (Press et al. 2021, arXiv 2108.12409, section 3): head h adds slope_h·(j − i) to the score of query i and key
// j. T5 (Raffel et al. 2019, arXiv 1910.10683, section 2.1): a learned number for each head and each bucket of j − i.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "models/attention/attention.h"
#include "models/builder.h"

namespace headroom::models {

class AttentionPositions {
 public:
  // T5's table becomes a parameter of `first_layer`.
  AttentionPositions(Builder& builder, const std::string& first_layer, bool causal);

  // Sets cos, sin and their layout, or bias, for inputs x [B, T, d_m]; leaves them where the positions are of another
  // kind. `first`: the position of x's first token, whose predecessors are in a cache; S is first + T.
  void prepare(AttentionContext& context, const at::Tensor& x, std::int64_t first = 0) const;

 private:
  at::Tensor bias(const at::Tensor& x, std::int64_t first) const;

  Positions kind_;
  bool causal_;
  AttentionBackend backend_;
  std::int64_t max_distance_;
  at::Tensor inverse_frequencies_;  // rotary: fp32 [d/2]
  at::Tensor slopes_;               // alibi: fp32 [n]
  at::Tensor table_;                // t5: [buckets, n]
};

// fp32 [n]: 2^(-8h/n) for h = 1 … n. Where n is no power of two, those of the largest power of two below it, then every
// other one of twice that many.
at::Tensor alibi_slopes(std::int64_t head_count, at::Device device);

// [n, T, T] in `dtype`, of slopes [n]. Without a mask distances count in both directions: −slope·|j − i|. Causal:
// slope·j in every row, a view of [n, 1, T]. It differs from slope·(j − i) by a constant for each query, which the
// softmax cancels, and takes T times less memory.
at::Tensor alibi_bias(const at::Tensor& slopes, std::int64_t seq, bool causal, at::ScalarType dtype);

// int64 [T, S] of queries from `first` on, S = first + T: the bucket of j − i. Causal: the first half of them for one
// distance each from 0 on, the other half for logarithmically wider ranges up to max_distance; beyond it, the last.
// Without a mask so for both directions, half of the buckets each.
at::Tensor relative_buckets(std::int64_t seq, bool causal, std::int64_t bucket_count, std::int64_t max_distance,
                            at::Device device, std::int64_t first = 0);

// What scaled_dot_product_attention takes for biases [n, T, T]: contiguous, -inf where a causal mask hides. `aligned`:
// rows begin at multiples of 8 elements, which spares the memory-efficient kernel a copy in every layer.
at::Tensor score_mask(const at::Tensor& bias, bool causal, bool aligned);

}  // namespace headroom::models
