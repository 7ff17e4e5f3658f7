#include "models/blocks.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>

#include <limits>

#include "models/attention/padding.h"
#include "models/attention/positions.h"
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
      attention_dropout_(builder.config.dropout_after_attention ? builder.dropout(builder.config.residual_dropout) : 0),
      ffn_dropout_(builder.config.dropout_after_ffn ? builder.dropout(builder.config.residual_dropout) : 0) {
  attention_.push_back(attention_layer(builder, "attention", {"", index, causal, false}));
  if (cross) attention_.push_back(attention_layer(builder, "cross_attention", {"", index, false, true}));
  ffn_ = std::make_unique<FeedForward>(builder, builder.layer(path + ".ffn", path, "ffn"));
  if (!builder.config.parallel_block)
    ffn_norm_ = std::make_unique<Norm>(builder, builder.layer(path + ".ffn_norm", path, "norm"));
}

template <class Sublayer>
at::Tensor Block::residual(const at::Tensor& x, const Norm& norm, double rate, const Sublayer& sublayer) const {
  if (post_) {
    at::Tensor y = sublayer(x);
    const Scope norm_scope(norm.path());
    y = dropout(y, rate);
    return norm(y + x);
  }
  const auto normed = [&] {
    const Scope norm_scope(norm.path());
    return norm(x);
  };
  at::Tensor y = sublayer(normed());
  y = dropout(y, rate);
  return x + y;
}

at::Tensor Block::parallel(const at::Tensor& x, const AttentionContext& context) const {
  const AttentionLayer& layer = attention_.front();
  const auto in_scope = [](const std::string& path, const auto& operation) {
    const Scope scope(path);
    return operation();
  };
  const at::Tensor y = in_scope(layer.norm.path(), [&] { return layer.norm(x); });
  at::Tensor attended = in_scope(layer.path, [&] { return layer.attention->forward(y, y, context); });
  attended = dropout(attended, attention_dropout_);
  at::Tensor fed = in_scope(ffn_->path(), [&] { return (*ffn_)(y); });
  fed = dropout(fed, ffn_dropout_);
  return x + attended + fed;
}

at::Tensor Block::forward(at::Tensor x, const at::Tensor& memory, const AttentionContext& context,
                          const AttentionContext& cross) const {
  const Scope scope(path_);
  if (!ffn_norm_) return parallel(x, context);
  for (const AttentionLayer& layer : attention_) {
    const bool self = &layer == &attention_.front();
    x = residual(x, layer.norm, attention_dropout_, [&](const at::Tensor& input) {
      const Scope layer_scope(layer.path);
      return layer.attention->forward(input, self ? input : memory, self ? context : cross);
    });
  }
  return residual(x, *ffn_norm_, ffn_dropout_, [&](const at::Tensor& input) {
    const Scope ffn_scope(ffn_->path());
    return (*ffn_)(input);
  });
}

Stack::Stack(Builder& builder, const std::string& path, std::int64_t layer_count, bool causal, bool cross)
    : path_(builder.layer(path, "model", "stack")),
      causal_(causal),
      masked_(causal && builder.options.backend == AttentionBackend::eager &&
              !attention_mechanism(builder.config.attention).own_mask),
      checkpoint_(builder.options.checkpoint_blocks),
      own_mask_(attention_mechanism(builder.config.attention).own_mask),
      fused_(builder.options.backend != AttentionBackend::eager && uses_back_end(builder.config)),
      aligned_(builder.options.backend == AttentionBackend::efficient),
      on_recompute_(builder.options.on_recompute),
      positions_(builder, path + ".layer.0.attention", causal) {
  const std::string first = path + ".layer.0";
  for (std::int64_t i = 0; i < layer_count; ++i) {
    const std::string block = builder.layer(path + ".layer." + std::to_string(i), path, "block");
    const SharedParameters shared(builder, block, builder.config.shared_layers && i > 0 ? first : "");
    blocks_.emplace_back(builder, block, i, causal, cross);
  }
}

void Stack::hide_padding(AttentionContext& context, const at::Tensor& x, const at::Tensor& mask, bool causal) const {
  if (own_mask_ && !fused_) {
    context.padding = mask.to(at::kBool);
  } else if (fused_ && context.bias.defined()) {  // which hides later keys, too
    const at::Tensor hidden = padding_mask(mask, x.size(1), false, false, context.bias.scalar_type());
    context.bias = score_mask(context.bias + hidden, false, aligned_);
  } else {
    context.mask = padding_mask(mask, x.size(1), causal, fused_, x.scalar_type());
  }
}

AttentionContext Stack::context(const at::Tensor& x, const at::Tensor& mask) const {
  const std::int64_t seq = x.size(1);
  AttentionContext result;
  result.causal = causal_;
  positions_.prepare(result, x);
  if (mask.defined())
    hide_padding(result, x, mask, causal_);
  else if (masked_)
    result.mask = at::full({seq, seq}, -std::numeric_limits<double>::infinity(), x.options()).triu_(1);
  return result;
}

at::Tensor Stack::forward(at::Tensor x, const at::Tensor& memory, const at::Tensor& mask,
                          const at::Tensor& memory_mask) const {
  const Scope scope(path_);
  const AttentionContext shared = context(x, mask);
  AttentionContext cross;
  if (memory_mask.defined()) hide_padding(cross, x, memory_mask, false);
  for (const Block& block : blocks_) {
    if (checkpoint_)
      x = checkpoint([&block, x, memory, shared, cross] { return block.forward(x, memory, shared, cross); }, x.device(),
                     on_recompute_);
    else
      x = block.forward(std::move(x), memory, shared, cross);
  }
  return x;
}

}  // namespace headroom::models
