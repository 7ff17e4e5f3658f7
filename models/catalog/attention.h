// The registry of attention mechanisms and their closed forms. Torch-free; the implementations are in
// models/attention/.
//
// Notation: B batch, T query and S key length, n heads, d head dim, d_m model width, g key-value groups.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/catalog/config.h"

namespace headroom::models {

struct AttentionShape {
  std::int64_t batch = 1, query_len = 1, key_len = 1;
  std::int64_t head_count = 1, head_dim = 1, d_model = 1, kv_head_count = 1;
  bool bias = false;
  std::int64_t element_bytes = 4;  // of activations
  bool dropout = false;            // attention dropout rate > 0
  bool softmax_fp32 = false;       // and element_bytes < 4
  bool fused = false;              // flash or efficient SDPA instead of eager
  bool repeats_groups = false;     // the fused kernel takes no groups (efficient): keys and values are copied n/g times
  bool rope = false;
  bool cross = false;  // keys and values come from another sequence
};

struct Formula {
  std::int64_t value = 0;
  std::string text;  // with the symbols above
};

struct AttentionMechanism {
  std::string_view name;                                       // "mhe-add"
  std::string_view title;                                      // "Multiple-head embedding, additive"
  std::string_view source;                                     // "Xue & Aletras 2023, arXiv 2310.07911, section 3"
  bool causal = true, cross = true;                            // where it is defined
  Formula (*parameter_count)(const AttentionShape&);           // weights + embeddings + W^O, + biases when asked
  Formula (*saved_bytes)(const AttentionShape&);               // kept for backward in the sublayer, without its input X
  Formula (*kv_cache_bytes_per_token)(const AttentionShape&);  // one layer, one sequence
};

const std::vector<AttentionMechanism>& attention_mechanisms();

// Throws bad_input for an unknown name, nearest suggested.
const AttentionMechanism& attention_mechanism(std::string_view name);

// `config` with another mechanism. Throws bad_input where it is undefined for the model (with the reason).
ModelConfig with_attention(ModelConfig config, std::string_view name);

// The shape of one attention sublayer of `config`, for batch 1 and one token, fp32.
AttentionShape attention_shape(const ModelConfig& config);

// Encoder and decoder self-attention, then cross-attention.
std::int64_t attention_sublayer_count(const ModelConfig& config);

// Every parameter once, tied ones included once: Hugging Face's count. Throws bad_input when it leaves 63 bits.
std::int64_t parameter_count(const ModelConfig& config);

// Sums over the model's attention sublayers. The cache counts decoders only: an encoder keeps none. For an
// encoder-decoder it is per token of both sides: self-attention's per target token, cross-attention's per source token
// (el-exact: one vector per source token for the whole model).
std::int64_t attention_parameter_count(const ModelConfig& config);
std::int64_t kv_cache_bytes_per_token(const ModelConfig& config, std::int64_t element_bytes);

}  // namespace headroom::models
