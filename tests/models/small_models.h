// Models small enough to run in a test, of the same make as the presets.
#pragma once

#include <string>

#include "models/catalog/attention.h"
#include "models/catalog/config.h"

namespace headroom::models {

// `preset` with its widths cut down: 2 layers a side, width 12, 3 heads (4 where positions are rotary, in 2 groups
// under gqa), embeddings of 8 where they differ from the width.
inline ModelConfig small_model(const std::string& preset, const std::string& attention = "mha") {
  ModelConfig config = load_model(preset);
  const bool rope = is_rotary(config.positions);
  config.vocab_size = 19;
  config.max_positions = 16;
  config.head_count = config.kv_head_count = rope ? 4 : 3;
  config.head_dim = 4;
  config.d_model = config.head_count * config.head_dim;
  config.d_ff = 20;
  if (config.positions == Positions::axial) config.axial = {{4, 4}, {4, config.d_model - 4}};
  if (config.embedding_size > 0) config.embedding_size = 8;
  if (config.encoder_layer_count > 0) config.encoder_layer_count = 2;
  if (config.decoder_layer_count > 0) config.decoder_layer_count = 2;
  config.kv_head_count = attention == "gqa" && rope ? 2 : config.head_count;
  return with_attention(config, attention);
}

inline ModelConfig without_dropout(ModelConfig config) {
  config.embedding_dropout = config.attention_dropout = config.residual_dropout = 0;
  return config;
}

}  // namespace headroom::models
