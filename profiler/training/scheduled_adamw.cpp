#include "profiler/training/scheduled_adamw.h"

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <numbers>
#include <optional>

namespace headroom::profiler {
namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.99, kEpsilon = 1e-8;

}  // namespace

double scheduled_rate(std::int64_t step, std::int64_t steps, std::int64_t warmup, double peak) {
  if (step <= warmup) return peak * static_cast<double>(step) / static_cast<double>(warmup);
  const double done = steps > warmup ? static_cast<double>(step - warmup) / static_cast<double>(steps - warmup) : 1.0;
  return peak * (0.1 + 0.9 * 0.5 * (1 + std::cos(std::numbers::pi * done)));
}

ScheduledAdamW::ScheduledAdamW(const std::vector<at::Tensor>& parameters, double weight_decay) {
  decayed_.weight_decay = weight_decay;
  for (const at::Tensor& parameter : parameters) (parameter.dim() >= 2 ? decayed_ : others_).add(parameter);
}

void ScheduledAdamW::step(double rate) {
  const at::NoGradGuard no_grad;
  decayed_.step(rate);
  others_.step(rate);
}

void ScheduledAdamW::Group::add(const at::Tensor& parameter) {
  parameters.push_back(parameter);
  moments1.push_back(at::zeros_like(parameter));
  moments2.push_back(at::zeros_like(parameter));
  steps.push_back(at::zeros({}, at::kFloat));
}

void ScheduledAdamW::Group::step(double rate) const {
  std::vector<at::Tensor> active, gradients, first, second, counts;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!parameters[i].grad().defined()) continue;
    active.push_back(parameters[i]);
    gradients.push_back(parameters[i].grad());
    first.push_back(moments1[i]);
    second.push_back(moments2[i]);
    counts.push_back(steps[i]);
  }
  if (active.empty()) return;
  at::_foreach_add_(counts, 1);
  at::_fused_adamw_(active, gradients, first, second, {}, counts, rate, kBeta1, kBeta2, weight_decay, kEpsilon,
                    /*amsgrad=*/false, /*maximize=*/false, std::nullopt, std::nullopt);
}

}  // namespace headroom::profiler
