// torch.amp.GradScaler of Torch 2.11 around an optimizer, with its default settings: the loss is multiplied by a scale,
// gradients are divided by it before the step, and the scale follows what overflowed. It keeps a float32 and an int32
// scalar on the device and takes a handful of scalars in a step.
//
// One difference: the step is always taken. Python reads from the device whether a gradient overflowed, and skips it
// then.
#pragma once

#include "profiler/optimizer.h"

namespace headroom::profiler {

class GradScaler {
 public:
  explicit GradScaler(ParameterObserver& observer) : observer_(observer) {}

  at::Tensor scale(const at::Tensor& loss);
  void unscale(const std::vector<at::Tensor>& parameters);  // before clipping; step() does it otherwise
  void step(ParameterUpdate& optimizer, const std::vector<at::Tensor>& parameters);
  void update();

 private:
  void find_infinities(const std::vector<at::Tensor>& parameters, const at::Tensor& inverse_scale);

  ParameterObserver& observer_;
  at::Tensor scale_, growth_tracker_;
  at::Tensor found_inf_;  // from unscaling to update()
  bool unscaled_ = false;
};

}  // namespace headroom::profiler
