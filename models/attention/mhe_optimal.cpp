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
// the data. Device memory is never read: there, and under keep=safe, S alone is shared, which is right for any span in
// as many products, with an exponential for each head.
//
// Position biases of each head, too, are added to S head by head, since they are no product of a number of the row and
// one of the key. Padding is hidden in S and in β: a row that sees no key gets heads of 0 and gives no gradients.
#include <ATen/TensorOperators.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/addmv.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mv.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <array>
#include <memory>
#include <vector>

#include "base/error.h"
#include "models/attention/attend.h"
#include "models/attention/mechanisms.h"
#include "models/attention/mhe.h"
#include "models/attention/mhe_heads.h"
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

void save(AutogradContext* ctx, const Plan& plan) {
  ctx->saved_data["sizes"] = std::vector<std::int64_t>{plan.multiply, plan.per_head,    plan.heads,      plan.width,
                                                       plan.causal,   plan.interleaved, plan.learns_bias};
  ctx->saved_data["rates"] = std::vector<double>{plan.scale, plan.dropout_rate};
}
Plan plan_of(AutogradContext* ctx) {
  const auto sizes = ctx->saved_data["sizes"].toIntVector();
  const auto rates = ctx->saved_data["rates"].toDoubleVector();
  return {sizes[0] != 0, sizes[1] != 0, sizes[2],      sizes[3],     rates[0],
          sizes[4] != 0, rates[1],      sizes[5] != 0, sizes[6] != 0};
}

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

// A gradient that all sequences sum in.
ScoreBias with_gradient(const Plan& plan, const at::Tensor& bias) {
  if (!plan.learns_bias) return {bias, {}};
  return {bias, at::zeros(bias.sizes(), bias.options().dtype(wide_type(bias)))};
}
at::Tensor bias_gradient(const ScoreBias& bias) {
  return bias.gradient.defined() ? bias.gradient.to(bias.value.scalar_type()) : at::Tensor();
}
at::Tensor of_sequence(const at::Tensor& x, std::int64_t i) { return x.defined() ? x[i] : x; }

// Everything after the projections, keeping q, k, v, the heads and numbers of each row.
struct Heads : Function<Heads> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const at::Tensor& a, const Optional& b, const at::Tensor& g, const at::Tensor& wo,
                            const Optional& bo, const Optional& seed, const Optional& bias, const Optional& real,
                            const Plan& plan) {
    const std::int64_t batch = q.size(0), query_len = q.size(1), heads_width = plan.heads * plan.width;
    const WideEmbeddings embeddings(plan, a, tensor_of(b), g);
    const Output output(plan, embeddings.value.view({-1}), wo, tensor_of(bo));
    const Masks masks(plan, tensor_of(seed));
    const at::TensorOptions wide = q.options().dtype(wide_type(q));
    at::Tensor heads = at::empty({batch, query_len, heads_width}, q.options());
    const at::Tensor sums = at::empty({batch, query_len, plan.heads}, wide);
    std::vector<bool> shares;
    for (std::int64_t i = 0; i < batch; ++i) {
      const Sequence sequence{i,
                              widened(q[i]),
                              widened(k[i]),
                              widened(v[i]),
                              {},
                              {},
                              {},
                              of_sequence(tensor_of(real), i),
                              {tensor_of(bias), {}}};
      const auto attention = sequence_heads(plan, sequence, masks, embeddings, nullptr);
      shares.push_back(attention->shares_exponentials());
      for_each_block({0, query_len}, kBlockRows, [&](Rows rows) {
        const at::Tensor part = rows.of(heads[i]);
        const bool in_place = part.scalar_type() == wide.dtype();
        const at::Tensor block = in_place ? part : at::empty(part.sizes(), wide);
        attention->forward(rows, block, rows.of(sums[i]));
        write_back(part, block);
      });
    }
    at::Tensor y = at::empty({batch, query_len, wo.size(0)}, q.options());
    for_each_block({0, batch * query_len}, plan.multiply ? kBlockRows : batch * query_len,
                   [&, constant = output.constant()](Rows rows) {
                     output.forward(rows.of(rows_of(y)), rows.of(rows_of(heads)), constant);
                   });
    ctx->save_for_backward({q, k, v, a, tensor_of(b), g, wo, tensor_of(bo), tensor_of(seed), heads, sums,
                            tensor_of(bias), tensor_of(real)});
    ctx->saved_data["shares"] = shares;
    save(ctx, plan);
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& d) {
    const WithoutAutocast here;
    const variable_list saved = ctx->get_saved_variables();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2], &b = saved[4], &wo = saved[6], &bo = saved[7],
                     &heads = saved[9], &sums = saved[10], &real = saved[12];
    const Plan plan = plan_of(ctx);
    const std::vector<bool> shares = ctx->saved_data["shares"].toBoolList().vec();
    const WideEmbeddings embeddings(plan, saved[3], b, saved[5]);
    const Output output(plan, embeddings.value.view({-1}), wo, bo);
    const Masks masks(plan, saved[8]);
    const ScoreBias bias = with_gradient(plan, saved[11]);
    HeadGradients gradients = zero_gradients(plan, embeddings);
    const at::Tensor dq = at::empty_like(q), dk = at::empty_like(k), dv = at::empty_like(v);
    const at::Tensor dy = rows_of(d[0]);
    const std::int64_t query_len = q.size(1);
    for (std::int64_t i = 0; i < q.size(0); ++i) {
      const at::Tensor dyi = dy.slice(0, i * query_len, (i + 1) * query_len);
      const at::Tensor dqi = dq[i], dki = dk[i], dvi = dv[i];
      const Sequence sequence{i,
                              widened(q[i]),
                              widened(k[i]),
                              widened(v[i]),
                              accumulator(dqi),
                              accumulator(dki),
                              accumulator(dvi),
                              of_sequence(real, i),
                              bias};
      const auto attention =
          sequence_heads(plan, sequence, masks, embeddings, &gradients, shares[static_cast<std::size_t>(i)]);
      for_each_block({0, query_len}, kBlockRows, [&](Rows rows) {
        const at::Tensor part = rows.of(heads[i]);
        const at::Tensor d_heads = at::empty_like(part);
        output.backward(d_heads, rows.of(dyi), part, gradients.value.view({-1}));
        attention->backward(rows, widened(d_heads), widened(part), rows.of(sums[i]));
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
            bias_gradient(bias),
            {},
            {}};
  }
};

// The sublayer's tensors, for the form that keeps none of its own.
struct LayerTensors {
  at::Tensor x, memory;  // memory: where keys and values come from elsewhere
  at::Tensor wq, bq, wk, bk, wv, bv, a, b, g, wo, bo, cos, sin, seed, bias, real;
  at::Tensor keys, values;  // [B, S, d], turned: where they are at hand

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
    result.k = widened(keys.defined() ? keys[i] : turned(plan, project(source()[i], wk, bk)));
    result.v = widened(values.defined() ? values[i] : project(source()[i], wv, bv));
    result.real = of_sequence(real, i);
    result.bias.value = bias;
    return result;
  }
  variable_list list() const {
    return {x, memory, wq, bq, wk, bk, wv, bv, a, b, g, wo, bo, cos, sin, seed, bias, real};
  }
  static LayerTensors of(const variable_list& t) {
    return {t[0],  t[1],  t[2],  t[3],  t[4],  t[5],  t[6],  t[7],  t[8], t[9],
            t[10], t[11], t[12], t[13], t[14], t[15], t[16], t[17], {},   {}};
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
        attention->forward(rows, heads, block_sums(plan, rows, part));
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
    const ScoreBias shared_bias = with_gradient(plan, bias);
    LayerTensors d;
    d.wo = at::zeros_like(wo);
    const at::Tensor dq = at::empty({x.size(0), x.size(1), plan.width}, x.options());
    const at::Tensor dk = at::empty({x.size(0), source().size(1), plan.width}, x.options()), dv = at::empty_like(dk);
    for (std::int64_t i = 0; i < x.size(0); ++i) {
      const at::Tensor dqi = dq[i], dki = dk[i], dvi = dv[i];
      Sequence part = sequence(plan, i);
      part.dq = accumulator(dqi), part.dk = accumulator(dki), part.dv = accumulator(dvi);
      part.bias = shared_bias;
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
    d.bias = bias_gradient(shared_bias);
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
  static at::Tensor block_sums(const Plan& plan, Rows rows, const Sequence& part) {
    return at::empty({rows.count(), plan.heads}, part.q.options());
  }
  static void heads_backward(const Plan& plan, const Sequence& part, const Masks& masks,
                             const WideEmbeddings& embeddings, const Output& output, const at::Tensor& dy,
                             HeadGradients& gradients, const at::Tensor& d_weight) {
    const auto attention = sequence_heads(plan, part, masks, embeddings, &gradients);
    for_each_block({0, dy.size(0)}, kBlockRows, [&](Rows rows) {
      const at::Tensor heads = block_heads(plan, rows, part);
      const at::Tensor sums = block_sums(plan, rows, part);
      attention->forward(rows, heads, sums);
      const at::Tensor narrow = heads.to(dy.scalar_type()), d_heads = at::empty_like(narrow);
      output.add_weight_gradient(d_weight, rows.of(dy), narrow);
      output.backward(d_heads, rows.of(dy), narrow, gradients.value.view({-1}));
      attention->backward(rows, widened(d_heads), heads, sums);
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
                            const Optional& seed, const Optional& bias, const Optional& real, const Plan& plan) {
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
                             tensor_of(seed),
                             tensor_of(bias),
                             tensor_of(real),
                             {},
                             {}};
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
      : keep_(static_cast<MheKeep>(b.config.attention_options.at("keep"))), attend_(b), own_(b, layer) {
    plan_.multiply = multiply;
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
    const Plan plan = plan_of(context, x.is_cpu());
    LayerTensors t = tensors(x, memory, context, in);
    if (plan.dropout_rate > 0 && !fused_) t.seed = at::empty({1}, x.options().dtype(at::kLong)).random_();
    if (fused_) return fused(t, plan, context);
    if (!at::GradMode::is_enabled()) return t.forward(plan);
    return keep_ == MheKeep::layer ? whole_layer(t, plan) : heads(t, plan);
  }

  // The key and the value that all heads share.
  CacheShape cache_shape() const override { return {{{1, plan_.width}, {1, plan_.width}}}; }

  at::Tensor decode(const at::Tensor& x, const at::Tensor& memory, LayerCache& cache,
                    const AttentionContext& context) const override {
    const AutocastInputs in(x.device().type());
    const WithoutAutocast here;
    const Plan plan = plan_of(context, x.is_cpu());
    LayerTensors t = tensors(x, memory.defined() ? memory : x, context, in);
    const auto rows = cache.joined(memory, [&] {
      return std::vector{t.turned(plan, linear(t.source(), t.wk, t.bk)).unsqueeze(1),
                         linear(t.source(), t.wv, t.bv).unsqueeze(1)};
    });
    if (x.size(1) == 1 || fused_) return multi_query(t, plan, rows, context);
    t.keys = rows[0].part(0).squeeze(1);
    t.values = rows[1].part(0).squeeze(1);
    return t.forward(plan);
  }

 private:
  static at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
    return project(rows_of(x), weight, bias).view({x.size(0), x.size(1), -1});
  }
  Plan plan_of(const AttentionContext& context, bool on_cpu) const {
    Plan plan = plan_;
    plan.causal = context.causal;
    plan.interleaved = context.rotary_interleaved;
    const bool biases_of_each_head = context.bias.defined() && context.bias.size(0) > 1;
    plan.per_head = !plan.multiply && (keep_ == MheKeep::safe || biases_of_each_head || !on_cpu);
    plan.learns_bias = context.bias.defined() && context.bias.requires_grad();
    return plan;
  }
  LayerTensors tensors(const at::Tensor& x, const at::Tensor& memory, const AttentionContext& context,
                       const AutocastInputs& in) const {
    // Of the keys' bias, unturned, each score gets the same number.
    const bool bias_is_dead = !context.cos.defined();
    LayerTensors t;
    t.x = in(x);
    if (!memory.is_same(x)) t.memory = in(memory);
    t.wq = in(own_.query.weight()), t.bq = in(own_.query.bias());
    t.wk = in(own_.key.weight());
    if (!bias_is_dead) t.bk = in(own_.key.bias());
    t.wv = in(own_.value.weight()), t.bv = in(own_.value.bias());
    t.a = in(own_.query_embedding);
    if (plan_.multiply) t.b = in(own_.key_embedding);
    t.g = in(own_.value_embedding);
    t.wo = in(own_.output.weight()), t.bo = in(own_.output.bias());
    t.cos = in(context.cos), t.sin = in(context.sin);
    t.bias = context.bias, t.real = context.padding;
    return t;
  }

  // One token's queries of all heads against the shared keys.
  at::Tensor multi_query(const LayerTensors& t, const Plan& plan, const std::vector<CachedRows>& rows,
                         const AttentionContext& context) const {
    at::Tensor q = t.turned(plan, linear(t.x, t.wq, t.bq)).unsqueeze(1);  // [B, 1, T, d]
    const at::Tensor embeddings = plan.multiply ? t.a * t.b + t.a + t.b + 1.0 : t.a;
    q = plan.multiply ? q * embeddings.unsqueeze(1) : q + embeddings.unsqueeze(1);
    Attend attend = attend_;
    if (!fused_) attend.backend = AttentionBackend::eager;
    at::Tensor heads = attend(q, rows[0], rows[1], context).transpose(1, 2);  // [B, T, n, d]
    heads = plan.multiply ? heads * (t.g + 1.0) : heads + t.g;
    return linear(heads.flatten(2), t.wo, t.bo);
  }
  static at::Tensor whole_layer(const LayerTensors& t, const Plan& plan) {
    const auto o = optional_of;
    return WholeLayer::apply(t.x, o(t.memory), t.wq, o(t.bq), t.wk, o(t.bk), t.wv, o(t.bv), t.a, o(t.b), t.g, t.wo,
                             o(t.bo), o(t.cos), o(t.sin), o(t.seed), o(t.bias), o(t.real), plan);
  }
  // Queries, keys and values, turned.
  static std::array<at::Tensor, 3> projections(const LayerTensors& t, const Plan& plan) {
    const auto o = optional_of;
    variable_list all = Projections::apply(t.x, o(t.memory), t.wq, o(t.bq), t.wk, o(t.bk), t.wv, o(t.bv));
    return {t.turned(plan, std::exchange(all[0], {})), t.turned(plan, std::exchange(all[1], {})), all[2]};
  }
  static at::Tensor heads(const LayerTensors& t, const Plan& plan) {
    const auto [q, k, v] = projections(t, plan);
    const auto o = optional_of;
    return Heads::apply(q, k, v, t.a, o(t.b), t.g, t.wo, o(t.bo), o(t.seed), o(t.bias), o(t.real), plan);
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
  MheParameters own_;
  Plan plan_;
  bool fused_ = false;
};

}  // namespace

std::unique_ptr<Attention> make_optimal_head_embedding(Builder& builder, const AttentionPlace& place, bool multiply) {
  return std::make_unique<OptimalHeadEmbedding>(builder, place.layer, multiply);
}

}  // namespace headroom::models
