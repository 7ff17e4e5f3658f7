// The first Transformer, BART, T5 and ByT5.
#include "models/catalog/presets/families.h"

namespace headroom::models {
namespace {

ModelConfig transformer_base() {
  ModelConfig config;
  config.architecture = Architecture::encoder_decoder;
  config.vocab_size = 37000;
  config.max_positions = 1024;
  set_width(config, 512, 8, 2048);
  config.encoder_layer_count = config.decoder_layer_count = 6;
  config.norm_eps = 1e-5;
  config.activation = Activation::relu;
  config.positions = Positions::sinusoidal;
  config.attention_bias = false;
  config.head = Head::lm;
  set_dropout(config, 0.1);
  return config;
}

ModelConfig t5(std::int64_t encoder_layers, std::int64_t decoder_layers, std::int64_t d_model, std::int64_t heads,
               std::int64_t head_dim, std::int64_t d_ff) {
  ModelConfig config;
  config.architecture = Architecture::encoder_decoder;
  config.vocab_size = 32128;
  config.max_positions = 512;
  set_width(config, d_model, heads, d_ff);
  config.head_dim = head_dim;
  config.encoder_layer_count = encoder_layers;
  config.decoder_layer_count = decoder_layers;
  config.norm = NormKind::rms_norm;
  config.norm_placement = NormPlacement::pre;
  config.final_norm = true;
  config.norm_eps = 1e-6;
  config.activation = Activation::relu;
  config.positions = Positions::t5;
  config.attention_bias = config.ffn_bias = config.attention_scaled = false;
  config.softmax_fp32 = config.scaled_head = true;
  config.head = Head::lm;
  set_dropout(config, 0.1);
  config.dropout_inside_ffn = config.dropout_after_stack = true;
  return config;
}

ModelConfig t5_v11(std::int64_t encoder_layers, std::int64_t decoder_layers, std::int64_t d_model, std::int64_t heads,
                   std::int64_t d_ff) {
  ModelConfig config = t5(encoder_layers, decoder_layers, d_model, heads, 64, d_ff);
  config.activation = Activation::geglu;
  config.tied_embeddings = config.scaled_head = false;
  return config;
}

ModelConfig byt5(std::int64_t encoder_layers, std::int64_t decoder_layers, std::int64_t d_model, std::int64_t heads,
                 std::int64_t d_ff) {
  ModelConfig config = t5_v11(encoder_layers, decoder_layers, d_model, heads, d_ff);
  config.vocab_size = 384;
  config.max_positions = 1024;
  return config;
}

ModelConfig bart(std::int64_t layers, std::int64_t d_model, std::int64_t heads) {
  ModelConfig config;
  config.architecture = Architecture::encoder_decoder;
  config.vocab_size = 50265;
  config.max_positions = 1024;
  config.position_offset = 2;
  config.position_ids = PositionIds::sequence;
  set_width(config, d_model, heads, 4 * d_model);
  config.encoder_layer_count = config.decoder_layer_count = layers;
  config.embedding_norm = true;
  config.norm_eps = 1e-5;
  config.head = Head::lm;
  config.logits_bias = true;
  config.padding_id = 1;
  set_dropout(config, 0.1);
  config.dropout_inside_ffn = true;
  return config;
}

constexpr const char* kT5 = "Raffel et al. 2019, arXiv 1910.10683";
constexpr const char* kT511 = "Raffel et al. 2019, arXiv 1910.10683; Shazeer 2020, arXiv 2002.05202";
constexpr const char* kByt5 = "Xue et al. 2021, arXiv 2105.13626, table 1";
constexpr const char* kBart = "Lewis et al. 2019, arXiv 1910.13461";
constexpr const char* kTransformer = "Vaswani et al. 2017, arXiv 1706.03762, table 3";

}  // namespace

void add_encoder_decoders(std::vector<Preset>& table) {
  add(table, "transformer-base", "Transformer base, WMT English-German", transformer_base(), kTransformer);
  add(table, "bart-base", "BART-base", bart(6, 768, 12), kBart);
  add(table, "bart-large", "BART-large", bart(12, 1024, 16), kBart);
  add(table, "t5-small", "T5-small", t5(6, 6, 512, 8, 64, 2048), kT5);
  add(table, "t5-base", "T5-base", t5(12, 12, 768, 12, 64, 3072), kT5);
  add(table, "t5-large", "T5-large", t5(24, 24, 1024, 16, 64, 4096), kT5);
  add(table, "t5-3b", "T5-3B", t5(24, 24, 1024, 32, 128, 16384), kT5);
  add(table, "t5-11b", "T5-11B", t5(24, 24, 1024, 128, 128, 65536), kT5);
  add(table, "t5-v1.1-small", "T5 v1.1 small", t5_v11(8, 8, 512, 6, 1024), kT511);
  add(table, "t5-v1.1-base", "T5 v1.1 base", t5_v11(12, 12, 768, 12, 2048), kT511);
  add(table, "t5-v1.1-large", "T5 v1.1 large", t5_v11(24, 24, 1024, 16, 2816), kT511);
  add(table, "t5-v1.1-xl", "T5 v1.1 XL", t5_v11(24, 24, 2048, 32, 5120), kT511);
  add(table, "t5-v1.1-xxl", "T5 v1.1 XXL", t5_v11(24, 24, 4096, 64, 10240), kT511);
  add(table, "byt5-small", "ByT5-small", byt5(12, 4, 1472, 6, 3584), kByt5);
  add(table, "byt5-base", "ByT5-base", byt5(18, 6, 1536, 12, 3968), kByt5);
  add(table, "byt5-large", "ByT5-large", byt5(36, 12, 1536, 16, 3840), kByt5);
  add(table, "byt5-xl", "ByT5-XL", byt5(36, 12, 2560, 32, 6720), kByt5);
  add(table, "byt5-xxl", "ByT5-XXL", byt5(36, 12, 4672, 64, 12352), kByt5);
}

}  // namespace headroom::models
