// Decoders with rotary positions: Llama, Mistral and PaLM.
#include "models/catalog/presets/families.h"

namespace headroom::models {

ModelConfig llama(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t d_ff, double norm_eps) {
  ModelConfig config;
  config.architecture = Architecture::decoder_only;
  config.vocab_size = 32000;
  config.max_positions = 2048;
  set_width(config, d_model, heads, d_ff);
  config.decoder_layer_count = layers;
  config.norm = NormKind::rms_norm;
  config.norm_placement = NormPlacement::pre;
  config.final_norm = true;
  config.norm_eps = norm_eps;
  config.activation = Activation::swiglu;
  config.positions = Positions::rope;
  config.attention_bias = config.ffn_bias = false;
  config.tied_embeddings = false;
  config.softmax_fp32 = true;
  config.head = Head::lm;
  return config;
}

namespace {

ModelConfig llama2(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t d_ff) {
  ModelConfig config = llama(layers, d_model, heads, d_ff, 1e-5);
  config.max_positions = 4096;
  return config;
}

ModelConfig llama2_70b() {
  ModelConfig config = llama2(80, 8192, 64, 28672);
  set_groups(config, 8);
  return config;
}

ModelConfig llama3(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t d_ff) {
  ModelConfig config = llama(layers, d_model, heads, d_ff, 1e-5);
  config.vocab_size = 128256;
  config.max_positions = 8192;
  config.rope_theta = 500000.0;
  set_groups(config, 8);
  return config;
}

ModelConfig llama31(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t d_ff) {
  ModelConfig config = llama3(layers, d_model, heads, d_ff);
  config.max_positions = 131072;
  config.rope_scaling = {8.0, 1.0, 4.0, 8192};
  return config;
}

ModelConfig mistral_7b() {
  ModelConfig config = llama(32, 4096, 32, 14336, 1e-5);
  config.max_positions = 32768;
  config.sliding_window = 4096;
  set_groups(config, 8);
  return config;
}

ModelConfig palm(std::int64_t layers, std::int64_t d_model, std::int64_t heads) {
  ModelConfig config = llama(layers, d_model, heads, 4 * d_model);
  config.vocab_size = 256000;
  config.head_dim = 256;
  set_groups(config, 1);
  config.norm = NormKind::layer_norm;
  config.norm_bias = false;
  config.parallel_block = true;
  config.tied_embeddings = true;
  config.softmax_fp32 = false;
  return config;
}

constexpr const char* kLlama = "Touvron et al. 2023, arXiv 2302.13971";
constexpr const char* kLlama2 = "Touvron et al. 2023, arXiv 2307.09288";
constexpr const char* kLlama3 = "Grattafiori et al. 2024, arXiv 2407.21783";
constexpr const char* kMistral = "Jiang et al. 2023, arXiv 2310.06825";
constexpr const char* kPalm = "Chowdhery et al. 2022, arXiv 2204.02311, table 1";

}  // namespace

void add_llama(std::vector<Preset>& table) {
  add(table, "llama-7b", "LLaMA 7B", llama(32, 4096, 32, 11008), kLlama);
  add(table, "llama-13b", "LLaMA 13B", llama(40, 5120, 40, 13824), kLlama);
  add(table, "llama-33b", "LLaMA 33B", llama(60, 6656, 52, 17920), kLlama);
  add(table, "llama-65b", "LLaMA 65B", llama(80, 8192, 64, 22016), kLlama);
  add(table, "llama2-7b", "Llama 2 7B", llama2(32, 4096, 32, 11008), kLlama2);
  add(table, "llama2-13b", "Llama 2 13B", llama2(40, 5120, 40, 13824), kLlama2);
  add(table, "llama2-70b", "Llama 2 70B", llama2_70b(), kLlama2);
  add(table, "llama3-8b", "Llama 3 8B", llama3(32, 4096, 32, 14336), kLlama3);
  add(table, "llama3-70b", "Llama 3 70B", llama3(80, 8192, 64, 28672), kLlama3);
  add(table, "llama3.1-8b", "Llama 3.1 8B", llama31(32, 4096, 32, 14336), kLlama3);
  add(table, "llama3.1-70b", "Llama 3.1 70B", llama31(80, 8192, 64, 28672), kLlama3);
  add(table, "llama3.1-405b", "Llama 3.1 405B", llama31(126, 16384, 128, 53248), kLlama3);
  add(table, "mistral-7b", "Mistral 7B, sequences up to its attention window of 4,096", mistral_7b(), kMistral);
}

void add_palm(std::vector<Preset>& table) {
  add(table, "palm-8b", "PaLM 8B", palm(32, 4096, 16), kPalm);
  add(table, "palm-62b", "PaLM 62B", palm(64, 8192, 32), kPalm);
  add(table, "palm-540b", "PaLM 540B", palm(118, 18432, 48), kPalm);
}

}  // namespace headroom::models
