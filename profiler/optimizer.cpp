#include "profiler/optimizer.h"

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcdiv.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <cmath>

namespace headroom::profiler {
namespace {

constexpr double kLearningRate = 1e-3;
constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;
constexpr double kDecoupledWeightDecay = 1e-2;

using Tensors = std::vector<at::Tensor>;

// Python's `with torch.no_grad()` around a step, and the parameters that have a gradient in it.
struct Active {
  std::vector<std::size_t> indices;
  Tensors parameters, gradients;

  explicit Active(const Tensors& all) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!all[i].grad().defined()) continue;
      indices.push_back(i);
      parameters.push_back(all[i]);
      gradients.push_back(all[i].grad());
    }
  }
};

struct ForParameter {
  ForParameter(ParameterObserver& observer_, std::size_t index) : observer(observer_) {
    observer.begin_parameter(index);
  }
  ~ForParameter() { observer.end_parameter(); }
  ForParameter(const ForParameter&) = delete;
  ForParameter& operator=(const ForParameter&) = delete;
  ParameterObserver& observer;
};

class Sgd : public ParameterUpdate {
 public:
  Sgd(OptimizerImplementation implementation, Tensors parameters, ParameterObserver& observer)
      : implementation_(implementation), parameters_(std::move(parameters)), observer_(observer) {}

  void step() override {
    const at::NoGradGuard no_grad;
    const Active active(parameters_);
    if (active.parameters.empty()) return;
    switch (implementation_) {
      case OptimizerImplementation::foreach:
        return at::_foreach_add_(active.parameters, active.gradients, -kLearningRate);
      case OptimizerImplementation::fused:
        return at::_fused_sgd_(active.parameters, active.gradients, {}, /*weight_decay=*/0, /*momentum=*/0,
                               kLearningRate,
                               /*dampening=*/0, /*nesterov=*/false, /*maximize=*/false, /*is_first_step=*/false);
      case OptimizerImplementation::for_loop:
        for (std::size_t i = 0; i < active.parameters.size(); ++i) {
          const ForParameter scope(observer_, active.indices[i]);
          active.parameters[i].add_(active.gradients[i], -kLearningRate);
        }
    }
  }

 private:
  OptimizerImplementation implementation_;
  Tensors parameters_;
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

  void step() override {
    const at::NoGradGuard no_grad;
    Active active(parameters_);
    if (active.parameters.empty()) return;
    for (const std::size_t index : active.indices) make_state(index);
    switch (implementation_) {
      case OptimizerImplementation::foreach:
        return step_foreach(active);
      case OptimizerImplementation::fused:
        return step_fused(active);
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

  void step_fused(const Active& active) {
    const Tensors steps = gather(active, &State::step);
    const Tensors moments1 = gather(active, &State::moment1), moments2 = gather(active, &State::moment2);
    at::_foreach_add_(steps, 1);
    if (decoupled_)
      at::_fused_adamw_(active.parameters, active.gradients, moments1, moments2, {}, steps, kLearningRate, kBeta1,
                        kBeta2, kDecoupledWeightDecay, kEpsilon, /*amsgrad=*/false, /*maximize=*/false);
    else
      at::_fused_adam_(active.parameters, active.gradients, moments1, moments2, {}, steps, kLearningRate, kBeta1,
                       kBeta2,
                       /*weight_decay=*/0, kEpsilon, /*amsgrad=*/false, /*maximize=*/false);
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

std::unique_ptr<ParameterUpdate> make_optimizer(Optimizer kind, OptimizerImplementation implementation,
                                                Tensors parameters, ParameterObserver& observer) {
  switch (kind) {
    case Optimizer::sgd:
      return std::make_unique<Sgd>(implementation, std::move(parameters), observer);
    case Optimizer::adam:
      return std::make_unique<Adam>(false, implementation, std::move(parameters), observer);
    case Optimizer::adamw:
      return std::make_unique<Adam>(true, implementation, std::move(parameters), observer);
    case Optimizer::none:
      break;
  }
  return nullptr;
}

void drop_gradients(const Tensors& parameters) {
  for (const at::Tensor& parameter : parameters) parameter.mutable_grad().reset();
}

}  // namespace headroom::profiler
