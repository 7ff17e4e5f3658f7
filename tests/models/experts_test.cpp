// Mixtures of experts: routing, capacity, what they keep for backward, and what is refused.
#include "models/experts.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/error.h"
#include "models/catalog/experts.h"
#include "tests/models/refusal.h"
#include "tests/models/small_models.h"
#include "tests/models/sublayer.h"

namespace headroom::models {
namespace {

using testing::HasSubstr;

const auto kFp64 = at::TensorOptions().dtype(at::kDouble);

// Of width 6; `change` completes it.
ModelConfig mixture(const Experts& experts) {
  ModelConfig config = without_dropout(small_model("llama-7b"));
  config.d_model = 6;
  config.experts = experts;
  require_experts(config, "mixture");
  return config;
}

const Experts kMixtral{.count = 5, .per_token = 2, .width = 4, .normalized = true};
const Experts kDeepSeekV2{.count = 6,
                          .per_token = 2,
                          .width = 4,
                          .shared_width = 8,
                          .group_count = 3,
                          .groups_per_token = 2,
                          .router_fp32 = true,
                          .scale = 16};
const Experts kDeepSeekV3{.count = 8,
                          .per_token = 3,
                          .width = 4,
                          .shared_width = 4,
                          .group_count = 4,
                          .groups_per_token = 2,
                          .scores = ExpertScores::sigmoid,
                          .normalized = true,
                          .router_fp32 = true,
                          .scale = 2.5};

struct Layer {
  explicit Layer(const ModelConfig& model_config, at::ScalarType dtype = at::kDouble)
      : config(model_config), options{at::kCPU, dtype, AttentionBackend::eager, true} {
    Builder builder(config, options, layers, parameters, buffers);
    mixture = std::make_unique<MixtureOfExperts>(builder, "ffn");
    const at::NoGradGuard no_grad;
    for (const ModelParameter& p : parameters) p.tensor.normal_();
    // Positive: below 0 a corrected score loses to the zeros of hidden groups, among which there is no best.
    for (const at::Tensor& buffer : buffers) buffer.uniform_(0.0, 0.3);
  }
  at::Tensor operator()(const at::Tensor& x) const { return (*mixture)(x); }
  at::Tensor of(const std::string& role) const {
    for (const ModelParameter& p : parameters)
      if (p.name == "ffn." + role) return p.tensor;
    ADD_FAILURE() << "no " << role;
    return {};
  }

  ModelConfig config;
  BuildOptions options;
  std::vector<ModelLayer> layers;
  std::vector<ModelParameter> parameters;
  std::vector<at::Tensor> buffers;
  std::unique_ptr<MixtureOfExperts> mixture;
};

std::vector<std::int64_t> best(const std::vector<double>& scores, std::int64_t count) {
  std::vector<std::int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return scores[a] > scores[b]; });
  order.resize(count);
  return order;
}

// One token's experts, chosen in plain arithmetic. scores [E].
std::vector<std::int64_t> chosen(const Layer& layer, const at::Tensor& scores) {
  const Experts& e = layer.config.experts;
  const bool corrected = e.scores == ExpertScores::sigmoid;
  std::vector<double> by(e.count), of_group(e.group_count);
  for (std::int64_t i = 0; i < e.count; ++i)
    by[i] = scores[i].item<double>() + (corrected ? layer.buffers[0][i].item<double>() : 0);
  const std::int64_t size = e.count / e.group_count;
  for (std::int64_t g = 0; g < e.group_count; ++g) {
    std::vector<double> group(by.begin() + g * size, by.begin() + (g + 1) * size);
    std::sort(group.rbegin(), group.rend());
    of_group[g] = corrected && size > 1 ? group[0] + group[1] : group[0];
  }
  const auto groups = best(of_group, e.groups_per_token);
  for (std::int64_t i = 0; i < e.count; ++i)
    if (std::find(groups.begin(), groups.end(), i / size) == groups.end()) by[i] = 0;
  return best(by, e.per_token);
}

at::Tensor gated_ffn(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& up, const at::Tensor& down) {
  return at::linear(at::silu(at::linear(x, gate)) * at::linear(x, up), down);
}

// Token by token and expert by expert; an expert takes no more than `capacity` tokens, the first ones.
at::Tensor plain(const Layer& layer, const at::Tensor& x, std::int64_t capacity) {
  const Experts& e = layer.config.experts;
  std::vector<std::int64_t> taken(e.count, 0);
  std::vector<at::Tensor> rows;
  const at::Tensor tokens = x.reshape({-1, x.size(-1)});
  for (std::int64_t t = 0; t < tokens.size(0); ++t) {
    const at::Tensor logits = at::linear(tokens[t], layer.of("router.weight"));
    const at::Tensor scores = e.scores == ExpertScores::sigmoid ? at::sigmoid(logits) : at::softmax(logits, -1);
    const auto own = chosen(layer, scores);
    at::Tensor sum = at::zeros({}, kFp64), row = at::zeros_like(tokens[t]);
    for (std::int64_t i : own) sum = sum + scores[i];
    for (std::int64_t i : own) {
      if (taken[i]++ >= capacity) continue;
      const at::Tensor weight = (e.normalized ? scores[i] / sum : scores[i]) * e.scale;
      row = row + weight * gated_ffn(tokens[t], layer.of("experts.gate.weight")[i], layer.of("experts.up.weight")[i],
                                     layer.of("experts.down.weight")[i]);
    }
    if (e.shared_width > 0)
      row = row + gated_ffn(tokens[t], layer.of("shared.gate.weight"), layer.of("shared.up.weight"),
                            layer.of("shared.down.weight"));
    rows.push_back(row);
  }
  return at::stack(rows).view(x.sizes());
}

std::vector<at::Tensor> gradients(const Layer& layer, const at::Tensor& x, const at::Tensor& y) {
  y.square().sum().backward();
  std::vector<at::Tensor> all{x.grad().clone()};
  x.mutable_grad().reset();
  for (const ModelParameter& p : layer.parameters) {
    all.push_back(p.tensor.grad().defined() ? p.tensor.grad().clone() : at::zeros_like(p.tensor));
    p.tensor.mutable_grad().reset();
  }
  return all;
}

void expect_plain(Experts experts, double factor) {
  experts.capacity_factor = factor;
  const Layer layer(mixture(experts));
  const at::Tensor x = at::randn({2, 7, 6}, kFp64).requires_grad_();
  const at::Tensor y = layer(x), expected = plain(layer, x, expert_capacity(experts, 14));
  EXPECT_LT((y - expected).abs().max().item<double>(), 1e-12 * expected.abs().max().item<double>()) << factor;
  const auto ours = gradients(layer, x, y), theirs = gradients(layer, x, expected);
  for (std::size_t i = 0; i < ours.size(); ++i)
    EXPECT_LT((ours[i] - theirs[i]).abs().max().item<double>(), 1e-11 * theirs[i].abs().max().item<double>() + 1e-12)
        << factor << " " << (i == 0 ? "x" : layer.parameters[i - 1].name);
}

TEST(MixtureOfExperts, WithRoomForAllIsThePlainLoop) {
  for (const Experts& experts : {kMixtral, kDeepSeekV2, kDeepSeekV3})
    expect_plain(experts, static_cast<double>(experts.count) / static_cast<double>(experts.per_token));
}

TEST(MixtureOfExperts, DropsTheLastTokensOfAFullExpert) {
  for (const Experts& experts : {kMixtral, kDeepSeekV2, kDeepSeekV3})
    for (double factor : {0.01, 0.5, 1.0, 1.7}) expect_plain(experts, factor);
}

TEST(MixtureOfExperts, OfOneExpertIsAFeedForward) {
  expect_plain({.count = 1, .per_token = 1, .width = 3, .normalized = true}, 1.0);
  expect_plain({.count = 3, .per_token = 3, .width = 2, .normalized = true}, 1.0);
}

TEST(MixtureOfExperts, HasRoomForItsShareTimesTheFactor) {
  EXPECT_EQ(expert_capacity({.count = 8, .per_token = 2}, 4096), 1024);
  EXPECT_EQ(expert_capacity({.count = 8, .per_token = 2, .capacity_factor = 1.25}, 4096), 1280);
  EXPECT_EQ(expert_capacity({.count = 256, .per_token = 8}, 4096), 128);
  EXPECT_EQ(expert_capacity({.count = 256, .per_token = 8}, 1), 1);
  EXPECT_EQ(expert_capacity({.count = 256, .per_token = 8, .capacity_factor = 32}, 4096), 4096);
  EXPECT_EQ(expert_capacity({.count = 256, .per_token = 8, .capacity_factor = 1e6}, 4096), 4096);
}

TEST(MixtureOfExperts, KeepsWhatItsClosedFormSays) {
  for (Experts experts : {kMixtral, kDeepSeekV2, kDeepSeekV3})
    for (at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kDouble})
      for (double factor : {1.0, 0.3, 10.0})
        for (bool normalized : {false, true}) {
          experts.capacity_factor = factor;
          experts.normalized = normalized;
          const Layer layer(mixture(experts), dtype);
          const at::Tensor x = at::randn({3, 5, 6}, at::TensorOptions().dtype(dtype)).requires_grad_();
          at::Tensor y;
          const std::int64_t alive = bytes_left_allocated([&] { return y = layer(x); });
          const Formula form =
              expert_saved_bytes(layer.config, 3, 5, static_cast<std::int64_t>(c10::elementSize(dtype)));
          EXPECT_EQ(alive - static_cast<std::int64_t>(y.nbytes()), form.value)
              << form.text << " " << dtype << " factor " << factor << " E " << experts.count;
        }
}

TEST(MixtureOfExperts, HasTheParametersOfItsClosedForm) {
  for (const Experts& experts : {kMixtral, kDeepSeekV2, kDeepSeekV3}) {
    const Layer layer(mixture(experts));
    std::int64_t count = 0;
    for (const ModelParameter& p : layer.parameters) count += p.tensor.numel();
    EXPECT_EQ(count, expert_parameters(layer.config).value);
  }
  EXPECT_EQ(expert_parameters(mixture(kDeepSeekV3)).text, "E·d_m + 3·E·d_e·d_m + 3·d_s·d_m");
}

TEST(MixtureOfExperts, ModelsOfEachKindTrain) {
  for (const char* preset : {"mixtral-8x7b", "deepseek-v2-lite", "deepseek-v2", "deepseek-v3"}) {
    const ModelConfig config = small_model(preset, load_model(preset).attention);
    const auto model = build_model(config, {});
    std::int64_t count = 0;
    for (const ModelParameter& p : model->parameters()) count += p.tensor.numel();
    EXPECT_EQ(count, parameter_count(config)) << preset;
    model->loss(make_batch(config, 2, 8, at::kCPU)).backward();
    for (const ModelParameter& p : model->parameters())
      EXPECT_TRUE(p.tensor.grad().defined() && p.tensor.grad().abs().max().item<double>() > 0) << preset << p.name;
    std::vector<std::string> kinds;
    for (const ModelParameter& p : model->parameters())
      if (p.name.find(".ffn.") != std::string::npos)
        kinds.push_back(p.name.find("experts") != std::string::npos ? "experts" : "dense");
    EXPECT_EQ(kinds.front(), config.experts.first_layer > 0 ? "dense" : kinds.front()) << preset;
  }
}

TEST(MixtureOfExperts, AnExpertThatNoTokenTakesGetsZeros) {
  const Layer layer(mixture(kMixtral));
  {
    const at::NoGradGuard no_grad;
    layer.of("router.weight").zero_();
    layer.of("router.weight").slice(0, 0, 2).fill_(1.0);
  }
  const at::Tensor x = at::randn({1, 6, 6}, kFp64).abs();
  layer(x).sum().backward();
  const at::Tensor gradient = layer.of("experts.up.weight").grad();
  EXPECT_GT(gradient.slice(0, 0, 2).abs().max().item<double>(), 0);
  EXPECT_EQ(gradient.slice(0, 2).abs().max().item<double>(), 0);
}

TEST(MixtureOfExperts, StatesWhatItTakesForGranted) {
  ModelConfig config = load_model("mixtral-8x7b");
  EXPECT_EQ(expert_assumption(config, 4096),
            "Each of 8 experts has room for 1024 of 4096 tokens (capacity factor 1: routing is balanced); more are "
            "dropped, less leave it empty.");
  config = with_capacity_factor(config, 1.5);
  EXPECT_THAT(expert_assumption(config, 4096), HasSubstr("1536 of 4096 tokens (capacity factor 1.5);"));
  EXPECT_EQ(expert_assumption(load_model("gpt2"), 4096), "");
}

TEST(MixtureOfExperts, RefusesWhatIsNotBuilt) {
  EXPECT_EQ(message_of([] { with_capacity_factor(load_model("gpt2"), 2); }),
            "--capacity-factor is of a mixture of experts, and gpt2 has none");
  EXPECT_THAT(message_of([] { with_capacity_factor(load_model("mixtral-8x7b"), 0); }),
              HasSubstr("the capacity factor is 0, expected above 0 and at most 1e6"));
  const auto refused = [](const std::function<void(ModelConfig&)>& change) {
    ModelConfig config = load_model("deepseek-v3");
    change(config);
    return message_of([&] { validate_config(config, "x"); });
  };
  EXPECT_THAT(refused([](ModelConfig& c) { c.experts.per_token = 257; }),
              HasSubstr("a token takes 257 of 256 experts, expected 1 to all of them"));
  EXPECT_THAT(refused([](ModelConfig& c) { c.experts.group_count = 7; }),
              HasSubstr("256 experts do not divide into 7 groups"));
  EXPECT_THAT(refused([](ModelConfig& c) { c.experts.groups_per_token = 9; }), HasSubstr("9 of 8 groups"));
  EXPECT_THAT(refused([](ModelConfig& c) { c.experts.per_token = 200; }),
              HasSubstr("a token takes 200 experts, and its groups have 128"));
  EXPECT_THAT(refused([](ModelConfig& c) { c.experts.group_count = c.experts.groups_per_token = 256; }),
              HasSubstr("must have two experts or more"));
  EXPECT_THAT(refused([](ModelConfig& c) { c.ffn_bias = true; }), HasSubstr("without biases"));
  EXPECT_THAT(refused([](ModelConfig& c) { c.activation = Activation::gelu; }), HasSubstr("gated feed-forwards"));
  EXPECT_THAT(refused([](ModelConfig& c) { c.parallel_block = true; }), HasSubstr("one after the other"));
  EXPECT_THAT(refused([](ModelConfig& c) { c.shared_layers = true; }), HasSubstr("parameters of their own"));
}

}  // namespace
}  // namespace headroom::models
