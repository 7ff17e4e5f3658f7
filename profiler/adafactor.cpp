#include "profiler/adafactor.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "profiler/optimizer_step.h"

namespace headroom::profiler {
namespace {

constexpr double kSquareEpsilon = 1e-30;
constexpr double kLeastScale = 1e-3;
constexpr double kLongestStep = 1e-2;
constexpr double kDecay = -0.8;

bool is_half(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kHalf || tensor.scalar_type() == at::kBFloat16;
}

at::Tensor root_mean_square(const at::Tensor& tensor) {
  return at::linalg_vector_norm(tensor, 2) / std::sqrt(static_cast<double>(tensor.numel()));
}

class Adafactor : public ParameterUpdate {
 public:
  Adafactor(Tensors parameters, ParameterObserver& observer)
      : parameters_(std::move(parameters)), states_(parameters_.size()), observer_(observer) {}

  void step(const GradientScaling*) override {
    const at::NoGradGuard no_grad;
    Locals locals;
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      if (parameters_[i].grad().defined()) step_one(i, locals);
  }

 private:
  struct State {
    std::int64_t step = 0;
    at::Tensor rows, columns;  // of matrices
    at::Tensor squares;        // of vectors
    at::Tensor scale;
  };

  // Python's variables, which keep what they hold until the next parameter assigns them.
  struct Locals {
    at::Tensor gradient, wide, rate, update;
  };

  void make_state(std::size_t index, const at::Tensor& gradient) {
    State& state = states_[index];
    if (gradient.dim() >= 2) {
      auto rows = gradient.sizes().vec(), columns = rows;
      rows.pop_back();
      columns.erase(columns.end() - 2);
      state.rows = at::zeros(rows, at::kFloat).to(gradient.options());
      state.columns = at::zeros(columns, at::kFloat).to(gradient.options());
      observer_.on_state(index, state.rows);
      observer_.on_state(index, state.columns);
    } else {
      state.squares = at::zeros_like(gradient);
      observer_.on_state(index, state.squares);
    }
  }

  void step_one(std::size_t index, Locals& locals) {
    const ForParameter scope(observer_, index);
    const at::Tensor& parameter = parameters_[index];
    State& state = states_[index];
    locals.gradient = parameter.grad();
    if (is_half(locals.gradient)) locals.gradient = locals.gradient.to(at::kFloat);
    if (state.step == 0) make_state(index, locals.gradient);
    locals.wide = parameter;
    if (is_half(parameter)) locals.wide = parameter.to(at::kFloat);
    state.step += 1;
    state.scale = root_mean_square(locals.wide);
    observer_.on_state(index, state.scale);
    // Python compares the two on the host; this is the same number without reading the device.
    locals.rate =
        state.scale.clamp_min(kLeastScale) * std::min(kLongestStep, 1 / std::sqrt(static_cast<double>(state.step)));
    locals.update = at::pow(locals.gradient, 2) + kSquareEpsilon;
    locals.update = state.rows.defined() ? factored_update(state, locals) : plain_update(state, locals);
    locals.update.div_(root_mean_square(locals.update).div(1.0).clamp_min_(1.0));
    locals.update.mul_(locals.rate);
    locals.wide.add_(-locals.update);
    if (is_half(parameter)) parameter.copy_(locals.wide);
  }

  static double decay(const State& state) { return 1 - std::pow(static_cast<double>(state.step), kDecay); }

  static at::Tensor factored_update(const State& state, const Locals& locals) {
    const double beta = decay(state);
    state.rows.mul_(beta).add_(locals.update.mean(-1), 1 - beta);
    state.columns.mul_(beta).add_(locals.update.mean(-2), 1 - beta);
    const at::Tensor of_rows = (state.rows / state.rows.mean(-1, true)).rsqrt_().unsqueeze(-1);
    const at::Tensor of_columns = state.columns.unsqueeze(-2).rsqrt();
    return at::mul(of_rows, of_columns).mul_(locals.gradient);
  }

  static at::Tensor plain_update(const State& state, const Locals& locals) {
    const double beta = decay(state);
    state.squares.mul_(beta).add_(locals.update, 1 - beta);
    return state.squares.rsqrt().mul_(locals.gradient);
  }

  Tensors parameters_;
  std::vector<State> states_;
  ParameterObserver& observer_;
};

}  // namespace

std::unique_ptr<ParameterUpdate> make_adafactor(std::vector<at::Tensor> parameters, ParameterObserver& observer) {
  return std::make_unique<Adafactor>(std::move(parameters), observer);
}

}  // namespace headroom::profiler
