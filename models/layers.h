// The layers every transformer is made of. Each follows the operators of Hugging Face's eager code one by one, since
// that order decides which tensors live at the same time.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "models/builder.h"

namespace headroom::models {

// native_dropout on every device (at::dropout keeps a float mask on the CPU): the mask is one byte per element.
at::Tensor dropout(const at::Tensor& x, double rate);

class Linear {
 public:
  Linear(Builder& builder, const std::string& layer, const std::string& role, std::int64_t in, std::int64_t out,
         bool bias);
  Linear(at::Tensor weight, at::Tensor bias) : weight_(std::move(weight)), bias_(std::move(bias)) {}
  at::Tensor operator()(const at::Tensor& x) const;
  const at::Tensor& weight() const { return weight_; }  // [out, in]
  const at::Tensor& bias() const { return bias_; }      // [out], or undefined

 private:
  at::Tensor weight_, bias_;
};

// RMSNorm written out as Hugging Face's LlamaRMSNorm does it (statistics in fp32), which keeps the fp32 input, the
// reciprocal root and the normalised input for backward.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

// LayerNorm as one operator, or RMSNorm.
class Norm {
 public:
  Norm(Builder& builder, const std::string& path) : Norm(builder, path, builder.config.d_model) {}
  Norm(Builder& builder, const std::string& path, std::int64_t width);
  at::Tensor operator()(const at::Tensor& x) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  NormKind kind_;
  double eps_;
  at::Tensor weight_, bias_;
};

// Of a gated activation: the gate's.
at::Tensor activate(const at::Tensor& x, Activation activation);

class FeedForward {
 public:
  FeedForward(Builder& builder, const std::string& path);
  at::Tensor operator()(const at::Tensor& x) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  Activation activation_;
  double dropout_;
  Linear up_, down_;
  std::vector<Linear> gate_;  // gated activations only
};

// Word, position and token-type embeddings, their norm, dropout and projection into the model's width.
class Embeddings {
 public:
  // `words`: name of the parameter that is the word table; empty: a table of its own.
  Embeddings(Builder& builder, const std::string& path, const std::string& words = "");
  // [B, T] -> [B, T, d_m]. `first`: the position of the first token.
  at::Tensor operator()(const at::Tensor& tokens, std::int64_t first = 0) const;

 private:
  at::Tensor positions(const at::Tensor& tokens, std::int64_t first) const;
  at::Tensor position_ids(const at::Tensor& tokens, std::int64_t first) const;

  std::string path_;
  Positions kind_;
  PositionIds ids_;
  EmbeddingProjection projects_;
  std::int64_t padding_id_, position_offset_;
  double dropout_, scale_;
  at::Tensor word_, position_, token_type_;
  at::Tensor position_ids_, token_type_ids_, sinusoids_;
  std::vector<Norm> norm_;
  std::vector<Linear> projection_;
};

}  // namespace headroom::models
