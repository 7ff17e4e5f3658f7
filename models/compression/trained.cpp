// Weights that are trained as they are, with something made of them in their place: rounded (with the gradient passed
// straight through) or masked. What is made lives until its backward.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "models/compression/methods.h"

namespace headroom::models {
namespace {

// Q(w) in forward, the identity in backward (Q8BERT, arXiv 1910.06188, section 3.2). No weight is clipped: the scale is
// of the weight itself. `group`: -1: int8 with one scale, 0: with one a row, else int4.
struct StraightThrough : torch::autograd::Function<StraightThrough> {
  static at::Tensor forward(torch::autograd::AutogradContext*, const at::Tensor& weight, std::int64_t group) {
    if (group > 0) {
      const auto [codes, scale, zero] = int4_codes(weight, group);
      const std::int64_t out = weight.size(0), in = weight.size(1);
      return codes.to(weight.scalar_type()).view({out, in / group, group}).mul_(scale).add_(zero).view({out, in});
    }
    const auto [codes, scale] = int8_codes(weight, group == 0);
    return codes.to(weight.scalar_type()).mul_(scale);
  }
  static std::vector<at::Tensor> backward(torch::autograd::AutogradContext*, const std::vector<at::Tensor>& gradients) {
    return {gradients[0], {}};
  }
};

class Rounded final : public Weight {
 public:
  Rounded(at::Tensor weight, std::int64_t group) : weight_(std::move(weight)), group_(group) {}
  at::Tensor dense() const override { return StraightThrough::apply(weight_, group_); }

 private:
  at::Tensor weight_;
  std::int64_t group_;
};

class Masked final : public Weight {
 public:
  Masked(at::Tensor weight, at::Tensor mask) : weight_(std::move(weight)), mask_(std::move(mask)) {}
  at::Tensor dense() const override { return weight_ * mask_; }

 private:
  at::Tensor weight_, mask_;
};

}  // namespace

std::shared_ptr<const Weight> make_rounded(Builder& builder, const WeightPart& part, const Compression& c) {
  const std::int64_t group = c.method == "int4" ? c.options.at("group") : c.options.at("scale") - 1;
  return std::make_shared<Rounded>(builder.part(part.layer, part.role, drawn(builder, {part.out, part.in}), true),
                                   group);
}

std::shared_ptr<const Weight> make_masked(Builder& builder, const WeightPart& part, const Compression& c) {
  at::Tensor weight = builder.part(part.layer, part.role, drawn(builder, {part.out, part.in}), true);
  at::Tensor mask = builder.part(part.layer, part.role + ".mask", magnitude_mask(weight, c), false);
  return std::make_shared<Masked>(std::move(weight), std::move(mask));
}

}  // namespace headroom::models
