// BERT and the encoders that differ from it in sizes, sharing, embeddings and heads.
#include "models/catalog/attention.h"
#include "models/catalog/presets/families.h"

namespace headroom::models {

ModelConfig bert(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t d_ff,
                 std::int64_t vocab_size) {
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

ModelConfig roberta(std::int64_t layers, std::int64_t d_model, std::int64_t heads, std::int64_t vocab_size) {
  ModelConfig config = bert(layers, d_model, heads, 4 * d_model, vocab_size);
  config.type_vocab_size = 1;
  config.padding_id = 1;
  config.position_offset = 2;
  config.position_ids = PositionIds::tokens;
  config.norm_eps = 1e-5;
  return config;
}

namespace {

ModelConfig distilbert(std::int64_t vocab_size) {
  ModelConfig config = bert(6, 768, 12, 3072, vocab_size);
  config.type_vocab_size = 0;
  config.dropout_after_attention = false;
  return config;
}

ModelConfig electra(Head head, std::int64_t layers, std::int64_t d_model, std::int64_t heads,
                    std::int64_t embedding_size) {
  ModelConfig config = bert(layers, d_model, heads, 4 * d_model);
  config.head = head;
  config.embedding_size = embedding_size == d_model ? 0 : embedding_size;
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

ModelConfig edgebert() {
  ModelConfig config = albert(12, 768, 12);
  config.exits = true;
  config.head = Head::classifier;
  config.label_count = 2;
  return with_attention(config, "adaptive-span");
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

constexpr const char* kBert = "Devlin et al. 2018, arXiv 1810.04805";
constexpr const char* kMiniBert = "Turc et al. 2019, arXiv 1908.08962";
constexpr const char* kRoberta = "Liu et al. 2019, arXiv 1907.11692";
constexpr const char* kXlmRoberta = "Conneau et al. 2019, arXiv 1911.02116";
constexpr const char* kElectra = "Clark et al. 2020, arXiv 2003.10555";
constexpr const char* kAlbert = "Lan et al. 2019, arXiv 1909.11942, version 2";
constexpr const char* kMobileBert = "Sun et al. 2020, arXiv 2004.02984";
constexpr const char* kEdgeBert = "Tambe et al. 2020, arXiv 2011.14203";
constexpr const char* kTinyBert = "Jiao et al. 2019, arXiv 1909.10351";

}  // namespace

void add_encoders(std::vector<Preset>& table) {
  add(table, "bert-base", "BERT-base, masked language model", bert(12, 768, 12, 3072), kBert);
  add(table, "bert-large", "BERT-large, masked language model", bert(24, 1024, 16, 4096), kBert);
  add(table, "bert-base-cased", "BERT-base, cased", bert(12, 768, 12, 3072, 28996), kBert);
  add(table, "bert-large-cased", "BERT-large, cased", bert(24, 1024, 16, 4096, 28996), kBert);
  add(table, "bert-tiny", "BERT-tiny", bert(2, 128, 2, 512), kMiniBert);
  add(table, "bert-mini", "BERT-mini", bert(4, 256, 4, 1024), kMiniBert);
  add(table, "bert-small", "BERT-small", bert(4, 512, 8, 2048), kMiniBert);
  add(table, "bert-medium", "BERT-medium", bert(8, 512, 8, 2048), kMiniBert);
  add(table, "tinybert-4", "TinyBERT of 4 layers", bert(4, 312, 12, 1200), kTinyBert);
  add(table, "tinybert-6", "TinyBERT of 6 layers", bert(6, 768, 12, 3072), kTinyBert);
  add(table, "distilbert", "DistilBERT", distilbert(30522), kDistil);
  add(table, "distilbert-cased", "DistilBERT, cased", distilbert(28996), kDistil);
  add(table, "roberta-base", "RoBERTa-base", roberta(12, 768, 12, 50265), kRoberta);
  add(table, "roberta-large", "RoBERTa-large", roberta(24, 1024, 16, 50265), kRoberta);
  add(table, "distilroberta", "DistilRoBERTa", roberta(6, 768, 12, 50265), kDistil);
  add(table, "xlm-roberta-base", "XLM-RoBERTa-base", roberta(12, 768, 12, 250002), kXlmRoberta);
  add(table, "xlm-roberta-large", "XLM-RoBERTa-large", roberta(24, 1024, 16, 250002), kXlmRoberta);
  add(table, "electra-small", "ELECTRA-small, discriminator", electra(Head::discriminator, 12, 256, 4, 128), kElectra);
  add(table, "electra-base", "ELECTRA-base, discriminator", electra(Head::discriminator, 12, 768, 12, 768), kElectra);
  add(table, "electra-large", "ELECTRA-large, discriminator", electra(Head::discriminator, 24, 1024, 16, 1024),
      kElectra);
  add(table, "electra-small-generator", "ELECTRA-small, generator", electra(Head::mlm, 12, 256, 4, 128), kElectra);
  add(table, "electra-base-generator", "ELECTRA-base, generator", electra(Head::mlm, 12, 256, 4, 768), kElectra);
  add(table, "electra-large-generator", "ELECTRA-large, generator", electra(Head::mlm, 24, 256, 4, 1024), kElectra);
  add(table, "albert-base", "ALBERT-base", albert(12, 768, 12), kAlbert);
  add(table, "albert-large", "ALBERT-large", albert(24, 1024, 16), kAlbert);
  add(table, "albert-xlarge", "ALBERT-xlarge", albert(24, 2048, 16), kAlbert);
  add(table, "albert-xxlarge", "ALBERT-xxlarge", albert(12, 4096, 64), kAlbert);
  add(table, "edgebert", "EdgeBERT: ALBERT-base with adaptive spans and early exits, 2 classes", edgebert(), kEdgeBert);
  add(table, "mobilebert", "MobileBERT", mobilebert(), kMobileBert);
}

}  // namespace headroom::models
