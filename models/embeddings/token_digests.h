#pragma once

#include <ATen/core/Tensor.h>

namespace headroom::models {

// What a tokenizer of HashFormers gives with each token, made on the host.
struct TokenDigests {
  at::Tensor special;  // int64 [B, T]: the row of a special token, below kDigestSpecialTokens
  at::Tensor digest;   // bits: fp32 [B, T, bits], 0 or 1; pooled: int64 [B, T, chunks], rows of a table, 0: no chunk
};

}  // namespace headroom::models
