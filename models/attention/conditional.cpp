// Conditional attention (CoLT5: Ainslie et al. 2023, arXiv 2303.09752, section 3.2): all tokens attend to their window
// with a few light heads; with the heavy heads, the tokens that one router picks as queries attend to those that
// another one picks as keys. Weights of the picked keys multiply the tokens, weights of the picked queries their
// results.
#include "models/catalog/mechanisms/conditional.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/zeros.h>
#include <c10/core/ScalarType.h>

#include <cmath>
#include <limits>

#include "models/attention/attend.h"
#include "models/attention/chunks.h"
#include "models/attention/mechanisms.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

constexpr double kTemperature = 0.1;  // the router's temperature

struct Branch {
  Branch(Builder& b, const std::string& layer, const std::string& role, std::int64_t head_count)
      : heads(head_count),
        query(b, layer, role + "_query", b.config.d_model, heads * b.config.head_dim, b.config.attention_bias),
        key(b, layer, role + "_key", b.config.d_model, heads * b.config.head_dim, b.config.attention_bias),
        value(b, layer, role + "_value", b.config.d_model, heads * b.config.head_dim, b.config.attention_bias),
        output(b, layer, role + "_output", heads * b.config.head_dim, b.config.d_model, b.config.attention_bias) {}
  std::int64_t heads;
  Linear query, key, value, output;
};

struct Routed {
  at::Tensor rows;     // [B·k]: which rows of [B·T, ..]
  at::Tensor weights;  // [B, k, 1]
};

class Conditional final : public Attention {
 public:
  Conditional(Builder& b, const std::string& layer)
      : window_(b.config.attention_options.at("window")),
        query_share_(b.config.attention_options.at("query-share")),
        key_share_(b.config.attention_options.at("key-share")),
        iterations_(b.config.attention_options.at("iterations")),
        attend_(b),
        light_(b, layer, "light", b.config.attention_options.at("light-heads")),
        heavy_(b, layer, "heavy", b.config.attention_options.at("heavy-heads")),
        query_router_(b.parameter(layer, "query_router", {b.config.d_model}, Init::normal)),
        key_router_(b.parameter(layer, "key_router", {b.config.d_model}, Init::normal)) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor&, const AttentionContext&) const override {
    const std::int64_t width = x.size(2);
    at::Tensor y = light(x);
    const Routed queries = route(x, query_router_, routed_count(x.size(1), query_share_));
    const at::Tensor heavy = this->heavy(x, queries).view({-1, width});
    y.scatter_add_(0, queries.rows.unsqueeze(1).expand({-1, width}), heavy);
    return y.view(x.sizes());
  }

 private:
  at::Tensor light(const at::Tensor& x) const {  // [B·T, d_m]
    const std::int64_t batch = x.size(0), seq = x.size(1), sequences = batch * light_.heads;
    const LightBlocks blocks = light_blocks(seq, window_);
    const std::int64_t side = (blocks.seen - 1) / 2 * blocks.size, rest = blocks.count * blocks.size - seq;
    // [B, T, n·d] -> [blocks·B·n, c, d], zeros in the tokens before and after the sequence.
    const auto cut = [&](const at::Tensor& projected, std::int64_t before, std::int64_t after) {
      const at::Tensor all = before + after > 0 ? at::constant_pad_nd(projected, {0, 0, before, after}) : projected;
      return all.view({batch, -1, blocks.size, light_.heads, all.size(2) / light_.heads})
          .permute({1, 0, 3, 2, 4})
          .reshape({-1, blocks.size, all.size(2) / light_.heads});
    };
    const at::Tensor q = cut(light_.query(x) * attend_.scale, 0, rest);
    at::Tensor p = chunk_scores(q, cut(light_.key(x), side, side + rest), sequences);
    if (blocks.count > 1) hide(p, blocks, seq);
    p = attend_.normalize(std::move(p));
    p = chunk_heads(p, cut(light_.value(x), side, side + rest), sequences);
    p = p.view({blocks.count, batch, light_.heads, blocks.size, -1}).permute({1, 0, 3, 2, 4});
    p = p.reshape({batch, blocks.count * blocks.size, -1});
    if (rest > 0) p = p.narrow(1, 0, seq).clone(at::MemoryFormat::Contiguous);
    return light_.output(p.reshape({batch * seq, -1}));
  }

  // Out of the window, and out of the sequence.
  void hide(at::Tensor& scores, const LightBlocks& blocks, std::int64_t seq) const {
    const auto integers = scores.options().dtype(at::kLong).requires_grad(false);
    const at::Tensor keys = at::arange(-blocks.size, 2 * blocks.size, integers);
    const at::Tensor distance = at::arange(blocks.size, integers).unsqueeze(1) - keys;  // [c, 3c]
    const at::Tensor position = (at::arange(blocks.count, integers) * blocks.size).view({-1, 1, 1, 1}) + keys;
    const auto mask = [&](const at::Tensor& hidden) {
      return at::zeros(hidden.sizes(), scores.options().requires_grad(false))
          .masked_fill_(hidden, -std::numeric_limits<double>::infinity());
    };
    scores.add_(mask(distance.abs() > window_));
    const auto shape = scores.sizes().vec();
    scores = scores.view({blocks.count, -1, shape[1], shape[2]})
                 .add(mask((position < 0).logical_or_(position >= seq)))
                 .view(shape);
  }

  at::Tensor heavy(const at::Tensor& x, const Routed& queries) const {
    const std::int64_t batch = x.size(0);
    const auto picked = [&](const Routed& routed) {
      return x.reshape({-1, x.size(2)}).index_select(0, routed.rows).view({batch, -1, x.size(2)});
    };
    at::Tensor k, v;
    {
      const Routed keys = route(x, key_router_, routed_count(x.size(1), key_share_));
      const at::Tensor tokens = picked(keys) * keys.weights;
      k = attend_.split(heavy_.key(tokens), heavy_.heads);
      v = attend_.split(heavy_.value(tokens), heavy_.heads);
    }
    const at::Tensor q = attend_.split(heavy_.query(picked(queries)), heavy_.heads);
    const at::Tensor merged = Attend::merge(attend_(q, k, v, {}));
    return heavy_.output(merged) * queries.weights;
  }

  // The soft top-k of x·u: weights in (0, 1] of sum k that maximise scores and entropy, by coordinate descent on their
  // multipliers (a: the sum, b: each one's limit), then the k largest of them.
  Routed route(const at::Tensor& x, const at::Tensor& router, std::int64_t count) const {
    const std::int64_t batch = x.size(0), seq = x.size(1);
    const auto wide = c10::promoteTypes(x.scalar_type(), at::kFloat);
    const at::Tensor scores = at::linear(x, router.unsqueeze(0)).squeeze(2).to(wide);  // [B, T]
    at::Tensor sum, limit = -scores;
    for (std::int64_t i = 0; i < iterations_; ++i) {
      sum = (std::log(static_cast<double>(count)) - at::logsumexp((scores + limit) / kTemperature, {1}, true)) *
            kTemperature;
      limit = -at::relu(scores + sum);
    }
    const at::Tensor weights = ((scores + sum + limit) / kTemperature).exp();
    at::Tensor rows = std::get<1>(at::topk(weights.detach(), count, 1));
    rows = (rows + (at::arange(batch, rows.options()) * seq).unsqueeze(1)).view({-1});
    return {rows, weights.view({-1}).index_select(0, rows).to(x.scalar_type()).view({batch, count, 1})};
  }

  std::int64_t window_, query_share_, key_share_, iterations_;
  Attend attend_;
  Branch light_, heavy_;
  at::Tensor query_router_, key_router_;
};

}  // namespace

std::unique_ptr<Attention> make_conditional(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<Conditional>(builder, place.layer);
}

}  // namespace headroom::models
