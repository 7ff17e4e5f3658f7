// Synthesizers (Tay et al. 2020, arXiv 2005.00743): the scores come from each token alone (dense) or from parameters
// (random), never from a query and a key: softmax(B + M) X W^V. There is no 1/sqrt(d).
//
// Scores of a random synthesizer are the same for every sequence, so neither they nor their dropout masks have a batch
// dimension, and values are laid out [n, S, B·d] for one product per head.
#include <ATen/TensorOperators.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/relu.h>

#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

class Synthesizer : public Attention {
 public:
  Synthesizer(Builder& b, const std::string& layer)
      : heads_(b.config.head_count),
        width_(b.config.head_dim),
        attend_(b),
        value_(b, layer, "value", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias),
        output_(b, layer, "output", heads_ * b.config.head_dim, b.config.d_model, b.config.attention_bias) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor&, const AttentionContext& context) const override {
    const std::int64_t batch = x.size(0), seq = x.size(1);
    const at::Tensor p = probabilities(scores(x), context);  // [n, B, T, T], or [n, 1, T, T]
    const bool shared = p.size(1) < batch;
    at::Tensor v = value_(x).view({batch, seq, heads_, -1});
    v = (shared ? v.permute({2, 1, 0, 3}) : v.permute({2, 0, 1, 3})).reshape({p.size(0) * p.size(1), seq, -1});
    at::Tensor heads = at::bmm(p.flatten(0, 1), v);  // [n·B, T, d], or [n, T, B·d]
    heads = shared ? heads.view({heads_, seq, batch, -1}).permute({2, 1, 0, 3})
                   : heads.view({heads_, batch, seq, -1}).permute({1, 2, 0, 3});
    const at::Tensor merged = heads.flatten(2);
    return output_(merged);
  }

  CacheShape cache_shape() const override { return {{{heads_, width_}}}; }  // values

  at::Tensor decode(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                    const AttentionContext& context) const override {
    const auto rows = cache.append({heads_of_values(memory)});
    const at::Tensor p = probabilities(scores(x, context.first), context).transpose(0, 1);  // [B or 1, n, T, S]
    const at::Tensor merged = Attend::merge(sums_of(p.expand({x.size(0), -1, -1, -1}), rows[0]));
    return output_(merged);
  }

 protected:
  // Of x [B, T, d_m] behind `first` tokens, S = first + T: [n, B, T, S], or [n, 1, T, S] where they do not depend on
  // it.
  virtual at::Tensor scores(const at::Tensor& x, std::int64_t first = 0) const = 0;

  std::int64_t heads_;

 private:
  at::Tensor heads_of_values(const at::Tensor& x) const {  // [B, n, T, d]
    return value_(x).view({x.size(0), x.size(1), heads_, -1}).transpose(1, 2).contiguous();
  }

  at::Tensor probabilities(at::Tensor scores, const AttentionContext& context) const {
    if (context.bias.defined()) scores = scores + context.bias.unsqueeze(1);
    if (context.mask.defined()) scores = scores + context.mask;
    return attend_.normalize(std::move(scores));
  }

  std::int64_t width_;
  Attend attend_;
  Linear value_, output_;
};

// One matrix and, when asked, one bias per head: [n, B·T, d] -> [n, B·T, width].
class PerHead {
 public:
  PerHead(Builder& b, const std::string& layer, const std::string& role, std::int64_t width)
      : weight_(b.parameter(layer, role + ".weight", {b.config.head_count, width, b.config.head_dim}, Init::normal)) {
    if (b.config.attention_bias) bias_ = b.parameter(layer, role + ".bias", {b.config.head_count, width}, Init::zeros);
  }
  // The first `width` outputs.
  at::Tensor operator()(const at::Tensor& x, std::int64_t width) const {
    const at::Tensor weight = weight_.slice(1, 0, width).transpose(1, 2);
    if (!bias_.defined()) return at::bmm(x, weight);
    return at::baddbmm(bias_.slice(1, 0, width).unsqueeze(1), x, weight);
  }

 private:
  at::Tensor weight_, bias_;
};

// ReLU(W_1 x) of each head: [B, T, d_m] -> [n, B·T, d].
class Hidden {
 public:
  Hidden(Builder& b, const std::string& layer)
      : heads_(b.config.head_count),
        linear_(b, layer, "hidden", b.config.d_model, heads_ * b.config.head_dim, b.config.attention_bias) {}
  at::Tensor operator()(const at::Tensor& x) const {
    return at::relu(linear_(x).view({x.size(0) * x.size(1), heads_, -1}).transpose(0, 1).contiguous());
  }

 private:
  std::int64_t heads_;
  Linear linear_;
};

// B = W_2 ReLU(W_1 x): a score for each of T_max positions.
class Dense final : public Synthesizer {
 public:
  Dense(Builder& b, const std::string& layer)
      : Synthesizer(b, layer), hidden_(b, layer), scores_(b, layer, "scores", b.config.max_positions) {}

 private:
  at::Tensor scores(const at::Tensor& x, std::int64_t first) const override {
    return scores_(hidden_(x), first + x.size(1)).view({heads_, x.size(0), x.size(1), -1});
  }

  Hidden hidden_;
  PerHead scores_;
};

// B_j = A_⌊j/b⌋ C_{j mod b} with A = W_a ReLU(W_1 x), C = W_b ReLU(W_1 x).
class FactorizedDense final : public Synthesizer {
 public:
  FactorizedDense(Builder& b, const std::string& layer)
      : Synthesizer(b, layer),
        columns_(b.config.attention_options.at("b")),
        hidden_(b, layer),
        blocks_(b, layer, "blocks", b.config.attention_options.at("a")),
        within_(b, layer, "within", columns_) {}

 private:
  at::Tensor scores(const at::Tensor& x, std::int64_t first) const override {
    const std::int64_t seq = first + x.size(1);
    const at::Tensor hidden = hidden_(x);
    const at::Tensor blocks = blocks_(hidden, (seq + columns_ - 1) / columns_), within = within_(hidden, columns_);
    const at::Tensor products = (blocks.unsqueeze(-1) * within.unsqueeze(-2)).flatten(2);  // [n, B·T, >= T]
    return products.slice(2, 0, seq).view({heads_, x.size(0), x.size(1), seq});
  }

  std::int64_t columns_;
  Hidden hidden_;
  PerHead blocks_, within_;
};

// B = R, trained or as it was drawn.
class Random final : public Synthesizer {
 public:
  Random(Builder& b, const std::string& layer) : Synthesizer(b, layer) {
    const std::int64_t positions = b.config.max_positions;
    if (b.config.attention_options.at("scores") == 0) {
      scores_ = b.parameter(layer, "scores", {heads_, positions, positions}, Init::normal);
      return;
    }
    const auto options = at::TensorOptions(b.options.device).dtype(b.options.dtype);
    scores_ = b.buffer(at::empty({heads_, positions, positions}, options).normal_());
  }

 private:
  at::Tensor scores(const at::Tensor& x, std::int64_t first) const override {
    return scores_.slice(1, first, first + x.size(1)).slice(2, 0, first + x.size(1)).unsqueeze(1);
  }

  at::Tensor scores_;  // [n, T_max, T_max]
};

// B = R_1 R_2ᵀ.
class FactorizedRandom final : public Synthesizer {
 public:
  FactorizedRandom(Builder& b, const std::string& layer)
      : Synthesizer(b, layer), queries_(factor(b, layer, "query_factor")), keys_(factor(b, layer, "key_factor")) {}

 private:
  static at::Tensor factor(Builder& b, const std::string& layer, const std::string& role) {
    return b.parameter(layer, role,
                       {b.config.head_count, b.config.max_positions, b.config.attention_options.at("rank")},
                       Init::normal);
  }
  at::Tensor scores(const at::Tensor& x, std::int64_t first) const override {
    const std::int64_t seq = first + x.size(1);
    return at::bmm(queries_.slice(1, first, seq), keys_.slice(1, 0, seq).transpose(1, 2)).unsqueeze(1);
  }

  at::Tensor queries_, keys_;  // [n, T_max, rank]
};

}  // namespace

std::unique_ptr<Attention> make_dense_synthesizer(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<Dense>(builder, place.layer);
}
std::unique_ptr<Attention> make_factorized_dense_synthesizer(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<FactorizedDense>(builder, place.layer);
}
std::unique_ptr<Attention> make_random_synthesizer(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<Random>(builder, place.layer);
}
std::unique_ptr<Attention> make_factorized_random_synthesizer(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<FactorizedRandom>(builder, place.layer);
}

}  // namespace headroom::models
