// The devices that this process sees, all of one model, and which of them each thread works on. Nothing here takes a
// lock: PyTorch asks for the current device and the state of its context several times a launch.
//
// Without HEADROOM_VIRTUAL_GPU, or when a variable is wrong (core/configuration.h) or CUDA_VISIBLE_DEVICES hides all,
// there is none. A process forked from one that used a device can use none, as with NVIDIA's driver.
#pragma once

#include <cuda_runtime_api.h>

#include <optional>
#include <string>

#include "virtual_gpu/catalog.h"

namespace headroom::virtual_gpu {

const DeviceModel* device();  // the model of every device; nullptr: no device
int device_count();
inline bool valid_device(int ordinal) { return ordinal >= 0 && ordinal < device_count(); }

// Asked first by every call that needs the driver: cudaErrorNoDevice without one, cudaErrorInitializationError in a
// child that was forked after its parent used a device.
cudaError_t driver_ready();

int current_device();               // of this thread; 0 until it chose one
void choose_device(int ordinal);    // of this thread; `ordinal` is valid
int installed_number(int ordinal);  // the device's number in the machine, which CUDA_VISIBLE_DEVICES may reorder
constexpr int installed_pci_bus_id(int number) { return 0x1b + 2 * number; }
int pci_bus_id(int ordinal);
std::string pci_bus_name(int ordinal);  // "0000:1B:00.0"
std::optional<int> find_pci_bus(const char* name);
void device_uuid(int ordinal, void* sixteen_bytes);

// By the numbers of cudaDeviceAttr, which are those of CUdevice_attribute too. Empty for a number that CUDA 13 lacks.
std::optional<int> device_attribute(int ordinal, int attribute);

constexpr int kDriverVersion = CUDART_VERSION, kRuntimeVersion = CUDART_VERSION;  // of the headers at hand

// Primary contexts; see core/context.h.
bool context_active(int ordinal);
void activate_context(int ordinal);  // and makes it the thread's current context if it has none
inline void activate_context() { activate_context(current_device()); }

}  // namespace headroom::virtual_gpu
