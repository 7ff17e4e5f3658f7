// Collaborative attention (Cordonnier et al. 2020, arXiv 2006.16362, section 3): queries and keys of D dimensions are
// shared by all heads, each of which weighs the dimensions with a row of the mixing matrix. What biases of queries and
// keys would add to the scores is the content bias, one number for each head and key.
#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/eye.h>

#include <cmath>

#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

class Collaborative final : public Attention {
 public:
  Collaborative(Builder& b, const std::string& layer)
      : heads_(b.config.head_count),
        shared_(b.config.attention_options.at("shared")),
        width_(b.config.head_dim),
        attend_(b),
        query_(b, layer, "query", b.config.d_model, shared_, false),
        key_(b, layer, "key", b.config.d_model, shared_, false),
        mixing_(b.parameter(layer, "mixing", {heads_, shared_}, Init::normal)),
        content_bias_(b, layer, "content_bias", b.config.d_model, heads_, false),
        value_(b, layer, "value", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        output_(b, layer, "output", heads_ * b.config.head_dim, b.config.d_model, b.config.attention_bias) {
    if (b.config.attention_scaled)
      attend_.scale = std::sqrt(static_cast<double>(heads_) / static_cast<double>(shared_));
  }

  at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context) const override {
    const std::int64_t batch = x.size(0), query_len = x.size(1);
    at::Tensor p;
    {
      const at::Tensor q = query_(x).unsqueeze(1) * mixing_.unsqueeze(1);                    // [B, n, T, D]
      const at::Tensor bias = content_bias_(memory).transpose(1, 2).unsqueeze(2);            // [B, n, 1, S]
      p = attend_.probabilities(q.view({batch, -1, shared_}), key_(memory), context, bias);  // [B, n·T, S]
    }
    const at::Tensor v = attend_.split(value_(memory), heads_).flatten(0, 1);
    at::Tensor merged = at::bmm(p.view({batch * heads_, query_len, -1}), v);
    merged = Attend::merge(merged.view({batch, heads_, query_len, -1}));
    return output_(merged);
  }

  // Shared keys, content biases, values.
  CacheShape cache_shape() const override { return {{{1, shared_}, {1, heads_}, {heads_, width_}}}; }

  at::Tensor decode(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                    const AttentionContext& context) const override {
    const std::int64_t batch = x.size(0), query_len = x.size(1);
    const auto rows = cache.joined(memory, [&] {
      return std::vector{key_(memory).unsqueeze(1), content_bias_(memory).unsqueeze(1),
                         attend_.split(value_(memory), heads_)};
    });
    at::Tensor p;
    {
      const at::Tensor q = query_(x).unsqueeze(1) * mixing_.unsqueeze(1);  // [B, n, T, D]
      p = scores_of(q.view({batch, 1, -1, shared_}), rows[0]).view({batch, heads_, query_len, -1});
      const at::Tensor every = at::eye(heads_, q.options()).expand({batch, 1, -1, -1});  // each head its own bias
      p.add_(scores_of(every, rows[1]).transpose(1, 2));                                 // [B, n, 1, S]
    }
    p = attend_.finish(std::move(p), context);
    const at::Tensor merged = Attend::merge(sums_of(p, rows[2]));
    return output_(merged);
  }

 private:
  std::int64_t heads_, shared_, width_;
  Attend attend_;
  Linear query_, key_;
  at::Tensor mixing_;
  Linear content_bias_, value_, output_;
};

}  // namespace

std::unique_ptr<Attention> make_collaborative(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<Collaborative>(builder, place.layer);
}

}  // namespace headroom::models
