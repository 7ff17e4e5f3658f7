// Reformer: reversible, each layer with LSH or local attention.
#include <utility>

#include "models/catalog/attention.h"
#include "models/catalog/presets/families.h"

namespace headroom::models {
namespace {

// One LSH layer among `period` layers, the others local.
ModelConfig reformer(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t head_dim,
                     std::int64_t d_ff, std::int64_t vocab_size, const AxialPositions& axial, double dropout) {
  ModelConfig config;
  config.architecture = Architecture::decoder_only;
  config.vocab_size = vocab_size;
  config.max_positions = axial.lengths[0] * axial.lengths[1];
  set_width(config, d_model, heads, d_ff);
  config.head_dim = head_dim;
  config.decoder_layer_count = layers;
  config.reversible = config.final_norm = config.head_bias = true;
  config.dropout_inside_ffn = config.dropout_before_activation = config.dropout_after_stack = true;
  config.tied_embeddings = config.attention_bias = false;
  config.norm_placement = NormPlacement::pre;
  config.activation = Activation::relu;
  config.positions = Positions::axial;
  config.axial = axial;
  config.head = Head::lm;
  config.embedding_dropout = config.residual_dropout = dropout;
  return config;
}

ModelConfig with_layers(ModelConfig config, const char* local, double local_dropout, const char* lsh,
                        double lsh_dropout, std::size_t period) {
  const auto of = [&](const char* text, double dropout) {
    const ModelConfig own = with_attention(config, text);
    return LayerAttention{own.attention, own.attention_options, dropout};
  };
  std::vector<LayerAttention> layers(period, of(local, local_dropout));
  layers[period / 2] = of(lsh, lsh_dropout);
  config = with_attention(config, lsh);
  config.attention_dropout = lsh_dropout;
  config.layer_attention = std::move(layers);
  return config;
}

ModelConfig reformer_crime_and_punishment() {
  return with_layers(reformer(6, 256, 2, 64, 512, 320, {{512, 1024}, {64, 192}}, 0.05), "reformer-local:chunk=64", 0.05,
                     "reformer:chunk=64:buckets=8192:factor=64", 0.0, 2);
}

ModelConfig reformer_enwik8() {
  return with_layers(reformer(12, 1024, 8, 128, 4096, 258, {{128, 512}, {256, 768}}, 0.2), "reformer-local:chunk=128",
                     0.2, "reformer:chunk=256:hashes=4:buckets=512", 0.1, 4);
}

constexpr const char* kReformer = "Kitaev et al. 2020, arXiv 2001.04451; google's files on Hugging Face";

}  // namespace

void add_reversible(std::vector<Preset>& table) {
  add(table, "reformer-crime", "Reformer, reversible, sequences up to 524,288", reformer_crime_and_punishment(),
      kReformer);
  add(table, "reformer-enwik8", "Reformer, reversible, sequences up to 65,536", reformer_enwik8(), kReformer);
}

}  // namespace headroom::models
