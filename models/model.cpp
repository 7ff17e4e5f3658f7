#include "models/model.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <optional>

#include "base/error.h"
#include "models/attention/attention.h"
#include "models/blocks.h"
#include "models/builder.h"
#include "models/catalog/mechanisms/band.h"
#include "models/encoders/encoder.h"
#include "models/layers.h"
#include "models/loss.h"
#include "models/reversible.h"
#include "models/scope.h"

namespace headroom::models {
namespace {

// mlm: dense, activation, norm, then the vocabulary; lm: the vocabulary; pooler: dense and tanh of the first token;
// discriminator: dense, activation, one logit; classifier: the pooler, dropout, one dense layer; token_classifier:
// dropout and that layer. An idle pooler has parameters and never runs.
class OutputHead {
 public:
  // `words`: name of the word table.
  OutputHead(Builder& builder, const std::string& words)
      : path_(builder.layer("head", "model", "head")),
        kind_(builder.config.head),
        activation_(builder.config.activation),
        chunk_(builder.config.head_chunk),
        scale_(builder.config.scaled_head ? 1 / std::sqrt(static_cast<double>(builder.config.d_model)) : 1.0) {
    const ModelConfig& config = builder.config;
    const std::int64_t width = config.reversible ? final_width(config) : embedding_width(config);
    dropout_ = builder.dropout(config.residual_dropout);
    if (config.idle_pooler) Linear(builder, path_, "pooler", config.d_model, config.d_model, true);
    if (kind_ == Head::classifier || kind_ == Head::token_classifier) {
      if (kind_ == Head::classifier)
        dense_.emplace_back(builder, path_, "pooler", config.d_model, config.d_model, true);
      dense_.emplace_back(builder, path_, "classifier", config.d_model, config.label_count, true);
      return;
    }
    if (kind_ == Head::pooler || kind_ == Head::discriminator) {
      dense_.emplace_back(builder, path_, kind_ == Head::pooler ? "pooler" : "transform", config.d_model,
                          config.d_model, true);
      if (kind_ == Head::discriminator) dense_.emplace_back(builder, path_, "classifier", config.d_model, 1, true);
      return;
    }
    if (kind_ == Head::mlm) {
      const std::int64_t features = has_split_decoder(config) ? config.d_model : width;
      dense_.emplace_back(builder, path_, "transform", config.d_model, features, true);
      const NormKind norm = config.norm == NormKind::affine ? NormKind::layer_norm : config.norm;
      norm_.emplace_back(builder, builder.layer("head.norm", path_, "norm"), features, norm);
    } else if (width != final_width(config)) {
      dense_.emplace_back(builder, path_, "projection", config.d_model, width, false);
    }
    if (config.tied_embeddings)
      tied_.emplace(builder, path_, "decoder.weight", words);
    else
      weight_ = builder.parameter(path_, "decoder.weight", {config.vocab_size, width}, Init::normal);
    if (has_split_decoder(config)) {
      if (builder.options.loss_chunk > 0)
        throw bad_input("--loss-chunk takes the vocabulary's one matrix, and " + config.name + "'s head joins two");
      further_ =
          builder.parameter(path_, "decoder_further.weight", {config.d_model - width, config.vocab_size}, Init::normal);
    }
    if (kind_ == Head::mlm || config.head_bias)
      bias_ = builder.parameter(path_, "decoder.bias", {config.vocab_size}, Init::zeros);
    if (config.logits_bias)
      logits_bias_ = builder.buffer(
          at::zeros({1, config.vocab_size}, at::TensorOptions(builder.options.device).dtype(builder.options.dtype)));
  }

  // `pooled`: what the pooler reads, where it is not `hidden`.
  at::Tensor operator()(at::Tensor hidden, const at::Tensor& pooled = {}) const {
    const Scope scope(path_);
    if (kind_ == Head::pooler) return pool(pooled.defined() ? pooled : hidden);
    if (kind_ == Head::classifier) return dense_[1](dropout(pool(pooled.defined() ? pooled : hidden), dropout_));
    if (kind_ == Head::token_classifier) return dense_.back()(dropout(hidden, dropout_));
    if (further_.defined()) return at::matmul(transform(hidden), at::cat({weight().t(), further_}, 0)).add_(bias_);
    if (kind_ == Head::discriminator) return dense_[1](transform(hidden)).squeeze(-1);
    if (kind_ == Head::mlm) return vocabulary(transform(hidden), bias_);
    hidden = projected(std::move(hidden));
    const at::Tensor logits =
        in_chunks(hidden, chunk_, [&](const at::Tensor& part) { return vocabulary(part, bias_); });
    return logits_bias_.defined() ? logits + logits_bias_ : logits;
  }

  // What the vocabulary is applied to.
  at::Tensor features(at::Tensor hidden) const {
    const Scope scope(path_);
    return kind_ == Head::mlm ? transform(hidden) : projected(std::move(hidden));
  }
  bool has_vocabulary() const { return tied_ || weight_.defined(); }
  at::Tensor weight() const { return tied_ ? tied_->dense() : weight_; }  // [V, width], or undefined without one
  at::Tensor bias() const { return logits_bias_.defined() ? logits_bias_.view(-1) : bias_; }  // [V], or undefined

 private:
  at::Tensor pool(const at::Tensor& hidden) const { return at::tanh(dense_[0](hidden.select(1, 0))); }
  at::Tensor vocabulary(const at::Tensor& x, const at::Tensor& bias) const {
    return tied_ ? tied_->linear(x, bias) : at::linear(x, weight_, bias);
  }

  at::Tensor projected(at::Tensor hidden) const {
    if (scale_ != 1.0) hidden = hidden * scale_;
    return dense_.empty() ? hidden : dense_[0](hidden);
  }

  at::Tensor transform(const at::Tensor& hidden) const {
    at::Tensor x = dense_[0](hidden);
    x = activate(x, activation_);
    if (norm_.empty()) return x;
    const Scope norm_scope(norm_[0].path());
    return norm_[0](x);
  }

  std::string path_;
  Head kind_;
  Activation activation_;
  std::int64_t chunk_;  // tokens of a sequence at once; 0: all
  double scale_, dropout_ = 0.0;
  std::vector<Linear> dense_;
  std::vector<Norm> norm_;
  std::optional<WordTable> tied_;
  at::Tensor weight_, bias_, logits_bias_;
  at::Tensor further_;  // [d_m - width, V]: the vocabulary's columns beside those of the word table
};

class Transformer final : public Model {
 public:
  Transformer(const ModelConfig& config, const BuildOptions& options)
      : architecture_(config.architecture), head_kind_(config.head), loss_chunk_(options.loss_chunk) {
    Builder builder(config, options, layers_, parameters_, buffers_);
    left_early_ = config.exit_layer > 0 && config.exit_layer < config.encoder_layer_count;
    if (left_early_ && options.training)
      throw bad_input(config.name + ": training needs every exit, and sequences leave after layer " +
                      std::to_string(config.exit_layer));
    if (config.dropout_after_stack) stack_dropout_ = builder.dropout(config.residual_dropout);
    builder.layer("model", "model", "model");
    embeddings_ = std::make_unique<Embeddings>(builder, builder.layer("embeddings", "model", "embedding"));
    const bool both = architecture_ == Architecture::encoder_decoder;
    const std::string words = "embeddings.word.weight";
    other_encoder_ = make_encoder(builder);
    if (config.encoder_layer_count > 0 && !other_encoder_)
      encoder_ = std::make_unique<Stack>(builder, "encoder", config.encoder_layer_count, false, false);
    if (both && config.final_norm)
      encoder_norm_ = std::make_unique<Norm>(builder, builder.layer("encoder_final_norm", "model", "norm"));
    if (has_decoder_embeddings(config))
      decoder_embeddings_ =
          std::make_unique<Embeddings>(builder, builder.layer("decoder_embeddings", "model", "embedding"), words);
    if (config.reversible)
      reversible_ = std::make_unique<ReversibleStack>(builder, "decoder", config.decoder_layer_count);
    else if (config.decoder_layer_count > 0)
      decoder_ = std::make_unique<Stack>(builder, "decoder", config.decoder_layer_count, true, both);
    if (config.final_norm)
      final_norm_ = std::make_unique<Norm>(builder, builder.layer("final_norm", "model", "norm"), final_width(config));
    head_ = std::make_unique<OutputHead>(builder, words);
    loss_path_ = builder.layer("loss", "model", "loss");
  }

  at::Tensor forward(const Batch& batch) override {
    const Scope scope("model");
    Encoded encoded = hidden(batch);
    return left_early_ ? encoded.logits.back() : (*head_)(std::move(encoded.tokens), std::move(encoded.pooled));
  }

  ModelCache make_cache(const CacheOptions& options) override {
    if (!decoder_) throw bad_input("a model without a decoder does not generate");
    const Scope scope("model");
    ModelCache cache;
    cache.options = std::make_shared<const CacheOptions>(options);
    cache.blocks = decoder_->make_cache(cache.options);
    return cache;
  }

  at::Tensor prefill(const Batch& batch, ModelCache& cache) override {
    const Scope scope("model");
    at::Tensor x = (*embeddings_)(batch.tokens);
    if (!encoder_) return next_logits(decoder_->decode(std::move(x), {}, cache));
    at::Tensor memory = finished(encoder_->forward(std::move(x)), encoder_norm_.get());
    memory = memory.to(cache.options->dtype);  // under autocast, once for all layers
    return next_logits(decoder_->decode(target_embeddings()(batch.decoder_tokens), memory, cache));
  }

  at::Tensor decode(const at::Tensor& tokens, ModelCache& cache) override {
    const Scope scope("model");
    return next_logits(decoder_->decode(target_embeddings()(tokens, {}, cache.tokens), {}, cache));
  }

  at::Tensor loss(const Batch& batch) override {
    const Scope scope("model");
    const bool causal = architecture_ == Architecture::decoder_only;
    if (loss_chunk_ > 0 && head_->has_vocabulary()) {
      const at::Tensor features = head_->features(hidden(batch).tokens);
      const Scope loss_scope(loss_path_);
      return chunked_loss(features, head_->weight(), head_->bias(), batch.labels, causal, loss_chunk_);
    }
    Encoded encoded = hidden(batch);
    const at::Tensor logits = (*head_)(std::move(encoded.tokens), std::move(encoded.pooled));
    const Scope loss_scope(loss_path_);
    if (head_kind_ == Head::pooler) return logits.mean();
    if (head_kind_ == Head::classifier) {
      at::Tensor loss = token_loss(logits, batch.labels);
      for (const at::Tensor& exit : encoded.logits) loss = loss + token_loss(exit, batch.labels);
      return loss;
    }
    if (head_kind_ == Head::discriminator) return replacement_loss(logits, batch.labels);
    if (causal) return causal_loss(logits, batch.labels);
    return token_loss(logits, batch.labels);
  }

 private:
  Encoded hidden(const Batch& batch) const {
    at::Tensor x = (*embeddings_)(batch.tokens, batch.digests);
    if (other_encoder_) return (*other_encoder_)(std::move(x));
    if (encoder_) x = encoder_->forward(std::move(x), {}, batch.attention_mask);
    if (architecture_ == Architecture::encoder_decoder) {
      const at::Tensor memory = finished(std::move(x), encoder_norm_.get());
      x = decoder_->forward(target_embeddings()(batch.decoder_tokens), memory, {}, batch.attention_mask);
    } else if (reversible_) {
      x = reversible_->forward(std::move(x));
    } else if (decoder_) {
      x = decoder_->forward(std::move(x), {}, batch.attention_mask);
    }
    return {finished(std::move(x), final_norm_.get()), {}, {}};
  }

  const Embeddings& target_embeddings() const { return decoder_embeddings_ ? *decoder_embeddings_ : *embeddings_; }

  // As transformers does it: the last block's norm is of all tokens, the vocabulary of the last one.
  at::Tensor next_logits(at::Tensor x) const {
    x = finished(std::move(x), final_norm_.get());
    x = x.slice(1, x.size(1) - 1);
    return (*head_)(std::move(x)).select(1, 0);
  }

  // A stack's output: its norm and dropout, where the model has them.
  at::Tensor finished(at::Tensor x, const Norm* norm) const {
    if (norm) {
      const Scope scope(norm->path());
      x = (*norm)(x);
    }
    return dropout(x, stack_dropout_);
  }

  Architecture architecture_;
  Head head_kind_;
  std::int64_t loss_chunk_;
  bool left_early_ = false;  // an exit's logits are the model's
  double stack_dropout_ = 0.0;
  std::unique_ptr<Embeddings> embeddings_, decoder_embeddings_;
  std::unique_ptr<Stack> encoder_, decoder_;
  std::unique_ptr<ReversibleStack> reversible_;
  std::unique_ptr<Encoder> other_encoder_;  // in the encoder's place
  std::unique_ptr<Norm> encoder_norm_, final_norm_;
  std::unique_ptr<OutputHead> head_;
  std::string loss_path_;
};

// [B, T, bits] of zeros and ones, or [B, T, chunks] of rows from 1 on.
at::Tensor random_digests(const ModelConfig& config, std::int64_t batch, std::int64_t seq, at::Device device) {
  const auto options = at::TensorOptions(device);
  if (config.word_vectors != WordVectors::digest_pool)
    return at::randint(2, {batch, seq, config.digest_bits}, options.dtype(at::kFloat));
  const std::int64_t chunks = divided_up(config.digest_bits, config.digest_chunk);
  return at::randint(1, (std::int64_t{1} << config.digest_chunk) + 1, {batch, seq, chunks}, options.dtype(at::kLong));
}

}  // namespace

std::vector<at::Tensor> Batch::tensors() const {
  std::vector<at::Tensor> defined;
  for (const at::Tensor& tensor : {tokens, decoder_tokens, labels, attention_mask, digests.special, digests.digest})
    if (tensor.defined()) defined.push_back(tensor);
  return defined;
}

std::unique_ptr<Model> build_model(const ModelConfig& config, const BuildOptions& options) {
  validate_config(config, config.name);
  require_backend(config, options);
  if (config.reversible && options.checkpoint_blocks)
    throw bad_input(config.name +
                    ": --checkpoint block has nothing to do here: a reversible block keeps not even its input; " +
                    "leave it out");
  return std::make_unique<Transformer>(config, options);
}

namespace {

void pad(const ModelConfig& config, Batch& batch) {
  const at::Tensor& tokens = batch.tokens;
  at::Tensor lengths = at::randint(1, tokens.size(1) + 1, {tokens.size(0), 1}, tokens.options());
  lengths.narrow(0, 0, 1).fill_(tokens.size(1));
  batch.attention_mask = (at::arange(tokens.size(1), tokens.options()) < lengths).to(at::kLong);
  const at::Tensor padding = batch.attention_mask.eq(0);
  if (config.padding_id >= 0) batch.tokens.masked_fill_(padding, config.padding_id);
  if (batch.labels.defined() && !batch.decoder_tokens.defined()) batch.labels.masked_fill_(padding, kIgnoredLabel);
}

}  // namespace

Batch make_batch(const ModelConfig& config, std::int64_t batch, std::int64_t seq, at::Device device, bool padding) {
  validate_shape(config, batch, seq);
  const auto ids = [&](std::int64_t count) {
    return at::randint(count, {batch, seq}, at::TensorOptions(device).dtype(at::kLong));
  };
  Batch result;
  result.tokens = ids(config.vocab_size);
  if (has_digests(config)) {
    result.digests.special = ids(kDigestSpecialTokens);
    result.digests.digest = random_digests(config, batch, seq, device);
  }
  if (config.architecture == Architecture::encoder_decoder) result.decoder_tokens = ids(config.vocab_size);
  if (config.head == Head::classifier)
    result.labels = at::randint(config.label_count, {batch}, at::TensorOptions(device).dtype(at::kLong));
  else if (config.head == Head::token_classifier)
    result.labels = ids(config.label_count);
  else if (config.head != Head::pooler)
    result.labels = ids(config.head == Head::discriminator ? 2 : config.vocab_size);
  if (padding) pad(config, result);
  return result;
}

}  // namespace headroom::models
