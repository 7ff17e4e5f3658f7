// Parameter counts, closed forms and the choice of mechanisms: arithmetic only, no Torch.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/error.h"
#include "models/catalog/attention.h"
#include "tests/models/refusal.h"

namespace headroom::models {
namespace {

AttentionShape shape(std::int64_t n, std::int64_t d, std::int64_t d_model, bool bias = false) {
  AttentionShape s;
  s.head_count = s.kv_head_count = n;
  s.head_dim = d;
  s.d_model = d_model;
  s.bias = bias;
  return s;
}

std::int64_t parameters(std::string_view mechanism, const AttentionShape& s) {
  return attention_mechanism(mechanism).parameter_count(s).value;
}

TEST(ParameterCount, OfOneSublayerOfWidth768EqualsThePaperTable) {
  const std::map<std::string, std::int64_t> expected{
      {"sha", 737280},  {"sha-compact", 196608}, {"mhe-add", 739584}, {"mhe-mul", 739584},  {"el-slice", 1179648},
      {"mqa", 1277952}, {"skv", 1769472},        {"mha", 2359296},    {"el-exact", 2359296}};
  for (const auto& [mechanism, count] : expected)
    EXPECT_EQ(parameters(mechanism, shape(12, 64, 768)), count) << mechanism;
}

TEST(ParameterCount, OfEighteenSublayersOfWidth512EqualsThePaperTable) {
  const std::map<std::string, std::int64_t> expected{
      {"sha", 6488064},  {"sha-compact", 2359296}, {"mhe-add", 6515712}, {"mhe-mul", 6515712},  {"el-slice", 9437184},
      {"mqa", 10616832}, {"skv", 14155776},        {"mha", 18874368},    {"el-exact", 18874368}};
  for (const auto& [mechanism, count] : expected) {
    EXPECT_EQ(18 * parameters(mechanism, shape(8, 64, 512)), count) << mechanism;
    EXPECT_EQ(attention_parameter_count(with_attention(load_model("transformer-base"), mechanism)), count) << mechanism;
  }
}

TEST(ParameterCount, OfTwelveSublayersWithoutBiasesEqualsThePaperTable) {
  ModelConfig bert = load_model("bert-base");
  bert.attention_bias = false;
  const std::map<std::string, std::int64_t> expected{
      {"sha", 8847360},  {"sha-compact", 2359296}, {"mhe-add", 8875008}, {"mhe-mul", 8875008},  {"el-slice", 14155776},
      {"mqa", 15335424}, {"skv", 21233664},        {"mha", 28311552},    {"el-exact", 28311552}};
  for (const auto& [mechanism, count] : expected)
    EXPECT_EQ(attention_parameter_count(with_attention(bert, mechanism)), count) << mechanism;
}

TEST(ParameterCount, OfProjectionsGrowsWithHeadsAsTheFormulasSay) {
  struct Row {
    std::int64_t n, mha, mhe, sha;
  };
  for (const Row& row : {Row{1, 12288, 12480, 12288}, Row{2, 49152, 24960, 24576}, Row{12, 1769472, 149760, 147456},
                         Row{32, 12582912, 399360, 393216}, Row{128, 201326592, 1597440, 1572864}}) {
    const AttentionShape s = shape(row.n, 64, row.n * 64);
    const std::int64_t output = row.n * 64 * row.n * 64;
    EXPECT_EQ(parameters("mha", s) - output, row.mha);
    EXPECT_EQ(parameters("mhe-mul", s) - output, row.mhe);
    EXPECT_EQ(parameters("sha", s) - output, row.sha);
    EXPECT_EQ(parameters("mha", s) - parameters("sha", s), (3 * row.n * row.n - 3 * row.n) * 64 * 64);
    EXPECT_EQ(parameters("mhe-add", s) - parameters("sha", s), 3 * row.n * 64);
  }
}

TEST(ParameterCount, BiasesAreOnePerOutputFeature) {
  const std::map<std::string, std::int64_t> projections{{"sha", 192},     {"sha-compact", 192}, {"mhe-add", 192},
                                                        {"mhe-mul", 192}, {"el-slice", 768},    {"mqa", 768 + 128},
                                                        {"skv", 2 * 768}, {"mha", 3 * 768},     {"el-exact", 3 * 768}};
  for (const auto& [mechanism, features] : projections)
    EXPECT_EQ(parameters(mechanism, shape(12, 64, 768, true)) - parameters(mechanism, shape(12, 64, 768)),
              features + 768)
        << mechanism;
}

TEST(ParameterCount, GroupedQueryLiesBetweenMultiQueryAndMultiHead) {
  AttentionShape s = shape(8, 32, 256);
  s.kv_head_count = 2;
  EXPECT_EQ(parameters("gqa", s), 163840);
  s.kv_head_count = 1;
  EXPECT_EQ(parameters("gqa", s), parameters("mqa", s));
  s.kv_head_count = 8;
  EXPECT_EQ(parameters("gqa", s), parameters("mha", s));
}

// tests/models/reference/models_test.py counts every preset of which transformers has a class.
TEST(ParameterCount, OfPresetsEqualsTheirReference) {
  for (const auto& [preset, count] : std::map<std::string, std::int64_t>{{"bert-base", 109514298},
                                                                         {"bert-large", 335174458},
                                                                         {"roberta-base", 124697433},
                                                                         {"albert-base", 11221680},
                                                                         {"bart-large", 406291456},
                                                                         {"t5-small", 60506624},
                                                                         {"t5-11b", 11307321344},
                                                                         {"gpt2", 124439808},
                                                                         {"gpt2-medium", 354823168},
                                                                         {"gpt2-xl", 1557611200},
                                                                         {"opt-125m", 125239296},
                                                                         {"llama-7b", 6738415616},
                                                                         {"llama3-8b", 8030261248},
                                                                         {"mistral-7b", 7241732096},
                                                                         {"mixtral-8x7b", 46702792704},
                                                                         {"deepseek-v3", 671026404352},
                                                                         {"transformer-base", 63045632}})
    EXPECT_EQ(parameter_count(load_model(preset)), count) << preset;
  for (const auto& [preset, count] : std::map<std::string, std::int64_t>{
           {"bert-base", 109482240}, {"albert-base", 11683584}, {"albert-large", 17683968}}) {
    ModelConfig config = load_model(preset);
    config.head = Head::pooler;
    EXPECT_EQ(parameter_count(config), count) << preset << " with its pooler";
  }
}

// In millions, as the papers print them.
TEST(ParameterCount, OfPresetsRoundsToThePublishedNumber) {
  struct Row {
    const char* preset;
    double published, tolerance;
  };
  for (const Row& row : {Row{"gpt3-125m", 125, 1},
                         Row{"gpt3-350m", 350, 10},
                         Row{"gpt3-760m", 760, 5},
                         Row{"gpt3-1.3b", 1300, 50},
                         Row{"gpt3-2.7b", 2700, 50},
                         Row{"gpt3-6.7b", 6700, 50},
                         Row{"gpt3-13b", 13000, 150},
                         Row{"gpt3-175b", 175000, 500},
                         Row{"mt-nlg-530b", 530000, 500},
                         Row{"opt-66b", 66000, 500},
                         Row{"opt-175b", 175000, 500},
                         Row{"palm-8b", 8630, 5},
                         Row{"palm-62b", 62500, 5},
                         Row{"palm-540b", 540350, 10},
                         Row{"tinybert-4", 14.5, 0.4},
                         Row{"llama-33b", 32500, 50},
                         Row{"llama-65b", 65200, 100},
                         Row{"llama3.1-405b", 405000, 1000},
                         Row{"byt5-small", 300, 1},
                         Row{"byt5-base", 582, 1},
                         Row{"byt5-large", 1230, 5},
                         Row{"byt5-xl", 3740, 5},
                         Row{"byt5-xxl", 12900, 60},
                         Row{"t5-base", 220, 5},
                         Row{"t5-3b", 2800, 60},
                         Row{"electra-small", 14, 0.5},
                         Row{"electra-base", 110, 1},
                         Row{"electra-large", 335, 1},
                         Row{"gopher-44m", 44, 0.5},
                         Row{"gopher-117m", 117, 0.5},
                         Row{"gopher-417m", 417, 0.5},
                         Row{"gopher-1.4b", 1400, 50},
                         Row{"gopher-7.1b", 7100, 50},
                         Row{"gopher-280b", 280000, 500},
                         Row{"chinchilla-70b", 70000, 100},
                         Row{"mixtral-8x22b", 141000, 500},
                         Row{"deepseek-v2-lite", 15700, 50},
                         Row{"deepseek-v2", 236000, 500}})
    EXPECT_NEAR(static_cast<double>(parameter_count(load_model(row.preset))) / 1e6, row.published, row.tolerance)
        << row.preset;
}

TEST(ParameterCount, SharedLayersCountOnce) {
  ModelConfig config = load_model("bert-base");
  const std::int64_t layer = attention_parameter_count(config) / 12;
  const std::int64_t before = parameter_count(config);
  config.shared_layers = true;
  EXPECT_EQ(attention_parameter_count(config), layer);
  EXPECT_EQ(before - parameter_count(config), 11 * (layer + 4722432 + 2 * 2 * 768));
  EXPECT_EQ(attention_sublayer_count(config), 12);
}

TEST(ParameterCount, OfWholeModelsWithEachMechanismEqualsTheTable) {
  struct Row {
    const char* mechanism;
    std::int64_t bert, gpt2, bert_unbiased, gpt2_unbiased;
  };
  ModelConfig bert = load_model("bert-base"), gpt2 = load_model("gpt2");
  bert.head = Head::pooler;
  gpt2.max_positions = 512;
  for (const Row& row :
       {Row{"sha", 89992704, 104557056, 89981184, 104545536}, Row{"mhe-add", 90020352, 104584704, 90008832, 104573184},
        Row{"mhe-mul", 90020352, 104584704, 90008832, 104573184},
        Row{"el-slice", 95308032, 109872384, 95289600, 109853952}, Row{"mqa", 96489216, 111053568, 96469248, 111033600},
        Row{"skv", 102395136, 116959488, 102367488, 116931840}, Row{"mha", 109482240, 124046592, 109445376, 124009728},
        Row{"el-exact", 109482240, 124046592, 109445376, 124009728}}) {
    bert.attention_bias = gpt2.attention_bias = true;
    EXPECT_EQ(parameter_count(with_attention(bert, row.mechanism)), row.bert) << row.mechanism;
    EXPECT_EQ(parameter_count(with_attention(gpt2, row.mechanism)), row.gpt2) << row.mechanism;
    bert.attention_bias = gpt2.attention_bias = false;
    EXPECT_EQ(parameter_count(with_attention(bert, row.mechanism)), row.bert_unbiased) << row.mechanism;
    EXPECT_EQ(parameter_count(with_attention(gpt2, row.mechanism)), row.gpt2_unbiased) << row.mechanism;
  }
}

// B=2, T=512, n=12, d=64, fp32, no dropout.
TEST(SavedBytesFormula, EqualsPublishedMeasurements) {
  AttentionShape s = shape(12, 64, 768);
  s.batch = 2;
  s.query_len = s.key_len = 512;
  EXPECT_EQ(attention_mechanism("mha").saved_bytes(s).value, 37748736);
  EXPECT_EQ(attention_mechanism("mhe-add").saved_bytes(s).value, 37748736);
  s.fused = true;
  EXPECT_EQ(attention_mechanism("mha").saved_bytes(s).value, 12632064);
}

TEST(SavedBytesFormula, DropoutKeepsAMaskAndASecondProduct) {
  AttentionShape s = shape(2, 4, 8);
  s.query_len = s.key_len = 16;
  const std::int64_t without = attention_mechanism("mha").saved_bytes(s).value;
  s.dropout = true;
  EXPECT_EQ(attention_mechanism("mha").saved_bytes(s).value - without, 2 * 16 * 16 * (1 + 4));
}

TEST(KvCache, PerTokenOfGpt2InHalfPrecision) {
  const std::map<std::string, std::int64_t> expected{
      {"mha", 36864},     {"skv", 18432}, {"el-slice", 18432},       {"el-exact", 18432},
      {"mqa", 3072},      {"sha", 3072},  {"sha-compact", 3072},     {"mhe-add", 36864},
      {"mhe-mul", 36864}, {"gqa", 9216},  {"mhe-add-optimal", 3072}, {"mhe-mul-optimal", 3072}};
  for (const auto& [mechanism, bytes] : expected)
    EXPECT_EQ(kv_cache_bytes_per_token(with_attention(load_model("gpt2"), mechanism), 2), bytes) << mechanism;
}

TEST(KvCache, AnEncoderHasNone) { EXPECT_EQ(kv_cache_bytes_per_token(load_model("bert-base"), 2), 0); }

TEST(KvCache, ExactElCachesTheEncodersOutputOncePerModel) {
  const ModelConfig model = load_model("transformer-base");
  EXPECT_EQ(kv_cache_bytes_per_token(model, 2), 2 * 6 * 2 * 512 * 2);
  EXPECT_EQ(kv_cache_bytes_per_token(with_attention(model, "el-exact"), 2), (6 + 1) * 512 * 2);
}

TEST(Formula, TextIsThatOfItsValue) {
  AttentionShape s = shape(12, 64, 768, true);
  EXPECT_EQ(attention_mechanism("mhe-add").parameter_count(s).text, "3·d·d_m + 3·n·d + n·d·d_m + 3·d + d_m");
  EXPECT_EQ(attention_mechanism("mqa").kv_cache_bytes_per_token(s).text, "8·d");
  EXPECT_EQ(attention_mechanism("skv").saved_bytes(s).text, "8·B·T·n·d + 4·B·S·n·d + 4·B·n·T·S");
}

TEST(Formula, OverflowIsBadInput) {
  AttentionShape s = shape(12, 64, 768);
  s.batch = s.query_len = s.key_len = std::int64_t{1} << 40;
  EXPECT_THROW(attention_mechanism("mha").saved_bytes(s), Error);
}

TEST(Mechanism, UnknownNameSuggestsTheNearest) {
  EXPECT_THAT(message_of([] { attention_mechanism("mhe-ad"); }), testing::HasSubstr("mhe-add"));
  EXPECT_THAT(message_of([] { with_attention(load_model("gpt2"), "mqq"); }), testing::HasSubstr("mqa"));
}

TEST(Mechanism, UndefinedCombinationsSayWhy) {
  EXPECT_THAT(message_of([] { with_attention(load_model("llama-7b"), "el-exact"); }), testing::HasSubstr("rotary"));
  ModelConfig wide = load_model("bert-base");
  wide.head_dim = 32;
  EXPECT_THAT(message_of([&] { with_attention(wide, "el-slice"); }), testing::HasSubstr("must equal the width (768)"));
  ModelConfig seven = load_model("bert-base");
  seven.head_count = seven.kv_head_count = 7;
  EXPECT_THAT(message_of([&] { with_attention(seven, "gqa"); }), testing::HasSubstr("7 heads do not split"));
}

TEST(Mechanism, GroupsAreTheModelsOwnOrOfFourHeadsAndMoreWherePossible) {
  EXPECT_EQ(with_attention(load_model("gpt2"), "gqa").kv_head_count, 3);
  EXPECT_EQ(with_attention(load_model("gpt2-xl"), "gqa").kv_head_count, 5);
  ModelConfig narrow = load_model("bert-base");
  narrow.head_count = narrow.kv_head_count = 6;
  EXPECT_EQ(with_attention(narrow, "gqa").kv_head_count, 2);
  ModelConfig grouped = with_attention(load_model("llama-7b"), "gqa");
  EXPECT_EQ(grouped.kv_head_count, 8);
  grouped.kv_head_count = 2;
  EXPECT_EQ(with_attention(grouped, "gqa").kv_head_count, 2);
  EXPECT_EQ(with_attention(grouped, "mha").kv_head_count, 32);
  EXPECT_EQ(with_attention(grouped, "mqa").kv_head_count, 1);
}

TEST(Mechanism, EveryRegistryRowHasNameSourceAndForms) {
  for (const AttentionMechanism& mechanism : attention_mechanisms()) {
    EXPECT_FALSE(mechanism.name.empty() || mechanism.title.empty() || mechanism.source.empty());
    const char* model = mechanism.undefined.causal.empty() ? "gpt2" : "bert-base";
    const AttentionShape shape = attention_shape(with_attention(load_model(model), mechanism.name));
    EXPECT_FALSE(mechanism.parameter_count(shape).text.empty()) << mechanism.name;
    EXPECT_FALSE(mechanism.saved_bytes(shape).text.empty()) << mechanism.name;
    EXPECT_EQ(mechanism.kv_cache_bytes_per_token == nullptr, !mechanism.undefined.causal.empty()) << mechanism.name;
    const auto cache = mechanism.kv_cache_bytes_per_token;
    EXPECT_TRUE(cache == nullptr || !cache(shape).text.empty()) << mechanism.name;
  }
}

TEST(Config, LayoutsThatContradictThemselvesAreRefused) {
  const auto refused = [](const char* preset, const std::function<void(ModelConfig&)>& change, const char* reason) {
    ModelConfig config = load_model(preset);
    change(config);
    EXPECT_THAT(message_of([&] { validate_config(config, "x"); }), testing::HasSubstr(reason));
  };
  refused(
      "llama-7b", [](ModelConfig& c) { c.position_offset = 2; }, "only learned positions");
  refused(
      "roberta-base", [](ModelConfig& c) { c.position_offset = 3; }, "padding id + 1");
  refused(
      "transformer-base", [](ModelConfig& c) { c.embedding_size = 8; }, "encoder-decoder");
  refused(
      "opt-350m", [](ModelConfig& c) { c.embedding_norm = true; }, "only words are projected");
  refused(
      "bert-base", [](ModelConfig& c) { c.parallel_block = true; }, "parallel blocks are pre-norm");
  refused(
      "bert-base", [](ModelConfig& c) { c.logits_bias = true; }, "lm head");
  refused(
      "llama3.1-8b", [](ModelConfig& c) { c.rope_scaling.low_frequency_factor = 4; }, "low frequency factor");
  refused(
      "llama3.1-8b", [](ModelConfig& c) { c.rope_scaling.factor = 0.5; }, "at least 1");
}

TEST(Shape, SequencesBeyondThePositionTableAreRefused) {
  EXPECT_NO_THROW(validate_shape(load_model("bert-base"), 8, 512));
  EXPECT_THAT(message_of([] { validate_shape(load_model("bert-base"), 8, 513); }), testing::HasSubstr("512 positions"));
  EXPECT_NO_THROW(validate_shape(load_model("llama-7b"), 1, 100000));
}

TEST(Shape, SequencesBeyondTheAttentionWindowNeedSlidingWindowAttention) {
  EXPECT_NO_THROW(validate_shape(load_model("mistral-7b"), 1, 4096));
  EXPECT_THAT(message_of([] { validate_shape(load_model("mistral-7b"), 1, 4097); }),
              testing::HasSubstr("attention window of 4096"));
  const ModelConfig windowed = with_attention(load_model("mistral-7b"), "sliding-window");
  EXPECT_EQ(windowed.attention_options.at("window"), windowed.sliding_window);
  EXPECT_EQ(parameter_count(windowed), parameter_count(load_model("mistral-7b")));
  EXPECT_NO_THROW(validate_shape(windowed, 1, 16384));
}

TEST(Shape, SizesBeyond63BitsAreRefused) {
  for (const auto& [batch, seq] : {std::pair<std::int64_t, std::int64_t>{1, std::int64_t{1} << 40},
                                   {std::int64_t{1} << 62, 512},
                                   {std::int64_t{1} << 40, 1 << 20},
                                   {0, 8},
                                   {8, 0},
                                   {-1, 8},
                                   {8, std::numeric_limits<std::int64_t>::min()}})
    EXPECT_THROW(validate_shape(load_model("llama-7b"), batch, seq), Error) << batch << " x " << seq;
}

}  // namespace
}  // namespace headroom::models
