#include "models/blocks.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>

#include <algorithm>
#include <limits>

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

at::Tensor Block::attend(const AttentionLayer& layer, const at::Tensor& x, const at::Tensor& memory,
                         const AttentionContext& context, LayerCache* cache) {
  const Scope scope(layer.path);
  return cache ? layer.attention->decode(x, memory, *cache, context) : layer.attention->forward(x, memory, context);
}

at::Tensor Block::parallel(const at::Tensor& x, const AttentionContext& context, BlockCache* cache) const {
  const AttentionLayer& layer = attention_.front();
  const auto in_scope = [](const std::string& path, const auto& operation) {
    const Scope scope(path);
    return operation();
  };
  const at::Tensor y = in_scope(layer.norm.path(), [&] { return layer.norm(x); });
  at::Tensor attended = attend(layer, y, y, context, cache ? &cache->front() : nullptr);
  attended = dropout(attended, attention_dropout_);
  at::Tensor fed = in_scope(ffn_->path(), [&] { return (*ffn_)(y); });
  fed = dropout(fed, ffn_dropout_);
  return x + attended + fed;
}

BlockCache Block::make_cache(const std::shared_ptr<const CacheOptions>& options) const {
  BlockCache cache;
  for (const AttentionLayer& layer : attention_) {
    const Scope scope(layer.path);
    const bool self = &layer == &attention_.front();
    cache.emplace_back(options, layer.path, layer.attention->cache_shape(),
                       self ? options->size.room : options->size.source);
    if (!self) cache.back().finish();
  }
  return cache;
}

at::Tensor Block::forward(at::Tensor x, const at::Tensor& memory, const AttentionContext& context,
                          BlockCache* cache) const {
  const Scope scope(path_);
  if (!ffn_norm_) return parallel(x, context, cache);
  AttentionContext cross_context;
  cross_context.first = context.first;
  if (cache && cache->size() > 1) cross_context.longest = std::max(context.longest, cache->back().room());
  for (const AttentionLayer& layer : attention_) {
    const bool self = &layer == &attention_.front();
    x = residual(x, layer.norm, attention_dropout_, [&](const at::Tensor& input) {
      return attend(layer, input, self ? input : memory, self ? context : cross_context,
                    cache ? &(*cache)[self ? 0 : 1] : nullptr);
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
      on_recompute_(builder.options.on_recompute),
      positions_(builder, path + ".layer.0.attention", causal) {
  const std::string first = path + ".layer.0";
  for (std::int64_t i = 0; i < layer_count; ++i) {
    const std::string block = builder.layer(path + ".layer." + std::to_string(i), path, "block");
    const SharedParameters shared(builder, block, builder.config.shared_layers && i > 0 ? first : "");
    blocks_.emplace_back(builder, block, i, causal, cross);
  }
}

AttentionContext Stack::context(const at::Tensor& x) const {
  const std::int64_t seq = x.size(1);
  AttentionContext result;
  result.causal = causal_;
  if (masked_) result.mask = at::full({seq, seq}, -std::numeric_limits<double>::infinity(), x.options()).triu_(1);
  positions_.prepare(result, x);
  return result;
}

std::vector<BlockCache> Stack::make_cache(const std::shared_ptr<const CacheOptions>& options) const {
  std::vector<BlockCache> caches;
  for (const Block& block : blocks_) caches.push_back(block.make_cache(options));
  return caches;
}

at::Tensor Stack::decode(at::Tensor x, const at::Tensor& memory, ModelCache& cache) const {
  const Scope scope(path_);
  AttentionContext shared;
  if (x.size(1) > 1) {
    shared = context(x);
  } else {  // one token sees all before it
    positions_.prepare(shared, x, cache.tokens);
  }
  shared.first = cache.tokens;
  shared.longest = cache.options->size.room;
  const std::int64_t joining = x.size(1);
  for (std::size_t i = 0; i < blocks_.size(); ++i)
    x = blocks_[i].forward(std::move(x), memory, shared, &cache.blocks[i]);
  cache.tokens += joining;
  return x;
}

at::Tensor Stack::forward(at::Tensor x, const at::Tensor& memory) const {
  const Scope scope(path_);
  const AttentionContext shared = context(x);
  for (const Block& block : blocks_) {
    if (checkpoint_)
      x = checkpoint([&block, x, memory, shared] { return block.forward(x, memory, shared); }, x.device(),
                     on_recompute_);
    else
      x = block.forward(std::move(x), memory, shared);
  }
  return x;
}

}  // namespace headroom::models
