// The device this process has, if any: HEADROOM_VIRTUAL_GPU names a row of devices.json. Without the variable, with an
// unknown name (said once on stderr) or when CUDA_VISIBLE_DEVICES hides device 0 there is none, as on a machine without
// a GPU. The environment is read at the first question, not when the library is loaded.
#pragma once

#include <optional>

#include "virtual_gpu/catalog.h"

namespace headroom::virtual_gpu {

const DeviceModel* device();  // nullptr: no device

// By the numbers of cudaDeviceAttr, which are those of CUdevice_attribute too. Empty for a number that CUDA 13 lacks.
std::optional<int> device_attribute(const DeviceModel& model, int attribute);

constexpr int kPciBusId = 0x1b;
constexpr int kDriverVersion = 13000, kRuntimeVersion = 13000;

// The primary context. Lock-free: PyTorch asks twice a launch.
bool context_active();
void activate_context();

}  // namespace headroom::virtual_gpu
