// Optimizers that allocate what the originals allocate, in the same order, with their default settings.
//
// sgd, adam, adamw: the operators of torch/optim/{sgd,adam,adamw}.py of Torch 2.11 (SGD lr 1e-3 without dampening or
// weight decay; Adam lr 1e-3, betas 0.9 and 0.999, eps 1e-8, no weight decay; AdamW the same with decoupled weight
// decay 1e-2; no amsgrad, not capturable). adafactor: profiler/adafactor.h. adam-8bit: profiler/adam_8bit.h.
//
// State is made lazily in the first step, in the parameter's dtype: SGD's momentum, Adam's two moments and its step
// count, a float32 scalar that lives on the CPU except in the fused implementation, which keeps it on the parameter's
// device. Adam's foreach implementation holds the square roots of all second moments at once; for-loop those of one
// parameter; fused none.
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
  virtual void on_shared_state(const at::Tensor& state) = 0;              // the same, of no parameter alone
};

// What a fused implementation does of a gradient scaler's work: both are scalars on the parameters' device.
struct GradientScaling {
  at::Tensor scale;      // gradients are divided by it; undefined: that is done already
  at::Tensor found_inf;  // 1: nothing is stepped
};

class ParameterUpdate {
 public:
  virtual ~ParameterUpdate() = default;
  // `scaling`: of a gradient scaler, where takes_scaling().
  virtual void step(const GradientScaling* scaling = nullptr) = 0;
  virtual bool takes_scaling() const { return false; }
};

struct OptimizerOptions {
  Optimizer kind = Optimizer::adamw;
  OptimizerImplementation implementation = OptimizerImplementation::foreach;  // of sgd, adam and adamw
  double momentum = 0;                                                        // of sgd
};

// `parameters` in the model's order, each storage once; those without a gradient are skipped, as Python does. The
// observer must outlive the result. Null for Optimizer::none.
std::unique_ptr<ParameterUpdate> make_optimizer(const OptimizerOptions& options, std::vector<at::Tensor> parameters,
                                                ParameterObserver& observer);

// zero_grad(set_to_none=True).
void drop_gradients(const std::vector<at::Tensor>& parameters);

// torch.nn.utils.clip_grad_norm_ of Torch 2.11 (foreach, norm 2): gradients are multiplied by
// min(1, max_norm / (norm of all + 1e-6)). Nothing is read from the device.
void clip_gradients(const std::vector<at::Tensor>& parameters, double max_norm);

}  // namespace headroom::profiler
