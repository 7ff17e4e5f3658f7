// Rotary positions (Su et al. 2021, arXiv 2104.09864): pairs of dimensions of queries and keys turn by angles
// proportional to their position, so that scores depend on distances only. Dimension j is paired with j + d/2 (Llama),
// or, interleaved, 2j with 2j + 1 (the paper's, RoFormer's and GPT-J's).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "models/catalog/config.h"

namespace headroom::models {

// theta^(-2j/d) for j < d/2, fp32: the only buffer a model keeps.
at::Tensor inverse_frequencies(std::int64_t head_dim, double theta, at::Device device);

// Llama 3.1's, as RopeScaling says.
at::Tensor scaled_frequencies(const at::Tensor& frequencies, const RopeScaling& scaling);

struct RotaryTables {
  at::Tensor cos, sin;  // [T, d]
};

// Computed once per forward pass and shared by all layers, in fp32, then cast. `first`: position of the first row.
RotaryTables rotary_tables(const at::Tensor& inverse_frequencies, std::int64_t seq, at::ScalarType dtype,
                           bool interleaved = false, std::int64_t first = 0);

// x [..., T, d], with tables of the same layout.
at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, bool interleaved = false);

}  // namespace headroom::models
