#include "models/attention/padding.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <limits>

namespace headroom::models {
namespace {

double lowest(at::ScalarType dtype) {
  switch (dtype) {
    case at::kDouble:
      return std::numeric_limits<double>::lowest();
    case at::kHalf:
      return static_cast<double>(std::numeric_limits<at::Half>::lowest());
    case at::kBFloat16:
      return static_cast<double>(std::numeric_limits<at::BFloat16>::lowest());
    default:
      return static_cast<double>(std::numeric_limits<float>::lowest());
  }
}

}  // namespace

at::Tensor padding_mask(const at::Tensor& attention_mask, std::int64_t query_len, bool causal, bool fused,
                        at::ScalarType dtype) {
  at::Tensor visible = attention_mask.to(at::kBool).unsqueeze(1).unsqueeze(1);  // [B, 1, 1, S]
  if (causal) visible = visible.logical_and(at::full({query_len, query_len}, true, visible.options()).tril_());
  if (causal && fused) return visible;
  if (fused) visible = visible.expand({-1, -1, query_len, -1});
  return at::zeros(visible.sizes(), visible.options().dtype(dtype)).masked_fill_(visible.logical_not(), lowest(dtype));
}

}  // namespace headroom::models
