#include "models/blocks.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>

#include <limits>

#include "base/error.h"
#include "models/attention/rotary.h"
#include "models/catalog/attention.h"
#include "models/scope.h"

namespace headroom::models {

Block::AttentionLayer Block::attention_layer(Builder& builder, const std::string& role, AttentionPlace place) const {
  const std::string path = builder.layer(path_ + "." + role, path_, "attention");
  place.layer = path;
  auto attention = make_attention(builder, place);
  return {path, std::move(attention), Norm(builder, builder.layer(path + "_norm", path_, "norm"))};
}

Block::Block(Builder& builder, const std::string& path, std::int64_t index, bool causal, bool cross)
    : path_(path),
      post_(builder.config.norm_placement == NormPlacement::post),
      dropout_(builder.dropout(builder.config.residual_dropout)) {
  attention_.push_back(attention_layer(builder, "attention", {"", index, causal, false}));
  if (cross) attention_.push_back(attention_layer(builder, "cross_attention", {"", index, false, true}));
  ffn_ = std::make_unique<FeedForward>(builder, builder.layer(path + ".ffn", path, "ffn"));
  ffn_norm_ = std::make_unique<Norm>(builder, builder.layer(path + ".ffn_norm", path, "norm"));
}

template <class Sublayer>
at::Tensor Block::residual(const at::Tensor& x, const Norm& norm, const Sublayer& sublayer) const {
  if (post_) {
    at::Tensor y = sublayer(x);
    const Scope norm_scope(norm.path());
    y = dropout(y, dropout_);
    return norm(y + x);
  }
  const auto normed = [&] {
    const Scope norm_scope(norm.path());
    return norm(x);
  };
  at::Tensor y = sublayer(normed());
  y = dropout(y, dropout_);
  return x + y;
}

at::Tensor Block::forward(at::Tensor x, const at::Tensor& memory, const AttentionContext& context) const {
  const Scope scope(path_);
  const AttentionContext cross_context{};
  for (const AttentionLayer& layer : attention_) {
    const bool self = &layer == &attention_.front();
    x = residual(x, layer.norm, [&](const at::Tensor& input) {
      const Scope layer_scope(layer.path);
      return layer.attention->forward(input, self ? input : memory, self ? context : cross_context);
    });
  }
  return residual(x, *ffn_norm_, [&](const at::Tensor& input) {
    const Scope ffn_scope(ffn_->path());
    return (*ffn_)(input);
  });
}

Stack::Stack(Builder& builder, const std::string& path, std::int64_t layer_count, bool causal, bool cross)
    : path_(builder.layer(path, "model", "stack")),
      causal_(causal),
      masked_(causal && builder.options.backend == AttentionBackend::eager &&
              !attention_mechanism(builder.config.attention).own_mask) {
  const ModelConfig& config = builder.config;
  if (has_position_bias(config.positions) || config.positions == Positions::rope_interleaved)
    throw bad_input("positions '" + std::string(to_name(kPositionsNames, config.positions)) + "' are not built");
  if (is_rotary(config.positions))
    inverse_frequencies_ =
        builder.buffer(inverse_frequencies(config.head_dim, config.rope_theta, builder.options.device));
  for (std::int64_t i = 0; i < layer_count; ++i)
    blocks_.emplace_back(builder, builder.layer(path + ".layer." + std::to_string(i), path, "block"), i, causal, cross);
}

AttentionContext Stack::context(const at::Tensor& x) const {
  const std::int64_t seq = x.size(1);
  AttentionContext result;
  result.causal = causal_;
  if (masked_) result.mask = at::full({seq, seq}, -std::numeric_limits<double>::infinity(), x.options()).triu_(1);
  if (inverse_frequencies_.defined()) {
    const RotaryTables tables = rotary_tables(inverse_frequencies_, seq, x.scalar_type());
    result.cos = tables.cos;
    result.sin = tables.sin;
  }
  return result;
}

at::Tensor Stack::forward(at::Tensor x, const at::Tensor& memory) const {
  const Scope scope(path_);
  const AttentionContext shared = context(x);
  for (const Block& block : blocks_) x = block.forward(std::move(x), memory, shared);
  return x;
}

}  // namespace headroom::models
