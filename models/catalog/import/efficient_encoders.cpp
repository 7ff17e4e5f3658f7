// Encoders of long sequences, and those with another mixing of tokens or other word vectors.
#include <algorithm>

#include "models/catalog/attention.h"
#include "models/catalog/import/families.h"

namespace headroom::models::hugging_face {

ModelConfig import_fnet(const Source& source) {
  source.only("use_tpu_fourier_optimizations", false);
  ModelConfig config;
  config.vocab_size = source->integer("vocab_size", 1, kMaxVocab);
  config.max_positions = source->integer("max_position_embeddings", 1, kMaxPositions);
  config.type_vocab_size = source->integer_or("type_vocab_size", 4, 1, kMaxTypes);
  config.d_model = source->integer("hidden_size", 1, kMaxWidth);
  config.head_count = config.kv_head_count = 1;  // a Fourier transform has no heads
  config.head_dim = config.d_model;
  if (config.d_model % 64 == 0) {  // of mechanisms in its place
    config.head_dim = 64;
    config.head_count = config.kv_head_count = config.d_model / 64;
  }
  config.d_ff = source->integer("intermediate_size", 1, kMaxFfn);
  config.encoder_layer_count = source->integer("num_hidden_layers", 1, kMaxLayers);
  config.embedding_norm = true;
  config.embedding_projection = EmbeddingProjection::always;
  config.norm_eps = source->number_or("layer_norm_eps", 1e-12, 1e-30, 0.5);
  config.activation = activation(source, "hidden_act", "gelu_new");
  config.embedding_dropout = config.residual_dropout = source.dropout("hidden_dropout_prob", 0.1);
  config.attention_dropout = config.residual_dropout;  // of mechanisms in its place
  config.dropout_after_attention = false;
  config.tied_embeddings = source->boolean_or("tie_word_embeddings", true);
  config.head = source.head({{Head::mlm, "FNetForMaskedLM"}, {Head::pooler, "FNetModel"}});
  config.idle_pooler = config.head == Head::mlm;
  set_padding(config, source, 3);
  return with_attention(config, "fnet");
}

namespace {

// One window for all layers.
std::int64_t attention_window(const Source& source) {
  const auto even = [&](std::int64_t window) {
    if (window % 2 != 0) source->fail("attention_window", "even: half of it lies on each side");
    return window;
  };
  if (!source->has("attention_window")) return 512;
  const Json& value = source->member("attention_window");
  if (!value.is_array()) return even(source->integer("attention_window", 2, 1 << 24));
  if (value.empty() || !std::all_of(value.begin(), value.end(), [&](const Json& w) { return w == value[0]; }))
    source->fail("attention_window", "one size for all layers: others are not built");
  if (!value[0].is_number_integer() || value[0] < 2 || value[0] > (1 << 24))
    source->fail("attention_window", "sizes from 2 to 16777216");
  return even(value[0].get<std::int64_t>());
}

}  // namespace

ModelConfig import_longformer(const Source& source) {
  source.only("onnx_export", false);
  ModelConfig config = roberta(source, {{Head::mlm, "LongformerForMaskedLM"}, {Head::pooler, "LongformerModel"}});
  return with_attention(config, "longformer:window=" + std::to_string(attention_window(source)));
}

ModelConfig import_big_bird(const Source& source) {
  source.only("rescale_embeddings", false);
  ModelConfig config = encoder(source, 2, 0);
  config.activation = activation(source, "hidden_act", "gelu_new");
  config.embedding_norm_last = true;
  config.attention_bias = source->boolean_or("use_bias", true);
  config.head = source.head({{Head::mlm, "BigBirdForMaskedLM"}, {Head::pooler, "BigBirdModel"}});
  config.idle_pooler = config.head == Head::mlm;
  const std::string type = source->string_or("attention_type", "block_sparse");
  if (type == "original_full") return config;
  if (type != "block_sparse") source->fail("attention_type", "block_sparse or original_full");
  return with_attention(config,
                        "bigbird:block=" + std::to_string(source->integer_or("block_size", 64, 1, 1 << 20)) +
                            ":random=" + std::to_string(source->integer_or("num_random_blocks", 3, 1, 1 << 10)));
}

ModelConfig import_canine(const Source& source) {
  source.only("position_embedding_type", "absolute");
  ModelConfig config;
  config.vocab_size = 0x110000;  // Unicode's code points
  config.max_positions = source->integer_or("max_position_embeddings", 16384, 1, kMaxPositions);
  config.type_vocab_size = source->integer_or("type_vocab_size", 16, 1, kMaxTypes);
  set_heads(config, source, "hidden_size", "num_attention_heads");
  config.d_ff = source->integer("intermediate_size", 1, kMaxFfn);
  config.encoder_layer_count = source->integer("num_hidden_layers", 1, kMaxLayers);
  config.embedding_norm = true;
  config.norm_eps = source->number_or("layer_norm_eps", 1e-12, 1e-30, 0.5);
  config.activation = activation(source, "hidden_act", "gelu");
  config.embedding_dropout = config.residual_dropout = source.dropout("hidden_dropout_prob", 0.1);
  config.attention_dropout = source.dropout("attention_probs_dropout_prob", 0.1);
  config.word_vectors = WordVectors::characters;
  config.hash_count = source->integer_or("num_hash_functions", 8, 1, 16);
  config.bucket_count = source->integer_or("num_hash_buckets", 16384, 1, 1 << 28);
  if (config.max_positions != config.bucket_count)
    source->fail("max_position_embeddings",
                 "the number of 'num_hash_buckets': transformers' table of positions has it");
  config.downsampling = {source->integer_or("downsampling_rate", 4, 1, 1 << 20),
                         source->integer_or("upsampling_kernel_size", 4, 1, 1 << 20),
                         source->integer_or("local_transformer_stride", 128, 1, 1 << 24)};
  config.head = source.head({{Head::token_classifier, "CanineForTokenClassification"},
                             {Head::pooler, "CanineModel"},
                             {Head::classifier, "CanineForSequenceClassification"}});
  if (config.head != Head::pooler) config.label_count = 2;
  config.idle_pooler = config.head == Head::token_classifier;
  set_padding(config, source, 0);
  return config;
}

}  // namespace headroom::models::hugging_face
