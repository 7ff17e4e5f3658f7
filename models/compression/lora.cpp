// LoRA (Hu et al. 2021, arXiv 2106.09685, section 4): W x + alpha/rank · B A x with W frozen, A normal and B zero.
#include <ATen/ops/addmm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>

#include "models/compression/methods.h"

namespace headroom::models {
namespace {

class Dense final : public Weight {
 public:
  explicit Dense(at::Tensor weight) : weight_(std::move(weight)) {}
  at::Tensor dense() const override { return weight_; }

 private:
  at::Tensor weight_;
};

class Adapted final : public Weight {
 public:
  Adapted(std::shared_ptr<const Weight> base, at::Tensor down, at::Tensor up, double scale)
      : base_(std::move(base)), down_(std::move(down)), up_(std::move(up)), scale_(scale) {}

  at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const override {
    const at::Tensor y = base_->linear(x, bias);
    return at::linear(at::linear(x, down_), up_).mul_(scale_).add_(y);
  }

  at::Tensor dense() const override { return at::addmm(base_->dense(), up_, down_, 1.0, scale_); }

 private:
  std::shared_ptr<const Weight> base_;
  at::Tensor down_, up_;  // A [rank, in], B [out, rank]
  double scale_;
};

}  // namespace

std::shared_ptr<const Weight> make_adapted(Builder& builder, const WeightPart& part, const Compression& c,
                                           std::shared_ptr<const Weight> base) {
  const std::int64_t rank = c.options.at("rank");
  const double scale = static_cast<double>(c.options.at("alpha")) / static_cast<double>(rank);
  at::Tensor weight;
  if (!base)
    base = std::make_shared<Dense>(weight =
                                       builder.part(part.layer, part.role, drawn(builder, {part.out, part.in}), false));
  at::Tensor down = drawn(builder, {rank, part.in}), up = drawn(builder, {part.out, rank}).zero_();
  if (c.options.at("merged") == 1) {
    weight.addmm_(up, down, 1.0, scale);
    return base;
  }
  builder.part(part.layer, part.role + ".lora_a", down, true);
  builder.part(part.layer, part.role + ".lora_b", up, true);
  return std::make_shared<Adapted>(std::move(base), std::move(down), std::move(up), scale);
}

}  // namespace headroom::models
