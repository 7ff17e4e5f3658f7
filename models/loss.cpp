#include "models/loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/pad.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/ScalarType.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <optional>

namespace headroom::models {
namespace {

at::Tensor widened(const at::Tensor& logits) { return logits.to(c10::promoteTypes(logits.scalar_type(), at::kFloat)); }

at::Tensor next_labels(const at::Tensor& labels) {
  return at::pad(labels, {0, 1}, "constant", kIgnoredLabel).slice(1, 1).contiguous();
}

class ChunkedLoss : public torch::autograd::Function<ChunkedLoss> {
 public:
  // hidden [N, d_m], labels [N].
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& hidden,
                            const at::Tensor& weight, const std::optional<at::Tensor>& bias, const at::Tensor& labels,
                            bool wide, std::int64_t chunk) {
    const at::Tensor counted = labels != kIgnoredLabel;
    const at::Tensor count = counted.sum();
    const at::Tensor targets = labels.clamp_min(0).unsqueeze(1);
    const at::Tensor hidden_gradient = at::empty_like(hidden);
    const at::Tensor weight_gradient = at::zeros_like(weight);
    const at::Tensor bias_gradient = bias ? at::zeros_like(*bias) : at::Tensor();
    at::Tensor loss;
    for (std::int64_t begin = 0; begin < hidden.size(0); begin += chunk) {
      const auto part = [&](const at::Tensor& tensor) {
        return tensor.slice(0, begin, std::min(begin + chunk, tensor.size(0)));
      };
      at::Tensor numbers = at::linear(part(hidden), weight, bias);  // logits, their log-probabilities, their gradient
      if (wide) numbers = widened(numbers);
      numbers = at::log_softmax(numbers, -1);
      const at::Tensor share = part(counted).to(numbers.scalar_type()).div_(count).unsqueeze(1);
      const at::Tensor of_chunk = -(numbers.gather(1, part(targets)) * share).sum();
      loss = loss.defined() ? loss.add_(of_chunk) : of_chunk;
      numbers.exp_();
      numbers.scatter_add_(1, part(targets), at::full({1, 1}, -1, numbers.options()).expand_as(part(targets)));
      numbers.mul_(share);
      if (bias) bias_gradient.add_(numbers.sum(0));
      numbers = numbers.to(weight.scalar_type());
      part(hidden_gradient).copy_(at::mm(numbers, weight));
      weight_gradient.addmm_(numbers.t(), part(hidden).to(weight.scalar_type()));
    }
    context->save_for_backward({hidden_gradient, weight_gradient, bias_gradient});
    return loss;
  }

  static std::vector<at::Tensor> backward(torch::autograd::AutogradContext* context,
                                          const std::vector<at::Tensor>& gradients) {
    std::vector<at::Tensor> results = context->get_saved_variables();
    for (at::Tensor& result : results)
      if (result.defined()) result.mul_(gradients[0]);
    results.resize(6);
    return results;
  }
};

}  // namespace

at::Tensor token_loss(const at::Tensor& logits, const at::Tensor& labels) {
  return at::cross_entropy_loss(logits.view({-1, logits.size(-1)}), labels.reshape({-1}), {}, at::Reduction::Mean,
                                kIgnoredLabel);
}

at::Tensor causal_loss(const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor wide = widened(logits);
  return token_loss(wide, next_labels(labels));
}

at::Tensor chunked_loss(const at::Tensor& hidden, const at::Tensor& weight, const at::Tensor& bias,
                        const at::Tensor& labels, bool causal, std::int64_t chunk) {
  const at::Tensor targets = causal ? next_labels(labels) : labels;
  const std::optional<at::Tensor> given = bias.defined() ? std::optional(bias) : std::nullopt;
  return ChunkedLoss::apply(hidden.reshape({-1, hidden.size(-1)}), weight, given, targets.reshape({-1}), causal, chunk);
}

at::Tensor replacement_loss(const at::Tensor& logits, const at::Tensor& labels) {
  return at::binary_cross_entropy_with_logits(logits, labels.to(c10::promoteTypes(logits.scalar_type(), at::kFloat)));
}

}  // namespace headroom::models
