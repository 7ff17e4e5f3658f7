#include "models/attention/relative.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/attention/rotary.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// [B, T, n, d] and [n, d] -> [B·n, T, d], contiguous.
at::Tensor by_sequence(const at::Tensor& query, const at::Tensor& bias) {
  const std::int64_t batch = query.size(0), seq = query.size(1), heads = query.size(2), width = query.size(3);
  at::Tensor sum = at::empty({batch, heads, seq, width}, query.options());
  at::add_out(sum, query.transpose(1, 2), bias.unsqueeze(1));
  return sum.view({batch * heads, seq, width});
}

// [B, T, n, d] and [n, d] -> [n, B·T, d], a view whose rows lie n·d apart.
at::Tensor by_head(const at::Tensor& query, const at::Tensor& bias) {
  return (query + bias).flatten(0, 1).transpose(0, 1);
}

// Of products [n, B·T, T] the elements that belong to keys 0 … T − 2 of each query, [B, n, T, T − 1], and to the last
// key of the last query, [B, n]: that of i and j lies T − 1 − i + j into row i.
at::Tensor shifted(const at::Tensor& products, std::int64_t batch) {
  const std::int64_t seq = products.size(2);
  return products.view({products.size(0), batch, seq * seq})
      .narrow(2, seq - 1, seq * (seq - 1))
      .view({products.size(0), batch, seq, seq - 1})
      .transpose(0, 1);
}
at::Tensor last(const at::Tensor& products, std::int64_t batch) {
  const std::int64_t seq = products.size(2);
  return products.view({products.size(0), batch, seq * seq}).select(2, seq * seq - 1).transpose(0, 1);
}

class RelativeScores : public torch::autograd::Function<RelativeScores> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& query, const at::Tensor& key,
                            const at::Tensor& distances, const at::Tensor& content, const at::Tensor& position) {
    context->save_for_backward({query, key, distances, content, position});
    const std::int64_t batch = key.size(0), heads = key.size(1), seq = key.size(2), width = key.size(3);
    const at::Tensor q = query.view({batch, seq, heads, width});
    const at::Tensor scores = at::bmm(by_sequence(q, content), key.view({batch * heads, seq, width}).transpose(1, 2));
    const at::Tensor products =
        at::bmm(by_head(q, position), distances.view({seq, heads, width}).permute({1, 2, 0}));  // [n, B·T, T]
    const at::Tensor of_heads = scores.view({batch, heads, seq, seq});
    of_heads.narrow(3, 0, seq - 1).add_(shifted(products, batch));
    of_heads.select(2, seq - 1).select(2, seq - 1).add_(last(products, batch));
    return scores;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& key = saved[1];
    const std::int64_t batch = key.size(0), heads = key.size(1), seq = key.size(2), width = key.size(3);
    const at::Tensor q = saved[0].view({batch, seq, heads, width});
    const at::Tensor& gradient = gradients[0];  // [B·n, T, T]
    at::Tensor of_query = at::bmm(gradient, key.view({batch * heads, seq, width}));
    of_query = of_query.view({batch, heads, seq, width}).transpose(1, 2);
    const at::Tensor of_content = of_query.sum(at::IntArrayRef({0, 1}));
    const at::Tensor of_key = at::bmm(gradient.transpose(1, 2), by_sequence(q, saved[3])).view(key.sizes());
    const at::Tensor products = at::zeros({heads, batch * seq, seq}, gradient.options());
    const at::Tensor of_heads = gradient.view({batch, heads, seq, seq});
    shifted(products, batch).copy_(of_heads.narrow(3, 0, seq - 1));
    last(products, batch).copy_(of_heads.select(2, seq - 1).select(2, seq - 1));
    const at::Tensor r = saved[2].view({seq, heads, width}).transpose(0, 1);  // [n, T, d]
    const at::Tensor of_shifted = at::bmm(products, r).transpose(0, 1).view({batch, seq, heads, width});
    const at::Tensor of_position = of_shifted.sum(at::IntArrayRef({0, 1}));
    const at::Tensor of_distances = at::bmm(products.transpose(1, 2), by_head(q, saved[4]));  // [n, T, d]
    return {(of_query + of_shifted).reshape({batch, seq, heads * width}), of_key,
            of_distances.transpose(0, 1).reshape({seq, heads * width}), of_content, of_position};
  }
};

class Relative final : public Attention {
 public:
  Relative(Builder& b, const std::string& layer)
      : heads_(b.config.head_count),
        attend_(b),
        query_(b, layer, "query", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        key_(b, layer, "key", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        value_(b, layer, "value", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        position_(b, layer, "position", b.config.d_model, heads_ * b.config.head_dim, false),
        content_bias_(b.parameter(layer, "content_bias", {heads_, b.config.head_dim}, Init::normal)),
        position_bias_(b.parameter(layer, "position_bias", {heads_, b.config.head_dim}, Init::normal)),
        output_(b, layer, "output", heads_ * b.config.head_dim, b.config.d_model, b.config.attention_bias) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context) const override {
    const std::int64_t batch = x.size(0), seq = x.size(1);
    at::Tensor p;
    {
      const at::Tensor q = query_(x), k = attend_.split(key_(memory), heads_);
      p = relative_scores(q, k, position_(context.distances), content_bias_, position_bias_);
    }
    if (attend_.scale != 1.0) p = p * attend_.scale;
    p = (p.view({-1, seq, seq}) + context.mask).view(p.sizes());
    p = attend_.normalize(std::move(p));
    const at::Tensor v = attend_.split(value_(memory), heads_).view({batch * heads_, seq, -1});
    at::Tensor head = at::bmm(p, v).view({batch, heads_, seq, -1});
    head = Attend::merge(head);
    return output_(head);
  }

 private:
  std::int64_t heads_;
  Attend attend_;
  Linear query_, key_, value_, position_;
  at::Tensor content_bias_, position_bias_;
  Linear output_;
};

}  // namespace

at::Tensor distance_sinusoids(std::int64_t seq, std::int64_t width, at::TensorOptions options) {
  const at::Tensor rates = inverse_frequencies(width, 10000.0, options.device());
  const at::Tensor angles = at::arange(seq - 1, -1, -1, rates.options()).unsqueeze(1) * rates;
  return at::cat({angles.sin(), angles.cos()}, -1).to(options.dtype());
}

at::Tensor relative_scores(const at::Tensor& query, const at::Tensor& key, const at::Tensor& distances,
                           const at::Tensor& content, const at::Tensor& position) {
  const at::ScalarType dtype = query.scalar_type();  // under autocast another one than the parameters'
  return RelativeScores::apply(query, key, distances, content.to(dtype), position.to(dtype));
}

std::unique_ptr<Attention> make_relative(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<Relative>(builder, place.layer);
}

}  // namespace headroom::models
