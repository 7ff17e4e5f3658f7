// With backed memory: which device addresses a kernel was given.
#pragma once

#include <functional>

#include "virtual_gpu/core/kernels.h"

namespace headroom::virtual_gpu {

// The effect of a launch on what device memory holds: all that its parameters point to is touched (core/backing.h),
// every aligned word of a structure looked at. Empty when nothing is backed, or the kernel's parameters are unknown.
std::function<void()> effect_of_arguments(Kernel& kernel, void** arguments);

}  // namespace headroom::virtual_gpu
