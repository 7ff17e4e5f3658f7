// Start and end, texts, and how devices are found.
#include <strings.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "virtual_gpu/core/configuration.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/libraries/nvml/nvml.h"

namespace headroom::virtual_gpu::nvml {
namespace {

std::atomic<int> users{0};

const std::array<Device, kMostDevices>& devices() {
  static const auto all = [] {
    std::array<Device, kMostDevices> made;
    for (int number = 0; number < kMostDevices; ++number) made[number].number = number;
    for (int ordinal = 0; ordinal < device_count(); ++ordinal) made[installed_number(ordinal)].ordinal = ordinal;
    return made;
  }();
  return all;
}

template <class Fits>
Status find(Device** out, Fits fits) {
  if (users == 0) return kUninitialized;
  if (out == nullptr) return kInvalidArgument;
  for (int number = 0; number < configuration().installed_count; ++number) {
    Device* const device = device_by_number(static_cast<unsigned>(number));
    if (fits(*device)) return *out = device, kSuccess;
  }
  return kNotFound;
}

}  // namespace

const DeviceModel& model() { return *configuration().model; }

Device* device_by_number(unsigned number) { return const_cast<Device*>(&devices()[number]); }

unsigned pci_bus(const Device& device) { return static_cast<unsigned>(installed_pci_bus_id(device.number)); }

Status check(const Device* device) {
  if (users == 0) return kUninitialized;
  const bool known = device >= devices().data() && device < devices().data() + configuration().installed_count;
  return known ? kSuccess : kInvalidArgument;
}

Status write_text(const std::string& text, char* out, unsigned room) {
  if (out == nullptr) return kInvalidArgument;
  if (text.size() >= room) return kInsufficientSize;
  std::memcpy(out, text.c_str(), text.size() + 1);
  return kSuccess;
}

extern "C" {

Status nvmlInitWithFlags(unsigned) {
  if (configuration().model == nullptr) return kDriverNotLoaded;
  ++users;
  return kSuccess;
}
Status nvmlInit() { return nvmlInitWithFlags(0); }
Status nvmlInit_v2() { return nvmlInitWithFlags(0); }

Status nvmlShutdown() {
  if (users == 0) return kUninitialized;
  --users;
  return kSuccess;
}

const char* nvmlErrorString(Status status) {
  switch (status) {
    case kSuccess:
      return "Success";
    case kUninitialized:
      return "Uninitialized";
    case kInvalidArgument:
      return "Invalid Argument";
    case kNotSupported:
      return "Not Supported";
    case kNotFound:
      return "Not Found";
    case kInsufficientSize:
      return "Insufficient Size";
    case kDriverNotLoaded:
      return "Driver Not Loaded";
    case kVersionMismatch:
      return "Argument Version Mismatch";
  }
  return "Unknown Error";
}

Status nvmlSystemGetCudaDriverVersion(int* version) {
  if (version == nullptr) return kInvalidArgument;
  *version = kDriverVersion;
  return kSuccess;
}
Status nvmlSystemGetCudaDriverVersion_v2(int* version) { return nvmlSystemGetCudaDriverVersion(version); }

Status nvmlSystemGetProcessName(unsigned process, char* out, unsigned room) {
  std::ifstream file("/proc/" + std::to_string(process) + "/comm");
  std::string name;
  return std::getline(file, name) ? write_text(name, out, room) : kNotFound;
}

Status nvmlDeviceGetCount(unsigned* count) {
  if (users == 0) return kUninitialized;
  if (count == nullptr) return kInvalidArgument;
  *count = static_cast<unsigned>(configuration().installed_count);
  return kSuccess;
}
Status nvmlDeviceGetCount_v2(unsigned* count) { return nvmlDeviceGetCount(count); }

Status nvmlDeviceGetHandleByIndex(unsigned number, Device** out) {
  const Status status = find(out, [&](const Device& device) { return static_cast<unsigned>(device.number) == number; });
  return status == kNotFound ? kInvalidArgument : status;
}
Status nvmlDeviceGetHandleByIndex_v2(unsigned number, Device** out) { return nvmlDeviceGetHandleByIndex(number, out); }

Status nvmlDeviceGetHandleByUUID(const char* uuid, Device** out) {
  if (uuid == nullptr) return kInvalidArgument;
  return find(out, [&](const Device& device) { return uuid_name(model(), device.number) == uuid; });
}

// "0000:1B:00.0", with any number of digits for the domain, or none.
Status nvmlDeviceGetHandleByPciBusId(const char* name, Device** out) {
  unsigned domain = 0, bus = 0, slot = 0;
  if (name == nullptr) return kInvalidArgument;
  const bool full = std::sscanf(name, "%x:%x:%x", &domain, &bus, &slot) == 3;
  if (!full && std::sscanf(name, "%x:%x", &bus, &slot) != 2) return kInvalidArgument;
  return find(out, [&](const Device& device) { return pci_bus(device) == bus; });
}
Status nvmlDeviceGetHandleByPciBusId_v2(const char* name, Device** out) {
  return nvmlDeviceGetHandleByPciBusId(name, out);
}
}

}  // namespace headroom::virtual_gpu::nvml
