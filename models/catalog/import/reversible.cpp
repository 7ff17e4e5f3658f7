// Reformer: reversible, each layer with LSH or local attention.
#include <algorithm>
#include <limits>
#include <utility>

#include "models/catalog/attention.h"
#include "models/catalog/import/families.h"

namespace headroom::models::hugging_face {
namespace {

// Option of LSH attention for "num_buckets": null, a number, or two factors.
std::string buckets(const Source& source) {
  if (!source->has("num_buckets")) return "";
  const Json& value = source->member("num_buckets");
  if (!value.is_array()) return ":buckets=" + std::to_string(source->integer("num_buckets", 2, 1 << 20));
  const auto [first, second] = source.pair("num_buckets", 1 << 10);
  return ":buckets=" + std::to_string(first * second) + ":factor=" + std::to_string(first);
}

// Of a layer that "attn_layers" calls `kind`: local or lsh.
LayerAttention reformer_attention(const ModelConfig& config, const Source& source, const std::string& kind) {
  source.only(kind + "_num_chunks_before", 1);
  source.only(kind + "_num_chunks_after", 0);
  const bool local = kind == "local";
  std::string text = local ? "reformer-local" : "reformer";
  text += ":chunk=" + std::to_string(source->integer_or(kind + "_attn_chunk_length", 64, 1, 1 << 20));
  if (!local) {
    text += ":hashes=" + std::to_string(source->integer_or("num_hashes", 1, 1, 64)) + buckets(source);
    if (source->has("hash_seed"))
      text += ":seed=" + std::to_string(source->integer("hash_seed", 0, std::numeric_limits<std::int64_t>::max()));
  }
  const ModelConfig own = with_attention(config, text);
  return {own.attention, own.attention_options,
          source.dropout(kind + "_attention_probs_dropout_prob", local ? 0.05 : 0.0)};
}

// The model's attention is that of its LSH layers, if it has any; a list of layers is written once for each period.
void set_reformer_layers(ModelConfig& config, const std::vector<std::string>& kinds, const Source& source) {
  const bool hashes = std::find(kinds.begin(), kinds.end(), "lsh") != kinds.end();
  std::vector<LayerAttention> layers;
  for (const std::string& kind : kinds) layers.push_back(reformer_attention(config, source, kind));
  const LayerAttention whole = reformer_attention(config, source, hashes ? "lsh" : "local");
  config.attention = whole.mechanism;
  config.attention_options = whole.options;
  config.attention_dropout = whole.dropout;
  std::size_t period = 1;
  const auto repeats = [&] {
    for (std::size_t i = period; i < kinds.size(); ++i)
      if (kinds[i] != kinds[i % period]) return false;
    return true;
  };
  while (!repeats()) ++period;
  if (period == 1) return;
  layers.resize(period);
  config.layer_attention = std::move(layers);
}

}  // namespace

ModelConfig import_reformer(const Source& source) {
  source.only("is_decoder", true);
  source.only("axial_pos_embds", true);
  source.only("tie_word_embeddings", false);
  if (source.absent("is_decoder")) source->fail("is_decoder", "true: others than decoders are not built");
  ModelConfig config;
  config.architecture = Architecture::decoder_only;
  config.reversible = config.final_norm = config.head_bias = config.dropout_inside_ffn =
      config.dropout_before_activation = config.dropout_after_stack = true;
  config.tied_embeddings = config.attention_bias = false;
  config.norm_placement = NormPlacement::pre;
  config.positions = Positions::axial;
  config.vocab_size = source->integer("vocab_size", 1, kMaxVocab);
  config.max_positions = source->integer("max_position_embeddings", 1, kMaxPositions);
  config.d_model = source->integer("hidden_size", 1, kMaxWidth);
  config.head_count = config.kv_head_count = source->integer("num_attention_heads", 1, kMaxHeads);
  config.head_dim = source->integer_or("attention_head_size", 64, 1, kMaxHeads);
  config.d_ff = source->integer("feed_forward_size", 1, kMaxFfn);
  config.axial = {source.pair("axial_pos_shape", kMaxPositions), source.pair("axial_pos_embds_dim", kMaxWidth)};
  config.norm_eps = source->number_or("layer_norm_eps", 1e-12, 1e-30, 0.5);
  config.activation = activation(source, "hidden_act", "relu");
  config.embedding_dropout = config.residual_dropout = source.dropout("hidden_dropout_prob", 0.05);
  config.ffn_chunk = source->integer_or("chunk_size_feed_forward", 0, 0, kMaxPositions);
  config.head_chunk = source->integer_or("chunk_size_lm_head", 0, 0, kMaxPositions);
  config.head = source.head({{Head::lm, "ReformerModelWithLMHead"}});
  const auto kinds = source.words("attn_layers", {"local", "lsh"}, kMaxLayers);
  config.decoder_layer_count = static_cast<std::int64_t>(kinds.size());
  set_reformer_layers(config, kinds, source);
  return config;
}

}  // namespace headroom::models::hugging_face
