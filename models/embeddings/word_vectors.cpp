#include "models/embeddings/word_vectors.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/softmax.h>

#include <cmath>
#include <vector>

#include "models/catalog/mechanisms/band.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

// Multiple hash functions, each with a table of the width's share (Clark et al. 2021, section 3.1), as transformers'
// CanineEmbeddings computes them.
class HashedCharacters final : public WordMaker {
 public:
  HashedCharacters(Builder& builder, const std::string& path) : buckets_(builder.config.bucket_count) {
    const std::int64_t hashes = builder.config.hash_count, part = embedding_width(builder.config) / hashes;
    for (std::int64_t i = 0; i < hashes; ++i)
      tables_.push_back(
          builder.parameter(path, "hash." + std::to_string(i) + ".weight", {buckets_, part}, Init::normal));
  }

  at::Tensor operator()(const at::Tensor& tokens, const TokenDigests&) const override {
    std::vector<at::Tensor> parts;
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      const at::Tensor bucket = ((tokens + 1) * kHashPrimes[i]).remainder(buckets_);
      parts.push_back(at::embedding(tables_[i], bucket));
    }
    return at::cat(parts, -1);
  }

 private:
  std::int64_t buckets_;
  std::vector<at::Tensor> tables_;
};

// HashFormers (Xue & Aletras 2022, arXiv 2210.07904, section 3), by the embedding classes of the authors' code
// (github.com/HUIYINXUE/hashformer). Special tokens have a table of their own, and all others its padding row.
constexpr std::int64_t kPaddingRow = 1;

class Digested : public WordMaker {
 public:
  Digested(Builder& builder, const std::string& path)
      : special_(builder.parameter(path, "special.weight", {kDigestSpecialTokens, embedding_width(builder.config)},
                                   Init::normal)) {}

  at::Tensor operator()(const at::Tensor&, const TokenDigests& digests) const final {
    const at::Tensor special = at::embedding(special_, digests.special, kPaddingRow);
    return special + vectors(digests.digest);
  }

 private:
  virtual at::Tensor vectors(const at::Tensor& digest) const = 0;

  at::Tensor special_;
};

// A digest's chunks, each a row of one table, weighted for each place and feature. Row 0 is that of no chunk.
class Pooled final : public Digested {
 public:
  Pooled(Builder& builder, const std::string& path)
      : Digested(builder, path),
        dropout_(builder.dropout(builder.config.embedding_dropout)),
        chunks_(builder.parameter(
            path, "chunk.weight",
            {(std::int64_t{1} << builder.config.digest_chunk) + 1, embedding_width(builder.config)}, Init::normal)),
        weights_(builder.parameter(
            path, "chunk_weight",
            {divided_up(builder.config.digest_bits, builder.config.digest_chunk), embedding_width(builder.config)},
            Init::normal)) {}

 private:
  at::Tensor vectors(const at::Tensor& digest) const override {
    at::Tensor x = at::embedding(chunks_, digest, 0);  // [B, T, chunks, width]
    x = dropout(x, dropout_);
    x = x * at::softmax(weights_, 0);
    return x.sum(2);
  }

  double dropout_;
  at::Tensor chunks_, weights_;
};

// A vector for each bit that is set and another for each that is not, summed over sqrt(bits). The matrices themselves
// have dropout.
class Added final : public Digested {
 public:
  Added(Builder& builder, const std::string& path)
      : Digested(builder, path),
        dropout_(builder.dropout(builder.config.embedding_dropout)),
        scale_(std::sqrt(static_cast<double>(builder.config.digest_bits))),
        set_(matrix(builder, path, "set")),
        clear_(matrix(builder, path, "clear")) {}

 private:
  static at::Tensor matrix(Builder& builder, const std::string& path, const std::string& role) {
    return builder.parameter(path, role + ".weight", {embedding_width(builder.config), builder.config.digest_bits},
                             Init::normal);
  }

  at::Tensor vectors(const at::Tensor& digest) const override {
    const at::Tensor bits = digest.to(set_.scalar_type());
    const at::Tensor set = at::linear(bits, dropout(set_, dropout_));
    const at::Tensor clear = at::linear(1.0 - bits, dropout(clear_, dropout_));
    return (set + clear) / scale_;
  }

  double dropout_, scale_;
  at::Tensor set_, clear_;
};

// Pearson's correlation of the bits with each row.
class Projected final : public Digested {
 public:
  Projected(Builder& builder, const std::string& path)
      : Digested(builder, path),
        rows_(builder.parameter(path, "bits.weight", {embedding_width(builder.config), builder.config.digest_bits},
                                Init::normal)) {}

 private:
  static at::Tensor unit(const at::Tensor& x) {
    const at::Tensor centred = x - x.mean(-1, true);
    return centred / at::linalg_vector_norm(centred, 2, {-1}, true).clamp_min(1e-8);
  }

  at::Tensor vectors(const at::Tensor& digest) const override {
    return at::linear(unit(digest.to(rows_.scalar_type())), unit(rows_));
  }

  at::Tensor rows_;
};

}  // namespace

std::unique_ptr<WordMaker> make_word_maker(Builder& builder, const std::string& path) {
  switch (builder.config.word_vectors) {
    case WordVectors::characters:
      return std::make_unique<HashedCharacters>(builder, path);
    case WordVectors::digest_pool:
      return std::make_unique<Pooled>(builder, path);
    case WordVectors::digest_add:
      return std::make_unique<Added>(builder, path);
    case WordVectors::digest_project:
      return std::make_unique<Projected>(builder, path);
    case WordVectors::table:
      break;
  }
  return nullptr;
}

at::Tensor with_neighbours(const at::Tensor& x) {
  const std::int64_t seq = x.size(1);
  return at::cat(
      {at::constant_pad_nd(x.slice(1, 1), {0, 0, 0, 1}), x, at::constant_pad_nd(x.slice(1, 0, seq - 1), {0, 0, 1, 0})},
      2);
}

}  // namespace headroom::models
