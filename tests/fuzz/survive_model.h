// What must hold for a model that an import lets through: every closed form is a number from 0 or a refusal, whatever
// the sizes, and the file that is written of it is read as it is.
#pragma once

#include <string>

#include "models/catalog/attention.h"
#include "models/catalog/cache.h"
#include "models/catalog/compression.h"
#include "models/catalog/derived.h"
#include "models/catalog/experts.h"
#include "tests/fuzz/survive.h"

namespace headroom::fuzz {

struct Batch {
  std::int64_t batch, seq;
};
inline constexpr Batch kBatches[] = {{1, 1},          {3, 7},         {8, 128}, {1, 65536}, {1 << 15, 1 << 15},
                                     {1, 2147483647}, {2147483647, 1}};

inline void survive_formula(models::Formula (*form)(const models::AttentionShape&),
                            const models::AttentionShape& shape) {
  if (!form) return;
  is_taken([&] { require(form(shape).value >= 0); });
}

inline void survive_sublayer(const models::ModelConfig& model, const Batch& size) {
  models::AttentionShape shape = models::attention_shape(model);
  shape.batch = size.batch;
  shape.query_len = shape.key_len = size.seq;
  const auto& mechanism = models::attention_mechanism(models::mechanism_name(model.attention));
  for (const bool dropout : {false, true}) {
    shape.dropout = dropout;
    survive_formula(mechanism.saved_bytes, shape);
  }
  for (const auto form : {mechanism.parameter_count, mechanism.kv_cache_bytes_per_token, mechanism.state_bytes,
                          mechanism.once_per_model_count})
    survive_formula(form, shape);
}

inline void survive_counts(const models::ModelConfig& model) {
  is_taken([&] { require(models::parameter_count(model) >= 0); });
  is_taken([&] { require(models::attention_parameter_count(model) >= 0); });
  is_taken([&] { require(models::kv_cache_bytes_per_token(model, 4) >= 0); });
  is_taken([&] { (void)models::stored_difference(model, 4, true); });
  is_taken([&] { (void)models::compression_text(model); });
  for (const Batch& size : kBatches) {
    if (!is_taken([&] { models::validate_shape(model, size.batch, size.seq); })) continue;
    survive_sublayer(model, size);
    is_taken(
        [&] { (void)models::saved_by_compression(model, models::WeightPlace::ffn, size.batch * size.seq, 4, true); });
    if (model.experts.count == 0) continue;
    is_taken([&] { require(models::expert_saved_bytes(model, size.batch, size.seq, 4).value >= 0); });
    is_taken([&] { (void)models::expert_assumption(model, size.batch * size.seq); });
  }
}

inline void survive_cache(const models::ModelConfig& model) {
  for (const Batch& size : kBatches) {
    models::CacheSize cache{.layout = models::CacheLayout::paged,
                            .batch = size.batch,
                            .beams = 4,
                            .prompt = size.seq,
                            .tokens = size.seq,
                            .room = size.seq,
                            .source = size.seq};
    cache.page = 1 << 20;
    if (!is_taken([&] {
          models::validate_shape(model, size.batch, size.seq);
          models::require_generation(model, cache, size.seq, 1);
        }))
      continue;
    const models::AttentionShape shape = models::attention_shape(model);
    is_taken([&] { require(models::cache_bytes_per_token(model, shape, cache).value >= 0); });
    is_taken([&] { require(models::cache_bytes(model, shape, cache).value >= 0); });
  }
}

inline void survive_import(const models::ModelConfig& model) {
  survive_counts(model);
  survive_cache(model);
  is_taken([&] {
    models::ModelConfig again = models::import_hugging_face(models::hugging_face_config(model), "again");
    again.name = model.name;
    require(again == model);
  });
  for (const std::int64_t layers : {std::int64_t{1}, models::kMostLayers})
    is_taken([&] { survive_counts(models::with_layer_count(model, layers)); });
  for (const auto keep : {models::HeadsKeep::head_size, models::HeadsKeep::width})
    is_taken([&] {
      for (const std::int64_t heads : {std::int64_t{1}, models::head_counts(model, keep).back()})
        is_taken([&] { survive_counts(models::with_head_count(model, heads, keep)); });
    });
}

inline void survive_mechanism(const models::ModelConfig& model, const std::string& attention,
                              const std::string& positions, const std::string& compression) {
  is_taken([&] {
    const auto changed = models::with_attention_and_positions(model, attention, positions);
    survive_counts(models::with_compression(changed, compression, true));
    survive_cache(changed);
  });
}

}  // namespace headroom::fuzz
