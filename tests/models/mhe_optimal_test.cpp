// mhe-add-optimal and mhe-mul-optimal are the functions of mhe-add and mhe-mul, outputs and gradients, in the bytes
// that their closed forms and the peaks below say.
#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "models/attention/padding.h"
#include "models/attention/rotary.h"
#include "models/catalog/attention.h"
#include "tests/models/sublayer.h"

namespace headroom::models {
namespace {

struct Case {
  std::int64_t batch = 2, query_len = 5, key_len = 5, heads = 3, head_dim = 4, d_model = 10;
  bool bias = true, causal = false, rope = false;
  double dropout = 0.0;
  Positions positions = Positions::learned;
  bool padding = false;
};

ModelConfig config_of(const Case& c, const std::string& mechanism) {
  ModelConfig config;
  config.name = "case";
  config.d_model = c.d_model;
  config.head_count = c.heads;
  config.head_dim = c.head_dim;
  config.attention_bias = c.bias;
  config.attention_dropout = c.dropout;
  config.max_positions = 4096;
  config.positions = c.rope ? Positions::rope : c.positions;
  return with_attention(config, mechanism);
}

Sublayer sublayer_of(const Case& c, const std::string& mechanism, at::ScalarType dtype = at::kDouble,
                     AttentionBackend backend = AttentionBackend::eager, bool training = true) {
  return {config_of(c, mechanism), {at::kCPU, dtype, backend, training}, c.causal};
}

void seed(std::uint64_t number) {
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU);
  generator.set_current_seed(number);
}

void set(const Sublayer& sublayer, const std::string& role, const at::Tensor& value) {
  at::NoGradGuard no_grad;
  if (const at::Tensor p = sublayer.parameter(role); p.defined()) p.copy_(value);
}

void randomize(const Sublayer& sublayer, double scale = 0.5) {
  at::NoGradGuard no_grad;
  for (const ModelParameter& p : sublayer.parameters)
    p.tensor.copy_(at::randn(p.tensor.sizes(), p.tensor.options().requires_grad(false)) * scale);
}

void copy_parameters(const Sublayer& from, const Sublayer& to) {
  at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < from.parameters.size(); ++i) {
    EXPECT_EQ(from.parameters[i].name, to.parameters[i].name);
    to.parameters[i].tensor.copy_(from.parameters[i].tensor);
  }
}

double relative_error(const at::Tensor& actual, const at::Tensor& expected) {
  return (actual - expected).abs().max().item<double>() / expected.abs().max().item<double>();
}

struct Inputs {
  explicit Inputs(const Case& c, at::ScalarType dtype = at::kDouble) {
    const auto options = at::TensorOptions().dtype(dtype);
    x = at::randn({c.batch, c.query_len, c.d_model}, options).requires_grad_();
    memory = c.key_len == c.query_len ? x : at::randn({c.batch, c.key_len, c.d_model}, options).requires_grad_();
    weights = at::randn(x.sizes(), options);
    if (c.causal) context = causal_context(c.query_len, options);
    if (c.rope) {
      const at::Device cpu(at::kCPU);
      const RotaryTables tables = rotary_tables(inverse_frequencies(c.head_dim, 100.0, cpu), c.query_len, dtype);
      context.cos = tables.cos, context.sin = tables.sin;
    }
    if (c.padding) {
      const at::Tensor lengths = at::arange(c.key_len, c.key_len - 2 * c.batch, -2).clamp_min(1).view({-1, 1});
      pad(at::arange(c.key_len) < lengths, c);
    }
  }
  // real: bool [B, S]
  void pad(const at::Tensor& real, const Case& c) {
    context.padding = real;
    context.mask = padding_mask(real, c.query_len, c.causal, false, x.scalar_type());
  }
  at::Tensor x, memory, weights;
  AttentionContext context;
};

struct Result {
  at::Tensor y;
  std::map<std::string, at::Tensor> gradients;  // those that are defined
};

Result result_of(const Sublayer& sublayer, const Inputs& in) {
  const auto leaf = [](const at::Tensor& t) { return t.detach().clone().requires_grad_(); };
  const at::Tensor x = leaf(in.x), memory = in.memory.is_same(in.x) ? x : leaf(in.memory);
  for (const ModelParameter& p : sublayer.parameters) p.tensor.mutable_grad() = at::Tensor();
  AttentionContext context = in.context;
  if (sublayer.options.backend != AttentionBackend::eager) context.mask = at::Tensor();
  sublayer.positions->prepare(context, in.x);
  if (in.context.cos.defined()) context.cos = in.context.cos, context.sin = in.context.sin;
  Result result{sublayer(x, memory, context), {}};
  (result.y * in.weights).sum().backward();
  const auto add = [&](const std::string& name, const at::Tensor& grad) {
    if (grad.defined()) result.gradients[name] = grad.clone();
  };
  add("x", x.grad());
  if (!memory.is_same(x)) add("memory", memory.grad());
  for (const ModelParameter& p : sublayer.parameters) add(p.name.substr(10), p.tensor.grad());
  result.y = result.y.detach();
  return result;
}

std::string published(const std::string& mechanism) { return mechanism.substr(0, 7); }
bool adds(const std::string& mechanism) { return mechanism.starts_with("mhe-add"); }

struct Worst {
  double output = 0, gradient = 0;
};

// Compares with the published form.
void compare(const Case& c, const std::string& mechanism, AttentionBackend backend, Worst& worst) {
  SCOPED_TRACE(testing::Message() << mechanism << " B=" << c.batch << " T=" << c.query_len << " S=" << c.key_len
                                  << " n=" << c.heads << " d=" << c.head_dim << " bias " << c.bias << " causal "
                                  << c.causal << " rope " << c.rope << " padding " << c.padding << " "
                                  << to_name(kPositionsNames, c.positions));
  const Sublayer naive = sublayer_of(c, published(mechanism)),
                 optimal = sublayer_of(c, mechanism, at::kDouble, backend);
  randomize(naive);
  copy_parameters(naive, optimal);
  const Inputs in(c);
  const Result expected = result_of(naive, in), actual = result_of(optimal, in);
  worst.output = std::max(worst.output, relative_error(actual.y, expected.y));
  const double largest = [&] {
    double value = 0;
    for (const auto& [name, gradient] : expected.gradients)
      value = std::max(value, gradient.abs().max().item<double>());
    return value;
  }();
  for (const auto& [name, gradient] : expected.gradients) {
    const bool dead = (adds(mechanism) && name == "key_embedding") || (name == "key.bias" && !c.rope);
    EXPECT_EQ(actual.gradients.contains(name), !dead) << name;
    if (dead)
      EXPECT_LT(gradient.abs().max().item<double>(), 1e-12 * largest) << name;
    else if (actual.gradients.contains(name))
      worst.gradient = std::max(worst.gradient, relative_error(actual.gradients.at(name), gradient));
  }
}

const std::vector<std::string> kEager{"mhe-add-optimal", "mhe-add-optimal:keep=safe", "mhe-add-optimal:keep=layer",
                                      "mhe-mul-optimal", "mhe-mul-optimal:keep=layer"};

const std::vector<Case>& shapes() {
  static const std::vector<Case> cases{
      {},
      {.batch = 1, .query_len = 1, .key_len = 1, .heads = 1, .head_dim = 2, .d_model = 3},
      {.batch = 1, .query_len = 130, .key_len = 130, .heads = 5, .head_dim = 6, .d_model = 24},
      {.batch = 2, .query_len = 257, .key_len = 257, .heads = 4, .head_dim = 8, .d_model = 32},
      {.batch = 1, .query_len = 128, .key_len = 128, .heads = 12, .head_dim = 4, .d_model = 48}};
  return cases;
}

TEST(MheOptimal, OutputsAndGradientsAreThoseOfThePublishedForm) {
  for (const std::string& mechanism : kEager) {
    Worst worst;
    for (Case c : shapes())
      for (bool bias : {false, true})
        for (bool causal : {false, true}) {
          c.bias = bias, c.causal = causal;
          compare(c, mechanism, AttentionBackend::eager, worst);
        }
    EXPECT_LT(worst.output, 1e-13) << mechanism;
    EXPECT_LT(worst.gradient, 1e-12) << mechanism;
    std::printf("%-28s worst relative error: output %.1e, gradient %.1e\n", mechanism.c_str(), worst.output,
                worst.gradient);
  }
}

TEST(MheOptimal, CrossAttentionIsThatOfThePublishedForm) {
  for (const std::string& mechanism : kEager) {
    Worst worst;
    for (const auto& [queries, keys] : {std::pair{5, 9}, std::pair{9, 5}, std::pair{140, 33}, std::pair{3, 300}})
      compare({.query_len = queries, .key_len = keys}, mechanism, AttentionBackend::eager, worst);
    EXPECT_LT(worst.output, 1e-13) << mechanism;
    EXPECT_LT(worst.gradient, 1e-12) << mechanism;
  }
}

TEST(MheOptimal, RotaryPositionsTurnBeforeTheEmbeddingsAndKeepTheKeysBiasAlive) {
  for (const std::string& mechanism : kEager) {
    Worst worst;
    for (bool causal : {false, true})
      compare({.query_len = 131, .key_len = 131, .causal = causal, .rope = true}, mechanism, AttentionBackend::eager,
              worst);
    EXPECT_LT(worst.output, 1e-13) << mechanism;
    EXPECT_LT(worst.gradient, 1e-12) << mechanism;
  }
}

TEST(MheOptimal, PositionBiasesAndTheirGradientsAreThoseOfThePublishedForm) {
  for (const std::string& mechanism : kEager) {
    Worst worst;
    for (Positions positions : {Positions::alibi, Positions::t5})
      for (bool causal : {false, true})
        for (std::int64_t heads : {1, 3})
          compare({.query_len = 131, .key_len = 131, .heads = heads, .causal = causal, .positions = positions},
                  mechanism, AttentionBackend::eager, worst);
    EXPECT_LT(worst.output, 1e-13) << mechanism;
    EXPECT_LT(worst.gradient, 1e-12) << mechanism;
  }
  Worst worst;
  compare({.positions = Positions::t5}, "mhe-mul-optimal:keep=sdpa", AttentionBackend::math, worst);
  EXPECT_LT(worst.output, 1e-13);
  EXPECT_LT(worst.gradient, 1e-12);
}

TEST(MheOptimal, PaddingIsHiddenAsInThePublishedForm) {
  for (const std::string& mechanism : kEager) {
    Worst worst;
    for (bool causal : {false, true})
      for (std::int64_t seq : {5, 140})
        for (Positions positions : {Positions::learned, Positions::t5})
          compare(
              {.batch = 3, .query_len = seq, .key_len = seq, .causal = causal, .positions = positions, .padding = true},
              mechanism, AttentionBackend::eager, worst);
    compare({.batch = 3, .query_len = 5, .key_len = 9, .padding = true}, mechanism, AttentionBackend::eager, worst);
    EXPECT_LT(worst.output, 1e-13) << mechanism;
    EXPECT_LT(worst.gradient, 1e-12) << mechanism;
  }
}

TEST(MheOptimal, RowsThatSeeNoKeyGetHeadsOfZeroAndGiveFiniteGradients) {
  for (const std::string& mechanism : kEager) {
    const Case c{.query_len = 6, .key_len = 6};
    const Sublayer sublayer = sublayer_of(c, mechanism);
    randomize(sublayer);
    Inputs in(c);
    in.pad((at::arange(6) < at::arange(6, -6, -6).view({2, 1})), c);  // the second sequence is nothing but padding
    const Result result = result_of(sublayer, in);
    at::Tensor empty = sublayer.parameter("output.bias");
    if (adds(mechanism))
      empty = empty + sublayer.parameter("output.weight").matmul(sublayer.parameter("value_embedding").reshape({-1}));
    EXPECT_LT(relative_error(result.y[1], empty.expand({6, -1})), 1e-14) << mechanism;
    for (const auto& [name, gradient] : result.gradients)
      EXPECT_TRUE(gradient.isfinite().all().item<bool>()) << mechanism << " " << name;
    EXPECT_EQ(result.gradients.at("x")[1].abs().max().item<double>(), 0.0) << mechanism;
  }
}

TEST(MheOptimal, FusedKernelsGiveTheSame) {
  for (AttentionBackend backend : {AttentionBackend::math, AttentionBackend::flash}) {
    Worst worst;
    for (Case c : shapes())
      for (bool causal : {false, true}) {
        c.causal = causal;
        compare(c, "mhe-mul-optimal:keep=sdpa", backend, worst);
      }
    compare({.query_len = 5, .key_len = 9}, "mhe-mul-optimal:keep=sdpa", backend, worst);
    EXPECT_LT(worst.output, 1e-12);
    EXPECT_LT(worst.gradient, 1e-11);
  }
  try {
    sublayer_of({}, "mhe-mul-optimal:keep=sdpa");
    FAIL() << "eager";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("--sdpa"));
  }
}

TEST(MheOptimal, BackwardThroughAKeptGraphGivesTheSameAgain) {
  for (const std::string& mechanism : kEager) {
    const Case c{.query_len = 130, .key_len = 130, .causal = true};
    const Sublayer sublayer = sublayer_of(c, mechanism);
    randomize(sublayer);
    const Inputs in(c);
    const at::Tensor y = sublayer(in.x, in.x, in.context);
    y.backward(in.weights, true);
    const at::Tensor once = in.x.grad().clone();
    y.backward(in.weights);
    EXPECT_EQ((in.x.grad() - 2 * once).abs().max().item<double>(), 0.0) << mechanism;
  }
}

TEST(MheOptimal, ForwardWithoutGradientsGivesTheSame) {
  for (const std::string& mechanism : kEager) {
    const Case c{.query_len = 130, .key_len = 130};
    const Sublayer sublayer = sublayer_of(c, mechanism);
    randomize(sublayer);
    const Inputs in(c);
    const at::Tensor y = sublayer(in.x, in.x, in.context);
    const at::NoGradGuard no_grad;
    EXPECT_LT(relative_error(sublayer(in.x, in.x, in.context), y), 1e-13) << mechanism;
  }
}

TEST(MheOptimal, NarrowTypesSumInFp32) {
  for (const std::string& mechanism : kEager)
    for (at::ScalarType dtype : {at::kBFloat16, at::kHalf}) {
      const Case c{.query_len = 130, .key_len = 130, .head_dim = 16, .d_model = 48, .causal = true};
      const Sublayer exact = sublayer_of(c, published(mechanism)), sublayer = sublayer_of(c, mechanism, dtype);
      randomize(sublayer, 0.2);
      copy_parameters(sublayer, exact);
      Inputs in(c, dtype), wide(c);
      wide.x = wide.memory = in.x.detach().to(at::kDouble).requires_grad_();
      wide.weights = in.weights.to(at::kDouble);
      const Result expected = result_of(exact, wide), actual = result_of(sublayer, in);
      const double unit = dtype == at::kHalf ? 1.0 / 1024 : 1.0 / 128;
      EXPECT_LT(relative_error(actual.y, expected.y), 2 * unit) << mechanism << dtype;
      for (const auto& [name, gradient] : actual.gradients)
        EXPECT_LT(relative_error(gradient, expected.gradients.at(name)), 6 * unit) << mechanism << dtype << name;
    }
}

struct Autocast {
  Autocast() {
    at::autocast::set_autocast_enabled(at::kCPU, true);
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  }
  ~Autocast() {
    at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(at::kCPU, false);
  }
};

TEST(MheOptimal, AutocastCastsTheInputs) {
  for (const std::string& mechanism : kEager) {
    const Case c{.query_len = 130, .key_len = 130, .head_dim = 16, .d_model = 48, .causal = true};
    const Sublayer sublayer = sublayer_of(c, mechanism, at::kFloat);
    randomize(sublayer, 0.2);
    const Inputs in(c, at::kFloat);
    const Result expected = result_of(sublayer, in);
    const Result actual = [&] {
      const Autocast here;
      return result_of(sublayer, in);
    }();
    EXPECT_EQ(actual.y.scalar_type(), at::kBFloat16) << mechanism;
    EXPECT_LT(relative_error(actual.y, expected.y), 0.03) << mechanism;
    EXPECT_EQ(actual.gradients.size(), expected.gradients.size()) << mechanism;
    for (const auto& [name, gradient] : expected.gradients)
      EXPECT_LT(relative_error(actual.gradients.at(name), gradient), 0.06) << mechanism << " " << name;
  }
}

// An opponent of the shared exponentials: key 0 has every row's largest score, `gap` above the others, while the query
// embeddings add `range` to key 1 alone.
struct Opponent {
  Opponent(double range, double gap) {
    c = {.batch = 1, .query_len = 256, .key_len = 257, .heads = 4, .head_dim = 16, .d_model = 16, .bias = false};
    q = at::randn({1, 256, 16}, at::kDouble) * 0.5;
    memory = at::randn({1, 257, 16}, at::kDouble) * 0.5;
    query = at::randn({4, 16}, at::kDouble) * 0.1;
    q.slice(2, 0, 1).fill_(1.0);
    q.slice(2, 1, 2).fill_(0.0);
    memory.slice(2, 0, 2).fill_(0.0);
    memory[0][0][0] = 4 * gap;  // s = 1/4
    memory[0][1][1] = 4 * range;
    query.slice(1, 0, 1).fill_(0.0);
    query.slice(1, 1, 2).fill_(1.0);
  }
  Result run(const std::string& mechanism, at::ScalarType dtype,
             AttentionBackend backend = AttentionBackend::eager) const {
    const Sublayer sublayer = sublayer_of(c, mechanism, dtype, backend);
    seed(5);
    const at::Tensor value = at::randn({16, 16}, at::kDouble) * 0.3, output = at::randn({16, 64}, at::kDouble) * 0.3;
    for (const char* role : {"query.weight", "key.weight"}) set(sublayer, role, at::eye(16, at::kDouble));
    set(sublayer, "value.weight", value);
    set(sublayer, "output.weight", output);
    set(sublayer, "query_embedding", query);
    set(sublayer, "key_embedding", at::zeros({4, 16}));
    set(sublayer, "value_embedding", at::zeros({4, 16}));
    Inputs in(c, dtype);
    in.x = q.to(dtype), in.memory = memory.to(dtype);
    seed(6);
    in.weights = at::randn({1, 256, 16}, at::kDouble).to(dtype);
    return result_of(sublayer, in);
  }
  Case c;
  at::Tensor q, memory, query;
};

// Of each gradient relative to its largest element, or to 1; the worst.
double worst_gradient(const Result& actual, const Result& expected) {
  double worst = 0;
  for (const auto& [name, gradient] : expected.gradients) {
    if (!actual.gradients.contains(name)) continue;
    const double scale = std::max(1.0, gradient.abs().max().item<double>());
    worst = std::max(worst, (actual.gradients.at(name) - gradient).abs().max().item<double>() / scale);
  }
  return worst;
}

// Where one key takes a whole row, every backward that recomputes scores and takes the row's sum from the output
// (flash attention's, too) cancels to rounding only: its gradients are compared with that kernel's.
TEST(MheOptimal, IsAsStableAsASoftmaxOfEachHeadWhereverTheEmbeddingsPoint) {
  for (const char* mechanism : {"mhe-add-optimal", "mhe-add-optimal:keep=safe", "mhe-add-optimal:keep=layer"}) {
    double output = 0, gradient = 0, flash_output = 0, flash_gradient = 0;
    for (double range : {0.0, 8.0, 16.0, 60.0, 64.0, 87.0, 96.0, 104.0, 140.0, 200.0})
      for (double gap : {0.0, range / 2, range, range + 30}) {
        const Opponent opponent(range, gap);
        const Result exact = opponent.run("mhe-add", at::kDouble), actual = opponent.run(mechanism, at::kFloat),
                     flash = opponent.run("mhe-add", at::kFloat, AttentionBackend::flash);
        const double error = relative_error(actual.y, exact.y);
        EXPECT_LT(error, 5e-5) << mechanism << " range " << range << " gap " << gap;
        output = std::max(output, error);
        flash_output = std::max(flash_output, relative_error(flash.y, exact.y));
        gradient = std::max(gradient, worst_gradient(actual, exact));
        flash_gradient = std::max(flash_gradient, worst_gradient(flash, exact));
      }
    EXPECT_LT(gradient, 3 * flash_gradient) << mechanism;
    std::printf("%-28s worst fp32 error: output %.1e (flash %.1e), gradient %.1e (flash %.1e)\n", mechanism, output,
                flash_output, gradient, flash_gradient);
  }
}

TEST(MheOptimal, SavedBytesAreTheClosedForm) {
  for (const std::string& mechanism : kEager)
    for (at::ScalarType dtype : {at::kFloat, at::kDouble, at::kBFloat16})
      for (bool rope : {false, true})
        for (double dropout : {0.0, 0.1})
          for (Case c :
               {Case{}, Case{.query_len = 5, .key_len = 9}, Case{.query_len = 200, .key_len = 200, .heads = 5}}) {
            c.dropout = dropout, c.rope = rope;
            if (rope && c.query_len != c.key_len) continue;
            const Sublayer sublayer = sublayer_of(c, mechanism, dtype);
            AttentionShape shape = attention_shape(sublayer.config);
            shape.batch = c.batch, shape.query_len = c.query_len, shape.key_len = c.key_len;
            shape.element_bytes = static_cast<std::int64_t>(c10::elementSize(dtype));
            const Inputs in(c, dtype);
            at::Tensor y;
            const std::int64_t alive = bytes_left_allocated([&] { return y = sublayer(in.x, in.memory, in.context); });
            const Formula formula = attention_mechanism(mechanism_name(mechanism)).saved_bytes(shape);
            EXPECT_EQ(alive - static_cast<std::int64_t>(y.nbytes()), formula.value)
                << mechanism << ": " << formula.text << " " << dtype << " rope " << rope << " dropout " << dropout;
          }
}

TEST(MheOptimal, SavedBytesOfTheFusedFormAreTheClosedForm) {
  for (bool bias : {false, true})
    for (const Case& shape : {Case{}, Case{.query_len = 5, .key_len = 9}, Case{.query_len = 200, .key_len = 200}}) {
      Case c = shape;
      c.bias = bias;
      const Sublayer sublayer = sublayer_of(c, "mhe-mul-optimal:keep=sdpa", at::kFloat, AttentionBackend::flash);
      AttentionShape s = attention_shape(sublayer.config);
      s.batch = c.batch, s.query_len = c.query_len, s.key_len = c.key_len, s.fused = true;
      const Inputs in(c, at::kFloat);
      at::Tensor y;
      const std::int64_t alive = bytes_left_allocated([&] { return y = sublayer(in.x, in.memory, in.context); });
      const Formula formula = attention_mechanism("mhe-mul-optimal").saved_bytes(s);
      EXPECT_EQ(alive - static_cast<std::int64_t>(y.nbytes()), formula.value) << formula.text;
    }
}

// Bytes over parameters, X and dY at the step's worst instant, forward and backward.
std::int64_t step_peak(const Sublayer& sublayer, const at::Tensor& x, const at::Tensor& dy) {
  const at::Tensor leaf = x.detach().requires_grad_();
  auto count = std::make_shared<AllocationCount>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, count);
  const at::Tensor y = sublayer(leaf, leaf, {});
  y.backward(dy);
  return count->peak();
}

struct PeakShape {
  std::int64_t B, T, n, d, m;
  bool bias = true;
};

// Floats of the step's peak (self-attention, no mask): the largest of the instants at which the most lives.
std::int64_t peak_floats(const std::string& mechanism, const PeakShape& s) {
  const std::int64_t N = s.B * s.T, T = s.T, n = s.n, d = s.d, m = s.m, D = n * d, r = std::min<std::int64_t>(128, T),
                     hg = std::min<std::int64_t>(4, n), step = std::min(r, std::max<std::int64_t>(1, 128 / n)),
                     R = step * n;
  const bool multiplies = !adds(mechanism), layer = mechanism.ends_with("layer"), safe = mechanism.ends_with("safe");
  const std::int64_t bo = s.bias ? m : 0, biases = s.bias ? 2 * d : 0;
  const std::int64_t embeddings = multiplies ? 3 * D : 0;  // 1 + e
  const std::int64_t gradients = multiplies ? 3 * D : 2 * D;
  const std::int64_t saved = N * D + 3 * N * d + N * n;
  const std::int64_t shared = 2 * (r * T + T * hg * d) + T * hg, per_head = 4 * r * T + T;
  const std::int64_t sequence = multiplies ? 2 * D + std::max(r * D + D, 2 * R * T + 2 * R * d + R + D)
                                           : 2 * T * n + (safe ? per_head : std::max(shared, per_head)) + r * n;
  const std::int64_t projections = 2 * N * m + 3 * N * d + D * m + bo + gradients + 3 * m * d + biases;
  if (layer) {
    const std::int64_t block = 2 * r * D + r * n;
    const std::int64_t rows = N * m + D * m + embeddings + gradients + 3 * N * d + 3 * T * d + block + sequence;
    return std::max(rows, projections + embeddings);
  }
  const std::int64_t heads = N * m + saved + 3 * N * d + embeddings + gradients;
  const std::int64_t rows = heads + r * D + sequence;
  const std::int64_t weight = heads + D * m + (multiplies ? std::max(r * D, bo) : m + D);
  return std::max({rows, weight, projections});
}

TEST(MheOptimal, StepsPeakIsItsClosedForm) {
  for (const std::string& mechanism : kEager)
    for (const PeakShape& s :
         {PeakShape{2, 512, 12, 64, 768}, PeakShape{1, 1024, 12, 64, 768, false}, PeakShape{3, 256, 4, 16, 64},
          PeakShape{2, 100, 5, 8, 40}, PeakShape{1, 640, 2, 32, 64}}) {
      const Case c{.batch = s.B,
                   .query_len = s.T,
                   .key_len = s.T,
                   .heads = s.n,
                   .head_dim = s.d,
                   .d_model = s.m,
                   .bias = s.bias};
      const Sublayer sublayer = sublayer_of(c, mechanism, at::kFloat);
      const Inputs in(c, at::kFloat);
      EXPECT_EQ(step_peak(sublayer, in.x, in.weights), 4 * peak_floats(mechanism, s))
          << mechanism << " B=" << s.B << " T=" << s.T << " n=" << s.n << " d=" << s.d;
    }
}

// docs/models.md.
TEST(MheOptimal, StepsPeakOfTwiceFiveHundredTokensIsTheDocumentedOne) {
  const std::map<std::string, std::int64_t> expected{{"mhe-add-optimal", 10285056},
                                                     {"mhe-add-optimal:keep=safe", 10285056},
                                                     {"mhe-add-optimal:keep=layer", 10036736},
                                                     {"mhe-mul-optimal", 10684416},
                                                     {"mhe-mul-optimal:keep=layer", 10049024}};
  for (const auto& [mechanism, bytes] : expected)
    EXPECT_EQ(4 * peak_floats(mechanism, {2, 512, 12, 64, 768}), bytes) << mechanism;
}

// Learned biases add their gradient, [n, T, T], for the time of backward; they themselves are the stack's.
TEST(MheOptimal, LearnedPositionBiasesAddTheirGradientToTheStepsPeak) {
  for (const char* mechanism : {"mhe-add-optimal:keep=safe", "mhe-add-optimal"}) {
    std::vector<std::int64_t> peaks;
    for (Positions positions : {Positions::alibi, Positions::t5}) {
      const Case c{.batch = 1,
                   .query_len = 300,
                   .key_len = 300,
                   .heads = 4,
                   .head_dim = 16,
                   .d_model = 64,
                   .positions = positions};
      const Sublayer sublayer = sublayer_of(c, mechanism, at::kFloat);
      const Inputs in(c, at::kFloat);
      AttentionContext context;
      sublayer.positions->prepare(context, in.x);
      context.bias = context.bias.detach().contiguous();
      if (positions == Positions::t5) context.bias.requires_grad_();
      const at::Tensor leaf = in.x.detach().requires_grad_();
      auto count = std::make_shared<AllocationCount>();
      const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, count);
      sublayer(leaf, leaf, context).backward(in.weights);
      peaks.push_back(count->peak());
    }
    EXPECT_EQ(peaks[1] - peaks[0], 4 * 4 * 300 * 300) << mechanism;
  }
}

TEST(MheOptimal, BytesDoNotDependOnTheData) {
  for (const char* mechanism : {"mhe-add-optimal", "mhe-add-optimal:keep=layer"}) {
    std::vector<std::int64_t> peaks;
    for (double scale : {0.01, 1e4}) {  // shared exponentials, and one for each head
      const Case c{.batch = 1, .query_len = 300, .key_len = 300, .heads = 4, .head_dim = 16, .d_model = 64};
      const Sublayer sublayer = sublayer_of(c, mechanism, at::kFloat);
      set(sublayer, "query_embedding", at::arange(64).view({4, 16}) * scale);
      const Inputs in(c, at::kFloat);
      peaks.push_back(step_peak(sublayer, in.x, in.weights));
    }
    EXPECT_EQ(peaks[0], peaks[1]) << mechanism;
  }
}

// n = 2 heads of d = 8 over 8 keys that are the unit vectors: with the output matrix the identity, what comes out are
// the probabilities themselves.
struct Droppable {
  Droppable() {
    c = {.batch = 2,
         .query_len = 150,
         .key_len = 8,
         .heads = 2,
         .head_dim = 8,
         .d_model = 16,
         .bias = false,
         .dropout = 0.25};
    seed(11);
    x = at::randn({2, 150, 16}, at::kDouble);
    memory = at::cat({at::eye(8, at::kDouble), at::randn({8, 8}, at::kDouble)}, 1).expand({2, 8, 16}).contiguous();
  }
  Sublayer sublayer(const std::string& mechanism, bool training = true) const {
    Sublayer result = sublayer_of(c, mechanism, at::kDouble, AttentionBackend::eager, training);
    seed(12);
    randomize(result);
    set(result, "output.weight", at::eye(16, at::kDouble));
    return result;
  }
  // [B, T, n, S]
  at::Tensor masks(const std::string& mechanism) const {
    const Sublayer drops = sublayer(mechanism), whole = sublayer(mechanism, false);
    for (const Sublayer* s : {&drops, &whole}) {
      set(*s, "value.weight", at::cat({at::eye(8, at::kDouble), at::zeros({8, 8}, at::kDouble)}, 1));
      set(*s, "value_embedding", at::zeros({2, 8}));
    }
    seed(77);
    const at::Tensor with = drops(x, memory, {}), without = whole(x, memory, {});
    return (with / without).detach().view({2, 150, 2, 8});
  }
  Case c;
  at::Tensor x, memory;
};

TEST(MheOptimalDropout, DropsProbabilitiesOfEachHeadAtItsRateAndScalesTheOthers) {
  for (const std::string& mechanism : kEager) {
    const at::Tensor masks = Droppable().masks(mechanism);
    const at::Tensor kept = masks.gt(0.5);
    EXPECT_LT((masks - kept.to(at::kDouble) / 0.75).abs().max().item<double>(), 1e-9) << mechanism;
    EXPECT_NEAR(kept.to(at::kDouble).mean().item<double>(), 0.75, 0.03) << mechanism;  // 4,800 draws: 5 deviations
    const at::Tensor same = kept.select(2, 0).eq(kept.select(2, 1)).to(at::kDouble).mean();
    EXPECT_NEAR(same.item<double>(), 0.75 * 0.75 + 0.25 * 0.25, 0.05) << mechanism << ": heads drop alike";
    EXPECT_NEAR(kept[0].eq(kept[1]).to(at::kDouble).mean().item<double>(), 0.625, 0.05) << mechanism;
    EXPECT_NEAR(kept.slice(1, 1).eq(kept.slice(1, 0, 149)).to(at::kDouble).mean().item<double>(), 0.625, 0.05);
    EXPECT_NEAR(kept.slice(3, 1).eq(kept.slice(3, 0, 7)).to(at::kDouble).mean().item<double>(), 0.625, 0.05);
  }
}

// The published form with given masks.
at::Tensor dropped_reference(const Sublayer& s, const at::Tensor& x, const at::Tensor& memory, const at::Tensor& masks,
                             bool multiplies) {
  const auto heads = [&](const at::Tensor& from, const char* weight, const char* embedding) {
    const at::Tensor seed_of_all = from.matmul(s.parameter(weight).t()).unsqueeze(1);  // [B, 1, T, d]
    const at::Tensor e = s.parameter(embedding).unsqueeze(1);
    return multiplies ? seed_of_all * (e + 1) : seed_of_all + e;
  };
  const at::Tensor q = heads(x, "query.weight", "query_embedding"), k = heads(memory, "key.weight", "key_embedding"),
                   v = heads(memory, "value.weight", "value_embedding");
  const at::Tensor p = at::softmax(q.matmul(k.transpose(2, 3)) / std::sqrt(8.0), -1) * masks.transpose(1, 2);
  return p.matmul(v).transpose(1, 2).flatten(2).matmul(s.parameter("output.weight").t());
}

TEST(MheOptimalDropout, OutputsAndGradientsAreThoseOfThePublishedFormUnderTheSameMasks) {
  for (const std::string& mechanism : kEager) {
    const Droppable d;
    const at::Tensor masks = d.masks(mechanism);
    const Sublayer sublayer = d.sublayer(mechanism);
    Inputs in(d.c);
    in.x = d.x, in.memory = d.memory;
    seed(77);
    const Result actual = result_of(sublayer, in);
    for (const ModelParameter& p : sublayer.parameters) p.tensor.mutable_grad() = at::Tensor();
    const at::Tensor x = d.x.clone().requires_grad_(), memory = d.memory.clone().requires_grad_();
    const at::Tensor y = dropped_reference(sublayer, x, memory, masks, !adds(mechanism));
    (y * in.weights).sum().backward();
    EXPECT_LT(relative_error(actual.y, y), 1e-9) << mechanism;
    for (const auto& [name, gradient] : actual.gradients) {
      const at::Tensor expected = name == "x"        ? x.grad()
                                  : name == "memory" ? memory.grad()
                                                     : sublayer.parameter(name).grad();
      EXPECT_LT(relative_error(gradient, expected), 1e-9) << mechanism << " " << name;
    }
    EXPECT_EQ(actual.gradients.contains("key_embedding"), !adds(mechanism));
  }
}

TEST(MheOptimalDropout, IsNotThereInEvaluation) {
  for (const std::string& mechanism : kEager) {
    const Case c{.dropout = 0.5};
    const Sublayer optimal = sublayer_of(c, mechanism, at::kDouble, AttentionBackend::eager, false),
                   naive = sublayer_of(c, published(mechanism), at::kDouble, AttentionBackend::eager, false);
    randomize(naive);
    copy_parameters(naive, optimal);
    const Inputs in(c);
    EXPECT_LT(relative_error(optimal(in.x, in.x, {}), naive(in.x, in.x, {})), 1e-13) << mechanism;
  }
}

TEST(MheOptimal, CachesOneKeyAndOneValueOfOneHead) {
  AttentionShape s;
  s.head_count = 12, s.head_dim = 64, s.d_model = 768, s.element_bytes = 2;
  for (const char* mechanism : {"mhe-add-optimal", "mhe-mul-optimal"})
    EXPECT_EQ(attention_mechanism(mechanism).kv_cache_bytes_per_token(s).value, 2 * 64 * 2) << mechanism;
}

TEST(MheOptimal, ChoicesThatDoNotExistAreRefused) {
  EXPECT_THROW(config_of({}, "mhe-add-optimal:keep=sdpa"), Error);
  EXPECT_THROW(config_of({}, "mhe-mul-optimal:keep=safe"), Error);
}

}  // namespace
}  // namespace headroom::models
