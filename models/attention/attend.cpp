#include "models/attention/attend.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/softmax.h>
#include <c10/core/ScalarType.h>

#include <cmath>

#include "models/attention/rotary.h"
#include "models/layers.h"

namespace headroom::models {
namespace {

// Leaves exactly one back end to scaled_dot_product_attention, and the process as it was afterwards.
class OneBackend {
 public:
  explicit OneBackend(AttentionBackend backend)
      : flash_(context_.userEnabledFlashSDP()),
        efficient_(context_.userEnabledMemEfficientSDP()),
        math_(context_.userEnabledMathSDP()),
        cudnn_(context_.userEnabledCuDNNSDP()) {
    set(backend == AttentionBackend::flash, backend == AttentionBackend::efficient, backend == AttentionBackend::math,
        false);
  }
  ~OneBackend() { set(flash_, efficient_, math_, cudnn_); }
  OneBackend(const OneBackend&) = delete;
  OneBackend& operator=(const OneBackend&) = delete;

 private:
  void set(bool flash, bool efficient, bool math, bool cudnn) {
    context_.setSDPUseFlash(flash);
    context_.setSDPUseMemEfficient(efficient);
    context_.setSDPUseMath(math);
    context_.setSDPUseCuDNN(cudnn);
  }

  at::Context& context_ = at::globalContext();
  bool flash_, efficient_, math_, cudnn_;
};

}  // namespace

Attend::Attend(const Builder& builder)
    : backend(builder.options.backend),
      scale(builder.config.attention_scaled ? 1.0 / std::sqrt(static_cast<double>(builder.config.head_dim)) : 1.0),
      dropout_rate(builder.dropout(builder.config.attention_dropout)),
      softmax_fp32(builder.config.softmax_fp32) {}

at::Tensor Attend::split(const at::Tensor& projected, std::int64_t heads) const {
  const at::Tensor view =
      projected.view({projected.size(0), projected.size(1), heads, -1}).transpose(1, 2);  // [B, n, T, d]
  return eager() ? view.contiguous() : view;
}

at::Tensor Attend::rotate(const at::Tensor& heads, const AttentionContext& context) {
  return context.cos.defined() ? models::rotate(heads, context.cos, context.sin, context.rotary_interleaved) : heads;
}

at::Tensor Attend::merge(const at::Tensor& heads) { return heads.transpose(1, 2).flatten(2); }

at::Tensor Attend::probabilities(const at::Tensor& q, const at::Tensor& k, const AttentionContext& context,
                                 const at::Tensor& bias) const {
  at::Tensor scores = at::bmm(q, k.transpose(1, 2));
  if (bias.defined()) scores = (scores.view({bias.size(0), bias.size(1), -1, k.size(1)}) + bias).view(scores.sizes());
  return finish(std::move(scores), context);
}

at::Tensor Attend::finish(at::Tensor scores, const AttentionContext& context) const {
  if (scale != 1.0) scores = scores * scale;
  if (context.bias.defined()) {
    const at::Tensor& positions = context.bias;  // [n, T, S]
    scores =
        (scores.view({-1, positions.size(0), positions.size(1), positions.size(2)}) + positions).view(scores.sizes());
  }
  if (context.mask.defined()) {
    const std::int64_t query_len = context.mask.size(0), key_len = context.mask.size(1);
    scores = (scores.view({-1, query_len, key_len}) + context.mask).view(scores.sizes());
  }
  return normalize(std::move(scores));
}

at::Tensor Attend::operator()(const at::Tensor& q, const CachedRows& k, const CachedRows& v,
                              const AttentionContext& context) const {
  if (k.part_count() == 1) {
    const at::Tensor keys = k.part(0);
    if (keys.size(0) == q.size(0)) return (*this)(q, keys, v.part(0), context);
  }
  const std::int64_t groups = k.heads(), per_group = q.size(1) / groups, query_len = q.size(2);
  at::Tensor p = scores_of(q.reshape({q.size(0), groups, per_group * query_len, q.size(3)}), k);
  p = finish(std::move(p), context);
  return sums_of(p, v).view({q.size(0), q.size(1), query_len, -1});
}

at::Tensor Attend::normalize(at::Tensor scores) const {
  const at::ScalarType dtype = scores.scalar_type(), wide = c10::promoteTypes(dtype, at::kFloat);
  scores = softmax_fp32 ? at::softmax(scores, -1, wide).to(dtype) : at::softmax(scores, -1);
  return dropout(scores, dropout_rate);
}

at::Tensor Attend::operator()(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                              const AttentionContext& context) const {
  const std::int64_t batch = q.size(0), heads = q.size(1), query_len = q.size(2), groups = k.size(1), width = q.size(3);
  if (eager()) {
    const std::int64_t rows = heads / groups * query_len;
    const at::Tensor p =
        probabilities(q.reshape({batch * groups, rows, width}), k.reshape({batch * groups, -1, width}), context);
    return at::bmm(p, v.reshape({batch * groups, -1, v.size(3)})).view({batch, heads, query_len, -1});
  }
  const bool grouped_kernel = groups < heads && backend != AttentionBackend::efficient;
  const auto repeated = [&](const at::Tensor& x) {  // [B, g, S, d] -> [B, n, S, d]
    if (groups == heads || grouped_kernel) return x;
    return x.unsqueeze(2).expand({batch, groups, heads / groups, x.size(2), width}).flatten(1, 2);
  };
  const OneBackend one(backend);
  std::optional<at::Tensor> mask;
  if (context.bias.defined()) mask = context.bias;
  return at::scaled_dot_product_attention(q, repeated(k), repeated(v), mask, dropout_rate,
                                          context.causal && !mask.has_value(), scale, grouped_kernel);
}

}  // namespace headroom::models
