#include "models/model.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "base/error.h"
#include "models/attention/attention.h"
#include "models/blocks.h"
#include "models/builder.h"
#include "models/layers.h"
#include "models/loss.h"
#include "models/scope.h"

namespace headroom::models {
namespace {

// mlm: dense, activation, norm, then the vocabulary; lm: the vocabulary; pooler: dense and tanh of the first token;
// discriminator: dense, activation, one logit.
class OutputHead {
 public:
  // `words`: name of the word table.
  OutputHead(Builder& builder, const std::string& words)
      : path_(builder.layer("head", "model", "head")),
        kind_(builder.config.head),
        activation_(builder.config.activation),
        scale_(builder.config.scaled_head ? 1 / std::sqrt(static_cast<double>(builder.config.d_model)) : 1.0) {
    const ModelConfig& config = builder.config;
    const std::int64_t width = embedding_width(config);
    if (kind_ == Head::pooler || kind_ == Head::discriminator) {
      dense_.emplace_back(builder, path_, kind_ == Head::pooler ? "pooler" : "transform", config.d_model,
                          config.d_model, true);
      if (kind_ == Head::discriminator) dense_.emplace_back(builder, path_, "classifier", config.d_model, 1, true);
      return;
    }
    if (kind_ == Head::mlm) {
      dense_.emplace_back(builder, path_, "transform", config.d_model, width, true);
      norm_.emplace_back(builder, builder.layer("head.norm", path_, "norm"), width);
    } else if (width != config.d_model) {
      dense_.emplace_back(builder, path_, "projection", config.d_model, width, false);
    }
    weight_ = config.tied_embeddings
                  ? builder.share(path_, "decoder.weight", words)
                  : builder.parameter(path_, "decoder.weight", {config.vocab_size, width}, Init::normal);
    if (kind_ == Head::mlm) bias_ = builder.parameter(path_, "decoder.bias", {config.vocab_size}, Init::zeros);
    if (config.logits_bias)
      logits_bias_ = builder.buffer(
          at::zeros({1, config.vocab_size}, at::TensorOptions(builder.options.device).dtype(builder.options.dtype)));
  }

  at::Tensor operator()(at::Tensor hidden) const {
    const Scope scope(path_);
    if (kind_ == Head::pooler) return at::tanh(dense_[0](hidden.select(1, 0)));
    if (kind_ == Head::discriminator) return dense_[1](transform(hidden)).squeeze(-1);
    if (kind_ == Head::mlm) return at::linear(transform(hidden), weight_, bias_);
    hidden = projected(std::move(hidden));
    const at::Tensor logits = at::linear(hidden, weight_);
    return logits_bias_.defined() ? logits + logits_bias_ : logits;
  }

  // What the vocabulary is applied to.
  at::Tensor features(at::Tensor hidden) const {
    const Scope scope(path_);
    return kind_ == Head::mlm ? transform(hidden) : projected(std::move(hidden));
  }
  const at::Tensor& weight() const { return weight_; }  // [V, width], or undefined without a vocabulary
  at::Tensor bias() const { return logits_bias_.defined() ? logits_bias_.view(-1) : bias_; }  // [V], or undefined

 private:
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
  double scale_;
  std::vector<Linear> dense_;
  std::vector<Norm> norm_;
  at::Tensor weight_, bias_, logits_bias_;
};

class Transformer final : public Model {
 public:
  Transformer(const ModelConfig& config, const BuildOptions& options)
      : architecture_(config.architecture), head_kind_(config.head), loss_chunk_(options.loss_chunk) {
    Builder builder(config, options, layers_, parameters_, buffers_);
    if (config.dropout_after_stack) stack_dropout_ = builder.dropout(config.residual_dropout);
    builder.layer("model", "model", "model");
    embeddings_ = std::make_unique<Embeddings>(builder, builder.layer("embeddings", "model", "embedding"));
    const bool both = architecture_ == Architecture::encoder_decoder;
    const std::string words = "embeddings.word.weight";
    if (config.encoder_layer_count > 0)
      encoder_ = std::make_unique<Stack>(builder, "encoder", config.encoder_layer_count, false, false);
    if (both && config.final_norm)
      encoder_norm_ = std::make_unique<Norm>(builder, builder.layer("encoder_final_norm", "model", "norm"));
    if (has_decoder_embeddings(config))
      decoder_embeddings_ =
          std::make_unique<Embeddings>(builder, builder.layer("decoder_embeddings", "model", "embedding"), words);
    if (config.decoder_layer_count > 0)
      decoder_ = std::make_unique<Stack>(builder, "decoder", config.decoder_layer_count, true, both);
    if (config.final_norm) final_norm_ = std::make_unique<Norm>(builder, builder.layer("final_norm", "model", "norm"));
    head_ = std::make_unique<OutputHead>(builder, words);
    loss_path_ = builder.layer("loss", "model", "loss");
  }

  at::Tensor forward(const Batch& batch) override {
    const Scope scope("model");
    return (*head_)(hidden(batch));
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
    return next_logits(decoder_->decode(target_embeddings()(tokens, cache.tokens), {}, cache));
  }

  at::Tensor loss(const Batch& batch) override {
    const Scope scope("model");
    const bool causal = architecture_ == Architecture::decoder_only;
    if (loss_chunk_ > 0 && head_->weight().defined()) {
      const at::Tensor features = head_->features(hidden(batch));
      const Scope loss_scope(loss_path_);
      return chunked_loss(features, head_->weight(), head_->bias(), batch.labels, causal, loss_chunk_);
    }
    const at::Tensor logits = (*head_)(hidden(batch));
    const Scope loss_scope(loss_path_);
    if (head_kind_ == Head::pooler) return logits.mean();
    if (head_kind_ == Head::discriminator) return replacement_loss(logits, batch.labels);
    if (causal) return causal_loss(logits, batch.labels);
    return token_loss(logits, batch.labels);
  }

 private:
  at::Tensor hidden(const Batch& batch) const {
    at::Tensor x = (*embeddings_)(batch.tokens);
    if (encoder_) x = encoder_->forward(std::move(x));
    if (architecture_ == Architecture::encoder_decoder) {
      const at::Tensor memory = finished(std::move(x), encoder_norm_.get());
      x = decoder_->forward(target_embeddings()(batch.decoder_tokens), memory);
    } else if (decoder_) {
      x = decoder_->forward(std::move(x));
    }
    return finished(std::move(x), final_norm_.get());
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
  double stack_dropout_ = 0.0;
  std::unique_ptr<Embeddings> embeddings_, decoder_embeddings_;
  std::unique_ptr<Stack> encoder_, decoder_;
  std::unique_ptr<Norm> encoder_norm_, final_norm_;
  std::unique_ptr<OutputHead> head_;
  std::string loss_path_;
};

}  // namespace

std::vector<at::Tensor> Batch::tensors() const {
  std::vector<at::Tensor> defined;
  for (const at::Tensor& tensor : {tokens, decoder_tokens, labels})
    if (tensor.defined()) defined.push_back(tensor);
  return defined;
}

std::unique_ptr<Model> build_model(const ModelConfig& config, const BuildOptions& options) {
  validate_config(config, config.name);
  require_backend(config, options);
  return std::make_unique<Transformer>(config, options);
}

Batch make_batch(const ModelConfig& config, std::int64_t batch, std::int64_t seq, at::Device device) {
  validate_shape(config, batch, seq);
  const auto ids = [&](std::int64_t count) {
    return at::randint(count, {batch, seq}, at::TensorOptions(device).dtype(at::kLong));
  };
  Batch result;
  result.tokens = ids(config.vocab_size);
  if (config.architecture == Architecture::encoder_decoder) result.decoder_tokens = ids(config.vocab_size);
  if (config.head != Head::pooler) result.labels = ids(config.head == Head::discriminator ? 2 : config.vocab_size);
  return result;
}

}  // namespace headroom::models
