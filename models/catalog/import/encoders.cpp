// BERT and the encoders that differ from it in sizes, sharing, embeddings and heads.
#include "models/catalog/attention.h"
#include "models/catalog/import/families.h"

namespace headroom::models::hugging_face {

ModelConfig encoder(const Source& source, std::int64_t types, std::int64_t padding, double dropout) {
  source.only("position_embedding_type", "absolute");
  source.only("is_decoder", false);
  source.only("add_cross_attention", false);
  ModelConfig config;
  config.vocab_size = source->integer("vocab_size", 1, kMaxVocab);
  config.max_positions = source->integer("max_position_embeddings", 1, kMaxPositions);
  config.type_vocab_size = source->integer_or("type_vocab_size", types, 1, kMaxTypes);
  set_heads(config, source, "hidden_size", "num_attention_heads");
  config.d_ff = source->integer("intermediate_size", 1, kMaxFfn);
  config.encoder_layer_count = source->integer("num_hidden_layers", 1, kMaxLayers);
  config.embedding_norm = true;
  config.norm_eps = source->number_or("layer_norm_eps", 1e-12, 1e-30, 0.5);
  config.embedding_dropout = config.residual_dropout = source.dropout("hidden_dropout_prob", dropout);
  config.attention_dropout = source.dropout("attention_probs_dropout_prob", dropout);
  config.tied_embeddings = source->boolean_or("tie_word_embeddings", true);
  set_padding(config, source, padding);
  return config;
}

ModelConfig import_bert(const Source& source) {
  ModelConfig config = encoder(source, 2, 0);
  config.activation = activation(source, "hidden_act", "gelu");
  config.head = source.head({{Head::mlm, "BertForMaskedLM"}, {Head::pooler, "BertModel"}});
  return config;
}

ModelConfig roberta(const Source& source, std::initializer_list<Named<Head>> heads) {
  source.only("hidden_act", "gelu");  // the head's, whatever the layers'
  ModelConfig config = encoder(source, 2, 1);
  config.position_ids = PositionIds::tokens;
  config.position_offset = config.padding_id + 1;
  if (config.padding_id < 0) source->fail("pad_token_id", "an id: positions are counted over the other tokens");
  if (config.max_positions <= config.position_offset)
    source->fail("max_position_embeddings", "more than 'pad_token_id' + 1: positions start after it");
  config.max_positions -= config.position_offset;
  config.head = source.head(heads);
  return config;
}

ModelConfig import_roberta(const Source& source) {
  return roberta(source, {{Head::mlm, "RobertaForMaskedLM"}, {Head::pooler, "RobertaModel"}});
}

ModelConfig import_xlm_roberta(const Source& source) {
  return roberta(source, {{Head::mlm, "XLMRobertaForMaskedLM"}, {Head::pooler, "XLMRobertaModel"}});
}

ModelConfig import_electra(const Source& source) {
  ModelConfig config = encoder(source, 2, 0);
  config.head = source.head({{Head::discriminator, "ElectraForPreTraining"}, {Head::mlm, "ElectraForMaskedLM"}});
  if (config.head == Head::mlm) source.only("hidden_act", "gelu");  // the head's, whatever the layers'
  config.activation = activation(source, "hidden_act", "gelu");
  set_embedding_size(config, source, "embedding_size", 128);
  return config;
}

namespace {

// Without its head.
ModelConfig albert(const Source& source) {
  source.only("num_hidden_groups", 1);
  source.only("inner_group_num", 1);
  ModelConfig config = encoder(source, 2, 0, 0.0);
  config.activation = activation(source, "hidden_act", "gelu_new");
  config.embedding_size = source->integer_or("embedding_size", 128, 1, kMaxWidth);
  if (config.embedding_size == config.d_model)
    source->fail("embedding_size",
                 "another width than 'hidden_size': ALBERT projects equal ones, too, which is not built");
  config.shared_layers = true;
  config.dropout_after_ffn = false;
  return config;
}

}  // namespace

ModelConfig import_albert(const Source& source) {
  ModelConfig config = albert(source);
  config.head = source.head({{Head::mlm, "AlbertForMaskedLM"}, {Head::pooler, "AlbertModel"}});
  return config;
}

// Not of transformers: ALBERT's keys, and those of its spans and exits.
ModelConfig import_edgebert(const Source& source) {
  ModelConfig config = albert(source);
  config.exits = true;
  config.exit_layer = source->integer_or("exit_layer", 0, 0, config.encoder_layer_count);
  config.head = Head::classifier;
  config.label_count = source->integer_or("num_labels", 2, 1, 1 << 20);
  return with_attention(
      config, "adaptive-span:ramp=" + std::to_string(source->integer_or("adaptive_span_ramp", 256, 1, 1 << 24)));
}

ModelConfig import_distilbert(const Source& source) {
  source.only("sinusoidal_pos_embds", false);
  ModelConfig config;
  config.vocab_size = source->integer("vocab_size", 1, kMaxVocab);
  config.max_positions = source->integer("max_position_embeddings", 1, kMaxPositions);
  set_heads(config, source, "dim", "n_heads");
  config.d_ff = source->integer("hidden_dim", 1, kMaxFfn);
  config.encoder_layer_count = source->integer("n_layers", 1, kMaxLayers);
  config.embedding_norm = true;
  config.activation = activation(source, "activation", "gelu");
  config.embedding_dropout = config.residual_dropout = source.dropout("dropout", 0.1);
  config.dropout_after_attention = false;
  config.attention_dropout = source.dropout("attention_dropout", 0.1);
  config.tied_embeddings = source->boolean_or("tie_word_embeddings", true);
  config.head = source.head({{Head::mlm, "DistilBertForMaskedLM"}});
  set_padding(config, source, 0);
  return config;
}

ModelConfig import_mobilebert(const Source& source) {
  source.only("trigram_input", true);
  source.only("use_bottleneck", true);
  source.only("classifier_activation", true);
  source.only("normalization_type", "no_norm");  // transformers' other kind has two epsilons
  ModelConfig config = encoder(source, 2, 0);
  config.embedding_dropout = config.residual_dropout = source.dropout("hidden_dropout_prob", 0.0);
  config.embedding_size = source->integer_or("embedding_size", 128, 1, kMaxWidth);
  config.embedding_projection = EmbeddingProjection::trigram;
  config.norm = NormKind::affine;
  config.activation = activation(source, "hidden_act", "relu");
  const bool inside = source->boolean_or("use_bottleneck_attention", false);
  if (source->boolean_or("key_query_shared_bottleneck", true) == inside)
    source->fail("key_query_shared_bottleneck",
                 inside ? "false: with 'use_bottleneck_attention' nothing reads the second bottleneck"
                        : "true: queries and keys are as wide as the bottleneck");
  config.bottleneck = {source->integer_or("intra_bottleneck_size", 128, 1, kMaxWidth), !inside,
                       source->integer_or("num_feedforward_networks", 4, 1, 1 << 10)};
  if (config.bottleneck.width % config.head_count != 0)
    source->fail("intra_bottleneck_size", "a multiple of 'num_attention_heads'");
  config.head_dim = config.bottleneck.width / config.head_count;
  config.head = source.head({{Head::mlm, "MobileBertForMaskedLM"}, {Head::pooler, "MobileBertModel"}});
  return config;
}

}  // namespace headroom::models::hugging_face
