#include "profiler/optimizer.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/_foreach_sub.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "profiler/adafactor.h"
#include "profiler/adam_8bit.h"
#include "profiler/optimizer_step.h"

namespace headroom::profiler {
namespace {

constexpr double kDecoupledWeightDecay = 1e-2;

// The fused kernels' tensors of a gradient scaler; none without one.
std::optional<at::Tensor> scale_of(const GradientScaling* scaling) {
  return scaling && scaling->scale.defined() ? std::optional(scaling->scale) : std::nullopt;
}
std::optional<at::Tensor> found_inf_of(const GradientScaling* scaling) {
  return scaling ? std::optional(scaling->found_inf) : std::nullopt;
}

class Sgd : public ParameterUpdate {
 public:
  Sgd(const OptimizerOptions& options, Tensors parameters, ParameterObserver& observer)
      : options_(options), parameters_(std::move(parameters)), momenta_(parameters_.size()), observer_(observer) {}

  bool takes_scaling() const override { return options_.implementation == OptimizerImplementation::fused; }

  void step(const GradientScaling* scaling) override {
    const at::NoGradGuard no_grad;
    const Active active(parameters_);
    if (active.parameters.empty()) return;
    switch (options_.implementation) {
      case OptimizerImplementation::foreach:
        return step_foreach(active);
      case OptimizerImplementation::fused:
        return step_fused(active, scaling);
      case OptimizerImplementation::for_loop:
        for (std::size_t i = 0; i < active.parameters.size(); ++i) {
          const ForParameter scope(observer_, active.indices[i]);
          active.parameters[i].add_(direction(active.indices[i], active.gradients[i]), -kLearningRate);
        }
    }
  }

 private:
  bool has_momentum() const { return options_.momentum != 0; }

  void keep(std::size_t index, at::Tensor momentum) {
    momenta_[index] = std::move(momentum);
    observer_.on_state(index, momenta_[index]);
  }

  // The gradient itself, or the momentum after it came in; the first gradient is the first momentum.
  at::Tensor direction(std::size_t index, const at::Tensor& gradient) {
    if (!has_momentum()) return gradient;
    if (momenta_[index].defined())
      momenta_[index].mul_(options_.momentum).add_(gradient);
    else
      keep(index, gradient.detach().clone());
    return momenta_[index];
  }

  Tensors momenta_of(const Active& active) const {
    Tensors tensors;
    for (const std::size_t index : active.indices) tensors.push_back(momenta_[index]);
    return tensors;
  }

  void step_foreach(const Active& active) {
    if (!has_momentum()) return at::_foreach_add_(active.parameters, active.gradients, -kLearningRate);
    const Tensors known = momenta_of(active);
    const bool all_known = std::all_of(known.begin(), known.end(), [](const at::Tensor& m) { return m.defined(); });
    if (all_known) {
      at::_foreach_mul_(known, options_.momentum);
      at::_foreach_add_(known, active.gradients);
    } else {
      for (std::size_t i = 0; i < active.indices.size(); ++i) {
        const ForParameter scope(observer_, active.indices[i]);
        direction(active.indices[i], active.gradients[i]);
      }
    }
    at::_foreach_add_(active.parameters, momenta_of(active), -kLearningRate);
  }

  void step_fused(const Active& active, const GradientScaling* scaling) {
    const bool first = has_momentum() && !momenta_[active.indices.front()].defined();
    if (first)
      for (std::size_t i = 0; i < active.indices.size(); ++i) {
        const ForParameter scope(observer_, active.indices[i]);
        keep(active.indices[i], at::empty_like(active.gradients[i]));
      }
    at::_fused_sgd_(active.parameters, active.gradients, has_momentum() ? momenta_of(active) : Tensors{},
                    /*weight_decay=*/0, options_.momentum, kLearningRate, /*dampening=*/0, /*nesterov=*/false,
                    /*maximize=*/false, first, scale_of(scaling), found_inf_of(scaling));
  }

  OptimizerOptions options_;
  Tensors parameters_, momenta_;
  ParameterObserver& observer_;
};

class Adam : public ParameterUpdate {
 public:
  Adam(bool decoupled, OptimizerImplementation implementation, Tensors parameters, ParameterObserver& observer)
      : decoupled_(decoupled),
        implementation_(implementation),
        parameters_(std::move(parameters)),
        states_(parameters_.size()),
        observer_(observer) {}

  bool takes_scaling() const override { return implementation_ == OptimizerImplementation::fused; }

  void step(const GradientScaling* scaling) override {
    const at::NoGradGuard no_grad;
    const Active active(parameters_);
    if (active.parameters.empty()) return;
    for (const std::size_t index : active.indices) make_state(index);
    switch (implementation_) {
      case OptimizerImplementation::foreach:
        return step_foreach(active);
      case OptimizerImplementation::fused:
        return step_fused(active, scaling);
      case OptimizerImplementation::for_loop:
        return step_for_loop(active);
    }
  }

 private:
  struct State {
    at::Tensor step, moment1, moment2;
  };

  void make_state(std::size_t index) {
    State& state = states_[index];
    if (state.step.defined()) return;
    const ForParameter scope(observer_, index);
    const at::Tensor& parameter = parameters_[index];
    state.step = implementation_ == OptimizerImplementation::fused
                     ? at::zeros({}, at::TensorOptions(parameter.device()).dtype(at::kFloat))
                     : at::scalar_tensor(0.0, at::TensorOptions(at::kCPU).dtype(at::kFloat));
    state.moment1 = at::zeros_like(parameter, {}, at::MemoryFormat::Preserve);
    state.moment2 = at::zeros_like(parameter, {}, at::MemoryFormat::Preserve);
    for (const at::Tensor& tensor : {state.step, state.moment1, state.moment2}) observer_.on_state(index, tensor);
  }

  Tensors gather(const Active& active, at::Tensor State::*member) const {
    Tensors tensors;
    for (const std::size_t index : active.indices) tensors.push_back(states_[index].*member);
    return tensors;
  }

  void step_foreach(const Active& active) {
    const Tensors steps = gather(active, &State::step);
    const Tensors moments1 = gather(active, &State::moment1), moments2 = gather(active, &State::moment2);
    at::_foreach_add_(steps, at::scalar_tensor(1.0, at::TensorOptions(at::kCPU).dtype(at::kFloat)), 1.0);
    if (decoupled_) at::_foreach_mul_(active.parameters, 1 - kLearningRate * kDecoupledWeightDecay);
    at::_foreach_lerp_(moments1, active.gradients, 1 - kBeta1);
    at::_foreach_mul_(moments2, kBeta2);
    at::_foreach_addcmul_(moments2, active.gradients, active.gradients, 1 - kBeta2);
    std::vector<at::Scalar> step_sizes, root_corrections;
    for (const at::Tensor& step : steps) {
      const double t = step.item<float>();
      step_sizes.emplace_back(-kLearningRate / (1 - std::pow(kBeta1, t)));
      root_corrections.emplace_back(std::sqrt(1 - std::pow(kBeta2, t)));
    }
    Tensors roots = at::_foreach_sqrt(moments2);
    at::_foreach_div_(roots, root_corrections);
    at::_foreach_add_(roots, kEpsilon);
    at::_foreach_addcdiv_(active.parameters, moments1, roots, step_sizes);
    while (!roots.empty()) roots.pop_back();  // as a Python list goes
  }

  void step_fused(const Active& active, const GradientScaling* scaling) {
    const Tensors steps = gather(active, &State::step);
    const Tensors moments1 = gather(active, &State::moment1), moments2 = gather(active, &State::moment2);
    at::_foreach_add_(steps, 1);
    if (decoupled_)
      at::_fused_adamw_(active.parameters, active.gradients, moments1, moments2, {}, steps, kLearningRate, kBeta1,
                        kBeta2, kDecoupledWeightDecay, kEpsilon, /*amsgrad=*/false, /*maximize=*/false,
                        scale_of(scaling), found_inf_of(scaling));
    else
      at::_fused_adam_(active.parameters, active.gradients, moments1, moments2, {}, steps, kLearningRate, kBeta1,
                       kBeta2,
                       /*weight_decay=*/0, kEpsilon, /*amsgrad=*/false, /*maximize=*/false, scale_of(scaling),
                       found_inf_of(scaling));
    // Where nothing was stepped, nothing is counted.
    if (scaling) at::_foreach_sub_(steps, Tensors(steps.size(), scaling->found_inf));
  }

  // Python keeps the last `denom` until the next one is assigned: two are alive at once.
  void step_for_loop(const Active& active) {
    at::Tensor denominator;
    for (std::size_t i = 0; i < active.parameters.size(); ++i)
      step_one(active.indices[i], active.parameters[i], active.gradients[i], denominator);
  }

  void step_one(std::size_t index, const at::Tensor& parameter, const at::Tensor& gradient, at::Tensor& denominator) {
    const ForParameter scope(observer_, index);
    State& state = states_[index];
    state.step.add_(1);
    if (decoupled_) parameter.mul_(1 - kLearningRate * kDecoupledWeightDecay);
    state.moment1.lerp_(gradient, 1 - kBeta1);
    state.moment2.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
    const double t = state.step.item<float>();
    const double step_size = kLearningRate / (1 - std::pow(kBeta1, t));
    at::Tensor root = state.moment2.sqrt();
    at::Tensor quotient = root.div(std::sqrt(1 - std::pow(kBeta2, t)));
    root.reset();
    denominator = quotient.add_(kEpsilon);
    parameter.addcdiv_(state.moment1, denominator, -step_size);
  }

  bool decoupled_;
  OptimizerImplementation implementation_;
  Tensors parameters_;
  std::vector<State> states_;
  ParameterObserver& observer_;
};

}  // namespace

std::unique_ptr<ParameterUpdate> make_optimizer(const OptimizerOptions& options, Tensors parameters,
                                                ParameterObserver& observer) {
  switch (options.kind) {
    case Optimizer::sgd:
      return std::make_unique<Sgd>(options, std::move(parameters), observer);
    case Optimizer::adam:
      return std::make_unique<Adam>(false, options.implementation, std::move(parameters), observer);
    case Optimizer::adamw:
      return std::make_unique<Adam>(true, options.implementation, std::move(parameters), observer);
    case Optimizer::adafactor:
      return make_adafactor(std::move(parameters), observer);
    case Optimizer::adam_8bit:
      return make_adam_8bit(std::move(parameters), observer);
    case Optimizer::none:
      break;
  }
  return nullptr;
}

void drop_gradients(const Tensors& parameters) {
  for (const at::Tensor& parameter : parameters) parameter.mutable_grad().reset();
}

void clip_gradients(const Tensors& parameters, double max_norm) {
  const at::NoGradGuard no_grad;
  const Tensors gradients = Active(parameters).gradients;
  if (gradients.empty()) return;
  const auto norm_of_all = [&] {
    const Tensors norms = at::_foreach_norm(gradients, 2);
    return at::linalg_vector_norm(at::stack(norms), 2);
  };
  const at::Tensor norm = norm_of_all();
  const at::Tensor coefficient = (norm + 1e-6).reciprocal() * max_norm;
  const at::Tensor clamped = at::clamp(coefficient, std::nullopt, 1.0);
  at::_foreach_mul_(gradients, clamped);
}

}  // namespace headroom::profiler
