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
// affine: x ⊙ weight + bias without statistics, MobileBERT's NoNorm.
enum class NormKind : std::uint8_t { layer_norm, rms_norm, affine };
enum class NormPlacement : std::uint8_t { pre, post };
// gelu_tanh: one fused operator; gelu_new: the same function written out in eight operators, as Hugging Face's GPT-2
// runs it; swiglu and geglu: three matrices, SiLU and gelu_new gate.
enum class Activation : std::uint8_t { gelu, gelu_tanh, relu, swiglu, gelu_new, geglu };
// learned, sinusoidal: a table added to the embeddings. rope: queries and keys turned, Llama's layout (dimension j with
// j + d/2); rope_interleaved: GPT-J's and RoFormer's (2j with 2j + 1). alibi, t5: biases on the scores. transformer_xl:
// a key for each distance, made by a matrix of every layer from sinusoids (models/attention/relative.cpp). axial: two
// tables, whose rows together make a position (Reformer); their sizes come with a model, so they have no name to ask
// for.
enum class Positions : std::uint8_t {
  learned,
  sinusoidal,
  rope,
  rope_interleaved,
  alibi,
  t5,
  none,
  transformer_xl,
  axial
};
// Rows of the learned table that a batch reads. table: one row of ids for all sequences, a buffer (BERT, GPT-2);
// sequence: ids [B, T] made in each pass (OPT, BART); tokens: ids [B, T] that count the tokens other than padding
// (RoBERTa). Of the last two the ids stay alive for backward and the looked-up vectors are [B, T, d_m].
enum class PositionIds : std::uint8_t { table, sequence, tokens };
// Where embeddings of another width enter the model. sum: words, positions and types are embedded, added and normalised
// in that width, then projected with a bias (ELECTRA, ALBERT); words: words only, without a bias, and back before the
// head (OPT-350m); always: as sum, equal widths too, and dropout comes after it (FNet); trigram: words only, each
// joined with the words beside it, with a bias (MobileBERT).
enum class EmbeddingProjection : std::uint8_t { sum, words, always, trigram };
// mlm: BERT's transform + tied decoder with bias; lm: (tied or own) projection without bias; pooler: BERT's pooler;
// discriminator: ELECTRA's, one logit for each token. Over label_count classes: classifier, of the pooled first token;
// token_classifier, of every token.
enum class Head : std::uint8_t { mlm, lm, pooler, discriminator, classifier, token_classifier };
// How tokens become vectors. table: one row for each word. characters: CANINE's, parts from one small table for each of
// several hash functions. digest_…: HashFormers', of a digest of `bits` bits that comes with each token: pool, a
// weighted mean of the vectors of its chunks; add, the sum of a vector for each bit's value; project, the correlation
// of the bits with each row of a matrix.
enum class WordVectors : std::uint8_t { table, characters, digest_pool, digest_add, digest_project };

inline constexpr std::array kArchitectureNames{Named<Architecture>{Architecture::encoder_only, "encoder-only"},
                                               Named<Architecture>{Architecture::decoder_only, "decoder-only"},
                                               Named<Architecture>{Architecture::encoder_decoder, "encoder-decoder"}};
inline constexpr std::array kNormKindNames{Named<NormKind>{NormKind::layer_norm, "layer-norm"},
                                           Named<NormKind>{NormKind::rms_norm, "rms-norm"},
                                           Named<NormKind>{NormKind::affine, "affine"}};
inline constexpr std::array kNormPlacementNames{Named<NormPlacement>{NormPlacement::pre, "pre"},
                                                Named<NormPlacement>{NormPlacement::post, "post"}};
inline constexpr std::array kActivationNames{
    Named<Activation>{Activation::gelu, "gelu"},         Named<Activation>{Activation::gelu_tanh, "gelu-tanh"},
    Named<Activation>{Activation::relu, "relu"},         Named<Activation>{Activation::swiglu, "swiglu"},
    Named<Activation>{Activation::gelu_new, "gelu-new"}, Named<Activation>{Activation::geglu, "geglu"}};
inline constexpr std::array kPositionsNames{
    Named<Positions>{Positions::learned, "learned"}, Named<Positions>{Positions::sinusoidal, "sinusoidal"},
    Named<Positions>{Positions::rope, "rope"},       Named<Positions>{Positions::rope_interleaved, "rope-interleaved"},
    Named<Positions>{Positions::alibi, "alibi"},     Named<Positions>{Positions::t5, "t5-buckets"},
    Named<Positions>{Positions::none, "none"},       Named<Positions>{Positions::transformer_xl, "transformer-xl"}};
inline constexpr std::array kPositionIdsNames{Named<PositionIds>{PositionIds::table, "table"},
                                              Named<PositionIds>{PositionIds::sequence, "sequence"},
                                              Named<PositionIds>{PositionIds::tokens, "tokens"}};
inline constexpr std::array kEmbeddingProjectionNames{
    Named<EmbeddingProjection>{EmbeddingProjection::sum, "sum"},
    Named<EmbeddingProjection>{EmbeddingProjection::words, "words"},
    Named<EmbeddingProjection>{EmbeddingProjection::always, "always"},
    Named<EmbeddingProjection>{EmbeddingProjection::trigram, "trigram"}};
inline constexpr std::array kHeadNames{Named<Head>{Head::mlm, "mlm"},
                                       Named<Head>{Head::lm, "lm"},
                                       Named<Head>{Head::pooler, "pooler"},
                                       Named<Head>{Head::discriminator, "discriminator"},
                                       Named<Head>{Head::classifier, "classifier"},
                                       Named<Head>{Head::token_classifier, "token-classifier"}};
inline constexpr std::array kWordVectorsNames{Named<WordVectors>{WordVectors::table, "table"},
                                              Named<WordVectors>{WordVectors::characters, "characters"},
                                              Named<WordVectors>{WordVectors::digest_pool, "digest-pool"},
                                              Named<WordVectors>{WordVectors::digest_add, "digest-add"},
                                              Named<WordVectors>{WordVectors::digest_project, "digest-project"}};

inline bool gated(Activation activation) { return activation == Activation::swiglu || activation == Activation::geglu; }

// llama3: Llama 3.1's rotary frequencies: those slower than original_positions / low turns are divided by `factor`,
// those faster than original_positions / high keep, those between are interpolated. yarn: Peng et al. 2023 (arXiv
// 2309.00071), section 3.2: the same between `low` and `high` turns over original_positions, linear in the dimension;
// cosines and sines are multiplied by table_factor. Scores that are scaled are multiplied by score_factor. factor 1:
// frequencies stay.
enum class RopeScalingKind : std::uint8_t { llama3, yarn };
inline constexpr std::array kRopeScalingKindNames{Named<RopeScalingKind>{RopeScalingKind::llama3, "llama3"},
                                                  Named<RopeScalingKind>{RopeScalingKind::yarn, "yarn"}};
struct RopeScaling {
  double factor = 1.0, low_frequency_factor = 1.0, high_frequency_factor = 4.0;
  std::int64_t original_positions = 8192;
  RopeScalingKind kind = RopeScalingKind::llama3;
  double table_factor = 1.0, score_factor = 1.0;
  bool operator==(const RopeScaling&) const = default;
};

constexpr bool has_position_table(Positions kind) {  // as many rows as the model has positions
  return kind == Positions::learned || kind == Positions::sinusoidal || kind == Positions::axial;
}
constexpr bool is_rotary(Positions kind) { return kind == Positions::rope || kind == Positions::rope_interleaved; }
constexpr bool has_position_bias(Positions kind) { return kind == Positions::alibi || kind == Positions::t5; }

// A feed-forward of `count` experts, each a gated feed-forward without biases, of which a token takes `per_token`
// (models/experts.h). count 0: every feed-forward is dense.
enum class ExpertScores : std::uint8_t { softmax, sigmoid };  // sigmoid: DeepSeek-V3's, corrected by a buffer
inline constexpr std::array kExpertScoresNames{Named<ExpertScores>{ExpertScores::softmax, "softmax"},
                                               Named<ExpertScores>{ExpertScores::sigmoid, "sigmoid"}};
struct Experts {
  std::int64_t count = 0;         // E
  std::int64_t per_token = 0;     // k
  std::int64_t width = 0;         // d_e, of one
  std::int64_t shared_width = 0;  // d_s, of the feed-forward that every token takes besides; 0: none
  std::int64_t first_layer = 0;   // layers before it are dense
  std::int64_t group_count = 1, groups_per_token = 1;  // experts are chosen from the best groups of them
  ExpertScores scores = ExpertScores::softmax;
  bool normalized = false;   // a token's weights sum to 1 before they are scaled
  bool router_fp32 = false;  // the router and its weights are computed in fp32
  double scale = 1.0;        // of the weights
  // Tokens that an expert has room for, as a multiple of T·k/E; those beyond it are dropped.
  double capacity_factor = 1.0;
  bool operator==(const Experts&) const = default;
};

// MobileBERT's blocks work in a narrower width than the model's (Sun et al. 2020, arXiv 2004.02984, section 3.1).
struct Bottleneck {
  std::int64_t width = 0;         // inside the blocks, and of all heads together; 0: no bottleneck
  bool values_from_input = true;  // queries and keys have a bottleneck of their own, and values read the block's input;
                                  // else all three read the bottleneck that the residual does
  std::int64_t ffn_count = 1;     // feed-forward networks of a block, one after the other
  bool operator==(const Bottleneck&) const = default;
};

// CANINE's way from characters to molecules and back (Clark et al. 2021, arXiv 2103.06874, section 3): a block with
// attention in chunks, a strided convolution, the model's layers on molecules, a convolution over characters and
// repeated molecules, a last block on characters.
struct Downsampling {
  std::int64_t rate = 0;     // characters of a molecule; 0: the layers work on tokens
  std::int64_t kernel = 4;   // of the convolution back
  std::int64_t chunk = 128;  // characters that attend to each other in the first block
  bool operator==(const Downsampling&) const = default;
};

// Sizes and choices of an attention mechanism, by name: "window" -> 512.
using MechanismOptions = std::map<std::string, std::int64_t>;

// Attention of one layer, where layers differ.
struct LayerAttention {
  std::string mechanism;
  MechanismOptions options;  // all of the mechanism's
  double dropout = 0.0;      // of its probabilities
  bool operator==(const LayerAttention&) const = default;
};

// Axial positions (Kitaev et al. 2020, section 4): position p has row p / lengths[1] of one table and row
// p % lengths[1] of the other, side by side.
struct AxialPositions {
  std::array<std::int64_t, 2> lengths{}, widths{};  // rows and columns of the tables; columns add up to d_model
  bool operator==(const AxialPositions&) const = default;
};

// One method of --compress and its options, all of them (models/catalog/compression.h).
struct Compression {
  std::string method;
  MechanismOptions options = {};
  bool operator==(const Compression&) const = default;
};

struct ModelConfig {
  std::string name;  // preset, or the file's "_name_or_path", or its stem
  Architecture architecture = Architecture::encoder_only;
  std::int64_t vocab_size = 0;
  std::int64_t max_positions = 0;    // longest sequence
  std::int64_t type_vocab_size = 0;  // BERT's segment embeddings; 0: none
  std::int64_t d_model = 0;
  std::int64_t embedding_size = 0;  // of the word table; 0: d_model
  EmbeddingProjection embedding_projection = EmbeddingProjection::sum;
  std::int64_t head_count = 0;     // n
  std::int64_t head_dim = 0;       // d
  std::int64_t kv_head_count = 0;  // g; = n unless grouped-query
  std::int64_t d_ff = 0;
  std::int64_t encoder_layer_count = 0;
  std::int64_t decoder_layer_count = 0;  // decoder-only models count their layers here
  bool shared_layers = false;            // one set of parameters for all layers of a stack (ALBERT)
  bool parallel_block = false;           // attention and feed-forward read the same norm and are added at once (PaLM)
  NormKind norm = NormKind::layer_norm;
  NormPlacement norm_placement = NormPlacement::post;
  bool norm_bias = true;        // of a LayerNorm
  bool final_norm = false;      // after the last block of each stack (pre-norm models)
  bool embedding_norm = false;  // after the embeddings (BERT)
  double norm_eps = 1e-12;
  Activation activation = Activation::gelu;
  Positions positions = Positions::learned;
  std::int64_t position_offset = 0;  // rows of the learned table before that of the first position
  PositionIds position_ids = PositionIds::table;
  double rope_theta = 10000.0;
  std::int64_t position_bucket_count = 32;   // t5: rows of its table, both directions of an encoder together
  std::int64_t position_max_distance = 128;  // t5: distances from here on share the last bucket
  bool attention_bias = true;                // one per output feature of each projection, and of W^O
  bool attention_scaled = true;              // scores are divided by sqrt(d) (T5's are not)
  RopeScaling rope_scaling = {};
  std::int64_t sliding_window = 0;  // each token sees itself and the window - 1 before it; 0: all
  bool ffn_bias = true;
  bool tied_embeddings = true;  // the head's matrix is the word embedding (of which both sides share one)
  bool softmax_fp32 = false;    // eager attention computes the softmax in fp32 and casts back (LLaMA)
  Head head = Head::mlm;
  bool logits_bias = false;  // lm head: a buffer added to the logits (BART)
  bool scaled_head = false;  // lm head: reads the hidden state times d_model^-1/2 (T5)
  double embedding_dropout = 0.0, attention_dropout = 0.0, residual_dropout = 0.0;
  // Where the residual rate applies.
  bool dropout_after_attention = true, dropout_after_ffn = true, dropout_inside_ffn = false,
       dropout_after_stack = false;
  std::int64_t padding_id = -1;  // -1: none
  // Mixtures of experts.
  Experts experts = {};
  // Reformer (Kitaev et al. 2020, arXiv 2001.04451).
  bool reversible =
      false;  // two streams: x1 + attention(x2), x2 + ffn(of that); norm and head read both, 2·d_model wide
  AxialPositions axial = {};
  std::int64_t ffn_chunk = 0, head_chunk = 0;        // tokens of a sequence that go through at once; 0: all of them
  bool dropout_before_activation = false;            // where the feed-forward's inner dropout stands
  bool head_bias = false;                            // lm head: a trained bias of the logits
  std::vector<LayerAttention> layer_attention = {};  // of layer i: entry i modulo their number; empty: as below
  // Encoders of unusual make (models/encoders/, models/embeddings/).
  WordVectors word_vectors = WordVectors::table;
  std::int64_t hash_count = 0, bucket_count = 0;   // characters: tables, and rows of each
  std::int64_t digest_bits = 0, digest_chunk = 0;  // digest_…: bits of a token; pool: bits of a chunk
  bool embedding_norm_last = false;                // the embeddings' dropout comes before their norm (BigBird)
  Bottleneck bottleneck = {};
  Downsampling downsampling = {};
  std::int64_t label_count = 0;  // of a classifier's head, and of exits
  bool idle_pooler = false;      // a pooler that nothing reads, as some of transformers' classes have one
  bool exits = false;            // a classifier after every block but the last, for leaving early (EdgeBERT)
  std::int64_t exit_layer = 0;   // blocks that run before all sequences leave; 0: all
  std::vector<Compression> compression = {};  // of weights; set by with_compression
  std::string attention = "mha";              // the model's own mechanism
  MechanismOptions attention_options =
      {};  // all of the mechanism's (models/catalog/attention.h); set by with_attention

  bool operator==(const ModelConfig&) const = default;
};

Json to_json(const ModelConfig& config);

struct Preset {
  std::string_view name;
  std::string description;  // one line: what it is, layers, width, parameters, source
  ModelConfig config;
};
const std::vector<Preset>& presets();

// Whether token vectors come from a digest that a batch brings along.
constexpr bool has_digests(const ModelConfig& c) { return c.word_vectors >= WordVectors::digest_pool; }
constexpr std::int64_t kDigestSpecialTokens = 6;  // rows of the table of special tokens beside digests

// The width of the word table.
inline std::int64_t embedding_width(const ModelConfig& c) {
  return c.embedding_size > 0 ? c.embedding_size : c.d_model;
}
// What norm and head after the last block read.
inline std::int64_t final_width(const ModelConfig& c) { return c.reversible ? 2 * c.d_model : c.d_model; }
// `config` with the attention of layer `layer` as that of all of them; itself where layers do not differ.
ModelConfig config_of_layer(const ModelConfig& config, std::int64_t layer);
// All rates of the model.
void override_dropout(ModelConfig& config, double rate);
// Whether the embeddings end in, or begin with, a projection into the model's width.
inline bool has_embedding_projection(const ModelConfig& c) {
  return embedding_width(c) != c.d_model || c.embedding_projection == EmbeddingProjection::always ||
         c.embedding_projection == EmbeddingProjection::trigram;
}
// Of positions, token types and their norm.
inline std::int64_t position_width(const ModelConfig& c) {
  const bool words_only =
      c.embedding_projection == EmbeddingProjection::words || c.embedding_projection == EmbeddingProjection::trigram;
  return words_only ? c.d_model : embedding_width(c);
}
// Whether the head's vocabulary has columns beside those of the word table (MobileBERT).
inline bool has_split_decoder(const ModelConfig& c) {
  return c.head == Head::mlm && c.embedding_projection == EmbeddingProjection::trigram;
}
// What its stacks have beyond plain blocks, as "has …" goes on: "reversible layers"; empty: nothing.
std::string_view unusual_stack(const ModelConfig& config);
// Whether the decoder of an encoder-decoder has positions or a norm of its own on the common word table.
bool has_decoder_embeddings(const ModelConfig& config);

// `model` is a preset's name or the path of a Hugging Face config.json (models/catalog/hugging_face.cpp). Throws
// bad_input: unknown name (nearest suggested), unreadable or malformed file, missing key, wrong type, value out of
// range, heads that do not divide the width, unsupported model_type or an option this toolkit does not build.
ModelConfig load_model(const std::string& model);
ModelConfig import_hugging_face(const Json& json, const std::string& where);

// Throws bad_input when a field is out of range, fields contradict each other, or the model has more parameters than
// kMaxParameterCount. `where` opens the message.
void validate_config(const ModelConfig& config, const std::string& where);
inline constexpr std::int64_t kMaxParameterCount = std::int64_t{1} << 50;  // times 16 bytes stays below 2^63

// Throws bad_input when `seq` exceeds max_positions of a position table (learned, sinusoidal) or a sliding window, or
// when the bytes of the largest activation leave 63 bits.
void validate_shape(const ModelConfig& config, std::int64_t batch, std::int64_t seq);

}  // namespace headroom::models
