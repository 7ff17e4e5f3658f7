// The two things called EL attention: slices of the input as keys and values, and the exact re-ordering of MHA.
#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>

#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

class ElSlice final : public Attention {
 public:
  ElSlice(Builder& b, const std::string& layer, bool turned)
      : heads_(b.config.head_count),
        width_(b.config.head_dim),
        turned_(turned),
        attend_(b),
        query_(b, layer, "query", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        output_(b, layer, "output", heads_ * b.config.head_dim, b.config.d_model, b.config.attention_bias) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context) const override {
    at::Tensor q = attend_.split(query_(x), heads_);
    const at::Tensor v = attend_.split(memory, heads_);
    q = attend_.rotate(q, context);
    const at::Tensor k = attend_.rotate(v, context);
    const at::Tensor merged = Attend::merge(attend_(q, k, v, context));
    return output_(merged);
  }

  // One stream, unless rotary positions turn the keys only.
  CacheShape cache_shape() const override { return {std::vector<CacheStream>(turned_ ? 2 : 1, {heads_, width_})}; }

  at::Tensor decode(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                    const AttentionContext& context) const override {
    const at::Tensor merged = mixed(x, memory, cache, context);
    return output_(merged);
  }

 private:
  at::Tensor mixed(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                   const AttentionContext& context) const {
    const at::Tensor q = attend_.rotate(attend_.split(query_(x), heads_), context);
    const auto rows = cache.joined(memory, [&] {
      std::vector<at::Tensor> joining{attend_.split(memory, heads_)};
      if (turned_) joining.push_back(attend_.rotate(joining[0], context));
      return joining;
    });
    return Attend::merge(attend_(q, rows.back(), rows.front(), context));
  }

  std::int64_t heads_, width_;
  bool turned_;
  Attend attend_;
  Linear query_, output_;
};

// scores_i = (q_i W_i^Kᵀ Hᵀ + q_i·b_i^K) / sqrt(d), head_i = softmax(scores_i) H W_i^V + b_i^V, with H the memory.
// With dropout on the probabilities b_i^V is added undropped, where MHA scales it by the dropped row sums.
class ElExact final : public Attention {
 public:
  ElExact(Builder& b, const std::string& layer, bool cross)
      : heads_(b.config.head_count),
        width_(b.config.d_model),
        cross_(cross),
        attend_(b),
        query_(b, layer, "query", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        key_(b, layer, "key", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        value_(b, layer, "value", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        output_(b, layer, "output", heads_ * b.config.head_dim, b.config.d_model, b.config.attention_bias) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context) const override {
    const std::int64_t batch = x.size(0), query_len = x.size(1), width = memory.size(2);
    const at::Tensor q = query_(x).view({batch * query_len, heads_, -1}).transpose(0, 1);  // [n, B·T, d]
    at::Tensor wide = at::bmm(q, per_head(key_.weight()));                                 // [n, B·T, d_m]
    wide = wide.view({heads_, batch, query_len, width}).transpose(0, 1).reshape({batch, heads_ * query_len, width});
    at::Tensor p = attend_.probabilities(wide, memory, context, key_bias(q, batch));  // [B, n·T, S]
    p = at::bmm(p, memory);                                                           // [B, n·T, d_m]
    return finished(std::move(p), batch, query_len);
  }

  // The input itself; of a cross-attention the other sequence, one tensor for all layers and beams.
  CacheShape cache_shape() const override { return {{{1, width_}}, 0, cross_}; }

  at::Tensor decode(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                    const AttentionContext& context) const override {
    const std::int64_t batch = x.size(0), query_len = x.size(1);
    if (cross_ && memory.defined()) cache.share(memory);
    const auto rows = cross_ ? cache.rows() : cache.append({memory.unsqueeze(1)});
    at::Tensor p;  // [B, 1, n·T, S]
    {
      const at::Tensor q = query_(x).view({batch * query_len, heads_, -1}).transpose(0, 1);
      at::Tensor wide = at::bmm(q, per_head(key_.weight()));
      wide = wide.view({heads_, batch, query_len, width_}).transpose(0, 1).reshape({batch, 1, -1, width_});
      p = scores_of(wide, rows[0]);
      if (const at::Tensor bias = key_bias(q, batch); bias.defined())
        p = (p.view({bias.size(0), bias.size(1), -1, p.size(3)}) + bias).view(p.sizes());
    }
    p = attend_.finish(std::move(p), context);
    p = sums_of(p, rows[0]);
    return finished(std::move(p), batch, query_len);
  }

 private:
  // Sums of hidden states [B, n·T, d_m] to the sublayer's output.
  at::Tensor finished(at::Tensor p, std::int64_t batch, std::int64_t query_len) const {
    p = p.view({batch, heads_, query_len, width_}).transpose(0, 1).reshape({heads_, batch * query_len, width_});
    at::Tensor head = at::bmm(p, per_head(value_.weight()).transpose(1, 2));  // [n, B·T, d]
    if (value_.bias().defined()) head = head + value_.bias().view({heads_, 1, -1});
    head = head.transpose(0, 1).reshape({batch, query_len, -1});
    return output_(head);
  }

  at::Tensor per_head(const at::Tensor& weight) const {
    return weight.view({heads_, -1, weight.size(1)});
  }  // [n, d, d_m]

  at::Tensor key_bias(const at::Tensor& q, std::int64_t batch) const {
    if (!key_.bias().defined()) return {};
    const at::Tensor rows = at::bmm(q, key_.bias().view({heads_, -1, 1}));  // [n, B·T, 1]
    return rows.view({heads_, batch, -1}).transpose(0, 1).reshape({batch, -1, 1, 1});
  }

  std::int64_t heads_, width_;
  bool cross_;
  Attend attend_;
  Linear query_, key_, value_, output_;
};

}  // namespace

std::unique_ptr<Attention> make_el_slice(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<ElSlice>(builder, place.layer, is_rotary(builder.config.positions) && !place.cross);
}
std::unique_ptr<Attention> make_el_exact(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<ElExact>(builder, place.layer, place.cross);
}

}  // namespace headroom::models
