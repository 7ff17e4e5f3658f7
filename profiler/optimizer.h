// Optimizers that allocate what torch.optim's allocate, in the same order: the operators of
// torch/optim/{sgd,adam,adamw}.py of Torch 2.11 with their default settings (SGD lr 1e-3 without momentum or weight
// decay; Adam lr 1e-3, betas 0.9 and 0.999, eps 1e-8, no weight decay; AdamW the same with decoupled weight decay 1e-2;
// no amsgrad, not capturable).
//
// State is made lazily in the first step, in the parameter's dtype: Adam's two moments and its step count, a float32
// scalar that lives on the CPU except in the fused implementation, which keeps it on the parameter's device. The
// foreach implementation holds the square roots of all second moments at once; for-loop those of one parameter; fused
// none.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

#include "recording/run_spec.h"

namespace headroom::profiler {

// One region of the optimizer that works for parameter number `index` alone: the caller learns of its begin and end.
class ParameterObserver {
 public:
  virtual ~ParameterObserver() = default;
  virtual void begin_parameter(std::size_t index) = 0;
  virtual void end_parameter() = 0;
  virtual void on_state(std::size_t index, const at::Tensor& state) = 0;  // a tensor that outlives the step
};

class ParameterUpdate {
 public:
  virtual ~ParameterUpdate() = default;
  virtual void step() = 0;
};

// `parameters` in the model's order, each storage once; those without a gradient are skipped, as Python does. The
// observer must outlive the result. Null for Optimizer::none.
std::unique_ptr<ParameterUpdate> make_optimizer(Optimizer kind, OptimizerImplementation implementation,
                                                std::vector<at::Tensor> parameters, ParameterObserver& observer);

// zero_grad(set_to_none=True).
void drop_gradients(const std::vector<at::Tensor>& parameters);

}  // namespace headroom::profiler
