// Mean losses over [B, T, V] logits and int64 labels [B, T].
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace headroom::models {

inline constexpr std::int64_t kIgnoredLabel = -100;  // of tokens that no loss is of

// Cross-entropy in the logits' dtype, as BertForMaskedLM computes it.
at::Tensor token_loss(const at::Tensor& logits, const at::Tensor& labels);

// Each position predicts the next label; logits are widened to fp32 first, as Hugging Face's causal models do.
at::Tensor causal_loss(const at::Tensor& logits, const at::Tensor& labels);

// Binary cross-entropy of logits [B, T] and labels [B, T], 0 or 1, as ElectraForPreTraining computes it.
at::Tensor replacement_loss(const at::Tensor& logits, const at::Tensor& labels);

// The same losses of hidden states [B, T, d_m] through a vocabulary's weight [V, d_m] and bias [V] (or none), for
// `chunk` tokens at a time: no more logits than those ever exist. Their gradients are computed in forward and kept
// until backward: one number for each of the hidden states, the weight and the bias. causal: as causal_loss, else as
// token_loss.
at::Tensor chunked_loss(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& bias,
                        const at::Tensor& labels, bool causal, std::int64_t chunk);

}  // namespace headroom::models
