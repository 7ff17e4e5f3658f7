// Decoding with a cache: the same logits as one causal pass over all tokens, for every mechanism, layout of the cache
// and kind of positions; rows that survive storage within bounds; bytes that equal the closed forms.
#include "models/generation.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>

#include "base/error.h"
#include "models/catalog/attention.h"
#include "tests/models/small_models.h"

namespace headroom::models {
namespace {

constexpr std::int64_t kPrompt = 6, kTokens = 10, kBatch = 2, kBeams = 3;

const std::vector<CacheLayout> kLayouts{CacheLayout::dynamic, CacheLayout::fixed, CacheLayout::paged};
const std::vector<CacheStorage> kStorages{CacheStorage::model, CacheStorage::int8, CacheStorage::fp8};

// Options that make small sizes meet the mechanism's limits.
std::string small_options(const std::string& mechanism) {
  if (mechanism == "sliding-window") return mechanism + ":window=4:block=2";
  if (mechanism == "sparse-fixed") return mechanism + ":stride=4:expressivity=1";
  if (mechanism.starts_with("sparse-")) return mechanism + ":stride=4";
  if (mechanism == "linear" || mechanism == "performer" || mechanism == "cosformer") return mechanism + ":chunk=4";
  return mechanism;
}

struct Subject {
  std::string preset, attention;
};

// Every mechanism with a cache, in the models that it is defined for.
std::vector<Subject> subjects(const std::vector<std::string>& presets) {
  std::vector<Subject> result;
  for (const std::string& preset : presets)
    for (const AttentionMechanism& mechanism : attention_mechanisms()) {
      if (!mechanism.undefined.causal.empty() || !mechanism.undefined.cached.empty()) continue;
      std::vector<std::string> variants{small_options(std::string(mechanism.name))};
      if (mechanism.name == "mla") variants.push_back("mla:absorbed=yes");
      for (const std::string& attention : variants) {
        try {
          small_model(preset, attention);
        } catch (const Error&) {
          continue;
        }
        result.push_back({preset, attention});
      }
    }
  return result;
}

CacheOptions cache_options(const ModelConfig& config, CacheLayout layout, std::int64_t beams = 1) {
  const bool both = config.architecture == Architecture::encoder_decoder;
  CacheOptions options;
  options.dtype = at::kDouble;
  options.size.layout = layout;
  options.size.page = 4;
  options.size.batch = kBatch;
  options.size.beams = beams;
  options.size.prompt = both ? 1 : kPrompt;
  options.size.tokens = options.size.room = kTokens;
  options.size.source = both ? kPrompt : 0;
  return options;
}

std::unique_ptr<Model> double_model(const ModelConfig& config, AttentionBackend backend = AttentionBackend::eager) {
  at::manual_seed(7);
  auto model = build_model(config, {at::kCPU, at::kDouble, backend, false});
  const at::NoGradGuard no_grad;
  for (const ModelParameter& p : model->parameters())  // so that tokens differ
    if (p.shared_with.empty() && p.tensor.dim() > 1) p.tensor.mul_(10);
  return model;
}

struct Texts {
  at::Tensor source, tokens;  // decoder-only: tokens alone
  Batch batch(const at::Tensor& seen) const {
    Batch result;
    result.tokens = source.defined() ? source : seen;
    if (source.defined()) result.decoder_tokens = seen;
    return result;
  }
};

Texts texts_of(const ModelConfig& config, std::int64_t count = kBatch) {
  const auto ids = [&](std::int64_t length) { return at::randint(config.vocab_size, {count, length}, at::kLong); };
  Texts texts;
  if (config.architecture == Architecture::encoder_decoder) texts.source = ids(kPrompt);
  texts.tokens = ids(kTokens);
  return texts;
}

// Logits [B, V] after the first `count` tokens, without a cache. cosFormer's features depend on the length at the end,
// and Performer's stabiliser on all tokens of the pass.
at::Tensor without_cache(Model& model, const ModelConfig& config, const Texts& texts, std::int64_t count) {
  const at::NoGradGuard no_grad;
  const std::int64_t seen = config.attention == "performer" ? count : kTokens;
  return model.forward(texts.batch(texts.tokens.slice(1, 0, seen))).select(1, count - 1);
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / (1 + b.abs().max())).item<double>();
}

// Performer's stabiliser is of all tokens of a pass, so that a second layer sees earlier tokens otherwise than when
// they were new: in the first layer decoding is exact, in stacks it is off by as much as the features' constant.
double bound_of(const ModelConfig& config) { return config.attention == "performer" ? 1e-4 : 1e-12; }

void expect_decoding_equals_a_pass(const ModelConfig& config, CacheLayout layout, const std::string& what) {
  const auto model = double_model(config);
  const Texts texts = texts_of(config);
  const CacheOptions options = cache_options(config, layout);
  const at::NoGradGuard no_grad;
  ModelCache cache = model->make_cache(options);
  at::Tensor logits = model->prefill(texts.batch(texts.tokens.slice(1, 0, options.size.prompt)), cache);
  for (std::int64_t count = options.size.prompt;; ++count) {
    EXPECT_LT(difference(logits, without_cache(*model, config, texts, count)), bound_of(config))
        << what << ", layout " << int(layout) << ", after " << count << " tokens";
    if (count == kTokens) break;
    logits = model->decode(texts.tokens.slice(1, count, count + 1), cache);
  }
}

TEST(Decoding, TokenByTokenEqualsOneCausalPassForEveryMechanismAndLayout) {
  for (const Subject& subject : subjects({"gpt2", "llama-7b"}))
    for (CacheLayout layout : kLayouts)
      expect_decoding_equals_a_pass(without_dropout(small_model(subject.preset, subject.attention)), layout,
                                    subject.preset + " " + subject.attention);
}

TEST(Decoding, EqualsOnePassInEncoderDecodersWithCrossCaches) {
  for (const Subject& subject : subjects({"transformer-base", "t5-small", "bart-base"}))
    for (CacheLayout layout : kLayouts)
      expect_decoding_equals_a_pass(without_dropout(small_model(subject.preset, subject.attention)), layout,
                                    subject.preset + " " + subject.attention);
}

TEST(Decoding, KnowsPositionsBehindThePrompt) {
  for (const auto& positions : kPositionsNames)
    for (CacheLayout layout : kLayouts)
      for (const char* attention : {"mha", "mqa", "collaborative"}) {
        if (positions.value == Positions::transformer_xl) continue;  // refused: no cache
        ModelConfig config;
        try {
          config = with_positions(without_dropout(small_model("gpt2", attention)), positions.name);
        } catch (const Error&) {
          continue;
        }
        expect_decoding_equals_a_pass(config, layout, std::string(positions.name) + " " + attention);
      }
  for (const char* preset : {"opt-125m", "opt-350m", "palm-8b", "mistral-7b"})
    expect_decoding_equals_a_pass(without_dropout(small_model(preset)), CacheLayout::dynamic, preset);
}

TEST(Decoding, GoesThroughTheBackEndsOfScaledDotProductAttention) {
  for (AttentionBackend backend : {AttentionBackend::math, AttentionBackend::flash})
    for (const char* attention : {"mha", "mqa", "skv", "mhe-add", "mhe-mul-optimal:keep=sdpa", "mla"})
      for (CacheLayout layout : {CacheLayout::dynamic, CacheLayout::fixed}) {
        const ModelConfig config = without_dropout(small_model("gpt2", attention));
        const auto model = double_model(config, backend);
        const Texts texts = texts_of(config);
        const at::NoGradGuard no_grad;
        ModelCache cache = model->make_cache(cache_options(config, layout));
        model->prefill(texts.batch(texts.tokens.slice(1, 0, kPrompt)), cache);
        at::Tensor logits;
        for (std::int64_t i = kPrompt; i < kTokens; ++i) logits = model->decode(texts.tokens.slice(1, i, i + 1), cache);
        EXPECT_LT(difference(logits, without_cache(*model, config, texts, kTokens)), 1e-12)
            << attention << " back end " << int(backend);
      }
}

// Beams that go on as others did compute what the whole sequences compute.
void expect_beams_equal_sequences(const ModelConfig& config, CacheLayout layout, const std::string& what) {
  const auto model = double_model(config);
  const Texts prompt = texts_of(config);
  const CacheOptions options = cache_options(config, layout, kBeams);
  const std::int64_t first = options.size.prompt;
  const at::NoGradGuard no_grad;
  ModelCache cache = model->make_cache(options);
  model->prefill(prompt.batch(prompt.tokens.slice(1, 0, first)), cache);
  cache.expand();
  const auto repeated = [](const at::Tensor& x) { return x.defined() ? x.repeat_interleave(kBeams, 0) : x; };
  Texts texts{repeated(prompt.source), repeated(prompt.tokens.slice(1, 0, first))};
  at::Tensor logits;
  for (std::int64_t i = first; i < kTokens; ++i) {
    const at::Tensor next = at::randint(config.vocab_size, {kBatch * kBeams, 1}, at::kLong);
    logits = model->decode(next, cache);
    texts.tokens = at::cat({texts.tokens, next}, 1);
    if (i + 1 == kTokens) break;
    const at::Tensor order = at::tensor({2, 0, 0, 4, 5, 3}, at::kLong);
    cache.reorder(order);
    texts.tokens = texts.tokens.index_select(0, order);
  }
  EXPECT_LT(difference(logits, without_cache(*model, config, texts, kTokens)), bound_of(config))
      << what << ", layout " << int(layout);
}

TEST(Decoding, ReorderedBeamsComputeWhatTheirSequencesCompute) {
  for (const Subject& subject : subjects({"gpt2", "llama-7b", "transformer-base"}))
    for (CacheLayout layout : kLayouts)
      expect_beams_equal_sequences(without_dropout(small_model(subject.preset, subject.attention)), layout,
                                   subject.preset + " " + subject.attention);
}

// What a cache holds, by layer: bytes of the blocks that it told of and that are still alive.
class LiveBlocks {
 public:
  void add(const at::Tensor& block, const std::string& layer) {
    blocks_.insert_or_assign(block.storage().unsafeGetStorageImpl(),
                             Entry{layer, block.storage().getWeakStorageImpl()});
  }
  std::int64_t bytes(const std::string& layer) const {
    std::int64_t sum = 0;
    for (const auto& [key, entry] : blocks_)
      if (entry.layer == layer)
        if (const auto storage = entry.storage.lock()) sum += static_cast<std::int64_t>(storage->nbytes());
    return sum;
  }

 private:
  struct Entry {
    std::string layer;
    c10::weak_intrusive_ptr<c10::StorageImpl> storage;
  };
  std::map<const c10::StorageImpl*, Entry> blocks_;
};

void expect_bytes(const Subject& subject, CacheLayout layout, CacheStorage storage, std::int64_t beams) {
  const ModelConfig config = without_dropout(small_model(subject.preset, subject.attention));
  const auto model = build_model(config, {at::kCPU, at::kFloat, AttentionBackend::eager, false});
  LiveBlocks blocks;
  CacheOptions options = cache_options(config, layout, beams);
  options.dtype = at::kFloat;
  options.size.storage = storage;
  const std::int64_t new_tokens = kTokens - options.size.prompt;
  options.size.tokens = kTokens - 1;
  options.on_block = [&](const at::Tensor& block, const std::string& layer) { blocks.add(block, layer); };
  try {
    require_generation(config, options.size, kPrompt, new_tokens);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("keeps sums, not rows")) << subject.attention;
    return;
  }
  Generation generation(*model, options);
  {
    generation.prefill(make_prompt(config, kBatch, kPrompt, at::kCPU));
    for (std::int64_t i = 1; i < new_tokens; ++i) generation.step();
  }
  std::int64_t sublayers = 0;
  for (const ModelLayer& layer : model->layers()) {
    if (layer.kind != "attention" || !layer.path.starts_with("decoder.")) continue;
    AttentionShape shape = attention_shape(config);
    shape.cross = layer.path.ends_with("cross_attention");
    if (shape.cross) shape.rope = false;
    options.size.first_layer = layer.path.starts_with("decoder.layer.0.");
    const Formula form = cache_bytes(config, shape, options.size);
    EXPECT_EQ(blocks.bytes(layer.path), form.value)
        << subject.preset << " " << subject.attention << " layout " << int(layout) << " storage " << int(storage)
        << " beams " << beams << " " << layer.path << ": " << form.text;
    EXPECT_FALSE(form.text.empty());
    ++sublayers;
  }
  EXPECT_GT(sublayers, 0);
}

TEST(CacheBytes, EqualTheClosedFormsOfEveryMechanismLayoutAndStorage) {
  for (const Subject& subject : subjects({"gpt2", "llama-7b", "transformer-base"}))
    for (CacheLayout layout : kLayouts)
      for (CacheStorage storage : kStorages)
        for (std::int64_t beams : {std::int64_t{1}, kBeams}) expect_bytes(subject, layout, storage, beams);
}

TEST(CacheBytes, PerTokenInTheModelsDtypeAreThoseOfTheRegistry) {
  for (const Subject& subject : subjects({"gpt2", "llama-7b"})) {
    const ModelConfig config = small_model(subject.preset, subject.attention);
    const AttentionShape shape = attention_shape(config);
    EXPECT_EQ(cache_bytes_per_token(config, shape, {}).value,
              attention_mechanism(config.attention).kv_cache_bytes_per_token(shape).value)
        << subject.attention;
  }
}

TEST(CacheBytes, AreWhatTheOptionsSay) {
  AttentionShape shape;
  shape.head_count = 4;
  shape.kv_head_count = 2;
  shape.head_dim = 8;
  shape.element_bytes = 2;
  const ModelConfig config = small_model("llama-7b", "gqa");
  const auto bytes = [&](CacheLayout layout, CacheStorage storage, std::int64_t beams) {
    CacheSize size;
    size.layout = layout;
    size.storage = storage;
    size.page = 4;
    size.batch = 3;
    size.beams = beams;
    size.prompt = 6;
    size.tokens = 9;
    size.room = 10;
    return cache_bytes(config, shape, size).value;
  };
  EXPECT_EQ(bytes(CacheLayout::dynamic, CacheStorage::model, 1), 3 * 9 * 2 * 2 * 8 * 2);
  EXPECT_EQ(bytes(CacheLayout::dynamic, CacheStorage::model, 5), 3 * 5 * 9 * 2 * 2 * 8 * 2);
  EXPECT_EQ(bytes(CacheLayout::fixed, CacheStorage::fp8, 1), 3 * 10 * 2 * 2 * 8);
  EXPECT_EQ(bytes(CacheLayout::fixed, CacheStorage::int8, 1), 3 * 10 * 2 * 2 * (8 + 2));
  EXPECT_EQ(bytes(CacheLayout::paged, CacheStorage::model, 1), 3 * 3 * 4 * 2 * 2 * 8 * 2);
  EXPECT_EQ(bytes(CacheLayout::paged, CacheStorage::model, 5), (3 * 1 + 3 * 5 * 2) * 4 * 2 * 2 * 8 * 2);
}

// All rows of the first stream, in use.
at::Tensor all_rows(const LayerCache& cache) {
  const CachedRows rows = cache.rows()[0];
  std::vector<at::Tensor> parts;
  for (std::size_t i = 0; i < rows.part_count(); ++i) parts.push_back(rows.part(i));
  return at::cat(parts, 2);
}

TEST(CacheStorages, KeepRowsWithinTheirBounds) {
  for (CacheLayout layout : kLayouts)
    for (CacheStorage storage : kStorages)
      for (at::ScalarType dtype : {at::kFloat, at::kDouble}) {
        auto options = std::make_shared<CacheOptions>();
        options->dtype = dtype;
        options->size.layout = layout;
        options->size.storage = storage;
        options->size.page = 4;
        options->size.batch = kBatch;
        LayerCache cache(options, "layer", {{{3, 5}}}, kTokens);
        at::manual_seed(3);
        const at::Tensor rows =
            at::randn({kBatch, 3, kTokens, 5}, dtype) * at::randn({kBatch, 3, kTokens, 1}, dtype).exp();
        rows.select(2, 4).zero_();
        EXPECT_TRUE(cache.append({rows.slice(2, 0, kPrompt)})[0].part(0).equal(rows.slice(2, 0, kPrompt)));
        for (std::int64_t i = kPrompt; i < kTokens; ++i) cache.append({rows.slice(2, i, i + 1)});
        const at::Tensor kept = all_rows(cache), error = (kept - rows).abs();
        EXPECT_EQ(kept.scalar_type(), dtype);
        at::Tensor bound = at::zeros_like(rows);
        if (storage == CacheStorage::int8) bound = rows.abs().amax(-1, true).expand_as(rows) / 254 * 1.0001 + 1e-6;
        if (storage == CacheStorage::fp8) bound = rows.abs() / 16 + 1.0 / 1024;
        EXPECT_TRUE((error <= bound).all().item<bool>()) << int(layout) << " " << int(storage) << " " << dtype;
        EXPECT_EQ(error.max().item<double>() > 0, storage != CacheStorage::model);
      }
}

TEST(CacheStorages, ChangeLogitsLittle) {
  const ModelConfig config = without_dropout(small_model("gpt2"));
  const auto model = double_model(config);
  const Texts texts = texts_of(config);
  const at::NoGradGuard no_grad;
  const at::Tensor exact = without_cache(*model, config, texts, kTokens);
  for (CacheLayout layout : kLayouts)
    for (const auto& [storage, bound] :
         std::map<CacheStorage, double>{{CacheStorage::int8, 0.05}, {CacheStorage::fp8, 0.2}}) {
      CacheOptions options = cache_options(config, layout);
      options.size.storage = storage;
      ModelCache cache = model->make_cache(options);
      model->prefill(texts.batch(texts.tokens.slice(1, 0, kPrompt)), cache);
      at::Tensor logits;
      for (std::int64_t i = kPrompt; i < kTokens; ++i) logits = model->decode(texts.tokens.slice(1, i, i + 1), cache);
      const double error = difference(logits, exact);
      EXPECT_GT(error, 1e-9) << int(layout);
      EXPECT_LT(error, bound) << int(layout) << " " << int(storage);
    }
}

TEST(Window, KeepsItsRowsAlone) {
  for (CacheLayout layout : kLayouts) {
    auto options = std::make_shared<CacheOptions>();
    options->size.layout = layout;
    options->size.page = 2;
    options->size.batch = kBatch;
    LayerCache cache(options, "layer", {{{1, 2}}, 3}, kTokens);
    const at::Tensor rows = at::arange(kTokens).to(at::kFloat).view({1, 1, -1, 1}).expand({kBatch, 1, kTokens, 2});
    EXPECT_EQ(cache.append({rows.slice(2, 0, kPrompt)})[0].tokens(), kPrompt);  // a prompt meets all of itself
    for (std::int64_t i = kPrompt; i < kTokens; ++i) {
      cache.append({rows.slice(2, i, i + 1)});
      EXPECT_TRUE(std::get<0>(all_rows(cache).sort(2)).equal(rows.slice(2, i - 2, i + 1))) << int(layout) << " " << i;
    }
  }
}

TEST(Generation, GreedyTakesTheHighestLogitOfWholePasses) {
  const ModelConfig config = without_dropout(small_model("gpt2"));
  const auto model = double_model(config);
  const Texts texts = texts_of(config);
  Generation generation(*model, cache_options(config, CacheLayout::dynamic));
  const at::Tensor prompt = texts.tokens.slice(1, 0, kPrompt);
  generation.prefill(texts.batch(prompt));
  for (std::int64_t i = kPrompt + 1; i < kTokens; ++i) generation.step();
  const at::NoGradGuard no_grad;
  at::Tensor expected = prompt;
  for (std::int64_t i = kPrompt; i < kTokens; ++i)
    expected = at::cat({expected, model->forward(texts.batch(expected)).select(1, i - 1).argmax(-1, true)}, 1);
  EXPECT_TRUE(generation.tokens().equal(expected.slice(1, kPrompt)));
}

// Beam search of one sequence without a cache.
at::Tensor searched(Model& model, const at::Tensor& prompt) {
  std::vector<std::pair<double, at::Tensor>> beams{{0.0, prompt}};
  for (std::int64_t length = kPrompt; length < kTokens; ++length) {
    std::vector<std::pair<double, at::Tensor>> grown;
    for (const auto& [score, tokens] : beams) {
      Batch batch;
      batch.tokens = tokens;
      const at::Tensor log = model.forward(batch).select(1, length - 1).log_softmax(-1).view(-1);
      for (std::int64_t v = 0; v < log.size(0); ++v)
        grown.emplace_back(score + log[v].item<double>(), at::cat({tokens, at::full({1, 1}, v, at::kLong)}, 1));
    }
    std::stable_sort(grown.begin(), grown.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    beams.assign(grown.begin(), grown.begin() + kBeams);
  }
  std::vector<at::Tensor> rows;
  for (const auto& [score, tokens] : beams) rows.push_back(tokens.slice(1, kPrompt));
  return at::cat(rows);
}

TEST(Generation, BeamsAreThoseOfAPlainSearch) {
  const ModelConfig config = without_dropout(small_model("gpt2"));
  const auto model = double_model(config);
  const at::Tensor prompt = texts_of(config).tokens.slice(1, 0, kPrompt);
  const at::NoGradGuard no_grad;
  const at::Tensor expected = at::cat({searched(*model, prompt.slice(0, 0, 1)), searched(*model, prompt.slice(0, 1))});
  for (CacheLayout layout : kLayouts) {
    Generation generation(*model, cache_options(config, layout, kBeams));
    Batch batch;
    batch.tokens = prompt;
    generation.prefill(batch);
    for (std::int64_t i = kPrompt + 1; i < kTokens; ++i) generation.step();
    EXPECT_TRUE(generation.tokens().equal(expected)) << int(layout);
  }
}

std::string refusal(const ModelConfig& config, std::int64_t prompt, std::int64_t new_tokens,
                    CacheStorage storage = CacheStorage::model) {
  CacheSize size;
  size.storage = storage;
  try {
    require_generation(config, size, prompt, new_tokens);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Generation, IsRefusedWithTheReason) {
  EXPECT_EQ(refusal(load_model("bert-base"), 8, 4),
            "bert-base does not generate: it is an encoder, whose tokens see both sides; use a decoder or an "
            "encoder-decoder");
  EXPECT_EQ(refusal(load_model("gpt2"), 1020, 4), "");
  EXPECT_EQ(
      refusal(load_model("gpt2"), 1020, 5),
      "gpt2 does not generate: 1020 prompt and 5 new tokens are more than its table of 1024 positions; use fewer");
  EXPECT_THAT(refusal(with_attention(load_model("gpt2"), "reformer"), 64, 4),
              testing::StartsWith("gpt2 does not generate: attention 'reformer' has no cache: which tokens share"));
  EXPECT_EQ(refusal(with_attention(load_model("gpt2"), "linear"), 64, 4, CacheStorage::int8),
            "gpt2 does not generate: attention 'linear' keeps sums, not rows, and sums are kept in the model's dtype; "
            "use --cache-dtype model");
  EXPECT_THAT(refusal(load_model("mistral-7b"), 4096, 1), testing::HasSubstr("window"));
  EXPECT_THAT(refusal(load_model("gopher-44m"), 64, 4), testing::HasSubstr("Transformer-XL's positions"));
  EXPECT_THAT(refusal(load_model("reformer-enwik8"), 64, 4), testing::HasSubstr("its layers are reversible"));
  EXPECT_EQ(refusal(load_model("t5-small"), 512, 64), "");
}

}  // namespace
}  // namespace headroom::models
