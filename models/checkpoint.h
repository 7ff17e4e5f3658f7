// Activation checkpointing (Chen et al. 2016, arXiv 1604.06174) as torch.utils.checkpoint does it with
// use_reentrant=False: of a function the inputs are kept alone; when backward first needs a tensor that the function
// saved, the function runs again, with the random numbers and the autocast of the first time, up to the last tensor
// that was saved. Each of the tensors saved then lives until the node that needs it has run.
//
// The graph is the one of the first run, so that nodes belong to their layers and gradients go where they went.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "models/recompute.h"

namespace headroom::models {

// function(), whose inputs are what it captured, on `device`. It must compute the same again. Without gradients:
// function() as is.
at::Tensor checkpoint(std::function<at::Tensor()> function, at::Device device, const RecomputeObserver& observer);

}  // namespace headroom::models
