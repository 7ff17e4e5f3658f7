// Decoders with rotary positions, and how these are scaled.
#include <cmath>

#include "models/catalog/import/families.h"

namespace headroom::models::hugging_face {

double yarn_temperature(double factor, double weight) {
  return factor <= 1 ? 1.0 : 0.1 * weight * std::log(factor) + 1;
}

namespace {

RopeScaling yarn(const Source& source, const JsonReader& values) {
  if (!values.boolean_or("truncate", true)) values.fail("truncate", "true: dimensions are rounded to whole ones");
  RopeScaling scaling;
  scaling.kind = RopeScalingKind::yarn;
  if (!values.has("factor")) values.fail("factor", "a number from 1");
  scaling.factor = values.number_or("factor", 1.0, 1.0, 1e6);
  scaling.low_frequency_factor = values.number_or("beta_slow", 1.0, 1e-6, 1e6);
  scaling.high_frequency_factor = values.number_or("beta_fast", 32.0, 1e-6, 1e6);
  scaling.original_positions =
      values.integer_or("original_max_position_embeddings",
                        source->integer("max_position_embeddings", 1, kMaxPositions), 1, kMaxPositions);
  const double content = values.number_or("mscale", 0.0, 0.0, 1e6), all = values.number_or("mscale_all_dim", 0, 0, 1e6);
  const double ratio = content > 0 && all > 0
                           ? yarn_temperature(scaling.factor, content) / yarn_temperature(scaling.factor, all)
                           : yarn_temperature(scaling.factor, 1);
  scaling.table_factor = values.number_or("attention_factor", ratio, 1e-6, 1e6);
  return scaling;
}

// "default", Llama 3.1's "llama3" and "yarn"; the type's key is "rope_type", in older files "type".
RopeScaling rope_scaling(const Source& source, std::string_view key, const JsonReader& values) {
  const std::string type = values.string_or("rope_type", values.string_or("type", "default"));
  if (type == "default") return {};
  if (type == "yarn") return yarn(source, values);
  if (type != "llama3")
    source.refuse("'" + std::string(key) + "' asks for rope_type '" + type +
                  "', which is not built; only 'default', 'llama3' and 'yarn' are");
  RopeScaling scaling;
  scaling.factor = values.number_or("factor", 1.0, 1.0, 1e6);
  scaling.low_frequency_factor = values.number_or("low_freq_factor", 1.0, 1e-6, 1e6);
  scaling.high_frequency_factor = values.number_or("high_freq_factor", 4.0, 1e-6, 1e6);
  scaling.original_positions = values.integer("original_max_position_embeddings", 1, kMaxPositions);
  return scaling;
}

void set_rope(ModelConfig& config, const Source& source) {
  source.only("partial_rotary_factor", 1.0);
  config.positions = Positions::rope;
  config.rope_theta = source->number_or("rope_theta", 10000.0, 1.0, 1e12);
  for (const std::string_view key : {"rope_scaling", "rope_parameters"}) {
    if (!source->has(key)) continue;
    const JsonReader values(source->member(key), source.where() + ": '" + std::string(key) + "'");
    config.rope_theta = values.number_or("rope_theta", config.rope_theta, 1.0, 1e12);
    config.rope_scaling = rope_scaling(source, key, values);
  }
}

void set_groups(ModelConfig& config, const Source& source, std::int64_t fallback) {
  config.kv_head_count = source->integer_or("num_key_value_heads", fallback, 1, config.head_count);
  if (config.head_count % config.kv_head_count != 0)
    source.refuse("'num_attention_heads' (" + std::to_string(config.head_count) +
                  ") is not a multiple of 'num_key_value_heads' (" + std::to_string(config.kv_head_count) + ")");
  if (config.kv_head_count < config.head_count) config.attention = config.kv_head_count == 1 ? "mqa" : "gqa";
}

}  // namespace

ModelConfig decoder_with_rope(const Source& source, std::optional<std::int64_t> groups) {
  source.only("hidden_act", "silu");
  ModelConfig config;
  config.architecture = Architecture::decoder_only;
  config.vocab_size = source->integer("vocab_size", 1, kMaxVocab);
  config.max_positions = source->integer("max_position_embeddings", 1, kMaxPositions);
  set_heads(config, source, "hidden_size", "num_attention_heads");
  config.head_dim = source->integer_or("head_dim", config.head_dim, 1, kMaxHeads);
  set_groups(config, source, groups && source.absent("num_key_value_heads") ? *groups : config.head_count);
  config.d_ff = source->integer("intermediate_size", 1, kMaxFfn);
  config.decoder_layer_count = source->integer("num_hidden_layers", 1, kMaxLayers);
  config.norm = NormKind::rms_norm;
  config.norm_placement = NormPlacement::pre;
  config.final_norm = true;
  config.norm_eps = source->number_or("rms_norm_eps", 1e-6, 1e-30, 0.5);
  config.activation = Activation::swiglu;
  set_rope(config, source);
  config.attention_bias = config.ffn_bias = false;
  config.tied_embeddings = source->boolean_or("tie_word_embeddings", false);
  config.softmax_fp32 = true;
  config.attention_dropout = source.dropout("attention_dropout", 0.0);
  set_padding(config, source, -1);
  return config;
}

ModelConfig import_llama(const Source& source) {
  source.only("pretraining_tp", 1);
  source.none("sliding_window");
  ModelConfig config = decoder_with_rope(source, std::nullopt);
  config.attention_bias = source->boolean_or("attention_bias", false);
  config.ffn_bias = source->boolean_or("mlp_bias", false);
  config.head = source.head({{Head::lm, "LlamaForCausalLM"}});
  return config;
}

ModelConfig import_mistral(const Source& source) {
  ModelConfig config = decoder_with_rope(source, 8);
  config.sliding_window =
      source->integer_or("sliding_window", source.absent("sliding_window") ? 4096 : 0, 1, kMaxPositions);
  config.head = source.head({{Head::lm, "MistralForCausalLM"}});
  return config;
}

}  // namespace headroom::models::hugging_face
