// The layers written out operator by operator equal Torch's fused ones; positions are what the papers say.
#include "models/layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/rms_norm.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>

#include "models/attention/rotary.h"
#include "models/loss.h"
#include "tests/models/small_models.h"
#include "tests/models/sublayer.h"

namespace headroom::models {
namespace {

struct Declared {
  explicit Declared(const ModelConfig& model_config, const BuildOptions& build_options = {})
      : config(model_config), options(build_options), builder(config, options, layers, parameters, buffers) {}
  ModelConfig config;
  BuildOptions options;
  std::vector<ModelLayer> layers;
  std::vector<ModelParameter> parameters;
  std::vector<at::Tensor> buffers;
  Builder builder;
};

double largest_difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

TEST(Layers, GeluNewIsTheTanhGelu) {
  const at::Tensor x = at::randn({1000}, at::kDouble) * 3;
  EXPECT_LT(largest_difference(activate(x, Activation::gelu_new), at::gelu(x, "tanh")), 1e-14);
  EXPECT_LT(largest_difference(activate(x, Activation::gelu_tanh), at::gelu(x, "tanh")), 1e-14);
}

TEST(Layers, RmsNormIsTorchs) {
  Declared model(small_model("llama-7b"), {at::kCPU, at::kDouble, AttentionBackend::eager, true});
  const Norm norm(model.builder, "norm");
  const at::Tensor weight = model.parameters.front().tensor;
  ASSERT_EQ(model.parameters.size(), 1u);
  {
    at::NoGradGuard no_grad;
    weight.copy_(at::randn(weight.sizes(), at::kDouble));
  }
  const at::Tensor x = at::randn({2, 5, weight.size(0)}, at::kDouble);
  EXPECT_LT(largest_difference(norm(x), at::rms_norm(x, weight.sizes(), weight, model.config.norm_eps)), 1e-13);
}

TEST(Layers, FeedForwardKeepsTheTensorsItsActivationNeeds) {
  const std::pair<Activation, std::int64_t> kept[] = {{Activation::relu, 1},      {Activation::gelu, 2},
                                                      {Activation::gelu_tanh, 2}, {Activation::gelu_new, 5},
                                                      {Activation::swiglu, 4},    {Activation::geglu, 7}};
  for (const auto& [activation, count] : kept) {
    ModelConfig config = small_model("bert-base");
    config.activation = activation;
    Declared model(config);
    const FeedForward ffn(model.builder, "ffn");
    const at::Tensor x = at::randn({2, 5, config.d_model}).requires_grad_();
    const std::int64_t output_bytes = 2 * 5 * config.d_model * 4;
    EXPECT_EQ(bytes_left_allocated([&] { return ffn(x); }) - output_bytes, count * 2 * 5 * config.d_ff * 4)
        << to_name(kActivationNames, activation);
  }
}

TEST(Layers, DropoutKeepsTheMeanAndMasksWithOneByte) {
  const at::Tensor x = at::ones({200, 500});
  const at::Tensor y = dropout(x, 0.25);
  EXPECT_NEAR((y == 0).to(at::kDouble).mean().item<double>(), 0.25, 0.02);
  EXPECT_NEAR(y.max().item<double>(), 1 / 0.75, 1e-6);
  EXPECT_TRUE(dropout(x, 0.0).is_same(x));
  const at::Tensor trained = at::ones({200, 500}).requires_grad_();
  EXPECT_EQ(bytes_left_allocated([&] { return dropout(trained, 0.25); }), 200 * 500 * (4 + 1));
}

TEST(Layers, ParametersAreBornInTheirDtypeWithTheirInitialValues) {
  Declared model(small_model("bert-base"), {at::kCPU, at::kBFloat16, AttentionBackend::eager, true});
  const Linear linear(model.builder, "layer", "dense", 300, 400, true);
  const Norm norm(model.builder, "norm");
  EXPECT_EQ(linear.weight().scalar_type(), at::kBFloat16);
  EXPECT_TRUE(linear.weight().is_leaf() && linear.weight().requires_grad());
  EXPECT_NEAR(linear.weight().to(at::kFloat).std().item<double>(), 0.02, 1e-3);
  EXPECT_NEAR(linear.weight().to(at::kFloat).mean().item<double>(), 0.0, 1e-3);
  EXPECT_EQ(linear.bias().abs().max().item<double>(), 0.0);
  EXPECT_EQ(model.parameters[2].tensor.min().item<double>(), 1.0);
}

TEST(Rotary, ScoresDependOnTheDistanceOnly) {
  const RotaryTables tables = rotary_tables(inverse_frequencies(8, 10000.0, at::kCPU), 12, at::kDouble);
  const at::Tensor q = at::randn({1, 8}, at::kDouble).expand({12, 8}),
                   k = at::randn({1, 8}, at::kDouble).expand({12, 8});
  const at::Tensor scores = rotate(q, tables.cos, tables.sin).matmul(rotate(k, tables.cos, tables.sin).t());
  for (std::int64_t i = 1; i < 12; ++i)
    for (std::int64_t j = 1; j < 12; ++j)
      EXPECT_NEAR(scores[i][j].item<double>(), scores[i - 1][j - 1].item<double>(), 1e-5);
  EXPECT_GT(std::abs(scores[0][0].item<double>() - scores[0][5].item<double>()), 1e-3);
}

TEST(Rotary, TurnsDimensionJWithJPlusHalf) {
  const RotaryTables tables = rotary_tables(inverse_frequencies(4, 100.0, at::kCPU), 3, at::kDouble);
  const at::Tensor x = at::tensor({1.0, 0.0, 0.0, 0.0}, at::kDouble).expand({3, 4});
  const at::Tensor y = rotate(x, tables.cos, tables.sin)[2];
  EXPECT_NEAR(y[0].item<double>(), std::cos(2.0), 1e-6);
  EXPECT_NEAR(y[2].item<double>(), std::sin(2.0), 1e-6);
  const at::Tensor second = rotate(x.roll(1, -1), tables.cos, tables.sin)[2];
  EXPECT_NEAR(second[1].item<double>(), std::cos(0.2), 1e-6);
  EXPECT_NEAR(second[3].item<double>(), std::sin(0.2), 1e-6);
}

TEST(Embeddings, SinusoidsAreThoseOfThePaper) {
  Declared model(small_model("transformer-base"), {at::kCPU, at::kDouble, AttentionBackend::eager, false});
  const Embeddings embeddings(model.builder, "embeddings");
  ASSERT_EQ(model.buffers.size(), 1u);
  const at::Tensor& table = model.buffers[0];
  for (std::int64_t position : {0, 1, 7})
    for (std::int64_t i = 0; i < model.config.d_model / 2; ++i) {
      const double angle = static_cast<double>(position) / std::pow(10000.0, 2.0 * static_cast<double>(i) / 12.0);
      EXPECT_NEAR(table[position][2 * i].item<double>(), std::sin(angle), 1e-6);
      EXPECT_NEAR(table[position][2 * i + 1].item<double>(), std::cos(angle), 1e-6);
    }
}

TEST(Embeddings, ThePaddingRowGetsNoGradient) {
  Declared model(without_dropout(small_model("bert-base")));
  const Embeddings embeddings(model.builder, "embeddings");
  embeddings(at::tensor({0, 1, 2, 0}, at::kLong).view({1, 4})).square().sum().backward();
  const at::Tensor gradient = model.parameters.front().tensor.grad();
  EXPECT_EQ(gradient[0].abs().max().item<double>(), 0.0);
  EXPECT_GT(gradient[1].abs().max().item<double>(), 0.0);
}

at::Tensor mean_negative_log_likelihood(const at::Tensor& logits, const at::Tensor& labels) {
  return -at::log_softmax(logits, -1).gather(-1, labels.unsqueeze(-1)).mean();
}

TEST(Loss, CausalLossPredictsTheNextToken) {
  const at::Tensor logits = at::randn({2, 5, 7}, at::kDouble),
                   labels = (at::randn({2, 5}).abs() * 3).to(at::kLong).clamp(0, 6);
  const at::Tensor expected = mean_negative_log_likelihood(logits.slice(1, 0, 4), labels.slice(1, 1, 5));
  EXPECT_NEAR(causal_loss(logits, labels).item<double>(), expected.item<double>(), 1e-12);
}

TEST(Loss, TokenLossPredictsTheTokenInPlace) {
  const at::Tensor logits = at::randn({2, 5, 7}, at::kDouble),
                   labels = (at::randn({2, 5}).abs() * 3).to(at::kLong).clamp(0, 6);
  EXPECT_NEAR(token_loss(logits, labels).item<double>(), mean_negative_log_likelihood(logits, labels).item<double>(),
              1e-12);
}

}  // namespace
}  // namespace headroom::models
