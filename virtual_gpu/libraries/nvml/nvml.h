// libnvidia-ml.so.1: what the driver's management library tells about the virtual devices. It counts the devices of the
// machine, whatever CUDA_VISIBLE_DEVICES hides, and its memory is that of cudaMemGetInfo: no memory is reserved
// besides. What the state cannot know (temperature, power, utilisation) is not supported, as on devices that lack the
// sensor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "virtual_gpu/catalog.h"

namespace headroom::virtual_gpu::nvml {

enum Status {  // nvmlReturn_t
  kSuccess = 0,
  kUninitialized = 1,
  kInvalidArgument = 2,
  kNotSupported = 3,
  kNotFound = 6,
  kInsufficientSize = 7,
  kDriverNotLoaded = 9,
  kVersionMismatch = 25,
};

struct Device {
  int number = 0;              // in the machine
  std::optional<int> ordinal;  // in this process, when it sees the device
};

Status check(const Device* device);  // success between nvmlInit and nvmlShutdown, for a handle that was handed out
const DeviceModel& model();          // of every device
Device* device_by_number(unsigned number);
unsigned pci_bus(const Device& device);

// Copies with the closing zero, or says that there is no room.
Status write_text(const std::string& text, char* out, unsigned room);

// Copies what there is, by NVML's rules for lists: `count` is the room going in and the number there is coming out.
template <class Item>
Status write_list(const Item* items, unsigned found, unsigned* count, Item* out) {
  if (count == nullptr || (out == nullptr && *count > 0)) return kInvalidArgument;
  const bool fits = found <= *count;
  *count = found;
  for (unsigned i = 0; fits && i < found; ++i) out[i] = items[i];
  return fits ? kSuccess : kInsufficientSize;
}

}  // namespace headroom::virtual_gpu::nvml
