// What the optimizers' files share.
#pragma once

#include <vector>

#include "profiler/optimizer.h"

namespace headroom::profiler {

using Tensors = std::vector<at::Tensor>;

inline constexpr double kLearningRate = 1e-3;
inline constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEpsilon = 1e-8;

// The parameters that have a gradient in this step.
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

}  // namespace headroom::profiler
