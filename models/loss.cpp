#include "models/loss.h"

#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/pad.h>
#include <c10/core/ScalarType.h>

namespace headroom::models {
namespace {

constexpr std::int64_t kIgnored = -100;

}  // namespace

at::Tensor token_loss(const at::Tensor& logits, const at::Tensor& labels) {
  return at::cross_entropy_loss(logits.view({-1, logits.size(-1)}), labels.reshape({-1}), {}, at::Reduction::Mean,
                                kIgnored);
}

at::Tensor causal_loss(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor wide = logits.to(c10::promoteTypes(logits.scalar_type(), at::kFloat));
  const at::Tensor next = at::pad(labels, {0, 1}, "constant", kIgnored).slice(1, 1).contiguous();
  return token_loss(wide, next);
}

at::Tensor replacement_loss(const at::Tensor& logits, const at::Tensor& labels) {
  return at::binary_cross_entropy_with_logits(logits, labels.to(c10::promoteTypes(logits.scalar_type(), at::kFloat)));
}

}  // namespace headroom::models
