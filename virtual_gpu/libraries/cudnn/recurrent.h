// Sizes of recurrent layers.
//
// Weights: for each pseudo layer (a layer in one direction) the input matrices of all gates, their recurrent matrices,
// then the projection; after all layers' matrices, in the same order, the biases. PyTorch relies on this layout when it
// takes the weights apart, and their sum is the size that it compares its own parameters with.
//
// Work areas: what each step's formulas keep, a stated assumption (the library tells only a handle on a real device).
#pragma once

#include "virtual_gpu/libraries/cudnn/descriptors.h"

namespace headroom::virtual_gpu::cudnn {

std::int64_t gate_count(const Recurrent& layer);
std::int64_t bias_count(const Recurrent& layer);  // vectors for each gate: 0, 1 or 2
std::int64_t direction_count(const Recurrent& layer);

struct Part {
  std::int64_t offset = 0, rows = 0, columns = 0;  // in elements; no rows: absent
};

// `matrix` as cuDNN numbers them: input matrices of the gates, recurrent ones, and last the projection.
Part weight_matrix(const Recurrent& layer, std::int64_t pseudo_layer, std::int64_t matrix);
Part weight_bias(const Recurrent& layer, std::int64_t pseudo_layer, std::int64_t matrix);
std::int64_t weight_elements(const Recurrent& layer);

// For the backward pass: gates and states of each step, layer and direction.
std::int64_t kept_elements(const Recurrent& layer, const Sequence& input);

}  // namespace headroom::virtual_gpu::cudnn
