// Llama's relatives with experts: Mixtral, and DeepSeek with its latent attention.
#include "models/catalog/attention.h"
#include "models/catalog/import/families.h"

namespace headroom::models::hugging_face {

ModelConfig import_mixtral(const Source& source) {
  source.none("sliding_window");
  source.only("output_router_logits", false);
  source.only("router_jitter_noise", 0.0);
  ModelConfig config = decoder_with_rope(source, 8);
  config.experts.count = source->integer_or("num_local_experts", 8, 1, kMaxExperts);
  config.experts.per_token = source->integer_or("num_experts_per_tok", 2, 1, config.experts.count);
  config.experts.width = config.d_ff;
  config.experts.normalized = true;
  config.head = source.head({{Head::lm, "MixtralForCausalLM"}});
  return config;
}

namespace {

// What both versions have in common; the dimensions of heads are named with their defaults.
ModelConfig deepseek(const Source& source) {
  source.only("pretraining_tp", 1);
  source.only("moe_layer_freq", 1);
  ModelConfig config = decoder_with_rope(source, std::nullopt);
  if (config.kv_head_count != config.head_count)
    source->fail("num_key_value_heads", "the number of attention heads: latents have no groups");
  config.attention_bias = source->boolean_or("attention_bias", false);
  const std::int64_t rope = source->integer_or("qk_rope_head_dim", 64, 2, kMaxHeads);
  config.head_dim = source->integer_or("qk_nope_head_dim", 128, 1, kMaxHeads);
  const std::int64_t query_rank = source->has("q_lora_rank") || source.absent("q_lora_rank")
                                      ? source->integer_or("q_lora_rank", 1536, 1, kMaxWidth)
                                      : 0;
  config = with_attention(config, "mla:q-rank=" + std::to_string(query_rank) + ":kv-rank=" +
                                      std::to_string(source->integer_or("kv_lora_rank", 512, 1, kMaxWidth)) +
                                      ":nope=" + std::to_string(config.head_dim) + ":rope=" + std::to_string(rope) +
                                      ":value=" + std::to_string(source->integer_or("v_head_dim", 128, 1, kMaxHeads)));
  Experts& experts = config.experts;
  experts.count = source->integer("n_routed_experts", 1, kMaxExperts);
  experts.per_token = source->integer("num_experts_per_tok", 1, experts.count);
  experts.width = source->integer("moe_intermediate_size", 1, kMaxFfn);
  experts.router_fp32 = true;
  experts.scale = source->number_or("routed_scaling_factor", 1.0, 1e-6, 1e6);
  return config;
}

void set_expert_groups(Experts& experts, const Source& source, std::int64_t groups, std::int64_t per_token) {
  experts.group_count = source->integer_or("n_group", groups, 1, experts.count);
  experts.groups_per_token = source->integer_or("topk_group", per_token, 1, experts.group_count);
}

}  // namespace

ModelConfig import_deepseek_v2(const Source& source) {
  source.only("scoring_func", "softmax");
  source.only("norm_topk_prob", false);
  source.only("mlp_bias", false);
  ModelConfig config = deepseek(source);
  config.positions = Positions::rope_interleaved;
  const std::int64_t shared = source->has("n_shared_experts") || source.absent("n_shared_experts")
                                  ? source->integer_or("n_shared_experts", 2, 1, kMaxExperts)
                                  : 0;
  config.experts.shared_width = shared * config.experts.width;
  config.experts.first_layer = source->integer_or("first_k_dense_replace", 0, 0, kMaxLayers);
  const std::string method = source->string_or("topk_method", "greedy");
  if (method == "group_limited_greedy") set_expert_groups(config.experts, source, 1, 1);
  if (method != "group_limited_greedy" && method != "greedy")
    source->fail("topk_method", "one that is built: greedy, group_limited_greedy");
  config.head = source.head({{Head::lm, "DeepseekV2ForCausalLM"}});
  return config;
}

ModelConfig import_deepseek_v3(const Source& source) {
  source.only("scoring_func", "sigmoid");
  source.only("topk_method", "noaux_tc");
  ModelConfig config = deepseek(source);
  if (source->boolean_or("rope_interleave", true)) config.positions = Positions::rope_interleaved;
  config.experts.scores = ExpertScores::sigmoid;
  config.experts.scale = source->number_or("routed_scaling_factor", 2.5, 1e-6, 1e6);
  config.experts.normalized = source->boolean_or("norm_topk_prob", true);
  config.experts.shared_width = source->integer_or("n_shared_experts", 1, 1, kMaxExperts) * config.experts.width;
  config.experts.first_layer = source->integer_or("first_k_dense_replace", 3, 0, kMaxLayers);
  set_expert_groups(config.experts, source, 8, 4);
  if (source->has("rope_scaling")) {
    const JsonReader values(source->member("rope_scaling"), source.where() + ": 'rope_scaling'");
    const double temperature =
        yarn_temperature(config.rope_scaling.factor, values.number_or("mscale_all_dim", 0.0, 0.0, 1e6));
    config.rope_scaling.score_factor = temperature * temperature;
  }
  config.head = source.head({{Head::lm, "DeepseekV3ForCausalLM"}});
  return config;
}

}  // namespace headroom::models::hugging_face
