// Adaptive attention spans (Sukhbaatar et al. 2019, arXiv 1905.07799, section 3) in an encoder, as EdgeBERT has them
// (Tambe et al. 2020, arXiv 2011.14203, section 3.2): the probability of a key at distance x is multiplied by
// m(x) = clamp((R + z·S - x) / R, 0, 1), and what is left is normalised again. z is learned for each head, S the
// model's longest sequence. Distances count to both sides. Operators in the order of the authors' AdaptiveSpan.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/softmax.h>
#include <c10/core/ScalarType.h>

#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

constexpr double kSmallest = 1e-8;  // added to the sum that divides, by the authors' code

class AdaptiveSpan final : public Attention {
 public:
  AdaptiveSpan(Builder& b, const std::string& layer)
      : heads_(b.config.head_count),
        longest_(static_cast<double>(b.config.max_positions)),
        ramp_(static_cast<double>(b.config.attention_options.at("ramp"))),
        attend_(b),
        query_(projection(b, layer, "query")),
        key_(projection(b, layer, "key")),
        value_(projection(b, layer, "value")),
        output_(b, layer, "output", heads_ * b.config.head_dim, b.config.d_model, b.config.attention_bias),
        span_(b.parameter(layer, "span", {heads_}, Init::normal)) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor&, const AttentionContext& context) const override {
    const at::Tensor merged = mix(x, context);
    return output_(merged);
  }

 private:
  static Linear projection(Builder& b, const std::string& layer, const std::string& role) {
    return {b, layer, role, b.config.d_model, b.config.head_count * b.config.head_dim, b.config.attention_bias};
  }

  at::Tensor mix(const at::Tensor& x, const AttentionContext& context) const {
    const std::int64_t batch = x.size(0), seq = x.size(1);
    const at::Tensor q = Attend::rotate(attend_.split(query_(x), heads_), context).flatten(0, 1);  // [B·n, T, d]
    const at::Tensor k = Attend::rotate(attend_.split(key_(x), heads_), context).flatten(0, 1);
    const at::Tensor v = attend_.split(value_(x), heads_).flatten(0, 1);
    at::Tensor p = at::bmm(q, k.transpose(1, 2));
    if (attend_.scale != 1.0) p = p * attend_.scale;
    p = at::softmax(p, -1).view({batch, heads_, seq, seq});
    p = p * mask(seq);
    p = p / (p.sum(-1, true) + kSmallest);
    p = dropout(p, attend_.dropout_rate);
    return Attend::merge(at::bmm(p.view({-1, seq, seq}), v).view({batch, heads_, seq, -1}));
  }

  // [n, T, T]. Distances of half precision would be rounded.
  at::Tensor mask(std::int64_t seq) const {
    const at::ScalarType wide = c10::promoteTypes(span_.scalar_type(), at::kFloat);
    const at::Tensor places = at::arange(seq, at::TensorOptions(span_.device()).dtype(wide));
    const at::Tensor distance = (places.unsqueeze(1) - places).abs_();
    at::Tensor reach = span_.to(wide).view({heads_, 1, 1}) * longest_ - distance;
    reach = reach / ramp_ + 1.0;
    return reach.clamp(0.0, 1.0).to(span_.scalar_type());
  }

  std::int64_t heads_;
  double longest_, ramp_;
  Attend attend_;
  Linear query_, key_, value_, output_;
  at::Tensor span_;  // z, in shares of the longest sequence
};

}  // namespace

std::unique_ptr<Attention> make_adaptive_span(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<AdaptiveSpan>(builder, place.layer);
}

}  // namespace headroom::models
