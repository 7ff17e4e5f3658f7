// What training adds to a model: checkpointed blocks and the chunked loss compute what the model computes without them.
#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "models/loss.h"
#include "models/model.h"
#include "tests/models/small_models.h"

namespace headroom::models {
namespace {

struct Step {
  at::Tensor loss;
  std::vector<at::Tensor> gradients;
};

// One forward and backward from the same parameters, batch and random numbers.
Step step_of(const ModelConfig& config, BuildOptions options, std::int64_t backwards = 1) {
  at::manual_seed(7);
  const auto model = build_model(config, options);
  const Batch batch = make_batch(config, 2, 6, at::kCPU);
  Step step;
  for (std::int64_t i = 0; i < backwards; ++i) {
    step.loss = model->loss(batch) / backwards;
    step.loss.backward();
  }
  for (const ModelParameter& parameter : model->parameters())
    if (parameter.shared_with.empty()) step.gradients.push_back(parameter.tensor.grad());
  return step;
}

void expect_same(const Step& a, const Step& b, double tolerance) {
  EXPECT_TRUE(at::allclose(a.loss, b.loss, tolerance, tolerance)) << a.loss << b.loss;
  ASSERT_EQ(a.gradients.size(), b.gradients.size());
  for (std::size_t i = 0; i < a.gradients.size(); ++i)
    EXPECT_TRUE(at::allclose(a.gradients[i], b.gradients[i], tolerance, tolerance)) << "parameter " << i;
}

BuildOptions fp64() {
  BuildOptions options;
  options.dtype = at::kDouble;
  return options;
}

BuildOptions checkpointed(BuildOptions options, RecomputeObserver observer = {}) {
  options.checkpoint_blocks = true;
  options.on_recompute = std::move(observer);
  return options;
}

const std::vector<std::string> kPresets{"bert-base", "gpt2", "transformer-base", "llama-7b"};

ModelConfig with_dropout(ModelConfig config) {
  config.embedding_dropout = config.attention_dropout = config.residual_dropout = 0.3;
  return config;
}

TEST(Checkpoint, GivesTheSameLossAndGradientsToTheLastBitDropoutIncluded) {
  for (const std::string& preset : kPresets) {
    SCOPED_TRACE(preset);
    const ModelConfig config = with_dropout(small_model(preset));
    expect_same(step_of(config, checkpointed(fp64())), step_of(config, fp64()), 0);
  }
}

TEST(Checkpoint, DrawsTheRandomNumbersThatFollowAsIfNothingHadBeenComputedAgain) {
  const ModelConfig config = with_dropout(small_model("gpt2"));
  expect_same(step_of(config, checkpointed(fp64()), 2), step_of(config, fp64(), 2), 0);
}

TEST(Checkpoint, ComputesEachBlockAgainOnceInBackward) {
  std::string calls;
  const auto observer = [&](bool begins) { calls += begins ? '(' : ')'; };
  const ModelConfig config = small_model("bert-base");
  const auto model = build_model(config, checkpointed(fp64(), observer));
  const at::Tensor loss = model->loss(make_batch(config, 2, 6, at::kCPU));
  EXPECT_EQ(calls, "");
  loss.backward();
  EXPECT_EQ(calls, "()()");  // two blocks
}

TEST(Checkpoint, ComputesNothingAgainWhereNoGradientIsAskedFor) {
  std::string calls;
  const ModelConfig config = small_model("gpt2");
  const auto model = build_model(config, checkpointed(fp64(), [&](bool) { calls += '.'; }));
  const at::NoGradGuard no_grad;
  EXPECT_FALSE(model->forward(make_batch(config, 2, 6, at::kCPU)).requires_grad());
  EXPECT_EQ(calls, "");
}

TEST(Checkpoint, ComputesAgainUnderTheAutocastOfTheFirstTime) {
  const auto step = [](bool checkpoint) {
    const ModelConfig config = with_dropout(small_model("gpt2"));
    BuildOptions options;
    options.checkpoint_blocks = checkpoint;
    at::manual_seed(7);
    const auto model = build_model(config, options);
    const Batch batch = make_batch(config, 2, 6, at::kCPU);
    at::autocast::set_autocast_enabled(at::kCPU, true);
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    at::autocast::increment_nesting();
    Step result{model->loss(batch), {}};
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(at::kCPU, false);
    result.loss.backward();
    EXPECT_FALSE(at::autocast::is_autocast_enabled(at::kCPU));
    for (const ModelParameter& parameter : model->parameters())
      if (parameter.shared_with.empty()) result.gradients.push_back(parameter.tensor.grad());
    return result;
  };
  expect_same(step(true), step(false), 0);
}

TEST(Checkpoint, ReachesParametersWhenTheInputNeedsNoGradient) {
  const at::Tensor x = at::randn({3, 4}, at::kDouble), weight = at::randn({4}, at::kDouble).requires_grad_();
  const at::Tensor y = checkpoint([&] { return (x * weight).sin(); }, at::kCPU, {});
  y.sum().backward();
  EXPECT_TRUE(at::allclose(weight.grad(), (x * (x * weight.detach()).cos()).sum(0)));
}

TEST(Checkpoint, AFunctionThatThrowsTheFirstTimeLeavesNothingBehind) {
  EXPECT_THROW(checkpoint([]() -> at::Tensor { throw std::runtime_error("no"); }, at::kCPU, {}), std::runtime_error);
  const at::Tensor weight = at::randn({4}, at::kDouble).requires_grad_();
  weight.sin().sum().backward();
  EXPECT_TRUE(at::allclose(weight.grad(), weight.detach().cos()));
}

TEST(ChunkedLoss, IsTheLossWithItsGradientsWhateverTheChunk) {
  for (const bool causal : {false, true})
    for (const bool with_bias : {false, true})
      for (const std::int64_t chunk : {1, 3, 10, 64}) {
        const auto leaf = [](at::IntArrayRef shape) { return at::randn(shape, at::kDouble).requires_grad_(); };
        const at::Tensor hidden = leaf({2, 5, 4}), weight = leaf({7, 4}), bias = with_bias ? leaf({7}) : at::Tensor();
        at::Tensor labels = at::randint(7, {2, 5}, at::kLong);
        labels.select(1, 1).fill_(-100);
        const auto gradients = [&](const at::Tensor& loss) {
          std::vector<at::Tensor> result{loss.detach()};
          (loss * 3).backward();
          for (const at::Tensor& tensor : {hidden, weight, bias}) {
            if (!tensor.defined()) continue;
            result.push_back(tensor.grad());
            tensor.mutable_grad().reset();
          }
          return result;
        };
        at::Tensor logits = at::matmul(hidden, weight.t());
        if (with_bias) logits = logits + bias;
        const auto whole = gradients(causal ? causal_loss(logits, labels) : token_loss(logits, labels));
        const auto chunks = gradients(chunked_loss(hidden, weight, bias, labels, causal, chunk));
        ASSERT_EQ(whole.size(), chunks.size());
        for (std::size_t i = 0; i < whole.size(); ++i)
          EXPECT_TRUE(at::allclose(whole[i], chunks[i], 1e-12, 1e-12))
              << i << " chunk " << chunk << " causal " << causal;
      }
}

TEST(ChunkedLoss, OfWholeModelsGivesTheSameGradientsTiedOrNotCheckpointedOrNot) {
  for (const std::string& preset : kPresets)
    for (const Head head : {Head::mlm, Head::lm})
      for (const bool tied : {false, true})
        for (const bool checkpoint : {false, true}) {
          SCOPED_TRACE(preset + (tied ? " tied" : "") + (checkpoint ? " checkpoint" : ""));
          ModelConfig config = with_dropout(small_model(preset));
          config.head = head;
          config.tied_embeddings = tied;
          BuildOptions options = fp64();
          options.loss_chunk = 5;
          options.checkpoint_blocks = checkpoint;
          expect_same(step_of(config, options, 2), step_of(config, fp64(), 2), 1e-12);
        }
}

TEST(ChunkedLoss, InHalfPrecisionIsNearTheWholeOne) {
  const ModelConfig config = without_dropout(small_model("gpt2"));
  BuildOptions options;
  options.dtype = at::kBFloat16;
  const Step whole = step_of(config, options);
  options.loss_chunk = 4;
  expect_same(step_of(config, options), whole, 2e-2);
}

}  // namespace
}  // namespace headroom::models
