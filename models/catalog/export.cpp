// A model's configuration as the config.json of its family. Each is a guess until it has been read back: what the
// import makes of it must be the very model.
#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "models/catalog/derived.h"

namespace headroom::models {
namespace {

std::string_view activation_name(const ModelConfig& c) {
  switch (c.activation) {
    case Activation::gelu_new:
      return "gelu_new";
    case Activation::gelu_tanh:
      return "gelu_pytorch_tanh";
    case Activation::relu:
      return "relu";
    default:
      return "gelu";
  }
}

Json llama(const ModelConfig& c) {
  Json json{{"model_type", "llama"},
            {"vocab_size", c.vocab_size},
            {"max_position_embeddings", c.max_positions},
            {"hidden_size", c.d_model},
            {"num_attention_heads", c.head_count},
            {"num_key_value_heads", c.kv_head_count},
            {"head_dim", c.head_dim},
            {"intermediate_size", c.d_ff},
            {"num_hidden_layers", c.decoder_layer_count},
            {"rms_norm_eps", c.norm_eps},
            {"rope_theta", c.rope_theta},
            {"tie_word_embeddings", c.tied_embeddings},
            {"attention_dropout", c.attention_dropout},
            {"attention_bias", c.attention_bias},
            {"mlp_bias", c.ffn_bias},
            {"pad_token_id", c.padding_id}};
  if (c.rope_scaling != RopeScaling{})
    json["rope_scaling"] = {{"rope_type", "llama3"},
                            {"factor", c.rope_scaling.factor},
                            {"low_freq_factor", c.rope_scaling.low_frequency_factor},
                            {"high_freq_factor", c.rope_scaling.high_frequency_factor},
                            {"original_max_position_embeddings", c.rope_scaling.original_positions}};
  return json;
}

Json mistral(const ModelConfig& c) {
  Json json = llama(c);
  json["model_type"] = "mistral";
  json["sliding_window"] = c.sliding_window > 0 ? Json(c.sliding_window) : Json(nullptr);
  return json;
}

Json mixtral(const ModelConfig& c) {
  Json json = llama(c);
  json["model_type"] = "mixtral";
  json["num_local_experts"] = c.experts.count;
  json["num_experts_per_tok"] = c.experts.per_token;
  return json;
}

Json gpt2(const ModelConfig& c) {
  return {{"model_type", "gpt2"},
          {"vocab_size", c.vocab_size},
          {"n_positions", c.max_positions},
          {"n_embd", c.d_model},
          {"n_head", c.head_count},
          {"n_inner", c.d_ff},
          {"n_layer", c.decoder_layer_count},
          {"layer_norm_epsilon", c.norm_eps},
          {"activation_function", activation_name(c)},
          {"embd_pdrop", c.embedding_dropout},
          {"attn_pdrop", c.attention_dropout},
          {"resid_pdrop", c.residual_dropout},
          {"tie_word_embeddings", c.tied_embeddings}};
}

Json opt(const ModelConfig& c) {
  const bool pre = c.norm_placement == NormPlacement::pre;
  return {{"model_type", "opt"},
          {"vocab_size", c.vocab_size},
          {"max_position_embeddings", c.max_positions},
          {"hidden_size", c.d_model},
          {"num_attention_heads", c.head_count},
          {"word_embed_proj_dim", embedding_width(c)},
          {"ffn_dim", c.d_ff},
          {"num_hidden_layers", c.decoder_layer_count},
          {"do_layer_norm_before", pre},
          {"_remove_final_layer_norm", pre && !c.final_norm},
          {"activation_function", activation_name(c)},
          {"enable_bias", c.attention_bias},
          {"tie_word_embeddings", c.tied_embeddings},
          {"dropout", c.residual_dropout},
          {"attention_dropout", c.attention_dropout},
          {"pad_token_id", c.padding_id}};
}

// What BERT and its kin have in common.
Json encoder(const ModelConfig& c, std::string_view type, std::int64_t positions) {
  return {{"model_type", type},
          {"vocab_size", c.vocab_size},
          {"max_position_embeddings", positions},
          {"type_vocab_size", c.type_vocab_size},
          {"hidden_size", c.d_model},
          {"num_attention_heads", c.head_count},
          {"intermediate_size", c.d_ff},
          {"num_hidden_layers", c.encoder_layer_count},
          {"layer_norm_eps", c.norm_eps},
          {"hidden_act", activation_name(c)},
          {"hidden_dropout_prob", c.residual_dropout},
          {"attention_probs_dropout_prob", c.attention_dropout},
          {"tie_word_embeddings", c.tied_embeddings},
          {"pad_token_id", c.padding_id}};
}

Json with_head(Json json, const char* architecture) {
  json["architectures"] = Json::array({architecture});
  return json;
}

Json bert(const ModelConfig& c) {
  return with_head(encoder(c, "bert", c.max_positions), c.head == Head::mlm ? "BertForMaskedLM" : "BertModel");
}

Json roberta(const ModelConfig& c) {
  return with_head(encoder(c, "roberta", c.max_positions + c.position_offset),
                   c.head == Head::mlm ? "RobertaForMaskedLM" : "RobertaModel");
}

Json electra(const ModelConfig& c) {
  Json json = encoder(c, "electra", c.max_positions);
  json["embedding_size"] = embedding_width(c);
  return with_head(std::move(json), c.head == Head::mlm ? "ElectraForMaskedLM" : "ElectraForPreTraining");
}

Json albert(const ModelConfig& c) {
  Json json = encoder(c, "albert", c.max_positions);
  json["embedding_size"] = c.embedding_size;
  return with_head(std::move(json), c.head == Head::mlm ? "AlbertForMaskedLM" : "AlbertModel");
}

Json distilbert(const ModelConfig& c) {
  return {{"model_type", "distilbert"},
          {"vocab_size", c.vocab_size},
          {"max_position_embeddings", c.max_positions},
          {"dim", c.d_model},
          {"n_heads", c.head_count},
          {"hidden_dim", c.d_ff},
          {"n_layers", c.encoder_layer_count},
          {"activation", activation_name(c)},
          {"dropout", c.residual_dropout},
          {"attention_dropout", c.attention_dropout},
          {"tie_word_embeddings", c.tied_embeddings},
          {"pad_token_id", c.padding_id}};
}

std::string_view t5_activation(const ModelConfig& c) {
  if (c.activation == Activation::geglu) return "gated-gelu";
  if (c.activation == Activation::swiglu) return "gated-silu";
  return c.activation == Activation::gelu ? "gelu" : "relu";
}

Json t5(const ModelConfig& c) {
  return {{"model_type", "t5"},
          {"vocab_size", c.vocab_size},
          {"n_positions", c.max_positions},
          {"d_model", c.d_model},
          {"num_heads", c.head_count},
          {"d_kv", c.head_dim},
          {"d_ff", c.d_ff},
          {"num_layers", c.encoder_layer_count},
          {"num_decoder_layers", c.decoder_layer_count},
          {"layer_norm_epsilon", c.norm_eps},
          {"feed_forward_proj", t5_activation(c)},
          {"relative_attention_num_buckets", c.position_bucket_count},
          {"relative_attention_max_distance", c.position_max_distance},
          {"tie_word_embeddings", c.tied_embeddings},
          {"dropout_rate", c.residual_dropout}};
}

Json bart(const ModelConfig& c) {
  return {{"model_type", "bart"},
          {"vocab_size", c.vocab_size},
          {"max_position_embeddings", c.max_positions},
          {"d_model", c.d_model},
          {"encoder_attention_heads", c.head_count},
          {"decoder_attention_heads", c.head_count},
          {"encoder_ffn_dim", c.d_ff},
          {"decoder_ffn_dim", c.d_ff},
          {"encoder_layers", c.encoder_layer_count},
          {"decoder_layers", c.decoder_layer_count},
          {"activation_function", activation_name(c)},
          {"tie_word_embeddings", c.tied_embeddings},
          {"dropout", c.residual_dropout},
          {"attention_dropout", c.attention_dropout},
          {"activation_dropout", c.dropout_inside_ffn ? c.residual_dropout : 0.0},
          {"pad_token_id", c.padding_id}};
}

using Export = Json (*)(const ModelConfig&);
constexpr Export kExports[] = {llama,   mistral, mixtral, gpt2,       opt, bert,
                               roberta, electra, albert,  distilbert, t5,  bart};

bool says(const Json& json, const ModelConfig& config) {
  try {
    return import_hugging_face(json, config.name) == config;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

Json hugging_face_config(const ModelConfig& config) {
  validate_config(config, config.name);
  for (const Export guess : kExports) {
    Json json = guess(config);
    json["_name_or_path"] = config.name;
    if (says(json, config)) return json;
  }
  throw bad_input(
      config.name +
      ": no config.json can say a model like it of another size: what is known are Llama, Mistral, Mixtral, "
      "GPT-2, OPT, BERT, RoBERTa, ELECTRA, ALBERT, DistilBERT, T5 and BART");
}

}  // namespace headroom::models
