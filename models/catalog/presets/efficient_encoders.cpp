// Encoders of long sequences, and those with another mixing of tokens or other word vectors.
#include "models/catalog/attention.h"
#include "models/catalog/presets/families.h"

namespace headroom::models {
namespace {

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

constexpr const char* kFnet = "Lee-Thorp et al. 2021, arXiv 2105.03824";
constexpr const char* kLongformer = "Beltagy et al. 2020, arXiv 2004.05150";
constexpr const char* kBigBird = "Zaheer et al. 2020, arXiv 2007.14062";
constexpr const char* kCanine = "Clark et al. 2021, arXiv 2103.06874";
constexpr const char* kHashFormer = "Xue & Aletras 2022, arXiv 2210.07904; sizes of the authors' code";

}  // namespace

void add_efficient_encoders(std::vector<Preset>& table) {
  add(table, "fnet-base", "FNet-base", fnet(12, 768), kFnet);
  add(table, "fnet-large", "FNet-large", fnet(24, 1024), kFnet);
  add(table, "longformer-base", "Longformer-base, window 512", longformer(12, 768, 12), kLongformer);
  add(table, "longformer-large", "Longformer-large, window 512", longformer(24, 1024, 16), kLongformer);
  add(table, "bigbird-base", "BigBird-base, block-sparse", bigbird(12, 768, 12), kBigBird);
  add(table, "bigbird-large", "BigBird-large, block-sparse", bigbird(24, 1024, 16), kBigBird);
  add(table, "canine-s", "CANINE-S, characters in molecules of 4, classifier of tokens", canine(), kCanine);
  add(table, "canine-c", "CANINE-C, the same sizes trained another way", canine(), kCanine);
  add(table, "hashformer-emb", "HashFormer-Emb, 50,265 buckets, masked language model", roberta(12, 768, 12, 50265),
      kHashFormer);
  add(table, "hashformer-pool", "HashFormer-Pool, chunks of digests", hashformer(WordVectors::digest_pool),
      kHashFormer);
  add(table, "hashformer-add", "HashFormer-Add, bits of digests", hashformer(WordVectors::digest_add), kHashFormer);
  add(table, "hashformer-proj", "HashFormer-Proj, projected digests", hashformer(WordVectors::digest_project),
      kHashFormer);
}

}  // namespace headroom::models
