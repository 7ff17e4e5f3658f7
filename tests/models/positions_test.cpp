// Rotary positions, ALiBi and T5's buckets: their tables against plain arithmetic, and every mechanism with each.
#include "models/attention/positions.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randn_like.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "models/attention/rotary.h"
#include "models/catalog/attention.h"
#include "tests/models/refusal.h"
#include "tests/models/small_models.h"
#include "tests/models/sublayer.h"

namespace headroom::models {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const auto kFp64 = at::TensorOptions().dtype(at::kDouble);

std::vector<double> values_of(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kDouble).contiguous().view({-1});
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

TEST(AlibiSlopes, ArePowersOfTwoForPowersOfTwo) {
  EXPECT_THAT(values_of(alibi_slopes(8, at::kCPU)),
              ElementsAre(1.0 / 2, 1.0 / 4, 1.0 / 8, 1.0 / 16, 1.0 / 32, 1.0 / 64, 1.0 / 128, 1.0 / 256));
  EXPECT_THAT(values_of(alibi_slopes(1, at::kCPU)), ElementsAre(1.0 / 256));
  const std::vector<double> sixteen = values_of(alibi_slopes(16, at::kCPU));
  for (std::size_t h = 0; h < 16; ++h) EXPECT_NEAR(sixteen[h], std::exp2(-0.5 * static_cast<double>(h + 1)), 1e-7);
}

TEST(AlibiSlopes, OfOtherCountsContinueWithEveryOtherOneOfTwiceAsMany) {
  EXPECT_THAT(values_of(alibi_slopes(6, at::kCPU)),
              ElementsAre(1.0 / 4, 1.0 / 16, 1.0 / 64, 1.0 / 256, 1.0 / 2, 1.0 / 8));
  const std::vector<double> twelve = values_of(alibi_slopes(12, at::kCPU));
  for (std::size_t h = 8; h < 12; ++h) EXPECT_NEAR(twelve[h], std::exp2(-0.5 - static_cast<double>(h - 8)), 1e-7);
}

TEST(AlibiBias, GrowsWithTheDistanceInBothDirectionsWithoutAMask) {
  const at::Tensor bias = alibi_bias(alibi_slopes(2, at::kCPU), 3, false, at::kDouble);
  EXPECT_THAT(values_of(bias[0]), ElementsAre(0, -1. / 16, -2. / 16, -1. / 16, 0, -1. / 16, -2. / 16, -1. / 16, 0));
  EXPECT_THAT(values_of(bias[1]),
              ElementsAre(0, -1. / 256, -2. / 256, -1. / 256, 0, -1. / 256, -2. / 256, -1. / 256, 0));
}

TEST(AlibiBias, OfADecoderTakesOneRowForAllQueries) {
  std::int64_t bytes = 0;
  at::Tensor bias;
  const at::Tensor slopes = alibi_slopes(8, at::kCPU);
  bytes = bytes_left_allocated([&] { return bias = alibi_bias(slopes, 64, true, at::kFloat); });
  EXPECT_EQ(bias.sizes(), (std::vector<std::int64_t>{8, 64, 64}));
  EXPECT_EQ(bytes, 8 * 64 * 4);
}

// Mesh TensorFlow's rule, one pair at a time, in whole numbers where they are exact.
std::int64_t bucket_of(std::int64_t relative, bool causal, std::int64_t bucket_count, std::int64_t max_distance) {
  const std::int64_t count = causal ? bucket_count : bucket_count / 2, exact = count / 2;
  const std::int64_t distance = causal ? std::max<std::int64_t>(-relative, 0) : std::abs(relative);
  const std::int64_t first = !causal && relative > 0 ? count : 0;
  if (distance < exact) return first + distance;
  const float part = std::log(static_cast<float>(distance) / static_cast<float>(exact)) /
                     static_cast<float>(std::log(static_cast<double>(max_distance) / static_cast<double>(exact)));
  return first + std::min(count - 1, exact + static_cast<std::int64_t>(part * static_cast<float>(count - exact)));
}

TEST(RelativeBuckets, AreThoseOfTheRuleForEveryPair) {
  for (bool causal : {false, true})
    for (const auto& [count, distance] : {std::pair<std::int64_t, std::int64_t>{32, 128}, {8, 20}, {4, 4}}) {
      const at::Tensor buckets = relative_buckets(150, causal, count, distance, at::kCPU);
      for (std::int64_t i = 0; i < 150; ++i)
        for (std::int64_t j = 0; j < 150; ++j)
          ASSERT_EQ(buckets[i][j].item<std::int64_t>(), bucket_of(j - i, causal, count, distance))
              << i << " " << j << " causal " << causal << " of " << count;
    }
}

TEST(RelativeBuckets, FillTheWholeTableAndNoMore) {
  for (bool causal : {false, true}) {
    const at::Tensor buckets = relative_buckets(300, causal, 32, 128, at::kCPU);
    EXPECT_EQ(buckets.min().item<std::int64_t>(), 0);
    EXPECT_EQ(buckets.max().item<std::int64_t>(), 31);
    EXPECT_EQ(buckets[299][0].item<std::int64_t>(), causal ? 31 : 15);
    EXPECT_EQ(buckets[0][299].item<std::int64_t>(), causal ? 0 : 31);
  }
}

TEST(ScoreMask, HidesLaterKeysAndAlignsItsRows) {
  const at::Tensor bias = at::randn({2, 5, 5}).transpose(1, 2);
  const at::Tensor mask = score_mask(bias, true, true), open = score_mask(bias, false, false);
  EXPECT_EQ(mask.stride(0) % 8, 0);
  EXPECT_EQ(mask.stride(1), 8);
  EXPECT_EQ(mask.stride(2), 1);
  EXPECT_TRUE(open.is_contiguous());
  for (std::int64_t i = 0; i < 5; ++i)
    for (std::int64_t j = 0; j < 5; ++j) {
      EXPECT_EQ(open[1][i][j].item<float>(), bias[1][i][j].item<float>());
      EXPECT_EQ(mask[1][i][j].item<float>(),
                j > i ? -std::numeric_limits<float>::infinity() : bias[1][i][j].item<float>());
    }
}

TEST(InterleavedRotation, TurnsNeighbouringDimensions) {
  const RotaryTables tables = rotary_tables(inverse_frequencies(4, 100.0, at::kCPU), 3, at::kDouble, true);
  const at::Tensor unit = at::eye(4, kFp64);
  const at::Tensor first = rotate(unit[0].expand({3, 4}), tables.cos, tables.sin, true)[2];
  EXPECT_NEAR(first[0].item<double>(), std::cos(2.0), 1e-6);
  EXPECT_NEAR(first[1].item<double>(), std::sin(2.0), 1e-6);
  const at::Tensor fourth = rotate(unit[3].expand({3, 4}), tables.cos, tables.sin, true)[2];
  EXPECT_NEAR(fourth[2].item<double>(), -std::sin(0.2), 1e-6);
  EXPECT_NEAR(fourth[3].item<double>(), std::cos(0.2), 1e-6);
}

TEST(InterleavedRotation, IsTheOtherLayoutWithItsDimensionsReordered) {
  const at::Tensor frequencies = inverse_frequencies(8, 10000.0, at::kCPU);
  const RotaryTables halves = rotary_tables(frequencies, 12, at::kDouble),
                     pairs = rotary_tables(frequencies, 12, at::kDouble, true);
  const at::Tensor x = at::randn({2, 12, 8}, kFp64);
  const auto reordered = [](const at::Tensor& t) { return t.unflatten(-1, {4, 2}).transpose(-1, -2).flatten(-2); };
  EXPECT_LT(largest_difference(reordered(rotate(x, pairs.cos, pairs.sin, true)),
                               rotate(reordered(x), halves.cos, halves.sin)),
            1e-15);
}

TEST(InterleavedRotation, LeavesScoresThatDependOnTheDistanceOnly) {
  const RotaryTables tables = rotary_tables(inverse_frequencies(8, 10000.0, at::kCPU), 12, at::kDouble, true);
  const at::Tensor q = at::randn({1, 8}, kFp64).expand({12, 8}), k = at::randn({1, 8}, kFp64).expand({12, 8});
  const at::Tensor scores = rotate(q, tables.cos, tables.sin, true).matmul(rotate(k, tables.cos, tables.sin, true).t());
  for (std::int64_t i = 1; i < 12; ++i)
    for (std::int64_t j = 1; j < 12; ++j)
      EXPECT_NEAR(scores[i][j].item<double>(), scores[i - 1][j - 1].item<double>(), 1e-5);
  EXPECT_GT(std::abs(scores[0][0].item<double>() - scores[0][5].item<double>()), 1e-3);
}

// ---- Every mechanism with every kind

const std::vector<Positions> kKinds{
    Positions::learned, Positions::sinusoidal, Positions::rope, Positions::rope_interleaved,
    Positions::alibi,   Positions::t5,         Positions::none};

std::string name_of(Positions kind) { return std::string(to_name(kPositionsNames, kind)); }

bool goes_with(const AttentionMechanism& mechanism, Positions kind) {
  return !(is_rotary(kind) && !mechanism.undefined.rotary.empty()) &&
         !(has_position_bias(kind) && !mechanism.undefined.bias.empty());
}

ModelConfig sublayer_config(std::string_view mechanism, Positions kind) {
  ModelConfig config;
  config.name = "case";
  config.d_model = 24;
  config.head_count = config.kv_head_count = 4;
  config.head_dim = 6;
  config.max_positions = 64;
  config.positions = kind;
  return with_attention(config, mechanism);
}

// Calls `use` for each mechanism that takes `kind`, is defined with or without a mask as asked, and runs at length 8.
template <class Use>
void for_each_mechanism(Positions kind, bool causal, const Use& use) {
  for (const AttentionMechanism& mechanism : attention_mechanisms()) {
    if (!goes_with(mechanism, kind) || (causal && !mechanism.undefined.causal.empty())) continue;
    try {
      const ModelConfig config = sublayer_config(mechanism.name, kind);
      if (mechanism.require_seq) mechanism.require_seq(config, 8);
    } catch (const Error&) {
      continue;  // undefined for these sizes
    }
    use(mechanism);
  }
}

// Random weights of a spread that tells scores apart.
void randomise(const Sublayer& sublayer) {
  const at::NoGradGuard no_grad;
  for (const ModelParameter& p : sublayer.parameters) p.tensor.copy_(at::randn_like(p.tensor) * 0.5);
}

AttentionContext context_of(const Sublayer& sublayer, const at::Tensor& x, bool causal) {
  AttentionContext context = causal ? causal_context(x.size(1), x.options()) : AttentionContext{};
  if (sublayer.options.backend != AttentionBackend::eager) context.mask = at::Tensor();
  sublayer.positions->prepare(context, x);
  return context;
}

TEST(EveryMechanism, SeesAlibiAsSlopeTimesDistance) {
  for_each_mechanism(Positions::alibi, true, [](const AttentionMechanism& mechanism) {
    const ModelConfig config = sublayer_config(mechanism.name, Positions::alibi);
    const Sublayer sublayer(config, {at::kCPU, at::kDouble, AttentionBackend::eager, true}, true);
    randomise(sublayer);
    const at::Tensor x = at::randn({2, 8, 24}, kFp64).requires_grad_();
    const at::Tensor row = at::arange(8, kFp64);
    AttentionContext plain = causal_context(8, kFp64);
    plain.bias = alibi_slopes(score_head_count(config), at::kCPU).view({-1, 1, 1}) * (row - row.unsqueeze(1));
    const at::Tensor expected = sublayer(x, x, plain), actual = sublayer(x, x, context_of(sublayer, x, true));
    EXPECT_LT(largest_difference(expected, actual), 1e-12) << mechanism.name;
    EXPECT_GT(largest_difference(expected, sublayer(x, x, causal_context(8, kFp64))), 1e-6) << mechanism.name;
    expected.square().sum().backward();
    const at::Tensor gradient = x.grad().clone();
    x.mutable_grad().zero_();
    actual.square().sum().backward();
    EXPECT_LT(largest_difference(gradient, x.grad()), 1e-10) << mechanism.name;
  });
}

TEST(EveryMechanism, AddsItsBiasesToItsScaledScores) {
  // A bias that leaves each query one key makes the output that of the key alone, whatever the scores.
  for_each_mechanism(Positions::alibi, false, [](const AttentionMechanism& mechanism) {
    const Sublayer sublayer(sublayer_config(mechanism.name, Positions::alibi),
                            {at::kCPU, at::kDouble, AttentionBackend::eager, false});
    randomise(sublayer);
    const at::Tensor x = at::randn({1, 8, 24}, kFp64);
    AttentionContext context;
    context.bias = at::full({score_head_count(sublayer.config), 8, 8}, -1e4, kFp64);
    context.bias.select(2, 3).zero_();
    const at::Tensor y = sublayer(x, x, context);
    EXPECT_LT(largest_difference(y[0][0], y[0][7]), 1e-12) << mechanism.name;
    const at::Tensor others = x.clone();
    others.slice(1, 4).normal_();
    EXPECT_LT(largest_difference(y[0][3], sublayer(others, others, context)[0][3]), 1e-12) << mechanism.name;
  });
}

TEST(EveryMechanism, ComputesTheSameThroughMathWithEveryKind) {
  for (Positions kind : kKinds)
    for (bool causal : {false, true})
      for_each_mechanism(kind, causal, [&](const AttentionMechanism& mechanism) {
        const ModelConfig config = sublayer_config(mechanism.name, kind);
        if (!mechanism.undefined.fused.empty() || !uses_back_end(config)) return;
        const Sublayer eager(config, {at::kCPU, at::kDouble, AttentionBackend::eager, true}, causal),
            math(config, {at::kCPU, at::kDouble, AttentionBackend::math, true}, causal);
        randomise(eager);
        const at::Tensor x = at::randn({2, 8, 24}, kFp64).requires_grad_();  // FNet has no parameters
        for (std::size_t i = 0; i < eager.parameters.size(); ++i) {
          const at::NoGradGuard no_grad;
          math.parameters[i].tensor.copy_(eager.parameters[i].tensor);
        }
        for (std::size_t i = 0; i < eager.buffers.size(); ++i) math.buffers[i].copy_(eager.buffers[i]);
        const at::Tensor a = eager(x, x, context_of(eager, x, causal)), b = math(x, x, context_of(math, x, causal));
        const std::string what =
            std::string(mechanism.name) + " " + name_of(kind) + " causal " + std::to_string(causal);
        EXPECT_LT(largest_difference(a, b), 1e-12) << what;
        a.square().sum().backward();
        b.square().sum().backward();
        for (std::size_t i = 0; i < eager.parameters.size(); ++i)
          if (eager.parameters[i].tensor.grad().defined()) {
            EXPECT_LT(largest_difference(eager.parameters[i].tensor.grad(), math.parameters[i].tensor.grad()), 1e-9)
                << what << " " << eager.parameters[i].name;
          }
      });
}

AttentionShape shape_of(const Sublayer& sublayer, bool causal) {
  AttentionShape shape = attention_shape(sublayer.config);
  shape.batch = 2;
  shape.query_len = shape.key_len = 8;
  shape.element_bytes = static_cast<std::int64_t>(c10::elementSize(sublayer.options.dtype));
  shape.causal = causal;
  shape.fused = sublayer.options.backend == AttentionBackend::flash;
  return shape;
}

void expect_closed_form(const AttentionMechanism& mechanism, const Sublayer& sublayer, bool causal) {
  const at::Tensor x = at::randn({2, 8, 24}, at::TensorOptions().dtype(sublayer.options.dtype)).requires_grad_();
  const AttentionContext context = context_of(sublayer, x, causal);
  at::Tensor y;
  const std::int64_t alive = bytes_left_allocated([&] { return y = sublayer(x, x, context); });
  const Formula formula = mechanism.saved_bytes(shape_of(sublayer, causal));
  EXPECT_EQ(alive - static_cast<std::int64_t>(y.nbytes()), formula.value)
      << mechanism.name << " " << name_of(sublayer.config.positions) << " causal " << causal << " backend "
      << int(sublayer.options.backend) << " " << sublayer.options.dtype << ": " << formula.text;
}

TEST(EveryMechanism, KeepsWhatItsClosedFormSaysWithEveryKind) {
  for (Positions kind : kKinds)
    for (bool causal : {false, true})
      for (double rate : {0.0, 0.1})
        for (at::ScalarType dtype : {at::kFloat, at::kBFloat16})
          for_each_mechanism(kind, causal, [&](const AttentionMechanism& mechanism) {
            ModelConfig config = sublayer_config(mechanism.name, kind);
            config.attention_dropout = rate;
            config.softmax_fp32 = dtype == at::kBFloat16 && rate > 0;
            expect_closed_form(mechanism, Sublayer(config, {at::kCPU, dtype, AttentionBackend::eager, true}, causal),
                               causal);
            if (rate > 0 || has_position_bias(kind) || !mechanism.undefined.fused.empty()) return;
            expect_closed_form(mechanism, Sublayer(config, {at::kCPU, dtype, AttentionBackend::flash, true}, causal),
                               causal);
          });
}

TEST(UnscaledScores, AreScaledOnesOfLongerQueries) {
  ModelConfig config = sublayer_config("mha", Positions::none);
  const Sublayer scaled(config, {at::kCPU, at::kDouble, AttentionBackend::eager, true});
  config.attention_scaled = false;
  for (AttentionBackend backend : {AttentionBackend::eager, AttentionBackend::math, AttentionBackend::flash}) {
    const Sublayer unscaled(config, {at::kCPU, at::kDouble, backend, true});
    randomise(scaled);
    const at::NoGradGuard no_grad;
    for (std::size_t i = 0; i < scaled.parameters.size(); ++i)
      unscaled.parameters[i].tensor.copy_(scaled.parameters[i].tensor);
    for (const char* role : {"query.weight", "query.bias"}) unscaled.parameter(role).div_(std::sqrt(6.0));
    const at::Tensor x = at::randn({2, 8, 24}, kFp64);
    EXPECT_LT(largest_difference(scaled(x, x, {}), unscaled(x, x, {})), 1e-12);
  }
}

// ---- Whole models

ModelConfig model_with(const std::string& preset, Positions kind) {
  ModelConfig config = without_dropout(small_model(preset));
  set_positions(config, to_name(kPositionsNames, kind));
  return with_attention(config, "mha");
}

std::int64_t count_parameters(const Model& model) {
  std::int64_t count = 0;
  for (const ModelParameter& p : model.parameters())
    if (p.shared_with.empty()) count += p.tensor.numel();
  return count;
}

TEST(AModel, OfEveryArchitectureTrainsWithEveryKind) {
  for (const char* preset : {"bert-base", "gpt2", "transformer-base"})
    for (Positions kind : kKinds) {
      const ModelConfig config = model_with(preset, kind);
      const auto model = build_model(config, {});
      EXPECT_EQ(count_parameters(*model), parameter_count(config)) << preset << " " << name_of(kind);
      model->loss(make_batch(config, 2, 6, at::kCPU)).backward();
      for (const ModelParameter& p : model->parameters()) {
        ASSERT_TRUE(p.tensor.grad().defined()) << preset << " " << name_of(kind) << " " << p.name;
        EXPECT_TRUE(p.name.ends_with("key.bias") || p.tensor.grad().abs().max().item<double>() > 0)
            << preset << " " << name_of(kind) << " " << p.name;
      }
    }
}

TEST(AModel, TellsOrdersOfTokensApartUnlessItKnowsNoPositions) {
  for (Positions kind : kKinds) {
    const ModelConfig config = model_with("bert-base", kind);
    const auto model = build_model(config, {at::kCPU, at::kDouble, AttentionBackend::eager, true});
    for (const ModelParameter& p : model->parameters()) {
      const at::NoGradGuard no_grad;
      p.tensor.copy_(at::randn_like(p.tensor) * 0.5);
    }
    Batch batch = make_batch(config, 1, 6, at::kCPU);
    batch.tokens = at::arange(1, 7, at::kLong).unsqueeze(0);
    const at::Tensor forwards = model->forward(batch);
    batch.tokens = batch.tokens.flip(1);
    const double difference = largest_difference(forwards, model->forward(batch).flip(1));
    // ALiBi's distances are the same in both directions, so it cannot tell a sequence from its mirror image.
    if (kind == Positions::none || kind == Positions::alibi)
      EXPECT_LT(difference, 1e-10) << name_of(kind);
    else
      EXPECT_GT(difference, 1e-3) << name_of(kind);
    if (kind != Positions::alibi) continue;
    batch.tokens = at::arange(1, 7, at::kLong).roll(1).unsqueeze(0);
    EXPECT_GT(largest_difference(forwards, model->forward(batch).roll(-1, 1)), 1e-3);
  }
}

TEST(AModel, OfADecoderDoesNotSeeLaterTokensWithAnyKindOrBackEnd) {
  for (const char* preset : {"gpt2", "transformer-base"})
    for (Positions kind : kKinds)
      for (AttentionBackend backend : {AttentionBackend::eager, AttentionBackend::math}) {
        const ModelConfig config = model_with(preset, kind);
        const auto model = build_model(config, {at::kCPU, at::kDouble, backend, true});
        Batch batch = make_batch(config, 2, 8, at::kCPU);
        at::Tensor& tokens = batch.decoder_tokens.defined() ? batch.decoder_tokens : batch.tokens;
        const at::Tensor before = model->forward(batch);
        tokens = tokens.clone();
        tokens.slice(1, 5).fill_(3);
        const at::Tensor after = model->forward(batch);
        EXPECT_LT(largest_difference(before.slice(1, 0, 5), after.slice(1, 0, 5)), 1e-12) << preset << name_of(kind);
        EXPECT_GT(largest_difference(before.slice(1, 5), after.slice(1, 5)), 1e-9) << preset << name_of(kind);
      }
}

TEST(T5Table, IsOneForEachStackAndBelongsToItsFirstLayer) {
  std::vector<std::string> names;
  const ModelConfig config = model_with("transformer-base", Positions::t5);
  const auto model = build_model(config, {});
  for (const ModelParameter& p : model->parameters())
    if (p.name.find("position") != std::string::npos) {
      names.push_back(p.name);
      EXPECT_EQ(p.tensor.sizes(), (std::vector<std::int64_t>{32, 3}));
    }
  EXPECT_THAT(names, ElementsAre("encoder.layer.0.attention.position_bias.weight",
                                 "decoder.layer.0.attention.position_bias.weight"));
}

TEST(T5Table, OfASingleHeadHasOneColumn) {
  ModelConfig config = model_with("gpt2", Positions::t5);
  for (const char* mechanism : {"sha", "sha-compact"}) {
    const ModelConfig single = with_attention(config, mechanism);
    const auto model = build_model(single, {});
    EXPECT_EQ(count_parameters(*model), parameter_count(single)) << mechanism;
    EXPECT_EQ(position_bias_parameters(single).value, 32);
  }
}

// ---- What is refused

TEST(Positions, AreChosenByNameAndLeaveNothingOfTheOldKind) {
  ModelConfig llama = load_model("llama-7b");
  llama.rope_theta = 500000;
  llama.rope_scaling.factor = 8;
  EXPECT_EQ(with_positions(llama, "rope").rope_theta, 500000);
  const ModelConfig alibi = with_positions(llama, "alibi");
  EXPECT_EQ(alibi.positions, Positions::alibi);
  EXPECT_EQ(alibi.rope_theta, 10000);
  EXPECT_EQ(alibi.rope_scaling.factor, 1);
  ModelConfig shifted = load_model("gpt2");
  shifted.position_offset = 2;
  EXPECT_EQ(with_positions(shifted, "learned").position_offset, 2);
  EXPECT_EQ(with_positions(shifted, "sinusoidal").position_offset, 0);
  ModelConfig t5 = with_positions(llama, "t5-buckets");
  t5.position_bucket_count = 64;
  t5.position_max_distance = 256;
  EXPECT_EQ(with_positions(t5, "rope-interleaved").position_bucket_count, 32);
  EXPECT_EQ(with_positions(t5, "none").position_max_distance, 128);
  EXPECT_THAT(message_of([&] { with_positions(llama, "alibbi"); }), HasSubstr("did you mean 'alibi'"));
}

TEST(Positions, ThatAMechanismCannotTakeAreRefusedWithTheReason) {
  const ModelConfig gpt2 = load_model("gpt2");
  for (const char* kind : {"rope", "rope-interleaved"}) {
    EXPECT_THAT(message_of([&] { with_attention_and_positions(gpt2, "el-exact", kind); }),
                HasSubstr("rotary positions act between them"));
    EXPECT_NO_THROW(with_attention_and_positions(load_model("llama-7b"), "el-exact", "alibi"));
  }
  EXPECT_EQ(with_attention_and_positions(gpt2, "", ""), gpt2);
  EXPECT_EQ(with_attention_and_positions(gpt2, "", "none"), with_positions(gpt2, "none"));
  ModelConfig odd = gpt2;
  odd.head_dim = 63;
  EXPECT_THAT(message_of([&] { with_positions(odd, "rope"); }), HasSubstr("head size (63) must be even"));
  for (const AttentionMechanism& mechanism : attention_mechanisms())
    for (Positions kind : kKinds) {
      if (goes_with(mechanism, kind)) continue;
      EXPECT_THAT(message_of([&] { sublayer_config(mechanism.name, kind); }), HasSubstr("undefined here"))
          << mechanism.name;
    }
}

TEST(Positions, AsBiasesAreRefusedByFlash) {
  for (Positions kind : {Positions::alibi, Positions::t5})
    EXPECT_THAT(message_of([&] {
                  build_model(model_with("gpt2", kind), {at::kCPU, at::kFloat, AttentionBackend::flash, true});
                }),
                HasSubstr("flash attention takes no position biases (" + name_of(kind) + ")"));
}

TEST(Positions, WithoutATableHaveNoLongestSequence) {
  for (Positions kind : kKinds) {
    const ModelConfig config = model_with("bert-base", kind);
    if (has_position_table(kind)) {
      EXPECT_THAT(message_of([&] { validate_shape(config, 1, 17); }), HasSubstr("table of 16 positions"));
      continue;
    }
    build_model(config, {})->loss(make_batch(config, 2, 40, at::kCPU)).backward();
  }
}

TEST(Positions, BucketSizesAreChecked) {
  ModelConfig config = model_with("bert-base", Positions::t5);
  config.position_bucket_count = 3;
  EXPECT_THAT(message_of([&] { validate_config(config, "m"); }), HasSubstr("the number of position buckets is 3"));
  config.position_bucket_count = 32;
  config.position_max_distance = 16;
  EXPECT_THAT(message_of([&] { validate_config(config, "m"); }), HasSubstr("distance of the last position bucket"));
}

}  // namespace
}  // namespace headroom::models
