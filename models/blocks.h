// A block (attention, optional cross-attention, feed-forward, each with its norm and residual) and a stack of them.
//
// Post-norm: the norm's layer owns dropout and residual add, as in Hugging Face's BertSelfOutput and BertOutput.
// Pre-norm: the block owns them. Parallel blocks have one norm, that of the attention: x + attention(y) + ffn(y) with
// y = norm(x).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/attention/attention.h"
#include "models/attention/positions.h"
#include "models/experts.h"
#include "models/layers.h"

namespace headroom::models {

class Block {
 public:
  Block(Builder& builder, const std::string& path, std::int64_t index, bool causal, bool cross);
  // `context` is of self-attention, `cross` of cross-attention. `cache`: of inference token by token; undefined memory:
  // nothing joins the cross-attention's.
  at::Tensor forward(at::Tensor x, const at::Tensor& memory, const AttentionContext& context,
                     AttentionContext cross = {}, BlockCache* cache = nullptr) const;
  BlockCache make_cache(const std::shared_ptr<const CacheOptions>& options) const;

 private:
  struct AttentionLayer {
    std::string path;
    std::unique_ptr<Attention> attention;
    Norm norm;
  };
  AttentionLayer attention_layer(Builder& builder, const std::string& role, AttentionPlace place) const;
  template <class Sublayer>
  at::Tensor residual(const at::Tensor& x, const Norm& norm, double rate, const Sublayer& sublayer) const;
  at::Tensor fed(const at::Tensor& x) const;
  static at::Tensor attend(const AttentionLayer& layer, const at::Tensor& x, const at::Tensor& memory,
                           const AttentionContext& context, LayerCache* cache);
  at::Tensor parallel(const at::Tensor& x, const AttentionContext& context, BlockCache* cache) const;

  std::string path_;
  bool post_;
  double attention_dropout_, ffn_dropout_;  // of the sublayers' outputs
  std::vector<AttentionLayer> attention_;   // self, then cross
  std::string ffn_path_;
  std::unique_ptr<FeedForward> ffn_;  // or
  std::unique_ptr<MixtureOfExperts> experts_;
  std::unique_ptr<Norm> ffn_norm_;  // none in a parallel block
};

class Stack {
 public:
  Stack(Builder& builder, const std::string& path, std::int64_t layer_count, bool causal, bool cross);
  // Attention masks, int64 [B, T], of a batch with padding: of x and of the memory.
  at::Tensor forward(at::Tensor x, const at::Tensor& memory = {}, const at::Tensor& mask = {},
                     const at::Tensor& memory_mask = {}) const;

  // The same with a cache, of inference: x is a prompt or one token.
  at::Tensor decode(at::Tensor x, const at::Tensor& memory, ModelCache& cache) const;
  std::vector<BlockCache> make_cache(const std::shared_ptr<const CacheOptions>& options) const;

 private:
  AttentionContext context(const at::Tensor& x, const at::Tensor& mask) const;
  void hide_padding(AttentionContext& context, const at::Tensor& x, const at::Tensor& mask, bool causal) const;

  std::string path_;
  bool causal_, masked_, checkpoint_;
  bool own_mask_, fused_;  // of the mechanism: hides keys by itself; goes through scaled_dot_product_attention
  bool aligned_;           // whose masks have rows that begin at multiples of 8 elements
  RecomputeObserver on_recompute_;
  AttentionPositions positions_;
  std::vector<Block> blocks_;
};

}  // namespace headroom::models
