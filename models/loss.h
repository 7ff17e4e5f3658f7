// Mean losses over [B, T, V] logits and int64 labels [B, T].
#pragma once

#include <ATen/core/Tensor.h>

namespace headroom::models {

// Cross-entropy in the logits' dtype, as BertForMaskedLM computes it.
at::Tensor token_loss(const at::Tensor& logits, const at::Tensor& labels);

// Each position predicts the next label; logits are widened to fp32 first, as Hugging Face's causal models do.
at::Tensor causal_loss(const at::Tensor& logits, const at::Tensor& labels);

// Binary cross-entropy of logits [B, T] and labels [B, T], 0 or 1, as ElectraForPreTraining computes it.
at::Tensor replacement_loss(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace headroom::models
