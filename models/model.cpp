#include "models/model.h"

#include <ATen/ops/linear.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tanh.h>

#include "models/attention/attention.h"
#include "models/blocks.h"
#include "models/builder.h"
#include "models/layers.h"
#include "models/loss.h"
#include "models/scope.h"

namespace headroom::models {
namespace {

// mlm: dense, activation, norm, then the vocabulary; lm: the vocabulary; pooler: dense and tanh of the first token.
class OutputHead {
 public:
  OutputHead(Builder& builder, const std::string& embeddings)
      : path_(builder.layer("head", "model", "head")),
        kind_(builder.config.head),
        activation_(builder.config.activation) {
    const ModelConfig& config = builder.config;
    if (kind_ != Head::lm)
      dense_.emplace_back(builder, path_, kind_ == Head::mlm ? "transform" : "pooler", config.d_model, config.d_model,
                          true);
    if (kind_ == Head::mlm) norm_.emplace_back(builder, builder.layer("head.norm", path_, "norm"));
    if (kind_ == Head::pooler) return;
    weight_ = config.tied_embeddings
                  ? builder.share(path_, "decoder.weight", embeddings + ".word.weight")
                  : builder.parameter(path_, "decoder.weight", {config.vocab_size, config.d_model}, Init::normal);
    if (kind_ == Head::mlm) bias_ = builder.parameter(path_, "decoder.bias", {config.vocab_size}, Init::zeros);
  }

  at::Tensor operator()(const at::Tensor& hidden) const {
    const Scope scope(path_);
    if (kind_ == Head::pooler) return at::tanh(dense_[0](hidden.select(1, 0)));
    if (kind_ == Head::lm) return at::linear(hidden, weight_, bias_);
    return at::linear(transform(hidden), weight_, bias_);
  }

 private:
  at::Tensor transform(const at::Tensor& hidden) const {
    at::Tensor x = dense_[0](hidden);
    x = activate(x, activation_);
    const Scope norm_scope(norm_[0].path());
    return norm_[0](x);
  }

  std::string path_;
  Head kind_;
  Activation activation_;
  std::vector<Linear> dense_;
  std::vector<Norm> norm_;
  at::Tensor weight_, bias_;
};

class Transformer final : public Model {
 public:
  Transformer(const ModelConfig& config, const BuildOptions& options)
      : architecture_(config.architecture), head_kind_(config.head) {
    Builder builder(config, options, layers_, parameters_, buffers_);
    builder.layer("model", "model", "model");
    embeddings_ = std::make_unique<Embeddings>(builder, builder.layer("embeddings", "model", "embedding"));
    const bool both = architecture_ == Architecture::encoder_decoder;
    std::string output_table = "embeddings";
    if (config.encoder_layer_count > 0)
      encoder_ = std::make_unique<Stack>(builder, "encoder", config.encoder_layer_count, false, false);
    if (both && !config.tied_embeddings) {
      output_table = builder.layer("decoder_embeddings", "model", "embedding");
      decoder_embeddings_ = std::make_unique<Embeddings>(builder, output_table);
    }
    if (config.decoder_layer_count > 0)
      decoder_ = std::make_unique<Stack>(builder, "decoder", config.decoder_layer_count, true, both);
    if (config.final_norm) final_norm_ = std::make_unique<Norm>(builder, builder.layer("final_norm", "model", "norm"));
    head_ = std::make_unique<OutputHead>(builder, output_table);
    loss_path_ = builder.layer("loss", "model", "loss");
  }

  at::Tensor forward(const Batch& batch) override {
    const Scope scope("model");
    return (*head_)(hidden(batch));
  }

  at::Tensor loss(const Batch& batch) override {
    const Scope scope("model");
    const at::Tensor logits = (*head_)(hidden(batch));
    const Scope loss_scope(loss_path_);
    if (head_kind_ == Head::pooler) return logits.mean();
    if (architecture_ == Architecture::decoder_only) return causal_loss(logits, batch.labels);
    return token_loss(logits, batch.labels);
  }

 private:
  at::Tensor hidden(const Batch& batch) const {
    at::Tensor x = (*embeddings_)(batch.tokens);
    if (encoder_) x = encoder_->forward(std::move(x));
    if (architecture_ == Architecture::encoder_decoder) {
      const at::Tensor memory = std::move(x);
      const Embeddings& target = decoder_embeddings_ ? *decoder_embeddings_ : *embeddings_;
      x = decoder_->forward(target(batch.decoder_tokens), memory);
    } else if (decoder_) {
      x = decoder_->forward(std::move(x));
    }
    if (!final_norm_) return x;
    const Scope scope(final_norm_->path());
    return (*final_norm_)(x);
  }

  Architecture architecture_;
  Head head_kind_;
  std::unique_ptr<Embeddings> embeddings_, decoder_embeddings_;
  std::unique_ptr<Stack> encoder_, decoder_;
  std::unique_ptr<Norm> final_norm_;
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
  const auto ids = [&] {
    return at::randint(config.vocab_size, {batch, seq}, at::TensorOptions(device).dtype(at::kLong));
  };
  Batch result;
  result.tokens = ids();
  if (config.architecture == Architecture::encoder_decoder) result.decoder_tokens = ids();
  if (config.head != Head::pooler) result.labels = ids();
  return result;
}

}  // namespace headroom::models
