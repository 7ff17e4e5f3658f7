// Adafactor (Shazeer and Stern 2018, arXiv 1804.04235), operator by operator as
// transformers.optimization.Adafactor 4.57 with its default settings: no first moment, relative steps, updates scaled
// by the parameter's root mean square and clipped at 1.
//
// State of a parameter, in fp32 where the parameter is half, else in its dtype: of a matrix [.., m, n] the row means
// [.., m] and column means [.., n] of its squared gradients, of a vector the squares themselves; and the root mean
// square, a scalar. Closed form, in elements: m + n + 1 for [m, n], n + 1 for [n].
#pragma once

#include <memory>

#include "profiler/optimizer.h"

namespace headroom::profiler {

std::unique_ptr<ParameterUpdate> make_adafactor(std::vector<at::Tensor> parameters, ParameterObserver& observer);

}  // namespace headroom::profiler
