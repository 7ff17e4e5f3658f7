// LSH and conditional attention, in fp64: against plain forms of what they compute, what they refuse, what they keep
// for backward, and their sizes.
#include "models/catalog/mechanisms/hashing.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/models/saved.h"

namespace headroom::models {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

ModelConfig few_heads() {
  ModelConfig config;
  config.name = "few heads";
  config.d_model = 10;
  config.head_count = config.kv_head_count = 2;
  config.head_dim = 4;
  config.max_positions = 256;
  return config;
}

Sublayer few(const std::string& attention) {
  Sublayer sublayer(with_attention(few_heads(), attention), {at::kCPU, at::kDouble, AttentionBackend::eager, true});
  const at::NoGradGuard no_grad;
  for (const ModelParameter& p : sublayer.parameters) p.tensor.copy_(at::randn(p.tensor.sizes(), at::kDouble) * 0.5);
  return sublayer;
}

double furthest(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

at::Tensor projected(const Sublayer& s, const std::string& name, const at::Tensor& x) {  // [B, n, T, d]
  const at::Tensor y = x.matmul(s.parameter(name + ".weight").t()) + s.parameter(name + ".bias");
  return y.view({y.size(0), y.size(1), -1, 4}).transpose(1, 2);
}

at::Tensor joined(const Sublayer& s, const std::string& name, const at::Tensor& heads) {
  return heads.transpose(1, 2).flatten(2).matmul(s.parameter(name + ".weight").t()) + s.parameter(name + ".bias");
}

// Attention with shared queries and keys to all tokens but oneself.
at::Tensor shared_attention(const Sublayer& s, const at::Tensor& x, bool causal) {
  const at::Tensor q = projected(s, "query_key", x), k = q / (q.square().mean(-1, true) + 1e-6).sqrt() / 2.0;
  at::Tensor scores = q.matmul(k.transpose(2, 3));
  const at::Tensor mask = at::zeros({x.size(1), x.size(1)}, at::kDouble);
  if (causal) mask.copy_(at::full({x.size(1), x.size(1)}, -kInfinity, at::kDouble).triu(1));
  mask.fill_diagonal_(-1e5);
  return joined(s, "output", at::softmax(scores + mask, -1).matmul(projected(s, "value", x)));
}

// Two chunks see each other and themselves, whatever the hashes: every key once in each of the rounds, but for what the
// first chunk of a later round sees, which is the last one of the round before.
TEST(Hashing, OfTwoChunksIsFullAttentionWithSharedQueriesAndKeys) {
  for (const bool causal : {false, true})
    for (const std::int64_t chunk : {6, 12, 64}) {
      const Sublayer lsh = few("reformer:chunk=" + std::to_string(chunk));
      const at::Tensor x = at::randn({3, 12, 10}, at::kDouble).requires_grad_();
      AttentionContext context;
      context.causal = causal;
      const at::Tensor y = lsh(x, x, context), z = shared_attention(lsh, x, causal);
      EXPECT_LT(furthest(y, z), 1e-12) << chunk;
      std::vector<at::Tensor> gradients[2];
      for (int i : {0, 1}) {
        for (const ModelParameter& p : lsh.parameters) p.tensor.mutable_grad() = at::Tensor();
        (i == 0 ? y : z).square().sum().backward();
        for (const ModelParameter& p : lsh.parameters) gradients[i].push_back(p.tensor.grad().clone());
      }
      for (std::size_t i = 0; i < gradients[0].size(); ++i)
        EXPECT_LT(furthest(gradients[0][i], gradients[1][i]), 1e-10) << lsh.parameters[i].name;
    }
}

TEST(Hashing, LaterTokensDoNotChangeEarlierOutputsOfADecoder) {
  const Sublayer lsh = few("reformer:chunk=2:hashes=3:buckets=4");
  const at::Tensor x = at::randn({1, 16, 10}, at::kDouble);
  AttentionContext context;
  context.causal = true;
  at::Tensor first = x.clone().requires_grad_();
  lsh(first, first, context).slice(1, 0, 9).square().sum().backward();
  EXPECT_EQ(first.grad().slice(1, 9).abs().max().item<double>(), 0.0);
  EXPECT_GT(first.grad().slice(1, 0, 9).abs().min().item<double>(), 0.0);
}

TEST(Hashing, BucketsFollowTheLengthAsInTransformers) {
  using Factors = std::vector<std::int64_t>;
  EXPECT_EQ(bucket_factors(0, 128, 64, 4096), Factors{4});
  EXPECT_EQ(bucket_factors(0, 192, 64, 4096), Factors{4});
  EXPECT_EQ(bucket_factors(0, 4096, 64, 4096), Factors{128});
  EXPECT_EQ(bucket_factors(0, 65536, 64, 65536), (Factors{32, 64}));
  EXPECT_EQ(bucket_factors(10, 65536, 64, 65536), Factors{10});
  EXPECT_EQ(bucket_factors(8192, 65536, 64, 65536, 64), (Factors{64, 128}));
}

TEST(Hashing, RefusesWhatItCannotDo) {
  EXPECT_THROW(with_attention(few_heads(), "reformer:buckets=3"), Error);
  EXPECT_THROW(with_attention(load_model("transformer-base"), "reformer"), Error);
  EXPECT_THROW(with_attention_and_positions(load_model("gpt2"), "reformer", "alibi"), Error);
  const ModelConfig bert = with_attention(load_model("bert-base"), "reformer");
  EXPECT_NO_THROW(validate_shape(bert, 1, 63));
  EXPECT_NO_THROW(validate_shape(bert, 1, 128));
  EXPECT_THROW(validate_shape(bert, 1, 100), Error);
}

TEST(Hashing, KeepsForBackwardWhatItsClosedFormSays) {
  for (const std::string text : {"reformer", "reformer:chunk=4", "reformer:chunk=4:hashes=3",
                                 "reformer:chunk=3:buckets=8", "reformer:chunk=1:hashes=2"})
    for (bool flag : {false, true}) {
      expect_saved(text, {.query_len = 12, .key_len = 12, .bias = flag, .causal = flag, .dropout = flag});
      expect_saved(text, {.query_len = 24, .key_len = 24, .causal = !flag, .dropout = flag, .dtype = at::kDouble});
      for (bool wide : {false, true})
        expect_saved(text,
                     {.query_len = 12, .key_len = 12, .dropout = flag, .softmax_fp32 = wide, .dtype = at::kBFloat16});
      expect_saved(text, {.batch = 1, .query_len = 12, .key_len = 12, .heads = 1, .bias = flag});
    }
}

TEST(Hashing, HasTheReferencesSizes) {
  ModelConfig config = few_heads();
  config.d_model = 256;
  config.head_count = config.kv_head_count = 12;
  config.head_dim = 64;
  config.attention_bias = false;
  const AttentionShape shape = attention_shape(with_attention(config, "reformer:hashes=2"));
  EXPECT_EQ(attention_mechanism("reformer").parameter_count(shape).value, 393216 + 12 * 64 * 256);
  EXPECT_EQ(attention_mechanism("reformer").kv_cache_bytes_per_token(shape).value, 4 * 256 + 8 * 12 * 2);
}

at::Tensor attended(const Sublayer& s, const std::string& branch, const at::Tensor& x, const at::Tensor& memory,
                    const at::Tensor& mask = {}) {
  at::Tensor scores =
      projected(s, branch + "_query", x).matmul(projected(s, branch + "_key", memory).transpose(2, 3)) / 2.0;
  if (mask.defined()) scores = scores + mask;
  return joined(s, branch + "_output", at::softmax(scores, -1).matmul(projected(s, branch + "_value", memory)));
}

at::Tensor window(std::int64_t seq, std::int64_t reach) {
  const at::Tensor positions = at::arange(seq, at::kDouble);
  return at::zeros({seq, seq}, at::kDouble)
      .masked_fill_((positions.unsqueeze(1) - positions).abs() > static_cast<double>(reach), -kInfinity);
}

// Scores above 0 have no weight above 1 to give, so that with a place for each all weights are 1.
TEST(Conditional, WithAllTokensRoutedIsTheSumOfAWindowAndFullAttention) {
  for (const std::int64_t reach : {0, 1, 3, 5, 20}) {
    const Sublayer colt5 = few("colt5:query-share=1:key-share=1:window=" + std::to_string(reach));
    const at::Tensor x = at::randn({2, 11, 10}, at::kDouble).abs();
    for (const std::string router : {"query_router", "key_router"}) {
      const at::NoGradGuard no_grad;
      colt5.parameter(router).abs_();
    }
    const at::Tensor expected = attended(colt5, "light", x, x, window(11, reach)) + attended(colt5, "heavy", x, x);
    EXPECT_LT(furthest(colt5(x, x, {}), expected), 1e-12) << reach;
  }
}

// Weights of one sequence, found by bisection for the one multiplier that the limits leave: min(1, exp((s + a) / eps)).
at::Tensor soft_top(const at::Tensor& scores, double count) {
  double low = -100, high = 100;
  const auto weights = [&](double a) { return ((scores + a) / 0.1).clamp_max(0.0).exp(); };
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (weights(middle).sum().item<double>() < count ? low : high) = middle;
  }
  return weights(low);
}

TEST(Conditional, RoutesTheTokensThatTheSoftTopPicksWithItsWeights) {
  const Sublayer colt5 = few("colt5:query-share=4:key-share=3:window=2:iterations=1000");
  const at::Tensor x = at::randn({1, 12, 10}, at::kDouble) * 0.3;
  const at::Tensor query_weights = soft_top(x[0].matmul(colt5.parameter("query_router")).detach(), 3);
  const at::Tensor key_weights = soft_top(x[0].matmul(colt5.parameter("key_router")).detach(), 4);
  const at::Tensor queries = std::get<1>(query_weights.topk(3)), keys = std::get<1>(key_weights.topk(4));
  at::Tensor expected = attended(colt5, "light", x, x, window(12, 2)).clone();
  const at::Tensor tokens = x.index_select(1, keys) * key_weights.index_select(0, keys).view({1, 4, 1});
  const at::Tensor heavy = attended(colt5, "heavy", x.index_select(1, queries), tokens);
  expected = expected.index_add(1, queries, heavy * query_weights.index_select(0, queries).view({1, 3, 1}));
  EXPECT_LT(furthest(colt5(x, x, {}), expected), 1e-6);
}

TEST(Conditional, SequencesOfABatchAreRoutedEachForItself) {
  const Sublayer colt5 = few("colt5:query-share=4:key-share=3:window=2");
  const at::Tensor x = at::randn({3, 13, 10}, at::kDouble), all = colt5(x, x, {});
  for (std::int64_t i = 0; i < 3; ++i) {
    const at::Tensor one = x.narrow(0, i, 1);
    EXPECT_LT(furthest(colt5(one, one, {}), all.narrow(0, i, 1)), 1e-12);
  }
}

TEST(Conditional, IsForEncodersWithoutRotaryPositions) {
  for (const char* model : {"gpt2", "llama-7b", "transformer-base"})
    EXPECT_THROW(with_attention(load_model(model), "colt5"), Error) << model;
  const ModelConfig bert = with_attention(load_model("bert-base"), "colt5");
  EXPECT_EQ(bert.attention_options.at("light-heads"), 3);
  EXPECT_EQ(bert.attention_options.at("heavy-heads"), 9);
  EXPECT_EQ(kv_cache_bytes_per_token(bert, 2), 0);
}

TEST(Conditional, KeepsForBackwardWhatItsClosedFormSays) {
  for (const std::string text :
       {"colt5", "colt5:window=2:query-share=3:key-share=2", "colt5:window=3:query-share=1:key-share=1:iterations=7",
        "colt5:light-heads=2:heavy-heads=1:window=0"})
    for (bool flag : {false, true}) {
      expect_saved(text, {.query_len = 12, .key_len = 12, .bias = flag, .dropout = flag});
      expect_saved(text, {.query_len = 17, .key_len = 17, .dropout = flag, .dtype = at::kDouble});
      for (bool wide : {false, true})
        expect_saved(text,
                     {.query_len = 13, .key_len = 13, .dropout = flag, .softmax_fp32 = wide, .dtype = at::kBFloat16});
      expect_saved(text, {.batch = 1, .query_len = 12, .key_len = 12, .heads = 1, .bias = flag});
    }
}

TEST(Conditional, HasTheSumOfItsBranchesSizes) {
  const auto count = [](bool bias) {
    ModelConfig bert = load_model("bert-base");
    bert.attention_bias = bias;
    return attention_mechanism("colt5").parameter_count(attention_shape(with_attention(bert, "colt5"))).value;
  };
  EXPECT_EQ(count(false), 4 * 768 * 768 + 2 * 768);
  EXPECT_EQ(count(true) - count(false), 3 * 768 + 2 * 768);
}

}  // namespace
}  // namespace headroom::models
