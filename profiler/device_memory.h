// What the driver says is used of a CUDA device, by everyone.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <optional>

namespace headroom::profiler {

struct DeviceMemory {
  std::int64_t used_bytes = 0, total_bytes = 0;
};

// By cudaMemGetInfo; empty where this process has no context on the device, which is not made for it. May be called under
// the allocator's lock and while a graph is captured.
std::optional<DeviceMemory> ask_driver(c10::DeviceIndex index);

// Makes the context of this process on the device where there is none, as the first allocation would.
void make_context(c10::DeviceIndex index);

// By NVML, which needs no context; in the same terms, without what the driver reserves for itself. Empty where there is no NVML
// or it does not know the device. libtorch_cuda.so is open.
std::optional<DeviceMemory> ask_management_library(c10::DeviceIndex index);

}  // namespace headroom::profiler
