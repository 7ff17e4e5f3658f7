// Linformer against dense references and multi-head attention, and what its projections are shared by.
#include <ATen/ops/eye.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "models/model.h"
#include "tests/models/random_sublayer.h"
#include "tests/models/small_models.h"

namespace headroom::models {
namespace {

using ::testing::HasSubstr;

const char* const kSharings[] = {"none", "headwise", "key-value", "layerwise"};

std::string linformer(const std::string& sharing, std::int64_t rows) {
  return "linformer:k=" + std::to_string(rows) + ":sharing=" + sharing;
}

// softmax(Q (E K + b_k)ᵀ / sqrt(d)) (F V + b_v), with K and V of all positions: the projections as published, after the
// weights, and the biases after the projections.
at::Tensor dense(const Sublayer& s, const at::Tensor& x, const at::Tensor& memory) {
  const auto rows = [&](const char* role) {
    at::Tensor own = s.parameter(std::string(role) + "_projection");
    if (!own.defined()) own = s.parameter("key_projection");
    return (own.defined() ? own : s.parameter("sequence_projection")).slice(-1, 0, memory.size(1));
  };
  const auto projected = [&](const char* role) {
    const at::Tensor heads = at::matmul(memory, s.parameter(std::string(role) + ".weight").t())
                                 .view({memory.size(0), memory.size(1), 4, -1})
                                 .transpose(1, 2);  // [B, n, S, d]
    return at::matmul(rows(role), heads) + s.parameter(std::string(role) + ".bias").view({4, 1, -1});
  };
  const at::Tensor scores = at::matmul(heads_of(s, "query", x), projected("key").transpose(-1, -2)) / std::sqrt(3.0);
  return output_of(s, at::matmul(at::softmax(scores, -1), projected("value")));
}

TEST(Linformer, OutputsAndGradientsEqualTheDenseReference) {
  for (const char* sharing : kSharings)
    for (const std::int64_t seq : {1, 7, 16}) {
      const Sublayer sublayer = random_sublayer(linformer(sharing, 5));
      const at::Tensor x = random_input(seq).requires_grad_(), memory = random_input(9).requires_grad_();
      expect_same_gradients(
          sublayer, {x}, [&] { return sublayer(x, x, {}); }, [&] { return dense(sublayer, x, x); }, sharing);
      expect_same_gradients(
          sublayer, {x, memory}, [&] { return sublayer(x, memory, {}); }, [&] { return dense(sublayer, x, memory); },
          sharing);
    }
}

TEST(Linformer, FusedBackendsEqualTheDenseReference) {
  for (const char* sharing : kSharings)
    for (const AttentionBackend backend : {AttentionBackend::math, AttentionBackend::flash}) {
      const Sublayer sublayer = random_sublayer(linformer(sharing, 5), backend);
      const at::Tensor x = random_input(7).requires_grad_();
      expect_same_gradients(
          sublayer, {x}, [&] { return sublayer(x, x, {}); }, [&] { return dense(sublayer, x, x); }, sharing);
    }
}

TEST(Linformer, ProjectionsThatLeaveEveryPositionAreMultiHeadAttention) {
  for (const char* sharing : kSharings) {
    const Sublayer mha = random_sublayer("mha"), all = random_sublayer(linformer(sharing, 16));
    copy_parameters(mha, all);
    const at::NoGradGuard no_grad;
    for (const char* role : {"key_projection", "value_projection", "sequence_projection"})
      if (const at::Tensor p = all.parameter(role); p.defined()) p.copy_(at::eye(16, at::kDouble).expand(p.sizes()));
    const at::Tensor x = random_input(16);
    EXPECT_LT(largest_difference(mha(x, x, {}), all(x, x, {})), 1e-12) << sharing;
  }
}

TEST(Linformer, OneProjectionServesAllLayersWhereAsked) {
  ModelConfig config = small_model("bert-base", "linformer:k=3:sharing=layerwise");
  const auto model = build_model(config, {});
  std::vector<at::Tensor> found;
  std::int64_t own = 0;
  for (const ModelParameter& p : model->parameters()) {
    if (p.name.ends_with("sequence_projection")) found.push_back(p.tensor);
    if (p.shared_with.empty()) own += p.tensor.numel();
  }
  ASSERT_EQ(found.size(), 2u);
  EXPECT_TRUE(found[0].is_same(found[1]));
  EXPECT_EQ(own, parameter_count(config));
  EXPECT_EQ(attention_parameter_count(config),
            attention_parameter_count(small_model("bert-base")) + 3 * config.max_positions);
  model->loss(make_batch(config, 2, 6, at::kCPU)).backward();
  EXPECT_GT(found[0].grad().abs().max().item<double>(), 0);
}

TEST(Linformer, CountsItsProjectionsAsTheyAreShared) {
  const ModelConfig bert = load_model("bert-base");
  const std::int64_t mha = parameter_count(bert), one = 128 * 512;
  EXPECT_EQ(parameter_count(with_attention(bert, linformer("none", 128))) - mha, 12 * 2 * 12 * one);
  EXPECT_EQ(parameter_count(with_attention(bert, linformer("headwise", 128))) - mha, 12 * 2 * one);
  EXPECT_EQ(parameter_count(with_attention(bert, linformer("key-value", 128))) - mha, 12 * one);
  EXPECT_EQ(parameter_count(with_attention(bert, linformer("layerwise", 128))) - mha, one);
  EXPECT_EQ(with_attention(bert, "linformer").attention_options.at("k"), 256);
}

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "(none)";
}

TEST(Linformer, RefusesDecodersAndSequencesBeyondItsProjections) {
  EXPECT_THAT(refusal([] { with_attention(load_model("gpt2"), "linformer"); }), HasSubstr("later ones included"));
  EXPECT_THAT(refusal([] { with_attention(load_model("bert-base"), "linformer:sharing=layers"); }),
              HasSubstr("layerwise"));
  const ModelConfig model = with_attention(load_model("bert-base"), "linformer");
  const auto require = attention_mechanism("linformer").require_seq;
  EXPECT_EQ(refusal([&] { require(model, 512); }), "(none)");
  EXPECT_THAT(refusal([&] { require(model, 513); }), HasSubstr("a column for each of 512 positions"));
}

}  // namespace
}  // namespace headroom::models
