// Sizes: Devlin et al. 2018 (arXiv 1810.04805), Radford et al. 2019 (GPT-2), Vaswani et al. 2017 (arXiv 1706.03762,
// table 3, WMT English-German), Touvron et al. 2023 (arXiv 2302.13971, table 2).
#include "models/catalog/config.h"

namespace headroom::models {
namespace {

void set_width(ModelConfig& config, std::int64_t d_model, std::int64_t head_count, std::int64_t d_ff) {
  config.d_model = d_model;
  config.head_count = config.kv_head_count = head_count;
  config.head_dim = d_model / head_count;
  config.d_ff = d_ff;
}

void set_dropout(ModelConfig& config, double rate) {
  config.embedding_dropout = config.attention_dropout = config.residual_dropout = rate;
}

ModelConfig bert(const char* name, std::int64_t layers, std::int64_t d_model, std::int64_t heads) {
  ModelConfig config;
  config.name = name;
  config.vocab_size = 30522;
  config.max_positions = 512;
  config.type_vocab_size = 2;
  set_width(config, d_model, heads, 4 * d_model);
  config.encoder_layer_count = layers;
  config.embedding_norm = true;
  config.padding_id = 0;
  set_dropout(config, 0.1);
  return config;
}

ModelConfig gpt2(const char* name, std::int64_t layers, std::int64_t d_model, std::int64_t heads) {
  ModelConfig config;
  config.name = name;
  config.architecture = Architecture::decoder_only;
  config.vocab_size = 50257;
  config.max_positions = 1024;
  set_width(config, d_model, heads, 4 * d_model);
  config.decoder_layer_count = layers;
  config.norm_placement = NormPlacement::pre;
  config.final_norm = true;
  config.norm_eps = 1e-5;
  config.activation = Activation::gelu_new;
  config.head = Head::lm;
  set_dropout(config, 0.1);
  return config;
}

ModelConfig transformer_base() {
  ModelConfig config;
  config.name = "transformer-base";
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

ModelConfig llama_7b() {
  ModelConfig config;
  config.name = "llama-7b";
  config.architecture = Architecture::decoder_only;
  config.vocab_size = 32000;
  config.max_positions = 2048;
  set_width(config, 4096, 32, 11008);
  config.decoder_layer_count = 32;
  config.norm = NormKind::rms_norm;
  config.norm_placement = NormPlacement::pre;
  config.final_norm = true;
  config.norm_eps = 1e-6;
  config.activation = Activation::swiglu;
  config.positions = Positions::rope;
  config.attention_bias = config.ffn_bias = false;
  config.tied_embeddings = false;
  config.softmax_fp32 = true;
  config.head = Head::lm;
  return config;
}

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> table{
      {"bert-base", "BERT-base, masked language model: 12 layers, width 768, 110M parameters",
       bert("bert-base", 12, 768, 12)},
      {"bert-large", "BERT-large, masked language model: 24 layers, width 1024, 335M parameters",
       bert("bert-large", 24, 1024, 16)},
      {"gpt2", "GPT-2 small: 12 layers, width 768, 124M parameters", gpt2("gpt2", 12, 768, 12)},
      {"gpt2-medium", "GPT-2 medium: 24 layers, width 1024, 355M parameters", gpt2("gpt2-medium", 24, 1024, 16)},
      {"gpt2-xl", "GPT-2 XL: 48 layers, width 1600, 1.56B parameters", gpt2("gpt2-xl", 48, 1600, 25)},
      {"transformer-base", "Transformer base, WMT English-German: 6 + 6 layers, width 512, 63M parameters",
       transformer_base()},
      {"llama-7b", "LLaMA 7B: 32 layers, width 4096, 6.74B parameters", llama_7b()},
  };
  return table;
}

}  // namespace headroom::models
