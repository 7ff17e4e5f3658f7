#include "models/catalog/attention.h"

#include <algorithm>

#include "models/catalog/checked.h"
#include "models/catalog/closed_forms.h"

namespace headroom::models {

const std::vector<AttentionMechanism>& attention_mechanisms() {
  static const std::vector<AttentionMechanism> table{
      {"mha", "Multi-head attention", "Vaswani et al. 2017, arXiv 1706.03762, section 3.2.2", true, true,
       mha_parameters, mha_saved, mha_cache},
      {"sha", "Single-head attention, the head tiled n times before an n·d x d_m output matrix",
       "baseline of Xue & Aletras 2023, arXiv 2310.07911, counted as its parameter column implies", true, true,
       sha_tiled_parameters, sha_tiled_saved, single_cache},
      {"sha-compact", "Single-head attention with a d x d_m output matrix",
       "Vaswani et al. 2017, arXiv 1706.03762, section 3.2.1, with projections", true, true, sha_compact_parameters,
       sha_compact_saved, single_cache},
      {"mqa", "Multi-query attention: one key and value head", "Shazeer 2019, arXiv 1911.02150, section 3", true, true,
       mqa_parameters, mqa_saved, single_cache},
      {"gqa", "Grouped-query attention: g key and value heads", "Ainslie et al. 2023, arXiv 2305.13245, section 2.2",
       true, true, grouped_parameters, grouped_saved, grouped_cache},
      {"skv", "Shared key and value projection", "baseline of Xue & Aletras 2023, arXiv 2310.07911", true, true,
       skv_parameters, skv_saved, skv_cache},
      {"el-slice", "EL attention as trained in the MHE paper: slices of the input are keys and values",
       "baseline of Xue & Aletras 2023, arXiv 2310.07911, derived from its parameter count", true, true,
       el_slice_parameters, el_slice_saved, el_cache},
      {"el-exact", "EL attention: multi-head attention re-ordered so that hidden states are keys and values",
       "Yan et al. 2021, arXiv 2105.04779, section 3", true, true, mha_parameters, el_exact_saved, el_cache},
      {"mhe-add", "Multiple-head embedding, additive", "Xue & Aletras 2023, arXiv 2310.07911, section 3", true, true,
       mhe_parameters, mhe_add_saved, single_cache},
      {"mhe-mul", "Multiple-head embedding, multiplicative: x (1 + e)",
       "Xue & Aletras 2023, arXiv 2310.07911, section 3", true, true, mhe_parameters, mhe_mul_saved, single_cache},
  };
  return table;
}

const AttentionMechanism& attention_mechanism(std::string_view name) {
  std::vector<std::string_view> known;
  for (const AttentionMechanism& mechanism : attention_mechanisms()) {
    if (mechanism.name == name) return mechanism;
    known.push_back(mechanism.name);
  }
  throw bad_input(unknown_name_message("attention mechanism", name, known));
}

namespace {

Error undefined(const ModelConfig& config, std::string_view mechanism, const std::string& reason) {
  return bad_input(config.name + ": attention '" + std::string(mechanism) + "' is undefined here: " + reason);
}

bool splits_into(const ModelConfig& config, std::int64_t heads_per_group) {
  return heads_per_group < config.head_count && config.head_count % heads_per_group == 0;
}

// The model's own groups, else the smallest groups of at least four heads (Llama 2 and 3: 4 to 8), else of three or
// two.
std::int64_t group_count(const ModelConfig& config) {
  if (config.kv_head_count > 1 && config.kv_head_count < config.head_count) return config.kv_head_count;
  for (std::int64_t heads_per_group = 4; heads_per_group < config.head_count; ++heads_per_group)
    if (splits_into(config, heads_per_group)) return config.head_count / heads_per_group;
  for (std::int64_t heads_per_group : {3, 2})
    if (splits_into(config, heads_per_group)) return config.head_count / heads_per_group;
  throw undefined(
      config, "gqa",
      std::to_string(config.head_count) + " heads do not split into two or more equal groups; use mqa or mha");
}

}  // namespace

ModelConfig with_attention(ModelConfig config, std::string_view name) {
  attention_mechanism(name);
  if (name == "el-slice" && config.d_model != config.head_count * config.head_dim)
    throw undefined(config, name,
                    "head i reads columns i·d to (i+1)·d of the input, so heads x head size (" +
                        std::to_string(config.head_count * config.head_dim) + ") must equal the width (" +
                        std::to_string(config.d_model) + ")");
  if (name == "el-exact" && config.positions == Positions::rope)
    throw undefined(config, name,
                    "it multiplies the query and key matrices together, and rotary positions act between them");
  config.kv_head_count = name == "gqa" ? group_count(config) : name == "mqa" ? 1 : config.head_count;
  config.attention = name;
  return config;
}

AttentionShape attention_shape(const ModelConfig& config) {
  AttentionShape shape;
  shape.head_count = config.head_count;
  shape.head_dim = config.head_dim;
  shape.d_model = config.d_model;
  shape.kv_head_count = config.kv_head_count;
  shape.bias = config.attention_bias;
  shape.dropout = config.attention_dropout > 0;
  shape.softmax_fp32 = config.softmax_fp32;
  shape.rope = config.positions == Positions::rope;
  return shape;
}

std::int64_t attention_sublayer_count(const ModelConfig& config) {
  const std::int64_t cross = config.architecture == Architecture::encoder_decoder ? config.decoder_layer_count : 0;
  return checked_sum({config.encoder_layer_count, config.decoder_layer_count, cross});
}

std::int64_t attention_parameter_count(const ModelConfig& config) {
  const auto& mechanism = attention_mechanism(config.attention);
  return checked_product({attention_sublayer_count(config), mechanism.parameter_count(attention_shape(config)).value});
}

std::int64_t kv_cache_bytes_per_token(const ModelConfig& config, std::int64_t element_bytes) {
  AttentionShape shape = attention_shape(config);
  shape.element_bytes = element_bytes;
  const std::int64_t bytes = attention_mechanism(config.attention).kv_cache_bytes_per_token(shape).value;
  const std::int64_t layers = config.decoder_layer_count;
  if (config.architecture != Architecture::encoder_decoder) return checked_product({layers, bytes});
  return checked_product({config.attention == "el-exact" ? layers + 1 : 2 * layers, bytes});
}

namespace {

std::int64_t norm_parameters(const ModelConfig& c) {
  return c.norm == NormKind::layer_norm ? checked_product({2, c.d_model}) : c.d_model;
}

std::int64_t ffn_parameters(const ModelConfig& c) {
  const std::int64_t matrices = c.activation == Activation::swiglu ? 3 : 2;
  const std::int64_t biases = c.ffn_bias ? checked_sum({checked_product({matrices - 1, c.d_ff}), c.d_model}) : 0;
  return checked_sum({checked_product({matrices, c.d_model, c.d_ff}), biases});
}

std::int64_t embedding_parameters(const ModelConfig& c) {
  const bool own_decoder_table = c.architecture == Architecture::encoder_decoder && !c.tied_embeddings;
  const std::int64_t rows = checked_sum({checked_product({own_decoder_table ? 2 : 1, c.vocab_size}), c.type_vocab_size,
                                         c.positions == Positions::learned ? c.max_positions : 0});
  return checked_sum({checked_product({rows, c.d_model}), c.embedding_norm ? norm_parameters(c) : 0});
}

std::int64_t head_parameters(const ModelConfig& c) {
  const std::int64_t square = checked_sum({checked_product({c.d_model, c.d_model}), c.d_model});
  const std::int64_t decoder = c.tied_embeddings ? 0 : checked_product({c.vocab_size, c.d_model});
  if (c.head == Head::pooler) return square;
  if (c.head == Head::lm) return decoder;
  return checked_sum({square, norm_parameters(c), decoder, c.vocab_size});
}

}  // namespace

std::int64_t parameter_count(const ModelConfig& c) {
  const std::int64_t blocks = checked_sum({c.encoder_layer_count, c.decoder_layer_count});
  const std::int64_t norms = checked_sum({attention_sublayer_count(c), blocks, c.final_norm ? 1 : 0});
  return checked_sum({embedding_parameters(c), attention_parameter_count(c),
                      checked_product({blocks, ffn_parameters(c)}), checked_product({norms, norm_parameters(c)}),
                      head_parameters(c)});
}

}  // namespace headroom::models
