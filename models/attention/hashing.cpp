// LSH attention (Reformer: Kitaev et al. 2020, arXiv 2001.04451, section 2), as in transformers' LSHSelfAttention:
// queries are keys, keys have length 1; tokens are sorted by the hash of their query, and each chunk of the sorted
// sequence attends to itself and to the chunk before it, the first one to the last. Several rounds of hashing are one
// sorted sequence, and a token's results are summed with the softmax of their log-sums.
#include "models/catalog/mechanisms/hashing.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/max.h>
#include <ATen/ops/min.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/where.h>
#include <c10/core/ScalarType.h>

#include <array>

#include "models/attention/attend.h"
#include "models/attention/chunks.h"
#include "models/attention/mechanisms.h"
#include "models/attention/rotary.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

constexpr double kLengthEps = 1e-6;  // of the keys' length

class Hashing final : public Attention {
 public:
  Hashing(Builder& b, const std::string& layer)
      : heads_(b.config.head_count),
        width_(b.config.head_dim),
        chunk_(b.config.attention_options.at("chunk")),
        rounds_(b.config.attention_options.at("hashes")),
        buckets_(b.config.attention_options.at("buckets")),
        factor_(b.config.attention_options.at("factor")),
        seed_(b.config.attention_options.at("seed")),
        max_positions_(b.config.max_positions),
        attend_(b),
        query_key_(b, layer, "query_key", b.config.d_model, heads_ * width_, b.config.attention_bias),
        value_(b, layer, "value", b.config.d_model, heads_ * width_, b.config.attention_bias),
        output_(b, layer, "output", heads_ * width_, b.config.d_model, b.config.attention_bias) {}

  at::Tensor forward(const at::Tensor& x, const at::Tensor&, const AttentionContext& context) const override {
    const at::Tensor merged = x.size(1) <= chunk_ ? full(x, context) : chunked(x, context);
    return output_(merged);
  }

 private:
  // A sequence of one chunk: all tokens in sight.
  at::Tensor full(const at::Tensor& x, const AttentionContext& context) const {
    const std::int64_t batch = x.size(0), seq = x.size(1);
    const at::Tensor q = attend_.split(turned(query_key_(x), context), heads_).view({batch * heads_, seq, width_});
    at::Tensor p = at::bmm(q, keys(q).transpose(1, 2));
    const at::Tensor positions = at::arange(seq, x.options().dtype(at::kLong).requires_grad(false));
    hide(p, positions, positions, context.causal);
    p = attend_.normalize(std::move(p));
    p = at::bmm(p, attend_.split(value_(x), heads_).view({batch * heads_, seq, width_}));
    return Attend::merge(p.view({batch, heads_, seq, width_}));
  }

  // Where the sorted sequence has its tokens: rows of [B·T·n, d], the layout of a projection.
  struct Order {
    at::Tensor chain;  // [C + 1, B·n, c]: the last chunk, then all of them
    at::Tensor home;   // [B·T·n·h]: where, in C chunks without the first, each token's result of each round stands
  };

  at::Tensor chunked(const at::Tensor& x, const AttentionContext& context) const {
    const std::int64_t batch = x.size(0), sequences = batch * heads_, own = sequences * rounds_ * x.size(1) / chunk_;
    const auto gathered = [&](const at::Tensor& projected, const at::Tensor& rows) {
      return projected.view({-1, width_}).index_select(0, rows.view({-1})).view({-1, chunk_, width_});
    };
    at::Tensor q = turned(query_key_(x), context);
    const Order order = sorted(q, context.decided);
    q = gathered(q, order.chain);
    at::Tensor p = chunk_scores(q.narrow(0, sequences, own), keys(q), sequences);  // [C·B·n, c, 2c]
    q = at::Tensor();
    const at::Tensor rows = order.chain.view({-1, chunk_});
    hide(p, rows.narrow(0, sequences, own), at::cat({rows.narrow(0, 0, own), rows.narrow(0, sequences, own)}, 1),
         context.causal);
    at::Tensor sums;
    p = normalized(std::move(p), sums);
    p = chunk_heads(p, gathered(value_(x), order.chain), sequences);
    p = p.view({-1, width_}).index_select(0, order.home);
    if (rounds_ > 1) {
      sums = at::softmax(sums.view({-1}).index_select(0, order.home).view({-1, 1, rounds_}), -1).to(p.scalar_type());
      p = at::bmm(sums, p.view({-1, rounds_, width_}));
    }
    return p.view({batch, x.size(1), heads_ * width_});
  }

  // Rotary positions on [B, T, n·d], before the hash: tokens whose scores are high then fall into one bucket.
  at::Tensor turned(const at::Tensor& projected, const AttentionContext& context) const {
    if (!context.cos.defined()) return projected;
    const at::Tensor heads = projected.view({projected.size(0), projected.size(1), heads_, width_});
    return rotate(heads, context.cos.unsqueeze(1), context.sin.unsqueeze(1), context.rotary_interleaved)
        .view(projected.sizes());
  }

  // q / (|q| + eps), with 1/sqrt(d) of the scores in it: q rsqrt(mean q² + eps) / sqrt(d).
  at::Tensor keys(const at::Tensor& q) const {
    const double width = static_cast<double>(width_);
    return q * at::rsqrt(q.pow(2).sum(-1, true) + width * kLengthEps);
  }

  // Adds to scores [.., c, k], in place, what leaves a token to itself only where it has no other, and none to those
  // before it. Finite numbers, so that no row is empty; those of transformers.
  static void hide(at::Tensor& scores, const at::Tensor& queries, const at::Tensor& keys, bool causal) {
    const bool half = scores.scalar_type() == at::kHalf;
    const at::Tensor rows = queries.unsqueeze(-1), columns = keys.unsqueeze(-2);
    scores.add_(rows == columns, half ? -1e3 : -1e5);
    if (causal) scores.add_(rows < columns, half ? -1e4 : -1e9);
  }

  // Probabilities, and where there are rounds to sum the logarithms of the scores' sums. Those are the largest score
  // less the logarithm of its probability: an operator that takes the scores would keep them beside the probabilities.
  at::Tensor normalized(at::Tensor scores, at::Tensor& sums) const {
    if (rounds_ == 1) return attend_.normalize(std::move(scores));
    const at::ScalarType dtype = scores.scalar_type(), wide = c10::promoteTypes(dtype, at::kFloat);
    const at::Tensor p = at::softmax(scores, -1, attend_.softmax_fp32 ? wide : dtype);
    sums = std::get<0>(at::max(scores, -1)) - std::get<0>(at::max(p, -1)).log();
    scores = at::Tensor();
    return dropout(p.to(dtype), attend_.dropout_rate);
  }

  // Buckets of [B, T, n·d] in each round, those of later rounds after those of earlier ones: [B·n, h·T].
  at::Tensor hashes(const at::Tensor& projected) const {
    const std::int64_t batch = projected.size(0), seq = projected.size(1);
    const std::vector<std::int64_t> factors = bucket_factors(buckets_, seq, chunk_, max_positions_, factor_);
    const at::Tensor rotations = this->rotations(factors, projected.options());
    const std::int64_t directions = rotations.size(3);
    at::Tensor turned = projected.view({batch * seq, heads_, width_}).transpose(0, 1);
    turned = at::bmm(turned, rotations.view({heads_, width_, -1})).view({heads_, batch, seq, rounds_, directions});
    at::Tensor hash;
    std::int64_t first = 0, count = 1;
    for (std::int64_t factor : factors) {
      const at::Tensor part = turned.narrow(-1, first, factor / 2);
      const auto [highest, forward] = at::max(part, -1);
      const auto [lowest, backward] = at::min(part, -1);
      const at::Tensor digit = at::where(highest >= -lowest, forward, backward + factor / 2);
      hash = hash.defined() ? hash + count * digit : digit;
      first += factor / 2;
      count *= factor;
    }
    hash += count * at::arange(rounds_, hash.options());
    return hash.permute({1, 0, 3, 2}).reshape({batch * heads_, rounds_ * seq});
  }

  at::Tensor rotations(const std::vector<std::int64_t>& factors, const at::TensorOptions& options) const {
    std::int64_t directions = 0;
    for (std::int64_t factor : factors) directions += factor / 2;
    const std::array shape{heads_, width_, rounds_, directions};
    if (seed_ < 0) return at::randn(shape, options);
    at::Generator own = at::globalContext().defaultGenerator(options.device()).clone();
    own.set_current_seed(static_cast<std::uint64_t>(seed_));
    return at::randn(shape, own, options);
  }

  // The first run's, where there was one: equal inputs up to rounding may hash otherwise. Rotations are drawn all the
  // same, so that dropout draws what it drew.
  at::Tensor decided_hashes(const at::Tensor& projected, at::Tensor* decided) const {
    if (decided == nullptr) return hashes(projected);
    if (decided->defined())
      rotations(bucket_factors(buckets_, projected.size(1), chunk_, max_positions_, factor_), projected.options());
    else
      *decided = hashes(projected);
    return *decided;
  }

  Order sorted(const at::Tensor& projected, at::Tensor* decided) const {
    const at::NoGradGuard no_grad;
    const std::int64_t batch = projected.size(0), seq = projected.size(1), sequences = batch * heads_;
    const at::Tensor order = at::argsort(decided_hashes(projected, decided), true, -1, false);  // [B·n, h·T]
    const auto integers = order.options();
    const at::Tensor places = at::arange(order.numel(), integers).view({-1, sequences, chunk_}).transpose(0, 1);
    Order result;
    result.home = at::empty_like(order).scatter_(1, order, places.reshape(order.sizes()));
    result.home = result.home.view({batch, heads_, rounds_, seq}).permute({0, 3, 1, 2}).reshape({-1});
    const at::Tensor first = (at::arange(batch, integers) * (seq * heads_)).unsqueeze(1) + at::arange(heads_, integers);
    at::Tensor rows = order.remainder(seq) * heads_ + first.view({-1, 1});
    rows = rows.view({sequences, -1, chunk_}).transpose(0, 1);
    result.chain = at::cat({rows.slice(0, -1), rows});
    return result;
  }

  std::int64_t heads_, width_, chunk_, rounds_, buckets_, factor_, seed_, max_positions_;
  Attend attend_;
  Linear query_key_, value_, output_;
};

}  // namespace

std::unique_ptr<Attention> make_hashing(Builder& builder, const AttentionPlace& place) {
  return std::make_unique<Hashing>(builder, place.layer);
}

}  // namespace headroom::models
