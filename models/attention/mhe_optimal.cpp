// Multiple-head embedding attention in the least memory that its algebra allows: the parameters, the outputs and the
// gradients of models/attention/mhe.cpp, with queries, keys and values of one head kept in place of n.
//
// With q, k, v of one head [T, d], s = 1/sqrt(d) and embeddings a_h, b_h, g_h:
//
//   added        score_h = s (q_i + a_h)·(k_j + b_h) = S_ij + β_jh + (a number of the row),  S = s q kᵀ,  β = s k aᵀ.
//                The softmax forgets numbers of the row: b_h does nothing and gets no gradient. S, and with it exp(S -
//                its row's maximum) = E, serves all heads: head_h = E (w_h ⊙ v) / (E w_h) + g_h with w_h = exp(β_h -
//                max β_h). Rows of probabilities sum to 1, so g_h becomes a bias of the output, W^O g; under dropout
//                they do not, and g_h is added to the values.
//   multiplied   score_h = s (q ⊙ c_h)·k_j with c = (1 + a) ⊙ (1 + b); head_h = (P_h v) ⊙ (1 + g_h): multi-query
//                attention with widened queries.
//
// In both, a bias of the keys that no rotation turns is a number of the row, too.
//
// Scores exist for a block of query rows at a time, forward and again backward. What is kept is said by `keep`: q, k,
// v, the heads' outputs and a few numbers of each row; or nothing but the sublayer's input, from which q, k and v cost
// n times less to compute again than in multi-head attention.
//
// E w is exact to rounding while each β_h spans no more than span_limit(); beyond that a key can be lost. Host memory
// is looked at, and a sequence beyond the limit takes exp(S + β_h) head by head: as many bytes, to the byte, whatever
// the data. Device memory is never read: there an assertion on the device stops the run where E would be wrong, and
// keep=safe has no limit at all.
#include <ATen/TensorOperators.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_assert_async.h>
#include <ATen/ops/add.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/addmv.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/mv.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/attention/rotary.h"
#include "models/catalog/mechanisms/mechanisms.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;
using Optional = std::optional<at::Tensor>;

constexpr std::int64_t kBlockRows = 128;  // query rows whose scores exist at a time
constexpr std::int64_t kHeadsAtOnce = 4;  // heads in one product with E

// What a call computes, its tensors aside.
struct Plan {
  bool multiply = false;
  bool per_head = false;  // added: exp(S + β_h) of each head, never E
  std::int64_t heads = 1, width = 1;
  double scale = 1.0;
  bool causal = false;
  double dropout_rate = 0.0;
  bool interleaved = false;  // rotary positions
};

void save(AutogradContext* ctx, const Plan& plan) {
  ctx->saved_data["sizes"] =
      std::vector<std::int64_t>{plan.multiply, plan.per_head, plan.heads, plan.width, plan.causal, plan.interleaved};
  ctx->saved_data["rates"] = std::vector<double>{plan.scale, plan.dropout_rate};
}
Plan plan_of(AutogradContext* ctx) {
  const auto sizes = ctx->saved_data["sizes"].toIntVector();
  const auto rates = ctx->saved_data["rates"].toDoubleVector();
  return {sizes[0] != 0, sizes[1] != 0, sizes[2], sizes[3], rates[0], sizes[4] != 0, rates[1], sizes[5] != 0};
}

struct Rows {
  std::int64_t first, last;
  std::int64_t count() const { return last - first; }
  at::Tensor of(const at::Tensor& x) const { return x.slice(0, first, last); }
};

template <class Visit>
void for_each_block(Rows rows, std::int64_t count, const Visit& visit) {
  for (std::int64_t i = rows.first; i < rows.last; i += count) visit(Rows{i, std::min(i + count, rows.last)});
}

// Scores and sums are at least fp32.
at::ScalarType wide_type(const at::Tensor& x) { return c10::promoteTypes(x.scalar_type(), at::kFloat); }
at::Tensor widened(const at::Tensor& x) { return x.to(wide_type(x)); }

at::Tensor tensor_of(const Optional& x) { return x.value_or(at::Tensor()); }
Optional optional_of(const at::Tensor& x) { return x.defined() ? Optional(x) : std::nullopt; }

// What is written here chooses its own dtypes: autocast casts the inputs, and nothing in between.
struct WithoutAutocast {
  c10::impl::ExcludeDispatchKeyGuard guard{c10::autocast_dispatch_keyset};
};
class AutocastInputs {
 public:
  explicit AutocastInputs(at::DeviceType device) : device_(device), on_(at::autocast::is_autocast_enabled(device)) {}
  at::Tensor operator()(const at::Tensor& x) const {
    if (!on_ || !x.defined()) return x;
    return at::autocast::cached_cast(at::autocast::get_autocast_dtype(device_), x, device_);
  }

 private:
  at::DeviceType device_;
  bool on_;
};

// The largest max β - min β for which exp(S - max S) · exp(β - max β) loses less than the rounding of the sum over
// `keys` terms: the smallest normal number is exp(-smallest), one rounding is 2^-digits.
double span_limit(at::ScalarType type, std::int64_t keys) {
  const double smallest = type == at::kDouble ? 708.39 : 87.33;
  const double digits = type == at::kDouble ? 53 : 24;
  return smallest - std::log(static_cast<double>(keys)) - digits * std::log(2.0);
}

// Which probabilities dropout keeps: a hash of one random number, drawn once a call, and of the probability's place.
// Backward draws nothing and finds the same ones, block by block; nothing of n·T·S is kept.
class Masks {
 public:
  Masks(const Plan& plan, const at::Tensor& seed) : rate_(plan.dropout_rate), seed_(seed) {}
  bool any() const { return rate_ > 0; }

  // 0 or 1/(1 - rate) for the probabilities of `rows` (their numbers, [R], unique in the call) and the first `visible`
  // of `keys` keys: [R, visible].
  at::Tensor operator()(const at::Tensor& rows, std::int64_t visible, std::int64_t keys, at::ScalarType type) const {
    at::Tensor x = at::arange(visible, rows.options()).unsqueeze(0) + (rows * keys).unsqueeze(1);
    x.mul_(static_cast<std::int64_t>(0x9E3779B97F4A7C15ULL)).add_(seed_);  // splitmix64
    mix(x, 30, static_cast<std::int64_t>(0xBF58476D1CE4E5B9ULL));
    mix(x, 27, static_cast<std::int64_t>(0x94D049BB133111EBULL));
    mix(x, 31, 1);
    constexpr std::int64_t range = 1 << 24;
    x.bitwise_and_(range - 1);
    return x.ge(std::llround(rate_ * static_cast<double>(range))).to(type).mul_(1.0 / (1.0 - rate_));
  }

 private:
  static void mix(at::Tensor& x, std::int64_t shift, std::int64_t factor) {
    const at::Tensor high = x.bitwise_right_shift(shift).bitwise_and_((std::int64_t{1} << (64 - shift)) - 1);
    x.bitwise_xor_(high);
    if (factor != 1) x.mul_(factor);
  }

  double rate_;
  at::Tensor seed_;  // [1], int64, on the device
};

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

// Of each row: the maximum of its scores [T] (added only, for E) and a number of each head [T, n]: E w_h, or the
// logarithm of the sum of its exponentials.
struct RowStatistics {
  at::Tensor maximum, of_heads;
};

struct HeadGradients {
  at::Tensor query, key, value;  // of the embeddings, [n, d], wide; key: multiplied only
};

// One sequence's queries [T, d], keys and values [S, d], wide; their gradients where `gradients` are given.
struct Sequence {
  std::int64_t index = 0;  // in the batch
  at::Tensor q, k, v;
  at::Tensor dq, dk, dv;
};

// The attention of one sequence. Heads are [rows, n·d].
class SequenceHeads {
 public:
  SequenceHeads(const Plan& plan, const Sequence& sequence, const Masks& masks)
      : plan_(plan),
        at_(sequence),
        masks_(masks),
        query_len_(sequence.q.size(0)),
        key_len_(sequence.k.size(0)),
        block_rows_(std::min(kBlockRows, query_len_)) {
    if (plan.causal)
      hidden_ =
          at::full({block_rows_, block_rows_}, -std::numeric_limits<double>::infinity(), at_.q.options()).triu_(1);
  }
  virtual ~SequenceHeads() = default;
  SequenceHeads(const SequenceHeads&) = delete;
  SequenceHeads& operator=(const SequenceHeads&) = delete;

  // Fills `heads` and `statistics`, all of `rows`.
  virtual void forward(Rows rows, const at::Tensor& heads, const RowStatistics& statistics) = 0;
  // Adds what `rows` give to the gradients; `d_heads` is used up.
  virtual void backward(Rows rows, const at::Tensor& d_heads, const at::Tensor& heads,
                        const RowStatistics& statistics) = 0;
  // Adds what only the whole sequence gives.
  virtual void finish_backward() {}
  virtual bool shares_exponentials() const { return false; }

 protected:
  std::int64_t visible(Rows rows) const { return plan_.causal ? rows.last : key_len_; }
  // s·rows·kᵀ of the visible keys.
  void score(const at::Tensor& scores, const at::Tensor& rows) const {
    const at::Tensor keys = at_.k.slice(0, 0, scores.size(1)).t();
    scores.addmm_(rows, keys, 0, plan_.scale);
  }
  // [n·R]: dropout's number of each row of `head`.
  at::Tensor row_numbers(Rows rows, std::int64_t head) const {
    const std::int64_t first = (at_.index * plan_.heads + head) * query_len_ + rows.first;
    return at::arange(first, first + rows.count(), at_.q.options().dtype(at::kLong));
  }
  // Σ x ⊙ y over each head's features: [R, n·d] twice -> into [R, n].
  void head_dots(const at::Tensor& dots, const at::Tensor& x, const at::Tensor& y) const {
    at::Tensor flat = dots.view({-1, 1, 1});
    at::bmm_out(flat, x.view({-1, 1, plan_.width}), y.view({-1, plan_.width, 1}));
  }

  const Plan& plan_;
  const Sequence& at_;
  const Masks& masks_;
  std::int64_t query_len_, key_len_, block_rows_;
  at::Tensor hidden_;  // causal: [R, R], -inf above the diagonal
};

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
    if (gradients_) d_weights_ = at::zeros_like(weights_);
    shares_ = shares ? *shares : !plan_.per_head && within_limit();
    if (shares_) weights_.sub_(weights_.amax(0, true)).exp_();
  }

  void forward(Rows rows, const at::Tensor& heads, const RowStatistics& statistics) override {
    workspace_.clear();
    return shares_ ? forward_shared(rows, heads, statistics) : forward_per_head(rows, heads, statistics.of_heads);
  }
  void backward(Rows rows, const at::Tensor& d_heads, const at::Tensor& heads,
                const RowStatistics& statistics) override {
    workspace_.clear();
    return shares_ ? backward_shared(rows, d_heads, heads, statistics)
                   : backward_per_head(rows, d_heads, heads, statistics.of_heads);
  }
  void finish_backward() override {
    if (shares_) d_weights_.mul_(weights_);
    at_.dk.addmm_(d_weights_, query_, 1, plan_.scale);
    gradients_->query.addmm_(d_weights_.t(), at_.k, 1, plan_.scale);
  }
  bool shares_exponentials() const override { return shares_; }

 private:
  bool within_limit() const {
    const at::Tensor span = (weights_.amax(0) - weights_.amin(0)).amax();
    const double limit = span_limit(weights_.scalar_type(), key_len_);
    if (weights_.is_cpu()) return span.item<double>() <= limit;
    at::_assert_async(
        span.le(limit),
        "mhe-add-optimal: what the query embeddings add to the scores spans too much for the heads to share "
        "exponentials; use mhe-add-optimal:keep=safe");
    return true;
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
    if (plan_.causal)
      result.slice(1, rows.first, rows.last).add_(hidden_.slice(0, 0, rows.count()).slice(1, 0, rows.count()));
    return result;
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

  void forward_shared(Rows rows, const at::Tensor& heads, const RowStatistics& statistics) {
    const std::int64_t keys = visible(rows), d = plan_.width;
    const at::Tensor e = scores(rows);
    at::Tensor maximum = statistics.maximum, sums = statistics.of_heads;
    at::amax_out(maximum, e, {1});
    e.sub_(maximum.unsqueeze(1)).exp_();
    at::mm_out(sums, e, weights_.slice(0, 0, keys));
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

  void backward_shared(Rows rows, const at::Tensor& d_heads, const at::Tensor& heads, const RowStatistics& statistics) {
    const std::int64_t keys = visible(rows), d = plan_.width;
    const at::Tensor e = scores(rows), de = workspace_.take(e.sizes());
    e.sub_(statistics.maximum.unsqueeze(1)).exp_();
    const at::Tensor w = weights_.slice(0, 0, keys), dw = d_weights_.slice(0, 0, keys);
    const at::Tensor d_sums = at::empty_like(statistics.of_heads);
    head_dots(d_sums, d_heads, heads);
    d_sums.div_(statistics.of_heads).neg_();
    d_heads.view({rows.count(), plan_.heads, d}).div_(statistics.of_heads.unsqueeze(2));  // of the numerators from here
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
      at::add_out(p, s, weights_.slice(0, 0, keys).select(1, h));
      const at::Tensor maximum = p.amax(1, true);
      p.sub_(maximum).exp_();
      const at::Tensor sums = p.sum(1, true);
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
      at::add_out(p, s, weights_.slice(0, 0, keys).select(1, h));
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
      at::sum_out(column, dp, {0});
      d_weights_.slice(0, 0, keys).select(1, h).add_(column);
    }
    add_score_gradients(rows, ds);
  }

  void add_score_gradients(Rows rows, const at::Tensor& ds) const {
    const std::int64_t keys = ds.size(1);
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

  void forward(Rows rows, const at::Tensor& heads, const RowStatistics& statistics) override {
    for_each_block(rows, step_, [&](Rows step) {
      const Rows local{step.first - rows.first, step.last - rows.first};
      const at::Tensor p = scores(step, widened_queries(step));
      const at::Tensor maximum = p.amax(1, true);
      p.sub_(maximum).exp_();
      const at::Tensor sums = p.sum(1, true);
      if (masks_.any()) p.mul_(mask(step));
      at::Tensor out = local.of(heads).view({-1, plan_.width});
      at::mm_out(out, p, at_.v.slice(0, 0, p.size(1)));
      out.div_(sums);
      local.of(statistics.of_heads).copy_(sums.log().add_(maximum).view({step.count(), plan_.heads}));
    });
  }

  void backward(Rows rows, const at::Tensor& d_heads, const at::Tensor& heads,
                const RowStatistics& statistics) override {
    for_each_block(rows, step_, [&](Rows step) {
      const Rows local{step.first - rows.first, step.last - rows.first};
      const at::Tensor d_out = local.of(d_heads).view({-1, plan_.width});
      const at::Tensor q = widened_queries(step);
      const at::Tensor p = scores(step, q);
      const at::Tensor log_sums = local.of(statistics.of_heads);
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
  // Of each row all heads: [R·n, d].
  at::Tensor widened_queries(Rows step) const {
    return (step.of(at_.q).unsqueeze(1) * factor_).view({-1, plan_.width});
  }
  at::Tensor scores(Rows step, const at::Tensor& queries) const {
    const std::int64_t keys = visible(step);
    const at::Tensor result = at::empty({queries.size(0), keys}, queries.options());
    score(result, queries);
    if (plan_.causal)
      result.view({step.count(), plan_.heads, keys})
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

// The embeddings as the heads use them, wide: added as they are, multiplied plus 1.
struct WideEmbeddings {
  WideEmbeddings(const Plan& plan, const at::Tensor& a, const at::Tensor& b, const at::Tensor& g) {
    const auto as_used = [&](const at::Tensor& e) { return plan.multiply ? widened(e) + 1.0 : widened(e); };
    query = as_used(a);
    if (b.defined()) key = as_used(b);
    value = as_used(g);
  }
  at::Tensor query, key, value;  // [n, d]
};

std::unique_ptr<SequenceHeads> sequence_heads(const Plan& plan, const Sequence& sequence, const Masks& masks,
                                              const WideEmbeddings& embeddings, HeadGradients* gradients,
                                              std::optional<bool> shares = {}) {
  if (plan.multiply)
    return std::make_unique<MultipliedHeads>(plan, sequence, masks, embeddings.query, embeddings.key, gradients);
  return std::make_unique<AddedHeads>(plan, sequence, masks, embeddings.query, embeddings.value, gradients, shares);
}

// Y = heads' W^Oᵀ + b^O, where heads' are the heads with their value embeddings: factors of the heads, or of the added
// ones, without dropout, the constant W^O g. `value` is [n·d].
class Output {
 public:
  Output(const Plan& plan, const at::Tensor& value, const at::Tensor& weight, const at::Tensor& bias)
      : weight_(weight), bias_(bias) {
    if (plan.multiply) factor_ = value.to(weight.scalar_type());
    if (!plan.multiply && plan.dropout_rate == 0) shift_ = value.to(weight.scalar_type());
  }

  // What every row of Y gets: [d_m], or undefined.
  at::Tensor constant() const {
    if (!shift_.defined()) return bias_;
    return bias_.defined() ? at::addmv(bias_, weight_, shift_) : at::mv(weight_, shift_);
  }
  // [R, n·d] -> into y [R, d_m], both in the weights' dtype.
  void forward(at::Tensor y, const at::Tensor& heads, const at::Tensor& constant) const {
    const at::Tensor x = factor_.defined() ? heads * factor_ : heads;
    if (constant.defined())
      at::addmm_out(y, constant, x, weight_.t());
    else
      at::mm_out(y, x, weight_.t());
  }

  // The gradient of the heads: into d_heads [R, n·d]. Adds to d_factor [n·d] (multiplied) what the rows give.
  void backward(at::Tensor d_heads, const at::Tensor& dy, const at::Tensor& heads, const at::Tensor& d_factor) const {
    at::mm_out(d_heads, dy, weight_);
    if (!factor_.defined()) return;
    d_factor.add_((d_heads * heads).sum(0));
    d_heads.mul_(factor_);
  }
  void add_weight_gradient(const at::Tensor& d_weight, const at::Tensor& dy, const at::Tensor& heads) const {
    d_weight.addmm_(dy.t(), factor_.defined() ? heads * factor_ : heads);
  }
  // The whole of it.
  at::Tensor weight_gradient(const at::Tensor& dy, const at::Tensor& heads) const {
    if (!factor_.defined()) return at::mm(dy.t(), heads);
    at::Tensor result = at::zeros_like(weight_);
    for_each_block({0, dy.size(0)}, kBlockRows,
                   [&](Rows rows) { add_weight_gradient(result, rows.of(dy), rows.of(heads)); });
    return result;
  }
  // What comes of the sum of all rows of dY alone.
  void add_shift_gradients(const at::Tensor& d_weight, const at::Tensor& d_value, const at::Tensor& dy_sum) const {
    if (!shift_.defined()) return;
    d_weight.addr_(dy_sum, shift_);
    d_value.view({-1}).add_(at::mv(weight_.t(), dy_sum));
  }
  bool needs_sum() const { return bias_.defined() || shift_.defined(); }

 private:
  at::Tensor weight_, bias_, factor_, shift_;
};

at::Tensor project(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return bias.defined() ? at::addmm(bias, x, weight.t()) : at::mm(x, weight.t());
}

at::Tensor rows_of(const at::Tensor& x) { return x.reshape({-1, x.size(-1)}); }

// Gradients in the order of Projections' arguments, from those of q, k and v; one buffer sums the gradient of X.
variable_list projection_gradients(const at::Tensor& x, const at::Tensor& memory,
                                   const std::array<at::Tensor, 3>& weights, const std::array<at::Tensor, 3>& d,
                                   const std::array<bool, 3>& biases) {
  variable_list result(8);
  result[0] = at::empty_like(x, at::MemoryFormat::Contiguous);
  if (memory.defined()) result[1] = at::empty_like(memory, at::MemoryFormat::Contiguous);
  for (std::size_t i = 0; i < 3; ++i) {
    const bool from_memory = i > 0 && memory.defined();
    const at::Tensor rows = rows_of(d[i]), sum = rows_of(result[from_memory ? 1 : 0]);
    sum.addmm_(rows, weights[i], i == 0 || (from_memory && i == 1) ? 0 : 1);
    result[2 + 2 * i] = at::mm(rows.t(), rows_of(from_memory ? memory : x));
    if (biases[i]) result[3 + 2 * i] = rows.sum(0);
  }
  return result;
}

// q, k and v of X, or k and v of the memory, where they come from elsewhere.
struct Projections : Function<Projections> {
  static variable_list forward(AutogradContext* ctx, const at::Tensor& x, const Optional& memory, const at::Tensor& wq,
                               const Optional& bq, const at::Tensor& wk, const Optional& bk, const at::Tensor& wv,
                               const Optional& bv) {
    const at::Tensor& source = memory ? *memory : x;
    ctx->save_for_backward({x, tensor_of(memory), wq, wk, wv});
    ctx->saved_data["biases"] = std::vector<bool>{bq.has_value(), bk.has_value(), bv.has_value()};
    const auto of = [](const at::Tensor& from, const at::Tensor& weight, const Optional& bias) {
      return project(rows_of(from), weight, tensor_of(bias)).view({from.size(0), from.size(1), -1});
    };
    return {of(x, wq, bq), of(source, wk, bk), of(source, wv, bv)};
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& d) {
    const WithoutAutocast here;
    const variable_list saved = ctx->get_saved_variables();
    const std::vector<bool> biases = ctx->saved_data["biases"].toBoolList().vec();
    return projection_gradients(saved[0], saved[1], {saved[2], saved[3], saved[4]}, {d[0], d[1], d[2]},
                                {biases[0], biases[1], biases[2]});
  }
};

// The gradient of one sequence's q, k or v: `part` itself where it is wide enough to sum in.
at::Tensor accumulator(const at::Tensor& part) {
  return part.scalar_type() == wide_type(part) ? part.zero_()
                                               : at::zeros(part.sizes(), part.options().dtype(wide_type(part)));
}
void write_back(const at::Tensor& part, const at::Tensor& sum) {
  if (!part.is_same(sum)) part.copy_(sum);
}

HeadGradients zero_gradients(const Plan& plan, const WideEmbeddings& embeddings) {
  HeadGradients result;
  result.query = at::zeros_like(embeddings.query);
  if (plan.multiply) result.key = at::zeros_like(embeddings.query);
  result.value = at::zeros_like(embeddings.query);
  return result;
}

// Everything after the projections, keeping q, k, v, the heads and numbers of each row.
struct Heads : Function<Heads> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const at::Tensor& a, const Optional& b, const at::Tensor& g, const at::Tensor& wo,
                            const Optional& bo, const Optional& seed, const Plan& plan) {
    const std::int64_t batch = q.size(0), query_len = q.size(1), heads_width = plan.heads * plan.width;
    const WideEmbeddings embeddings(plan, a, tensor_of(b), g);
    const Output output(plan, embeddings.value.view({-1}), wo, tensor_of(bo));
    const Masks masks(plan, tensor_of(seed));
    const at::TensorOptions wide = q.options().dtype(wide_type(q));
    at::Tensor heads = at::empty({batch, query_len, heads_width}, q.options());
    RowStatistics statistics{{}, at::empty({batch, query_len, plan.heads}, wide)};
    if (keeps_maximum(plan)) statistics.maximum = at::empty({batch, query_len}, wide);
    std::vector<bool> shares;
    for (std::int64_t i = 0; i < batch; ++i) {
      const Sequence sequence{i, widened(q[i]), widened(k[i]), widened(v[i]), {}, {}, {}};
      const auto attention = sequence_heads(plan, sequence, masks, embeddings, nullptr);
      shares.push_back(attention->shares_exponentials());
      for_each_block({0, query_len}, kBlockRows, [&](Rows rows) {
        const at::Tensor part = rows.of(heads[i]);
        const bool in_place = part.scalar_type() == wide.dtype();
        const at::Tensor block = in_place ? part : at::empty(part.sizes(), wide);
        attention->forward(rows, block, of(statistics, i, rows));
        write_back(part, block);
      });
    }
    at::Tensor y = at::empty({batch, query_len, wo.size(0)}, q.options());
    for_each_block({0, batch * query_len}, plan.multiply ? kBlockRows : batch * query_len,
                   [&, constant = output.constant()](Rows rows) {
                     output.forward(rows.of(rows_of(y)), rows.of(rows_of(heads)), constant);
                   });
    ctx->save_for_backward({q, k, v, a, tensor_of(b), g, wo, tensor_of(bo), tensor_of(seed), heads, statistics.maximum,
                            statistics.of_heads});
    ctx->saved_data["shares"] = shares;
    save(ctx, plan);
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& d) {
    const WithoutAutocast here;
    const variable_list saved = ctx->get_saved_variables();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2], &b = saved[4], &wo = saved[6], &bo = saved[7],
                     &heads = saved[9];
    const Plan plan = plan_of(ctx);
    const std::vector<bool> shares = ctx->saved_data["shares"].toBoolList().vec();
    const WideEmbeddings embeddings(plan, saved[3], b, saved[5]);
    const Output output(plan, embeddings.value.view({-1}), wo, bo);
    const Masks masks(plan, saved[8]);
    const RowStatistics statistics{saved[10], saved[11]};
    HeadGradients gradients = zero_gradients(plan, embeddings);
    const at::Tensor dq = at::empty_like(q), dk = at::empty_like(k), dv = at::empty_like(v);
    const at::Tensor dy = rows_of(d[0]);
    const std::int64_t query_len = q.size(1);
    for (std::int64_t i = 0; i < q.size(0); ++i) {
      const at::Tensor dyi = dy.slice(0, i * query_len, (i + 1) * query_len);
      const at::Tensor dqi = dq[i], dki = dk[i], dvi = dv[i];
      const Sequence sequence{
          i, widened(q[i]), widened(k[i]), widened(v[i]), accumulator(dqi), accumulator(dki), accumulator(dvi)};
      const auto attention =
          sequence_heads(plan, sequence, masks, embeddings, &gradients, shares[static_cast<std::size_t>(i)]);
      for_each_block({0, query_len}, kBlockRows, [&](Rows rows) {
        const at::Tensor part = rows.of(heads[i]);
        const at::Tensor d_heads = at::empty_like(part);
        output.backward(d_heads, rows.of(dyi), part, gradients.value.view({-1}));
        attention->backward(rows, widened(d_heads), widened(part), of(statistics, i, rows));
      });
      attention->finish_backward();
      write_back(dqi, sequence.dq);
      write_back(dki, sequence.dk);
      write_back(dvi, sequence.dv);
    }
    const at::Tensor d_weight = output.weight_gradient(dy, rows_of(heads));
    at::Tensor dy_sum;
    if (output.needs_sum()) dy_sum = dy.sum(0);
    output.add_shift_gradients(d_weight, gradients.value, dy_sum);
    const auto narrow = [&](const at::Tensor& x) { return x.defined() ? x.to(q.scalar_type()) : x; };
    return {dq,
            dk,
            dv,
            narrow(gradients.query),
            narrow(gradients.key),
            narrow(gradients.value),
            d_weight,
            bo.defined() ? dy_sum : at::Tensor(),
            {},
            {}};
  }

 private:
  static bool keeps_maximum(const Plan& plan) { return !plan.multiply && !plan.per_head; }
  static RowStatistics of(const RowStatistics& all, std::int64_t sequence, Rows rows) {
    return {all.maximum.defined() ? rows.of(all.maximum[sequence]) : at::Tensor(), rows.of(all.of_heads[sequence])};
  }
};

// The sublayer's tensors, for the form that keeps none of its own.
struct LayerTensors {
  at::Tensor x, memory;  // memory: where keys and values come from elsewhere
  at::Tensor wq, bq, wk, bk, wv, bv, a, b, g, wo, bo, cos, sin, seed;

  at::Tensor turned(const Plan& plan, const at::Tensor& rows) const {
    return cos.defined() ? rotate(rows, cos, sin, plan.interleaved) : rows;
  }
  // A rotation's gradient is turned back.
  at::Tensor turned_back(const Plan& plan, const at::Tensor& rows) const {
    return cos.defined() ? rotate(rows, cos, sin.neg(), plan.interleaved) : rows;
  }
  const at::Tensor& source() const { return memory.defined() ? memory : x; }
  Sequence sequence(const Plan& plan, std::int64_t i) const {
    Sequence result;
    result.index = i;
    result.q = widened(turned(plan, project(x[i], wq, bq)));
    result.k = widened(turned(plan, project(source()[i], wk, bk)));
    result.v = widened(project(source()[i], wv, bv));
    return result;
  }
  variable_list list() const { return {x, memory, wq, bq, wk, bk, wv, bv, a, b, g, wo, bo, cos, sin, seed}; }
  static LayerTensors of(const variable_list& t) {
    return {t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9], t[10], t[11], t[12], t[13], t[14], t[15]};
  }

  at::Tensor forward(const Plan& plan) const {
    const WideEmbeddings embeddings(plan, a, b, g);
    const Output output(plan, embeddings.value.view({-1}), wo, bo);
    const Masks masks(plan, seed);
    at::Tensor y = at::empty({x.size(0), x.size(1), wo.size(0)}, x.options());
    const at::Tensor constant = output.constant();
    for (std::int64_t i = 0; i < x.size(0); ++i) {
      const Sequence part = sequence(plan, i);
      const auto attention = sequence_heads(plan, part, masks, embeddings, nullptr);
      for_each_block({0, x.size(1)}, kBlockRows, [&](Rows rows) {
        const at::Tensor heads = block_heads(plan, rows, part);
        attention->forward(rows, heads, block_statistics(plan, rows, part));
        output.forward(rows.of(y[i]), heads.to(x.scalar_type()), constant);
      });
    }
    return y;
  }

  // In the order of list().
  variable_list backward(const Plan& plan, const at::Tensor& dy) const {
    const WideEmbeddings embeddings(plan, a, b, g);
    const Output output(plan, embeddings.value.view({-1}), wo, bo);
    const Masks masks(plan, seed);
    HeadGradients gradients = zero_gradients(plan, embeddings);
    LayerTensors d;
    d.wo = at::zeros_like(wo);
    const at::Tensor dq = at::empty({x.size(0), x.size(1), plan.width}, x.options());
    const at::Tensor dk = at::empty({x.size(0), source().size(1), plan.width}, x.options()), dv = at::empty_like(dk);
    for (std::int64_t i = 0; i < x.size(0); ++i) {
      const at::Tensor dqi = dq[i], dki = dk[i], dvi = dv[i];
      Sequence part = sequence(plan, i);
      part.dq = accumulator(dqi), part.dk = accumulator(dki), part.dv = accumulator(dvi);
      heads_backward(plan, part, masks, embeddings, output, dy[i], gradients, d.wo);
      write_back(dqi, part.dq);
      write_back(dki, part.dk);
      write_back(dvi, part.dv);
    }
    if (output.needs_sum()) {
      const at::Tensor dy_sum = rows_of(dy).sum(0);
      output.add_shift_gradients(d.wo, gradients.value, dy_sum);
      if (bo.defined()) d.bo = dy_sum;
    }
    d.a = gradients.query.to(a.scalar_type());
    if (b.defined()) d.b = gradients.key.to(a.scalar_type());
    d.g = gradients.value.to(a.scalar_type());
    const variable_list p =
        projection_gradients(x, memory, {wq, wk, wv}, {turned_back(plan, dq), turned_back(plan, dk), dv},
                             {bq.defined(), bk.defined(), bv.defined()});
    d.x = p[0], d.memory = p[1], d.wq = p[2], d.bq = p[3], d.wk = p[4], d.bk = p[5], d.wv = p[6], d.bv = p[7];
    return d.list();
  }

 private:
  static at::Tensor block_heads(const Plan& plan, Rows rows, const Sequence& part) {
    return at::empty({rows.count(), plan.heads * plan.width}, part.q.options());
  }
  static RowStatistics block_statistics(const Plan& plan, Rows rows, const Sequence& part) {
    return {at::empty({rows.count()}, part.q.options()), at::empty({rows.count(), plan.heads}, part.q.options())};
  }
  static void heads_backward(const Plan& plan, const Sequence& part, const Masks& masks,
                             const WideEmbeddings& embeddings, const Output& output, const at::Tensor& dy,
                             HeadGradients& gradients, const at::Tensor& d_weight) {
    const auto attention = sequence_heads(plan, part, masks, embeddings, &gradients);
    for_each_block({0, dy.size(0)}, kBlockRows, [&](Rows rows) {
      const at::Tensor heads = block_heads(plan, rows, part);
      const RowStatistics statistics = block_statistics(plan, rows, part);
      attention->forward(rows, heads, statistics);
      const at::Tensor narrow = heads.to(dy.scalar_type()), d_heads = at::empty_like(narrow);
      output.add_weight_gradient(d_weight, rows.of(dy), narrow);
      output.backward(d_heads, rows.of(dy), narrow, gradients.value.view({-1}));
      attention->backward(rows, widened(d_heads), heads, statistics);
    });
    attention->finish_backward();
  }
};

// The whole sublayer, keeping nothing but its input.
struct WholeLayer : Function<WholeLayer> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const Optional& memory, const at::Tensor& wq,
                            const Optional& bq, const at::Tensor& wk, const Optional& bk, const at::Tensor& wv,
                            const Optional& bv, const at::Tensor& a, const Optional& b, const at::Tensor& g,
                            const at::Tensor& wo, const Optional& bo, const Optional& cos, const Optional& sin,
                            const Optional& seed, const Plan& plan) {
    const LayerTensors layer{x,
                             tensor_of(memory),
                             wq,
                             tensor_of(bq),
                             wk,
                             tensor_of(bk),
                             wv,
                             tensor_of(bv),
                             a,
                             tensor_of(b),
                             g,
                             wo,
                             tensor_of(bo),
                             tensor_of(cos),
                             tensor_of(sin),
                             tensor_of(seed)};
    ctx->save_for_backward(layer.list());
    save(ctx, plan);
    return layer.forward(plan);
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& d) {
    const WithoutAutocast here;
    variable_list result = LayerTensors::of(ctx->get_saved_variables()).backward(plan_of(ctx), d[0]);
    result.emplace_back();  // the plan
    return result;
  }
};

// (heads ⊙ (1 + g)) W^Oᵀ + b^O, keeping the heads alone.
struct ScaledOutput : Function<ScaledOutput> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& heads, const at::Tensor& g, const at::Tensor& wo,
                            const Optional& bo) {
    ctx->save_for_backward({heads, g, wo, tensor_of(bo)});
    const Output output({.multiply = true}, (g + 1.0).view({-1}), wo, tensor_of(bo));
    at::Tensor y = at::empty({heads.size(0), heads.size(1), wo.size(0)}, heads.options());
    for_each_block({0, heads.size(0) * heads.size(1)}, kBlockRows,
                   [&](Rows rows) { output.forward(rows.of(rows_of(y)), rows.of(rows_of(heads)), output.constant()); });
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& d) {
    const WithoutAutocast here;
    const variable_list saved = ctx->get_saved_variables();
    const at::Tensor &heads = saved[0], &g = saved[1], &bo = saved[3], dy = rows_of(d[0]);
    const Output output({.multiply = true}, (g + 1.0).view({-1}), saved[2], bo);
    const at::Tensor d_heads = at::empty_like(heads, at::MemoryFormat::Contiguous), d_g = at::zeros_like(g);
    for_each_block({0, dy.size(0)}, kBlockRows, [&](Rows rows) {
      output.backward(rows.of(rows_of(d_heads)), rows.of(dy), rows.of(rows_of(heads)), d_g.view({-1}));
    });
    return {d_heads, d_g, output.weight_gradient(dy, rows_of(heads)), bo.defined() ? dy.sum(0) : at::Tensor()};
  }
};

class OptimalHeadEmbedding final : public Attention {
 public:
  OptimalHeadEmbedding(Builder& b, const std::string& layer, bool multiply)
      : keep_(static_cast<MheKeep>(b.config.attention_options.at("keep"))),
        attend_(b),
        query_(b, layer, "query", b.config.d_model, b.config.head_dim, b.config.attention_bias),
        key_(b, layer, "key", b.config.d_model, b.config.head_dim, b.config.attention_bias),
        value_(b, layer, "value", b.config.d_model, b.config.head_dim, b.config.attention_bias),
        query_embedding_(b.parameter(layer, "query_embedding", {b.config.head_count, b.config.head_dim}, Init::normal)),
        key_embedding_(b.parameter(layer, "key_embedding", {b.config.head_count, b.config.head_dim}, Init::normal)),
        value_embedding_(b.parameter(layer, "value_embedding", {b.config.head_count, b.config.head_dim}, Init::normal)),
        output_(b, layer, "output", b.config.head_count * b.config.head_dim, b.config.d_model,
                b.config.attention_bias) {
    plan_.multiply = multiply;
    plan_.per_head = !multiply && keep_ == MheKeep::safe;
    plan_.heads = b.config.head_count;
    plan_.width = b.config.head_dim;
    plan_.scale = attend_.scale;
    plan_.dropout_rate = attend_.dropout_rate;
    fused_ = multiply && keep_ == MheKeep::sdpa;
    if (fused_ && attend_.eager())
      throw bad_input(
          "mhe-mul-optimal:keep=sdpa goes through scaled_dot_product_attention: use --sdpa math, flash or "
          "efficient");
  }

  at::Tensor forward(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context) const override {
    const AutocastInputs in(x.device().type());
    const WithoutAutocast here;
    Plan plan = plan_;
    plan.causal = context.causal;
    plan.interleaved = context.rotary_interleaved;
    // Of the keys' bias, unturned, each score gets the same number.
    const bool bias_is_dead = !context.cos.defined();
    LayerTensors t;
    t.x = in(x);
    if (!memory.is_same(x)) t.memory = in(memory);
    t.wq = in(query_.weight()), t.bq = in(query_.bias());
    t.wk = in(key_.weight());
    if (!bias_is_dead) t.bk = in(key_.bias());
    t.wv = in(value_.weight()), t.bv = in(value_.bias());
    t.a = in(query_embedding_);
    if (plan.multiply) t.b = in(key_embedding_);
    t.g = in(value_embedding_);
    t.wo = in(output_.weight()), t.bo = in(output_.bias());
    t.cos = in(context.cos), t.sin = in(context.sin);
    if (plan.dropout_rate > 0 && !fused_) t.seed = at::empty({1}, x.options().dtype(at::kLong)).random_();
    if (fused_) return fused(t, plan, context);
    if (!at::GradMode::is_enabled()) return t.forward(plan);
    return keep_ == MheKeep::layer ? whole_layer(t, plan) : heads(t, plan);
  }

 private:
  static at::Tensor whole_layer(const LayerTensors& t, const Plan& plan) {
    const auto o = optional_of;
    return WholeLayer::apply(t.x, o(t.memory), t.wq, o(t.bq), t.wk, o(t.bk), t.wv, o(t.bv), t.a, o(t.b), t.g, t.wo,
                             o(t.bo), o(t.cos), o(t.sin), o(t.seed), plan);
  }
  // Queries, keys and values, turned.
  static std::array<at::Tensor, 3> projections(const LayerTensors& t, const Plan& plan) {
    const auto o = optional_of;
    variable_list all = Projections::apply(t.x, o(t.memory), t.wq, o(t.bq), t.wk, o(t.bk), t.wv, o(t.bv));
    return {t.turned(plan, std::exchange(all[0], {})), t.turned(plan, std::exchange(all[1], {})), all[2]};
  }
  static at::Tensor heads(const LayerTensors& t, const Plan& plan) {
    const auto [q, k, v] = projections(t, plan);
    return Heads::apply(q, k, v, t.a, optional_of(t.b), t.g, t.wo, optional_of(t.bo), optional_of(t.seed), plan);
  }
  // Multi-query attention with widened queries, through the fused kernels.
  at::Tensor fused(const LayerTensors& t, const Plan& plan, const AttentionContext& context) const {
    auto [q, k, v] = projections(t, plan);
    q = (q.unsqueeze(2) * (t.a * t.b + t.a + t.b + 1.0)).transpose(1, 2);
    const at::Tensor merged = Attend::merge(attend_(q, k.unsqueeze(1), v.unsqueeze(1), context));
    return ScaledOutput::apply(merged, t.g, t.wo, optional_of(t.bo));
  }

  MheKeep keep_;
  Attend attend_;
  Linear query_, key_, value_;
  at::Tensor query_embedding_, key_embedding_, value_embedding_;
  Linear output_;
  Plan plan_;
  bool fused_ = false;
};

}  // namespace

std::unique_ptr<Attention> make_optimal_head_embedding(Builder& builder, const AttentionPlace& place, bool multiply) {
  return std::make_unique<OptimalHeadEmbedding>(builder, place.layer, multiply);
}

}  // namespace headroom::models
