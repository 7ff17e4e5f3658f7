#include "models/layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/native_dropout.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/zeros.h>
#include <c10/core/ScalarType.h>

#include <cmath>
#include <numbers>

#include "models/scope.h"

namespace headroom::models {

at::Tensor dropout(const at::Tensor& x, double rate) {
  return rate > 0 ? std::get<0>(at::native_dropout(x, rate, true)) : x;
}

Linear::Linear(Builder& builder, const std::string& layer, const std::string& role, std::int64_t in, std::int64_t out,
               bool bias)
    : weight_(builder.parameter(layer, role + ".weight", {out, in}, Init::normal)) {
  if (bias) bias_ = builder.parameter(layer, role + ".bias", {out}, Init::zeros);
}

at::Tensor Linear::operator()(const at::Tensor& x) const { return at::linear(x, weight_, bias_); }

Norm::Norm(Builder& builder, const std::string& path)
    : path_(path),
      kind_(builder.config.norm),
      eps_(builder.config.norm_eps),
      weight_(builder.parameter(path, "weight", {builder.config.d_model}, Init::ones)) {
  if (kind_ == NormKind::layer_norm) bias_ = builder.parameter(path, "bias", {builder.config.d_model}, Init::zeros);
}

at::Tensor Norm::operator()(const at::Tensor& x) const {
  if (kind_ == NormKind::layer_norm) return at::layer_norm(x, weight_.sizes(), weight_, bias_, eps_);
  at::Tensor hidden = x.to(c10::promoteTypes(x.scalar_type(), at::kFloat));
  const at::Tensor variance = hidden.pow(2).mean(-1, true);
  hidden = hidden * at::rsqrt(variance + eps_);
  return weight_ * hidden.to(x.scalar_type());
}

namespace {

// 0.5·x·(1 + tanh(sqrt(2/pi)·(x + 0.044715·x^3))), operator by operator.
at::Tensor gelu_new(const at::Tensor& x) {
  const at::Tensor half = x * 0.5;
  at::Tensor inner = at::pow(x, 3) * 0.044715;
  inner = x + inner;
  inner = inner * std::sqrt(2.0 / std::numbers::pi);
  inner = at::tanh(inner) + 1.0;
  return half * inner;
}

}  // namespace

at::Tensor activate(const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::gelu:
      return at::gelu(x);
    case Activation::gelu_tanh:
      return at::gelu(x, "tanh");
    case Activation::gelu_new:
      return gelu_new(x);
    case Activation::relu:
      return at::relu(x);
    case Activation::swiglu:
      return at::silu(x);
  }
  return x;
}

FeedForward::FeedForward(Builder& builder, const std::string& path)
    : path_(path),
      activation_(builder.config.activation),
      up_(builder, path, "up", builder.config.d_model, builder.config.d_ff, builder.config.ffn_bias),
      down_(builder, path, "down", builder.config.d_ff, builder.config.d_model, builder.config.ffn_bias) {
  if (activation_ == Activation::swiglu)
    gate_.emplace_back(builder, path, "gate", builder.config.d_model, builder.config.d_ff, builder.config.ffn_bias);
}

at::Tensor FeedForward::operator()(const at::Tensor& x) const {
  const bool gated = activation_ == Activation::swiglu;
  at::Tensor hidden = gated ? gate_[0](x) : up_(x);
  hidden = activate(hidden, activation_);
  if (gated) {
    const at::Tensor up = up_(x);
    hidden = hidden * up;
  }
  return down_(hidden);
}

namespace {

// Vaswani et al. 2017, section 3.5: sines in the even columns, cosines in the odd ones.
at::Tensor sinusoids(std::int64_t rows, std::int64_t width, const at::TensorOptions& options) {
  const auto fp32 = options.dtype(at::kFloat);
  const at::Tensor rates = (at::arange(0, width, 2, fp32) * (-std::log(10000.0) / static_cast<double>(width))).exp();
  const at::Tensor angles = at::arange(rows, fp32).unsqueeze(1) * rates;
  at::Tensor table = at::empty({rows, width}, options);
  table.slice(1, 0, width, 2).copy_(angles.sin());
  if (width > 1) table.slice(1, 1, width, 2).copy_(angles.cos().slice(1, 0, width / 2));
  return table;
}

}  // namespace

Embeddings::Embeddings(Builder& builder, const std::string& path)
    : path_(path),
      kind_(builder.config.positions),
      padding_id_(builder.config.padding_id),
      dropout_(builder.dropout(builder.config.embedding_dropout)),
      scale_(1.0) {
  const ModelConfig& config = builder.config;
  const auto options = at::TensorOptions(builder.options.device);
  word_ = builder.parameter(path, "word.weight", {config.vocab_size, config.d_model}, Init::normal);
  if (kind_ == Positions::learned) {
    position_ = builder.parameter(path, "position.weight", {config.max_positions, config.d_model}, Init::normal);
    position_ids_ = builder.buffer(at::arange(config.max_positions, options.dtype(at::kLong)).unsqueeze(0));
  }
  if (kind_ == Positions::sinusoidal) {
    sinusoids_ = builder.buffer(sinusoids(config.max_positions, config.d_model, options.dtype(builder.options.dtype)));
    scale_ = std::sqrt(static_cast<double>(config.d_model));
  }
  if (config.type_vocab_size > 0) {
    token_type_ = builder.parameter(path, "token_type.weight", {config.type_vocab_size, config.d_model}, Init::normal);
    const std::int64_t longest = has_position_table(kind_) ? config.max_positions : 1;
    token_type_ids_ = builder.buffer(at::zeros({1, longest}, options.dtype(at::kLong)));
  }
  if (config.embedding_norm) norm_.emplace_back(builder, builder.layer(path + ".norm", path, "norm"));
}

at::Tensor Embeddings::positions(std::int64_t seq) const {
  if (kind_ == Positions::sinusoidal) return sinusoids_.slice(0, 0, seq);
  return at::embedding(position_, position_ids_.slice(1, 0, seq));
}

at::Tensor Embeddings::operator()(const at::Tensor& tokens) const {
  const Scope scope(path_);
  const std::int64_t seq = tokens.size(1);
  at::Tensor x = at::embedding(word_, tokens, padding_id_);
  if (scale_ != 1.0) x = x * scale_;
  if (token_type_.defined())
    x = x + at::embedding(token_type_, token_type_ids_.slice(1, 0, seq).expand({tokens.size(0), seq}));
  if (has_position_table(kind_)) x = x + positions(seq);
  if (!norm_.empty()) {
    const Scope norm_scope(norm_[0].path());
    x = norm_[0](x);
  }
  return dropout(x, dropout_);
}

}  // namespace headroom::models
