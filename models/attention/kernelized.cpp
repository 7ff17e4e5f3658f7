// Attention with a kernel of features in the softmax's place: φ(q)·φ(k), so that keys and values are summed before any
// query meets them, and no T x S scores exist. Linear attention (Katharopoulos et al. 2020, arXiv 2006.16236), FAVOR+
// (Choromanski et al. 2020, arXiv 2009.14794) and cosFormer (Qin et al. 2022, arXiv 2202.08791).
//
// Features are kept as F with φ = F + a constant (FAVOR+'s stabiliser; 0 elsewhere), and the constant is carried into
// the sums: φ itself would be a second copy of the largest tensor there is. Below, G = B·n and m features per head.
#include <ATen/TensorOperators.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/clamp_min.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/sum.h>
#include <c10/core/ScalarType.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

constexpr double kSmallest = 1e-6;  // added to denominators, or their lower bound
constexpr double kConstant = 1e-4;  // FAVOR+'s, added to features

// Of the keys summed so far.
struct Sums {
  at::Tensor values;    // Σ φ(k) vᵀ: [G, m, d]
  at::Tensor features;  // Σ φ(k): [G, m, 1]
};

class Kernelized : public Attention {
 public:
  Kernelized(Builder& b, const AttentionPlace& place, double constant)
      : heads_(b.config.head_count),
        chunk_(b.config.attention_options.at("chunk")),
        constant_(constant),
        cross_(place.cross),
        query_(b, place.layer, "query", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        key_(b, place.layer, "key", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        value_(b, place.layer, "value", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        output_(b, place.layer, "output", heads_ * b.config.head_dim, b.config.d_model, b.config.attention_bias) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context) const override {
    const std::int64_t batch = x.size(0);
    at::Tensor q = split(query_(x)), k = split(key_(memory));
    const at::Tensor v = split(value_(memory));
    std::tie(q, k) = features(std::move(q), std::move(k), context);
    return output_(context.causal ? causal(q, k, v, batch) : merge(whole(q, k, v), batch).flatten(2));
  }

  CacheShape cache_shape() const override { return {}; }  // sums, whatever the number of tokens

  at::Tensor decode(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                    const AttentionContext& context) const override {
    const at::Tensor merged = decoded(x, memory, cache, context);
    return output_(merged);
  }

 protected:
  // F of a decoder's queries; context.first is their position.
  virtual at::Tensor decoded_queries(at::Tensor q, const AttentionContext& context) const = 0;
  // Adds keys and values to the states, which are none at first, and gives F of the keys.
  virtual at::Tensor add_keys(std::vector<at::Tensor>& states, at::Tensor k, const at::Tensor& v,
                              const AttentionContext& context) const {
    k = decoded_queries(std::move(k), context);
    Sums own = sum(k, v);
    own = {split_batch(own.values), split_batch(own.features)};
    if (states.empty()) {
      states = {own.values, own.features};
    } else {
      states[0].add_(own.values);
      states[1].add_(own.features);
    }
    return k;
  }
  // Of `count` keys.
  virtual Sums sums_of(const std::vector<at::Tensor>& states, std::int64_t) const {
    return {states[0].flatten(0, 1), states[1].flatten(0, 1)};
  }

  at::Tensor split_batch(const at::Tensor& x) const { return x.unflatten(0, {-1, heads_}); }
  // [G, T, d] and [G, S, d] -> F of both: [G, T, m] and [G, S, m].
  virtual std::pair<at::Tensor, at::Tensor> features(at::Tensor q, at::Tensor k,
                                                     const AttentionContext& context) const = 0;
  virtual at::Tensor denominators(const at::Tensor& sums) const = 0;

 private:
  at::Tensor decoded(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                     const AttentionContext& context) const {
    const at::Tensor q = decoded_queries(split(query_(x)), context);
    if (memory.defined()) {
      AttentionContext of_keys = context;
      if (cross_) of_keys.first = 0;
      const at::Tensor v = split(value_(memory));
      std::vector<at::Tensor> states = cache.states();
      const at::Tensor k = add_keys(states, split(key_(memory)), v, of_keys);
      cache.set_states(std::move(states));
      if (context.causal) return causal(q, k, v, x.size(0));
    }
    const Sums sums = sums_of(cache.states(), cross_ ? cache.room() : context.first + x.size(1));
    return merge(times(q, sums.values) / denominators(times(q, sums.features)), x.size(0)).flatten(2);
  }

  at::Tensor split(const at::Tensor& projected) const {  // [B, T, n·d] -> [G, T, d]
    return projected.view({projected.size(0), projected.size(1), heads_, -1})
        .transpose(1, 2)
        .contiguous()
        .flatten(0, 1);
  }
  at::Tensor merge(const at::Tensor& heads, std::int64_t batch) const {  // [G, T, d] -> [B, T, n, d], a view
    return heads.view({batch, heads_, heads.size(1), heads.size(2)}).transpose(1, 2);
  }

  Sums sum(const at::Tensor& k, const at::Tensor& v) const {
    Sums sums{at::bmm(k.transpose(1, 2), v), k.sum(1).unsqueeze(-1)};
    if (constant_ == 0) return sums;
    sums.values = sums.values + v.sum(1, true) * constant_;
    sums.features = sums.features + constant_ * static_cast<double>(k.size(1));
    return sums;
  }

  // φ(q) times a sum over features [G, m, w].
  at::Tensor times(const at::Tensor& q, const at::Tensor& sums) const {
    if (constant_ == 0) return at::bmm(q, sums);
    return at::baddbmm(sums.sum(1, true) * constant_, q, sums);
  }

  at::Tensor whole(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) const {
    const Sums sums = sum(k, v);
    const at::Tensor weighted = times(q, sums.values);
    return weighted / denominators(times(q, sums.features));
  }

  // Scores within a chunk, sums of the chunks before it: B·n·T·(C + m·d/C) numbers, where a sum for each position would
  // be B·n·T·m·d.
  at::Tensor causal(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, std::int64_t batch) const {
    const std::int64_t seq = q.size(1);
    std::vector<at::Tensor> outputs;
    Sums before;
    for (std::int64_t start = 0; start < seq; start += chunk_) {
      const std::int64_t end = std::min(start + chunk_, seq);
      const at::Tensor queries = q.slice(1, start, end), keys = k.slice(1, start, end), values = v.slice(1, start, end);
      const at::Tensor scores = scores_within(queries, keys);
      at::Tensor weights = scores.sum(-1, true), weighted;
      if (start == 0) {
        weighted = at::bmm(scores, values);
      } else {
        weights = weights + times(queries, before.features);
        weighted = at::baddbmm(times(queries, before.values), scores, values);
      }
      outputs.push_back(merge(weighted / denominators(weights), batch));
      if (end == seq) break;
      const Sums own = sum(keys, values);
      before = start == 0 ? own : Sums{before.values + own.values, before.features + own.features};
    }
    return at::cat(outputs, 1).flatten(2);
  }

  at::Tensor scores_within(const at::Tensor& q, const at::Tensor& k) const {  // [G, C, C]
    at::Tensor scores = at::bmm(q, k.transpose(1, 2));
    if (constant_ != 0) {
      scores += q.sum(-1, true) * constant_;
      scores += k.sum(-1).unsqueeze(1) * constant_;
      scores += constant_ * constant_ * static_cast<double>(q.size(2));
    }
    return scores.tril_();
  }

  std::int64_t heads_, chunk_;
  double constant_;
  bool cross_;
  Linear query_, key_, value_, output_;
};

// φ(x) = elu(x) + 1.
class LinearAttention final : public Kernelized {
 public:
  LinearAttention(Builder& b, const AttentionPlace& place) : Kernelized(b, place, 0) {}

 private:
  std::pair<at::Tensor, at::Tensor> features(at::Tensor q, at::Tensor k, const AttentionContext&) const override {
    return {at::elu(q) + 1.0, at::elu(k) + 1.0};
  }
  at::Tensor decoded_queries(at::Tensor q, const AttentionContext&) const override { return at::elu(q) + 1.0; }
  at::Tensor denominators(const at::Tensor& sums) const override { return sums + kSmallest; }
};

// m directions, orthogonal within each block of d, as long as Gaussian vectors are: [m, d].
at::Tensor orthogonal_features(std::int64_t count, std::int64_t width, const BuildOptions& options) {
  const auto wide =
      at::TensorOptions(options.device).dtype(c10::promoteTypes(options.dtype, at::kFloat));  // what QR is defined for
  const at::Tensor blocks = at::randn({(count + width - 1) / width, width, width}, wide);
  const auto [orthogonal, triangular] = at::linalg_qr(blocks);
  const at::Tensor signs = triangular.diagonal(0, 1, 2).sgn().unsqueeze(1);  // else QR would prefer some directions
  const at::Tensor directions = (orthogonal * signs).reshape({-1, width}).slice(0, 0, count);
  const at::Tensor lengths = at::linalg_vector_norm(at::randn({count, width}, wide), 2, at::IntArrayRef{1}, true);
  return (directions * lengths).to(options.dtype);
}

// φ(x) = exp(ω x̂ − |x̂|²/2 − largest) + 1e-4 with x̂ = x / d^(1/4); the factor 1/sqrt(m) of queries and keys cancels.
// `largest` is that of a query's features, and that of all keys and features; it cancels but for the constant.
class Performer final : public Kernelized {
 public:
  Performer(Builder& b, const AttentionPlace& place)
      : Kernelized(b, place, kConstant),
        attend_(b),
        directions_(
            b.buffer(orthogonal_features(b.config.attention_options.at("features"), b.config.head_dim, b.options))) {}

 private:
  std::pair<at::Tensor, at::Tensor> features(at::Tensor q, at::Tensor k,
                                             const AttentionContext& context) const override {
    q = attend_.rotate(q, context);
    k = attend_.rotate(k, context);
    return {exponentials(q * std::sqrt(attend_.scale), -1), exponentials(k * std::sqrt(attend_.scale), {-2, -1})};
  }
  at::Tensor denominators(const at::Tensor& sums) const override { return sums; }

  at::Tensor decoded_queries(at::Tensor q, const AttentionContext& context) const override {
    return exponentials(attend_.rotate(q, context) * std::sqrt(attend_.scale), -1);
  }

  // States: Σ F vᵀ, Σ F, Σ v and the largest exponent so far, to which F of all keys is scaled.
  at::Tensor add_keys(std::vector<at::Tensor>& states, at::Tensor k, const at::Tensor& v,
                      const AttentionContext& context) const override {
    k = attend_.rotate(k, context) * std::sqrt(attend_.scale);
    at::Tensor exponents = at::matmul(k, directions_.t());
    at::Tensor largest = exponents.amax({-2, -1}, true);
    exponents.sub_(k.pow(2).sum(-1, true) * 0.5);
    if (!states.empty()) {
      const at::Tensor before = states[3].flatten(0, 1);
      largest = at::maximum(largest, before);
      const at::Tensor factor = split_batch((before - largest).exp_());
      states[0].mul_(factor);
      states[1].mul_(factor);
      states[3].copy_(split_batch(largest));
    }
    k = exponents.sub_(largest).exp_();
    const std::vector<at::Tensor> own{split_batch(at::bmm(k.transpose(1, 2), v)), split_batch(k.sum(1).unsqueeze(-1)),
                                      split_batch(v.sum(1, true))};
    if (states.empty()) {
      states = own;
      states.push_back(split_batch(largest));
    } else {
      for (std::size_t i = 0; i < own.size(); ++i) states[i].add_(own[i]);
    }
    return k;
  }
  Sums sums_of(const std::vector<at::Tensor>& states, std::int64_t count) const override {
    return {(states[0] + states[2] * kConstant).flatten(0, 1),
            (states[1] + kConstant * static_cast<double>(count)).flatten(0, 1)};
  }

  at::Tensor exponentials(const at::Tensor& x, at::IntArrayRef largest_over) const {
    at::Tensor exponents = at::matmul(x, directions_.t());
    const at::Tensor half_squares = x.pow(2).sum(-1, true) * 0.5;
    exponents -= half_squares + exponents.detach().amax(largest_over, true);
    return exponents.exp_();
  }

  Attend attend_;          // rotary positions, and the scale of scores
  at::Tensor directions_;  // ω: [m, d]
};

// φ(x_i) = ReLU(x_i) ⊙ (sin, cos)(π/2·i/M), M the longer sequence: a score is ReLU(q_i)·ReLU(k_j)·cos(π/2·(i − j)/M).
// The weights are not negative, so that ReLU can follow them and keeps their product, which is needed anyway.
class CosFormer final : public Kernelized {
 public:
  CosFormer(Builder& b, const AttentionPlace& place) : Kernelized(b, place, 0) {}

 private:
  std::pair<at::Tensor, at::Tensor> features(at::Tensor q, at::Tensor k, const AttentionContext&) const override {
    const std::int64_t longest = std::max(q.size(1), k.size(1));
    const auto wide = q.options().dtype(c10::promoteTypes(q.scalar_type(), at::kFloat));
    const at::Tensor angles = at::arange(1, longest + 1, wide) * (std::numbers::pi / 2 / static_cast<double>(longest));
    const at::Tensor weights =  // the last cosine is 0, not what rounding makes of it
        at::stack({angles.sin(), angles.cos().clamp_min_(0)}, 1).to(q.scalar_type()).unsqueeze(-1);
    const auto reweighted = [&](const at::Tensor& x) {
      return (x.unsqueeze(2) * weights.slice(0, 0, x.size(1))).relu_().flatten(2);
    };
    return {reweighted(q), reweighted(k)};
  }
  // M is the length at the end.
  at::Tensor decoded_queries(at::Tensor q, const AttentionContext& context) const override {
    const auto wide = q.options().dtype(c10::promoteTypes(q.scalar_type(), at::kFloat));
    const at::Tensor angles = at::arange(context.first + 1, context.first + q.size(1) + 1, wide) *
                              (std::numbers::pi / 2 / static_cast<double>(context.longest));
    const at::Tensor weights = at::stack({angles.sin(), angles.cos().clamp_min_(0)}, 1).to(q.scalar_type());
    return (q.unsqueeze(2) * weights.unsqueeze(-1)).relu_().flatten(2);
  }
  at::Tensor denominators(const at::Tensor& sums) const override { return sums.clamp_min(kSmallest); }
};

}  // namespace

std::unique_ptr<Attention> make_linear(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<LinearAttention>(builder, place);
}
std::unique_ptr<Attention> make_performer(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<Performer>(builder, place);
}
std::unique_ptr<Attention> make_cosformer(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<CosFormer>(builder, place);
}

}  // namespace headroom::models
