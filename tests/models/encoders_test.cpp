// Encoders of unusual make: their words, blocks, exits and heads beside plain references in fp64.
// tests/models/reference/models_test.py compares those of which transformers has a class.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "base/error.h"
#include "models/embeddings/word_vectors.h"
#include "models/encoders/encoder.h"
#include "models/loss.h"
#include "models/model.h"
#include "tests/models/random_sublayer.h"
#include "tests/models/refusal.h"
#include "tests/models/saved.h"
#include "tests/models/small_models.h"

namespace headroom::models {
namespace {

const std::vector<std::string> kMakes{"fnet-base",       "longformer-base", "bigbird-base",    "mobilebert", "canine-s",
                                      "hashformer-pool", "hashformer-add",  "hashformer-proj", "edgebert"};

// Of the same make, small; the mechanism its own.
ModelConfig small_encoder(const std::string& preset, std::int64_t layers = 2) {
  ModelConfig config = load_model(preset);
  config.vocab_size = std::min<std::int64_t>(config.vocab_size, 19);
  config.max_positions = 16;
  config.head_count = config.kv_head_count = 3;
  config.head_dim = 4;
  config.d_model = 12;
  config.d_ff = 20;
  config.encoder_layer_count = layers;
  if (config.embedding_size > 0) config.embedding_size = 8;
  if (config.bottleneck.width > 0) config.bottleneck.width = 6;
  if (config.hash_count > 0) config.hash_count = config.bucket_count = 4;
  if (config.digest_bits > 0) config.digest_bits = 10;
  if (config.digest_chunk > 0) config.digest_chunk = 4;
  config.downsampling.chunk = 3;
  const std::string own = config.attention;
  return with_attention(config, own == "bigbird" ? "bigbird:block=1:random=1" : own);
}

std::unique_ptr<Model> random_model(const ModelConfig& config, bool training = true) {
  auto model = build_model(config, {at::kCPU, at::kDouble, AttentionBackend::eager, training});
  const at::NoGradGuard no_grad;
  for (const ModelParameter& p : model->parameters())
    if (p.shared_with.empty()) p.tensor.copy_(at::randn(p.tensor.sizes(), at::kDouble) * 0.3);
  return model;
}

std::map<std::string, at::Tensor> named(const Model& model) {
  std::map<std::string, at::Tensor> result;
  for (const ModelParameter& p : model.parameters()) result[p.name] = p.tensor;
  return result;
}

TEST(Encoders, HaveTheParametersOfTheirClosedForm) {
  for (const std::string& preset : kMakes)
    for (std::int64_t layers : {1, 3}) {
      const ModelConfig config = small_encoder(preset, layers);
      const auto model = build_model(config, {});
      std::int64_t count = 0, of_attention = 0;
      for (const ModelParameter& p : model->parameters())
        if (p.shared_with.empty()) {
          count += p.tensor.numel();
          if (p.layer.ends_with(".attention")) of_attention += p.tensor.numel();
        }
      EXPECT_EQ(count, parameter_count(config)) << preset;
      EXPECT_EQ(of_attention, attention_parameter_count(config)) << preset;
    }
}

TEST(Encoders, TrainAndLeaveNoParameterWithoutAGradientButThoseTheirClassDoesNotUse) {
  for (const std::string& preset : kMakes)
    for (at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
      const ModelConfig config = small_encoder(preset);
      BuildOptions options;
      options.dtype = dtype;
      const auto model = build_model(config, options);
      const at::Tensor loss = model->loss(make_batch(config, 2, 10, at::kCPU));
      EXPECT_TRUE(std::isfinite(loss.item<double>())) << preset;
      loss.backward();
      std::set<std::string> unused;
      for (const ModelParameter& p : model->parameters())
        if (!p.tensor.grad().defined()) unused.insert(p.name);
      const std::set<std::string> pooler{"head.pooler.weight", "head.pooler.bias"};
      EXPECT_EQ(unused, config.idle_pooler ? pooler : std::set<std::string>{}) << preset;
    }
}

TEST(Encoders, LayersAreATreeWithParentsFirst) {
  for (const std::string& preset : kMakes) {
    const auto model = build_model(small_encoder(preset), {});
    std::set<std::string> seen;
    for (const ModelLayer& layer : model->layers()) {
      EXPECT_TRUE(layer.path == "model" || seen.contains(layer.parent)) << layer.path;
      EXPECT_TRUE(layer.parent == "model" || layer.path.starts_with(layer.parent + ".")) << layer.path;
      EXPECT_TRUE(seen.insert(layer.path).second) << layer.path;
    }
    for (const ModelParameter& p : model->parameters())
      EXPECT_TRUE(seen.contains(p.layer) && p.name.starts_with(p.layer + ".")) << p.name;
  }
}

TEST(Encoders, CheckpointedBlocksGiveTheSameGradients) {
  for (const char* preset : {"mobilebert", "canine-s", "edgebert"}) {
    const ModelConfig config = without_dropout(small_encoder(preset));
    const auto plain = random_model(config);
    BuildOptions options{at::kCPU, at::kDouble};
    options.checkpoint_blocks = true;
    const auto checkpointed = build_model(config, options);
    {
      const at::NoGradGuard no_grad;
      for (std::size_t i = 0; i < plain->parameters().size(); ++i)
        checkpointed->parameters()[i].tensor.copy_(plain->parameters()[i].tensor);
    }
    const Batch batch = make_batch(config, 2, 9, at::kCPU);
    plain->loss(batch).backward();
    checkpointed->loss(batch).backward();
    for (std::size_t i = 0; i < plain->parameters().size(); ++i) {
      const ModelParameter& p = plain->parameters()[i];
      if (!p.tensor.grad().defined()) continue;
      EXPECT_LT(largest_difference(p.tensor.grad(), checkpointed->parameters()[i].tensor.grad()), 1e-12) << p.name;
    }
  }
}

TEST(Encoders, EmbeddingsOfHashFormersHaveThePublishedSizes) {
  const auto words = [](const char* preset) {
    ModelConfig config = load_model(preset), table = config;
    table.word_vectors = WordVectors::table;
    table.head = config.head = Head::pooler;
    table.label_count = config.label_count = 0;
    table.digest_bits = table.digest_chunk = 0;
    return parameter_count(config) - parameter_count(table) + 2 * config.d_model;
  };
  const std::int64_t special = 6 * 768;
  EXPECT_EQ(words("hashformer-proj"), special + 128 * 768);
  EXPECT_EQ(words("hashformer-add"), special + 2 * 128 * 768);
  EXPECT_EQ(words("hashformer-pool"), special + (1025 + 13) * 768);
  EXPECT_EQ(parameter_count(load_model("hashformer-emb")), parameter_count(load_model("roberta-base")));
}

// One token's vector of a model's words, without positions, types and norm.
struct Words {
  explicit Words(const std::string& preset) : config(without_dropout(small_encoder(preset))) {
    Builder builder(config, options, layers, parameters, buffers);
    maker = make_word_maker(builder, "embeddings");
    const at::NoGradGuard no_grad;
    for (const ModelParameter& p : parameters) p.tensor.copy_(at::randn(p.tensor.sizes(), at::kDouble));
  }
  at::Tensor parameter(const std::string& role) const {
    for (const ModelParameter& p : parameters)
      if (p.name == "embeddings." + role) return p.tensor;
    return {};
  }

  ModelConfig config;
  BuildOptions options{at::kCPU, at::kDouble};
  std::vector<ModelLayer> layers;
  std::vector<ModelParameter> parameters;
  std::vector<at::Tensor> buffers;
  std::unique_ptr<WordMaker> maker;
};

TEST(Digests, AreProjectedByTheirCorrelationWithEachRow) {
  const Words words("hashformer-proj");
  const Batch batch = make_batch(words.config, 2, 3, at::kCPU);
  const at::Tensor actual = (*words.maker)(batch.tokens, batch.digests);
  const at::Tensor rows = words.parameter("bits.weight"), special = words.parameter("special.weight");
  for (std::int64_t token = 0; token < 3; ++token) {
    const at::Tensor bits = batch.digests.digest[1][token].to(at::kDouble);
    for (std::int64_t feature = 0; feature < 12; ++feature) {
      const at::Tensor a = bits - bits.mean(), b = rows[feature] - rows[feature].mean();
      const double norm = std::sqrt(a.dot(a).item<double>() * b.dot(b).item<double>());
      const double expected = a.dot(b).item<double>() / norm +
                              special[batch.digests.special[1][token].item<std::int64_t>()][feature].item<double>();
      EXPECT_NEAR(actual[1][token][feature].item<double>(), expected, 1e-12);
    }
  }
}

TEST(Digests, AddAVectorForEachBitsValue) {
  const Words words("hashformer-add");
  const Batch batch = make_batch(words.config, 2, 3, at::kCPU);
  const at::Tensor actual = (*words.maker)(batch.tokens, batch.digests);
  at::Tensor expected = at::zeros({12}, at::kDouble);
  for (std::int64_t bit = 0; bit < 10; ++bit) {
    const bool is_set = batch.digests.digest[0][2][bit].item<double>() == 1.0;
    expected = expected + words.parameter(is_set ? "set.weight" : "clear.weight").select(1, bit) / std::sqrt(10.0);
  }
  expected = expected + words.parameter("special.weight")[batch.digests.special[0][2].item<std::int64_t>()];
  EXPECT_LT(largest_difference(actual[0][2], expected), 1e-12);
}

TEST(Digests, PoolTheVectorsOfTheirChunksWithWeightsThatSumToOne) {
  const Words words("hashformer-pool");
  const Batch batch = make_batch(words.config, 2, 3, at::kCPU);
  ASSERT_EQ(batch.digests.digest.sizes(), at::IntArrayRef({2, 3, 3}));  // 10 bits in chunks of 4
  EXPECT_GE(batch.digests.digest.min().item<std::int64_t>(), 1);
  EXPECT_LE(batch.digests.digest.max().item<std::int64_t>(), 16);
  const at::Tensor actual = (*words.maker)(batch.tokens, batch.digests);
  const at::Tensor weights = words.parameter("chunk_weight").exp();
  at::Tensor expected = at::zeros({12}, at::kDouble);
  for (std::int64_t chunk = 0; chunk < 3; ++chunk)
    expected = expected + words.parameter("chunk.weight")[batch.digests.digest[1][0][chunk].item<std::int64_t>()] *
                              weights[chunk] / weights.sum(0);
  expected = expected + words.parameter("special.weight")[batch.digests.special[1][0].item<std::int64_t>()];
  EXPECT_LT(largest_difference(actual[1][0], expected), 1e-12);
}

TEST(Chunked, IsMultiHeadAttentionThatSeesItsOwnChunk) {
  const Sublayer chunked = random_sublayer("chunked:chunk=3"), full = random_sublayer("mha");
  copy_parameters(chunked, full);
  for (std::int64_t seq : {2, 3, 6, 7}) {
    at::Tensor x = random_input(seq).requires_grad_();
    AttentionContext context;
    context.mask = at::zeros({seq, seq}, at::kDouble);
    for (std::int64_t i = 0; i < seq; ++i)
      for (std::int64_t j = 0; j < seq; ++j)
        if (i / 3 != j / 3) context.mask[i][j] = -std::numeric_limits<double>::infinity();
    const at::Tensor weights = random_input(seq), expected = full(x, x, context), actual = chunked(x, x, {});
    EXPECT_LT(largest_difference(actual, expected), 1e-12);
    (expected * weights).sum().backward();
    const at::Tensor gradient = x.grad().clone();
    x.mutable_grad() = at::Tensor();
    (actual * weights).sum().backward();
    EXPECT_LT(largest_difference(x.grad(), gradient), 1e-12);
  }
}

TEST(Chunked, KeepsItsClosedForm) {
  for (const char* text : {"chunked:chunk=4", "chunked:chunk=3", "chunked:chunk=1", "chunked:chunk=100"})
    for (bool dropout : {false, true})
      for (std::int64_t seq : {1, 8, 33})
        for (at::ScalarType dtype : {at::kFloat, at::kBFloat16})
          for (bool fp32 : {false, true})
            expect_saved(text, {.query_len = seq,
                                .key_len = seq,
                                .bias = true,
                                .dropout = dropout,
                                .softmax_fp32 = fp32,
                                .dtype = dtype});
}

TEST(AdaptiveSpan, FadesEachHeadOutBeyondItsSpan) {
  const Sublayer sublayer = random_sublayer("adaptive-span:ramp=3");
  const std::int64_t seq = 7;
  const at::Tensor x = random_input(seq);
  const at::Tensor q = heads_of(sublayer, "query", x), k = heads_of(sublayer, "key", x);
  const at::Tensor v = heads_of(sublayer, "value", x), span = sublayer.parameter("span");
  at::Tensor heads = at::zeros_like(v);
  for (std::int64_t head = 0; head < 4; ++head)
    for (std::int64_t i = 0; i < seq; ++i) {
      double sum = 1e-8;
      at::Tensor p = at::softmax(k[1][head].matmul(q[1][head][i]) / std::sqrt(3.0), 0);
      for (std::int64_t j = 0; j < seq; ++j) {
        const double reach = span[head].item<double>() * 16 - std::abs(static_cast<double>(i - j));
        p[j] *= std::clamp(reach / 3 + 1, 0.0, 1.0);
        sum += p[j].item<double>();
      }
      heads[1][head][i] = p.matmul(v[1][head]) / sum;
    }
  EXPECT_LT(largest_difference(sublayer(x, x, {})[1], output_of(sublayer, heads)[1]), 1e-12);
}

TEST(AdaptiveSpan, OfTheWholeSequenceIsMultiHeadAttention) {
  const Sublayer spans = random_sublayer("adaptive-span"), full = random_sublayer("mha");
  copy_parameters(spans, full);
  {
    const at::NoGradGuard no_grad;
    spans.parameter("span").fill_(1.0);
  }
  const at::Tensor x = random_input(9);
  const at::Tensor expected = full(x, x, {}), of_heads = expected - full.parameter("output.bias");
  EXPECT_LT(largest_difference(spans(x, x, {}), expected),
            1.01e-8 * of_heads.abs().max().item<double>());  // 1e-8 is added to the sums that divide
}

TEST(AdaptiveSpan, KeepsItsClosedForm) {
  for (bool dropout : {false, true})
    for (std::int64_t seq : {1, 9})
      for (at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kDouble})
        expect_saved("adaptive-span:ramp=4",
                     {.query_len = seq, .key_len = seq, .bias = true, .dropout = dropout, .dtype = dtype});
}

TEST(Exits, AreClassifiersAfterEachBlockAndShareTheirParametersWithTheBlocks) {
  const ModelConfig config = without_dropout(small_encoder("edgebert", 3));
  const auto model = random_model(config);
  const auto p = named(*model);
  EXPECT_TRUE(p.at("encoder.exit.1.pooler.weight").is_same(p.at("encoder.exit.0.pooler.weight")));
  EXPECT_FALSE(p.contains("encoder.exit.2.pooler.weight"));
  const Batch batch = make_batch(config, 2, 6, at::kCPU);
  at::Tensor expected;  // of the same model with fewer blocks and of its head
  for (std::int64_t layers : {1, 2, 3}) {
    ModelConfig shorter = config;
    shorter.encoder_layer_count = layers;
    shorter.exits = false;
    const auto other = build_model(shorter, {at::kCPU, at::kDouble});
    const std::string exit = layers < 3 ? "encoder.exit.0." : "head.";
    const at::NoGradGuard no_grad;
    for (const ModelParameter& q : other->parameters())
      q.tensor.copy_(p.at(q.name.starts_with("head.") ? exit + q.name.substr(5) : q.name));
    const at::Tensor logits = other->forward(batch);
    expected = expected.defined() ? expected + token_loss(logits, batch.labels) : token_loss(logits, batch.labels);
    if (layers == 3) continue;
    ModelConfig early = config;
    early.exit_layer = layers;
    const auto left = build_model(early, {at::kCPU, at::kDouble, AttentionBackend::eager, false});
    for (const ModelParameter& q : left->parameters()) q.tensor.copy_(p.at(q.name));
    EXPECT_EQ(largest_difference(left->forward(batch), logits), 0.0);
  }
  EXPECT_NEAR(model->loss(batch).item<double>(), expected.item<double>(), 1e-12);
}

TEST(Exits, LeaveNothingAliveButTheLogits) {
  const ModelConfig config = small_encoder("edgebert", 3);
  const auto alive = [&](std::int64_t layer) {
    ModelConfig early = config;
    early.exit_layer = layer;
    const auto model = build_model(early, {at::kCPU, at::kFloat, AttentionBackend::eager, false});
    const Batch batch = make_batch(early, 2, 6, at::kCPU);
    const at::NoGradGuard no_grad;
    return bytes_left_allocated([&] { return model->forward(batch); });
  };
  for (std::int64_t layer : {1, 2, 3}) EXPECT_EQ(alive(layer), 2 * 2 * 4) << layer;
}

TEST(Encoders, RefuseWhatIsNotDefinedWithTheReason) {
  const auto refusal = [](const char* preset, const std::function<void(ModelConfig&)>& change) {
    ModelConfig config = load_model(preset);
    change(config);
    return message_of([&] { validate_config(config, "x"); });
  };
  EXPECT_EQ(
      message_of([] { validate_config(with_attention(load_model("mobilebert"), "mqa"), "x"); }),
      "x: attention 'mqa' reads one input, and in a bottleneck queries and keys may have another than values: mha "
      "alone is built");
  EXPECT_EQ(refusal("canine-s", [](ModelConfig& c) { c.head = Head::mlm; }),
            "x: words without a table have no vocabulary, so the head is a pooler or a classifier");
  EXPECT_EQ(refusal("bert-base", [](ModelConfig& c) { c.label_count = 2; }),
            "x: classifiers need labels, and nothing else has them");
  EXPECT_EQ(refusal("bert-base", [](ModelConfig& c) { c.exit_layer = 2; }), "x: only a model with exits is left early");
  EXPECT_EQ(refusal("edgebert", [](ModelConfig& c) { c.exit_layer = 13; }),
            "x: the layer after which sequences leave is 13, expected 0 to 12");
  EXPECT_EQ(refusal("canine-s", [](ModelConfig& c) { c.hash_count = 7; }),
            "x: hashed characters need buckets, and hash functions that divide the width of the embeddings");
  EXPECT_EQ(message_of([] { validate_shape(load_model("canine-s"), 1, 7); }),
            "canine-s: a sequence of 7 characters has fewer than two molecules of 4");
  EXPECT_THAT(message_of([] { with_attention(load_model("gpt2"), "chunked"); }), testing::HasSubstr("see ahead"));
  ModelConfig early = small_encoder("edgebert");
  early.exit_layer = 1;
  EXPECT_EQ(message_of([&] { build_model(early, {}); }),
            "edgebert: training needs every exit, and sequences leave after layer 1");
  BuildOptions chunked;
  chunked.loss_chunk = 4;
  EXPECT_EQ(message_of([&] { build_model(small_encoder("mobilebert"), chunked); }),
            "--loss-chunk takes the vocabulary's one matrix, and mobilebert's head joins two");
}

}  // namespace
}  // namespace headroom::models
