// AdamW as language models are trained with it: a rate for each step, decay of matrices and tables alone.
//
// The profiler's own optimizers (profiler/optimizer.h) take PyTorch's default settings and nothing else, since theirs
// is the memory; here the values count. The step is Torch's fused operator.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace headroom::profiler {

// Linear from 0 to `peak` over `warmup` steps, then a cosine to a tenth of it at step `steps`; the first step is 1.
double scheduled_rate(std::int64_t step, std::int64_t steps, std::int64_t warmup, double peak);

class ScheduledAdamW {
 public:
  ScheduledAdamW(const std::vector<at::Tensor>& parameters, double weight_decay);

  // Parameters without a gradient stay as they are.
  void step(double rate);

 private:
  struct Group {
    std::vector<at::Tensor> parameters, moments1, moments2, steps;
    double weight_decay = 0;
    void add(const at::Tensor& parameter);
    void step(double rate) const;
  };
  Group decayed_, others_;
};

}  // namespace headroom::profiler
