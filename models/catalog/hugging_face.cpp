// Import of Hugging Face's config.json, one function for each model_type (the table at the end). A key that changes
// what is computed is read or refused by name; all others (token ids, generation defaults, versions) are ignored.
#include <algorithm>
#include <initializer_list>
#include <optional>
#include <utility>

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
  bool absent(std::string_view key) const { return !json_.contains(std::string(key)); }
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

// What BERT and its relatives have in common.
ModelConfig encoder(const Source& source, std::int64_t types, std::int64_t padding, double dropout = 0.1) {
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

// 0 where it is the model's own width, as in a preset.
void set_embedding_size(ModelConfig& config, const Source& source, std::string_view key, std::int64_t fallback) {
  const std::int64_t width = source->integer_or(key, fallback, 1, kMaxWidth);
  config.embedding_size = width == config.d_model ? 0 : width;
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

Activation t5_activation(const Source& source) {
  const std::string name = source->string_or("feed_forward_proj", "relu");
  if (name == "relu") return Activation::relu;
  if (name == "gelu") return Activation::gelu;
  if (name == "gated-gelu") return Activation::geglu;
  if (name == "gated-silu") return Activation::swiglu;
  source->fail("feed_forward_proj", "one that is built: relu, gelu, gated-gelu, gated-silu");
}

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

// "default" and Llama 3.1's "llama3"; the type's key is "rope_type", in older files "type".
RopeScaling rope_scaling(const Source& source, std::string_view key, const JsonReader& values) {
  const std::string type = values.string_or("rope_type", values.string_or("type", "default"));
  if (type == "default") return {};
  if (type != "llama3")
    source.refuse("'" + std::string(key) + "' asks for rope_type '" + type +
                  "', which is not built; only 'default' and 'llama3' are");
  RopeScaling scaling;
  scaling.factor = values.number_or("factor", 1.0, 1.0, 1e6);
  scaling.low_frequency_factor = values.number_or("low_freq_factor", 1.0, 1e-6, 1e6);
  scaling.high_frequency_factor = values.number_or("high_freq_factor", 4.0, 1e-6, 1e6);
  scaling.original_positions = values.integer("original_max_position_embeddings", 1, kMaxPositions);
  return scaling;
}

void set_rope(ModelConfig& config, const Source& source) {
  source.only("partial_rotary_factor", 1.0);
  config.positions = Positions::rope;
  config.rope_theta = source->number_or("rope_theta", 10000.0, 1.0, 1e12);
  for (const std::string_view key : {"rope_scaling", "rope_parameters"}) {
    if (!source->has(key)) continue;
    const JsonReader values(source->member(key), source.where() + ": '" + std::string(key) + "'");
    config.rope_theta = values.number_or("rope_theta", config.rope_theta, 1.0, 1e12);
    config.rope_scaling = rope_scaling(source, key, values);
  }
}

void set_groups(ModelConfig& config, const Source& source, std::int64_t fallback) {
  config.kv_head_count = source->integer_or("num_key_value_heads", fallback, 1, config.head_count);
  if (config.head_count % config.kv_head_count != 0)
    source.refuse("'num_attention_heads' (" + std::to_string(config.head_count) +
                  ") is not a multiple of 'num_key_value_heads' (" + std::to_string(config.kv_head_count) + ")");
  if (config.kv_head_count < config.head_count) config.attention = config.kv_head_count == 1 ? "mqa" : "gqa";
}

// What Llama and its relatives have in common; `groups`: key and value heads where the file names none.
ModelConfig decoder_with_rope(const Source& source, std::optional<std::int64_t> groups) {
  source.only("hidden_act", "silu");
  ModelConfig config;
  config.architecture = Architecture::decoder_only;
  config.vocab_size = source->integer("vocab_size", 1, kMaxVocab);
  config.max_positions = source->integer("max_position_embeddings", 1, kMaxPositions);
  set_heads(config, source, "hidden_size", "num_attention_heads");
  config.head_dim = source->integer_or("head_dim", config.head_dim, 1, kMaxHeads);
  set_groups(config, source, groups && source.absent("num_key_value_heads") ? *groups : config.head_count);
  config.d_ff = source->integer("intermediate_size", 1, kMaxFfn);
  config.decoder_layer_count = source->integer("num_hidden_layers", 1, kMaxLayers);
  config.norm = NormKind::rms_norm;
  config.norm_placement = NormPlacement::pre;
  config.final_norm = true;
  config.norm_eps = source->number_or("rms_norm_eps", 1e-6, 1e-30, 0.5);
  config.activation = Activation::swiglu;
  set_rope(config, source);
  config.attention_bias = config.ffn_bias = false;
  config.tied_embeddings = source->boolean_or("tie_word_embeddings", false);
  config.softmax_fp32 = true;
  config.attention_dropout = source.dropout("attention_dropout", 0.0);
  set_padding(config, source, -1);
  return config;
}

ModelConfig import_llama(const Source& source) {
  source.only("pretraining_tp", 1);
  source.none("sliding_window");
  ModelConfig config = decoder_with_rope(source, std::nullopt);
  config.attention_bias = source->boolean_or("attention_bias", false);
  config.ffn_bias = source->boolean_or("mlp_bias", false);
  config.head = source.head({{Head::lm, "LlamaForCausalLM"}});
  return config;
}

ModelConfig import_mistral(const Source& source) {
  ModelConfig config = decoder_with_rope(source, 8);
  config.sliding_window =
      source->integer_or("sliding_window", source.absent("sliding_window") ? 4096 : 0, 1, kMaxPositions);
  config.head = source.head({{Head::lm, "MistralForCausalLM"}});
  return config;
}

using Import = ModelConfig (*)(const Source&);
constexpr std::pair<std::string_view, Import> kImports[] = {
    {"big_bird", import_big_bird},
    {"canine", import_canine},
    {"fnet", import_fnet},
    {"longformer", import_longformer},
    {"mobilebert", import_mobilebert},
    {"edgebert", import_edgebert},
    {"albert", import_albert},
    {"bart", import_bart},
    {"bert", import_bert},
    {"distilbert", import_distilbert},
    {"electra", import_electra},
    {"gpt2", import_gpt2},
    {"llama", import_llama},
    {"mistral", import_mistral},
    {"opt", import_opt},
    {"roberta", import_roberta},
    {"t5", import_t5},
    {"xlm-roberta", import_xlm_roberta},
};

}  // namespace

ModelConfig import_hugging_face(const Json& json, const std::string& where) {
  const Source source(json, where);
  source.none("quantization_config");
  const std::string type = source->string("model_type");
  std::string known;
  for (const auto& [name, import] : kImports) {
    known += (known.empty() ? "" : ", ") + std::string(name);
    if (name != type) continue;
    ModelConfig config = import(source);
    config.name = source.name();
    validate_config(config, where);
    return config;
  }
  source->fail("model_type", "one that is built: " + known);
}

}  // namespace headroom::models
