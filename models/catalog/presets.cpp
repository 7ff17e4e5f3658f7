// Sizes are those of the papers named in each row's source, or of the files their authors published with the weights;
// docs/models.md says where the two differ.
#include <fmt/format.h>

#include <cmath>

#include "models/catalog/attention.h"
#include "models/catalog/config.h"

namespace headroom::models {
namespace {

void set_width(ModelConfig& config, std::int64_t d_model, std::int64_t head_count, std::int64_t d_ff) {
  config.d_model = d_model;
  config.head_count = config.kv_head_count = head_count;
  config.head_dim = d_model / head_count;
  config.d_ff = d_ff;
}

void set_dropout(ModelConfig& config, double rate) {
  config.embedding_dropout = config.attention_dropout = config.residual_dropout = rate;
}

void set_groups(ModelConfig& config, std::int64_t groups) {
  config.kv_head_count = groups;
  config.attention = groups == 1 ? "mqa" : "gqa";
}

ModelConfig bert(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t d_ff,
                 std::int64_t vocab_size = 30522) {
  ModelConfig config;
  config.vocab_size = vocab_size;
  config.max_positions = 512;
  config.type_vocab_size = 2;
  set_width(config, d_model, heads, d_ff);
  config.encoder_layer_count = layers;
  config.embedding_norm = true;
  config.padding_id = 0;
  set_dropout(config, 0.1);
  return config;
}

ModelConfig distilbert(std::int64_t vocab_size) {
  ModelConfig config = bert(6, 768, 12, 3072, vocab_size);
  config.type_vocab_size = 0;
  config.dropout_after_attention = false;
  return config;
}

ModelConfig roberta(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t vocab_size) {
  ModelConfig config = bert(layers, d_model, heads, 4 * d_model, vocab_size);
  config.type_vocab_size = 1;
  config.padding_id = 1;
  config.position_offset = 2;
  config.position_ids = PositionIds::tokens;
  config.norm_eps = 1e-5;
  return config;
}

ModelConfig electra(Head head, std::int64_t layers, std::int64_t d_model, std::int64_t heads,
                    std::int64_t embedding_size) {
  ModelConfig config = bert(layers, d_model, heads, 4 * d_model);
  config.head = head;
  config.embedding_size = embedding_size == d_model ? 0 : embedding_size;
  return config;
}

// Pre-norm, learned positions, biases everywhere: GPT-2 and its successors.
ModelConfig gpt(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t positions,
                double dropout = 0.0) {
  ModelConfig config;
  config.architecture = Architecture::decoder_only;
  config.vocab_size = 50257;
  config.max_positions = positions;
  set_width(config, d_model, heads, 4 * d_model);
  config.decoder_layer_count = layers;
  config.norm_placement = NormPlacement::pre;
  config.final_norm = true;
  config.norm_eps = 1e-5;
  config.activation = Activation::gelu_new;
  config.head = Head::lm;
  set_dropout(config, dropout);
  return config;
}

ModelConfig gpt2(std::int64_t layers, std::int64_t d_model, std::int64_t heads) {
  return gpt(layers, d_model, heads, 1024, 0.1);
}

ModelConfig opt(std::int64_t layers, std::int64_t d_model, std::int64_t heads) {
  ModelConfig config = gpt(layers, d_model, heads, 2048);
  config.vocab_size = 50272;
  config.position_offset = 2;
  config.position_ids = PositionIds::sequence;
  config.embedding_projection = EmbeddingProjection::words;
  config.activation = Activation::relu;
  config.softmax_fp32 = true;
  config.residual_dropout = 0.1;
  config.padding_id = 1;
  return config;
}

ModelConfig opt_350m() {
  ModelConfig config = opt(24, 1024, 16);
  config.embedding_size = 512;
  config.norm_placement = NormPlacement::post;
  config.final_norm = false;
  return config;
}

ModelConfig transformer_base() {
  ModelConfig config;
  config.architecture = Architecture::encoder_decoder;
  config.vocab_size = 37000;
  config.max_positions = 1024;
  set_width(config, 512, 8, 2048);
  config.encoder_layer_count = config.decoder_layer_count = 6;
  config.norm_eps = 1e-5;
  config.activation = Activation::relu;
  config.positions = Positions::sinusoidal;
  config.attention_bias = false;
  config.head = Head::lm;
  set_dropout(config, 0.1);
  return config;
}

ModelConfig llama(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t d_ff,
                  double norm_eps = 1e-6) {
  ModelConfig config;
  config.architecture = Architecture::decoder_only;
  config.vocab_size = 32000;
  config.max_positions = 2048;
  set_width(config, d_model, heads, d_ff);
  config.decoder_layer_count = layers;
  config.norm = NormKind::rms_norm;
  config.norm_placement = NormPlacement::pre;
  config.final_norm = true;
  config.norm_eps = norm_eps;
  config.activation = Activation::swiglu;
  config.positions = Positions::rope;
  config.attention_bias = config.ffn_bias = false;
  config.tied_embeddings = false;
  config.softmax_fp32 = true;
  config.head = Head::lm;
  return config;
}

ModelConfig llama2(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t d_ff) {
  ModelConfig config = llama(layers, d_model, heads, d_ff, 1e-5);
  config.max_positions = 4096;
  return config;
}

ModelConfig llama2_70b() {
  ModelConfig config = llama2(80, 8192, 64, 28672);
  set_groups(config, 8);
  return config;
}

ModelConfig llama3(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t d_ff) {
  ModelConfig config = llama(layers, d_model, heads, d_ff, 1e-5);
  config.vocab_size = 128256;
  config.max_positions = 8192;
  config.rope_theta = 500000.0;
  set_groups(config, 8);
  return config;
}

ModelConfig llama31(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t d_ff) {
  ModelConfig config = llama3(layers, d_model, heads, d_ff);
  config.max_positions = 131072;
  config.rope_scaling = {8.0, 1.0, 4.0, 8192};
  return config;
}

ModelConfig mistral_7b() {
  ModelConfig config = llama(32, 4096, 32, 14336, 1e-5);
  config.max_positions = 32768;
  config.sliding_window = 4096;
  set_groups(config, 8);
  return config;
}

ModelConfig palm(std::int64_t layers, std::int64_t d_model, std::int64_t heads) {
  ModelConfig config = llama(layers, d_model, heads, 4 * d_model);
  config.vocab_size = 256000;
  config.head_dim = 256;
  set_groups(config, 1);
  config.norm = NormKind::layer_norm;
  config.norm_bias = false;
  config.parallel_block = true;
  config.tied_embeddings = true;
  config.softmax_fp32 = false;
  return config;
}

ModelConfig mixtral(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t width,
                    std::int64_t positions) {
  ModelConfig config = llama(layers, d_model, heads, width, 1e-5);
  config.max_positions = positions;
  config.rope_theta = 1e6;
  set_groups(config, 8);
  config.experts = {.count = 8, .per_token = 2, .width = width, .normalized = true};
  return config;
}

ModelConfig deepseek(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t d_ff,
                     std::int64_t query_rank, const Experts& experts) {
  ModelConfig config = llama(layers, d_model, heads, d_ff);
  config.vocab_size = 102400;
  config.max_positions = 163840;
  config.head_dim = 128;
  config.positions = Positions::rope_interleaved;
  config.rope_scaling = {40.0, 1.0, 32.0, 4096, RopeScalingKind::yarn};
  config.experts = experts;
  config.experts.router_fp32 = true;
  return with_attention(config, fmt::format("mla:q-rank={}:kv-rank=512:nope=128:rope=64:value=128", query_rank));
}

ModelConfig deepseek_v3() {
  ModelConfig config = deepseek(61, 7168, 128, 18432, 1536,
                                {.count = 256,
                                 .per_token = 8,
                                 .width = 2048,
                                 .shared_width = 2048,
                                 .first_layer = 3,
                                 .group_count = 8,
                                 .groups_per_token = 4,
                                 .scores = ExpertScores::sigmoid,
                                 .normalized = true,
                                 .scale = 2.5});
  config.vocab_size = 129280;
  const double temperature = 0.1 * std::log(40.0) + 1;
  config.rope_scaling.score_factor = temperature * temperature;
  return config;
}

ModelConfig gopher(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t head_dim) {
  ModelConfig config = gpt(layers, d_model, heads, 2048);
  config.vocab_size = 32000;
  config.head_dim = head_dim;
  config.norm = NormKind::rms_norm;
  config.norm_eps = 1e-6;
  config.activation = Activation::gelu_tanh;
  config.positions = Positions::transformer_xl;
  config.attention_bias = config.ffn_bias = false;
  return config;
}

ModelConfig albert(std::int64_t layers, std::int64_t d_model, std::int64_t heads) {
  ModelConfig config = bert(layers, d_model, heads, 4 * d_model, 30000);
  config.embedding_size = 128;
  config.shared_layers = true;
  config.activation = Activation::gelu_new;
  config.dropout_after_ffn = false;
  set_dropout(config, 0.0);
  return config;
}

ModelConfig t5(std::int64_t encoder_layers, std::int64_t decoder_layers, std::int64_t d_model, std::int64_t heads,
               std::int64_t head_dim, std::int64_t d_ff) {
  ModelConfig config;
  config.architecture = Architecture::encoder_decoder;
  config.vocab_size = 32128;
  config.max_positions = 512;
  set_width(config, d_model, heads, d_ff);
  config.head_dim = head_dim;
  config.encoder_layer_count = encoder_layers;
  config.decoder_layer_count = decoder_layers;
  config.norm = NormKind::rms_norm;
  config.norm_placement = NormPlacement::pre;
  config.final_norm = true;
  config.norm_eps = 1e-6;
  config.activation = Activation::relu;
  config.positions = Positions::t5;
  config.attention_bias = config.ffn_bias = config.attention_scaled = false;
  config.softmax_fp32 = config.scaled_head = true;
  config.head = Head::lm;
  set_dropout(config, 0.1);
  config.dropout_inside_ffn = config.dropout_after_stack = true;
  return config;
}

ModelConfig t5_v11(std::int64_t encoder_layers, std::int64_t decoder_layers, std::int64_t d_model, std::int64_t heads,
                   std::int64_t d_ff) {
  ModelConfig config = t5(encoder_layers, decoder_layers, d_model, heads, 64, d_ff);
  config.activation = Activation::geglu;
  config.tied_embeddings = config.scaled_head = false;
  return config;
}

ModelConfig byt5(std::int64_t encoder_layers, std::int64_t decoder_layers, std::int64_t d_model, std::int64_t heads,
                 std::int64_t d_ff) {
  ModelConfig config = t5_v11(encoder_layers, decoder_layers, d_model, heads, d_ff);
  config.vocab_size = 384;
  config.max_positions = 1024;
  return config;
}

ModelConfig bart(std::int64_t layers, std::int64_t d_model, std::int64_t heads) {
  ModelConfig config;
  config.architecture = Architecture::encoder_decoder;
  config.vocab_size = 50265;
  config.max_positions = 1024;
  config.position_offset = 2;
  config.position_ids = PositionIds::sequence;
  set_width(config, d_model, heads, 4 * d_model);
  config.encoder_layer_count = config.decoder_layer_count = layers;
  config.embedding_norm = true;
  config.norm_eps = 1e-5;
  config.head = Head::lm;
  config.logits_bias = true;
  config.padding_id = 1;
  set_dropout(config, 0.1);
  config.dropout_inside_ffn = true;
  return config;
}

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

// The projection of its embeddings is there although both widths are equal.
ModelConfig fnet(std::int64_t layers, std::int64_t d_model) {
  ModelConfig config = bert(layers, d_model, d_model / 64, 4 * d_model, 32000);
  config.type_vocab_size = 4;
  config.embedding_projection = EmbeddingProjection::always;
  config.activation = Activation::gelu_new;
  config.dropout_after_attention = false;
  config.padding_id = 3;
  config.idle_pooler = true;
  return with_attention(config, "fnet");
}

ModelConfig longformer(std::int64_t layers, std::int64_t d_model, std::int64_t heads) {
  ModelConfig config = roberta(layers, d_model, heads, 50265);
  config.max_positions = 4096;
  return with_attention(config, "longformer:window=512");
}

ModelConfig bigbird(std::int64_t layers, std::int64_t d_model, std::int64_t heads) {
  ModelConfig config = bert(layers, d_model, heads, 4 * d_model, 50358);
  config.max_positions = 4096;
  config.activation = Activation::gelu_new;
  config.embedding_norm_last = config.idle_pooler = true;
  return with_attention(config, "bigbird:block=64:random=3");
}

ModelConfig mobilebert() {
  ModelConfig config = bert(24, 512, 4, 512);
  config.head_dim = 32;
  config.embedding_size = 128;
  config.embedding_projection = EmbeddingProjection::trigram;
  config.norm = NormKind::affine;
  config.activation = Activation::relu;
  config.bottleneck = {128, true, 4};
  config.embedding_dropout = config.residual_dropout = 0.0;
  return config;
}

ModelConfig canine() {
  ModelConfig config = bert(12, 768, 12, 3072, 0x110000);  // Unicode's code points
  config.max_positions = 16384;
  config.type_vocab_size = 16;
  config.word_vectors = WordVectors::characters;
  config.hash_count = 8;
  config.bucket_count = 16384;
  config.downsampling.rate = 4;
  config.head = Head::token_classifier;
  config.idle_pooler = true;
  config.label_count = 2;
  return config;
}

// The authors' code: RoBERTa-base, digests of 128 bits, three classes of tokens (left alone, shuffled, random).
ModelConfig hashformer(WordVectors words) {
  ModelConfig config = roberta(12, 768, 12, 2);  // ids say which tokens are padding
  config.word_vectors = words;
  config.digest_bits = 128;
  if (words == WordVectors::digest_pool) config.digest_chunk = 10;
  config.head = Head::token_classifier;
  config.label_count = 3;
  return config;
}

ModelConfig edgebert() {
  ModelConfig config = albert(12, 768, 12);
  config.exits = true;
  config.head = Head::classifier;
  config.label_count = 2;
  return with_attention(config, "adaptive-span");
}

std::string rounded(std::int64_t count) {
  const auto value = static_cast<double>(count);
  if (value < 9.995e6) return fmt::format("{:.2f}M", value / 1e6);
  if (value < 99.95e6) return fmt::format("{:.1f}M", value / 1e6);
  if (value < 999.5e6) return fmt::format("{:.0f}M", value / 1e6);
  if (value < 9.995e9) return fmt::format("{:.2f}B", value / 1e9);
  return value < 99.95e9 ? fmt::format("{:.1f}B", value / 1e9) : fmt::format("{:.0f}B", value / 1e9);
}

std::string layer_count(const ModelConfig& config) {
  if (config.architecture == Architecture::encoder_decoder)
    return fmt::format("{} + {}", config.encoder_layer_count, config.decoder_layer_count);
  return std::to_string(config.encoder_layer_count + config.decoder_layer_count);
}

Preset preset(const char* name, const char* title, ModelConfig config, const char* source) {
  config.name = name;
  return {name,
          fmt::format("{}: {} layers, width {}, {} parameters ({})", title, layer_count(config), config.d_model,
                      rounded(parameter_count(config)), source),
          config};
}

constexpr const char* kBert = "Devlin et al. 2018, arXiv 1810.04805";
constexpr const char* kMiniBert = "Turc et al. 2019, arXiv 1908.08962";
constexpr const char* kRoberta = "Liu et al. 2019, arXiv 1907.11692";
constexpr const char* kXlmRoberta = "Conneau et al. 2019, arXiv 1911.02116";
constexpr const char* kElectra = "Clark et al. 2020, arXiv 2003.10555";
constexpr const char* kAlbert = "Lan et al. 2019, arXiv 1909.11942, version 2";
constexpr const char* kT5 = "Raffel et al. 2019, arXiv 1910.10683";
constexpr const char* kT511 = "Raffel et al. 2019, arXiv 1910.10683; Shazeer 2020, arXiv 2002.05202";
constexpr const char* kByt5 = "Xue et al. 2021, arXiv 2105.13626, table 1";
constexpr const char* kBart = "Lewis et al. 2019, arXiv 1910.13461";
constexpr const char* kDistil = "Sanh et al. 2019, arXiv 1910.01108";
constexpr const char* kFnet = "Lee-Thorp et al. 2021, arXiv 2105.03824";
constexpr const char* kLongformer = "Beltagy et al. 2020, arXiv 2004.05150";
constexpr const char* kBigBird = "Zaheer et al. 2020, arXiv 2007.14062";
constexpr const char* kMobileBert = "Sun et al. 2020, arXiv 2004.02984";
constexpr const char* kCanine = "Clark et al. 2021, arXiv 2103.06874";
constexpr const char* kHashFormer = "Xue & Aletras 2022, arXiv 2210.07904; sizes of the authors' code";
constexpr const char* kEdgeBert = "Tambe et al. 2020, arXiv 2011.14203";
constexpr const char* kTinyBert = "Jiao et al. 2019, arXiv 1909.10351";
constexpr const char* kGpt2 = "Radford et al. 2019";
constexpr const char* kGpt3 = "Brown et al. 2020, arXiv 2005.14165, table 2.1; every layer dense";
constexpr const char* kMtNlg = "Smith et al. 2022, arXiv 2201.11990";
constexpr const char* kOpt = "Zhang et al. 2022, arXiv 2205.01068";
constexpr const char* kTransformer = "Vaswani et al. 2017, arXiv 1706.03762, table 3";
constexpr const char* kLlama = "Touvron et al. 2023, arXiv 2302.13971";
constexpr const char* kLlama2 = "Touvron et al. 2023, arXiv 2307.09288";
constexpr const char* kLlama3 = "Grattafiori et al. 2024, arXiv 2407.21783";
constexpr const char* kMistral = "Jiang et al. 2023, arXiv 2310.06825";
constexpr const char* kMixtral = "Jiang et al. 2024, arXiv 2401.04088";
constexpr const char* kMixtral22 = "Mistral AI 2024, the published config.json";
constexpr const char* kDeepSeek2 = "DeepSeek-AI 2024, arXiv 2405.04434";
constexpr const char* kDeepSeek3 = "DeepSeek-AI 2024, arXiv 2412.19437";
constexpr const char* kGopher = "Rae et al. 2021, arXiv 2112.11446, table 1";
constexpr const char* kChinchilla = "Hoffmann et al. 2022, arXiv 2203.15556, table 4";
constexpr const char* kPalm = "Chowdhery et al. 2022, arXiv 2204.02311, table 1";

constexpr const char* kReformer = "Kitaev et al. 2020, arXiv 2001.04451; google's files on Hugging Face";

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> table{
      preset("bert-base", "BERT-base, masked language model", bert(12, 768, 12, 3072), kBert),
      preset("bert-large", "BERT-large, masked language model", bert(24, 1024, 16, 4096), kBert),
      preset("bert-base-cased", "BERT-base, cased", bert(12, 768, 12, 3072, 28996), kBert),
      preset("bert-large-cased", "BERT-large, cased", bert(24, 1024, 16, 4096, 28996), kBert),
      preset("bert-tiny", "BERT-tiny", bert(2, 128, 2, 512), kMiniBert),
      preset("bert-mini", "BERT-mini", bert(4, 256, 4, 1024), kMiniBert),
      preset("bert-small", "BERT-small", bert(4, 512, 8, 2048), kMiniBert),
      preset("bert-medium", "BERT-medium", bert(8, 512, 8, 2048), kMiniBert),
      preset("tinybert-4", "TinyBERT of 4 layers", bert(4, 312, 12, 1200), kTinyBert),
      preset("tinybert-6", "TinyBERT of 6 layers", bert(6, 768, 12, 3072), kTinyBert),
      preset("distilbert", "DistilBERT", distilbert(30522), kDistil),
      preset("distilbert-cased", "DistilBERT, cased", distilbert(28996), kDistil),
      preset("roberta-base", "RoBERTa-base", roberta(12, 768, 12, 50265), kRoberta),
      preset("roberta-large", "RoBERTa-large", roberta(24, 1024, 16, 50265), kRoberta),
      preset("distilroberta", "DistilRoBERTa", roberta(6, 768, 12, 50265), kDistil),
      preset("xlm-roberta-base", "XLM-RoBERTa-base", roberta(12, 768, 12, 250002), kXlmRoberta),
      preset("xlm-roberta-large", "XLM-RoBERTa-large", roberta(24, 1024, 16, 250002), kXlmRoberta),
      preset("electra-small", "ELECTRA-small, discriminator", electra(Head::discriminator, 12, 256, 4, 128), kElectra),
      preset("electra-base", "ELECTRA-base, discriminator", electra(Head::discriminator, 12, 768, 12, 768), kElectra),
      preset("electra-large", "ELECTRA-large, discriminator", electra(Head::discriminator, 24, 1024, 16, 1024),
             kElectra),
      preset("electra-small-generator", "ELECTRA-small, generator", electra(Head::mlm, 12, 256, 4, 128), kElectra),
      preset("electra-base-generator", "ELECTRA-base, generator", electra(Head::mlm, 12, 256, 4, 768), kElectra),
      preset("electra-large-generator", "ELECTRA-large, generator", electra(Head::mlm, 24, 256, 4, 1024), kElectra),
      preset("albert-base", "ALBERT-base", albert(12, 768, 12), kAlbert),
      preset("albert-large", "ALBERT-large", albert(24, 1024, 16), kAlbert),
      preset("albert-xlarge", "ALBERT-xlarge", albert(24, 2048, 16), kAlbert),
      preset("albert-xxlarge", "ALBERT-xxlarge", albert(12, 4096, 64), kAlbert),
      preset("edgebert", "EdgeBERT: ALBERT-base with adaptive spans and early exits, 2 classes", edgebert(), kEdgeBert),
      preset("mobilebert", "MobileBERT", mobilebert(), kMobileBert),
      preset("fnet-base", "FNet-base", fnet(12, 768), kFnet),
      preset("fnet-large", "FNet-large", fnet(24, 1024), kFnet),
      preset("longformer-base", "Longformer-base, window 512", longformer(12, 768, 12), kLongformer),
      preset("longformer-large", "Longformer-large, window 512", longformer(24, 1024, 16), kLongformer),
      preset("bigbird-base", "BigBird-base, block-sparse", bigbird(12, 768, 12), kBigBird),
      preset("bigbird-large", "BigBird-large, block-sparse", bigbird(24, 1024, 16), kBigBird),
      preset("canine-s", "CANINE-S, characters in molecules of 4, classifier of tokens", canine(), kCanine),
      preset("canine-c", "CANINE-C, the same sizes trained another way", canine(), kCanine),
      preset("hashformer-emb", "HashFormer-Emb, 50,265 buckets, masked language model", roberta(12, 768, 12, 50265),
             kHashFormer),
      preset("hashformer-pool", "HashFormer-Pool, chunks of digests", hashformer(WordVectors::digest_pool),
             kHashFormer),
      preset("hashformer-add", "HashFormer-Add, bits of digests", hashformer(WordVectors::digest_add), kHashFormer),
      preset("hashformer-proj", "HashFormer-Proj, projected digests", hashformer(WordVectors::digest_project),
             kHashFormer),
      preset("gpt2", "GPT-2 small", gpt2(12, 768, 12), kGpt2),
      preset("gpt2-medium", "GPT-2 medium", gpt2(24, 1024, 16), kGpt2),
      preset("gpt2-large", "GPT-2 large", gpt2(36, 1280, 20), kGpt2),
      preset("gpt2-xl", "GPT-2 XL", gpt2(48, 1600, 25), kGpt2),
      preset("distilgpt2", "DistilGPT2", gpt2(6, 768, 12), kDistil),
      preset("gpt3-125m", "GPT-3 Small", gpt(12, 768, 12, 2048), kGpt3),
      preset("gpt3-350m", "GPT-3 Medium", gpt(24, 1024, 16, 2048), kGpt3),
      preset("gpt3-760m", "GPT-3 Large", gpt(24, 1536, 16, 2048), kGpt3),
      preset("gpt3-1.3b", "GPT-3 XL", gpt(24, 2048, 16, 2048), kGpt3),
      preset("gpt3-2.7b", "GPT-3 2.7B", gpt(32, 2560, 32, 2048), kGpt3),
      preset("gpt3-6.7b", "GPT-3 6.7B", gpt(32, 4096, 32, 2048), kGpt3),
      preset("gpt3-13b", "GPT-3 13B", gpt(40, 5120, 40, 2048), kGpt3),
      preset("gpt3-175b", "GPT-3 175B", gpt(96, 12288, 96, 2048), kGpt3),
      preset("mt-nlg-530b", "Megatron-Turing NLG 530B", gpt(105, 20480, 128, 2048), kMtNlg),
      preset("opt-125m", "OPT 125M", opt(12, 768, 12), kOpt),
      preset("opt-350m", "OPT 350M, post-norm, embeddings of 512", opt_350m(), kOpt),
      preset("opt-1.3b", "OPT 1.3B", opt(24, 2048, 32), kOpt),
      preset("opt-2.7b", "OPT 2.7B", opt(32, 2560, 32), kOpt),
      preset("opt-6.7b", "OPT 6.7B", opt(32, 4096, 32), kOpt),
      preset("opt-13b", "OPT 13B", opt(40, 5120, 40), kOpt),
      preset("opt-30b", "OPT 30B", opt(48, 7168, 56), kOpt),
      preset("opt-66b", "OPT 66B", opt(64, 9216, 72), kOpt),
      preset("opt-175b", "OPT 175B", opt(96, 12288, 96), kOpt),
      preset("transformer-base", "Transformer base, WMT English-German", transformer_base(), kTransformer),
      preset("bart-base", "BART-base", bart(6, 768, 12), kBart),
      preset("bart-large", "BART-large", bart(12, 1024, 16), kBart),
      preset("t5-small", "T5-small", t5(6, 6, 512, 8, 64, 2048), kT5),
      preset("t5-base", "T5-base", t5(12, 12, 768, 12, 64, 3072), kT5),
      preset("t5-large", "T5-large", t5(24, 24, 1024, 16, 64, 4096), kT5),
      preset("t5-3b", "T5-3B", t5(24, 24, 1024, 32, 128, 16384), kT5),
      preset("t5-11b", "T5-11B", t5(24, 24, 1024, 128, 128, 65536), kT5),
      preset("t5-v1.1-small", "T5 v1.1 small", t5_v11(8, 8, 512, 6, 1024), kT511),
      preset("t5-v1.1-base", "T5 v1.1 base", t5_v11(12, 12, 768, 12, 2048), kT511),
      preset("t5-v1.1-large", "T5 v1.1 large", t5_v11(24, 24, 1024, 16, 2816), kT511),
      preset("t5-v1.1-xl", "T5 v1.1 XL", t5_v11(24, 24, 2048, 32, 5120), kT511),
      preset("t5-v1.1-xxl", "T5 v1.1 XXL", t5_v11(24, 24, 4096, 64, 10240), kT511),
      preset("byt5-small", "ByT5-small", byt5(12, 4, 1472, 6, 3584), kByt5),
      preset("byt5-base", "ByT5-base", byt5(18, 6, 1536, 12, 3968), kByt5),
      preset("byt5-large", "ByT5-large", byt5(36, 12, 1536, 16, 3840), kByt5),
      preset("byt5-xl", "ByT5-XL", byt5(36, 12, 2560, 32, 6720), kByt5),
      preset("byt5-xxl", "ByT5-XXL", byt5(36, 12, 4672, 64, 12352), kByt5),
      preset("llama-7b", "LLaMA 7B", llama(32, 4096, 32, 11008), kLlama),
      preset("llama-13b", "LLaMA 13B", llama(40, 5120, 40, 13824), kLlama),
      preset("llama-33b", "LLaMA 33B", llama(60, 6656, 52, 17920), kLlama),
      preset("llama-65b", "LLaMA 65B", llama(80, 8192, 64, 22016), kLlama),
      preset("llama2-7b", "Llama 2 7B", llama2(32, 4096, 32, 11008), kLlama2),
      preset("llama2-13b", "Llama 2 13B", llama2(40, 5120, 40, 13824), kLlama2),
      preset("llama2-70b", "Llama 2 70B", llama2_70b(), kLlama2),
      preset("llama3-8b", "Llama 3 8B", llama3(32, 4096, 32, 14336), kLlama3),
      preset("llama3-70b", "Llama 3 70B", llama3(80, 8192, 64, 28672), kLlama3),
      preset("llama3.1-8b", "Llama 3.1 8B", llama31(32, 4096, 32, 14336), kLlama3),
      preset("llama3.1-70b", "Llama 3.1 70B", llama31(80, 8192, 64, 28672), kLlama3),
      preset("llama3.1-405b", "Llama 3.1 405B", llama31(126, 16384, 128, 53248), kLlama3),
      preset("mistral-7b", "Mistral 7B, sequences up to its attention window of 4,096", mistral_7b(), kMistral),
      preset("mixtral-8x7b", "Mixtral 8x7B, 2 of 8 experts per token", mixtral(32, 4096, 32, 14336, 32768), kMixtral),
      preset("mixtral-8x22b", "Mixtral 8x22B, 2 of 8 experts per token", mixtral(56, 6144, 48, 16384, 65536),
             kMixtral22),
      preset("deepseek-v2-lite", "DeepSeek-V2-Lite, 6 of 64 experts per token",
             deepseek(27, 2048, 16, 10944, 0,
                      {.count = 64, .per_token = 6, .width = 1408, .shared_width = 2816, .first_layer = 1}),
             kDeepSeek2),
      preset("deepseek-v2", "DeepSeek-V2, 6 of 160 experts per token",
             deepseek(60, 5120, 128, 12288, 1536,
                      {.count = 160,
                       .per_token = 6,
                       .width = 1536,
                       .shared_width = 3072,
                       .first_layer = 1,
                       .group_count = 8,
                       .groups_per_token = 3,
                       .scale = 16.0}),
             kDeepSeek2),
      preset("deepseek-v3", "DeepSeek-V3, 8 of 256 experts per token", deepseek_v3(), kDeepSeek3),
      preset("gopher-44m", "Gopher family, 44M", gopher(8, 512, 16, 32), kGopher),
      preset("gopher-117m", "Gopher family, 117M", gopher(12, 768, 12, 64), kGopher),
      preset("gopher-417m", "Gopher family, 417M", gopher(12, 1536, 12, 128), kGopher),
      preset("gopher-1.4b", "Gopher family, 1.4B", gopher(24, 2048, 16, 128), kGopher),
      preset("gopher-7.1b", "Gopher family, 7.1B", gopher(32, 4096, 32, 128), kGopher),
      preset("gopher-280b", "Gopher 280B", gopher(80, 16384, 128, 128), kGopher),
      preset("chinchilla-70b", "Chinchilla 70B", gopher(80, 8192, 64, 128), kChinchilla),
      preset("reformer-crime", "Reformer, reversible, sequences up to 524,288", reformer_crime_and_punishment(),
             kReformer),
      preset("reformer-enwik8", "Reformer, reversible, sequences up to 65,536", reformer_enwik8(), kReformer),
      preset("palm-8b", "PaLM 8B", palm(32, 4096, 16), kPalm),
      preset("palm-62b", "PaLM 62B", palm(64, 8192, 32), kPalm),
      preset("palm-540b", "PaLM 540B", palm(118, 18432, 48), kPalm),
  };
  return table;
}

}  // namespace headroom::models
