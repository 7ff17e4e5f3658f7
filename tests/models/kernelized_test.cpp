// Linear attention, FAVOR+ and cosFormer against dense references, against their recurrent form, and against softmax
// attention, in fp64.
#include <ATen/ops/arange.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "base/error.h"
#include "models/attention/rotary.h"
#include "models/catalog/attention.h"
#include "tests/models/random_sublayer.h"

namespace headroom::models {
namespace {

// From q [B, n, T, d] and k [B, n, S, d]: the weights [B, n, T, S] before they are divided by their sums.
using Weights = std::function<at::Tensor(const Sublayer&, const at::Tensor& q, const at::Tensor& k)>;

at::Tensor linear_weights(const Sublayer&, const at::Tensor& q, const at::Tensor& k) {
  return at::matmul(at::elu(q) + 1, (at::elu(k) + 1).transpose(-1, -2));
}

at::Tensor favor_features(const at::Tensor& x, const at::Tensor& directions, at::IntArrayRef largest_over) {
  const double scale = std::pow(static_cast<double>(x.size(-1)), -0.25);
  const at::Tensor dash = at::matmul(x * scale, directions.t());
  const at::Tensor largest = dash.detach().amax(largest_over, true);
  const at::Tensor exponentials = (dash - (x * scale).square().sum(-1, true) / 2 - largest).exp();
  return (exponentials + 1e-4) / std::sqrt(static_cast<double>(directions.size(0)));
}

at::Tensor performer_weights(const Sublayer& sublayer, const at::Tensor& q, const at::Tensor& k) {
  const at::Tensor& directions = sublayer.buffers[0];
  return at::matmul(favor_features(q, directions, -1), favor_features(k, directions, {-2, -1}).transpose(-1, -2));
}

at::Tensor cosformer_weights(const Sublayer&, const at::Tensor& q, const at::Tensor& k) {
  const std::int64_t queries = q.size(2), keys = k.size(2);
  const at::Tensor distances = at::arange(queries, q.options()).unsqueeze(1) - at::arange(keys, q.options());
  const at::Tensor cosines = (distances * (std::numbers::pi / 2 / static_cast<double>(std::max(queries, keys)))).cos();
  return at::matmul(q.relu(), k.relu().transpose(-1, -2)) * cosines;
}

struct Kernel {
  std::string name;
  Weights weights;
  double added = 0, least = 0;  // to, and of, a denominator
};

const std::vector<Kernel>& kernels() {
  static const std::vector<Kernel> all{{"linear", linear_weights, 1e-6, 0},
                                       {"performer", performer_weights, 0, 0},
                                       {"cosformer", cosformer_weights, 0, 1e-6}};
  return all;
}

at::Tensor dense(const Kernel& kernel, const Sublayer& s, const at::Tensor& x, const at::Tensor& memory, bool causal) {
  at::Tensor weights = kernel.weights(s, heads_of(s, "query", x), heads_of(s, "key", memory));
  if (causal) weights = weights.tril();
  const at::Tensor sums = (weights.sum(-1, true) + kernel.added).clamp_min(kernel.least);
  const at::Tensor heads = at::matmul(weights, heads_of(s, "value", memory)) / sums;
  return output_of(s, heads);
}

TEST(Kernelized, OutputsAndGradientsEqualTheDenseReference) {
  for (const Kernel& kernel : kernels())
    for (const char* chunk : {"1", "3", "7", "64"})
      for (bool causal : {false, true}) {
        const Sublayer sublayer = random_sublayer(kernel.name + ":chunk=" + chunk);
        const at::Tensor x = random_input(7).requires_grad_();
        AttentionContext context;
        context.causal = causal;
        expect_same_gradients(
            sublayer, {x}, [&] { return sublayer(x, x, context); },
            [&] { return dense(kernel, sublayer, x, x, causal); },
            kernel.name + " in chunks of " + chunk + (causal ? ", causal" : ""));
      }
}

TEST(Kernelized, CrossAttentionEqualsTheDenseReference) {
  for (const Kernel& kernel : kernels())
    for (const std::int64_t keys : {4, 9}) {
      const Sublayer sublayer = random_sublayer(kernel.name);
      const at::Tensor x = random_input(7).requires_grad_(), memory = random_input(keys).requires_grad_();
      expect_same_gradients(
          sublayer, {x, memory}, [&] { return sublayer(x, memory, {}); },
          [&] { return dense(kernel, sublayer, x, memory, false); }, kernel.name);
    }
}

TEST(Kernelized, LaterPositionsDoNotChangeEarlierOutputs) {
  AttentionContext context;
  context.causal = true;
  for (const char* name : {"linear:chunk=2", "cosformer:chunk=2"}) {
    const Sublayer sublayer = random_sublayer(name);
    const at::Tensor x = random_input(7);
    const at::Tensor before = sublayer(x, x, context);
    x.slice(1, 4) += 1;
    const at::Tensor change = (before - sublayer(x, x, context)).abs().amax({0, 2});
    EXPECT_EQ(change.slice(0, 0, 4).max().item<double>(), 0) << name;
    EXPECT_GT(change.slice(0, 4).min().item<double>(), 1e-6) << name;
  }
}

// A decoder's state: Σ φ(k) vᵀ and Σ φ(k) of each head, n·(d² + d) numbers.
TEST(Kernelized, LinearAttentionDecodesFromAStateThatDoesNotGrow) {
  const Sublayer sublayer = random_sublayer("linear:chunk=3");
  const at::Tensor x = random_input(7);
  AttentionContext context;
  context.causal = true;
  const at::Tensor q = at::elu(heads_of(sublayer, "query", x)) + 1, k = at::elu(heads_of(sublayer, "key", x)) + 1;
  const at::Tensor v = heads_of(sublayer, "value", x);
  at::Tensor values = at::zeros({2, 4, 3, 3}, at::kDouble), features = at::zeros({2, 4, 3}, at::kDouble);
  std::vector<at::Tensor> steps;
  for (std::int64_t t = 0; t < 7; ++t) {
    values = values + k.select(2, t).unsqueeze(-1) * v.select(2, t).unsqueeze(-2);
    features = features + k.select(2, t);
    const at::Tensor weighted = at::matmul(q.select(2, t).unsqueeze(-2), values);
    steps.push_back(weighted / ((q.select(2, t) * features).sum(-1) + 1e-6).unsqueeze(-1).unsqueeze(-1));
  }
  EXPECT_LT(largest_difference(sublayer(x, x, context), output_of(sublayer, at::cat(steps, 2))), 1e-12);
  const AttentionShape shape = attention_shape(sublayer.config);
  EXPECT_EQ(attention_mechanism("linear").state_bytes(shape).value, 4 * (values[0].numel() + features[0].numel()));
  EXPECT_EQ(attention_mechanism("linear").kv_cache_bytes_per_token(shape).value, 0);
}

TEST(Performer, DirectionsAreOrthogonalWithinABlockAndAsLongAsGaussianVectors) {
  ModelConfig config;
  config.d_model = 64;
  config.head_count = 2;
  config.head_dim = 32;
  const Sublayer sublayer(with_attention(config, "performer:features=80"), {at::kCPU, at::kDouble});
  ASSERT_EQ(sublayer.buffers.size(), 1u);
  const at::Tensor directions = sublayer.buffers[0];
  ASSERT_EQ(directions.sizes(), (at::IntArrayRef{80, 32}));
  for (std::int64_t start = 0; start < 80; start += 32) {
    at::Tensor block = directions.slice(0, start, std::min<std::int64_t>(start + 32, 80));
    block = block / block.norm(2, {1}, true);
    EXPECT_LT(largest_difference(at::matmul(block, block.t()), at::eye(block.size(0), at::kDouble)), 1e-12);
  }
  const at::Tensor lengths = directions.norm(2, {1});
  EXPECT_NEAR(lengths.mean().item<double>(), std::sqrt(32.0), 0.5);
  EXPECT_GT(lengths.std().item<double>(), 0.3);
}

// Small queries and keys: the stabiliser of 1e-4 must stay small beside their features.
TEST(Performer, ManyFeaturesApproachSoftmaxAttention) {
  const Sublayer softmax = random_sublayer("mha"), uniform = random_sublayer("mha");
  const Sublayer performer = random_sublayer("performer:features=60000");
  const at::NoGradGuard no_grad;
  for (const char* role : {"query.bias", "key.bias"}) softmax.parameter(role).zero_();
  copy_parameters(softmax, performer);
  copy_parameters(softmax, uniform);
  uniform.parameter("query.weight").zero_();
  const at::Tensor x = random_input(7) * 0.3;
  const at::Tensor expected = softmax(x, x, {});
  EXPECT_LT(largest_difference(performer(x, x, {}), expected), largest_difference(uniform(x, x, {}), expected) / 5);
}

TEST(Performer, RotaryPositionsTurnQueriesAndKeysBeforeTheirFeatures) {
  ModelConfig config = random_sublayer("mha").config;
  config.head_dim = 2;
  const Sublayer sublayer(with_attention(config, "performer"), {at::kCPU, at::kDouble});
  const at::Tensor x = random_input(7);
  AttentionContext context;
  const RotaryTables tables = rotary_tables(inverse_frequencies(2, 10000, at::kCPU), 7, at::kDouble);
  context.cos = tables.cos;
  context.sin = tables.sin;
  const Weights turned = [&](const Sublayer& s, const at::Tensor& q, const at::Tensor& k) {
    return performer_weights(s, rotate(q, tables.cos, tables.sin), rotate(k, tables.cos, tables.sin));
  };
  EXPECT_LT(largest_difference(sublayer(x, x, context), dense({"performer", turned}, sublayer, x, x, false)), 1e-12);
}

TEST(Performer, HasAsManyFeaturesAsItsReferenceWhereNobodySays) {
  ModelConfig config;
  config.head_count = 1;
  for (const auto& [width, features] : {std::pair{64, 266}, {32, 110}, {2, 1}, {1, 1}}) {
    config.head_dim = width;
    EXPECT_EQ(with_attention(config, "performer").attention_options.at("features"), features);
  }
}

TEST(Kernelized, RefusesWhatItsKernelHasNoMeaningFor) {
  ModelConfig llama = load_model("llama-7b");
  for (const char* name : {"linear", "cosformer"}) EXPECT_THROW(with_attention(llama, name), Error) << name;
  EXPECT_NO_THROW(with_attention(llama, "performer"));
  EXPECT_THROW(with_attention(load_model("gpt2"), "linear:chunk=0"), Error);
}

}  // namespace
}  // namespace headroom::models
