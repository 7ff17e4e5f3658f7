// A weight [out, in] that is held in another form than a dense tensor, and used from it.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "models/builder.h"

namespace headroom::models {

enum class WeightPlace : std::uint8_t;  // models/catalog/compression.h

class Weight {
 public:
  virtual ~Weight() = default;

  // x Wᵀ + bias (or none): [..., in] -> [..., out].
  virtual at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const { return dense_linear(x, bias); }

  // Rows of W: ids [B, T] -> [B, T, in]. Rows of `padding_id` (-1: none) get no gradient.
  virtual at::Tensor rows(const at::Tensor& ids, std::int64_t padding_id) const;

  // The matrix that linear() multiplies with, materialised; gradients go through it to what is trained.
  virtual at::Tensor dense() const = 0;

 protected:
  at::Tensor dense_linear(const at::Tensor& x, const at::Tensor& bias) const;
};

// Where a weight stands and what is done to it there.
struct WeightPart {
  const std::string& layer;
  const std::string& role;  // "query.weight": its tensors are "query.weight.codes", …
  std::int64_t out, in;
};

// The place of a layer, by its path.
WeightPlace place_of(const std::string& layer);

// Null where nothing is done to it: it is an ordinary parameter. `name`: "query", "word".
std::shared_ptr<const Weight> make_weight(Builder& builder, WeightPlace place, const std::string& name,
                                          const WeightPart& part);

}  // namespace headroom::models
