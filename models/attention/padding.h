// What hides the padding of a batch whose sequences differ in length, made once per forward pass and kept while the
// stack runs, in the form in which transformers 4.57's models hand it to their attention.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace headroom::models {

// `attention_mask`: [B, S], not 0 where a token is real. For `query_len` T queries:
//   eager           added to the scores, 0 or the dtype's lowest number: [B, 1, 1, S]; causal: [B, 1, T, S]
//   fused           the same as [B, 1, T, S]; causal: bool, true where visible (each layer makes numbers of it)
// A query that sees no key attends to all alike, as there.
at::Tensor padding_mask(const at::Tensor& attention_mask, std::int64_t query_len, bool causal, bool fused,
                        at::ScalarType dtype);

}  // namespace headroom::models
