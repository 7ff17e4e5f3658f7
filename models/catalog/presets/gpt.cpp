// GPT-2 and its successors.
#include "models/catalog/presets/families.h"

namespace headroom::models {
namespace {

// Pre-norm, learned positions, biases everywhere: GPT-2 and its successors.
ModelConfig gpt(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t positions,
                double dropout = 0.0) {
  ModelConfig config;
  config.architecture = Architecture::decoder_only;
  config.vocab_size = 50257;
  config.max_positions = positions;
  set_width(config, d_model, heads, 4 * d_model);
  config.decoder_layer_count = layers;
  config.norm_placement = NormPlacement::pre;
  config.final_norm = true;
  config.norm_eps = 1e-5;
  config.activation = Activation::gelu_new;
  config.head = Head::lm;
  set_dropout(config, dropout);
  return config;
}

ModelConfig gpt2(std::int64_t layers, std::int64_t d_model, std::int64_t heads) {
  return gpt(layers, d_model, heads, 1024, 0.1);
}

ModelConfig opt(std::int64_t layers, std::int64_t d_model, std::int64_t heads) {
  ModelConfig config = gpt(layers, d_model, heads, 2048);
  config.vocab_size = 50272;
  config.position_offset = 2;
  config.position_ids = PositionIds::sequence;
  config.embedding_projection = EmbeddingProjection::words;
  config.activation = Activation::relu;
  config.softmax_fp32 = true;
  config.residual_dropout = 0.1;
  config.padding_id = 1;
  return config;
}

ModelConfig opt_350m() {
  ModelConfig config = opt(24, 1024, 16);
  config.embedding_size = 512;
  config.norm_placement = NormPlacement::post;
  config.final_norm = false;
  return config;
}

ModelConfig gopher(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t head_dim) {
  ModelConfig config = gpt(layers, d_model, heads, 2048);
  config.vocab_size = 32000;
  config.head_dim = head_dim;
  config.norm = NormKind::rms_norm;
  config.norm_eps = 1e-6;
  config.activation = Activation::gelu_tanh;
  config.positions = Positions::transformer_xl;
  config.attention_bias = config.ffn_bias = false;
  return config;
}

constexpr const char* kGpt2 = "Radford et al. 2019";
constexpr const char* kGpt3 = "Brown et al. 2020, arXiv 2005.14165, table 2.1; every layer dense";
constexpr const char* kMtNlg = "Smith et al. 2022, arXiv 2201.11990";
constexpr const char* kOpt = "Zhang et al. 2022, arXiv 2205.01068";
constexpr const char* kGopher = "Rae et al. 2021, arXiv 2112.11446, table 1";
constexpr const char* kChinchilla = "Hoffmann et al. 2022, arXiv 2203.15556, table 4";

}  // namespace

void add_gpt(std::vector<Preset>& table) {
  add(table, "gpt2", "GPT-2 small", gpt2(12, 768, 12), kGpt2);
  add(table, "gpt2-medium", "GPT-2 medium", gpt2(24, 1024, 16), kGpt2);
  add(table, "gpt2-large", "GPT-2 large", gpt2(36, 1280, 20), kGpt2);
  add(table, "gpt2-xl", "GPT-2 XL", gpt2(48, 1600, 25), kGpt2);
  add(table, "distilgpt2", "DistilGPT2", gpt2(6, 768, 12), kDistil);
  add(table, "gpt3-125m", "GPT-3 Small", gpt(12, 768, 12, 2048), kGpt3);
  add(table, "gpt3-350m", "GPT-3 Medium", gpt(24, 1024, 16, 2048), kGpt3);
  add(table, "gpt3-760m", "GPT-3 Large", gpt(24, 1536, 16, 2048), kGpt3);
  add(table, "gpt3-1.3b", "GPT-3 XL", gpt(24, 2048, 16, 2048), kGpt3);
  add(table, "gpt3-2.7b", "GPT-3 2.7B", gpt(32, 2560, 32, 2048), kGpt3);
  add(table, "gpt3-6.7b", "GPT-3 6.7B", gpt(32, 4096, 32, 2048), kGpt3);
  add(table, "gpt3-13b", "GPT-3 13B", gpt(40, 5120, 40, 2048), kGpt3);
  add(table, "gpt3-175b", "GPT-3 175B", gpt(96, 12288, 96, 2048), kGpt3);
  add(table, "mt-nlg-530b", "Megatron-Turing NLG 530B", gpt(105, 20480, 128, 2048), kMtNlg);
  add(table, "opt-125m", "OPT 125M", opt(12, 768, 12), kOpt);
  add(table, "opt-350m", "OPT 350M, post-norm, embeddings of 512", opt_350m(), kOpt);
  add(table, "opt-1.3b", "OPT 1.3B", opt(24, 2048, 32), kOpt);
  add(table, "opt-2.7b", "OPT 2.7B", opt(32, 2560, 32), kOpt);
  add(table, "opt-6.7b", "OPT 6.7B", opt(32, 4096, 32), kOpt);
  add(table, "opt-13b", "OPT 13B", opt(40, 5120, 40), kOpt);
  add(table, "opt-30b", "OPT 30B", opt(48, 7168, 56), kOpt);
  add(table, "opt-66b", "OPT 66B", opt(64, 9216, 72), kOpt);
  add(table, "opt-175b", "OPT 175B", opt(96, 12288, 96), kOpt);
}

void add_gopher(std::vector<Preset>& table) {
  add(table, "gopher-44m", "Gopher family, 44M", gopher(8, 512, 16, 32), kGopher);
  add(table, "gopher-117m", "Gopher family, 117M", gopher(12, 768, 12, 64), kGopher);
  add(table, "gopher-417m", "Gopher family, 417M", gopher(12, 1536, 12, 128), kGopher);
  add(table, "gopher-1.4b", "Gopher family, 1.4B", gopher(24, 2048, 16, 128), kGopher);
  add(table, "gopher-7.1b", "Gopher family, 7.1B", gopher(32, 4096, 32, 128), kGopher);
  add(table, "gopher-280b", "Gopher 280B", gopher(80, 16384, 128, 128), kGopher);
  add(table, "chinchilla-70b", "Chinchilla 70B", gopher(80, 8192, 64, 128), kChinchilla);
}

}  // namespace headroom::models
