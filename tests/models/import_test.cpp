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

constexpr const char* kAlbert = R"({"model_type": "albert", "vocab_size": 100, "hidden_size": 24,
  "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48, "max_position_embeddings": 32})";
constexpr const char* kT5 = R"({"model_type": "t5", "vocab_size": 100, "d_model": 24, "d_kv": 5, "num_layers": 2,
  "num_heads": 4, "d_ff": 48})";
constexpr const char* kBart = R"({"model_type": "bart", "vocab_size": 100, "d_model": 24, "encoder_layers": 2,
  "decoder_layers": 3, "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 48,
  "decoder_ffn_dim": 48, "max_position_embeddings": 32})";

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
  EXPECT_EQ(import(kAlbert).residual_dropout, 0.0);
  EXPECT_EQ(import(kAlbert).activation, Activation::gelu_new);
  EXPECT_TRUE(import(kAlbert).shared_layers);
  EXPECT_EQ(import(kT5).decoder_layer_count, 2);
  EXPECT_EQ(import(kT5).activation, Activation::relu);
  EXPECT_TRUE(import(kT5).scaled_head);
  EXPECT_EQ(import(kBart).decoder_layer_count, 3);
  EXPECT_FALSE(import(kBart).dropout_inside_ffn);
}

// The keys that matter of the files published with the weights.
TEST(Import, PublishedFilesEqualTheirPresets) {
  const std::pair<const char*, const char*> files[] = {
      {"roberta-base", R"({"model_type": "roberta", "architectures": ["RobertaForMaskedLM"], "vocab_size": 50265,
        "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
        "max_position_embeddings": 514, "type_vocab_size": 1, "layer_norm_eps": 1e-05, "pad_token_id": 1})"},
      {"distilbert", R"({"model_type": "distilbert", "architectures": ["DistilBertForMaskedLM"], "vocab_size": 30522,
        "dim": 768, "n_layers": 6, "n_heads": 12, "hidden_dim": 3072, "max_position_embeddings": 512,
        "activation": "gelu", "attention_dropout": 0.1, "dropout": 0.1, "sinusoidal_pos_embds": false})"},
      {"electra-small", R"({"model_type": "electra", "architectures": ["ElectraForPreTraining"], "vocab_size": 30522,
        "embedding_size": 128, "hidden_size": 256, "num_hidden_layers": 12, "num_attention_heads": 4,
        "intermediate_size": 1024, "max_position_embeddings": 512, "type_vocab_size": 2})"},
      {"albert-base", R"({"model_type": "albert", "architectures": ["AlbertForMaskedLM"], "vocab_size": 30000,
        "embedding_size": 128, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "intermediate_size": 3072, "max_position_embeddings": 512, "hidden_act": "gelu_new", "num_hidden_groups": 1,
        "inner_group_num": 1, "attention_probs_dropout_prob": 0, "hidden_dropout_prob": 0, "layer_norm_eps": 1e-12})"},
      {"opt-350m", R"({"model_type": "opt", "architectures": ["OPTForCausalLM"], "vocab_size": 50272,
        "hidden_size": 1024, "word_embed_proj_dim": 512, "num_hidden_layers": 24, "num_attention_heads": 16,
        "ffn_dim": 4096, "max_position_embeddings": 2048, "do_layer_norm_before": false, "layerdrop": 0.0,
        "dropout": 0.1, "attention_dropout": 0.0, "activation_function": "relu"})"},
      {"bart-base", R"({"model_type": "bart", "architectures": ["BartForConditionalGeneration"], "vocab_size": 50265,
        "d_model": 768, "encoder_layers": 6, "decoder_layers": 6, "encoder_attention_heads": 12,
        "decoder_attention_heads": 12, "encoder_ffn_dim": 3072, "decoder_ffn_dim": 3072,
        "max_position_embeddings": 1024, "dropout": 0.1, "attention_dropout": 0.1, "activation_dropout": 0.1,
        "activation_function": "gelu", "normalize_before": false, "normalize_embedding": true,
        "scale_embedding": false})"},
      {"t5-small", R"({"model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "vocab_size": 32128,
        "d_model": 512, "d_kv": 64, "d_ff": 2048, "num_layers": 6, "num_heads": 8, "n_positions": 512,
        "relative_attention_num_buckets": 32, "dropout_rate": 0.1, "layer_norm_epsilon": 1e-06})"},
      {"byt5-small", R"({"model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "vocab_size": 384,
        "d_model": 1472, "d_kv": 64, "d_ff": 3584, "num_layers": 12, "num_decoder_layers": 4, "num_heads": 6,
        "n_positions": 1024, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": false})"},
      {"llama3.1-8b", R"({"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 128256,
        "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
        "intermediate_size": 14336, "max_position_embeddings": 131072, "rms_norm_eps": 1e-05, "rope_theta": 500000.0,
        "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 8192, "rope_type": "llama3"}})"},
      {"mistral-7b", R"({"model_type": "mistral", "architectures": ["MistralForCausalLM"], "vocab_size": 32000,
        "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
        "intermediate_size": 14336, "max_position_embeddings": 32768, "rms_norm_eps": 1e-05,
        "sliding_window": 4096})"}};
  for (const auto& [preset, file] : files) {
    ModelConfig config = import(file);
    config.name = preset;
    EXPECT_EQ(to_json(config).dump(), to_json(load_model(preset)).dump());
    EXPECT_EQ(config, load_model(preset));
  }
}

constexpr const char* kFnet = R"({"model_type": "fnet", "vocab_size": 32000, "hidden_size": 768,
  "num_hidden_layers": 12, "intermediate_size": 3072, "max_position_embeddings": 512, "type_vocab_size": 4,
  "pad_token_id": 3})";
constexpr const char* kLongformer = R"({"model_type": "longformer", "vocab_size": 50265, "hidden_size": 768,
  "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072, "max_position_embeddings": 4098,
  "type_vocab_size": 1, "layer_norm_eps": 1e-05, "attention_window": [512, 512, 512]})";
constexpr const char* kBigBird = R"({"model_type": "big_bird", "vocab_size": 50358, "hidden_size": 768,
  "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072, "max_position_embeddings": 4096})";
constexpr const char* kMobileBert = R"({"model_type": "mobilebert", "vocab_size": 30522, "hidden_size": 512,
  "num_hidden_layers": 24, "num_attention_heads": 4, "intermediate_size": 512, "max_position_embeddings": 512})";
constexpr const char* kCanine = R"({"model_type": "canine", "hidden_size": 768, "num_hidden_layers": 12,
  "num_attention_heads": 12, "intermediate_size": 3072})";
constexpr const char* kEdgeBert = R"({"model_type": "edgebert", "vocab_size": 30000, "hidden_size": 768,
  "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072, "max_position_embeddings": 512})";

TEST(Import, EncodersOfUnusualMakeEqualTheirPresets) {
  for (const auto& [preset, file] : {std::pair{"fnet-base", kFnet},
                                     {"longformer-base", kLongformer},
                                     {"bigbird-base", kBigBird},
                                     {"mobilebert", kMobileBert},
                                     {"canine-s", kCanine},
                                     {"edgebert", kEdgeBert}}) {
    ModelConfig config = import(file);
    config.name = preset;
    EXPECT_EQ(to_json(config), to_json(load_model(preset)));
    EXPECT_EQ(config, load_model(preset)) << preset;
  }
  EXPECT_EQ(import(kEdgeBert, R"({"exit_layer": 6, "num_labels": 3})").exit_layer, 6);
  EXPECT_EQ(import(kBigBird, R"({"attention_type": "original_full"})").attention, "mha");
  EXPECT_EQ(import(kLongformer, R"({"attention_window": 64})").attention_options.at("window"), 64);
  EXPECT_EQ(parameter_count(import(kCanine, R"({"architectures": ["CanineModel"]})")), 132082944);
  EXPECT_EQ(parameter_count(import(kMobileBert, R"({"architectures": ["MobileBertModel"]})")), 24844544);
  EXPECT_EQ(parameter_count(import(kFnet, R"({"architectures": ["FNetModel"]})")), 82861056);
}

TEST(Import, EncodersOfUnusualMakeRefuseWhatTheyDoNotBuild) {
  const auto refused = [](const char* file, const char* change, const char* reason) {
    try {
      import(file, change);
      ADD_FAILURE() << change;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_input);
      EXPECT_THAT(error.what(), testing::HasSubstr(reason)) << change;
    }
  };
  refused(kFnet, R"({"use_tpu_fourier_optimizations": true})", "'use_tpu_fourier_optimizations' is true");
  refused(kLongformer, R"({"attention_window": [512, 256]})", "one size for all layers");
  refused(kLongformer, R"({"attention_window": 63})", "even: half of it");
  refused(kLongformer, R"({"attention_window": [9e99]})", "sizes from 2 to 16777216");
  refused(kLongformer, R"({"attention_window": []})", "one size for all layers");
  refused(kBigBird, R"({"attention_type": "other"})", "block_sparse or original_full");
  refused(kBigBird, R"({"rescale_embeddings": true})", "'rescale_embeddings' is true");
  refused(kMobileBert, R"({"use_bottleneck_attention": true})", "nothing reads the second bottleneck");
  refused(kMobileBert, R"({"key_query_shared_bottleneck": false})", "as wide as the bottleneck");
  refused(kMobileBert, R"({"use_bottleneck": false})", "'use_bottleneck' is false");
  refused(kMobileBert, R"({"normalization_type": "layer_norm"})", "'normalization_type' is");
  refused(kMobileBert, R"({"intra_bottleneck_size": 126})", "a multiple of 'num_attention_heads'");
  refused(kCanine, R"({"num_hash_buckets": 8})", "the number of 'num_hash_buckets'");
  refused(kCanine, R"({"num_hash_functions": 17})", "'num_hash_functions' is 17");
  refused(kCanine, R"({"num_hash_functions": 7})", "hash functions that divide the width");
  refused(kEdgeBert, R"({"exit_layer": 13})", "'exit_layer' is 13");
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
  EXPECT_EQ(import(kT5, R"({"num_decoder_layers": 5})").decoder_layer_count, 5);
  EXPECT_EQ(import(kT5, R"({"feed_forward_proj": "gated-gelu"})").activation, Activation::geglu);
  EXPECT_EQ(import(kT5, R"({"feed_forward_proj": "gated-silu"})").activation, Activation::swiglu);
  EXPECT_FALSE(import(kT5, R"({"tie_word_embeddings": false})").scaled_head);
  EXPECT_TRUE(import(kBart, R"({"activation_dropout": 0.1})").dropout_inside_ffn);
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
      {kAlbert, R"({"num_hidden_groups": 2})", "num_hidden_groups"},
      {kAlbert, R"({"inner_group_num": 2})", "inner_group_num"},
      {kAlbert, R"({"embedding_size": 24})", "embedding_size"},
      {kT5, R"({"feed_forward_proj": "gated-relu"})", "feed_forward_proj"},
      {kT5, R"({"is_encoder_decoder": false})", "is_encoder_decoder"},
      {kT5, R"({"architectures": ["T5EncoderModel"]})", "architectures"},
      {kBart, R"({"scale_embedding": true})", "scale_embedding"},
      {kBart, R"({"normalize_before": true})", "normalize_before"},
      {kBart, R"({"activation_dropout": 0.2})", "activation_dropout"},
      {kBart, R"({"decoder_ffn_dim": 24})", "decoder_ffn_dim"},
      {kBart, R"({"decoder_attention_heads": 2})", "decoder_attention_heads"},
      {kBart, R"({"encoder_layerdrop": 0.1})", "encoder_layerdrop"},
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
        "max_position_embeddings"}},
      {kDistilBert, {"vocab_size", "dim", "n_layers", "n_heads", "hidden_dim", "max_position_embeddings"}},
      {kOpt, {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "ffn_dim"}},
      {kT5, {"vocab_size", "d_model", "d_kv", "num_layers", "num_heads", "d_ff"}},
      {kBart, {"vocab_size", "d_model", "encoder_layers", "decoder_layers", "encoder_ffn_dim", "decoder_ffn_dim"}}};
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
