// The registry of attention mechanisms and their closed forms. Torch-free; the rows are in models/catalog/mechanisms/,
// the implementations in models/attention/.
//
// Notation: B batch, T query and S key length, n heads, d head dim, d_m model width, g key-value groups. Further
// symbols are the mechanism's options.
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
  std::int64_t max_positions = 1;  // the longest sequence of the model
  MechanismOptions options;        // those of the mechanism, all of them
  bool bias = false;
  std::int64_t element_bytes = 4;  // of activations
  bool dropout = false;            // attention dropout rate > 0
  bool softmax_fp32 = false;       // and element_bytes < 4
  bool fused = false;              // flash or efficient SDPA instead of eager
  bool repeats_groups = false;     // the fused kernel takes no groups (efficient): keys and values are copied n/g times
  bool rope = false;
  bool causal = false;
  bool cross = false;  // keys and values come from another sequence

  // Of an option the mechanism has.
  std::int64_t option(const std::string& name) const { return options.at(name); }
};

struct Formula {
  std::int64_t value = 0;
  std::string text;  // with the symbols above
};

// A size or a choice of a mechanism, given as "NAME:option=value".
struct MechanismOption {
  std::string_view name;
  std::string_view meaning;                      // one line
  std::int64_t low, high;                        // allowed, both included
  std::int64_t (*fallback)(const ModelConfig&);  // where it is not given; may throw bad_input
  std::vector<std::string_view> values = {};     // names for 0, 1, …, where it is a choice
};

// Why a mechanism does not go with something, as the end of a sentence; empty: it does.
struct Undefined {
  std::string_view causal;  // decoders' self-attention
  std::string_view cross;   // keys and values of another sequence
  std::string_view rotary;  // rotary positions
  std::string_view bias;    // position biases on the scores (ALiBi, T5)
  std::string_view fused;   // scaled_dot_product_attention, by whatever back end
  std::string_view cached;  // decoding with a cache, where it is defined for decoders
};

// Rows that a decoder keeps of each token: `count` streams of `heads` rows of `width` elements.
struct CacheRows {
  std::int64_t count, heads, width;
  std::string_view elements, rows;  // of one stream: "g·d", "g"
};

struct AttentionMechanism {
  std::string_view name;                              // "mhe-add"
  std::string_view title;                             // "Multiple-head embedding, additive"
  std::string_view source;                            // "Xue & Aletras 2023, arXiv 2310.07911, section 3"
  Formula (*parameter_count)(const AttentionShape&);  // weights + embeddings + W^O, + biases when asked
  Formula (*saved_bytes)(const AttentionShape&);      // kept for backward in the sublayer, without its input X
  Formula (*kv_cache_bytes_per_token)(
      const AttentionShape&);                               // one layer, one sequence; null where causal is undefined
  Formula (*state_bytes)(const AttentionShape&) = nullptr;  // what a decoder keeps of a sequence whatever its length
  Formula (*once_per_model_count)(const AttentionShape&) = nullptr;  // parameters that all sublayers share
  bool own_mask = false;  // hides keys by itself: decoders make no T x T causal mask for it
  bool (*uses_back_end)(const ModelConfig&) = nullptr;  // whether --sdpa chooses anything; null: it does
  std::vector<MechanismOption> options = {};
  Undefined undefined = {};
  bool single_head = false;  // one head's scores, whatever number of heads the model has
  std::int64_t (*rotary_width)(const ModelConfig&) = nullptr;  // dimensions that rotary positions turn; null: all d
  std::int64_t (*head_width)(const ModelConfig&) = nullptr;    // the widest of a head's query, key and value; null: d
  void (*apply)(ModelConfig&) = nullptr;                       // what it changes of the model, its options being set
  void (*require)(const ModelConfig&) = nullptr;  // throws bad_input where the model's sizes do not go with it
  void (*require_seq)(const ModelConfig&, std::int64_t seq) = nullptr;  // the same of a sequence's length
  std::vector<CacheRows> (*cache_rows)(const AttentionShape&) = nullptr;  // null: states, or no cache at all
  std::int64_t (*cache_window)(const AttentionShape&) = nullptr;          // rows that are kept; null: all
  bool shares_memory = false;  // of a cross-attention the other sequence itself is kept, once for all layers
};

const std::vector<AttentionMechanism>& attention_mechanisms();

// Throws bad_input for an unknown name, nearest suggested.
const AttentionMechanism& attention_mechanism(std::string_view name);

// The baselines of Xue & Aletras 2023, EL attention as published, gqa, and MHE: what is compared when nobody says what.
const std::vector<std::string_view>& compared_by_default();

// `config` with another mechanism: "NAME" or "NAME:option=value:option=value". Options that are not given take their
// fallbacks. Throws bad_input for unknown names and values, and where it is undefined for the model (with the reason).
ModelConfig with_attention(ModelConfig config, std::string_view text);

// Throws bad_input, with the reason, where the mechanism of `config` is undefined for it.
void require_attention(const ModelConfig& config);

// Other positions, by name. What belongs to the old kind (the table's offset, rotary base and scaling, bucket sizes)
// goes back to its default; the scale of the scores stays the model's. Throws bad_input for an unknown name, or a head
// size that does not go with it. Whether the mechanism does is not asked: for one that is about to be replaced.
void set_positions(ModelConfig& config, std::string_view name);

// The same; throws bad_input where the new kind is undefined for the model's mechanism, too.
ModelConfig with_positions(ModelConfig config, std::string_view name);

// `config` with both, each empty where it shall stay the model's own: only the pair must be defined.
ModelConfig with_attention_and_positions(ModelConfig config, std::string_view attention, std::string_view positions);

// Rows of a stack's position biases: heads that have scores of their own.
std::int64_t score_head_count(const ModelConfig& config);

// Parameters of the stacks' position biases, those of one stack: T5's table.
Formula position_bias_parameters(const ModelConfig& config);

// Throws bad_input where flash attention cannot run the model: it takes no position biases.
void require_flash(const ModelConfig& config);

// The name in "NAME:option=value".
std::string_view mechanism_name(std::string_view text);

// Dimensions of a head that rotary positions turn.
std::int64_t rotary_width(const ModelConfig& config);

// Of a head as the fused kernels get it: the widest of its query, key and value.
std::int64_t head_width(const ModelConfig& config);

// Whether the sublayer goes through scaled_dot_product_attention where a back end of it is asked for.
bool uses_back_end(const ModelConfig& config);

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
