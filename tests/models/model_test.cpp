// Whole models: layers, names, parameter counts, gradients, causality, determinism of shapes.
#include "models/model.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/record_function.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/error.h"
#include "models/catalog/attention.h"
#include "tests/models/small_models.h"

namespace headroom::models {
namespace {

std::int64_t count_parameters(const Model& model) {
  std::int64_t count = 0;
  for (const ModelParameter& parameter : model.parameters())
    if (parameter.shared_with.empty()) count += parameter.tensor.numel();
  return count;
}

std::vector<std::string> mechanism_names() {
  std::vector<std::string> names;
  for (const AttentionMechanism& mechanism : attention_mechanisms()) names.emplace_back(mechanism.name);
  return names;
}

bool defined_for(const std::string& preset, const std::string& mechanism) {
  try {
    small_model(preset, mechanism);
    return true;
  } catch (const Error&) {
    return false;
  }
}

const std::vector<std::string> kPresets{"bert-base", "gpt2", "transformer-base", "llama-7b"};

// One preset of each make, whose layout differs from those.
const std::vector<std::string> kLayouts{"distilbert",  "roberta-base",  "electra-small", "electra-small-generator",
                                        "albert-base", "opt-125m",      "opt-350m",      "bart-base",
                                        "t5-small",    "t5-v1.1-small", "byt5-small",    "llama3.1-8b",
                                        "mistral-7b",  "palm-8b"};

TEST(Model, BertBaseTrainsAStep) {
  const ModelConfig config = load_model("bert-base");
  const auto model = build_model(config, {});
  const at::Tensor loss = model->loss(make_batch(config, 1, 8, at::kCPU));
  loss.backward();
  EXPECT_NEAR(loss.item<double>(), std::log(30522.0), 1.0);
  for (const ModelParameter& parameter : model->parameters())
    EXPECT_TRUE(parameter.tensor.grad().defined()) << parameter.name;
}

TEST(Model, EveryPresetBuiltHasTheCataloguesCount) {
  BuildOptions options;
  options.device = at::kMeta;
  for (const Preset& preset : presets())
    EXPECT_EQ(count_parameters(*build_model(preset.config, options)), parameter_count(preset.config)) << preset.name;
}

TEST(Model, EveryMechanismBuiltHasTheCataloguesCount) {
  BuildOptions options;
  options.device = at::kMeta;
  for (const char* preset : {"bert-base", "gpt2", "transformer-base", "llama-7b"})
    for (const std::string& mechanism : mechanism_names()) {
      if (!defined_for(preset, mechanism) && mechanism != "gqa") continue;
      for (bool bias : {false, true}) {
        ModelConfig config = with_attention(load_model(preset), mechanism);
        config.attention_bias = bias;
        const auto model = build_model(config, options);
        EXPECT_EQ(count_parameters(*model), parameter_count(config)) << preset << " " << mechanism << " bias " << bias;
      }
    }
}

TEST(Model, HeadsAndTyingChangeTheCountAsTheCatalogueSays) {
  for (const std::string& preset : kPresets)
    for (Head head : {Head::mlm, Head::lm, Head::pooler})
      for (bool tied : {false, true}) {
        ModelConfig config = small_model(preset);
        config.head = head;
        config.tied_embeddings = tied;
        const auto model = build_model(config, {});
        EXPECT_EQ(count_parameters(*model), parameter_count(config))
            << preset << " head " << int(head) << " tied " << tied;
        model->loss(make_batch(config, 2, 4, at::kCPU)).backward();
      }
}

TEST(Model, GradientsReachEveryParameterWithEveryMechanism) {
  for (const std::string& preset : kPresets)
    for (const std::string& mechanism : mechanism_names()) {
      if (!defined_for(preset, mechanism)) continue;
      const ModelConfig config = small_model(preset, mechanism);
      const auto model = build_model(config, {});
      model->loss(make_batch(config, 2, 6, at::kCPU)).backward();
      for (const ModelParameter& parameter : model->parameters()) {
        const bool dead = parameter.name.ends_with("key_embedding") || parameter.name.ends_with("key.bias");
        if (dead && mechanism.ends_with("-optimal") && !parameter.tensor.grad().defined()) continue;
        ASSERT_TRUE(parameter.tensor.grad().defined()) << preset << " " << mechanism << " " << parameter.name;
        EXPECT_TRUE(dead || parameter.tensor.grad().abs().max().item<double>() > 0)
            << preset << " " << mechanism << " " << parameter.name;
      }
    }
}

TEST(Model, EveryLayoutRunsForwardAndBackwardWithTheCataloguesCount) {
  for (const std::string& preset : kLayouts)
    for (const char* attention : {"mha", "mqa"}) {
      const ModelConfig config = small_model(preset, attention);
      const auto model = build_model(config, {});
      EXPECT_EQ(count_parameters(*model), parameter_count(config)) << preset;
      const at::Tensor loss = model->loss(make_batch(config, 2, 6, at::kCPU));
      loss.backward();
      EXPECT_TRUE(std::isfinite(loss.item<double>())) << preset;
      for (const ModelParameter& parameter : model->parameters()) {
        ASSERT_TRUE(parameter.tensor.grad().defined()) << preset << " " << parameter.name;
        EXPECT_TRUE(parameter.name.ends_with("key.bias") || parameter.tensor.grad().abs().max().item<double>() > 0)
            << preset << " " << parameter.name;
      }
    }
}

BuildOptions fp64() {
  BuildOptions options;
  options.dtype = at::kDouble;
  return options;
}

TEST(Model, LaterTokensDoNotChangeEarlierOutputsOfADecoder) {
  for (const char* preset : {"gpt2", "llama-7b", "transformer-base"})
    for (const std::string& mechanism : mechanism_names()) {
      if (!defined_for(preset, mechanism)) continue;
      const ModelConfig config = without_dropout(small_model(preset, mechanism));
      const auto model = build_model(config, fp64());
      Batch batch = make_batch(config, 2, 8, at::kCPU);
      at::Tensor& tokens = batch.decoder_tokens.defined() ? batch.decoder_tokens : batch.tokens;
      const at::Tensor before = model->forward(batch);
      tokens = tokens.clone();
      tokens.slice(1, 5).fill_(3);
      tokens.select(1, 7).fill_(11);
      const at::Tensor after = model->forward(batch);
      const at::Tensor change = (before - after).abs().amax({0, 2});
      // FAVOR+ stabilises its keys by the largest of them all, which cancels but for its constant of 1e-4.
      const double tolerance = mechanism == "performer" ? 1e-5 : 1e-12;
      EXPECT_LT(change.slice(0, 0, 5).max().item<double>(), tolerance) << preset << " " << mechanism;
      EXPECT_GT(change[7].item<double>(), 1e-6) << preset << " " << mechanism;
    }
}

TEST(Model, EveryTokenChangesEveryOutputOfAnEncoder) {
  for (const std::string& mechanism : mechanism_names()) {
    if (!defined_for("bert-base", mechanism)) continue;
    const ModelConfig config = without_dropout(small_model("bert-base", mechanism));
    const auto model = build_model(config, fp64());
    Batch batch = make_batch(config, 1, 8, at::kCPU);
    batch.tokens.fill_(2);
    const at::Tensor before = model->forward(batch);
    batch.tokens = batch.tokens.clone();
    batch.tokens.select(1, 7).fill_(11);
    EXPECT_GT((before - model->forward(batch)).abs().amax({0, 2}).min().item<double>(), 1e-9) << mechanism;
  }
}

TEST(Model, ADecoderReadsItsSourceThroughCrossAttention) {
  for (const std::string& mechanism : mechanism_names()) {
    if (!defined_for("transformer-base", mechanism)) continue;
    const ModelConfig config = without_dropout(small_model("transformer-base", mechanism));
    const auto model = build_model(config, fp64());
    Batch batch = make_batch(config, 1, 8, at::kCPU);
    const at::Tensor before = model->forward(batch);
    batch.tokens = (batch.tokens + 1).remainder(config.vocab_size);
    EXPECT_GT((before - model->forward(batch)).abs().amax({0, 2}).min().item<double>(), 1e-9) << mechanism;
  }
}

TEST(Model, BackendsGiveTheSameLogits) {
  for (const std::string& preset : kPresets)
    for (const std::string& mechanism : mechanism_names()) {
      if (!defined_for(preset, mechanism) || !attention_mechanism(mechanism).undefined.fused.empty()) continue;
      const ModelConfig config = without_dropout(small_model(preset, mechanism));
      const auto eager = build_model(config, fp64());
      const Batch batch = make_batch(config, 2, 7, at::kCPU);
      const at::Tensor expected = eager->forward(batch);
      for (AttentionBackend backend : {AttentionBackend::math, AttentionBackend::flash}) {
        BuildOptions options = fp64();
        options.backend = backend;
        const auto other = build_model(config, options);
        at::NoGradGuard no_grad;
        for (std::size_t i = 0; i < other->parameters().size(); ++i)
          other->parameters()[i].tensor.copy_(eager->parameters()[i].tensor);
        for (std::size_t i = 0; i < other->buffers().size(); ++i) other->buffers()[i].copy_(eager->buffers()[i]);
        EXPECT_LT((expected - other->forward(batch)).abs().max().item<double>(), 1e-10) << preset << " " << mechanism;
      }
    }
}

TEST(Model, TrainsInHalfPrecision) {
  for (const std::string& preset : kPresets)
    for (at::ScalarType dtype : {at::kBFloat16, at::kHalf}) {
      const ModelConfig config = small_model(preset);
      BuildOptions options;
      options.dtype = dtype;
      const auto model = build_model(config, options);
      model->loss(make_batch(config, 2, 6, at::kCPU)).backward();
      for (const ModelParameter& parameter : model->parameters()) {
        EXPECT_EQ(parameter.tensor.scalar_type(), dtype);
        EXPECT_EQ(parameter.tensor.grad().scalar_type(), dtype);
      }
    }
}

TEST(Model, OutsideTrainingNothingAsksForAGradientAndDropoutIsOff) {
  for (const std::string& preset : kPresets) {
    const ModelConfig config = small_model(preset);
    BuildOptions options;
    options.training = false;
    const auto model = build_model(config, options);
    const Batch batch = make_batch(config, 2, 6, at::kCPU);
    const at::Tensor logits = model->forward(batch);
    EXPECT_FALSE(logits.requires_grad());
    EXPECT_EQ((logits - model->forward(batch)).abs().max().item<double>(), 0.0) << preset;
  }
}

TEST(Model, DropoutMakesTwoTrainingForwardsDiffer) {
  for (const char* preset : {"bert-base", "gpt2", "transformer-base"}) {
    const ModelConfig config = small_model(preset);
    const auto model = build_model(config, {});
    const Batch batch = make_batch(config, 2, 6, at::kCPU);
    EXPECT_GT((model->forward(batch) - model->forward(batch)).abs().max().item<double>(), 0.0) << preset;
  }
}

TEST(Model, SharedLayersHaveOneSetOfParametersThatEveryLayerNames) {
  ModelConfig config = without_dropout(small_model("bert-base"));
  config.shared_layers = true;
  config.encoder_layer_count = 3;
  const auto model = build_model(config, fp64());
  EXPECT_EQ(count_parameters(*model), parameter_count(config));
  std::map<std::string, at::Tensor> named;
  for (const ModelParameter& p : model->parameters()) named[p.name] = p.tensor;
  std::int64_t in_layers = 0;
  for (const ModelParameter& p : model->parameters())
    for (const char* layer : {"encoder.layer.1.", "encoder.layer.2."})
      if (p.name.starts_with(layer)) {
        ++in_layers;
        const std::string first = "encoder.layer.0." + p.name.substr(std::string(layer).size());
        EXPECT_EQ(p.shared_with, first);
        EXPECT_TRUE(p.tensor.is_same(named.at(first))) << p.name;
      }
  EXPECT_EQ(in_layers, 2 * 16);
  // The same as three layers with equal parameters, and the gradient is the sum of theirs.
  ModelConfig apart = config;
  apart.shared_layers = false;
  const auto other = build_model(apart, fp64());
  {
    const at::NoGradGuard no_grad;
    for (const ModelParameter& p : other->parameters()) p.tensor.copy_(named.at(p.name));
  }
  const Batch batch = make_batch(config, 2, 5, at::kCPU);
  const at::Tensor loss = model->loss(batch), expected = other->loss(batch);
  EXPECT_NEAR(loss.item<double>(), expected.item<double>(), 1e-12);
  loss.backward();
  expected.backward();
  at::Tensor sum;
  for (const ModelParameter& p : other->parameters())
    if (p.name.ends_with("ffn.up.weight")) sum = sum.defined() ? sum + p.tensor.grad() : p.tensor.grad();
  EXPECT_LT((named.at("encoder.layer.0.ffn.up.weight").grad() - sum).abs().max().item<double>(), 1e-12);
}

TEST(Model, ParallelBlocksAddAttentionAndFeedForwardOfOneNorm) {
  ModelConfig config = small_model("palm-8b", "mqa");
  config.decoder_layer_count = 1;
  const auto model = build_model(config, fp64());
  std::map<std::string, at::Tensor> p;
  for (const ModelParameter& parameter : model->parameters()) p[parameter.name] = parameter.tensor;
  {
    const at::NoGradGuard no_grad;
    for (const auto& [name, tensor] : p)
      if (tensor.dim() == 1) tensor.add_(at::arange(tensor.numel(), tensor.options()) * 0.1);
  }
  EXPECT_FALSE(p.contains("decoder.layer.0.ffn_norm.weight"));
  EXPECT_FALSE(p.contains("decoder.layer.0.attention_norm.bias"));
  // One token attends to itself: its head is its value, whatever the rotation.
  Batch batch;
  batch.tokens = at::full({1, 1}, 3, at::kLong);
  const auto norm = [&](const at::Tensor& x, const std::string& name) {
    const at::Tensor centred = x - x.mean();
    return centred / (centred.pow(2).mean() + config.norm_eps).sqrt() * p.at(name + ".weight");
  };
  const at::Tensor x = p.at("embeddings.word.weight")[3];
  const std::string layer = "decoder.layer.0.";
  const at::Tensor y = norm(x, layer + "attention_norm");
  const at::Tensor head = p.at(layer + "attention.value.weight").matmul(y);
  const at::Tensor attended = p.at(layer + "attention.output.weight").matmul(head.repeat({config.head_count}));
  const at::Tensor gate = p.at(layer + "ffn.gate.weight").matmul(y), up = p.at(layer + "ffn.up.weight").matmul(y);
  const at::Tensor fed = p.at(layer + "ffn.down.weight").matmul(gate * gate.sigmoid() * up);
  const at::Tensor logits = p.at("embeddings.word.weight").matmul(norm(x + attended + fed, "final_norm"));
  EXPECT_LT((model->forward(batch)[0][0] - logits).abs().max().item<double>(), 1e-12);
}

TEST(Model, LayersAreATreeWithParentsFirstAndPathsThatExtendThem) {
  for (const std::string& preset : kPresets) {
    const auto model = build_model(small_model(preset), {});
    std::set<std::string> seen;
    for (const ModelLayer& layer : model->layers()) {
      EXPECT_TRUE(layer.path == "model" || seen.contains(layer.parent)) << layer.path;
      EXPECT_TRUE(layer.parent == "model" || layer.path.starts_with(layer.parent + ".")) << layer.path;
      EXPECT_TRUE(seen.insert(layer.path).second) << layer.path;
    }
    for (const ModelParameter& parameter : model->parameters()) {
      EXPECT_TRUE(seen.contains(parameter.layer)) << parameter.name;
      EXPECT_TRUE(parameter.name.starts_with(parameter.layer + ".")) << parameter.name;
    }
  }
}

TEST(Model, LayerNamesAreThoseOfTheContract) {
  const auto model = build_model(small_model("transformer-base"), {});
  std::map<std::string, std::string> kinds;
  for (const ModelLayer& layer : model->layers()) kinds[layer.path] = layer.kind;
  for (const auto& [path, kind] : std::map<std::string, std::string>{{"model", "model"},
                                                                     {"embeddings", "embedding"},
                                                                     {"encoder", "stack"},
                                                                     {"encoder.layer.0", "block"},
                                                                     {"encoder.layer.1.attention", "attention"},
                                                                     {"encoder.layer.1.attention_norm", "norm"},
                                                                     {"encoder.layer.1.ffn", "ffn"},
                                                                     {"encoder.layer.1.ffn_norm", "norm"},
                                                                     {"decoder.layer.0.cross_attention", "attention"},
                                                                     {"decoder.layer.0.cross_attention_norm", "norm"},
                                                                     {"head", "head"},
                                                                     {"loss", "loss"}})
    EXPECT_EQ(kinds[path], kind) << path;
}

TEST(Model, TiedParametersNameTheirOwner) {
  for (const std::string& preset : kPresets) {
    const ModelConfig config = small_model(preset);
    const auto model = build_model(config, {});
    std::map<std::string, at::Tensor> own;
    std::int64_t shared = 0;
    for (const ModelParameter& parameter : model->parameters()) {
      if (parameter.shared_with.empty()) {
        own[parameter.name] = parameter.tensor;
        continue;
      }
      ++shared;
      EXPECT_TRUE(own.at(parameter.shared_with).is_same(parameter.tensor)) << parameter.name;
    }
    EXPECT_EQ(shared, config.tied_embeddings ? 1 : 0) << preset;
  }
}

// Paths of the scopes that open during a forward pass, as an observer sees them.
std::set<std::string>& opened_scopes() {
  static std::set<std::string> scopes;
  return scopes;
}

std::unique_ptr<at::ObserverContext> note_scope(const at::RecordFunction& function) {
  opened_scopes().insert(function.name());
  return nullptr;
}

std::int64_t& dropout_calls() {
  static std::int64_t calls = 0;
  return calls;
}

std::unique_ptr<at::ObserverContext> count_dropout(const at::RecordFunction& function) {
  if (std::string_view(function.name()) == "aten::native_dropout") ++dropout_calls();
  return nullptr;
}

// Two layers a side: embeddings; per layer probabilities, sublayers' outputs, inside the feed-forward; final norms.
TEST(Model, DropoutActsWhereTheMakePutsIt) {
  for (const auto& [preset, calls] : std::map<std::string, std::int64_t>{{"bert-base", 1 + 2 * 3},
                                                                         {"distilbert", 1 + 2 * 2},
                                                                         {"albert-base", 1 + 2 * 2},
                                                                         {"opt-125m", 1 + 2 * 3},
                                                                         {"bart-base", 2 + 2 * 4 + 2 * 6},
                                                                         {"t5-small", 2 + 2 * 4 + 2 * 6 + 2}}) {
    ModelConfig config = small_model(preset);
    config.embedding_dropout = config.attention_dropout = config.residual_dropout = 0.1;
    const auto model = build_model(config, {});
    const Batch batch = make_batch(config, 1, 4, at::kCPU);
    dropout_calls() = 0;
    const auto handle =
        at::addThreadLocalCallback(at::RecordFunctionCallback(count_dropout).scopes({at::RecordScope::FUNCTION}));
    model->forward(batch);
    at::removeCallback(handle);
    EXPECT_EQ(dropout_calls(), calls) << preset;
  }
}

TEST(Model, EveryLayerOpensItsScope) {
  std::vector<std::string> presets = kPresets;
  presets.insert(presets.end(), kLayouts.begin(), kLayouts.end());
  for (const std::string& preset : presets) {
    const ModelConfig config = small_model(preset);
    const auto model = build_model(config, {});
    opened_scopes().clear();
    const auto handle =
        at::addThreadLocalCallback(at::RecordFunctionCallback(note_scope).scopes({at::RecordScope::USER_SCOPE}));
    model->loss(make_batch(config, 1, 4, at::kCPU));
    at::removeCallback(handle);
    for (const ModelLayer& layer : model->layers())
      EXPECT_TRUE(opened_scopes().contains(layer.path)) << preset << " " << layer.path;
    EXPECT_EQ(opened_scopes().size(), model->layers().size());
  }
}

TEST(Model, BackendsThatCannotRunAreRefusedWithTheReason) {
  const auto message = [](const ModelConfig& config, AttentionBackend backend) -> std::string {
    BuildOptions options;
    options.backend = backend;
    try {
      build_model(config, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const ModelConfig dry = without_dropout(small_model("gpt2"));
  EXPECT_EQ(message(dry, AttentionBackend::flash), "");
  EXPECT_THAT(message(dry, AttentionBackend::efficient), testing::HasSubstr("no memory-efficient"));
  EXPECT_THAT(message(small_model("gpt2"), AttentionBackend::flash), testing::HasSubstr("no attention dropout"));
  EXPECT_THAT(message(with_attention(dry, "el-exact"), AttentionBackend::flash), testing::HasSubstr("el-exact"));
}

TEST(Model, BackendChoiceLeavesTheProcessAsItWas) {
  const bool flash = at::globalContext().userEnabledFlashSDP(), math = at::globalContext().userEnabledMathSDP();
  const ModelConfig config = without_dropout(small_model("gpt2"));
  BuildOptions options;
  options.backend = AttentionBackend::flash;
  build_model(config, options)->forward(make_batch(config, 1, 4, at::kCPU));
  EXPECT_EQ(at::globalContext().userEnabledFlashSDP(), flash);
  EXPECT_EQ(at::globalContext().userEnabledMathSDP(), math);
}

TEST(Batch, HoldsIdsBelowTheVocabularyForEachSide) {
  const ModelConfig config = small_model("transformer-base");
  const Batch batch = make_batch(config, 3, 7, at::kCPU);
  ASSERT_EQ(batch.tensors().size(), 3u);
  for (const at::Tensor& ids : batch.tensors()) {
    EXPECT_EQ(ids.sizes(), at::IntArrayRef({3, 7}));
    EXPECT_GE(ids.min().item<std::int64_t>(), 0);
    EXPECT_LT(ids.max().item<std::int64_t>(), config.vocab_size);
  }
  EXPECT_EQ(make_batch(small_model("gpt2"), 1, 2, at::kCPU).tensors().size(), 2u);
}

}  // namespace
}  // namespace headroom::models
