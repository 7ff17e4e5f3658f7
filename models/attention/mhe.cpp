// Multiple-head embedding attention (Xue & Aletras 2023, arXiv 2310.07911, section 3), with every head materialised as
// published. Rotary positions turn the shared projections, before the embeddings: the embeddings' identities (a key
// embedding added to all keys cancels in the softmax) and the cache of shared keys then stay as they are without them.
#include "models/attention/mhe.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>
#include <ATen/ops/mul.h>

#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/layers.h"

namespace headroom::models {

MheParameters::MheParameters(Builder& b, const std::string& layer)
    : query(b, layer, "query", b.config.d_model, b.config.head_dim, b.config.attention_bias),
      key(b, layer, "key", b.config.d_model, b.config.head_dim, b.config.attention_bias),
      value(b, layer, "value", b.config.d_model, b.config.head_dim, b.config.attention_bias),
      query_embedding(b.parameter(layer, "query_embedding", {b.config.head_count, b.config.head_dim}, Init::normal)),
      key_embedding(b.parameter(layer, "key_embedding", {b.config.head_count, b.config.head_dim}, Init::normal)),
      value_embedding(b.parameter(layer, "value_embedding", {b.config.head_count, b.config.head_dim}, Init::normal)),
      output(b, layer, "output", b.config.head_count * b.config.head_dim, b.config.d_model, b.config.attention_bias) {}

namespace {

class HeadEmbedding final : public Attention {
 public:
  HeadEmbedding(Builder& b, const std::string& layer, bool multiply)
      : multiply_(multiply), attend_(b), own_(b, layer) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context) const override {
    at::Tensor q = attend_.rotate(attend_.split(own_.query(x), 1), context);  // [B, 1, T, d]
    q = heads(q, own_.query_embedding);
    at::Tensor k = attend_.rotate(attend_.split(own_.key(memory), 1), context);
    k = heads(k, own_.key_embedding);
    at::Tensor v = attend_.split(own_.value(memory), 1);
    v = heads(v, own_.value_embedding);
    const at::Tensor merged = Attend::merge(attend_(q, k, v, context));
    return own_.output(merged);
  }

  // Every head, as published.
  CacheShape cache_shape() const override {
    const CacheStream heads{own_.query_embedding.size(0), own_.query_embedding.size(1)};
    return {{heads, heads}};
  }

  at::Tensor decode(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                    const AttentionContext& context) const override {
    const at::Tensor merged = mixed(x, memory, cache, context);
    return own_.output(merged);
  }

 private:
  at::Tensor mixed(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                   const AttentionContext& context) const {
    const at::Tensor q = heads(attend_.rotate(attend_.split(own_.query(x), 1), context), own_.query_embedding);
    const auto rows = cache.joined(memory, [&] {
      return std::vector{heads(attend_.rotate(attend_.split(own_.key(memory), 1), context), own_.key_embedding),
                         heads(attend_.split(own_.value(memory), 1), own_.value_embedding)};
    });
    return Attend::merge(attend_(q, rows[0], rows[1], context));
  }

  // [B, 1, T, d] and [n, d] -> [B, n, T, d], in the layout that Attend wants.
  at::Tensor heads(const at::Tensor& seed, const at::Tensor& embedding) const {
    if (attend_.eager()) return combine(seed, embedding.unsqueeze(1));
    return combine(seed.transpose(1, 2), embedding).transpose(1, 2);
  }
  at::Tensor combine(const at::Tensor& seed, const at::Tensor& embedding) const {
    return multiply_ ? seed * (embedding + 1.0) : seed + embedding;
  }

  bool multiply_;
  Attend attend_;
  MheParameters own_;
};

}  // namespace

std::unique_ptr<Attention> make_head_embedding(Builder& builder, const AttentionPlace& place, bool multiply) {
  return std::make_unique<HeadEmbedding>(builder, place.layer, multiply);
}

}  // namespace headroom::models
