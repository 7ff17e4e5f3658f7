// Encoders whose layers are no plain stack of blocks: MobileBERT's bottlenecks, CANINE's molecules, EdgeBERT's exits.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "models/builder.h"

namespace headroom::models {

struct Encoded {
  at::Tensor tokens;               // [B, T, d_m]
  at::Tensor pooled;               // what a pooler reads the first token of, where that is not `tokens`
  std::vector<at::Tensor> logits;  // [B, labels] of each exit that was passed
};

class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual Encoded operator()(at::Tensor x) const = 0;  // [B, T, d_m]
};

// Null for a plain stack.
std::unique_ptr<Encoder> make_encoder(Builder& builder);

std::unique_ptr<Encoder> make_bottleneck_encoder(Builder& builder);
std::unique_ptr<Encoder> make_molecule_encoder(Builder& builder);
std::unique_ptr<Encoder> make_exit_encoder(Builder& builder);

}  // namespace headroom::models
