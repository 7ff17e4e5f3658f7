// A feed-forward of which each token passes through a few of many parts: Mixtral's (Jiang et al. 2024, arXiv
// 2401.04088, section 2.1) and DeepSeek's, with groups of experts and one feed-forward that every token takes besides
// (arXiv 2405.04434, section 2.2; arXiv 2412.19437, section 2.1.2).
//
// Which experts a token takes is data. Shapes are not: every expert has C slots (expert_capacity), as GShard's and
// Switch's do. The choices, sorted by expert and then by token, fill them; what finds no slot is dropped, and a slot
// that stays empty computes what its weight of 0 takes back. Nothing is read from the device.
//
// The matrices of all experts are three parameters, "experts.gate.weight" and "experts.up.weight" [E, d_e, d_m] and
// "experts.down.weight" [E, d_m, d_e], and all experts are three batched products. The rest follows transformers'
// operators: the router and its scores in fp32 where theirs are, the experts' outputs weighted and added one by one.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "models/builder.h"
#include "models/layers.h"

namespace headroom::models {

class MixtureOfExperts {
 public:
  MixtureOfExperts(Builder& builder, const std::string& path);
  at::Tensor operator()(const at::Tensor& x) const;  // [B, T, d_m]

 private:
  struct Routing {
    at::Tensor chosen;   // int64 [N, k]
    at::Tensor weights;  // [N, k]
  };
  Routing route(const at::Tensor& tokens) const;
  at::Tensor choose(const at::Tensor& scores) const;
  at::Tensor in_best_groups(const at::Tensor& scores) const;
  at::Tensor routed(const at::Tensor& tokens) const;

  Experts experts_;
  Activation activation_;
  at::Tensor router_, correction_;
  at::Tensor gate_, up_, down_;
  std::unique_ptr<FeedForward> shared_;
};

}  // namespace headroom::models
