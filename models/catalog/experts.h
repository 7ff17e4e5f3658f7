// Closed forms of a mixture of experts (models/experts.h), Torch-free.
//
// Notation: N = B·T tokens, E experts, k of each token, d_e width of one, d_s of the shared ones together, C tokens
// that an expert has room for.
#pragma once

#include <cstdint>
#include <string>

#include "models/catalog/attention.h"
#include "models/catalog/config.h"

namespace headroom::models {

// Whether the feed-forward of block `index` of a stack is one of experts.
inline bool has_experts(const ModelConfig& config, std::int64_t index) {
  return config.experts.count > 0 && index >= config.experts.first_layer;
}

// C = ceil(N·k/E · capacity factor), at most N: no expert is chosen twice by a token. (Fedus et al. 2021, arXiv
// 2101.03961, section 2.2.)
std::int64_t expert_capacity(const Experts& experts, std::int64_t tokens);

// Of one such feed-forward: the router, the experts and the shared ones.
Formula expert_parameters(const ModelConfig& config);

// What it keeps for backward, without its input: of `element_bytes` activations and parameters.
Formula expert_saved_bytes(const ModelConfig& config, std::int64_t batch, std::int64_t seq, std::int64_t element_bytes);

// What a run takes for granted of its routing, in one sentence; empty without experts.
std::string expert_assumption(const ModelConfig& config, std::int64_t tokens);

// The file's or the preset's model with another capacity factor. Throws bad_input where it has no experts.
ModelConfig with_capacity_factor(ModelConfig config, double factor);

// Throws bad_input, opened by `where`, when experts are out of range or do not go with the model.
void require_experts(const ModelConfig& config, const std::string& where);

}  // namespace headroom::models
