// Attention between chunks of a sequence: the queries of each chunk see the keys of a run of chunks.
//
// Keys and values are chains of chunks whose outermost dimension is the chunk, so that what all queries see of it is a
// slice: no key is copied. Shapes: C chunks of c tokens, K chunks in sight, G sequences (of one head each).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace headroom::models {

// Queries [C·G, c, d] and keys [(C + K - 1)·G, c, d] -> [C·G, c, K·c]: chunk i sees chunks i to i + K - 1 of the chain.
at::Tensor chunk_scores(const at::Tensor& queries, const at::Tensor& keys, std::int64_t sequences);

// Probabilities [C·G, c, K·c] and values [(C + K - 1)·G, c, d] -> [C·G, c, d].
at::Tensor chunk_heads(const at::Tensor& probabilities, const at::Tensor& values, std::int64_t sequences);

}  // namespace headroom::models
