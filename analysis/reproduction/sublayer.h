// What one attention sublayer of a recorded training step took and has.
#pragma once

#include <cstdint>

#include "analysis/breakdown.h"

namespace headroom::reproduction {

// Requested bytes of the last step, of blocks that the sublayer itself allocated, without parameters and gradients.
struct SublayerBytes {
  std::int64_t kept_bytes = 0;  // for backward; the input, which the layer before made, is not among them
  std::int64_t peak_bytes = 0;  // the most alive at once in forward and backward

  bool operator==(const SublayerBytes&) const = default;
};
SublayerBytes sublayer_bytes(const Breakdown& run, LayerId layer);

// The first self-attention of the model. Throws bad_input where the run has none.
LayerId first_attention(const Breakdown& run);

// Weights and embeddings of all attention sublayers, as they were built, biases left out; each storage once.
std::int64_t attention_weight_count(const Recording& recording);

}  // namespace headroom::reproduction
