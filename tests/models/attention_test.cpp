// Outputs and gradients of every mechanism against a fixture computed elsewhere, and against exact identities, in fp64.
#include "models/catalog/attention.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/models/sublayer.h"

namespace headroom::models {
namespace {

using Values = std::vector<double>;

// Flat row-major element i is sin(k + 0.7·i).
at::Tensor t(double k, at::IntArrayRef shape) {
  return (at::arange(c10::multiply_integers(shape), at::kDouble) * 0.7 + k).sin().view(shape);
}

ModelConfig fixture_config(std::string_view mechanism) {
  ModelConfig config;
  config.name = "fixture";
  config.d_model = 4;
  config.head_count = config.kv_head_count = 2;
  config.head_dim = 2;
  config.attention_bias = false;
  return with_attention(config, mechanism == "gqa" ? "mha" : mechanism);
}

// The fixture's matrices are (in x out); weights are (out x in).
void set(const Sublayer& sublayer, const std::string& role, const at::Tensor& value) {
  at::NoGradGuard no_grad;
  if (const at::Tensor p = sublayer.parameter(role); p.defined()) p.copy_(value);
}

Sublayer fixture(std::string_view mechanism, AttentionBackend backend = AttentionBackend::eager) {
  const bool shared = mechanism == "sha" || mechanism == "sha-compact" || mechanism.starts_with("mhe");
  const std::int64_t key_width = shared || mechanism == "mqa" ? 2 : 4;
  Sublayer sublayer(fixture_config(mechanism), {at::kCPU, at::kDouble, backend, true});
  set(sublayer, "query.weight", t(2, {4, shared ? 2 : 4}).t());
  set(sublayer, "key.weight", t(3, {4, key_width}).t());
  set(sublayer, "key_value.weight", t(3, {4, 4}).t());
  set(sublayer, "value.weight", t(4, {4, key_width}).t());
  set(sublayer, "output.weight", t(5, {4, 4}).slice(0, 0, mechanism == "sha-compact" ? 2 : 4).t());
  set(sublayer, "query_embedding", t(6, {2, 2}));
  set(sublayer, "key_embedding", t(7, {2, 2}));
  set(sublayer, "value_embedding", t(8, {2, 2}));
  return sublayer;
}

at::Tensor input() { return t(1, {1, 3, 4}); }
AttentionContext causal() { return causal_context(3, at::TensorOptions().dtype(at::kDouble)); }

void expect_values(const at::Tensor& actual, const Values& expected, double tolerance, const std::string& what) {
  const at::Tensor flat = actual.detach().contiguous().view({-1});
  ASSERT_EQ(flat.numel(), static_cast<std::int64_t>(expected.size())) << what;
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(flat[static_cast<std::int64_t>(i)].item<double>(), expected[i], tolerance) << what << " element " << i;
}

const std::map<std::string, Values>& causal_outputs() {
  static const std::map<std::string, Values> outputs{
      {"mha",
       {0.080657, 0.02838, -0.037244, -0.085352, -0.032222, -0.044736, -0.036209, -0.010653, 0.045171, 0.035317,
        0.008853, -0.021775}},
      {"el-exact",
       {0.080657, 0.02838, -0.037244, -0.085352, -0.032222, -0.044736, -0.036209, -0.010653, 0.045171, 0.035317,
        0.008853, -0.021775}},
      {"sha-compact",
       {0.620862, 0.273809, -0.20202, -0.582836, -0.502663, -0.342986, -0.021997, 0.309337, 0.544317, 0.299948,
        -0.085491, -0.430722}},
      {"sha",
       {1.299391, 0.889336, 0.061012, -0.796007, -0.933149, -0.844495, -0.358662, 0.295855, 1.080499, 0.841151,
        0.206196, -0.525736}},
      {"mqa",
       {1.299391, 0.889336, 0.061012, -0.796007, -0.033029, -0.19055, -0.258452, -0.2048, 0.547225, 0.458494, 0.154127,
        -0.222729}},
      {"skv",
       {-0.232179, -0.243716, -0.14063, 0.028596, -0.106629, -0.098727, -0.044392, 0.030821, -0.007268, -0.016425,
        -0.017857, -0.010891}},
      {"el-slice",
       {-0.409202, -0.274407, -0.010554, 0.258262, -0.20612, -0.203777, -0.105595, 0.042251, -0.052063, -0.039437,
        -0.008264, 0.026797}},
      {"mhe-add",
       {0.527026, 0.225608, -0.181917, -0.503883, -1.841948, -1.6393, -0.665664, 0.621045, -0.065288, -0.162949,
        -0.183972, -0.11847}},
      {"mhe-mul",
       {2.227153, 1.510033, 0.082721, -1.383496, -1.635133, -1.258771, -0.290389, 0.814568, 2.114847, 1.469783,
        0.133458, -1.265635}}};
  return outputs;
}

TEST(AttentionFixture, CausalOutputsEqualTheFixture) {
  for (const auto& [mechanism, expected] : causal_outputs())
    expect_values(fixture(mechanism)(input(), input(), causal()), expected, 6e-7, mechanism);
}

TEST(AttentionFixture, FusedBackendsEqualTheFixture) {
  AttentionContext context;
  context.causal = true;
  for (AttentionBackend backend : {AttentionBackend::math, AttentionBackend::flash})
    for (const auto& [mechanism, expected] : causal_outputs())
      if (mechanism != "el-exact")
        expect_values(fixture(mechanism, backend)(input(), input(), context), expected, 6e-7, mechanism);
}

TEST(AttentionFixture, OutputsWithoutMaskEqualTheFixture) {
  const std::map<std::string, Values> first_rows{
      {"mhe-add", {-0.459953, -0.53291, -0.355231, -0.010481, -1.531092, -1.367331, -0.560493, 0.509954}},
      {"mhe-mul", {1.989198, 1.379284, 0.120671, -1.194696, -1.426297, -1.095314, -0.249188, 0.714135}},
      {"mha", {0.040061, 0.033019, 0.010447, -0.017038, 0.029967, 0.022685, 0.004734, -0.015443}},
      {"el-exact", {0.040061, 0.033019, 0.010447, -0.017038, 0.029967, 0.022685, 0.004734, -0.015443}}};
  for (const auto& [mechanism, expected] : first_rows)
    expect_values(fixture(mechanism)(input(), input(), {}).slice(1, 0, 2), expected, 6e-7, mechanism);
  for (const auto& [mechanism, expected] : causal_outputs()) {
    const at::Tensor last = fixture(mechanism)(input(), input(), {}).select(1, 2);
    expect_values(last, Values(expected.begin() + 8, expected.end()), 6e-7, mechanism + ", last row");
  }
}

TEST(AttentionFixture, GradientsOfTheHeadEmbeddingsEqualTheFixture) {
  const std::map<std::string, std::map<std::string, Values>> expected{
      {"mhe-add",
       {{"query_embedding", {-0.112898, 0.0149678, -0.924781, -0.61404}},
        {"key_embedding", {0, 0, 0, 0}},
        {"value_embedding", {-1.99227, 4.68715, -6.84041, 8.20321}}}},
      {"mhe-mul",
       {{"query_embedding", {-0.0535435, -0.177513, 0.0432842, 0.0789233}},
        {"key_embedding", {-0.0232848, -0.125431, 0.0443137, 0.117861}},
        {"value_embedding", {1.00758, -1.32967, 3.55288, -2.44051}}}}};
  for (const auto& [mechanism, gradients] : expected) {
    const Sublayer sublayer = fixture(mechanism);
    sublayer(input(), input(), causal()).sum().backward();
    for (const auto& [role, values] : gradients)
      expect_values(sublayer.parameter(role).grad(), values,
                    role == "key_embedding" && mechanism == "mhe-add" ? 1e-13 : 6e-6, mechanism + " " + role);
  }
}

// A larger sublayer with random weights, biases included.
Sublayer random_sublayer(std::string_view mechanism, std::int64_t d_model = 12,
                         AttentionBackend backend = AttentionBackend::eager) {
  ModelConfig config;
  config.name = "random";
  config.d_model = d_model;
  config.head_count = 4;
  config.kv_head_count = 2;
  config.head_dim = 3;
  config.max_positions = 16;
  Sublayer sublayer(with_attention(config, mechanism), {at::kCPU, at::kDouble, backend, true});
  at::NoGradGuard no_grad;
  for (const ModelParameter& p : sublayer.parameters) p.tensor.copy_(at::randn(p.tensor.sizes(), at::kDouble) * 0.5);
  return sublayer;
}

at::Tensor random_input(std::int64_t seq, std::int64_t d_model = 12) {
  return at::randn({2, seq, d_model}, at::kDouble);
}

void copy_parameters(const Sublayer& from, const Sublayer& to) {
  for (const ModelParameter& p : from.parameters) set(to, p.name.substr(std::string("attention.").size()), p.tensor);
  for (std::size_t i = 0; i < from.buffers.size(); ++i) to.buffers[i].copy_(from.buffers[i]);
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

TEST(AttentionIdentity, ElExactIsMultiHeadAttention) {
  const Sublayer mha = random_sublayer("mha"), el = random_sublayer("el-exact");
  copy_parameters(mha, el);
  const at::Tensor x = random_input(6).requires_grad_(), memory = random_input(9).requires_grad_();
  const AttentionContext masked = causal_context(6, x.options());
  for (const auto& [keys, context] :
       {std::pair{x, masked}, std::pair{x, AttentionContext{}}, std::pair{memory, AttentionContext{}}}) {
    const at::Tensor a = mha(x, keys, context), b = el(x, keys, context);
    EXPECT_LT(largest_difference(a, b), 1e-12);
    a.square().sum().backward();
    b.square().sum().backward();
  }
  for (const ModelParameter& p : mha.parameters)
    EXPECT_LT(largest_difference(p.tensor.grad(), el.parameter(p.name.substr(10)).grad()), 1e-10) << p.name;
}

TEST(AttentionIdentity, KeyEmbeddingOfMheAddChangesNothing) {
  const Sublayer sublayer = random_sublayer("mhe-add");
  const at::Tensor x = random_input(6);
  const at::Tensor before = sublayer(x, x, {});
  before.square().sum().backward();
  EXPECT_LT(sublayer.parameter("key_embedding").grad().abs().max().item<double>(), 1e-11);
  EXPECT_GT(sublayer.parameter("query_embedding").grad().abs().max().item<double>(), 1e-3);
  set(sublayer, "key_embedding", at::randn({4, 3}, at::kDouble));
  EXPECT_LT(largest_difference(before, sublayer(x, x, {})), 1e-12);
}

TEST(AttentionIdentity, ValueEmbeddingOfMheAddIsAnOutputBias) {
  const Sublayer sublayer = random_sublayer("mhe-add");
  const at::Tensor x = random_input(6);
  const at::Tensor before = sublayer(x, x, {});
  const at::Tensor constant =
      sublayer.parameter("output.weight").matmul(sublayer.parameter("value_embedding").reshape({-1}));
  set(sublayer, "output.bias", sublayer.parameter("output.bias") + constant);
  set(sublayer, "value_embedding", at::zeros_like(sublayer.parameter("value_embedding")));
  EXPECT_LT(largest_difference(before, sublayer(x, x, {})), 1e-12);
}

TEST(AttentionIdentity, ScoresOfMheMulDependOnTheProductOfQueryAndKeyFactors) {
  const Sublayer sublayer = random_sublayer("mhe-mul");
  const at::Tensor x = random_input(6);
  const at::Tensor before = sublayer(x, x, {});
  const at::Tensor product =
      (sublayer.parameter("query_embedding") + 1) * (sublayer.parameter("key_embedding") + 1) - 1;
  set(sublayer, "query_embedding", product.detach());
  set(sublayer, "key_embedding", at::zeros_like(product));
  EXPECT_LT(largest_difference(before, sublayer(x, x, {})), 1e-12);
}

TEST(AttentionIdentity, HeadEmbeddingsOfZeroAreSingleHeadAttentionTiled) {
  for (const char* mechanism : {"mhe-add", "mhe-mul"}) {
    const Sublayer mhe = random_sublayer(mechanism), sha = random_sublayer("sha");
    copy_parameters(mhe, sha);
    for (const char* role : {"query_embedding", "key_embedding", "value_embedding"})
      set(mhe, role, at::zeros_like(mhe.parameter(role)));
    const at::Tensor x = random_input(6);
    EXPECT_LT(largest_difference(mhe(x, x, {}), sha(x, x, {})), 1e-12) << mechanism;
  }
}

TEST(AttentionIdentity, TiledSingleHeadIsTheCompactOneWithSummedOutputMatrix) {
  const Sublayer tiled = random_sublayer("sha"), compact = random_sublayer("sha-compact");
  for (const char* role :
       {"query.weight", "query.bias", "key.weight", "key.bias", "value.weight", "value.bias", "output.bias"})
    set(compact, role, tiled.parameter(role));
  set(compact, "output.weight", tiled.parameter("output.weight").view({12, 4, 3}).sum(1));
  const at::Tensor x = random_input(6);
  EXPECT_LT(largest_difference(tiled(x, x, {}), compact(x, x, {})), 1e-12);
}

// `role`'s rows of one head or group, repeated for each of its heads, in repeat_kv's order.
at::Tensor repeated_rows(const at::Tensor& rows, std::int64_t groups, std::int64_t heads) {
  return rows.view({groups, 3, -1}).repeat_interleave(heads / groups, 0).reshape({heads * 3, -1});
}

TEST(AttentionIdentity, GroupedHeadsAreMultiHeadAttentionWithRepeatedKeysAndValues) {
  for (const char* mechanism : {"mqa", "gqa"}) {
    ModelConfig config = random_sublayer("mha").config;
    config.kv_head_count = mechanism == std::string("mqa") ? 1 : 2;
    config = with_attention(config, mechanism);
    const Sublayer grouped(config, {at::kCPU, at::kDouble, AttentionBackend::eager, true}),
        mha = random_sublayer("mha");
    for (const char* role : {"query.weight", "query.bias", "output.weight", "output.bias"})
      set(mha, role, grouped.parameter(role));
    for (const char* role : {"key.weight", "value.weight"})
      set(mha, role, repeated_rows(grouped.parameter(role), config.kv_head_count, 4));
    for (const char* role : {"key.bias", "value.bias"})
      set(mha, role, repeated_rows(grouped.parameter(role), config.kv_head_count, 4).view({-1}));
    const at::Tensor x = random_input(6);
    const AttentionContext context = causal_context(6, x.options());
    EXPECT_LT(largest_difference(grouped(x, x, context), mha(x, x, context)), 1e-12) << mechanism;
  }
}

TEST(AttentionIdentity, SharedKeyValueIsMultiHeadAttentionWithEqualMatrices) {
  const Sublayer skv = random_sublayer("skv"), mha = random_sublayer("mha");
  copy_parameters(skv, mha);
  for (const char* role : {"weight", "bias"})
    for (const char* side : {"key.", "value."})
      set(mha, std::string(side) + role, skv.parameter(std::string("key_value.") + role));
  const at::Tensor x = random_input(6);
  EXPECT_LT(largest_difference(skv(x, x, {}), mha(x, x, {})), 1e-12);
}

TEST(AttentionIdentity, FusedBackendsEqualEagerAttentionForwardAndBackward) {
  for (const AttentionMechanism& mechanism : attention_mechanisms()) {
    if (!mechanism.undefined.fused.empty() || !mechanism.undefined.causal.empty()) continue;
    const Sublayer eager = random_sublayer(mechanism.name, 12);
    for (AttentionBackend backend : {AttentionBackend::math, AttentionBackend::flash}) {
      const Sublayer fused = random_sublayer(mechanism.name, 12, backend);
      copy_parameters(eager, fused);
      const at::Tensor x = random_input(6).requires_grad_();
      AttentionContext masked = causal_context(6, x.options()), unmasked = masked;
      unmasked.mask = at::Tensor();
      const at::Tensor y = eager(x, x, masked);
      EXPECT_LT(largest_difference(y, fused(x, x, unmasked)), 1e-12) << mechanism.name;
      for (const ModelParameter& p : eager.parameters) p.tensor.mutable_grad() = at::Tensor();
      y.square().sum().backward();
      fused(x, x, unmasked).square().sum().backward();
      for (const ModelParameter& p : eager.parameters) {
        const at::Tensor other = fused.parameter(p.name.substr(10)).grad();
        ASSERT_EQ(p.tensor.grad().defined(), other.defined()) << mechanism.name << p.name;
        if (other.defined()) {
          EXPECT_LT(largest_difference(p.tensor.grad(), other), 1e-10) << mechanism.name << p.name;
        }
      }
    }
  }
}

}  // namespace
}  // namespace headroom::models
