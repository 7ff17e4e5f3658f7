// softmax(Q Kᵀ / sqrt(d) + M) V for every mechanism, eager or through one back end of scaled_dot_product_attention.
//
// What stays alive for backward is decided here. Eager: heads are copied once to contiguous [B, n, T, d], the layout
// bmm reads without another copy; a group's heads are folded into the query axis, so g keys are kept, not n. Fused:
// heads are views of the projections, because the kernels return their output in the layout of the queries, and [B, T,
// n, d] merges into the output matrix's input without a copy.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "models/attention/attention.h"

namespace headroom::models {

struct Attend {
  explicit Attend(const Builder& builder);

  // [B, T, n·d] -> [B, n, T, d].
  at::Tensor split(const at::Tensor& projected, std::int64_t heads) const;
  // Rotary positions; `heads` [B, n, T, d] as it is when the model has none.
  static at::Tensor rotate(const at::Tensor& heads, const AttentionContext& context);
  // q [B, n, T, d], k and v [B, g, S, d] -> heads [B, n, T, d].
  at::Tensor operator()(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                        const AttentionContext& context) const;
  // [B, n, T, d] -> [B, T, n·d].
  static at::Tensor merge(const at::Tensor& heads);

  // The eager half of it, for keys of any width: q [G, R·T, w], k [G, S, w] -> probabilities [G, R·T, S]. G·R counts
  // the heads of all sequences, those of one sequence next to each other. `bias` [G, R or R·T, 1, 1 or S] is added to
  // the scores before they are scaled, when defined.
  at::Tensor probabilities(const at::Tensor& q, const at::Tensor& k, const AttentionContext& context,
                           const at::Tensor& bias = {}) const;

  // The same with rows of a cache; q [B', n, T, d].
  at::Tensor operator()(const at::Tensor& q, const CachedRows& k, const CachedRows& v,
                        const AttentionContext& context) const;
  // Scores [.., S] to probabilities: scaled, with positions and mask.
  at::Tensor finish(at::Tensor scores, const AttentionContext& context) const;

  // Softmax over the last dimension and dropout: what every eager mechanism makes of its scores. Move them in: they are
  // gone before dropout, where the peak is.
  at::Tensor normalize(at::Tensor scores) const;

  bool eager() const { return backend == AttentionBackend::eager; }

  AttentionBackend backend;
  double scale, dropout_rate;
  bool softmax_fp32;
};

}  // namespace headroom::models
