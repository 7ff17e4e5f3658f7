// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1): keys and values of all heads are made from
// one latent of each token; positions are in d_r further dimensions, whose key all heads share.
#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/matmul.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

constexpr double kLatentEps = 1e-6;  // of the latents' norms

class Latent final : public Attention {
 public:
  Latent(Builder& b, const std::string& layer)
      : heads_(b.config.head_count),
        query_rank_(b.config.attention_options.at("q-rank")),
        rank_(b.config.attention_options.at("kv-rank")),
        nope_(b.config.attention_options.at("nope")),
        rope_(b.config.attention_options.at("rope")),
        value_(b.config.attention_options.at("value")),
        absorbed_(b.config.attention_options.at("absorbed") == 1),
        attend_(b) {
    if (absorbed_ && !attend_.eager())
      throw bad_input("mla:absorbed=yes runs eager only: its keys are as wide as the latents; use --sdpa eager");
    if (b.config.attention_scaled) attend_.scale = 1.0 / std::sqrt(static_cast<double>(nope_ + rope_));
    const std::int64_t width = b.config.d_model;
    const bool bias = b.config.attention_bias;
    if (query_rank_ > 0) {
      query_down_.emplace(b, layer, "query_down", width, query_rank_, bias);
      query_norm_ = b.parameter(layer, "query_norm.weight", {query_rank_}, Init::ones);
    }
    query_up_.emplace(b, layer, query_rank_ > 0 ? "query_up" : "query", query_rank_ > 0 ? query_rank_ : width,
                      heads_ * (nope_ + rope_), false);
    down_.emplace(b, layer, "key_value_down", width, rank_ + rope_, bias);
    norm_ = b.parameter(layer, "key_value_norm.weight", {rank_}, Init::ones);
    up_.emplace(b, layer, "key_value_up", rank_, heads_ * (nope_ + value_), false);
    output_.emplace(b, layer, "output", heads_ * value_, width, bias);
  }

  at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context) const override {
    return absorbed_ ? absorbed(x, memory, context) : expanded(x, memory, context);
  }

  // The latent and the turned part of the key, in one row.
  CacheShape cache_shape() const override { return {{{1, rank_ + rope_}}}; }

  at::Tensor decode(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                    const AttentionContext& context) const override {
    const auto rows = cache.joined(memory, [&] {
      const Latents latent = latents(memory, context);
      at::Tensor row = latent.content.unsqueeze(1);
      if (rope_ > 0) row = at::cat({row, latent.position}, -1);
      return std::vector{row};
    });
    const at::Tensor merged = absorbed_ ? absorbed_heads(x, rows[0], context) : expanded_heads(x, rows[0], context);
    return (*output_)(merged);
  }

 private:
  // Keys or values of all heads from rows [B, 1, t, r_kv + d_r].
  at::Tensor keys(const at::Tensor& row) const {
    const at::Tensor up = up_->weight().view({heads_, nope_ + value_, rank_}).narrow(1, 0, nope_);
    const at::Tensor content = at::matmul(row.narrow(3, 0, rank_), up.transpose(1, 2));  // [B, n, t, d_n]
    return rope_ > 0 ? at::cat({content, row.narrow(3, rank_, rope_).expand({-1, heads_, -1, -1})}, -1) : content;
  }
  at::Tensor values(const at::Tensor& row) const {
    const at::Tensor up = up_->weight().view({heads_, nope_ + value_, rank_}).narrow(1, nope_, value_);
    return at::matmul(row.narrow(3, 0, rank_), up.transpose(1, 2));
  }

  at::Tensor expanded_heads(const at::Tensor& x, const CachedRows& rows, const AttentionContext& context) const {
    at::Tensor q = heads(queries(x), nope_ + rope_);
    if (context.cos.defined())
      q = at::cat({q.narrow(3, 0, nope_), attend_.rotate(q.narrow(3, nope_, rope_), context)}, -1);
    const CachedRows k = rows.mapped([this](const at::Tensor& row) { return keys(row); });
    const CachedRows v = rows.mapped([this](const at::Tensor& row) { return values(row); });
    if (attend_.eager()) {  // a page at a time becomes keys and values of all heads
      const at::Tensor p = attend_.finish(scores_of(q.contiguous(), k), context);
      return Attend::merge(sums_of(p, v));
    }
    if (attend_.backend != AttentionBackend::flash) return Attend::merge(attend_(q, k, v, context));
    // Flash kernels want heads of one size.
    const std::int64_t width = std::max(nope_ + rope_, value_);
    const auto wide = [&](const at::Tensor& narrow) { return widened(narrow, width); };
    const at::Tensor merged = attend_(wide(q), wide(k.part(0)), wide(v.part(0)), context);
    return Attend::merge(merged.narrow(3, 0, value_));
  }

  at::Tensor absorbed_heads(const at::Tensor& x, const CachedRows& rows, const AttentionContext& context) const {
    const std::int64_t batch = x.size(0), query_len = x.size(1), tokens = batch * query_len;
    const at::Tensor up = up_->weight().view({heads_, nope_ + value_, rank_});
    at::Tensor p = scores_of(absorbed_queries(x, up, context).unsqueeze(1), rows);  // [B, 1, n·T, S]
    p = attend_.finish(std::move(p), context);
    p = sums_of(p, rows.mapped([this](const at::Tensor& row) { return row.narrow(3, 0, rank_); }));
    p = p.view({batch, heads_, query_len, rank_}).transpose(0, 1).reshape({heads_, tokens, rank_});
    const at::Tensor head = at::bmm(p, up.narrow(1, nope_, value_).transpose(1, 2));  // [n, B·T, d_v]
    return head.transpose(0, 1).reshape({batch, query_len, heads_ * value_});
  }

  // [B, n·T, r_kv + d_r].
  at::Tensor absorbed_queries(const at::Tensor& x, const at::Tensor& up, const AttentionContext& context) const {
    const std::int64_t batch = x.size(0), query_len = x.size(1), tokens = batch * query_len;
    const at::Tensor projected = queries(x);
    const at::Tensor content = projected.view({tokens, heads_, -1}).transpose(0, 1).narrow(2, 0, nope_);
    at::Tensor q = at::bmm(content, up.narrow(1, 0, nope_));  // [n, B·T, r_kv]
    q = q.view({heads_, batch, query_len, rank_}).transpose(0, 1);
    if (rope_ > 0)
      q = at::cat({q, attend_.rotate(heads(projected, nope_ + rope_).narrow(3, nope_, rope_), context)}, -1);
    return q.reshape({batch, heads_ * query_len, rank_ + rope_});
  }

  struct Latents {
    at::Tensor content;   // [B, S, r_kv], normalised
    at::Tensor position;  // [B, 1, S, d_r], turned: with the content what a decoder caches
  };

  at::Tensor queries(const at::Tensor& x) const {  // [B, T, n·(d_n + d_r)]
    if (query_rank_ == 0) return (*query_up_)(x);
    return (*query_up_)(rms_norm((*query_down_)(x), query_norm_, kLatentEps));
  }

  Latents latents(const at::Tensor& memory, const AttentionContext& context) const {
    const at::Tensor both = (*down_)(memory);
    const at::Tensor position = attend_.rotate(both.narrow(2, rank_, rope_).unsqueeze(1), context);
    return {rms_norm(both.narrow(2, 0, rank_), norm_, kLatentEps), position};
  }

  // [B, T, n·w] -> [B, n, T, w], a view.
  at::Tensor heads(const at::Tensor& projected, std::int64_t width) const {
    return projected.view({projected.size(0), projected.size(1), heads_, width}).transpose(1, 2);
  }

  // Joins parts of heads [B, n, T, ·] in the layout that Attend wants.
  at::Tensor join(const at::Tensor& content, const at::Tensor& position) const {
    if (attend_.eager()) return at::cat({content, position}, -1);
    return at::cat({content.transpose(1, 2), position.transpose(1, 2)}, -1).transpose(1, 2);
  }
  // Heads that do not keep the projection alive from which they were cut.
  at::Tensor copied(const at::Tensor& heads) const {
    if (attend_.eager()) return heads.clone(at::MemoryFormat::Contiguous);
    return heads.transpose(1, 2).clone(at::MemoryFormat::Contiguous).transpose(1, 2);
  }
  static at::Tensor widened(const at::Tensor& heads, std::int64_t width) {
    if (heads.size(3) == width) return heads;
    return at::constant_pad_nd(heads.transpose(1, 2), {0, width - heads.size(3)}).transpose(1, 2);
  }

  at::Tensor expanded(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context) const {
    // Flash kernels want heads of one size.
    const bool flash = attend_.backend == AttentionBackend::flash;
    const std::int64_t width = flash ? std::max(nope_ + rope_, value_) : 0;
    at::Tensor q = heads(queries(x), nope_ + rope_);
    if (context.cos.defined())
      q = join(q.narrow(3, 0, nope_), attend_.rotate(q.narrow(3, nope_, rope_), context));
    else if (attend_.eager())
      q = q.contiguous();
    at::Tensor k, v;
    {
      const Latents latent = latents(memory, context);
      const at::Tensor both = heads((*up_)(latent.content), nope_ + value_);
      k = both.narrow(3, 0, nope_);
      v = both.narrow(3, nope_, value_);
      const bool share = rope_ == 0 && !attend_.eager() && (!flash || nope_ == value_);
      if (rope_ > 0)
        k = join(k, latent.position.expand({-1, heads_, -1, -1}));
      else if (!share)
        k = copied(k);
      if (flash && value_ < width)
        v = widened(v, width);
      else if (!share)
        v = copied(v);
    }
    if (flash) {
      q = widened(q, width);
      k = widened(k, width);
    }
    at::Tensor merged = attend_(q, k, v, context);
    merged = Attend::merge(flash ? merged.narrow(3, 0, value_) : merged);
    return (*output_)(merged);
  }

  // The key matrices go to the queries and the value matrices to the sums, so that the latents are key and value.
  at::Tensor absorbed(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context) const {
    const std::int64_t batch = x.size(0), query_len = x.size(1), tokens = batch * query_len;
    const at::Tensor up = up_->weight().view({heads_, nope_ + value_, rank_});
    const at::Tensor q = absorbed_queries(x, up, context);
    at::Tensor k;  // [B, S, r_kv + d_r]
    {
      const Latents latent = latents(memory, context);
      k = rope_ > 0 ? at::cat({latent.content, latent.position.squeeze(1)}, -1) : latent.content;
    }
    at::Tensor p = attend_.probabilities(q, k, context);  // [B, n·T, S]
    p = at::bmm(p, k.narrow(2, 0, rank_));                // [B, n·T, r_kv]
    p = p.view({batch, heads_, query_len, rank_}).transpose(0, 1).reshape({heads_, tokens, rank_});
    at::Tensor head = at::bmm(p, up.narrow(1, nope_, value_).transpose(1, 2));  // [n, B·T, d_v]
    head = head.transpose(0, 1).reshape({batch, query_len, heads_ * value_});
    return (*output_)(head);
  }

  std::int64_t heads_, query_rank_, rank_, nope_, rope_, value_;
  bool absorbed_;
  Attend attend_;
  std::optional<Linear> query_down_, query_up_, down_, up_, output_;
  at::Tensor query_norm_, norm_;
};

}  // namespace

std::unique_ptr<Attention> make_latent(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<Latent>(builder, place.layer);
}

}  // namespace headroom::models
