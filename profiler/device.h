// From the text of --device to a device that Torch can use, and what it is.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <string>

#include "recording/recording.h"
#include "recording/run_spec.h"

namespace headroom::profiler {

// "cpu", "cuda", "cuda:1" or "virtual:NAME". Opens CUDA where needed. Throws bad_input for another text,
// could_not_measure when there is no such device or the virtual GPU is not loaded.
// `before_context`: of a CUDA device, before Torch initialises CUDA.
c10::Device open_device(const std::string& text, const std::function<void(c10::DeviceIndex)>& before_context = {});

Environment describe_environment(c10::Device device);

// Throws bad_input for what PyTorch has no kernel for on this device.
void require_supported(const RunSpec& spec, c10::Device device);

}  // namespace headroom::profiler
