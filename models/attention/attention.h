// The attention mechanisms of models/catalog/attention.h, built with ATen.
//
// Shapes: B batch, T query and S key length, n heads, g key-value heads, d head size, d_m width. Weights are [out, in].
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "models/builder.h"
#include "models/cache/cache.h"

namespace headroom::models {

// What all layers of a stack share in one forward pass.
struct AttentionContext {
  bool causal = false;
  at::Tensor mask;  // eager and causal: [T, T], 0 where visible and -inf elsewhere; added to the scores
  // Position biases, where the model has them: [heads with scores, T, S], added to the scaled scores, and determined up
  // to a constant for each query. For a fused back end a causal mask is merged into them.
  at::Tensor bias;
  at::Tensor cos, sin;  // rotary positions: [T, d]
  bool rotary_interleaved = false;
  // Decoding: tokens before x, and tokens that a sequence will have at the end.
  std::int64_t first = 0, longest = 0;
};

class Attention {
 public:
  virtual ~Attention() = default;
  // Queries from x [B, T, d_m]; keys and values from memory [B, S, d_m], which is x for self-attention.
  virtual at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context) const = 0;

  // Inference with a cache: queries from x, a prompt or one token; keys and values from `memory` join the cache, none
  // where it is undefined (cross-attention after the prompt). Both throw bad_input where a mechanism has no cache.
  virtual CacheShape cache_shape() const;
  virtual at::Tensor decode(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                            const AttentionContext& context) const;
};

// Where a sublayer stands.
struct AttentionPlace {
  std::string layer;       // its path; the parameters are declared there
  std::int64_t block = 0;  // index of its block in the stack
  bool causal = false, cross = false;
};

// The mechanism of `builder.config`.
std::unique_ptr<Attention> make_attention(Builder& builder, const AttentionPlace& place);

// What no back end can do: throws bad_input. (efficient on the CPU, dropout in the CPU's flash kernel, mechanisms that
// have no scores to fuse.)
void require_backend(const ModelConfig& config, const BuildOptions& options);

}  // namespace headroom::models
