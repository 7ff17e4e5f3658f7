// Latent and collaborative attention, in fp64: identities with each other's forms and with multi-head attention, what
// they refuse, what they keep for backward, and their sizes.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/models/saved.h"

namespace headroom::models {
namespace {

ModelConfig small_config(Positions positions = Positions::learned) {
  ModelConfig config;
  config.name = "small";
  config.d_model = 12;
  config.head_count = config.kv_head_count = 3;
  config.head_dim = 4;
  config.positions = positions;
  return config;
}

Sublayer make(const ModelConfig& config, const std::string& attention,
              AttentionBackend backend = AttentionBackend::eager) {
  Sublayer sublayer(with_attention(config, attention), {at::kCPU, at::kDouble, backend, true});
  const at::NoGradGuard no_grad;
  for (const ModelParameter& p : sublayer.parameters) p.tensor.copy_(at::randn(p.tensor.sizes(), at::kDouble) * 0.5);
  return sublayer;
}

std::string role(const ModelParameter& parameter) { return parameter.name.substr(std::string("attention.").size()); }

void copy_parameters(const Sublayer& from, const Sublayer& to) {
  const at::NoGradGuard no_grad;
  for (const ModelParameter& p : from.parameters)
    if (const at::Tensor other = to.parameter(role(p)); other.defined()) other.copy_(p.tensor);
}

void set(const Sublayer& sublayer, const std::string& name, const at::Tensor& value) {
  const at::NoGradGuard no_grad;
  sublayer.parameter(name).copy_(value);
}

double difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

at::Tensor random(std::int64_t seq) { return at::randn({2, seq, 12}, at::kDouble).requires_grad_(); }

// Rotations of 6 positions.
AttentionContext rotary(std::int64_t width, bool masked) {
  AttentionContext context;
  if (masked) context = causal_context(6, at::TensorOptions().dtype(at::kDouble));
  const at::Tensor angles = at::arange(6, at::kDouble).unsqueeze(1) * at::randn({width / 2}, at::kDouble);
  context.cos = at::cat({angles, angles}, 1).cos();
  context.sin = at::cat({angles, angles}, 1).sin();
  return context;
}

void expect_same(const Sublayer& a, const Sublayer& b, const at::Tensor& x, const at::Tensor& memory,
                 const AttentionContext& context, const AttentionContext& other_context) {
  const at::Tensor y = a(x, memory, context), z = b(x, memory, other_context);
  EXPECT_LT(difference(y, z), 1e-12);
  for (const Sublayer* sublayer : {&a, &b})
    for (const ModelParameter& p : sublayer->parameters) p.tensor.mutable_grad() = at::Tensor();
  y.square().sum().backward();
  z.square().sum().backward();
  for (const ModelParameter& p : a.parameters)
    EXPECT_LT(difference(p.tensor.grad(), b.parameter(role(p)).grad()), 1e-10) << p.name;
}

TEST(Latent, AbsorbedMatricesChangeNeitherResultNorGradients) {
  for (const std::string sizes : {"q-rank=5:kv-rank=7:nope=3:value=6", "q-rank=0:kv-rank=4:nope=5:value=2"})
    for (const bool turned : {true, false}) {
      const ModelConfig config = small_config(turned ? Positions::rope : Positions::learned);
      const std::string text = "mla:" + sizes + (turned ? ":rope=4" : ":rope=0");
      const Sublayer expanded = make(config, text), absorbed = make(config, text + ":absorbed=yes");
      copy_parameters(expanded, absorbed);
      const at::Tensor x = random(6), memory = random(9);
      for (const bool masked : {true, false}) {
        AttentionContext context;
        if (masked) context = causal_context(6, x.options());
        if (turned) context = rotary(4, masked);
        expect_same(expanded, absorbed, x, x, context, context);
      }
      expect_same(expanded, absorbed, x, memory, {}, {});
      AttentionContext biased;
      biased.bias = at::randn({3, 6, 6}, at::kDouble);
      expect_same(expanded, absorbed, x, x, biased, biased);
    }
}

TEST(Latent, FusedKernelsChangeNeitherResultNorGradients) {
  for (const std::string sizes : {"nope=3:value=6:rope=4", "nope=2:value=3:rope=4", "nope=3:value=9:rope=4"})
    for (AttentionBackend backend : {AttentionBackend::math, AttentionBackend::flash}) {
      const Sublayer eager = make(small_config(Positions::rope), "mla:" + sizes);
      const Sublayer fused = make(small_config(Positions::rope), "mla:" + sizes, backend);
      copy_parameters(eager, fused);
      const at::Tensor x = random(6);
      const AttentionContext context = rotary(4, true);
      AttentionContext unmasked = context;
      unmasked.mask = at::Tensor();
      expect_same(eager, fused, x, x, context, unmasked);
    }
}

// A latent as wide as the model with norms of weight 1 is the normalised input; then each head is MHA's on it.
TEST(Latent, OfFullRankIsMultiHeadAttentionOfTheNormalisedInput) {
  const Sublayer mla = make(small_config(), "mla:q-rank=12:kv-rank=12"), mha = make(small_config(), "mha");
  const at::Tensor identity = at::zeros({12, 12}, at::kDouble).fill_diagonal_(1.0);
  for (const std::string side : {"query", "key_value"}) {
    set(mla, side + "_down.weight", identity);
    set(mla, side + "_down.bias", at::zeros({12}, at::kDouble));
    set(mla, side + "_norm.weight", at::ones({12}, at::kDouble));
  }
  set(mha, "query.weight", mla.parameter("query_up.weight"));
  const at::Tensor up = mla.parameter("key_value_up.weight").view({3, 8, 12});
  set(mha, "key.weight", up.narrow(1, 0, 4).reshape({12, 12}));
  set(mha, "value.weight", up.narrow(1, 4, 4).reshape({12, 12}));
  for (const std::string side : {"query", "key", "value"}) set(mha, side + ".bias", at::zeros({12}, at::kDouble));
  for (const std::string part : {"output.weight", "output.bias"}) set(mha, part, mla.parameter(part));
  const at::Tensor x = random(6), normed = x * (x.square().mean(-1, true) + 1e-6).rsqrt();
  const AttentionContext context = causal_context(6, x.options());
  EXPECT_LT(difference(mla(x, x, context), mha(normed, normed, context)), 1e-12);
}

// Scores depend on distances: turning all positions by the same angles changes nothing.
TEST(Latent, PositionsEnterByDistance) {
  const Sublayer mla = make(small_config(Positions::rope), "mla:rope=4");
  const at::Tensor x = random(6), rates = at::randn({2}, at::kDouble);
  at::Tensor results[2];
  for (std::int64_t first : {0, 3}) {
    const at::Tensor angles = (at::arange(6, at::kDouble) + first).unsqueeze(1) * rates;
    AttentionContext context;
    context.cos = at::cat({angles, angles}, 1).cos();
    context.sin = at::cat({angles, angles}, 1).sin();
    results[first / 3] = mla(x, x, context);
  }
  EXPECT_LT(difference(results[0], results[1]), 1e-12);
  EXPECT_GT(difference(results[0], mla(x, x, {})), 1e-3);
}

TEST(Latent, RefusesWhatItCannotDo) {
  EXPECT_THROW(with_attention(small_config(Positions::rope), "mla:rope=0"), Error);
  EXPECT_THROW(with_attention(small_config(Positions::rope), "mla:rope=3"), Error);
  EXPECT_THROW(make(small_config(), "mla:absorbed=yes", AttentionBackend::flash), Error);
  EXPECT_EQ(with_attention(small_config(), "mla").attention_options.at("rope"), 0);
  EXPECT_EQ(rotary_width(with_attention(small_config(Positions::rope), "mla")), 2);
}

TEST(Latent, KeepsForBackwardWhatItsClosedFormSays) {
  const std::string ranked = "mla:q-rank=10:kv-rank=8:nope=6:value=6", plain = "mla:kv-rank=8:nope=4:value=6",
                    wide = "mla:q-rank=0:kv-rank=3:nope=4:value=9";
  for (const std::string& text : {ranked, plain, wide}) {
    const bool rank = text == ranked;
    for (const std::string absorbed : {"no", "yes"}) {
      const auto with_rope = [&](int rope) { return text + ":rope=" + std::to_string(rope) + ":absorbed=" + absorbed; };
      for (bool flag : {false, true}) {
        expect_saved(with_rope(4), {.bias = rank, .causal = true, .dropout = flag, .rope = true});
        expect_saved(with_rope(0), {.bias = flag, .causal = flag, .dropout = !flag});
        expect_saved(with_rope(3), {.bias = !flag, .dropout = flag});
        expect_saved(with_rope(3), {.query_len = 5, .key_len = 9, .dropout = flag});
        expect_saved(with_rope(4), {.softmax_fp32 = flag, .rope = true, .dtype = at::kBFloat16});
        expect_saved(with_rope(0), {.dropout = flag, .softmax_fp32 = true, .dtype = at::kBFloat16});
      }
      expect_saved(with_rope(4), {.batch = 1, .rope = true, .dtype = at::kDouble});
      expect_saved(with_rope(2), {.batch = 3, .query_len = 1, .key_len = 1, .rope = true});
      expect_saved(with_rope(2), {.batch = 3, .heads = 1, .rope = true});
    }
    for (bool causal : {false, true}) {
      for (int rope : {0, 3})
        expect_saved(text + ":rope=" + std::to_string(rope), {.causal = causal, .backend = AttentionBackend::flash});
      expect_saved(text + ":rope=2", {.causal = causal, .rope = true, .backend = AttentionBackend::flash});
    }
    expect_saved(text + ":rope=3", {.query_len = 5, .key_len = 9, .backend = AttentionBackend::flash});
  }
}

AttentionShape shape_of(std::int64_t d_model, std::int64_t heads, std::int64_t head_dim, const std::string& text,
                        bool bias = false) {
  ModelConfig config;
  config.name = "sizes";
  config.d_model = d_model;
  config.head_count = config.kv_head_count = heads;
  config.head_dim = head_dim;
  config.attention_bias = bias;
  config.positions = Positions::rope;
  return attention_shape(with_attention(config, text));
}

TEST(Latent, HasThePublishedModelsSizes) {
  const AttentionMechanism& mla = attention_mechanism("mla");
  const AttentionShape v3 = shape_of(7168, 128, 128, "mla"), v2 = shape_of(4096, 32, 128, "mla");
  EXPECT_EQ(mla.parameter_count(v3).value, 187107328);
  EXPECT_EQ(mla.parameter_count(v2).value, 39061504);
  EXPECT_EQ(mla.kv_cache_bytes_per_token(v3).value, 4 * (512 + 64));
  EXPECT_EQ(mla.parameter_count(shape_of(4096, 32, 128, "mla", true)).value - 39061504, 1536 + 512 + 64 + 4096);
}

TEST(Collaborative, WithEachHeadsOwnDimensionsIsMultiHeadAttention) {
  const Sublayer collaborative = make(small_config(), "collaborative"), mha = make(small_config(), "mha");
  copy_parameters(collaborative, mha);
  at::Tensor own = at::zeros({3, 3, 4}, at::kDouble);
  for (std::int64_t i = 0; i < 3; ++i) own[i][i].fill_(1.0);
  set(collaborative, "mixing", own.view({3, 12}));
  // The content bias is what a bias of the queries adds: b_i W_i^K.
  const at::Tensor bias = mha.parameter("query.bias").view({3, 1, 4}), keys = mha.parameter("key.weight");
  set(collaborative, "content_bias.weight", bias.matmul(keys.view({3, 4, 12})).squeeze(1));
  const at::Tensor x = random(6), memory = random(9);
  for (const auto& [other, context] : {std::pair{x, causal_context(6, x.options())}, {memory, AttentionContext{}}})
    EXPECT_LT(difference(collaborative(x, other, context), mha(x, other, context)), 1e-12);
}

TEST(Collaborative, KeepsForBackwardWhatItsClosedFormSays) {
  for (const std::string text : {"collaborative", "collaborative:shared=10"}) {
    for (bool flag : {false, true}) {
      expect_saved(text, {.bias = flag, .causal = true, .dropout = flag});
      expect_saved(text, {.bias = !flag, .dropout = flag, .dtype = at::kDouble});
      expect_saved(text, {.query_len = 5, .key_len = 9, .dropout = flag});
      expect_saved(text, {.dropout = flag, .softmax_fp32 = !flag, .dtype = at::kBFloat16});
    }
    expect_saved(text, {.batch = 3, .query_len = 1, .key_len = 1});
    expect_saved(text, {.batch = 1, .heads = 1});
  }
}

TEST(Collaborative, HasThePapersSizes) {
  const AttentionMechanism& collaborative = attention_mechanism("collaborative");
  const auto shape = [](const std::string& text, bool bias) {
    ModelConfig bert = load_model("bert-base");
    bert.attention_bias = bias;
    return attention_shape(with_attention(bert, text));
  };
  EXPECT_EQ(collaborative.parameter_count(shape("collaborative", false)).value, 4 * 768 * 768 + 2 * 12 * 768);
  EXPECT_EQ(collaborative.parameter_count(shape("collaborative:shared=256", true)).value,
            2 * 768 * 256 + 12 * 256 + 12 * 768 + 2 * 768 * 768 + 2 * 768);
  EXPECT_EQ(collaborative.kv_cache_bytes_per_token(shape("collaborative:shared=256", true)).value,
            4 * (256 + 12 + 768));
  EXPECT_THROW(with_attention(load_model("llama-7b"), "collaborative"), Error);
}

}  // namespace
}  // namespace headroom::models
