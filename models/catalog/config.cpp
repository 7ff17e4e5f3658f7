#include "models/catalog/config.h"

#include <algorithm>
#include <filesystem>

#include "base/bytes.h"
#include "models/catalog/attention.h"
#include "models/catalog/checked.h"
#include "models/catalog/compression.h"
#include "models/catalog/experts.h"
#include "models/catalog/options.h"

namespace headroom::models {

bool has_decoder_embeddings(const ModelConfig& c) {
  return c.architecture == Architecture::encoder_decoder && (c.positions == Positions::learned || c.embedding_norm);
}

std::string_view unusual_stack(const ModelConfig& c) {
  if (c.reversible) return "reversible layers";
  if (c.bottleneck.width > 0) return "bottlenecks";
  if (c.downsampling.rate > 0) return "molecules of characters";
  return c.exits ? "exits" : "";
}

ModelConfig config_of_layer(const ModelConfig& config, std::int64_t layer) {
  if (config.layer_attention.empty()) return config;
  ModelConfig own = config;
  own.layer_attention.clear();
  const LayerAttention& attention =
      config.layer_attention[static_cast<std::size_t>(layer) % config.layer_attention.size()];
  own.attention = attention.mechanism;
  own.attention_options = attention.options;
  own.attention_dropout = attention.dropout;
  return own;
}

void override_dropout(ModelConfig& config, double rate) {
  config.embedding_dropout = config.attention_dropout = config.residual_dropout = rate;
  for (LayerAttention& layer : config.layer_attention) layer.dropout = rate;
}

namespace {

// Null where there are none.
Json to_json(const Experts& e) {
  if (e.count == 0) return nullptr;
  return Json{{"count", e.count},
              {"per_token", e.per_token},
              {"width", e.width},
              {"shared_width", e.shared_width},
              {"first_layer", e.first_layer},
              {"group_count", e.group_count},
              {"groups_per_token", e.groups_per_token},
              {"scores", to_name(kExpertScoresNames, e.scores)},
              {"normalized", e.normalized},
              {"router_fp32", e.router_fp32},
              {"scale", e.scale},
              {"capacity_factor", e.capacity_factor}};
}

Json to_json(const Compression& c) {
  Json json{{"method", c.method}};
  for (const MechanismOption& option : compression_method(c.method).options)
    json[std::string(option.name)] = option_text(option, c.options.at(std::string(option.name)));
  return json;
}

// Where the model has any of it.
void add_reformer(Json& json, const ModelConfig& c) {
  if (c.reversible) json["reversible"] = true;
  if (c.positions == Positions::axial) {
    json["positions"] = "axial";
    json["axial"] = {{"lengths", c.axial.lengths}, {"widths", c.axial.widths}};
  }
  if (c.ffn_chunk > 0) json["ffn_chunk"] = c.ffn_chunk;
  if (c.head_chunk > 0) json["head_chunk"] = c.head_chunk;
  if (c.dropout_before_activation) json["dropout_before_activation"] = true;
  if (c.head_bias) json["head_bias"] = true;
  for (const LayerAttention& layer : c.layer_attention)
    json["layer_attention"].push_back(
        {{"attention", layer.mechanism}, {"options", layer.options}, {"dropout", layer.dropout}});
}

Json fields_of(const ModelConfig& c) {
  return Json{{"name", c.name},
              {"architecture", to_name(kArchitectureNames, c.architecture)},
              {"vocab_size", c.vocab_size},
              {"max_positions", c.max_positions},
              {"type_vocab_size", c.type_vocab_size},
              {"d_model", c.d_model},
              {"embedding_size", embedding_width(c)},
              {"embedding_projection", to_name(kEmbeddingProjectionNames, c.embedding_projection)},
              {"head_count", c.head_count},
              {"head_dim", c.head_dim},
              {"kv_head_count", c.kv_head_count},
              {"d_ff", c.d_ff},
              {"encoder_layer_count", c.encoder_layer_count},
              {"decoder_layer_count", c.decoder_layer_count},
              {"shared_layers", c.shared_layers},
              {"parallel_block", c.parallel_block},
              {"norm", to_name(kNormKindNames, c.norm)},
              {"norm_placement", to_name(kNormPlacementNames, c.norm_placement)},
              {"norm_bias", c.norm_bias},
              {"final_norm", c.final_norm},
              {"embedding_norm", c.embedding_norm},
              {"norm_eps", c.norm_eps},
              {"activation", to_name(kActivationNames, c.activation)},
              {"positions", to_name(kPositionsNames, c.positions)},
              {"position_offset", c.position_offset},
              {"position_ids", to_name(kPositionIdsNames, c.position_ids)},
              {"rope_theta", c.rope_theta},
              {"position_bucket_count", c.position_bucket_count},
              {"position_max_distance", c.position_max_distance},
              {"rope_scaling",
               {{"factor", c.rope_scaling.factor},
                {"low_frequency_factor", c.rope_scaling.low_frequency_factor},
                {"high_frequency_factor", c.rope_scaling.high_frequency_factor},
                {"original_positions", c.rope_scaling.original_positions},
                {"kind", to_name(kRopeScalingKindNames, c.rope_scaling.kind)},
                {"table_factor", c.rope_scaling.table_factor},
                {"score_factor", c.rope_scaling.score_factor}}},
              {"sliding_window", c.sliding_window},
              {"attention_bias", c.attention_bias},
              {"attention_scaled", c.attention_scaled},
              {"ffn_bias", c.ffn_bias},
              {"tied_embeddings", c.tied_embeddings},
              {"softmax_fp32", c.softmax_fp32},
              {"head", to_name(kHeadNames, c.head)},
              {"logits_bias", c.logits_bias},
              {"scaled_head", c.scaled_head},
              {"embedding_dropout", c.embedding_dropout},
              {"attention_dropout", c.attention_dropout},
              {"residual_dropout", c.residual_dropout},
              {"dropout_after_attention", c.dropout_after_attention},
              {"dropout_after_ffn", c.dropout_after_ffn},
              {"dropout_inside_ffn", c.dropout_inside_ffn},
              {"dropout_after_stack", c.dropout_after_stack},
              {"padding_id", c.padding_id},
              {"experts", to_json(c.experts)},
              {"word_vectors", to_name(kWordVectorsNames, c.word_vectors)},
              {"hash_count", c.hash_count},
              {"bucket_count", c.bucket_count},
              {"digest_bits", c.digest_bits},
              {"digest_chunk", c.digest_chunk},
              {"embedding_norm_last", c.embedding_norm_last},
              {"bottleneck",
               {{"width", c.bottleneck.width},
                {"values_from_input", c.bottleneck.values_from_input},
                {"ffn_count", c.bottleneck.ffn_count}}},
              {"downsampling",
               {{"rate", c.downsampling.rate}, {"kernel", c.downsampling.kernel}, {"chunk", c.downsampling.chunk}}},
              {"label_count", c.label_count},
              {"idle_pooler", c.idle_pooler},
              {"exits", c.exits},
              {"exit_layer", c.exit_layer},
              {"attention", c.attention},
              {"attention_options", c.attention_options}};
}

}  // namespace

Json to_json(const ModelConfig& c) {
  Json json = fields_of(c);
  add_reformer(json, c);
  for (const Compression& method : c.compression) json["compression"].push_back(to_json(method));
  return json;
}

namespace {

void require(bool holds, const std::string& where, const std::string& problem) {
  if (!holds) throw bad_input(where + ": " + problem);
}

void require_range(std::int64_t value, std::int64_t low, std::int64_t high, const std::string& where,
                   const std::string& what) {
  require(value >= low && value <= high, where,
          what + " is " + std::to_string(value) + ", expected " + std::to_string(low) + " to " + std::to_string(high));
}

void require_sizes(const ModelConfig& c, const std::string& where) {
  require_range(c.vocab_size, 1, std::int64_t{1} << 28, where, "the vocabulary's size");
  require_range(c.max_positions, 1, std::int64_t{1} << 31, where, "the number of positions");
  require_range(c.type_vocab_size, 0, 1 << 20, where, "the number of token types");
  require_range(c.d_model, 1, 1 << 20, where, "the width");
  require_range(c.embedding_size, 0, 1 << 20, where, "the width of the embeddings");
  require_range(c.head_count, 1, 1 << 16, where, "the number of heads");
  require_range(c.head_dim, 1, 1 << 16, where, "the head size");
  require_range(c.kv_head_count, 1, c.head_count, where, "the number of key-value heads");
  require_range(c.d_ff, 1, 1 << 24, where, "the feed-forward width");
  require_range(c.encoder_layer_count, 0, 1 << 14, where, "the number of encoder layers");
  require_range(c.decoder_layer_count, 0, 1 << 14, where, "the number of decoder layers");
  require_range(c.padding_id, -1, c.vocab_size - 1, where, "the padding id");
  require_range(c.position_offset, 0, 1 << 20, where, "the offset of the positions");
  require_range(c.sliding_window, 0, std::int64_t{1} << 31, where, "the sliding window");
  require_range(c.rope_scaling.original_positions, 1, std::int64_t{1} << 31, where,
                "the number of positions that rotary scaling starts from");
  for (double rate : {c.embedding_dropout, c.attention_dropout, c.residual_dropout})
    require(rate >= 0 && rate < 1, where,
            "a dropout rate is " + std::to_string(rate) + ", expected 0 up to, not including, 1");
  require(c.norm_eps > 0 && c.norm_eps < 1, where, "the norm's epsilon must lie between 0 and 1");
  require(c.rope_theta >= 1 && c.rope_theta <= 1e12, where, "the rotary base must lie between 1 and 1e12");
  require_range(c.position_bucket_count, 4, 1 << 16, where, "the number of position buckets");
  require_range(c.position_max_distance, c.position_bucket_count, std::int64_t{1} << 31, where,
                "the distance of the last position bucket");
  const RopeScaling& scaling = c.rope_scaling;
  require(scaling.factor >= 1 && scaling.factor <= 1e6 && scaling.low_frequency_factor > 0 &&
              scaling.low_frequency_factor < scaling.high_frequency_factor && scaling.high_frequency_factor <= 1e6 &&
              scaling.table_factor > 0 && scaling.score_factor > 0,
          where, "rotary scaling needs a factor of at least 1 and a low frequency factor below the high one");
}

void require_layout(const ModelConfig& c, const std::string& where) {
  const bool both = c.architecture == Architecture::encoder_decoder;
  require(c.positions == Positions::learned || (c.position_offset == 0 && c.position_ids == PositionIds::table), where,
          "only learned positions have an offset or ids of their own");
  require(c.position_ids != PositionIds::tokens || (c.padding_id >= 0 && c.position_offset == c.padding_id + 1), where,
          "positions counted over tokens start after the padding id, so the offset must be the padding id + 1");
  require(!has_embedding_projection(c) || !both, where,
          "embeddings of another width than the model's are not built for encoder-decoder models");
  require(embedding_width(c) == c.d_model || c.embedding_projection != EmbeddingProjection::words ||
              (!c.embedding_norm && c.type_vocab_size == 0),
          where, "where only words are projected, embeddings have no norm and no token types");
  require(!c.parallel_block || (c.norm_placement == NormPlacement::pre && !both), where,
          "parallel blocks are pre-norm and have no cross-attention");
  require(!(c.logits_bias || c.scaled_head) || c.head == Head::lm, where,
          "a bias of the logits and a scaled hidden state belong to the lm head");
  require(
      c.positions != Positions::transformer_xl || c.architecture == Architecture::decoder_only, where,
      "positions 'transformer-xl' are built for decoder-only models: their keys are of distances to earlier tokens");
  require(c.positions != Positions::transformer_xl || c.d_model % 2 == 0, where,
          "positions 'transformer-xl' pair sines and cosines, so the width (" + std::to_string(c.d_model) +
              ") must be even");
}

void require_axial(const ModelConfig& c, const std::string& where) {
  if (c.positions != Positions::axial) return;
  for (int axis : {0, 1}) {
    require_range(c.axial.lengths[axis], 1, std::int64_t{1} << 31, where, "the length of an axis of the positions");
    require_range(c.axial.widths[axis], 1, 1 << 20, where, "the width of an axis of the positions");
  }
  require(c.axial.widths[0] + c.axial.widths[1] == c.d_model, where,
          "the widths of axial positions (" + std::to_string(c.axial.widths[0]) + " + " +
              std::to_string(c.axial.widths[1]) + ") do not add up to the model's (" + std::to_string(c.d_model) + ")");
  require(embedding_width(c) == c.d_model && !c.embedding_norm && c.type_vocab_size == 0 && c.position_offset == 0,
          where, "beside axial positions, embeddings have the model's width, no norm and no token types");
}

void require_reversible(const ModelConfig& c, const std::string& where) {
  require_range(c.ffn_chunk, 0, std::int64_t{1} << 31, where, "the feed-forward's chunk");
  require_range(c.head_chunk, 0, std::int64_t{1} << 31, where, "the head's chunk");
  require(!c.head_bias || c.head == Head::lm, where, "a trained bias of the logits belongs to the lm head");
  require(!c.head_bias || !c.logits_bias, where, "logits have one bias");
  if (!c.reversible) {
    require(c.layer_attention.empty() && c.ffn_chunk == 0 && c.head_chunk == 0, where,
            "layers of different attention and chunks of tokens belong to reversible models");
    return;
  }
  require(c.architecture == Architecture::decoder_only && c.norm_placement == NormPlacement::pre && c.final_norm &&
              c.head == Head::lm,
          where, "reversible layers are built for pre-norm decoders with a final norm and an lm head");
  require(!c.tied_embeddings, where,
          "the head of a reversible model reads both streams (" + std::to_string(2 * c.d_model) +
              " wide) and cannot be the word table (" + std::to_string(embedding_width(c)) + " wide)");
  require(!c.shared_layers && !c.parallel_block && embedding_width(c) == c.d_model && !has_position_bias(c.positions),
          where,
          "reversible layers have parameters of their own, no parallel blocks, embeddings of the model's width "
          "and no position biases");
  for (const LayerAttention& layer : c.layer_attention)
    require(layer.dropout >= 0 && layer.dropout < 1, where,
            "a dropout rate is " + std::to_string(layer.dropout) + ", expected 0 up to, not including, 1");
}

// Encoders of unusual make.
void require_encoder(const ModelConfig& c, const std::string& where) {
  require_range(c.hash_count, 0, 16, where, "the number of hash functions");
  require_range(c.bucket_count, 0, 1 << 28, where, "the number of hash buckets");
  require_range(c.digest_bits, 0, 1 << 16, where, "the number of bits of a digest");
  require_range(c.digest_chunk, 0, 24, where, "the number of bits of a digest's chunk");
  require_range(c.bottleneck.width, 0, 1 << 20, where, "the width of the bottleneck");
  require_range(c.bottleneck.ffn_count, 1, 1 << 10, where, "the number of feed-forward networks of a block");
  require_range(c.downsampling.rate, 0, 1 << 20, where, "the number of characters of a molecule");
  require_range(c.downsampling.kernel, 1, 1 << 20, where, "the width of the convolution back to characters");
  require_range(c.downsampling.chunk, 1, 1 << 24, where, "the number of characters of a chunk");
  require_range(c.label_count, 0, 1 << 20, where, "the number of labels");
  require_range(c.exit_layer, 0, c.encoder_layer_count, where, "the layer after which sequences leave");
  const bool plain = c.word_vectors == WordVectors::table;
  require(plain || c.head == Head::pooler || c.head == Head::classifier || c.head == Head::token_classifier, where,
          "words without a table have no vocabulary, so the head is a pooler or a classifier");
  require(c.word_vectors != WordVectors::characters ||
              (c.hash_count > 0 && c.bucket_count > 0 && embedding_width(c) % c.hash_count == 0),
          where, "hashed characters need buckets, and hash functions that divide the width of the embeddings");
  require(!has_digests(c) || c.digest_bits > 0, where, "digests need a number of bits");
  require(c.word_vectors != WordVectors::digest_pool || c.digest_chunk > 0, where,
          "pooled digests need a number of bits of a chunk");
  const bool labelled = c.head == Head::classifier || c.head == Head::token_classifier || c.exits;
  require(labelled == (c.label_count > 0), where, "classifiers need labels, and nothing else has them");
  require(!c.idle_pooler || (c.head != Head::pooler && c.head != Head::classifier), where,
          "the head's own pooler is not idle");
  const bool unusual = !plain || c.bottleneck.width > 0 || c.downsampling.rate > 0 || c.exits || labelled;
  require(!unusual || c.architecture == Architecture::encoder_only, where,
          "bottlenecks, molecules, exits, classifiers and words without a table are built for encoders only");
  require(c.exit_layer == 0 || c.exits, where, "only a model with exits is left early");
  const int makes = (c.bottleneck.width > 0) + (c.downsampling.rate > 0) + c.exits;
  require(makes == 0 || (makes == 1 && c.norm_placement == NormPlacement::post && !c.parallel_block && !c.final_norm),
          where, "bottlenecks, molecules and exits do not go together, and their blocks are post-norm");
  require(
      c.bottleneck.width == 0 || c.attention == "mha", where,
      "attention '" + c.attention +
          "' reads one input, and in a bottleneck queries and keys may have another than values: mha alone is built");
  require(c.bottleneck.width == 0 || c.shared_layers == false, where,
          "blocks with a bottleneck that share their parameters are not built");
  require(!c.exits || c.head == Head::classifier, where, "exits are classifiers, so the head is one, too");
  require(!has_split_decoder(c) || embedding_width(c) < c.d_model, where,
          "the vocabulary's further columns need embeddings narrower than the model");
}

}  // namespace

void validate_config(const ModelConfig& c, const std::string& where) {
  require_sizes(c, where);
  require_layout(c, where);
  require_experts(c, where);
  require_axial(c, where);
  require_reversible(c, where);
  require_encoder(c, where);
  require((c.encoder_layer_count > 0) == (c.architecture != Architecture::decoder_only) &&
              (c.decoder_layer_count > 0) == (c.architecture != Architecture::encoder_only),
          where, "an " + std::string(to_name(kArchitectureNames, c.architecture)) + " model has layers on other sides");
  require(c.head_count % c.kv_head_count == 0, where,
          std::to_string(c.head_count) + " heads do not divide into " + std::to_string(c.kv_head_count) +
              " key-value heads");
  require(!is_rotary(c.positions) || c.head_dim % 2 == 0, where,
          "rotary positions turn pairs, so the head size (" + std::to_string(c.head_dim) + ") must be even");
  if (!c.attention_options.empty()) require_attention(c);
  for (std::size_t i = 0; i < c.layer_attention.size(); ++i)
    require_attention(config_of_layer(c, static_cast<std::int64_t>(i)));
  require(!c.attention_options.empty() || with_attention(c, c.attention).kv_head_count == c.kv_head_count, where,
          "attention '" + c.attention + "' does not go with " + std::to_string(c.kv_head_count) + " key-value heads");
  const std::int64_t count = parameter_count(c);
  require(count <= kMaxParameterCount, where,
          format_count(count) + " parameters, more than the limit of " + format_count(kMaxParameterCount));
}

void validate_shape(const ModelConfig& c, std::int64_t batch, std::int64_t seq) {
  require(batch >= 1, c.name, "the batch is " + std::to_string(batch) + ", expected at least 1");
  require(seq >= 1, c.name, "the sequence length is " + std::to_string(seq) + ", expected at least 1");
  require(!has_position_table(c.positions) || seq <= c.max_positions, c.name,
          "a sequence of " + std::to_string(seq) + " tokens is longer than its table of " +
              std::to_string(c.max_positions) + " positions");
  require(c.sliding_window == 0 || seq <= c.sliding_window || c.attention == "sliding-window", c.name,
          "a sequence of " + std::to_string(seq) + " tokens is longer than the model's attention window of " +
              std::to_string(c.sliding_window) + ", which attention '" + c.attention +
              "' does not keep; sliding-window does");
  require(c.positions != Positions::axial || seq <= checked_product({c.axial.lengths[0], c.axial.lengths[1]}), c.name,
          "a sequence of " + std::to_string(seq) + " tokens is longer than its axial positions, " +
              std::to_string(c.axial.lengths[0]) + " x " + std::to_string(c.axial.lengths[1]));
  for (const std::int64_t chunk : {c.ffn_chunk, c.head_chunk})
    require(chunk == 0 || seq % chunk == 0, c.name,
            "a sequence of " + std::to_string(seq) + " tokens is not cut into chunks of " + std::to_string(chunk));
  if (const auto check = attention_mechanism(c.attention).require_seq) {
    check(c, seq);
    if (c.downsampling.rate > 0) check(c, seq / c.downsampling.rate);
  }
  for (std::size_t i = 0; i < c.layer_attention.size(); ++i) {
    const ModelConfig own = config_of_layer(c, static_cast<std::int64_t>(i));
    if (const auto check = attention_mechanism(own.attention).require_seq) check(own, seq);
  }
  require(c.downsampling.rate == 0 || seq >= 2 * c.downsampling.rate, c.name,
          "a sequence of " + std::to_string(seq) + " characters has fewer than two molecules of " +
              std::to_string(c.downsampling.rate));
  const std::int64_t width = std::max({c.vocab_size, c.d_ff, c.d_model, c.head_count * c.head_dim});
  checked_product({16, batch, seq, width});
  if (c.experts.count > 0) expert_saved_bytes(c, batch, seq, 16);
  checked_product({16, batch, seq, seq, c.head_count});
  checked_product({16, batch, seq, c.head_count, c.d_model});
}

ModelConfig load_model(const std::string& model) {
  std::vector<std::string_view> known;
  for (const Preset& preset : presets()) {
    if (preset.name == model) return preset.config;
    known.push_back(preset.name);
  }
  std::filesystem::path path = model;
  std::error_code ignored;
  const bool is_path = path.has_parent_path() || path.extension() == ".json" || std::filesystem::exists(path, ignored);
  if (!is_path)
    throw bad_input(unknown_name_message("model", model, known, "headroom list models") +
                    "; the path of a config.json will do, too");
  if (std::filesystem::is_directory(path, ignored)) path /= "config.json";
  ModelConfig config = import_hugging_face(parse_json_file(path), path.string());
  if (config.name.empty()) {
    const bool generic = path.stem() == "config" && path.has_parent_path();
    config.name = generic ? path.parent_path().filename().string() : path.stem().string();
  }
  return config;
}

}  // namespace headroom::models
