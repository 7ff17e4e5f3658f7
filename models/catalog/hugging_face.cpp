// Import of Hugging Face's config.json, model types bert, gpt2 and llama. A key that changes what is computed is read
// or refused by name; all others (token ids, generation defaults, versions) are ignored.
#include <initializer_list>

#include "models/catalog/attention.h"
#include "models/catalog/config.h"

namespace headroom::models {
namespace {

constexpr std::int64_t kMaxWidth = 1 << 20, kMaxHeads = 1 << 16, kMaxLayers = 1 << 14, kMaxFfn = 1 << 24;
constexpr std::int64_t kMaxVocab = std::int64_t{1} << 28, kMaxPositions = std::int64_t{1} << 31, kMaxTypes = 1 << 20;

class Source {
 public:
  Source(const Json& json, const std::string& where) : json_(json), where_(where), reader_(json, where) {}

  const JsonReader* operator->() const { return &reader_; }
  const std::string& where() const { return where_; }

  // Refuses `key` unless it is absent, null or `only`.
  void only(std::string_view key, const Json& only) const {
    if (!reader_.has(key) || json_.at(std::string(key)) == only) return;
    throw bad_input(where_ + ": '" + std::string(key) + "' is " + shown(key) + ", which is not built; only " +
                    only.dump() + " is");
  }
  void none(std::string_view key) const {
    if (!reader_.has(key)) return;
    throw bad_input(where_ + ": '" + std::string(key) + "' is " + shown(key) +
                    ", which is not built; remove it or set it to null");
  }

  [[noreturn]] void refuse(const std::string& problem) const { throw bad_input(where_ + ": " + problem); }

  double dropout(std::string_view key, double fallback) const {
    const double rate = reader_.number_or(key, fallback, 0.0, 1.0);
    if (rate == 1.0) reader_.fail(key, "a rate from 0 up to, not including, 1");
    return rate;
  }

  std::string name() const {
    const Json* value = json_.contains("_name_or_path") ? &json_.at("_name_or_path") : nullptr;
    return value && value->is_string() && value->get_ref<const std::string&>().size() <= 200 ? value->get<std::string>()
                                                                                             : "";
  }

  // The head that "architectures" asks for, from `known`; the first one when the key is absent or empty.
  Head head(std::initializer_list<Named<Head>> known) const {
    if (!reader_.has("architectures")) return known.begin()->value;
    const Json& list = json_.at("architectures");
    if (!list.is_array() || list.size() > 1 || (!list.empty() && !list[0].is_string()))
      reader_.fail("architectures", "a list of one class name");
    if (list.empty()) return known.begin()->value;
    std::string names;
    for (const Named<Head>& row : known) {
      if (list[0] == row.name) return row.value;
      names += (names.empty() ? "" : ", ") + std::string(row.name);
    }
    reader_.fail("architectures", "one that is built: " + names);
  }

 private:
  std::string shown(std::string_view key) const {
    std::string text = json_.at(std::string(key)).dump(-1, ' ', true, Json::error_handler_t::replace);
    return text.size() <= 60 ? text : text.substr(0, 57) + "...";
  }

  const Json& json_;
  const std::string& where_;
  JsonReader reader_;
};

void set_heads(ModelConfig& config, const Source& source, std::string_view width_key, std::string_view heads_key) {
  config.d_model = source->integer(width_key, 1, kMaxWidth);
  config.head_count = config.kv_head_count = source->integer(heads_key, 1, kMaxHeads);
  if (config.d_model % config.head_count != 0 && !source->has("head_dim"))
    source.refuse("'" + std::string(width_key) + "' (" + std::to_string(config.d_model) + ") is not a multiple of '" +
                  std::string(heads_key) + "' (" + std::to_string(config.head_count) + ")");
  config.head_dim = config.d_model / config.head_count;
}

Activation activation(const Source& source, std::string_view key, std::string_view fallback) {
  const std::string name = source->string_or(key, fallback);
  if (name == "gelu") return Activation::gelu;
  if (name == "gelu_new") return Activation::gelu_new;
  if (name == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (name == "relu") return Activation::relu;
  source->fail(key, "one that is built: gelu, gelu_new, gelu_pytorch_tanh, relu");
}

void set_padding(ModelConfig& config, const Source& source, std::int64_t fallback) {
  config.padding_id = source->integer_or("pad_token_id", fallback, -1, config.vocab_size - 1);
}

ModelConfig import_bert(const Source& source) {
  source.only("position_embedding_type", "absolute");
  source.only("is_decoder", false);
  source.only("add_cross_attention", false);
  ModelConfig config;
  config.vocab_size = source->integer("vocab_size", 1, kMaxVocab);
  config.max_positions = source->integer("max_position_embeddings", 1, kMaxPositions);
  config.type_vocab_size = source->integer_or("type_vocab_size", 2, 1, kMaxTypes);
  set_heads(config, source, "hidden_size", "num_attention_heads");
  config.d_ff = source->integer("intermediate_size", 1, kMaxFfn);
  config.encoder_layer_count = source->integer("num_hidden_layers", 1, kMaxLayers);
  config.embedding_norm = true;
  config.norm_eps = source->number_or("layer_norm_eps", 1e-12, 1e-30, 0.5);
  config.activation = activation(source, "hidden_act", "gelu");
  config.embedding_dropout = config.residual_dropout = source.dropout("hidden_dropout_prob", 0.1);
  config.attention_dropout = source.dropout("attention_probs_dropout_prob", 0.1);
  config.tied_embeddings = source->boolean_or("tie_word_embeddings", true);
  config.head = source.head({{Head::mlm, "BertForMaskedLM"}, {Head::pooler, "BertModel"}});
  set_padding(config, source, 0);
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

double rope_theta(const Source& source) {
  source.none("rope_scaling");
  source.only("partial_rotary_factor", 1.0);
  if (!source->has("rope_parameters")) return source->number_or("rope_theta", 10000.0, 1.0, 1e12);
  const JsonReader parameters(source->member("rope_parameters"), source.where() + ": 'rope_parameters'");
  if (const std::string type = parameters.string_or("rope_type", "default"); type != "default")
    source.refuse("'rope_parameters' asks for rope_type '" + type + "', which is not built; only 'default' is");
  return parameters.number_or("rope_theta", 10000.0, 1.0, 1e12);
}

void set_groups(ModelConfig& config, const Source& source) {
  config.kv_head_count = source->integer_or("num_key_value_heads", config.head_count, 1, config.head_count);
  if (config.head_count % config.kv_head_count != 0)
    source.refuse("'num_attention_heads' (" + std::to_string(config.head_count) +
                  ") is not a multiple of 'num_key_value_heads' (" + std::to_string(config.kv_head_count) + ")");
  if (config.kv_head_count < config.head_count) config.attention = config.kv_head_count == 1 ? "mqa" : "gqa";
}

ModelConfig import_llama(const Source& source) {
  source.only("hidden_act", "silu");
  source.only("pretraining_tp", 1);
  source.none("sliding_window");
  ModelConfig config;
  config.architecture = Architecture::decoder_only;
  config.vocab_size = source->integer("vocab_size", 1, kMaxVocab);
  config.max_positions = source->integer("max_position_embeddings", 1, kMaxPositions);
  set_heads(config, source, "hidden_size", "num_attention_heads");
  config.head_dim = source->integer_or("head_dim", config.head_dim, 1, kMaxHeads);
  set_groups(config, source);
  config.d_ff = source->integer("intermediate_size", 1, kMaxFfn);
  config.decoder_layer_count = source->integer("num_hidden_layers", 1, kMaxLayers);
  config.norm = NormKind::rms_norm;
  config.norm_placement = NormPlacement::pre;
  config.final_norm = true;
  config.norm_eps = source->number_or("rms_norm_eps", 1e-6, 1e-30, 0.5);
  config.activation = Activation::swiglu;
  config.positions = Positions::rope;
  config.rope_theta = rope_theta(source);
  config.attention_bias = source->boolean_or("attention_bias", false);
  config.ffn_bias = source->boolean_or("mlp_bias", false);
  config.tied_embeddings = source->boolean_or("tie_word_embeddings", false);
  config.softmax_fp32 = true;
  config.head = source.head({{Head::lm, "LlamaForCausalLM"}});
  config.attention_dropout = source.dropout("attention_dropout", 0.0);
  set_padding(config, source, -1);
  return config;
}

}  // namespace

ModelConfig import_hugging_face(const Json& json, const std::string& where) {
  const Source source(json, where);
  source.none("quantization_config");
  const std::string type = source->string("model_type");
  ModelConfig config;
  if (type == "bert")
    config = import_bert(source);
  else if (type == "gpt2")
    config = import_gpt2(source);
  else if (type == "llama")
    config = import_llama(source);
  else
    source->fail("model_type", "one that is built: bert, gpt2, llama");
  config.name = source.name();
  validate_config(config, where);
  return config;
}

}  // namespace headroom::models
