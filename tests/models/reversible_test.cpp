// Reversible layers and what Reformer adds to them: gradients against the same blocks with an ordinary graph, what is
// kept whatever the number of layers, the random numbers of what runs again; axial positions, local attention, chunks.
#include "models/reversible.h"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/axial.h"
#include "models/model.h"
#include "tests/models/saved.h"
#include "tests/models/small_models.h"

namespace headroom::models {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::int64_t kBatch = 2, kSeq = 24, kWidth = 12;

ModelConfig small_reformer(std::int64_t layers, double dropout = 0.0) {
  ModelConfig config = small_model("reformer-enwik8");
  config.decoder_layer_count = layers;
  config.max_positions = 24;
  config.axial = {{4, 6}, {4, 8}};
  const auto lsh = with_attention(config, "reformer:chunk=4:hashes=2").attention_options;
  const auto local = with_attention(config, "reformer-local:chunk=3").attention_options;
  config.layer_attention = {{"reformer-local", local, 0.0}, {"reformer", lsh, 0.0}};
  config.attention = "reformer";
  config.attention_options = lsh;
  override_dropout(config, dropout);
  return config;
}

double furthest(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

// A stack, and its blocks once more with the same parameters for whoever puts them together otherwise.
struct Layers {
  explicit Layers(const ModelConfig& model_config)
      : config(model_config), options{at::kCPU, at::kDouble, AttentionBackend::eager, true} {
    Builder builder(config, options, layers, parameters, buffers);
    stack = std::make_unique<ReversibleStack>(builder, "decoder", config.decoder_layer_count);
    Builder second(config, options, layers, copies, buffers);
    for (std::int64_t i = 0; i < config.decoder_layer_count; ++i) {
      const ModelConfig own = config_of_layer(config, i);
      Builder of_layer = second.with(own);
      blocks.emplace_back(of_layer, "decoder.layer." + std::to_string(i), i);
    }
    const at::NoGradGuard no_grad;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      parameters[i].tensor.copy_(at::randn(parameters[i].tensor.sizes(), at::kDouble) * 0.4);
      copies[i].tensor.copy_(parameters[i].tensor);
    }
  }

  // With an ordinary graph: what reversing must equal.
  at::Tensor plainly(const at::Tensor& x) const {
    const AttentionContext context = stack->context(x);
    at::Tensor y1 = x, y2 = x;
    for (const ReversibleBlock& block : blocks) {
      reseed(at::kCPU);
      y1 = y1 + block.attended(y2, context);
      reseed(at::kCPU);
      y2 = y2 + block.fed(y1);
    }
    return at::cat({y1, y2}, -1);
  }

  ModelConfig config;
  BuildOptions options;
  std::vector<ModelLayer> layers;
  std::vector<ModelParameter> parameters, copies;
  std::vector<at::Tensor> buffers;
  std::unique_ptr<ReversibleStack> stack;
  std::vector<ReversibleBlock> blocks;
};

void expect_same_as_plainly(const ModelConfig& config) {
  const Layers layers(config);
  const at::Tensor numbers = at::randn({kBatch, kSeq, kWidth}, at::kDouble);
  const at::Tensor x = numbers.clone().requires_grad_(), x_plain = numbers.clone().requires_grad_();
  const at::Tensor weights = at::randn({kBatch, kSeq, 2 * kWidth}, at::kDouble);
  at::manual_seed(3);
  const at::Tensor y = layers.stack->forward(x);
  at::manual_seed(3);
  const at::Tensor y_plain = layers.plainly(x_plain);
  EXPECT_EQ(furthest(y, y_plain), 0.0);
  (y * weights).sum().backward();
  (y_plain * weights).sum().backward();
  const auto expect_close = [](const at::Tensor& a, const at::Tensor& b, const std::string& what) {
    EXPECT_LT(furthest(a, b), 1e-12 * std::max(1.0, b.abs().max().item<double>())) << what;
  };
  expect_close(x.grad(), x_plain.grad(), "x");
  for (std::size_t i = 0; i < layers.parameters.size(); ++i)
    expect_close(layers.parameters[i].tensor.grad(), layers.copies[i].tensor.grad(), layers.parameters[i].name);
}

TEST(Reversible, GradientsAreThoseOfTheSameBlocksWithAnOrdinaryGraph) {
  expect_same_as_plainly(small_reformer(1));
  expect_same_as_plainly(small_reformer(5));
  ModelConfig chunked = small_reformer(2);
  chunked.ffn_chunk = 8;
  expect_same_as_plainly(chunked);
  expect_same_as_plainly(with_attention(small_reformer(3), "mha"));
  ModelConfig gated = with_attention(small_reformer(2), "mqa");
  gated.activation = Activation::swiglu;
  gated.norm = NormKind::rms_norm;
  expect_same_as_plainly(gated);
}

TEST(Reversible, DropsTheSameNumbersWhenLayersRunAgain) {
  expect_same_as_plainly(small_reformer(4, 0.3));
  expect_same_as_plainly(with_attention(small_reformer(3, 0.3), "mha"));
}

TEST(Reversible, DropsOtherNumbersInEachPassAndTheSameFromTheSameSeed) {
  const Layers layers(small_reformer(2, 0.3));
  const at::Tensor x = at::randn({kBatch, kSeq, kWidth}, at::kDouble).requires_grad_();
  const auto pass = [&] {
    const at::Tensor y = layers.stack->forward(x);
    y.sum().backward();
    return y.detach();
  };
  at::manual_seed(5);
  const at::Tensor first = pass(), second = pass(), third = pass();
  EXPECT_GT(furthest(first, second), 1e-3);
  EXPECT_GT(furthest(second, third), 1e-3);
  at::manual_seed(5);
  EXPECT_EQ(furthest(first, pass()), 0.0);
  EXPECT_EQ(furthest(second, pass()), 0.0);
}

std::int64_t hash_bytes(const ModelConfig& config, std::int64_t lsh_layers) {
  return 8 * kBatch * kSeq * config.head_count * 2 * lsh_layers;
}

TEST(Reversible, KeepsBothStreamsAndTheHashesWhateverTheNumberOfLayers) {
  for (const std::int64_t count : {1, 2, 7})
    for (const double dropout : {0.0, 0.2}) {
      const ModelConfig config = small_reformer(count, dropout);
      const Layers layers(config);
      const at::Tensor x = at::randn({kBatch, kSeq, kWidth}, at::kDouble).requires_grad_();
      const std::int64_t streams = 2 * kBatch * kSeq * kWidth * 8;
      EXPECT_EQ(bytes_left_allocated([&] { return layers.stack->forward(x); }), streams + hash_bytes(config, count / 2))
          << count;
      const Layers full(with_attention(config, "mha"));
      EXPECT_EQ(bytes_left_allocated([&] { return full.stack->forward(x); }), streams) << count;
    }
}

// The second step's, whose gradients have their place already.
std::int64_t peak_of_a_step(std::int64_t count) {
  const Layers layers(small_reformer(count, 0.2));
  const at::Tensor x = at::randn({kBatch, kSeq, kWidth}, at::kDouble).requires_grad_();
  layers.stack->forward(x).sum().backward();
  auto counted = std::make_shared<AllocationCount>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, counted);
  layers.stack->forward(x).sum().backward();
  EXPECT_EQ(counted->alive(), 0);
  return counted->peak() - hash_bytes(layers.config, count / 2);
}

TEST(Reversible, MoreLayersOfTheSameKindTakeNoMoreAtThePeak) {
  const std::int64_t two = peak_of_a_step(2);
  EXPECT_LE(peak_of_a_step(8), two);
}

TEST(Reversible, WithoutGradientsKeepsNothing) {
  const Layers layers(small_reformer(3));
  const at::Tensor x = at::randn({kBatch, kSeq, kWidth}, at::kDouble);
  const at::NoGradGuard no_grad;
  EXPECT_EQ(bytes_left_allocated([&] { return layers.stack->forward(x); }), 2 * kBatch * kSeq * kWidth * 8);
  EXPECT_FALSE(layers.stack->forward(x).requires_grad());
}

TEST(Reversible, RefusesASecondBackwardThroughTheSameLayers) {
  const Layers layers(small_reformer(2));
  const at::Tensor x = at::randn({kBatch, kSeq, kWidth}, at::kDouble).requires_grad_();
  const at::Tensor y = layers.stack->forward(x).sum();
  y.backward({}, true);
  EXPECT_THROW(y.backward(), std::exception);
}

TEST(Reversible, TellsWhatRunsAgain) {
  ModelConfig config = small_reformer(3);
  std::vector<bool> told;
  const auto model =
      build_model(config, {.dtype = at::kDouble, .on_recompute = [&](bool begins) { told.push_back(begins); }});
  const at::Tensor loss = model->loss(make_batch(config, kBatch, kSeq, at::kCPU));
  EXPECT_TRUE(told.empty());
  loss.backward();
  ASSERT_EQ(told.size(), 2u * 2u * 3u);
  for (std::size_t i = 0; i < told.size(); ++i) EXPECT_EQ(told[i], i % 2 == 0);
  for (const ModelParameter& parameter : model->parameters())
    EXPECT_TRUE(parameter.tensor.grad().defined()) << parameter.name;
}

TEST(Reversible, HashesAreTakenFromTheFirstRun) {
  ModelConfig config = small_reformer(1);
  config = with_attention(config, "reformer:chunk=2:hashes=2:buckets=6");
  const Sublayer lsh(config, {at::kCPU, at::kDouble, AttentionBackend::eager, true}, true);
  {
    const at::NoGradGuard no_grad;
    for (const ModelParameter& p : lsh.parameters) p.tensor.copy_(at::randn(p.tensor.sizes(), at::kDouble));
  }
  const at::Tensor x = at::randn({kBatch, kSeq, kWidth}, at::kDouble);
  at::Tensor decided;
  AttentionContext context;
  context.causal = true;
  const at::Tensor other = lsh(x, x, context);
  context.decided = &decided;
  const at::Tensor first = lsh(x, x, context), again = lsh(x, x, context);
  EXPECT_EQ(decided.sizes(), (std::vector<std::int64_t>{kBatch * 3, 2 * kSeq}));
  EXPECT_EQ(furthest(first, again), 0.0);
  EXPECT_GT(furthest(first, other), 1e-6);
}

TEST(Reversible, ChunksOfTheHeadAndTheFeedForwardChangeNothing) {
  ModelConfig config = small_reformer(2);
  const auto logits = [&](std::int64_t chunk) {
    config.ffn_chunk = config.head_chunk = chunk;
    at::manual_seed(2);
    const auto model = build_model(config, {.dtype = at::kDouble, .training = false});
    Batch batch;
    batch.tokens = at::arange(kBatch * kSeq, at::kLong).remainder(19).view({kBatch, kSeq});
    at::manual_seed(4);
    return model->forward(batch);
  };
  EXPECT_LT(furthest(logits(0), logits(6)), 1e-13);
  EXPECT_EQ(logits(0).sizes(), (std::vector<std::int64_t>{kBatch, kSeq, 19}));
}

void expect_refused(const ModelConfig& config, const std::string& why) {
  EXPECT_THAT([&] { validate_config(config, "here"); }, ThrowsMessage<Error>(HasSubstr(why)));
}

TEST(Reversible, RefusesWhatIsUndefinedWithTheReason) {
  ModelConfig config = small_reformer(2);
  config.tied_embeddings = true;
  expect_refused(config,
                 "here: the head of a reversible model reads both streams (24 wide) and cannot be the word table "
                 "(12 wide)");
  config = small_reformer(2);
  config.norm_placement = NormPlacement::post;
  expect_refused(config, "reversible layers are built for pre-norm decoders with a final norm and an lm head");
  config = small_reformer(2);
  config.reversible = false;
  expect_refused(config, "layers of different attention and chunks of tokens belong to reversible models");
  config = small_reformer(2);
  config.axial.widths = {4, 4};
  expect_refused(config, "the widths of axial positions (4 + 4) do not add up to the model's (12)");
  config = small_reformer(2);
  EXPECT_THAT([&] { build_model(config, {.checkpoint_blocks = true}); },
              ThrowsMessage<Error>(HasSubstr("a reversible block keeps not even its input")));
  EXPECT_THAT([&] { validate_shape(config, 1, 10); },
              ThrowsMessage<Error>(HasSubstr("a sequence of 10 tokens is not cut into chunks of")));
  config.ffn_chunk = 5;
  EXPECT_THAT([&] { validate_shape(config, 1, 24); },
              ThrowsMessage<Error>(HasSubstr("a sequence of 24 tokens is not cut into chunks of 5")));
  EXPECT_THAT([&] { set_positions(config, "axial"); }, ThrowsMessage<Error>(HasSubstr("unknown positions 'axial'")));
  EXPECT_THAT([] { with_attention(load_model("bert-base"), "reformer:buckets=12:factor=8"); },
              ThrowsMessage<Error>(HasSubstr("the buckets (12) are not a product of two even factors, 8 and another")));
}

TEST(Reversible, AnotherMechanismIsThatOfAllLayers) {
  const ModelConfig own = load_model("reformer-enwik8");
  EXPECT_EQ(config_of_layer(own, 1).attention, "reformer-local");
  EXPECT_EQ(config_of_layer(own, 6).attention, "reformer");
  EXPECT_EQ(config_of_layer(own, 6).attention_dropout, 0.1);
  const ModelConfig mha = with_attention(own, "mha");
  EXPECT_EQ(config_of_layer(mha, 1).attention, "mha");
  EXPECT_EQ(attention_parameter_count(mha), 12 * 4 * 1024 * 1024);
  EXPECT_EQ(attention_parameter_count(own), (9 * 4 + 3 * 3) * 1024 * 1024);
  EXPECT_EQ(kv_cache_bytes_per_token(own, 2), 12 * 2 * 1024 + 3 * 8 * 8 * 4);
}

TEST(Axial, OtherPositionsLeaveNoTablesBehind) {
  const ModelConfig rope = with_positions(small_reformer(2), "rope");
  EXPECT_EQ(to_json(small_reformer(2)).at("positions"), "axial");
  EXPECT_EQ(parameter_count(small_reformer(2)) - parameter_count(rope), 4 * 4 + 6 * 8);
  build_model(rope, {})->loss(make_batch(rope, 2, 48, at::kCPU)).backward();
}

TEST(Axial, PositionsAreRowsOfTwoTablesSideBySide) {
  ModelConfig config = small_reformer(1);
  std::vector<ModelLayer> layers;
  std::vector<ModelParameter> parameters;
  std::vector<at::Tensor> buffers;
  const BuildOptions options{.dtype = at::kDouble, .training = false};
  Builder builder(config, options, layers, parameters, buffers);
  const AxialTables tables(builder, "embeddings");
  for (const std::int64_t seq : {1, 5, 6, 20, 24}) {
    const at::Tensor positions = tables(3, seq);
    ASSERT_EQ(positions.sizes(), (std::vector<std::int64_t>{1, seq, kWidth}));
    for (std::int64_t p = 0; p < seq; ++p) {
      EXPECT_EQ(furthest(positions[0][p].narrow(0, 0, 4), parameters[0].tensor[p / 6][0]), 0.0);
      EXPECT_EQ(furthest(positions[0][p].narrow(0, 4, 8), parameters[1].tensor[0][p % 6]), 0.0);
    }
  }
}

TEST(Axial, DropoutTakesWholeColumnsOfTheGridAndScalesTheOthers) {
  ModelConfig config = small_reformer(1, 0.5);
  std::vector<ModelLayer> layers;
  std::vector<ModelParameter> parameters;
  std::vector<at::Tensor> buffers;
  const BuildOptions options{.dtype = at::kDouble, .training = true};
  Builder builder(config, options, layers, parameters, buffers);
  const AxialTables tables(builder, "embeddings");
  config.embedding_dropout = 0;
  const AxialTables kept(builder, "more");
  {
    const at::NoGradGuard no_grad;
    for (std::size_t i : {0, 1}) parameters[i + 2].tensor.copy_(parameters[i].tensor);
  }
  const at::Tensor all = (2 * kept(1, 24)).view({1, 4, 6, kWidth}), grid = tables(8, 24).view({8, 4, 6, kWidth});
  std::int64_t dropped = 0;
  for (std::int64_t b = 0; b < 8; ++b)
    for (std::int64_t column = 0; column < 6; ++column) {
      const at::Tensor part = grid[b].select(1, column);
      if (part.abs().max().item<double>() == 0)
        ++dropped;
      else
        EXPECT_EQ(furthest(part, all[0].select(1, column)), 0.0);
    }
  EXPECT_GT(dropped, 8);
  EXPECT_LT(dropped, 40);
}

// Turned by its position with a stack's tables, [T, d], dimension j with j + d/2.
at::Tensor turned(const at::Tensor& heads, const AttentionContext& tables) {
  if (!tables.cos.defined()) return heads;
  const at::Tensor a = heads.narrow(3, 0, 2), b = heads.narrow(3, 2, 2);
  const at::Tensor cos = tables.cos.narrow(1, 0, 2), sin = tables.sin.narrow(1, 0, 2);
  return at::cat({a * cos - b * sin, b * cos + a * sin}, 3);
}

struct Projected {
  at::Tensor operator()(const std::string& role) const {
    const at::Tensor y = x.matmul(layer.parameter(role + ".weight").t()) + layer.parameter(role + ".bias");
    return y.view({y.size(0), y.size(1), -1, 4}).transpose(1, 2);
  }
  at::Tensor joined(const at::Tensor& heads) const {
    return heads.transpose(1, 2).flatten(2).matmul(layer.parameter("output.weight").t()) +
           layer.parameter("output.bias");
  }
  const Sublayer& layer;
  at::Tensor x;
};

Sublayer sublayer_with(const std::string& attention, Positions positions, bool causal) {
  ModelConfig config;
  config.name = "small";
  config.d_model = kWidth;
  config.head_count = config.kv_head_count = 3;
  config.head_dim = 4;
  config.max_positions = 64;
  config.positions = positions;
  Sublayer layer(with_attention(config, attention), {at::kCPU, at::kDouble, AttentionBackend::eager, true}, causal);
  const at::NoGradGuard no_grad;
  for (const ModelParameter& p : layer.parameters) p.tensor.copy_(at::randn(p.tensor.sizes(), at::kDouble) * 0.5);
  return layer;
}

void expect_same(const Sublayer& layer, const at::Tensor& y, const at::Tensor& z) {
  EXPECT_LT(furthest(y, z), 1e-12);
  std::vector<at::Tensor> gradients;
  for (const at::Tensor& out : {y, z}) {
    for (const ModelParameter& p : layer.parameters) p.tensor.mutable_grad() = at::Tensor();
    out.square().sum().backward();
    for (const ModelParameter& p : layer.parameters) gradients.push_back(p.tensor.grad().clone());
  }
  for (std::size_t i = 0; i < layer.parameters.size(); ++i)
    EXPECT_LT(furthest(gradients[i], gradients[i + layer.parameters.size()]), 1e-10) << layer.parameters[i].name;
}

AttentionContext context_of(const Sublayer& layer, const at::Tensor& x, bool causal) {
  AttentionContext context;
  context.causal = causal;
  layer.positions->prepare(context, x);
  return context;
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Local, ChunksSeeThemselvesAndTheOneBeforeWithPositionsTurned) {
  for (const Positions positions : {Positions::learned, Positions::rope})
    for (const bool causal : {false, true})
      for (const std::int64_t chunk : {1, 4, 6, 12, 40}) {
        const Sublayer local = sublayer_with("reformer-local:chunk=" + std::to_string(chunk), positions, causal);
        const at::Tensor x = at::randn({kBatch, 12, kWidth}, at::kDouble);
        const Projected of{local, x};
        const AttentionContext context = context_of(local, x, causal);
        const at::Tensor tokens = at::arange(12, at::kLong), own = tokens.floor_divide(chunk);
        const std::int64_t count = std::max<std::int64_t>(1, 12 / chunk);
        const at::Tensor before = (own + (count - 1)).remainder(count);
        const at::Tensor seen = own.unsqueeze(1).eq(own).logical_or_(before.unsqueeze(1).eq(own));
        if (causal) seen.logical_and_(tokens.unsqueeze(1).ge(tokens));
        const at::Tensor mask = at::zeros({12, 12}, at::kDouble).masked_fill_(seen.logical_not(), -kInfinity);
        const at::Tensor scores = turned(of("query"), context).matmul(turned(of("key"), context).transpose(2, 3)) / 2.0;
        const at::Tensor expected = of.joined(at::softmax(scores + mask, -1).matmul(of("value")));
        expect_same(local, local(x, x, context), expected);
      }
}

TEST(Hashing, WithRotaryPositionsScoresTurnedQueriesAndKeys) {
  for (const bool causal : {false, true})
    for (const std::int64_t chunk : {6, 12}) {
      const Sublayer lsh = sublayer_with("reformer:chunk=" + std::to_string(chunk), Positions::rope, causal);
      const at::Tensor x = at::randn({kBatch, 12, kWidth}, at::kDouble);
      const Projected of{lsh, x};
      const AttentionContext context = context_of(lsh, x, causal);
      const at::Tensor q = turned(of("query_key"), context), k = q / (q.square().mean(-1, true) + 1e-6).sqrt() / 2.0;
      const at::Tensor mask = at::zeros({12, 12}, at::kDouble);
      if (causal) mask.masked_fill_(at::arange(12).unsqueeze(1).lt(at::arange(12)), -kInfinity);
      mask.fill_diagonal_(-1e5);
      const at::Tensor p = at::softmax(q.matmul(k.transpose(2, 3)) + mask, -1);
      expect_same(lsh, lsh(x, x, context), of.joined(p.matmul(of("value"))));
    }
}

TEST(Local, KeepsForBackwardWhatItsClosedFormSays) {
  for (const std::string text : {"reformer-local", "reformer-local:chunk=4", "reformer-local:chunk=1"})
    for (bool flag : {false, true}) {
      expect_saved(text, {.query_len = 12, .key_len = 12, .bias = flag, .causal = flag, .dropout = flag});
      expect_saved(
          text, {.query_len = 24, .key_len = 24, .causal = !flag, .dropout = flag, .rope = flag, .dtype = at::kDouble});
      for (bool wide : {false, true})
        expect_saved(text,
                     {.query_len = 12, .key_len = 12, .dropout = flag, .softmax_fp32 = wide, .dtype = at::kBFloat16});
      expect_saved(text, {.batch = 1, .query_len = 12, .key_len = 12, .heads = 1, .bias = flag});
    }
}

TEST(Hashing, WithRotaryPositionsKeepsNoMore) {
  for (const std::string text : {"reformer", "reformer:chunk=4:hashes=3"})
    for (bool flag : {false, true})
      expect_saved(text, {.query_len = 12, .key_len = 12, .causal = flag, .dropout = flag, .rope = true});
}

}  // namespace
}  // namespace headroom::models
