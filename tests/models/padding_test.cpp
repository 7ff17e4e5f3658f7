// A batch of sequences of different lengths gives each of them what it gives alone, in every mechanism and model that
// takes padding; the others refuse it with a reason.
#include "models/attention/padding.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "models/model.h"
#include "tests/models/random_sublayer.h"
#include "tests/models/refusal.h"

namespace headroom::models {
namespace {

constexpr std::int64_t kLong = 6, kShort = 4;

// bool [2, 6]: six tokens, and four.
at::Tensor real_tokens() { return at::arange(kLong) < at::tensor({kLong, kShort}).view({2, 1}); }

AttentionContext padded(const Sublayer& sublayer, bool causal) {
  const bool fused = sublayer.options.backend != AttentionBackend::eager;
  AttentionContext context;
  context.causal = causal;
  if (attention_mechanism(sublayer.config.attention).own_mask && !fused)
    context.padding = real_tokens();
  else
    context.mask = padding_mask(real_tokens(), kLong, causal, fused, at::kDouble);
  return context;
}

AttentionContext alone(bool causal, bool fused) {
  if (!causal) return {};
  AttentionContext context = causal_context(kShort, at::TensorOptions().dtype(at::kDouble));
  if (fused) context.mask = at::Tensor();
  return context;
}

void expect_padding_to_be_hidden(const Sublayer& sublayer, bool causal) {
  const at::Tensor x = random_input(kLong).requires_grad_();
  const at::Tensor y = sublayer(x, x, padded(sublayer, causal));
  const at::Tensor short_one = x.detach().narrow(0, 1, 1).narrow(1, 0, kShort);
  const at::Tensor expected =
      sublayer(short_one, short_one, alone(causal, sublayer.options.backend != AttentionBackend::eager));
  const at::Tensor actual = y.narrow(0, 1, 1).narrow(1, 0, kShort);
  EXPECT_LT(largest_difference(actual, expected), 1e-12) << sublayer.config.attention << " causal " << causal;
  actual.square().sum().backward();
  EXPECT_EQ(x.grad()[1].narrow(0, kShort, kLong - kShort).abs().max().item<double>(), 0.0)
      << sublayer.config.attention << " causal " << causal;
}

TEST(Padding, OfABatchIsHiddenFromTheTokensOfEverySequence) {
  int hidden = 0;
  for (const AttentionMechanism& mechanism : attention_mechanisms()) {
    if (!mechanism.undefined.padding.empty()) continue;
    const Sublayer sublayer = random_sublayer(mechanism.name);
    expect_padding_to_be_hidden(sublayer, false);
    if (mechanism.undefined.causal.empty()) expect_padding_to_be_hidden(sublayer, true);
    ++hidden;
  }
  EXPECT_GE(hidden, 16);
}

TEST(Padding, IsHiddenByFusedKernels) {
  for (const char* mechanism : {"mha", "mqa", "mhe-add", "mhe-mul-optimal:keep=sdpa"})
    for (bool causal : {false, true})
      expect_padding_to_be_hidden(random_sublayer(mechanism, AttentionBackend::math), causal);
}

TEST(Padding, IsRefusedWithTheReasonWhereItIsUndefined) {
  for (const AttentionMechanism& mechanism : attention_mechanisms()) {
    ModelConfig config = load_model("bert-tiny");
    config.attention = mechanism.name;
    if (mechanism.undefined.padding.empty()) continue;
    EXPECT_EQ(message_of([&] { require_padding(config, false); }),
              "attention '" + config.attention + "' takes no padding: " + std::string(mechanism.undefined.padding));
  }
  EXPECT_EQ(message_of([] { require_padding(load_model("bert-tiny"), false); }), "(no error)");
  EXPECT_EQ(message_of([] { require_padding(load_model("bert-tiny"), true); }),
            "flash attention takes no padding mask: use --sdpa efficient, math or eager");
  EXPECT_EQ(message_of([] { require_padding(load_model("electra-small"), false); }),
            "electra-small takes no padding: how many tokens a discriminator's loss is of would depend on data");
}

TEST(Padding, OfABatchFollowsTheTokensOfAllButTheFirstSequence) {
  const ModelConfig config = load_model("bert-tiny");
  const Batch batch = make_batch(config, 16, 32, at::kCPU, true);
  const at::Tensor real = batch.attention_mask.to(at::kBool), lengths = batch.attention_mask.sum(1);
  EXPECT_EQ(lengths[0].item<std::int64_t>(), 32);
  EXPECT_GE(lengths.min().item<std::int64_t>(), 1);
  EXPECT_LT(lengths.min().item<std::int64_t>(), 32);
  EXPECT_TRUE(real.equal(at::arange(32) < lengths.unsqueeze(1)));
  const at::Tensor padding = real.logical_not();
  EXPECT_TRUE(batch.tokens.masked_select(padding).eq(config.padding_id).all().item<bool>());
  EXPECT_TRUE(batch.labels.eq(-100).equal(padding));
  EXPECT_EQ(batch.tensors().size(), 3U);
  EXPECT_FALSE(make_batch(config, 2, 8, at::kCPU).attention_mask.defined());
}

// Positions, masks, cross-attention and back ends of whole models.
TEST(Padding, OfAModelsBatchChangesNoLogitsOfItsTokens) {
  for (const char* name : {"bert-tiny", "roberta-base", "gpt2", "llama-7b", "opt-125m", "t5-small", "bart-base"})
    for (AttentionBackend backend : {AttentionBackend::eager, AttentionBackend::math}) {
      ModelConfig config = load_model(name);
      config.d_model = 16, config.head_count = config.kv_head_count = 2, config.head_dim = 8, config.d_ff = 24;
      config.vocab_size = 50, config.padding_id = config.padding_id < 0 ? -1 : 1;
      config.encoder_layer_count = std::min<std::int64_t>(config.encoder_layer_count, 2);
      config.decoder_layer_count = std::min<std::int64_t>(config.decoder_layer_count, 2);
      const auto model = build_model(config, {at::kCPU, at::kDouble, backend, false});
      const at::NoGradGuard no_grad;
      Batch both = make_batch(config, 2, kLong, at::kCPU);
      both.tokens.add_(2).clamp_max_(49);
      both.attention_mask = real_tokens().to(at::kLong);
      if (config.padding_id >= 0) both.tokens.masked_fill_(both.attention_mask.eq(0), config.padding_id);
      const bool seq2seq = both.decoder_tokens.defined();
      Batch one;
      one.tokens = both.tokens.narrow(0, 1, 1).narrow(1, 0, kShort);
      if (seq2seq) one.decoder_tokens = both.decoder_tokens.narrow(0, 1, 1);
      const at::Tensor expected = model->forward(one);
      const at::Tensor actual = model->forward(both).narrow(0, 1, 1).narrow(1, 0, expected.size(1));
      EXPECT_LT(largest_difference(actual, expected), 1e-12) << name << " backend " << int(backend);
    }
}

}  // namespace
}  // namespace headroom::models
