// T5 and BART.
#include "models/catalog/import/families.h"

namespace headroom::models::hugging_face {
namespace {

Activation t5_activation(const Source& source) {
  const std::string name = source->string_or("feed_forward_proj", "relu");
  if (name == "relu") return Activation::relu;
  if (name == "gelu") return Activation::gelu;
  if (name == "gated-gelu") return Activation::geglu;
  if (name == "gated-silu") return Activation::swiglu;
  source->fail("feed_forward_proj", "one that is built: relu, gelu, gated-gelu, gated-silu");
}

}  // namespace

ModelConfig import_t5(const Source& source) {
  source.only("is_encoder_decoder", true);
  ModelConfig config;
  config.architecture = Architecture::encoder_decoder;
  config.vocab_size = source->integer("vocab_size", 1, kMaxVocab);
  config.max_positions = source->integer_or("n_positions", 512, 1, kMaxPositions);
  config.d_model = source->integer("d_model", 1, kMaxWidth);
  config.head_count = config.kv_head_count = source->integer("num_heads", 1, kMaxHeads);
  config.head_dim = source->integer("d_kv", 1, kMaxHeads);
  config.d_ff = source->integer("d_ff", 1, kMaxFfn);
  config.encoder_layer_count = source->integer("num_layers", 1, kMaxLayers);
  config.decoder_layer_count = source->integer_or("num_decoder_layers", config.encoder_layer_count, 1, kMaxLayers);
  config.norm = NormKind::rms_norm;
  config.norm_placement = NormPlacement::pre;
  config.final_norm = true;
  config.norm_eps = source->number_or("layer_norm_epsilon", 1e-6, 1e-30, 0.5);
  config.activation = t5_activation(source);
  config.positions = Positions::t5;
  config.position_bucket_count = source->integer_or("relative_attention_num_buckets", 32, 4, 1 << 16);
  config.position_max_distance = source->integer_or("relative_attention_max_distance", 128, 4, kMaxPositions);
  config.attention_bias = config.ffn_bias = config.attention_scaled = false;
  config.tied_embeddings = config.scaled_head = source->boolean_or("tie_word_embeddings", true);
  config.softmax_fp32 = true;
  config.head = source.head({{Head::lm, "T5ForConditionalGeneration"}});
  config.embedding_dropout = config.attention_dropout = config.residual_dropout = source.dropout("dropout_rate", 0.1);
  config.dropout_inside_ffn = config.dropout_after_stack = true;
  return config;
}

ModelConfig import_bart(const Source& source) {
  source.only("is_encoder_decoder", true);
  source.only("scale_embedding", false);
  source.only("encoder_layerdrop", 0.0);
  source.only("decoder_layerdrop", 0.0);
  source.only("normalize_before", false);
  source.only("normalize_embedding", true);
  source.only("add_final_layer_norm", false);
  ModelConfig config;
  config.architecture = Architecture::encoder_decoder;
  config.vocab_size = source->integer("vocab_size", 1, kMaxVocab);
  config.max_positions = source->integer("max_position_embeddings", 1, kMaxPositions);
  config.position_offset = 2;
  config.position_ids = PositionIds::sequence;
  set_heads(config, source, "d_model", "encoder_attention_heads");
  config.d_ff = source->integer("encoder_ffn_dim", 1, kMaxFfn);
  if (source->integer("decoder_attention_heads", 1, kMaxHeads) != config.head_count)
    source->fail("decoder_attention_heads", "the encoder's number: others are not built");
  if (source->integer("decoder_ffn_dim", 1, kMaxFfn) != config.d_ff)
    source->fail("decoder_ffn_dim", "the encoder's width: others are not built");
  config.encoder_layer_count = source->integer("encoder_layers", 1, kMaxLayers);
  config.decoder_layer_count = source->integer("decoder_layers", 1, kMaxLayers);
  config.embedding_norm = true;
  config.norm_eps = 1e-5;
  config.activation = activation(source, "activation_function", "gelu");
  config.tied_embeddings = source->boolean_or("tie_word_embeddings", true);
  config.head = source.head({{Head::lm, "BartForConditionalGeneration"}});
  config.logits_bias = true;
  config.embedding_dropout = config.residual_dropout = source.dropout("dropout", 0.1);
  config.attention_dropout = source.dropout("attention_dropout", 0.0);
  const double inside = source.dropout("activation_dropout", 0.0);
  if (inside != 0 && inside != config.residual_dropout)
    source->fail("activation_dropout", "0 or the rate of 'dropout': others are not built");
  config.dropout_inside_ffn = inside > 0;
  set_padding(config, source, 1);
  return config;
}

}  // namespace headroom::models::hugging_face
