// Reversible residual layers (Gomez et al. 2017, arXiv 1707.04585; Kitaev et al. 2020, arXiv 2001.04451, section 3).
//
// Two streams go through the blocks: y1 = x1 + attention(x2), y2 = x2 + ffn(y1), each sublayer normalising its own
// input. Of the whole stack only the last y1 and y2 are kept for backward, which takes a block's sums apart again, last
// block first: x2 = y2 - ffn(y1), x1 = y1 - attention(x2). Both sublayers run again for that, with the random numbers
// and the autocast of the first time, and what they save is alive for their own backward alone. What a sublayer decided
// by comparing numbers (LSH attention: its hashes) is kept beside the streams, for x2 comes back with rounding errors.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/attention/attention.h"
#include "models/attention/positions.h"
#include "models/layers.h"
#include "models/recompute.h"

namespace headroom::models {

class ReversibleBlock {
 public:
  ReversibleBlock(Builder& builder, const std::string& path, std::int64_t index);
  // Without the residuals: [B, T, d_m] -> [B, T, d_m].
  at::Tensor attended(const at::Tensor& x2, const AttentionContext& context) const;
  at::Tensor fed(const at::Tensor& y1) const;

 private:
  std::string path_, attention_path_;
  double attention_dropout_, ffn_dropout_;  // of the sublayers' outputs
  std::int64_t chunk_;
  Norm attention_norm_;
  std::unique_ptr<Attention> attention_;
  Norm ffn_norm_;
  FeedForward ffn_;
};

class ReversibleStack {
 public:
  // A decoder's.
  ReversibleStack(Builder& builder, const std::string& path, std::int64_t layer_count);

  // [B, T, d_m], both streams' beginning -> [B, T, 2·d_m], y1 beside y2. One backward pass; parameters' gradients are
  // accumulated in it.
  at::Tensor forward(at::Tensor x) const;

  // What the layers share, for inputs like x [B, T, d_m].
  AttentionContext context(const at::Tensor& x) const;

 private:
  friend class ReversibleBackward;

  std::string path_;
  bool masked_, training_;
  RecomputeObserver on_recompute_;
  AttentionPositions positions_;
  std::vector<ReversibleBlock> blocks_;
};

// Seeds the device's default generator with a number made of its last seed, which it returns: what transformers' layers
// do before each sublayer, but repeatable.
std::uint64_t reseed(at::Device device);

}  // namespace headroom::models
