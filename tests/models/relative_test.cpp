// Transformer-XL's positions: scores and gradients against a plain loop, memory, whole models, refusals.
#include "models/attention/relative.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randn_like.h>
#include <ATen/ops/stack.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "models/catalog/attention.h"
#include "tests/models/refusal.h"
#include "tests/models/small_models.h"
#include "tests/models/sublayer.h"

namespace headroom::models {
namespace {

using testing::HasSubstr;

const auto kFp64 = at::TensorOptions().dtype(at::kDouble);

struct Inputs {
  Inputs(std::int64_t batch, std::int64_t seq, std::int64_t heads, std::int64_t width)
      : query(at::randn({batch, seq, heads * width}, kFp64).requires_grad_()),
        key(at::randn({batch, heads, seq, width}, kFp64).requires_grad_()),
        distances(at::randn({seq, heads * width}, kFp64).requires_grad_()),
        content(at::randn({heads, width}, kFp64).requires_grad_()),
        position(at::randn({heads, width}, kFp64).requires_grad_()) {}
  std::vector<at::Tensor> all() const { return {query, key, distances, content, position}; }
  at::Tensor query, key, distances, content, position;
};

// The scores of j ≤ i, one after the other.
at::Tensor plain(const Inputs& in) {
  const std::int64_t batch = in.key.size(0), heads = in.key.size(1), seq = in.key.size(2), width = in.key.size(3);
  const at::Tensor q = in.query.view({batch, seq, heads, width}), r = in.distances.view({seq, heads, width});
  std::vector<at::Tensor> scores;
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t h = 0; h < heads; ++h)
      for (std::int64_t i = 0; i < seq; ++i)
        for (std::int64_t j = 0; j <= i; ++j)
          scores.push_back((q[b][i][h] + in.content[h]).dot(in.key[b][h][j]) +
                           (q[b][i][h] + in.position[h]).dot(r[seq - 1 - (i - j)][h]));
  return at::stack(scores);
}

TEST(RelativeScores, AreThoseOfAPlainLoopAndSoAreTheirGradients) {
  for (const auto& [batch, seq, heads, width] :
       {std::array<std::int64_t, 4>{2, 5, 3, 4}, {1, 7, 1, 2}, {3, 1, 2, 2}, {1, 2, 2, 3}}) {
    const Inputs in(batch, seq, heads, width);
    const at::Tensor seen = at::ones({batch * heads, seq, seq}, kFp64).tril().to(at::kBool);
    const at::Tensor ours =
        relative_scores(in.query, in.key, in.distances, in.content, in.position).masked_select(seen);
    const at::Tensor expected = plain(in);
    EXPECT_LT((ours - expected).abs().max().item<double>(), 1e-12);
    const at::Tensor weights = at::randn_like(expected);
    std::vector<at::Tensor> gradients;
    (ours * weights).sum().backward();
    for (const at::Tensor& leaf : in.all()) {
      gradients.push_back(leaf.grad().clone());
      leaf.mutable_grad().reset();
    }
    (expected * weights).sum().backward();
    for (std::size_t i = 0; i < gradients.size(); ++i)
      EXPECT_LT((gradients[i] - in.all()[i].grad()).abs().max().item<double>(), 1e-12) << i << " of T " << seq;
  }
}

TEST(RelativeScores, TakeTwoSquaresOfTheSequenceAtMost) {
  const std::int64_t batch = 2, seq = 64, heads = 3, width = 2;
  const Inputs in(batch, seq, heads, width);
  const std::int64_t square = batch * heads * seq * seq * 8, rows = batch * heads * seq * width * 8;
  const auto count = std::make_shared<AllocationCount>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, count);
  const at::Tensor scores = relative_scores(in.query, in.key, in.distances, in.content, in.position);
  EXPECT_EQ(count->alive(), square);
  EXPECT_LE(count->peak(), 2 * square + 2 * rows);
  const std::int64_t before = count->alive();
  scores.backward(at::ones_like(scores));
  EXPECT_LE(count->peak() - before, 2 * square + 8 * rows);
}

TEST(DistanceSinusoids, AreSinesThenCosinesFromTheFarthestOn) {
  const at::Tensor table = distance_sinusoids(5, 6, kFp64);
  for (std::int64_t row = 0; row < 5; ++row)
    for (std::int64_t j = 0; j < 3; ++j) {
      const double angle = static_cast<double>(4 - row) / std::pow(10000.0, 2.0 * static_cast<double>(j) / 6);
      EXPECT_NEAR(table[row][j].item<double>(), std::sin(angle), 1e-6);
      EXPECT_NEAR(table[row][3 + j].item<double>(), std::cos(angle), 1e-6);
    }
}

ModelConfig sublayer_config() {
  ModelConfig config = without_dropout(small_model("gpt2"));
  config.d_model = 10;
  set_positions(config, "transformer-xl");
  return with_attention(config, "mha");
}

TEST(TransformerXlAttention, KeepsWhatItsClosedFormSays) {
  for (bool bias : {false, true})
    for (double rate : {0.0, 0.1})
      for (at::ScalarType dtype : {at::kFloat, at::kBFloat16})
        for (bool wide : {false, true}) {
          ModelConfig config = sublayer_config();
          config.attention_bias = bias;
          config.attention_dropout = rate;
          config.softmax_fp32 = wide;
          const Sublayer sublayer(config, {at::kCPU, dtype, AttentionBackend::eager, true}, true);
          const auto options = at::TensorOptions().dtype(dtype);
          const at::Tensor x = at::randn({2, 9, 10}, options).requires_grad_();
          AttentionContext context = causal_context(9, options);
          sublayer.positions->prepare(context, x);
          at::Tensor y;
          const std::int64_t alive = bytes_left_allocated([&] { return y = sublayer(x, x, context); });
          AttentionShape shape = attention_shape(config);
          shape.batch = 2;
          shape.query_len = shape.key_len = 9;
          shape.element_bytes = static_cast<std::int64_t>(c10::elementSize(dtype));
          const Formula form = attention_mechanism("mha").saved_bytes(shape);
          EXPECT_EQ(alive - static_cast<std::int64_t>(y.nbytes()), form.value) << form.text << " " << dtype;
          std::int64_t count = 0;
          for (const ModelParameter& p : sublayer.parameters) count += p.tensor.numel();
          EXPECT_EQ(count, attention_mechanism("mha").parameter_count(shape).value);
        }
}

TEST(TransformerXlAttention, ModelsTrainAndSeeNoLaterToken) {
  for (const char* preset : {"gopher-44m", "chinchilla-70b"}) {
    const ModelConfig config = small_model(preset);
    EXPECT_EQ(config.positions, Positions::transformer_xl);
    const auto model = build_model(config, {at::kCPU, at::kDouble, AttentionBackend::eager, true});
    Batch batch = make_batch(config, 2, 8, at::kCPU);
    model->loss(batch).backward();
    std::int64_t count = 0;
    for (const ModelParameter& p : model->parameters()) {
      if (p.shared_with.empty()) count += p.tensor.numel();
      EXPECT_GT(p.tensor.grad().abs().max().item<double>(), 0) << p.name;
    }
    EXPECT_EQ(count, parameter_count(config));
    const at::Tensor before = model->forward(batch);
    batch.tokens = batch.tokens.clone();
    batch.tokens.slice(1, 5).fill_(3);
    const at::Tensor after = model->forward(batch);
    EXPECT_LT((before - after).slice(1, 0, 5).abs().max().item<double>(), 1e-12);
    EXPECT_GT((before - after).slice(1, 5).abs().max().item<double>(), 1e-9);
    batch.tokens = batch.tokens.roll(1, 1);
    EXPECT_GT((after.roll(1, 1) - model->forward(batch)).slice(1, 1).abs().max().item<double>(), 1e-9);
  }
}

TEST(TransformerXlAttention, ComputesTheSameUnderCheckpointing) {
  const ModelConfig config = small_model("gopher-44m");
  std::vector<at::Tensor> gradients[2];
  for (bool checkpoint : {false, true}) {
    at::manual_seed(5);
    const auto model = build_model(config, {.dtype = at::kDouble, .checkpoint_blocks = checkpoint});
    model->loss(make_batch(config, 2, 6, at::kCPU)).backward();
    for (const ModelParameter& p : model->parameters()) gradients[checkpoint].push_back(p.tensor.grad());
  }
  for (std::size_t i = 0; i < gradients[0].size(); ++i)
    EXPECT_LT((gradients[0][i] - gradients[1][i]).abs().max().item<double>(), 1e-14);
}

TEST(TransformerXlAttention, IsRefusedWhereItIsNotBuilt) {
  EXPECT_THAT(message_of([] { with_positions(load_model("bert-base"), "transformer-xl"); }),
              HasSubstr("Transformer-XL's positions are built for decoder-only models"));
  for (const char* mechanism : {"gqa", "mqa", "mhe-add", "linear", "mla", "el-exact", "sliding-window"})
    EXPECT_THAT(message_of([&] { with_attention_and_positions(load_model("gpt2"), mechanism, "transformer-xl"); }),
                HasSubstr("a second key in the scores of multi-head attention"))
        << mechanism;
  ModelConfig odd = load_model("gpt2");
  odd.d_model = 767;
  EXPECT_THAT(message_of([&] { with_positions(odd, "transformer-xl"); }), HasSubstr("the width must be even"));
  EXPECT_NO_THROW(with_positions(load_model("gpt2"), "transformer-xl"));
  for (AttentionBackend backend : {AttentionBackend::math, AttentionBackend::flash, AttentionBackend::efficient})
    EXPECT_EQ(message_of([&] { build_model(small_model("gopher-44m"), {.backend = backend}); }),
              "positions 'transformer-xl' run eager only: they add a second product to the scores; use --sdpa eager");
}

}  // namespace
}  // namespace headroom::models
