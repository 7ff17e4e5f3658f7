#include "models/catalog/attention.h"

#include <algorithm>

#include "models/catalog/checked.h"
#include "models/catalog/compression.h"
#include "models/catalog/experts.h"
#include "models/catalog/mechanisms/band.h"
#include "models/catalog/mechanisms/mechanisms.h"
#include "models/catalog/options.h"

namespace headroom::models {

const std::vector<AttentionMechanism>& attention_mechanisms() {
  static const std::vector<AttentionMechanism> table = [] {
    std::vector<AttentionMechanism> rows;
    add_projected(rows);
    add_el(rows);
    add_mhe(rows);
    add_kernelized(rows);
    add_low_rank(rows);
    add_synthesizer(rows);
    add_fourier(rows);
    add_window(rows);
    add_bigbird(rows);
    add_sparse_transformer(rows);
    add_latent(rows);
    add_collaborative(rows);
    add_hashing(rows);
    add_local(rows);
    add_conditional(rows);
    add_chunked(rows);
    add_adaptive_span(rows);
    return rows;
  }();
  return table;
}

const AttentionMechanism& attention_mechanism(std::string_view name) {
  std::vector<std::string_view> known;
  for (const AttentionMechanism& mechanism : attention_mechanisms()) {
    if (mechanism.name == name) return mechanism;
    known.push_back(mechanism.name);
  }
  throw bad_input(unknown_name_message("attention mechanism", name, known, "headroom list attention"));
}

const std::vector<std::string_view>& compared_by_default() {
  static const std::vector<std::string_view> names{"mha", "sha",      "sha-compact", "mqa",     "gqa",
                                                   "skv", "el-slice", "el-exact",    "mhe-add", "mhe-mul"};
  return names;
}

Error undefined_here(const ModelConfig& config, std::string_view mechanism, std::string_view reason) {
  return bad_input(config.name + ": attention '" + std::string(mechanism) +
                   "' is undefined here: " + std::string(reason));
}

std::string_view mechanism_name(std::string_view text) { return text.substr(0, text.find(':')); }

void require_attention(const ModelConfig& config) {
  const AttentionMechanism& mechanism = attention_mechanism(config.attention);
  const Undefined& undefined = mechanism.undefined;
  const auto refuse = [&](bool here, std::string_view reason) {
    if (here && !reason.empty()) throw undefined_here(config, mechanism.name, reason);
  };
  refuse(config.architecture != Architecture::encoder_only, undefined.causal);
  refuse(config.architecture == Architecture::encoder_decoder, undefined.cross);
  refuse(is_rotary(config.positions), undefined.rotary);
  refuse(has_position_bias(config.positions), undefined.bias);
  if (config.positions == Positions::transformer_xl) {
    refuse(mechanism.name != "mha",
           "Transformer-XL's positions are a second key in the scores of multi-head attention");
    refuse(config.architecture != Architecture::decoder_only,
           "Transformer-XL's positions are built for decoder-only models");
    refuse(config.d_model % 2 != 0, "Transformer-XL's positions pair sines and cosines, so the width must be even");
  }
  if (mechanism.require) mechanism.require(config);
}

void set_positions(ModelConfig& config, std::string_view name) {
  const Positions kind = from_name(kPositionsNames, "positions", name);
  if (kind == config.positions) return;
  const ModelConfig defaults;
  config.positions = kind;
  config.position_offset = defaults.position_offset;
  config.position_ids = defaults.position_ids;
  config.rope_theta = defaults.rope_theta;
  config.rope_scaling = defaults.rope_scaling;
  config.position_bucket_count = defaults.position_bucket_count;
  config.position_max_distance = defaults.position_max_distance;
  config.axial = {};
  if (is_rotary(kind) && config.head_dim % 2 != 0)
    throw bad_input(config.name + ": rotary positions turn pairs, so the head size (" +
                    std::to_string(config.head_dim) + ") must be even");
}

ModelConfig with_positions(ModelConfig config, std::string_view name) {
  set_positions(config, name);
  if (config.attention_options.empty())
    with_attention(config, config.attention);
  else
    require_attention(config);
  return config;
}

ModelConfig with_attention_and_positions(ModelConfig config, std::string_view attention, std::string_view positions) {
  if (attention.empty()) return positions.empty() ? config : with_positions(std::move(config), positions);
  if (!positions.empty()) set_positions(config, positions);
  return with_attention(std::move(config), attention);
}

ModelConfig with_attention(ModelConfig config, std::string_view text) {
  const std::string_view name = mechanism_name(text);
  const AttentionMechanism& mechanism = attention_mechanism(name);
  MechanismOptions options = given_options("attention '" + std::string(name) + "'", mechanism.options,
                                           text.substr(std::min(text.size(), name.size() + 1)));
  for (const MechanismOption& option : mechanism.options)
    if (!options.contains(std::string(option.name))) options[std::string(option.name)] = option.fallback(config);
  config.attention = name;
  config.attention_options = std::move(options);
  config.layer_attention.clear();
  config.kv_head_count = config.head_count;
  if (mechanism.apply) mechanism.apply(config);
  require_attention(config);
  return config;
}

std::int64_t head_width(const ModelConfig& config) {
  const auto width = attention_mechanism(config.attention).head_width;
  return width ? width(config) : config.head_dim;
}

bool uses_back_end(const ModelConfig& config) {
  const auto uses = attention_mechanism(config.attention).uses_back_end;
  return uses == nullptr || uses(config);
}

std::int64_t rotary_width(const ModelConfig& config) {
  const auto width = attention_mechanism(config.attention).rotary_width;
  return width ? width(config) : config.head_dim;
}

AttentionShape attention_shape(const ModelConfig& config) {
  AttentionShape shape;
  shape.head_count = config.head_count;
  shape.head_dim = config.head_dim;
  shape.d_model = config.bottleneck.width > 0 ? config.bottleneck.width : config.d_model;
  shape.kv_head_count = config.kv_head_count;
  shape.max_positions = config.max_positions;
  shape.options = config.attention_options;
  shape.bias = config.attention_bias;
  shape.dropout = config.attention_dropout > 0;
  shape.softmax_fp32 = config.softmax_fp32;
  shape.rope = is_rotary(config.positions);
  shape.relative = config.positions == Positions::transformer_xl;
  shape.causal = config.architecture == Architecture::decoder_only;
  return shape;
}

void require_no_relative(const ModelConfig& config) {
  if (config.positions == Positions::transformer_xl)
    throw bad_input(
        "positions 'transformer-xl' run eager only: they add a second product to the scores; use --sdpa eager");
}

void require_flash(const ModelConfig& config) {
  require_no_relative(config);
  if (has_position_bias(config.positions))
    throw bad_input("flash attention takes no position biases (" +
                    std::string(to_name(kPositionsNames, config.positions)) + "): use --sdpa efficient, math or eager");
}

void require_padding(const ModelConfig& config, bool flash) {
  if (const auto reason = attention_mechanism(config.attention).undefined.padding; !reason.empty())
    throw bad_input("attention '" + config.attention + "' takes no padding: " + std::string(reason));
  if (const auto what = unusual_stack(config); !what.empty())
    throw bad_input(config.name + " takes no padding: it has " + std::string(what) +
                    ", and plain blocks alone are given an attention mask");
  if (config.head == Head::discriminator)
    throw bad_input(config.name +
                    " takes no padding: how many tokens a discriminator's loss is of would depend on data");
  if (flash && uses_back_end(config))
    throw bad_input("flash attention takes no padding mask: use --sdpa efficient, math or eager");
}

std::int64_t score_head_count(const ModelConfig& config) {
  return attention_mechanism(config.attention).single_head ? 1 : config.head_count;
}

Formula position_bias_parameters(const ModelConfig& config) {
  if (config.positions != Positions::t5) return {};
  const std::int64_t heads = score_head_count(config);
  return {checked_product({config.position_bucket_count, heads}), heads == 1 ? "buckets" : "buckets·n"};
}

std::int64_t attention_sublayer_count(const ModelConfig& config) {
  const std::int64_t cross = config.architecture == Architecture::encoder_decoder ? config.decoder_layer_count : 0;
  const std::int64_t of_characters = config.downsampling.rate > 0 ? 2 : 0;  // the first and the last block
  return checked_sum({config.encoder_layer_count, config.decoder_layer_count, cross, of_characters});
}

SublayerInput sublayer_input(const ModelConfig& config, std::string_view layer, std::int64_t seq) {
  if (config.downsampling.rate == 0) return {config, seq};
  if (layer.starts_with("character_encoder.")) return {first_block_config(config), seq};
  return {config, layer.starts_with("encoder.") ? seq / config.downsampling.rate : seq};
}

ModelConfig first_block_config(const ModelConfig& config) {
  return with_attention(config, "chunked:chunk=" + std::to_string(config.downsampling.chunk));
}

std::int64_t wide_value_parameters(const ModelConfig& c) {
  if (c.bottleneck.width == 0 || !c.bottleneck.values_from_input) return 0;
  return checked_product({c.d_model - c.bottleneck.width, c.head_count, c.head_dim});
}

namespace {

// The layers that have parameters of their own.
ModelConfig with_own_layers(ModelConfig config) {
  if (!config.shared_layers) return config;
  config.encoder_layer_count = std::min<std::int64_t>(config.encoder_layer_count, 1);
  config.decoder_layer_count = std::min<std::int64_t>(config.decoder_layer_count, 1);
  return config;
}

}  // namespace

namespace {

// The sum over the layers of a model whose layers differ: what `count` says of one layer, as often as there are such.
template <class Count>
std::int64_t sum_over_layers(const ModelConfig& config, const Count& count) {
  const auto kinds = static_cast<std::int64_t>(config.layer_attention.size());
  const std::int64_t layers = config.decoder_layer_count;
  std::int64_t sum = 0;
  for (std::int64_t kind = 0; kind < std::min(kinds, layers); ++kind)
    sum = checked_sum({sum, checked_product({(layers - kind - 1) / kinds + 1, count(config_of_layer(config, kind))})});
  return sum;
}

std::int64_t sublayer_parameters(const ModelConfig& config) {
  return attention_mechanism(config.attention).parameter_count(attention_shape(config)).value;
}

}  // namespace

std::int64_t attention_parameter_count(const ModelConfig& config) {
  if (!config.layer_attention.empty()) return sum_over_layers(config, sublayer_parameters);
  const auto& mechanism = attention_mechanism(config.attention);
  const AttentionShape shape = attention_shape(config);
  const std::int64_t sublayers = attention_sublayer_count(with_own_layers(config));
  const std::int64_t shared = mechanism.once_per_model_count ? mechanism.once_per_model_count(shape).value : 0;
  const std::int64_t of_values = checked_product({sublayers, wide_value_parameters(config)});
  const std::int64_t compressed = checked_product({sublayers, compressed_parameters(config, WeightPlace::attention)});
  if (config.downsampling.rate == 0)
    return checked_sum(
        {checked_product({sublayers, mechanism.parameter_count(shape).value}), of_values, compressed, shared});
  const ModelConfig first = first_block_config(config);
  return checked_sum({checked_product({sublayers - 1, mechanism.parameter_count(shape).value}), shared,
                      attention_mechanism(first.attention).parameter_count(attention_shape(first)).value});
}

std::int64_t kv_cache_bytes_per_token(const ModelConfig& config, std::int64_t element_bytes) {
  if (config.decoder_layer_count == 0) return 0;  // and a mechanism may have none to count
  if (!config.layer_attention.empty())
    return sum_over_layers(config, [&](ModelConfig own) {
      own.decoder_layer_count = 1;
      return kv_cache_bytes_per_token(own, element_bytes);
    });
  AttentionShape shape = attention_shape(config);
  shape.element_bytes = element_bytes;
  const auto cache = attention_mechanism(config.attention).kv_cache_bytes_per_token;
  if (cache == nullptr) return 0;
  const std::int64_t bytes = cache(shape).value;
  const std::int64_t layers = config.decoder_layer_count;
  if (config.architecture != Architecture::encoder_decoder) return checked_product({layers, bytes});
  return checked_product({config.attention == "el-exact" ? layers + 1 : 2 * layers, bytes});
}

namespace {

std::int64_t norm_parameters(const ModelConfig& c, std::int64_t width) {
  const bool biased = c.norm == NormKind::affine || (c.norm == NormKind::layer_norm && c.norm_bias);
  return biased ? checked_product({2, width}) : width;
}

std::int64_t ffn_parameters(const ModelConfig& c) {
  const std::int64_t matrices = gated(c.activation) ? 3 : 2;
  const std::int64_t biases = c.ffn_bias ? checked_sum({checked_product({matrices - 1, c.d_ff}), c.d_model}) : 0;
  return checked_sum({checked_product({matrices, c.d_model, c.d_ff}), biases});
}

// Of `blocks` blocks.
std::int64_t feed_forward_parameters(const ModelConfig& c, std::int64_t blocks) {
  const std::int64_t dense = c.experts.count > 0 ? std::min(blocks, c.experts.first_layer) : blocks;
  return checked_sum(
      {checked_product({dense, ffn_parameters(c)}), checked_product({blocks - dense, expert_parameters(c).value})});
}

// What stands for the word table.
std::int64_t word_parameters(const ModelConfig& c) {
  const std::int64_t width = embedding_width(c);
  switch (c.word_vectors) {
    case WordVectors::characters:
      return checked_product({c.bucket_count, width});  // hash_count tables of width / hash_count
    case WordVectors::digest_pool:
      return checked_product({width, checked_sum({kDigestSpecialTokens, (std::int64_t{1} << c.digest_chunk) + 1,
                                                  divided_up(c.digest_bits, c.digest_chunk)})});
    case WordVectors::digest_add:
      return checked_product({width, checked_sum({kDigestSpecialTokens, 2 * c.digest_bits})});
    case WordVectors::digest_project:
      return checked_product({width, checked_sum({kDigestSpecialTokens, c.digest_bits})});
    case WordVectors::table:
      break;
  }
  return checked_product({c.vocab_size, width});
}

std::int64_t embedding_parameters(const ModelConfig& c) {
  const std::int64_t width = embedding_width(c), own_width = position_width(c);
  const bool projected = has_embedding_projection(c);
  const std::int64_t joined = c.embedding_projection == EmbeddingProjection::trigram ? 3 : 1;
  const bool biased = projected && c.embedding_projection != EmbeddingProjection::words;
  const std::int64_t sides = has_decoder_embeddings(c) ? 2 : 1;
  const std::int64_t position_rows =
      c.positions == Positions::learned ? checked_sum({c.max_positions, c.position_offset}) : 0;
  const std::int64_t axial = checked_sum({checked_product({c.axial.lengths[0], c.axial.widths[0]}),
                                          checked_product({c.axial.lengths[1], c.axial.widths[1]})});
  const std::int64_t side =
      checked_sum({axial, checked_product({checked_sum({position_rows, c.type_vocab_size}), own_width}),
                   c.embedding_norm ? norm_parameters(c, own_width) : 0,
                   projected ? checked_product({joined, width, c.d_model}) : 0, biased ? c.d_model : 0});
  return checked_sum({word_parameters(c), checked_product({sides, side})});
}

std::int64_t head_parameters(const ModelConfig& c) {
  const std::int64_t width = embedding_width(c);
  const std::int64_t square = checked_sum({checked_product({c.d_model, c.d_model}), c.d_model});
  const std::int64_t decoder = c.tied_embeddings ? 0 : checked_product({c.vocab_size, width});
  const std::int64_t idle = c.idle_pooler ? square : 0;
  const std::int64_t labels = checked_product({c.label_count, checked_sum({c.d_model, 1})});
  switch (c.head) {
    case Head::pooler:
      return square;
    case Head::classifier:
      return checked_sum({square, labels});
    case Head::token_classifier:
      return checked_sum({idle, labels});
    case Head::discriminator:
      return checked_sum({square, c.d_model, 1, idle});
    case Head::lm:
      if (c.reversible)
        return checked_sum({checked_product({c.vocab_size, final_width(c)}), c.head_bias ? c.vocab_size : 0});
      return checked_sum({idle, decoder, c.head_bias ? c.vocab_size : 0,
                          width == c.d_model ? 0 : checked_product({c.d_model, width})});
    case Head::mlm:
      break;
  }
  if (has_split_decoder(c))
    return checked_sum({idle, square, checked_product({2, c.d_model}), decoder,
                        checked_product({c.vocab_size, c.d_model - width}), c.vocab_size});
  return checked_sum(
      {idle, checked_product({c.d_model, width}), width, norm_parameters(c, width), decoder, c.vocab_size});
}

// Of what a make has beside the layers that all have.
std::int64_t linear(std::int64_t in, std::int64_t out) { return checked_sum({checked_product({in, out}), out}); }

// Of one block with a bottleneck, without its attention.
std::int64_t bottleneck_parameters(const ModelConfig& c) {
  const std::int64_t width = c.bottleneck.width, inner_norm = norm_parameters(c, width);
  const std::int64_t into = checked_sum({linear(c.d_model, width), inner_norm});
  const std::int64_t ffn = checked_sum({linear(width, c.d_ff), linear(c.d_ff, width), inner_norm});
  return checked_sum({checked_product({c.bottleneck.values_from_input ? 2 : 1, into}), inner_norm,
                      checked_product({c.bottleneck.ffn_count, ffn}), linear(width, c.d_model),
                      norm_parameters(c, c.d_model)});
}

std::int64_t molecule_parameters(const ModelConfig& c) {
  const std::int64_t norm = norm_parameters(c, c.d_model);
  const std::int64_t block = checked_sum({ffn_parameters(c), norm, norm});  // attention is counted with the others
  return checked_sum({linear(checked_product({c.d_model, c.downsampling.rate}), c.d_model), norm,
                      linear(checked_product({2, c.d_model, c.downsampling.kernel}), c.d_model), norm, block, block});
}

std::int64_t exit_parameters(const ModelConfig& c) {
  const std::int64_t exits =
      c.shared_layers ? std::min<std::int64_t>(c.encoder_layer_count - 1, 1) : c.encoder_layer_count - 1;
  return checked_product({exits, checked_sum({linear(c.d_model, c.d_model), linear(c.d_model, c.label_count)})});
}

}  // namespace

std::int64_t parameter_count(const ModelConfig& c) {
  const ModelConfig own = with_own_layers(c);
  if (c.bottleneck.width > 0)
    return checked_sum({embedding_parameters(c), attention_parameter_count(c),
                        checked_product({c.encoder_layer_count, bottleneck_parameters(c)}), head_parameters(c)});
  const std::int64_t further =
      checked_sum({c.downsampling.rate > 0 ? molecule_parameters(c) : 0, c.exits ? exit_parameters(c) : 0});
  const std::int64_t blocks = checked_sum({own.encoder_layer_count, own.decoder_layer_count});
  const std::int64_t stacks = c.architecture == Architecture::encoder_decoder ? 2 : 1;
  const std::int64_t norms =
      checked_sum({attention_sublayer_count(own) - (c.downsampling.rate > 0 ? 2 : 0), c.parallel_block ? 0 : blocks,
                   c.final_norm ? stacks : 0, c.reversible ? 1 : 0});  // reversible: a final norm of twice the width
  return checked_sum({embedding_parameters(c), further, checked_product({stacks, position_bias_parameters(c).value}),
                      attention_parameter_count(c), feed_forward_parameters(c, blocks),
                      checked_product({blocks, compressed_parameters(c, WeightPlace::ffn)}),
                      checked_product({norms, norm_parameters(c, c.d_model)}), head_parameters(c)});
}

}  // namespace headroom::models
