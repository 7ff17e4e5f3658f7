// config.json: the real ones are read right, and no file, however hostile, is read wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "models/catalog/attention.h"
#include "models/catalog/config.h"

namespace headroom::models {
namespace {

std::string example(const std::string& name) { return HEADROOM_SOURCE_DIR "/examples/" + name + "/config.json"; }

TEST(Import, ExamplesEqualTheirPresetsAndCounts) {
  ModelConfig bert = load_model(example("bert-base-uncased")), gpt2 = load_model(example("gpt2"));
  EXPECT_EQ(bert.name, "bert-base-uncased");
  bert.name = "bert-base";
  EXPECT_EQ(bert, load_model("bert-base"));
  EXPECT_EQ(gpt2, load_model("gpt2"));
  const ModelConfig llama = load_model(example("tinyllama-1.1b"));
  EXPECT_EQ(parameter_count(llama), 1100048384);
  EXPECT_EQ(llama.attention, "gqa");
  EXPECT_EQ(llama.kv_head_count, 4);
  EXPECT_EQ(kv_cache_bytes_per_token(llama, 2), 22 * 2 * 4 * 64 * 2);
}

TEST(Import, AFolderMeansItsConfigJson) {
  EXPECT_EQ(load_model(HEADROOM_SOURCE_DIR "/examples/gpt2"), load_model(example("gpt2")));
}

constexpr const char* kBert = R"({"model_type": "bert", "vocab_size": 100, "hidden_size": 24, "num_hidden_layers": 2,
  "num_attention_heads": 4, "intermediate_size": 48, "max_position_embeddings": 32})";
constexpr const char* kGpt2 = R"({"model_type": "gpt2", "vocab_size": 100, "n_embd": 24, "n_layer": 2, "n_head": 4,
  "n_positions": 32})";
constexpr const char* kLlama = R"({"model_type": "llama", "vocab_size": 100, "hidden_size": 24, "num_hidden_layers": 2,
  "num_attention_heads": 4, "intermediate_size": 48, "max_position_embeddings": 32})";

constexpr const char* kMistral = R"({"model_type": "mistral", "vocab_size": 100, "hidden_size": 64,
  "num_hidden_layers": 2, "num_attention_heads": 16, "intermediate_size": 48, "max_position_embeddings": 8192})";
constexpr const char* kRoberta = R"({"model_type": "roberta", "vocab_size": 100, "hidden_size": 24,
  "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48, "max_position_embeddings": 34})";
constexpr const char* kElectra = R"({"model_type": "electra", "vocab_size": 100, "hidden_size": 24,
  "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48, "max_position_embeddings": 32})";
constexpr const char* kDistilBert = R"({"model_type": "distilbert", "vocab_size": 100, "dim": 24, "n_layers": 2,
  "n_heads": 4, "hidden_dim": 48, "max_position_embeddings": 32})";
constexpr const char* kOpt = R"({"model_type": "opt", "vocab_size": 100, "hidden_size": 24, "num_hidden_layers": 2,
  "num_attention_heads": 4, "ffn_dim": 48, "max_position_embeddings": 32})";

ModelConfig import(const std::string& base, const std::string& change = "{}") {
  Json json = parse_json(base, "base");
  const Json changes = parse_json(change, "change");
  for (const auto& [key, value] : changes.items()) {
    if (value == "ABSENT")
      json.erase(key);
    else
      json[key] = value;
  }
  return import_hugging_face(json, "some.json");
}

TEST(Import, SmallestFilesTakeTheDefaultsOfTheirType) {
  EXPECT_EQ(import(kBert).head, Head::mlm);
  EXPECT_EQ(import(kBert).attention_dropout, 0.1);
  EXPECT_EQ(import(kGpt2).d_ff, 96);
  EXPECT_EQ(import(kGpt2).activation, Activation::gelu_new);
  EXPECT_EQ(import(kLlama).attention, "mha");
  EXPECT_FALSE(import(kLlama).tied_embeddings);
  EXPECT_EQ(import(kMistral).sliding_window, 4096);
  EXPECT_EQ(import(kMistral).kv_head_count, 8);
  EXPECT_EQ(import(kRoberta).max_positions, 32);
  EXPECT_EQ(import(kRoberta).position_offset, 2);
  EXPECT_EQ(import(kElectra).embedding_size, 128);
  EXPECT_EQ(import(kElectra).head, Head::discriminator);
  EXPECT_FALSE(import(kDistilBert).dropout_after_attention);
  EXPECT_EQ(import(kOpt).norm_placement, NormPlacement::pre);
  EXPECT_EQ(import(kOpt).embedding_size, 0);
}

TEST(Import, KeysAreHonoured) {
  EXPECT_EQ(import(kBert, R"({"architectures": ["BertModel"]})").head, Head::pooler);
  EXPECT_EQ(import(kBert, R"({"hidden_act": "relu"})").activation, Activation::relu);
  EXPECT_EQ(import(kBert, R"({"pad_token_id": 3})").padding_id, 3);
  EXPECT_EQ(import(kBert, R"({"hidden_dropout_prob": 0.25})").residual_dropout, 0.25);
  EXPECT_EQ(import(kGpt2, R"({"n_inner": 50})").d_ff, 50);
  EXPECT_EQ(import(kGpt2, R"({"n_inner": null})").d_ff, 96);
  EXPECT_EQ(import(kGpt2, R"({"activation_function": "gelu_pytorch_tanh"})").activation, Activation::gelu_tanh);
  EXPECT_FALSE(import(kGpt2, R"({"tie_word_embeddings": false})").tied_embeddings);
  EXPECT_EQ(import(kLlama, R"({"num_key_value_heads": 2})").attention, "gqa");
  EXPECT_EQ(import(kLlama, R"({"num_key_value_heads": 1})").attention, "mqa");
  EXPECT_EQ(import(kLlama, R"({"num_key_value_heads": null})").attention, "mha");
  EXPECT_EQ(import(kLlama, R"({"head_dim": 10})").head_dim, 10);
  EXPECT_EQ(import(kLlama, R"({"rope_theta": 500000})").rope_theta, 500000);
  EXPECT_EQ(import(kLlama, R"({"rope_parameters": {"rope_type": "default", "rope_theta": 2e4}})").rope_theta, 20000);
  EXPECT_TRUE(import(kLlama, R"({"attention_bias": true})").attention_bias);
  EXPECT_TRUE(import(kLlama, R"({"mlp_bias": true})").ffn_bias);
  EXPECT_TRUE(import(kLlama, R"({"tie_word_embeddings": true})").tied_embeddings);
  EXPECT_EQ(import(kGpt2, R"({"_name_or_path": "my/model"})").name, "my/model");
  EXPECT_EQ(import(kLlama, R"({"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
    "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}})")
                .rope_scaling.factor,
            8);
  EXPECT_EQ(import(kLlama, R"({"rope_scaling": {"rope_type": "default"}})").rope_scaling, RopeScaling{});
  EXPECT_EQ(import(kMistral, R"({"sliding_window": null})").sliding_window, 0);
  EXPECT_EQ(import(kMistral, R"({"num_key_value_heads": null})").attention, "mha");
  EXPECT_EQ(import(kElectra, R"({"architectures": ["ElectraForMaskedLM"]})").head, Head::mlm);
  EXPECT_EQ(import(kElectra, R"({"embedding_size": 24})").embedding_size, 0);
  EXPECT_EQ(import(kOpt, R"({"word_embed_proj_dim": 8})").embedding_size, 8);
  EXPECT_FALSE(import(kOpt, R"({"do_layer_norm_before": false})").final_norm);
  EXPECT_FALSE(import(kOpt, R"({"_remove_final_layer_norm": true})").final_norm);
}

struct Hostile {
  const char* base;
  const char* change;
  const char* expected;  // part of the message
};

TEST(Import, WhatCannotBeBuiltIsRefusedByName) {
  const Hostile cases[] = {
      {kBert, R"({"position_embedding_type": "relative_key"})", "position_embedding_type"},
      {kBert, R"({"is_decoder": true})", "is_decoder"},
      {kBert, R"({"add_cross_attention": true})", "add_cross_attention"},
      {kBert, R"({"architectures": ["BertForSequenceClassification"]})", "architectures"},
      {kBert, R"({"architectures": ["BertModel", "BertForMaskedLM"]})", "architectures"},
      {kBert, R"({"architectures": "BertModel"})", "architectures"},
      {kBert, R"({"architectures": [7]})", "architectures"},
      {kBert, R"({"hidden_act": "swish"})", "hidden_act"},
      {kBert, R"({"quantization_config": {"bits": 4}})", "quantization_config"},
      {kGpt2, R"({"scale_attn_weights": false})", "scale_attn_weights"},
      {kGpt2, R"({"scale_attn_by_inverse_layer_idx": true})", "scale_attn_by_inverse_layer_idx"},
      {kGpt2, R"({"reorder_and_upcast_attn": true})", "reorder_and_upcast_attn"},
      {kLlama, R"({"rope_scaling": {"type": "linear", "factor": 2.0}})", "rope_scaling"},
      {kLlama, R"({"rope_parameters": {"rope_type": "yarn"}})", "rope_parameters"},
      {kLlama, R"({"rope_parameters": 7})", "rope_parameters"},
      {kLlama, R"({"sliding_window": 128})", "sliding_window"},
      {kLlama, R"({"hidden_act": "gelu"})", "hidden_act"},
      {kLlama, R"({"model_type": "mamba"})", "model_type"},
      {kLlama, R"({"rope_scaling": {"rope_type": "dynamic", "factor": 2.0}})", "'dynamic'"},
      {kLlama, R"({"rope_scaling": {"rope_type": "llama3", "factor": 8.0}})", "original_max_position_embeddings"},
      {kMistral, R"({"hidden_act": "gelu"})", "hidden_act"},
      {kRoberta, R"({"hidden_act": "relu"})", "hidden_act"},
      {kRoberta, R"({"pad_token_id": -1})", "pad_token_id"},
      {kRoberta, R"({"max_position_embeddings": 2})", "max_position_embeddings"},
      {kRoberta, R"({"architectures": ["RobertaForSequenceClassification"]})", "architectures"},
      {kElectra, R"({"hidden_act": "relu", "architectures": ["ElectraForMaskedLM"]})", "hidden_act"},
      {kDistilBert, R"({"sinusoidal_pos_embds": true})", "sinusoidal_pos_embds"},
      {kOpt, R"({"layerdrop": 0.1})", "layerdrop"},
      {kOpt, R"({"layer_norm_elementwise_affine": false})", "layer_norm_elementwise_affine"},
      {kLlama, R"({"pretraining_tp": 2})", "pretraining_tp"},
  };
  for (const Hostile& c : cases) {
    try {
      import(c.base, c.change);
      ADD_FAILURE() << c.change << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_input);
      EXPECT_THAT(error.what(), testing::HasSubstr(c.expected)) << c.change;
      EXPECT_LT(std::string(error.what()).size(), 400u) << c.change;
    }
  }
}

TEST(Import, HostileValuesAreRefusedWithTheirKey) {
  const char* const values[] = {"0",
                                "-1",
                                "-9223372036854775808",
                                "9223372036854775807",
                                "18446744073709551615",
                                "1e300",
                                "1.5",
                                "\"768\"",
                                "true",
                                "[]",
                                "{}",
                                "null",
                                "\"ABSENT\""};
  const std::pair<const char*, std::vector<const char*>> files[] = {
      {kBert,
       {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
        "max_position_embeddings"}},
      {kGpt2, {"vocab_size", "n_embd", "n_layer", "n_head", "n_positions"}},
      {kLlama,
       {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
        "max_position_embeddings"}}};
  for (const auto& [base, keys] : files)
    for (const char* key : keys)
      for (const char* value : values) {
        const std::string change = "{\"" + std::string(key) + "\": " + value + "}";
        try {
          import(base, change);
          ADD_FAILURE() << change << " was accepted";
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ExitCode::bad_input) << change;
          EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr(key), testing::HasSubstr("some.json"))) << change;
        }
      }
}

TEST(Import, OptionalKeysOfAWrongTypeOrRangeAreRefused) {
  const Hostile cases[] = {{kBert, R"({"hidden_dropout_prob": 1.0})", "hidden_dropout_prob"},
                           {kBert, R"({"hidden_dropout_prob": -0.1})", "hidden_dropout_prob"},
                           {kBert, R"({"hidden_dropout_prob": "0.1"})", "hidden_dropout_prob"},
                           {kBert, R"({"type_vocab_size": -2})", "type_vocab_size"},
                           {kBert, R"({"pad_token_id": 100})", "pad_token_id"},
                           {kBert, R"({"layer_norm_eps": 0})", "layer_norm_eps"},
                           {kBert, R"({"hidden_act": 3})", "hidden_act"},
                           {kBert, R"({"tie_word_embeddings": "yes"})", "tie_word_embeddings"},
                           {kBert, R"({"is_decoder": 0})", "is_decoder"},
                           {kGpt2, R"({"n_inner": 0})", "n_inner"},
                           {kGpt2, R"({"n_inner": 1e9})", "n_inner"},
                           {kLlama, R"({"num_key_value_heads": 0})", "num_key_value_heads"},
                           {kLlama, R"({"num_key_value_heads": 3})", "num_key_value_heads"},
                           {kLlama, R"({"num_key_value_heads": 8})", "num_key_value_heads"},
                           {kLlama, R"({"head_dim": 0})", "head_dim"},
                           {kLlama, R"({"rope_theta": 0})", "rope_theta"},
                           {kLlama, R"({"rope_theta": -1})", "rope_theta"},
                           {kLlama, R"({"rms_norm_eps": "x"})", "rms_norm_eps"}};
  for (const Hostile& c : cases) {
    try {
      import(c.base, c.change);
      ADD_FAILURE() << c.change << " was accepted";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr(c.expected)) << c.change;
    }
  }
}

void expect_refused(const std::string& base, const std::string& change, const std::string& expected) {
  try {
    import(base, change);
    ADD_FAILURE() << change << " was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
    EXPECT_THAT(error.what(), testing::HasSubstr(expected)) << change;
  }
}

TEST(Import, HeadsThatDoNotDivideTheWidthAreRefused) {
  expect_refused(kBert, R"({"num_attention_heads": 5})",
                 "'hidden_size' (24) is not a multiple of 'num_attention_heads' (5)");
  expect_refused(kGpt2, R"({"n_head": 7})", "'n_embd' (24) is not a multiple of 'n_head' (7)");
  expect_refused(kLlama, R"({"head_dim": 5})", "even");
}

TEST(Import, AModelOfMoreThanTheLargestCountIsRefused) {
  expect_refused(
      kLlama,
      R"({"hidden_size": 1048576, "num_attention_heads": 64, "intermediate_size": 16777216, "num_hidden_layers": 16384})",
      "parameters");
}

TEST(Import, OtherJsonThanAnObjectIsRefused) {
  for (const char* text : {"[]", "7", "null", "\"bert\"", "{}", "{\"model_type\": 7}", "{\"model_type\": null}"})
    EXPECT_THROW(import_hugging_face(parse_json(text, "x"), "x"), Error) << text;
}

TEST(LoadModel, UnknownNameSuggestsTheNearestPreset) {
  try {
    load_model("bert-bsae");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("did you mean 'bert-base'"));
  }
}

TEST(LoadModel, MissingAndMalformedFilesAreRefused) {
  EXPECT_THROW(load_model("/nonexistent/config.json"), Error);
  EXPECT_THROW(load_model(HEADROOM_SOURCE_DIR "/tests/models/import_test.cpp"), Error);
  EXPECT_THROW(load_model(""), Error);
  EXPECT_THROW(load_model("/dev/zero"), Error);
}

TEST(LoadModel, DeepBracketsAreRefused) {
  const std::string path = testing::TempDir() + "/brackets.json";
  std::ofstream(path) << std::string(3'000'000, '[');
  EXPECT_THROW(load_model(path), Error);
}

TEST(Config, PresetsAreValidAndWriteTheirJson) {
  for (const Preset& preset : presets()) {
    EXPECT_NO_THROW(validate_config(preset.config, "preset"));
    EXPECT_EQ(to_json(preset.config).at("name"), std::string(preset.name));
    EXPECT_EQ(preset.config.name, preset.name);
  }
}

}  // namespace
}  // namespace headroom::models
