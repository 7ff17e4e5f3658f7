// Attention to a window of neighbours: causal (Mistral, the Sparse Transformer's local pattern) and Longformer's.
#include "models/attention/window.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/zeros.h>

#include <limits>

#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/layers.h"

namespace headroom::models {

at::Tensor heads_of(const at::Tensor& projected, std::int64_t heads) {
  return projected.view({projected.size(0), projected.size(1), heads, -1}).transpose(1, 2);
}

at::Tensor pad_sequences(const at::Tensor& heads, const Band& band) {
  return band.padded() == band.seq ? heads : at::constant_pad_nd(heads, {0, 0, 0, band.padded() - band.seq});
}

at::Tensor block_queries(const at::Tensor& heads, std::int64_t groups, const Band& band) {
  const std::int64_t batch = heads.size(0), per_group = heads.size(1) / groups, width = heads.size(3);
  return pad_sequences(heads, band)
      .view({batch, groups, per_group, band.count, band.block, width})
      .transpose(2, 3)  // [B, g, C, r, c, d]
      .reshape({batch * groups * band.count, per_group * band.block, width})
      .contiguous();
}

at::Tensor chain_keys(const at::Tensor& heads, const Band& band) {
  const at::Tensor chain = pad_sequences(heads, band).reshape({-1, heads.size(3)}).contiguous();
  if (band.before + band.after == 0) return chain;
  return at::constant_pad_nd(chain, {0, 0, band.before * band.block, band.after * band.block});
}

at::Tensor neighbourhoods(const at::Tensor& chain, const Band& band) {
  return chain.unfold(0, band.keys(), band.block);
}

at::Tensor sequences(const at::Tensor& chain, const Band& band) {
  const std::int64_t length = chain.size(0) - (band.before + band.after) * band.block;
  return chain.narrow(0, band.before * band.block, length).view({-1, band.padded(), chain.size(1)});
}

at::Tensor merge_blocks(const at::Tensor& out, std::int64_t batch, std::int64_t groups, const Band& band) {
  return out.view({batch, groups, band.count, -1, band.block, out.size(2)})
      .permute({0, 2, 4, 1, 3, 5})  // [B, C, c, g, r, d]
      .reshape({batch, band.padded(), -1});
}

at::Tensor without_padding(const at::Tensor& tokens, const Band& band) {
  if (band.padded() == band.seq) return tokens;
  return tokens.narrow(1, 0, band.seq).clone(at::MemoryFormat::Contiguous);
}

at::Tensor additive_mask(const at::Tensor& hidden, const at::TensorOptions& options) {
  return at::zeros(hidden.sizes(), options).masked_fill_(hidden, -std::numeric_limits<double>::infinity());
}

at::Tensor out_of_reach(const Band& band, std::int64_t left, std::int64_t right, at::Device device) {
  const auto integers = at::TensorOptions(device).dtype(at::kLong);
  const at::Tensor queries = at::arange(band.block, integers).unsqueeze(1) + band.before * band.block;
  const at::Tensor distance = queries - at::arange(band.keys(), integers);  // [c, K]
  return (distance > left).logical_or_(distance < -right);
}

at::Tensor out_of_range(const Band& band, std::int64_t first, std::int64_t end, at::Device device) {
  const auto integers = at::TensorOptions(device).dtype(at::kLong);
  const at::Tensor starts = (at::arange(band.count, integers) - band.before) * band.block;
  const at::Tensor keys = starts.view({-1, 1, 1}) + at::arange(band.keys(), integers);  // [C, 1, K]
  return (keys < first).logical_or_(keys >= end);
}

namespace {

class Window final : public Attention {
 public:
  Window(Builder& b, const std::string& layer, std::int64_t window, std::int64_t block)
      : window_(window),
        block_(block),
        heads_(b.config.head_count),
        groups_(b.config.kv_head_count),
        width_(b.config.head_dim),
        attend_(b),
        query_(b, layer, "query", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        key_(b, layer, "key", b.config.d_model, groups_ * b.config.head_dim, b.config.attention_bias),
        value_(b, layer, "value", b.config.d_model, groups_ * b.config.head_dim, b.config.attention_bias),
        output_(b, layer, "output", heads_ * b.config.head_dim, b.config.d_model, b.config.attention_bias) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor&, const AttentionContext& context) const override {
    const at::Tensor merged = mix(x, context);
    return output_(merged);
  }

  CacheShape cache_shape() const override { return {{{groups_, width_}, {groups_, width_}}, window_}; }

  at::Tensor decode(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                    const AttentionContext& context) const override {
    const at::Tensor merged = decoded(x, memory, cache, context);
    return output_(merged);
  }

 private:
  // The window is all that the cache has; a prompt goes block by block.
  at::Tensor decoded(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                     const AttentionContext& context) const {
    const auto rows = cache.append(
        {attend_.rotate(attend_.split(key_(memory), groups_), context), attend_.split(value_(memory), groups_)});
    if (x.size(1) > 1) return banded(x, rows[0].part(0), rows[1].part(0), context);
    return Attend::merge(attend_(attend_.rotate(attend_.split(query_(x), heads_), context), rows[0], rows[1], context));
  }

  at::Tensor banded(const at::Tensor& x, const at::Tensor& keys, const at::Tensor& values,
                    const AttentionContext& context) const {
    const Band band = make_band(x.size(1), window_ - 1, 0, block_);
    at::Tensor q = attend_.rotate(heads_of(query_(x), heads_), context) * attend_.scale;
    q = block_queries(q, groups_, band);
    const at::Tensor k = chain_keys(keys, band), v = chain_keys(values, band);
    at::Tensor p = at::bmm(q, neighbourhoods(k, band));
    p = masked(p, band);
    p = attend_.normalize(std::move(p));
    at::Tensor merged = at::bmm(p, neighbourhoods(v, band).transpose(1, 2));
    merged = merge_blocks(merged, x.size(0), groups_, band);
    return without_padding(merged, band);
  }

  at::Tensor mix(const at::Tensor& x, const AttentionContext& context) const {
    const Band band = make_band(x.size(1), window_ - 1, 0, block_);
    at::Tensor q = attend_.rotate(heads_of(query_(x), heads_), context) * attend_.scale;
    q = block_queries(q, groups_, band);
    at::Tensor k = attend_.rotate(heads_of(key_(x), groups_), context);
    k = chain_keys(k, band);
    const at::Tensor v = chain_keys(heads_of(value_(x), groups_), band);
    at::Tensor p = at::bmm(q, neighbourhoods(k, band));  // [B·g·C, r·c, K]
    p = masked(p, band);
    p = attend_.normalize(std::move(p));
    at::Tensor merged = at::bmm(p, neighbourhoods(v, band).transpose(1, 2));
    merged = merge_blocks(merged, x.size(0), groups_, band);
    return without_padding(merged, band);
  }

  at::Tensor masked(const at::Tensor& scores, const Band& band) const {
    const at::Device device = scores.device();
    const at::Tensor reach = additive_mask(out_of_reach(band, window_ - 1, 0, device), scores.options());
    // Padded queries keep their padded keys, so that none is left without a key.
    const at::Tensor range = additive_mask(out_of_range(band, 0, band.padded(), device), scores.options());
    at::Tensor split = scores.view({-1, band.count, heads_ / groups_, band.block, band.keys()}) + reach;
    split.add_(range.unsqueeze(1));
    return split.view(scores.sizes());
  }

  std::int64_t window_, block_, heads_, groups_, width_;
  Attend attend_;
  Linear query_, key_, value_, output_;
};

// Tokens 0 to `global` are seen by all and see all, in the latter case through projections of their own. All other
// queries have one softmax over the global keys and their band, in which global keys are masked.
class Longformer final : public Attention {
 public:
  Longformer(Builder& b, const std::string& layer)
      : reach_(b.config.attention_options.at("window") / 2),
        block_(b.config.attention_options.at("block")),
        global_(b.config.attention_options.at("global")),
        heads_(b.config.head_count),
        attend_(b),
        query_(projection(b, layer, "query")),
        key_(projection(b, layer, "key")),
        value_(projection(b, layer, "value")),
        global_query_(projection(b, layer, "global_query")),
        global_key_(projection(b, layer, "global_key")),
        global_value_(projection(b, layer, "global_value")),
        output_(b, layer, "output", heads_ * b.config.head_dim, b.config.d_model, b.config.attention_bias) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor&, const AttentionContext& context) const override {
    const Band band = make_band(x.size(1), reach_, reach_, block_);
    const std::int64_t global = std::min(global_, band.seq);
    at::Tensor local = band_of(x, global, band, context);
    local = local.narrow(1, global, band.seq - global);
    const at::Tensor merged = at::cat({global_rows(x, global, context), local}, 1);
    local = at::Tensor();
    return output_(merged);
  }

 private:
  static Linear projection(Builder& b, const std::string& layer, const std::string& role) {
    return {b, layer, role, b.config.d_model, b.config.head_count * b.config.head_dim, b.config.attention_bias};
  }

  at::Tensor band_of(const at::Tensor& x, std::int64_t global, const Band& band,
                     const AttentionContext& context) const {
    at::Tensor q = attend_.rotate(heads_of(query_(x), heads_), context) * attend_.scale;
    q = block_queries(q, heads_, band);  // [B·n·C, c, d]
    at::Tensor k = attend_.rotate(heads_of(key_(x), heads_), context);
    k = chain_keys(k, band);
    const at::Tensor v = chain_keys(heads_of(value_(x), heads_), band);
    const std::int64_t sequence_count = x.size(0) * heads_;
    const auto leading = [&](const at::Tensor& chain) { return sequences(chain, band).narrow(1, 0, global); };
    at::Tensor p = at::bmm(q.view({sequence_count, band.padded(), -1}), leading(k).transpose(1, 2));  // [B·n, T', G]
    at::Tensor near = at::bmm(q, neighbourhoods(k, band));
    near = masked(near, global, band);
    p = at::cat({p.view({-1, band.block, global}), near}, -1);
    near = at::Tensor();
    p = attend_.normalize(std::move(p));  // [B·n·C, c, G + K]
    const auto parts = p.split_with_sizes({global, band.keys()}, -1);
    at::Tensor out = at::bmm(parts[1], neighbourhoods(v, band).transpose(1, 2));
    out = out + at::bmm(parts[0].view({sequence_count, band.padded(), global}), leading(v)).view(out.sizes());
    return merge_blocks(out, x.size(0), heads_, band);
  }

  at::Tensor masked(const at::Tensor& scores, std::int64_t global, const Band& band) const {
    const at::Device device = scores.device();
    const at::Tensor reach = additive_mask(out_of_reach(band, reach_, reach_, device), scores.options());
    const at::Tensor range = additive_mask(out_of_range(band, global, band.seq, device), scores.options());
    at::Tensor split = scores.view({-1, band.count, band.block, band.keys()}) + reach;
    split.add_(range);
    return split.view(scores.sizes());
  }

  at::Tensor global_rows(const at::Tensor& x, std::int64_t global, const AttentionContext& context) const {
    const std::int64_t batch = x.size(0), seq = x.size(1);
    AttentionContext first = context;
    if (context.cos.defined()) {
      first.cos = context.cos.narrow(0, 0, global);
      first.sin = context.sin.narrow(0, 0, global);
    }
    at::Tensor q = global_query_(x.narrow(1, 0, global).flatten(0, 1)).view({batch, global, -1});
    q = attend_.rotate(heads_of(q, heads_), first) * attend_.scale;
    q = q.reshape({batch * heads_, global, -1});
    at::Tensor k = attend_.rotate(heads_of(global_key_(x), heads_), context);
    k = k.reshape({batch * heads_, seq, -1});
    const at::Tensor v = heads_of(global_value_(x), heads_).reshape({batch * heads_, seq, -1});
    at::Tensor p = at::bmm(q, k.transpose(1, 2));
    p = attend_.normalize(std::move(p));
    return Attend::merge(at::bmm(p, v).view({batch, heads_, global, -1}));
  }

  std::int64_t reach_, block_, global_, heads_;
  Attend attend_;
  Linear query_, key_, value_, global_query_, global_key_, global_value_, output_;
};

}  // namespace

std::unique_ptr<Attention> make_window(Builder& builder, const AttentionPlace& place, std::int64_t window,
                                       std::int64_t block) {
  return std::make_unique<Window>(builder, place.layer, window, block);
}
std::unique_ptr<Attention> make_sliding_window(Builder& builder, const AttentionPlace& place) {
  const MechanismOptions& options = builder.config.attention_options;
  return make_window(builder, place, options.at("window"), options.at("block"));
}
std::unique_ptr<Attention> make_longformer(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<Longformer>(builder, place.layer);
}

}  // namespace headroom::models
