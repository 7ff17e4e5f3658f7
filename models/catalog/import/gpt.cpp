// Decoders with learned positions: GPT-2 and OPT.
#include "models/catalog/import/families.h"

namespace headroom::models::hugging_face {

ModelConfig import_opt(const Source& source) {
  source.only("layerdrop", 0.0);
  source.only("layer_norm_elementwise_affine", true);
  ModelConfig config;
  config.architecture = Architecture::decoder_only;
  config.vocab_size = source->integer("vocab_size", 1, kMaxVocab);
  config.max_positions = source->integer("max_position_embeddings", 1, kMaxPositions);
  config.position_offset = 2;
  config.position_ids = PositionIds::sequence;
  set_heads(config, source, "hidden_size", "num_attention_heads");
  set_embedding_size(config, source, "word_embed_proj_dim", config.d_model);
  config.embedding_projection = EmbeddingProjection::words;
  config.d_ff = source->integer("ffn_dim", 1, kMaxFfn);
  config.decoder_layer_count = source->integer("num_hidden_layers", 1, kMaxLayers);
  const bool pre = source->boolean_or("do_layer_norm_before", true);
  config.norm_placement = pre ? NormPlacement::pre : NormPlacement::post;
  config.final_norm = pre && !source->boolean_or("_remove_final_layer_norm", false);
  config.norm_eps = 1e-5;
  config.activation = activation(source, "activation_function", "relu");
  config.attention_bias = config.ffn_bias = source->boolean_or("enable_bias", true);
  config.tied_embeddings = source->boolean_or("tie_word_embeddings", true);
  config.softmax_fp32 = true;
  config.head = source.head({{Head::lm, "OPTForCausalLM"}});
  config.residual_dropout = source.dropout("dropout", 0.1);
  config.attention_dropout = source.dropout("attention_dropout", 0.0);
  set_padding(config, source, 1);
  return config;
}

ModelConfig import_gpt2(const Source& source) {
  source.only("scale_attn_weights", true);
  source.only("scale_attn_by_inverse_layer_idx", false);
  source.only("reorder_and_upcast_attn", false);
  source.only("add_cross_attention", false);
  ModelConfig config;
  config.architecture = Architecture::decoder_only;
  config.vocab_size = source->integer("vocab_size", 1, kMaxVocab);
  config.max_positions = source->integer("n_positions", 1, kMaxPositions);
  set_heads(config, source, "n_embd", "n_head");
  config.d_ff = source->integer_or("n_inner", 4 * config.d_model, 1, kMaxFfn);
  config.decoder_layer_count = source->integer("n_layer", 1, kMaxLayers);
  config.norm_placement = NormPlacement::pre;
  config.final_norm = true;
  config.norm_eps = source->number_or("layer_norm_epsilon", 1e-5, 1e-30, 0.5);
  config.activation = activation(source, "activation_function", "gelu_new");
  config.embedding_dropout = source.dropout("embd_pdrop", 0.1);
  config.attention_dropout = source.dropout("attn_pdrop", 0.1);
  config.residual_dropout = source.dropout("resid_pdrop", 0.1);
  config.tied_embeddings = source->boolean_or("tie_word_embeddings", true);
  config.head = source.head({{Head::lm, "GPT2LMHeadModel"}});
  return config;
}

}  // namespace headroom::models::hugging_face
