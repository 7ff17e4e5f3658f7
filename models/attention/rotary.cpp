#include "models/attention/rotary.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/stack.h>

#include <numbers>

namespace headroom::models {

at::Tensor inverse_frequencies(std::int64_t head_dim, double theta, at::Device device) {
  const at::Tensor exponents =
      at::arange(0, head_dim, 2, at::TensorOptions(device).dtype(at::kFloat)) / static_cast<double>(head_dim);
  return at::pow(theta, exponents).reciprocal();
}

at::Tensor scaled_frequencies(const at::Tensor& frequencies, const RopeScaling& scaling) {
  if (scaling.factor == 1.0) return frequencies;
  const double low = scaling.low_frequency_factor, high = scaling.high_frequency_factor;
  const at::Tensor wavelengths = 2 * std::numbers::pi / frequencies;
  const at::Tensor turns = static_cast<double>(scaling.original_positions) / wavelengths;
  const at::Tensor kept = ((turns - low) / (high - low)).clamp(0.0, 1.0);
  return (1 - kept) * frequencies / scaling.factor + kept * frequencies;
}

RotaryTables rotary_tables(const at::Tensor& inverse_frequencies, std::int64_t seq, at::ScalarType dtype,
                           bool interleaved, std::int64_t first) {
  const at::Tensor positions = at::arange(first, first + seq, inverse_frequencies.options()).unsqueeze(1);
  at::Tensor angles = positions * inverse_frequencies;  // [T, d/2]
  angles = interleaved ? at::stack({angles, angles}, -1).flatten(-2) : at::cat({angles, angles}, -1);
  RotaryTables tables;
  tables.cos = angles.cos().to(dtype);
  tables.sin = angles.sin().to(dtype);
  return tables;
}

at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, bool interleaved) {
  const std::int64_t half = x.size(-1) / 2;
  const at::Tensor straight = x * cos;
  at::Tensor turned;  // (-b, a) for each pair (a, b)
  if (interleaved)
    turned = at::stack({-x.slice(-1, 1, {}, 2), x.slice(-1, 0, {}, 2)}, -1).flatten(-2);
  else
    turned = at::cat({-x.slice(-1, half), x.slice(-1, 0, half)}, -1);
  turned = turned * sin;
  return straight + turned;
}

}  // namespace headroom::models
