// Synthesizers against dense references written position by position, and against one another.
#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "base/error.h"
#include "tests/models/random_sublayer.h"

namespace headroom::models {
namespace {

using ::testing::HasSubstr;

// Scores [B, n, T, T], or [n, T, T], of x [B, T, d_m].
using Scores = std::function<at::Tensor(const Sublayer&, const at::Tensor& x)>;

// [n, width, d] of [B, n, T, d] -> [B, n, T, width].
at::Tensor per_head(const Sublayer& s, const std::string& role, const at::Tensor& hidden) {
  return at::matmul(hidden, s.parameter(role + ".weight").transpose(1, 2)) + s.parameter(role + ".bias").unsqueeze(1);
}

at::Tensor dense_scores(const Sublayer& s, const at::Tensor& x) {
  return per_head(s, "scores", heads_of(s, "hidden", x).relu()).slice(-1, 0, x.size(1));
}

at::Tensor factorized_dense_scores(const Sublayer& s, const at::Tensor& x) {
  const at::Tensor hidden = heads_of(s, "hidden", x).relu();
  const at::Tensor blocks = per_head(s, "blocks", hidden), within = per_head(s, "within", hidden);
  std::vector<at::Tensor> positions;
  for (std::int64_t j = 0; j < x.size(1); ++j)
    positions.push_back(blocks.select(-1, j / within.size(-1)) * within.select(-1, j % within.size(-1)));
  return at::stack(positions, -1);
}

at::Tensor random_scores(const Sublayer& s, const at::Tensor& x) {
  const at::Tensor all = s.parameter("scores").defined() ? s.parameter("scores") : s.buffers[0];
  return all.slice(1, 0, x.size(1)).slice(2, 0, x.size(1));
}

at::Tensor factorized_random_scores(const Sublayer& s, const at::Tensor& x) {
  const at::Tensor all = at::matmul(s.parameter("query_factor"), s.parameter("key_factor").transpose(1, 2));
  return all.slice(1, 0, x.size(1)).slice(2, 0, x.size(1));
}

const std::vector<std::pair<std::string, Scores>>& synthesizers() {
  static const std::vector<std::pair<std::string, Scores>> all{
      {"synthesizer-dense", dense_scores},
      {"synthesizer-factorized-dense", factorized_dense_scores},
      {"synthesizer-factorized-dense:a=3:b=6", factorized_dense_scores},
      {"synthesizer-factorized-dense:a=1:b=16", factorized_dense_scores},
      {"synthesizer-random", random_scores},
      {"synthesizer-random:scores=fixed", random_scores},
      {"synthesizer-factorized-random", factorized_random_scores},
      {"synthesizer-factorized-random:rank=2", factorized_random_scores}};
  return all;
}

at::Tensor dense(const Sublayer& s, const Scores& scores, const at::Tensor& x, const AttentionContext& context) {
  at::Tensor all = scores(s, x);
  if (context.mask.defined()) all = all + context.mask;
  return output_of(s, at::matmul(at::softmax(all, -1), heads_of(s, "value", x)));
}

TEST(Synthesizer, OutputsAndGradientsEqualTheDenseReference) {
  for (const auto& [name, scores] : synthesizers())
    for (const std::int64_t seq : {1, 7, 16})
      for (const bool causal : {false, true}) {
        const Sublayer sublayer = random_sublayer(name);
        const at::Tensor x = random_input(seq).requires_grad_();
        const AttentionContext context =
            causal ? causal_context(seq, x.options().requires_grad(false)) : AttentionContext{};
        expect_same_gradients(
            sublayer, {x}, [&] { return sublayer(x, x, context); }, [&] { return dense(sublayer, scores, x, context); },
            name + (causal ? ", causal" : ""));
      }
}

TEST(Synthesizer, RandomScoresAreThoseOfEverySequence) {
  const Sublayer sublayer = random_sublayer("synthesizer-random");
  const at::Tensor x = random_input(7);
  const at::Tensor both = sublayer(x, x, {});
  for (std::int64_t i = 0; i < 2; ++i) {
    const at::Tensor one = x.slice(0, i, i + 1);
    EXPECT_LT(largest_difference(both.slice(0, i, i + 1), sublayer(one, one, {})), 1e-12);
  }
}

TEST(Synthesizer, FactorsWhoseProductIsTheMatrixGiveTheRandomSynthesizer) {
  const Sublayer factorized = random_sublayer("synthesizer-factorized-random:rank=5"),
                 random = random_sublayer("synthesizer-random");
  copy_parameters(factorized, random);
  {
    const at::NoGradGuard no_grad;
    random.parameter("scores").copy_(
        at::matmul(factorized.parameter("query_factor"), factorized.parameter("key_factor").transpose(1, 2)));
  }
  const at::Tensor x = random_input(7);
  EXPECT_LT(largest_difference(factorized(x, x, {}), random(x, x, {})), 1e-12);
}

TEST(Synthesizer, FixedScoresAreABufferThatNothingTrains) {
  const Sublayer fixed = random_sublayer("synthesizer-random:scores=fixed");
  ASSERT_EQ(fixed.buffers.size(), 1u);
  EXPECT_FALSE(fixed.buffers[0].requires_grad());
  EXPECT_GT(fixed.buffers[0].std().item<double>(), 0.5);
  const AttentionShape shape = attention_shape(fixed.config);
  AttentionShape trained = shape;
  trained.options["scores"] = 0;
  const auto count = attention_mechanism("synthesizer-random").parameter_count;
  EXPECT_EQ(count(trained).value - count(shape).value, 4 * 16 * 16);
}

TEST(Synthesizer, ParametersAreThoseOfTheClosedForms) {
  for (const auto& [name, scores] : synthesizers())
    for (const bool bias : {false, true}) {
      ModelConfig config = random_sublayer(name).config;
      config.attention_bias = bias;
      const Sublayer sublayer(config, {});
      std::int64_t count = 0;
      for (const ModelParameter& p : sublayer.parameters) count += p.tensor.numel();
      EXPECT_EQ(attention_mechanism(mechanism_name(name)).parameter_count(attention_shape(config)).value, count)
          << name;
    }
}

TEST(Synthesizer, BlocksOfPositionsCoverAllOfThem) {
  const ModelConfig bert = load_model("bert-base");
  const auto options = [&](const char* text) { return with_attention(bert, text).attention_options; };
  EXPECT_EQ(options("synthesizer-factorized-dense"), (MechanismOptions{{"a", 23}, {"b", 23}}));
  EXPECT_EQ(options("synthesizer-factorized-dense:a=16:b=32"), (MechanismOptions{{"a", 16}, {"b", 32}}));
  EXPECT_THROW(options("synthesizer-factorized-dense:a=16:b=31"), Error);
}

TEST(Synthesizer, RefusesCrossAttentionRotaryPositionsAndLongerSequences) {
  for (const auto& [name, scores] : synthesizers()) {
    EXPECT_THROW(with_attention(load_model("transformer-base"), name), Error) << name;
    EXPECT_THROW(with_attention(load_model("llama-7b"), name), Error) << name;
    const ModelConfig model = with_attention(load_model("gpt2"), name.substr(0, name.find(':')));
    const auto require = attention_mechanism(mechanism_name(name)).require_seq;
    EXPECT_NO_THROW(require(model, 1024));
    EXPECT_THROW(require(model, 1025), Error);
    EXPECT_THROW(require_backend(model, {.backend = AttentionBackend::flash}), Error);
    EXPECT_EQ(kv_cache_bytes_per_token(model, 2), 12 * 768 * 2);
  }
}

}  // namespace
}  // namespace headroom::models
