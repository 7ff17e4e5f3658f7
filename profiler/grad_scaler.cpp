#include "profiler/grad_scaler.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_amp_foreach_non_finite_check_and_unscale.h>
#include <ATen/ops/_amp_update_scale.h>
#include <ATen/ops/full.h>
#include <c10/core/GradMode.h>

#include "profiler/optimizer_step.h"

namespace headroom::profiler {
namespace {

constexpr double kFirstScale = 65536, kGrowth = 2, kBackoff = 0.5;
constexpr std::int64_t kGrowthInterval = 2000;

at::Tensor scalar_like(const at::Tensor& tensor, double value, at::ScalarType dtype) {
  return at::full({}, value, at::TensorOptions(tensor.device()).dtype(dtype));
}

}  // namespace

at::Tensor GradScaler::scale(const at::Tensor& loss) {
  if (!scale_.defined()) {
    scale_ = scalar_like(loss, kFirstScale, at::kFloat);
    growth_tracker_ = scalar_like(loss, 0, at::kInt);
    observer_.on_shared_state(scale_);
    observer_.on_shared_state(growth_tracker_);
  }
  return loss * scale_;
}

void GradScaler::find_infinities(const std::vector<at::Tensor>& parameters, const at::Tensor& inverse_scale) {
  at::_amp_foreach_non_finite_check_and_unscale_(Active(parameters).gradients, found_inf_, inverse_scale);
}

void GradScaler::unscale(const std::vector<at::Tensor>& parameters) {
  const at::NoGradGuard no_grad;
  const at::Tensor inverse_scale = scale_.to(at::kDouble).reciprocal().to(at::kFloat);
  found_inf_ = scalar_like(scale_, 0, at::kFloat);
  find_infinities(parameters, inverse_scale);
  unscaled_ = true;
}

void GradScaler::step(ParameterUpdate& optimizer, const std::vector<at::Tensor>& parameters) {
  if (!optimizer.takes_scaling()) {
    if (!unscaled_) unscale(parameters);
    return optimizer.step();
  }
  const at::NoGradGuard no_grad;
  GradientScaling scaling;
  if (!unscaled_) {
    const at::Tensor one = scalar_like(scale_, 1, at::kFloat);
    found_inf_ = scalar_like(scale_, 0, at::kFloat);
    find_infinities(parameters, one);
    scaling.scale = scale_ * 1;
  }
  scaling.found_inf = found_inf_ + 0;  // Python's sum() over devices starts with 0
  optimizer.step(&scaling);
}

void GradScaler::update() {
  const at::NoGradGuard no_grad;
  at::_amp_update_scale_(scale_, growth_tracker_, found_inf_, kGrowth, kBackoff, kGrowthInterval);
  found_inf_.reset();
  unscaled_ = false;
}

}  // namespace headroom::profiler
