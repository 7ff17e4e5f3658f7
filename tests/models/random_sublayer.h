// A small attention sublayer with random weights in fp64, its parts, and the comparison with a reference by outputs and
// gradients.
#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "models/catalog/attention.h"
#include "tests/models/sublayer.h"

namespace headroom::models {

// Width 12, four heads of 3, 16 positions, biases included.
inline Sublayer random_sublayer(std::string_view mechanism, AttentionBackend backend = AttentionBackend::eager) {
  ModelConfig config;
  config.name = "random";
  config.d_model = 12;
  config.head_count = config.kv_head_count = 4;
  config.head_dim = 3;
  config.max_positions = 16;
  Sublayer sublayer(with_attention(config, mechanism), {at::kCPU, at::kDouble, backend, true});
  const at::NoGradGuard no_grad;
  for (const ModelParameter& p : sublayer.parameters) p.tensor.copy_(at::randn(p.tensor.sizes(), at::kDouble) * 0.5);
  return sublayer;
}

inline at::Tensor random_input(std::int64_t seq) { return at::randn({2, seq, 12}, at::kDouble); }

inline void copy_parameters(const Sublayer& from, const Sublayer& to) {
  const at::NoGradGuard no_grad;
  for (const ModelParameter& p : from.parameters)
    if (const at::Tensor mine = to.parameter(p.name.substr(std::string("attention.").size())); mine.defined())
      mine.copy_(p.tensor);
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

// The projection `role` of x: [B, n, T, d].
inline at::Tensor heads_of(const Sublayer& sublayer, const std::string& role, const at::Tensor& x) {
  const at::Tensor projected = at::linear(x, sublayer.parameter(role + ".weight"), sublayer.parameter(role + ".bias"));
  return projected.view({x.size(0), x.size(1), sublayer.config.head_count, -1}).transpose(1, 2);
}

// Of heads [B, n, T, d].
inline at::Tensor output_of(const Sublayer& sublayer, const at::Tensor& heads) {
  return at::linear(heads.transpose(1, 2).flatten(2), sublayer.parameter("output.weight"),
                    sublayer.parameter("output.bias"));
}

// Both sides' outputs, and the gradients of their squares' sum for `inputs` and all parameters.
inline void expect_same_gradients(const Sublayer& sublayer, std::vector<at::Tensor> inputs,
                                  const std::function<at::Tensor()>& actual,
                                  const std::function<at::Tensor()>& expected, const std::string& what) {
  std::vector<std::string> names(inputs.size(), "an input");
  for (const ModelParameter& p : sublayer.parameters) {
    inputs.push_back(p.tensor);
    names.push_back(p.name);
  }
  const auto run = [&](const std::function<at::Tensor()>& side) {
    for (at::Tensor& leaf : inputs) leaf.mutable_grad() = at::Tensor();
    std::vector<at::Tensor> results{side()};
    results[0].square().sum().backward();
    for (const at::Tensor& leaf : inputs) results.push_back(leaf.grad().defined() ? leaf.grad().clone() : leaf * 0);
    return results;
  };
  const std::vector<at::Tensor> ours = run(actual), theirs = run(expected);
  EXPECT_LT(largest_difference(ours[0], theirs[0]), 1e-12 * (1 + theirs[0].abs().max().item<double>())) << what;
  for (std::size_t i = 1; i < ours.size(); ++i)
    EXPECT_LT(largest_difference(ours[i], theirs[i]), 1e-11 * (1 + theirs[i].abs().max().item<double>()))
        << what << ", the gradient of " << names[i - 1];
}

}  // namespace headroom::models
