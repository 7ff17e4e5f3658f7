// Rotary positions (Su et al. 2021, arXiv 2104.09864) in Llama's layout: dimension j is paired with j + d/2.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace headroom::models {

// theta^(-2j/d) for j < d/2, fp32: the only buffer a model keeps.
at::Tensor inverse_frequencies(std::int64_t head_dim, double theta, at::Device device);

struct RotaryTables {
  at::Tensor cos, sin;  // [T, d]
};

// Computed once per forward pass and shared by all layers, in fp32, then cast.
RotaryTables rotary_tables(const at::Tensor& inverse_frequencies, std::int64_t seq, at::ScalarType dtype);

// x [..., T, d].
at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);

}  // namespace headroom::models
