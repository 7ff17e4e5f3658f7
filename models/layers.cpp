#include "models/layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cumsum.h>
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

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  at::Tensor hidden = x.to(c10::promoteTypes(x.scalar_type(), at::kFloat));
  const at::Tensor variance = hidden.pow(2).mean(-1, true);
  hidden = hidden * at::rsqrt(variance + eps);
  return weight * hidden.to(x.scalar_type());
}

Norm::Norm(Builder& builder, const std::string& path, std::int64_t width)
    : path_(path),
      kind_(builder.config.norm),
      eps_(builder.config.norm_eps),
      weight_(builder.parameter(path, "weight", {width}, Init::ones)) {
  if (kind_ == NormKind::layer_norm && builder.config.norm_bias)
    bias_ = builder.parameter(path, "bias", {width}, Init::zeros);
}

at::Tensor Norm::operator()(const at::Tensor& x) const {
  if (kind_ == NormKind::layer_norm) return at::layer_norm(x, weight_.sizes(), weight_, bias_, eps_);
  return rms_norm(x, weight_, eps_);
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
    case Activation::geglu:
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
      dropout_(builder.config.dropout_inside_ffn ? builder.dropout(builder.config.residual_dropout) : 0.0),
      up_(builder, path, "up", builder.config.d_model, builder.config.d_ff, builder.config.ffn_bias),
      down_(builder, path, "down", builder.config.d_ff, builder.config.d_model, builder.config.ffn_bias) {
  if (gated(activation_))
    gate_.emplace_back(builder, path, "gate", builder.config.d_model, builder.config.d_ff, builder.config.ffn_bias);
}

at::Tensor FeedForward::operator()(const at::Tensor& x) const {
  at::Tensor hidden = gate_.empty() ? up_(x) : gate_[0](x);
  hidden = activate(hidden, activation_);
  if (!gate_.empty()) {
    const at::Tensor up = up_(x);
    hidden = hidden * up;
  }
  hidden = dropout(hidden, dropout_);
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

Embeddings::Embeddings(Builder& builder, const std::string& path, const std::string& words)
    : path_(path),
      kind_(builder.config.positions),
      ids_(builder.config.position_ids),
      projects_(builder.config.embedding_projection),
      padding_id_(builder.config.padding_id),
      position_offset_(builder.config.position_offset),
      dropout_(builder.dropout(builder.config.embedding_dropout)),
      scale_(1.0) {
  const ModelConfig& config = builder.config;
  const auto options = at::TensorOptions(builder.options.device);
  const std::int64_t word_width = embedding_width(config);
  const std::int64_t width = projects_ == EmbeddingProjection::sum ? word_width : config.d_model;
  word_ = words.empty() ? builder.parameter(path, "word.weight", {config.vocab_size, word_width}, Init::normal)
                        : builder.share(path, "word.weight", words);
  if (kind_ == Positions::learned) {
    const std::int64_t rows = config.position_offset + config.max_positions;
    position_ = builder.parameter(path, "position.weight", {rows, width}, Init::normal);
    if (ids_ == PositionIds::table)
      position_ids_ = builder.buffer(at::arange(config.position_offset, rows, options.dtype(at::kLong)).unsqueeze(0));
  }
  if (kind_ == Positions::sinusoidal) {
    sinusoids_ = builder.buffer(sinusoids(config.max_positions, width, options.dtype(builder.options.dtype)));
    scale_ = std::sqrt(static_cast<double>(width));
  }
  if (config.type_vocab_size > 0) {
    token_type_ = builder.parameter(path, "token_type.weight", {config.type_vocab_size, width}, Init::normal);
    const std::int64_t longest = has_position_table(kind_) ? config.max_positions : 1;
    token_type_ids_ = builder.buffer(at::zeros({1, longest}, options.dtype(at::kLong)));
  }
  if (config.embedding_norm) norm_.emplace_back(builder, builder.layer(path + ".norm", path, "norm"), width);
  if (word_width != config.d_model)
    projection_.emplace_back(builder, path, "projection", word_width, config.d_model,
                             projects_ == EmbeddingProjection::sum);
}

at::Tensor Embeddings::position_ids(const at::Tensor& tokens, std::int64_t first) const {
  const std::int64_t end = first + tokens.size(1), seq = tokens.size(1);
  if (ids_ == PositionIds::table) return position_ids_.slice(1, first, end);
  if (ids_ == PositionIds::sequence)
    return at::arange(first, end, tokens.options()).expand({tokens.size(0), seq}) + position_offset_;
  const at::Tensor counts = tokens.ne(padding_id_).to(at::kInt);
  at::Tensor ids = at::cumsum(counts, 1).to(at::kInt);
  ids = ids * counts;
  return ids.to(at::kLong) + padding_id_;
}

at::Tensor Embeddings::positions(const at::Tensor& tokens, std::int64_t first) const {
  if (kind_ == Positions::sinusoidal) return sinusoids_.slice(0, first, first + tokens.size(1));
  return at::embedding(position_, position_ids(tokens, first), ids_ == PositionIds::tokens ? padding_id_ : -1);
}

at::Tensor Embeddings::operator()(const at::Tensor& tokens, std::int64_t first) const {
  const Scope scope(path_);
  const std::int64_t seq = tokens.size(1);
  at::Tensor x = at::embedding(word_, tokens, padding_id_);
  if (!projection_.empty() && projects_ == EmbeddingProjection::words) x = projection_[0](x);
  if (scale_ != 1.0) x = x * scale_;
  if (token_type_.defined())
    x = x + at::embedding(token_type_, token_type_ids_.slice(1, 0, seq).expand({tokens.size(0), seq}));
  if (has_position_table(kind_)) x = x + positions(tokens, first);
  if (!norm_.empty()) {
    const Scope norm_scope(norm_[0].path());
    x = norm_[0](x);
  }
  x = dropout(x, dropout_);
  return !projection_.empty() && projects_ == EmbeddingProjection::sum ? projection_[0](x) : x;
}

}  // namespace headroom::models
