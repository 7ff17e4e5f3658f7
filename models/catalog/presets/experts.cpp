// Llama's relatives with experts: Mixtral, and DeepSeek with its latent attention.
#include <fmt/format.h>

#include <cmath>

#include "models/catalog/attention.h"
#include "models/catalog/presets/families.h"

namespace headroom::models {
namespace {

ModelConfig mixtral(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t width,
                    std::int64_t positions) {
  ModelConfig config = llama(layers, d_model, heads, width, 1e-5);
  config.max_positions = positions;
  config.rope_theta = 1e6;
  set_groups(config, 8);
  config.experts = {.count = 8, .per_token = 2, .width = width, .normalized = true};
  return config;
}

ModelConfig deepseek(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t d_ff,
                     std::int64_t query_rank, const Experts& experts) {
  ModelConfig config = llama(layers, d_model, heads, d_ff);
  config.vocab_size = 102400;
  config.max_positions = 163840;
  config.head_dim = 128;
  config.positions = Positions::rope_interleaved;
  config.rope_scaling = {40.0, 1.0, 32.0, 4096, RopeScalingKind::yarn};
  config.experts = experts;
  config.experts.router_fp32 = true;
  return with_attention(config, fmt::format("mla:q-rank={}:kv-rank=512:nope=128:rope=64:value=128", query_rank));
}

ModelConfig deepseek_v3() {
  ModelConfig config = deepseek(61, 7168, 128, 18432, 1536,
                                {.count = 256,
                                 .per_token = 8,
                                 .width = 2048,
                                 .shared_width = 2048,
                                 .first_layer = 3,
                                 .group_count = 8,
                                 .groups_per_token = 4,
                                 .scores = ExpertScores::sigmoid,
                                 .normalized = true,
                                 .scale = 2.5});
  config.vocab_size = 129280;
  const double temperature = 0.1 * std::log(40.0) + 1;
  config.rope_scaling.score_factor = temperature * temperature;
  return config;
}

constexpr const char* kMixtral = "Jiang et al. 2024, arXiv 2401.04088";
constexpr const char* kMixtral22 = "Mistral AI 2024, the published config.json";
constexpr const char* kDeepSeek2 = "DeepSeek-AI 2024, arXiv 2405.04434";
constexpr const char* kDeepSeek3 = "DeepSeek-AI 2024, arXiv 2412.19437";

}  // namespace

void add_experts(std::vector<Preset>& table) {
  add(table, "mixtral-8x7b", "Mixtral 8x7B, 2 of 8 experts per token", mixtral(32, 4096, 32, 14336, 32768), kMixtral);
  add(table, "mixtral-8x22b", "Mixtral 8x22B, 2 of 8 experts per token", mixtral(56, 6144, 48, 16384, 65536),
      kMixtral22);
  add(table, "deepseek-v2-lite", "DeepSeek-V2-Lite, 6 of 64 experts per token",
      deepseek(27, 2048, 16, 10944, 0,
               {.count = 64, .per_token = 6, .width = 1408, .shared_width = 2816, .first_layer = 1}),
      kDeepSeek2);
  add(table, "deepseek-v2", "DeepSeek-V2, 6 of 160 experts per token",
      deepseek(60, 5120, 128, 12288, 1536,
               {.count = 160,
                .per_token = 6,
                .width = 1536,
                .shared_width = 3072,
                .first_layer = 1,
                .group_count = 8,
                .groups_per_token = 3,
                .scale = 16.0}),
      kDeepSeek2);
  add(table, "deepseek-v3", "DeepSeek-V3, 8 of 256 experts per token", deepseek_v3(), kDeepSeek3);
}

}  // namespace headroom::models
