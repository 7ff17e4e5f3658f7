// Models of other sizes, and the config.json that says what they are.
#include "models/catalog/derived.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace headroom::models {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string refusal(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Derived, AConfigJsonSaysWhatThePresetIs) {
  int described = 0;
  for (const Preset& preset : presets()) {
    Json json;
    if (!refusal([&] { json = hugging_face_config(preset.config); }).empty()) continue;
    EXPECT_EQ(import_hugging_face(json, "again"), preset.config) << preset.name;
    ++described;
  }
  EXPECT_GE(described, 60) << "of " << presets().size();
}

TEST(Derived, KnownFamiliesAreDescribed) {
  for (const char* name :
       {"llama-7b", "llama3.1-8b", "mistral-7b", "mixtral-8x7b", "gpt2", "opt-125m", "opt-350m", "bert-base",
        "roberta-base", "distilbert", "electra-small", "albert-base", "t5-base", "t5-v1.1-base", "bart-base"})
    EXPECT_EQ(refusal([&] { hugging_face_config(load_model(name)); }), "") << name;
}

TEST(Derived, WhatNoFileCanSayIsRefused) {
  EXPECT_THAT(refusal([] { hugging_face_config(load_model("gopher-44m")); }), HasSubstr("no config.json can say"));
}

TEST(Derived, LayersAloneChange) {
  ModelConfig expected = load_model("t5-base");
  const ModelConfig more = with_layer_count(expected, 40);
  expected.encoder_layer_count = expected.decoder_layer_count = 40;
  EXPECT_EQ(more, expected);
  EXPECT_THAT(refusal([] { with_layer_count(load_model("byt5-small"), 5); }), HasSubstr("stacks differ"));
  EXPECT_THAT(refusal([] { with_layer_count(load_model("deepseek-v2"), 5); }), HasSubstr("differ from each other"));
}

TEST(Derived, MoreHeadsOfOneSizeMakeTheModelWider) {
  const ModelConfig llama = with_head_count(load_model("llama-7b"), 48, HeadsKeep::head_size);
  EXPECT_EQ(llama.head_count, 48);
  EXPECT_EQ(llama.kv_head_count, 48);
  EXPECT_EQ(llama.head_dim, 128);
  EXPECT_EQ(llama.d_model, 48 * 128);
  EXPECT_EQ(llama.d_ff, 11008 / 32 * 48);
  const ModelConfig grouped = with_head_count(load_model("llama3-8b"), 40, HeadsKeep::head_size);
  EXPECT_EQ(grouped.kv_head_count, 10);
  EXPECT_THAT(refusal([] { with_head_count(load_model("llama3-8b"), 33, HeadsKeep::head_size); }),
              HasSubstr("multiples of 4 do not"));
}

TEST(Derived, MoreHeadsOfOneWidthAreSmaller) {
  const ModelConfig bert = with_head_count(load_model("bert-base"), 24, HeadsKeep::width);
  EXPECT_EQ(bert.head_dim, 32);
  EXPECT_EQ(bert.d_model, 768);
  EXPECT_EQ(bert.d_ff, 3072);
}

TEST(Derived, HeadsThatAreTriedAreThoseThatAreDefined) {
  EXPECT_THAT(head_counts(load_model("bert-tiny"), HeadsKeep::width), ElementsAre(1, 2, 4, 8, 16, 32, 64, 128));
  const auto grouped = head_counts(load_model("llama3-8b"), HeadsKeep::head_size);
  EXPECT_EQ(grouped.front(), 8) << "of four heads all would share one key";
  EXPECT_EQ(grouped.at(1), 12);
  for (const std::int64_t heads : head_counts(load_model("llama3-8b"), HeadsKeep::width))
    EXPECT_EQ(refusal([&] { hugging_face_config(with_head_count(load_model("llama3-8b"), heads, HeadsKeep::width)); }),
              "")
        << heads;
}

}  // namespace
}  // namespace headroom::models
