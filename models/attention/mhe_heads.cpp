#include "models/attention/mhe_heads.h"

#include <ATen/ops/add.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

namespace headroom::models {
namespace {

constexpr std::int64_t kHeadsAtOnce = 4;  // heads in one product with E
constexpr double kHidden = -std::numeric_limits<double>::infinity();

double lowest(const at::Tensor& x) {
  return x.scalar_type() == at::kDouble ? std::numeric_limits<double>::lowest()
                                        : static_cast<double>(std::numeric_limits<float>::lowest());
}

// The largest max β - min β for which exp(S - max S) · exp(β - max β) loses less than the rounding of the sum over
// `keys` terms: the smallest normal number is exp(-smallest), one rounding is 2^-digits.
double span_limit(at::ScalarType type, std::int64_t keys) {
  const double smallest = type == at::kDouble ? 708.39 : 87.33;
  const double digits = type == at::kDouble ? 53 : 24;
  return smallest - std::log(static_cast<double>(keys)) - digits * std::log(2.0);
}

void mix(at::Tensor& x, std::int64_t shift, std::int64_t factor) {
  const at::Tensor high = x.bitwise_right_shift(shift).bitwise_and_((std::int64_t{1} << (64 - shift)) - 1);
  x.bitwise_xor_(high);
  if (factor != 1) x.mul_(factor);
}

// Tensors cut from one allocation, which is as large as the larger of two ways needs.
class Workspace {
 public:
  Workspace(std::int64_t count, const at::TensorOptions& options) : buffer_(at::empty({count}, options)) {}
  void clear() { used_ = 0; }
  at::Tensor take(at::IntArrayRef shape) {
    const std::int64_t count = c10::multiply_integers(shape);
    used_ += count;
    return buffer_.slice(0, used_ - count, used_).view(shape);
  }

 private:
  at::Tensor buffer_;
  std::int64_t used_ = 0;
};

}  // namespace

at::Tensor Masks::operator()(const at::Tensor& rows, std::int64_t visible, std::int64_t keys,
                             at::ScalarType type) const {
  at::Tensor x = at::arange(visible, rows.options()).unsqueeze(0) + (rows * keys).unsqueeze(1);
  x.mul_(static_cast<std::int64_t>(0x9E3779B97F4A7C15ULL)).add_(seed_);  // splitmix64
  mix(x, 30, static_cast<std::int64_t>(0xBF58476D1CE4E5B9ULL));
  mix(x, 27, static_cast<std::int64_t>(0x94D049BB133111EBULL));
  mix(x, 31, 1);
  constexpr std::int64_t range = 1 << 24;
  x.bitwise_and_(range - 1);
  return x.ge(std::llround(rate_ * static_cast<double>(range))).to(type).mul_(1.0 / (1.0 - rate_));
}

SequenceHeads::SequenceHeads(const Plan& plan, const Sequence& sequence, const Masks& masks)
    : plan_(plan),
      at_(sequence),
      masks_(masks),
      query_len_(sequence.q.size(0)),
      key_len_(sequence.k.size(0)),
      block_rows_(std::min(kBlockRows, query_len_)) {
  if (plan.causal) hidden_ = at::full({block_rows_, block_rows_}, kHidden, at_.q.options()).triu_(1);
  if (at_.real.defined())
    padding_ = at::zeros({key_len_}, at_.k.options()).masked_fill_(at_.real.logical_not(), kHidden);
}

void SequenceHeads::score(const at::Tensor& scores, const at::Tensor& rows) const {
  const at::Tensor keys = at_.k.slice(0, 0, scores.size(1)).t();
  scores.addmm_(rows, keys, 0, plan_.scale);
  if (padding_.defined()) scores.add_(padding_.slice(0, 0, scores.size(1)));
}

at::Tensor SequenceHeads::maximum(const at::Tensor& scores) const {
  at::Tensor result = scores.amax(1, true);
  return padding_.defined() ? result.clamp_min_(lowest(result)) : result;
}

void SequenceHeads::fill_empty_rows(const at::Tensor& sums, const at::Tensor& maximum) const {
  if (padding_.defined()) sums.add_(maximum.eq(lowest(maximum)));
}

at::Tensor SequenceHeads::row_numbers(Rows rows, std::int64_t head) const {
  const std::int64_t first = (at_.index * plan_.heads + head) * query_len_ + rows.first;
  return at::arange(first, first + rows.count(), at_.q.options().dtype(at::kLong));
}

void SequenceHeads::head_dots(const at::Tensor& dots, const at::Tensor& x, const at::Tensor& y) const {
  at::Tensor flat = dots.view({-1, 1, 1});
  at::bmm_out(flat, x.view({-1, 1, plan_.width}), y.view({-1, plan_.width, 1}));
}

namespace {

// Added embeddings.
class AddedHeads final : public SequenceHeads {
 public:
  // `shares`: what an earlier call decided of this sequence. `value` is [n, d] under dropout, else undefined.
  AddedHeads(const Plan& plan, const Sequence& sequence, const Masks& masks, const at::Tensor& query,
             const at::Tensor& value, HeadGradients* gradients, std::optional<bool> shares)
      : SequenceHeads(plan, sequence, masks),
        query_(query),
        value_(value),
        gradients_(gradients),
        group_(masks.any() ? 1 : std::min(kHeadsAtOnce, plan.heads)),
        weights_(at::empty({key_len_, plan.heads}, sequence.k.options())),
        workspace_(workspace_size(), sequence.k.options()) {
    weights_.addmm_(at_.k, query_.t(), 0, plan_.scale);
    if (padding_.defined()) weights_.add_(padding_.unsqueeze(1));
    shares_ = shares ? *shares : !plan_.per_head && within_limit();
    if (gradients_) d_weights_ = at::zeros_like(weights_);
    if (shares_) weights_.sub_(largest_weights()).exp_();
  }

  void forward(Rows rows, const at::Tensor& heads, const at::Tensor& sums) override {
    workspace_.clear();
    return shares_ ? forward_shared(rows, heads, sums) : forward_per_head(rows, heads, sums);
  }
  void backward(Rows rows, const at::Tensor& d_heads, const at::Tensor& heads, const at::Tensor& sums) override {
    workspace_.clear();
    return shares_ ? backward_shared(rows, d_heads, heads, sums) : backward_per_head(rows, d_heads, heads, sums);
  }
  void finish_backward() override {
    if (shares_) d_weights_.mul_(weights_);
    at_.dk.addmm_(d_weights_, query_, 1, plan_.scale);
    gradients_->query.addmm_(d_weights_.t(), at_.k, 1, plan_.scale);
  }
  bool shares_exponentials() const override { return shares_; }

 private:
  // Of each head, [1, n].
  at::Tensor largest_weights() const {
    at::Tensor result = weights_.amax(0, true);
    return padding_.defined() ? result.clamp_min_(lowest(result)) : result;
  }
  // Reads host memory.
  bool within_limit() const {
    at::Tensor smallest = weights_;
    if (padding_.defined()) smallest = at::where(at_.real.unsqueeze(1), weights_, -kHidden);
    const at::Tensor span = (largest_weights().squeeze(0) - smallest.amin(0)).amax();
    return span.item<double>() <= span_limit(weights_.scalar_type(), key_len_);
  }

  std::int64_t workspace_size() const {
    const bool back = gradients_ != nullptr;
    const std::int64_t scores = block_rows_ * key_len_, values = key_len_ * group_ * plan_.width;
    const std::int64_t dropped = masks_.any() ? scores * (back ? 2 : 1) : 0;
    const std::int64_t per_head = (back ? 4 * scores + key_len_ : 2 * scores) + dropped;
    const std::int64_t shared = (back ? 2 * (scores + values) + key_len_ * group_ : scores + values) + dropped;
    return plan_.per_head ? per_head : std::max(shared, per_head);
  }

  at::Tensor scores(Rows rows) {
    const at::Tensor result = workspace_.take({rows.count(), visible(rows)});
    score(result, rows.of(at_.q));
    if (at_.bias.of_all_heads()) result.add_(ScoreBias::part(at_.bias.value, rows, result.size(1)).squeeze(0));
    if (plan_.causal)
      result.slice(1, rows.first, rows.last).add_(hidden_.slice(0, 0, rows.count()).slice(1, 0, rows.count()));
    return result;
  }

  // S + β_h and the biases of a head: into [R, keys].
  void scores_of_head(at::Tensor& result, const at::Tensor& shared, Rows rows, std::int64_t head) const {
    const std::int64_t keys = shared.size(1);
    at::add_out(result, shared, weights_.slice(0, 0, keys).select(1, head));
    if (at_.bias.of_each_head()) result.add_(ScoreBias::part(at_.bias.value, rows, keys).select(0, head));
  }

  // `probabilities` where dropout keeps them, else themselves.
  at::Tensor dropped(const at::Tensor& probabilities, const at::Tensor& mask) {
    if (!masks_.any()) return probabilities;
    at::Tensor result = workspace_.take(probabilities.sizes());
    return at::mul_out(result, probabilities, mask);
  }
  at::Tensor mask(Rows rows, std::int64_t head) const {
    if (!masks_.any()) return {};
    return masks_(row_numbers(rows, head), visible(rows), key_len_, at_.q.scalar_type());
  }

  // w_h ⊙ (v + g_h) of the heads [first, last): into [S, heads, d].
  void weigh_values(at::Tensor& values, std::int64_t first, std::int64_t last) const {
    const std::int64_t keys = values.size(0);
    const at::Tensor w = weights_.slice(0, 0, keys).slice(1, first, last).unsqueeze(2);
    const at::Tensor v = at_.v.slice(0, 0, keys).unsqueeze(1);
    if (!masks_.any()) {
      at::mul_out(values, v, w);
      return;
    }
    at::add_out(values, v, value_.slice(0, first, last));
    values.mul_(w);
  }

  void forward_shared(Rows rows, const at::Tensor& heads, at::Tensor sums) {
    const std::int64_t keys = visible(rows), d = plan_.width;
    const at::Tensor e = scores(rows);
    {
      const at::Tensor maximum = this->maximum(e);
      e.sub_(maximum).exp_();
      at::mm_out(sums, e, weights_.slice(0, 0, keys));
      fill_empty_rows(sums, maximum);
    }
    at::Tensor buffer = workspace_.take({keys * group_ * d});
    const at::Tensor kept = masks_.any() ? workspace_.take(e.sizes()) : at::Tensor();
    for (std::int64_t h = 0; h < plan_.heads; h += group_) {
      const std::int64_t end = std::min(h + group_, plan_.heads);
      at::Tensor values = buffer.slice(0, 0, keys * (end - h) * d).view({keys, end - h, d});
      weigh_values(values, h, end);
      at::Tensor numerator = heads.slice(1, h * d, end * d), seen = e;
      if (masks_.any()) at::mul_out(seen = kept, e, mask(rows, h));
      at::mm_out(numerator, seen, values.view({keys, -1}));
    }
    heads.view({rows.count(), plan_.heads, d}).div_(sums.unsqueeze(2));
  }

  void backward_shared(Rows rows, const at::Tensor& d_heads, const at::Tensor& heads, const at::Tensor& sums) {
    const std::int64_t keys = visible(rows), d = plan_.width;
    const at::Tensor e = scores(rows), de = workspace_.take(e.sizes());
    e.sub_(maximum(e)).exp_();
    const at::Tensor w = weights_.slice(0, 0, keys), dw = d_weights_.slice(0, 0, keys);
    const at::Tensor d_sums = at::empty_like(sums);
    head_dots(d_sums, d_heads, heads);
    d_sums.div_(sums).neg_();
    d_heads.view({rows.count(), plan_.heads, d}).div_(sums.unsqueeze(2));  // of the numerators from here
    de.addmm_(d_sums, w.t(), 0);
    at::Tensor value_buffer = workspace_.take({keys * group_ * d}),
               product_buffer = workspace_.take({keys * group_ * d});
    at::Tensor row_buffer = workspace_.take({keys * group_});
    const at::Tensor kept = masks_.any() ? workspace_.take(e.sizes()) : at::Tensor();
    const at::Tensor d_kept = masks_.any() ? workspace_.take(e.sizes()) : at::Tensor();
    const at::Tensor v = at_.v.slice(0, 0, keys), dv = at_.dv.slice(0, 0, keys);
    for (std::int64_t h = 0; h < plan_.heads; h += group_) {
      const std::int64_t end = std::min(h + group_, plan_.heads), count = end - h;
      at::Tensor values = value_buffer.slice(0, 0, keys * count * d).view({keys, count, d});
      at::Tensor products = product_buffer.slice(0, 0, keys * count * d).view({keys, count * d});
      weigh_values(values, h, end);
      const at::Tensor d_numerator = d_heads.slice(1, h * d, end * d);
      if (masks_.any()) {
        const at::Tensor m = mask(rows, h);
        at::Tensor kept_out = kept;
        at::mul_out(kept_out, e, m);
        at::mm_out(products, kept.t(), d_numerator);
        d_kept.addmm_(d_numerator, values.view({keys, -1}).t(), 0);
        de.addcmul_(d_kept, m);
        const at::Tensor embedding = value_[h];
        dw.select(1, h).addmv_(products, embedding);
        gradients_->value.select(0, h).addmv_(products.t(), w.select(1, h));
      } else {
        at::mm_out(products, e.t(), d_numerator);
        de.addmm_(d_numerator, values.view({keys, -1}).t());
      }
      const at::Tensor by_head = products.view({keys, count, d});
      dv.unsqueeze(1).baddbmm_(w.slice(1, h, end).unsqueeze(1), by_head);
      at::Tensor row = row_buffer.slice(0, 0, keys * count).view({keys, count, 1});
      at::bmm_out(row, by_head, v.unsqueeze(2));
      dw.slice(1, h, end).add_(row.squeeze(2));
    }
    dw.addmm_(e.t(), d_sums);
    e.mul_(de);
    add_score_gradients(rows, e);
  }

  void forward_per_head(Rows rows, const at::Tensor& heads, const at::Tensor& log_sums) {
    const std::int64_t keys = visible(rows), d = plan_.width;
    const at::Tensor s = scores(rows);
    at::Tensor p = workspace_.take(s.sizes());
    const at::Tensor kept = masks_.any() ? workspace_.take(s.sizes()) : at::Tensor();
    for (std::int64_t h = 0; h < plan_.heads; ++h) {
      scores_of_head(p, s, rows, h);
      const at::Tensor maximum = this->maximum(p);
      p.sub_(maximum).exp_();
      const at::Tensor sums = p.sum(1, true);
      fill_empty_rows(sums, maximum);
      at::Tensor head = heads.slice(1, h * d, (h + 1) * d), seen = p;
      if (masks_.any()) at::mul_out(seen = kept, p, mask(rows, h));
      at::mm_out(head, seen, at_.v.slice(0, 0, keys));
      if (masks_.any()) head.addcmul_(seen.sum(1, true), value_.slice(0, h, h + 1));
      head.div_(sums);
      log_sums.slice(1, h, h + 1).copy_(sums.log().add_(maximum));
    }
  }

  void backward_per_head(Rows rows, const at::Tensor& d_heads, const at::Tensor& heads, const at::Tensor& log_sums) {
    const std::int64_t keys = visible(rows), d = plan_.width;
    const at::Tensor s = scores(rows);
    at::Tensor p = workspace_.take(s.sizes()), column = workspace_.take({keys});
    const at::Tensor dp = workspace_.take(s.sizes()), ds = workspace_.take(s.sizes());
    const at::Tensor kept = masks_.any() ? workspace_.take(s.sizes()) : at::Tensor();
    const at::Tensor dots = at::empty_like(log_sums);
    head_dots(dots, d_heads, heads);
    ds.zero_();
    const at::Tensor v = at_.v.slice(0, 0, keys), dv = at_.dv.slice(0, 0, keys);
    for (std::int64_t h = 0; h < plan_.heads; ++h) {
      const at::Tensor d_head = d_heads.slice(1, h * d, (h + 1) * d);
      scores_of_head(p, s, rows, h);
      p.sub_(log_sums.slice(1, h, h + 1)).exp_();
      dp.addmm_(d_head, v.t(), 0);
      at::Tensor seen = p;
      if (masks_.any()) {
        const at::Tensor m = mask(rows, h);
        at::mul_out(seen = kept, p, m);
        dp.add_(d_head.mv(value_[h]).unsqueeze(1)).mul_(m);
        gradients_->value.select(0, h).addmv_(d_head.t(), seen.sum(1));
      }
      dv.addmm_(seen.t(), d_head);
      dp.sub_(dots.slice(1, h, h + 1)).mul_(p);
      ds.add_(dp);
      if (plan_.learns_bias && at_.bias.of_each_head())
        ScoreBias::part(at_.bias.gradient, rows, keys).select(0, h).add_(dp);
      at::sum_out(column, dp, {0});
      d_weights_.slice(0, 0, keys).select(1, h).add_(column);
    }
    add_score_gradients(rows, ds);
  }

  void add_score_gradients(Rows rows, const at::Tensor& ds) const {
    const std::int64_t keys = ds.size(1);
    if (plan_.learns_bias && at_.bias.of_all_heads())
      ScoreBias::part(at_.bias.gradient, rows, keys).squeeze(0).add_(ds);
    rows.of(at_.dq).addmm_(ds, at_.k.slice(0, 0, keys), 0, plan_.scale);
    at_.dk.slice(0, 0, keys).addmm_(ds.t(), rows.of(at_.q), 1, plan_.scale);
  }

  at::Tensor query_, value_;
  HeadGradients* gradients_;
  std::int64_t group_;
  at::Tensor weights_, d_weights_;  // [S, n]: β, or w
  Workspace workspace_;
  bool shares_ = true;
};

// Multiplied embeddings: `query` and `key` are 1 + a and 1 + b, [n, d].
class MultipliedHeads final : public SequenceHeads {
 public:
  MultipliedHeads(const Plan& plan, const Sequence& sequence, const Masks& masks, const at::Tensor& query,
                  const at::Tensor& key, HeadGradients* gradients)
      : SequenceHeads(plan, sequence, masks),
        query_(query),
        key_(key),
        factor_(query * key),
        gradients_(gradients),
        step_(std::max<std::int64_t>(1, kBlockRows / plan.heads)) {
    if (gradients_) d_factor_ = at::zeros_like(factor_);
  }

  void forward(Rows rows, const at::Tensor& heads, const at::Tensor& log_sums) override {
    for_each_block(rows, step_, [&](Rows step) {
      const Rows local{step.first - rows.first, step.last - rows.first};
      const at::Tensor p = scores(step, widened_queries(step));
      const at::Tensor maximum = this->maximum(p);
      p.sub_(maximum).exp_();
      const at::Tensor sums = p.sum(1, true);
      fill_empty_rows(sums, maximum);
      if (masks_.any()) p.mul_(mask(step));
      at::Tensor out = local.of(heads).view({-1, plan_.width});
      at::mm_out(out, p, at_.v.slice(0, 0, p.size(1)));
      out.div_(sums);
      local.of(log_sums).copy_(sums.log().add_(maximum).view({step.count(), plan_.heads}));
    });
  }

  void backward(Rows rows, const at::Tensor& d_heads, const at::Tensor& heads, const at::Tensor& sums) override {
    for_each_block(rows, step_, [&](Rows step) {
      const Rows local{step.first - rows.first, step.last - rows.first};
      const at::Tensor d_out = local.of(d_heads).view({-1, plan_.width});
      const at::Tensor q = widened_queries(step);
      const at::Tensor p = scores(step, q);
      const at::Tensor log_sums = local.of(sums);
      p.sub_(log_sums.reshape({-1, 1})).exp_();
      const std::int64_t keys = p.size(1);
      const at::Tensor k = at_.k.slice(0, 0, keys), v = at_.v.slice(0, 0, keys);
      const at::Tensor dots = at::empty_like(log_sums);
      head_dots(dots, local.of(d_heads), local.of(heads));
      const at::Tensor ds = at::mm(d_out, v.t());
      if (masks_.any()) {
        const at::Tensor m = mask(step);
        ds.mul_(m);
        at_.dv.slice(0, 0, keys).addmm_((p * m).t(), d_out);
      } else {
        at_.dv.slice(0, 0, keys).addmm_(p.t(), d_out);
      }
      ds.sub_(dots.view({-1, 1})).mul_(p);
      if (plan_.learns_bias) {
        const at::Tensor d_bias = by_head(ScoreBias::part(at_.bias.gradient, step, keys));
        d_bias.add_(of_heads(ds, step).sum_to_size(d_bias.sizes()));
      }
      at_.dk.slice(0, 0, keys).addmm_(ds.t(), q, 1, plan_.scale);
      q.addmm_(ds, k, 0, plan_.scale);  // of the widened queries from here
      const at::Tensor dq = q.view({step.count(), plan_.heads, plan_.width});
      d_factor_.add_((dq * step.of(at_.q).unsqueeze(1)).sum(0));
      step.of(at_.dq).copy_(dq.mul_(factor_).sum(1));
    });
  }

  void finish_backward() override {
    gradients_->query.addcmul_(d_factor_, key_);
    gradients_->key.addcmul_(d_factor_, query_);
  }

 private:
  // [R·n, keys] -> [R, n, keys].
  at::Tensor of_heads(const at::Tensor& scores, Rows step) const {
    return scores.view({step.count(), plan_.heads, scores.size(1)});
  }
  static at::Tensor by_head(const at::Tensor& bias) { return bias.transpose(0, 1); }  // [n, R, keys] -> [R, n, keys]
  // Of each row all heads: [R·n, d].
  at::Tensor widened_queries(Rows step) const {
    return (step.of(at_.q).unsqueeze(1) * factor_).view({-1, plan_.width});
  }
  at::Tensor scores(Rows step, const at::Tensor& queries) const {
    const std::int64_t keys = visible(step);
    const at::Tensor result = at::empty({queries.size(0), keys}, queries.options());
    score(result, queries);
    if (at_.bias.value.defined()) of_heads(result, step).add_(by_head(ScoreBias::part(at_.bias.value, step, keys)));
    if (plan_.causal)
      of_heads(result, step)
          .slice(2, step.first, step.last)
          .add_(hidden_.slice(0, 0, step.count()).slice(1, 0, step.count()).unsqueeze(1));
    return result;
  }
  at::Tensor mask(Rows step) const {
    const at::Tensor first_head = row_numbers(step, 0);
    const at::Tensor heads = at::arange(plan_.heads, first_head.options()) * query_len_;
    return masks_((first_head.unsqueeze(1) + heads).view({-1}), visible(step), key_len_, at_.q.scalar_type());
  }

  at::Tensor query_, key_, factor_, d_factor_;
  HeadGradients* gradients_;
  std::int64_t step_;
};

}  // namespace

std::unique_ptr<SequenceHeads> sequence_heads(const Plan& plan, const Sequence& sequence, const Masks& masks,
                                              const WideEmbeddings& embeddings, HeadGradients* gradients,
                                              std::optional<bool> shares) {
  if (plan.multiply)
    return std::make_unique<MultipliedHeads>(plan, sequence, masks, embeddings.query, embeddings.key, gradients);
  return std::make_unique<AddedHeads>(plan, sequence, masks, embeddings.query, embeddings.value, gradients, shares);
}

}  // namespace headroom::models
