// What a transformer is, as plain data: no Torch, so that the command line lists, checks and explains models at once.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/names.h"

namespace headroom::models {

enum class Architecture : std::uint8_t { encoder_only, decoder_only, encoder_decoder };
enum class NormKind : std::uint8_t { layer_norm, rms_norm };
enum class NormPlacement : std::uint8_t { pre, post };
// gelu_tanh: one fused operator; gelu_new: the same function written out in eight operators, as Hugging Face's GPT-2
// runs it; swiglu: three matrices, SiLU gate.
enum class Activation : std::uint8_t { gelu, gelu_tanh, relu, swiglu, gelu_new };
// learned, sinusoidal: a table added to the embeddings. rope: queries and keys turned, Llama's layout (dimension j with
// j + d/2); rope_interleaved: GPT-J's and RoFormer's (2j with 2j + 1). alibi, t5: biases on the scores.
enum class Positions : std::uint8_t { learned, sinusoidal, rope, rope_interleaved, alibi, t5, none };
// mlm: BERT's transform + tied decoder with bias; lm: (tied or own) projection without bias; pooler: BERT's pooler.
enum class Head : std::uint8_t { mlm, lm, pooler };

inline constexpr std::array kArchitectureNames{Named<Architecture>{Architecture::encoder_only, "encoder-only"},
                                               Named<Architecture>{Architecture::decoder_only, "decoder-only"},
                                               Named<Architecture>{Architecture::encoder_decoder, "encoder-decoder"}};
inline constexpr std::array kNormKindNames{Named<NormKind>{NormKind::layer_norm, "layer-norm"},
                                           Named<NormKind>{NormKind::rms_norm, "rms-norm"}};
inline constexpr std::array kNormPlacementNames{Named<NormPlacement>{NormPlacement::pre, "pre"},
                                                Named<NormPlacement>{NormPlacement::post, "post"}};
inline constexpr std::array kActivationNames{
    Named<Activation>{Activation::gelu, "gelu"}, Named<Activation>{Activation::gelu_tanh, "gelu-tanh"},
    Named<Activation>{Activation::relu, "relu"}, Named<Activation>{Activation::swiglu, "swiglu"},
    Named<Activation>{Activation::gelu_new, "gelu-new"}};
inline constexpr std::array kPositionsNames{
    Named<Positions>{Positions::learned, "learned"}, Named<Positions>{Positions::sinusoidal, "sinusoidal"},
    Named<Positions>{Positions::rope, "rope"},       Named<Positions>{Positions::rope_interleaved, "rope-interleaved"},
    Named<Positions>{Positions::alibi, "alibi"},     Named<Positions>{Positions::t5, "t5-buckets"},
    Named<Positions>{Positions::none, "none"}};
inline constexpr std::array kHeadNames{Named<Head>{Head::mlm, "mlm"}, Named<Head>{Head::lm, "lm"},
                                       Named<Head>{Head::pooler, "pooler"}};

constexpr bool has_position_table(Positions kind) {  // as many rows as the model has positions
  return kind == Positions::learned || kind == Positions::sinusoidal;
}
constexpr bool is_rotary(Positions kind) { return kind == Positions::rope || kind == Positions::rope_interleaved; }
constexpr bool has_position_bias(Positions kind) { return kind == Positions::alibi || kind == Positions::t5; }

// Sizes and choices of an attention mechanism, by name: "window" -> 512.
using MechanismOptions = std::map<std::string, std::int64_t>;

struct ModelConfig {
  std::string name;  // preset, or the file's "_name_or_path", or its stem
  Architecture architecture = Architecture::encoder_only;
  std::int64_t vocab_size = 0;
  std::int64_t max_positions = 0;    // longest sequence; rows of the position table
  std::int64_t type_vocab_size = 0;  // BERT's segment embeddings; 0: none
  std::int64_t d_model = 0;
  std::int64_t head_count = 0;     // n
  std::int64_t head_dim = 0;       // d
  std::int64_t kv_head_count = 0;  // g; = n unless grouped-query
  std::int64_t d_ff = 0;
  std::int64_t encoder_layer_count = 0;
  std::int64_t decoder_layer_count = 0;  // decoder-only models count their layers here
  NormKind norm = NormKind::layer_norm;
  NormPlacement norm_placement = NormPlacement::post;
  bool final_norm = false;      // after the last block (pre-norm models)
  bool embedding_norm = false;  // after the embeddings (BERT)
  double norm_eps = 1e-12;
  Activation activation = Activation::gelu;
  Positions positions = Positions::learned;
  double rope_theta = 10000.0;
  std::int64_t position_bucket_count = 32;   // t5: rows of its table, both directions of an encoder together
  std::int64_t position_max_distance = 128;  // t5: distances from here on share the last bucket
  bool attention_bias = true;                // one per output feature of each projection, and of W^O
  bool attention_scaled = true;              // scores are divided by sqrt(d) (T5's are not)
  bool ffn_bias = true;
  bool tied_embeddings = true;  // the head's matrix is the word embedding (encoder-decoder: all three)
  bool softmax_fp32 = false;    // eager attention computes the softmax in fp32 and casts back (LLaMA)
  Head head = Head::mlm;
  double embedding_dropout = 0.0, attention_dropout = 0.0, residual_dropout = 0.0;
  std::int64_t padding_id = -1;   // -1: none
  std::string attention = "mha";  // the model's own mechanism
  MechanismOptions attention_options =
      {};  // all of the mechanism's (models/catalog/attention.h); set by with_attention

  bool operator==(const ModelConfig&) const = default;
};

Json to_json(const ModelConfig& config);

struct Preset {
  std::string_view name;
  std::string_view description;  // one line
  ModelConfig config;
};
const std::vector<Preset>& presets();

// `model` is a preset's name or the path of a Hugging Face config.json (types bert, gpt2, llama). Throws bad_input:
// unknown name (nearest suggested), unreadable or malformed file, missing key, wrong type, value out of range, heads
// that do not divide the width, unsupported model_type or an option this toolkit does not build.
ModelConfig load_model(const std::string& model);
ModelConfig import_hugging_face(const Json& json, const std::string& where);

// Throws bad_input when a field is out of range, fields contradict each other, or the model has more parameters than
// kMaxParameterCount. `where` opens the message.
void validate_config(const ModelConfig& config, const std::string& where);
inline constexpr std::int64_t kMaxParameterCount = std::int64_t{1} << 50;  // times 16 bytes stays below 2^63

// Throws bad_input when `seq` exceeds max_positions of a position table (learned, sinusoidal), or when the bytes of the
// largest activation leave 63 bits.
void validate_shape(const ModelConfig& config, std::int64_t batch, std::int64_t seq);

}  // namespace headroom::models
