// What is known of one device.
#include "virtual_gpu/core/device.h"

#include <unistd.h>

#include <cstdio>

#include "virtual_gpu/core/configuration.h"
#include "virtual_gpu/core/physical_memory.h"
#include "virtual_gpu/libraries/nvml/nvml.h"

namespace headroom::virtual_gpu::nvml {
namespace {

struct Memory {  // nvmlMemory_t
  unsigned long long total, free, used;
};

struct VersionedMemory {  // nvmlMemory_v2_t
  unsigned version;
  unsigned long long total, reserved, free, used;
};
constexpr unsigned kMemoryVersion2 = sizeof(VersionedMemory) | 2U << 24;

struct PciInfo {  // nvmlPciInfo_t, version 3
  char legacy_name[16];
  unsigned domain, bus, device, device_id, subsystem_id;
  char name[32];
};

struct Process {  // nvmlProcessInfo_v1_t
  unsigned id;
  unsigned long long used_bytes;
};

struct ProcessOfInstance {  // nvmlProcessInfo_t, versions 2 and 3
  unsigned id;
  unsigned long long used_bytes;
  unsigned gpu_instance, compute_instance;
};
constexpr unsigned kNoInstance = 0xFFFFFFFF;

constexpr unsigned kClockGraphics = 0, kClockSm = 1, kClockMemory = 2;

MemoryUse memory_of(const Device& device) {
  if (device.ordinal) return physical_memory(*device.ordinal).use();
  return {static_cast<std::uint64_t>(model().total_bytes), configuration().reserved_bytes, 0};
}

// This process, once it has a context; what the environment reserved is not its own.
unsigned processes_on(const Device& device, Process* out) {
  if (!device.ordinal || !context_active(*device.ordinal)) return 0;
  *out = {static_cast<unsigned>(getpid()), memory_of(device).used_bytes - configuration().reserved_bytes};
  return 1;
}

// nvmlDeviceArchitecture_t
unsigned architecture(int major, int minor) {
  if (major == 7) return minor < 5 ? 5 : 6;  // Volta, Turing
  if (major == 8) return minor < 9 ? 7 : 8;  // Ampere, Ada
  return major == 9 ? 9 : 10;                // Hopper, Blackwell
}

Status processes(const Device* device, unsigned* count, ProcessOfInstance* out) {
  if (const Status status = check(device); status != kSuccess) return status;
  Process process{};
  const unsigned found = processes_on(*device, &process);
  const ProcessOfInstance full{process.id, process.used_bytes, kNoInstance, kNoInstance};
  return write_list(&full, found, count, out);
}

template <class Value>
Status answer(const Device* device, Value* out, Value value) {
  if (const Status status = check(device); status != kSuccess) return status;
  if (out == nullptr) return kInvalidArgument;
  *out = value;
  return kSuccess;
}

}  // namespace

extern "C" {

Status nvmlDeviceGetName(Device* device, char* out, unsigned room) {
  const Status status = check(device);
  return status == kSuccess ? write_text(model().product, out, room) : status;
}

Status nvmlDeviceGetUUID(Device* device, char* out, unsigned room) {
  const Status status = check(device);
  return status == kSuccess ? write_text(uuid_name(model(), device->number), out, room) : status;
}

Status nvmlDeviceGetIndex(Device* device, unsigned* out) {
  return answer(device, out, device == nullptr ? 0U : static_cast<unsigned>(device->number));
}
Status nvmlDeviceGetMinorNumber(Device* device, unsigned* out) { return nvmlDeviceGetIndex(device, out); }

Status nvmlDeviceGetMemoryInfo(Device* device, Memory* out) {
  if (const Status status = check(device); status != kSuccess) return status;
  if (out == nullptr) return kInvalidArgument;
  const MemoryUse use = memory_of(*device);
  *out = {use.total_bytes, use.free_bytes(), use.used_bytes};
  return kSuccess;
}

Status nvmlDeviceGetMemoryInfo_v2(Device* device, VersionedMemory* out) {
  if (const Status status = check(device); status != kSuccess) return status;
  if (out == nullptr) return kInvalidArgument;
  if (out->version != kMemoryVersion2) return kVersionMismatch;
  const MemoryUse use = memory_of(*device);
  *out = {out->version, use.total_bytes, 0, use.free_bytes(), use.used_bytes};
  return kSuccess;
}

Status nvmlDeviceGetPciInfo_v3(Device* device, PciInfo* out) {
  if (const Status status = check(device); status != kSuccess) return status;
  if (out == nullptr) return kInvalidArgument;
  *out = {.bus = pci_bus(*device)};
  std::snprintf(out->legacy_name, sizeof out->legacy_name, "0000:%02X:00.0", out->bus);
  std::snprintf(out->name, sizeof out->name, "00000000:%02X:00.0", out->bus);
  return kSuccess;
}
Status nvmlDeviceGetPciInfo(Device* device, PciInfo* out) { return nvmlDeviceGetPciInfo_v3(device, out); }

Status nvmlDeviceGetComputeRunningProcesses(Device* device, unsigned* count, Process* out) {
  if (const Status status = check(device); status != kSuccess) return status;
  Process process{};
  const unsigned found = processes_on(*device, &process);
  return write_list(&process, found, count, out);
}
Status nvmlDeviceGetComputeRunningProcesses_v2(Device* device, unsigned* count, ProcessOfInstance* out) {
  return processes(device, count, out);
}
Status nvmlDeviceGetComputeRunningProcesses_v3(Device* device, unsigned* count, ProcessOfInstance* out) {
  return processes(device, count, out);
}

#define NO_PROCESSES(name) \
  Status name(Device* device, unsigned* count, void*) { return answer(device, count, 0U); }
NO_PROCESSES(nvmlDeviceGetGraphicsRunningProcesses)
NO_PROCESSES(nvmlDeviceGetGraphicsRunningProcesses_v2)
NO_PROCESSES(nvmlDeviceGetGraphicsRunningProcesses_v3)
NO_PROCESSES(nvmlDeviceGetMPSComputeRunningProcesses)
NO_PROCESSES(nvmlDeviceGetMPSComputeRunningProcesses_v2)
NO_PROCESSES(nvmlDeviceGetMPSComputeRunningProcesses_v3)

Status nvmlDeviceGetCudaComputeCapability(Device* device, int* major, int* minor) {
  const Status status = answer(device, major, model().major);
  return status == kSuccess ? answer(device, minor, model().minor) : status;
}

Status nvmlDeviceGetArchitecture(Device* device, unsigned* out) {
  return answer(device, out, architecture(model().major, model().minor));
}

Status nvmlDeviceGetMemoryBusWidth(Device* device, unsigned* out) {
  return answer(device, out, static_cast<unsigned>(model().memory_bus_bits));
}

Status nvmlDeviceGetMaxClockInfo(Device* device, unsigned clock, unsigned* megahertz) {
  if (clock > kClockMemory) return kNotSupported;
  const int khz = clock == kClockMemory ? model().memory_clock_khz : model().clock_khz;
  return answer(device, megahertz, static_cast<unsigned>(khz / 1000));
}

Status nvmlDeviceGetComputeMode(Device* device, unsigned* out) { return answer(device, out, 0U); }

// No sensors, no links to other devices, no partitions. By name, so that a program sees "not supported" and not a
// library older than the function.
#define NOT_SUPPORTED(name) \
  Status name(Device* device) { return check(device) == kSuccess ? kNotSupported : check(device); }
NOT_SUPPORTED(nvmlDeviceGetUtilizationRates)
NOT_SUPPORTED(nvmlDeviceGetTemperature)
NOT_SUPPORTED(nvmlDeviceGetTemperatureV)
NOT_SUPPORTED(nvmlDeviceGetTemperatureThreshold)
NOT_SUPPORTED(nvmlDeviceGetPowerUsage)
NOT_SUPPORTED(nvmlDeviceGetPowerManagementLimit)
NOT_SUPPORTED(nvmlDeviceGetEnforcedPowerLimit)
NOT_SUPPORTED(nvmlDeviceGetTotalEnergyConsumption)
NOT_SUPPORTED(nvmlDeviceGetClockInfo)
NOT_SUPPORTED(nvmlDeviceGetApplicationsClock)
NOT_SUPPORTED(nvmlDeviceGetFanSpeed)
NOT_SUPPORTED(nvmlDeviceGetFanSpeed_v2)
NOT_SUPPORTED(nvmlDeviceGetPerformanceState)
NOT_SUPPORTED(nvmlDeviceGetPersistenceMode)
NOT_SUPPORTED(nvmlDeviceGetBAR1MemoryInfo)
NOT_SUPPORTED(nvmlDeviceGetSerial)
NOT_SUPPORTED(nvmlDeviceGetBrand)
NOT_SUPPORTED(nvmlDeviceGetEccMode)
NOT_SUPPORTED(nvmlDeviceGetTotalEccErrors)
NOT_SUPPORTED(nvmlDeviceGetMemoryErrorCounter)
NOT_SUPPORTED(nvmlDeviceGetEncoderUtilization)
NOT_SUPPORTED(nvmlDeviceGetDecoderUtilization)
NOT_SUPPORTED(nvmlDeviceGetPcieThroughput)
NOT_SUPPORTED(nvmlDeviceGetCurrPcieLinkGeneration)
NOT_SUPPORTED(nvmlDeviceGetCurrPcieLinkWidth)
NOT_SUPPORTED(nvmlDeviceGetCpuAffinity)
NOT_SUPPORTED(nvmlDeviceGetMigMode)
NOT_SUPPORTED(nvmlDeviceGetP2PStatus)
NOT_SUPPORTED(nvmlDeviceGetTopologyCommonAncestor)
NOT_SUPPORTED(nvmlDeviceGetNvLinkState)
NOT_SUPPORTED(nvmlDeviceGetNvLinkRemoteDeviceType)
NOT_SUPPORTED(nvmlDeviceGetNvLinkRemotePciInfo_v2)
NOT_SUPPORTED(nvmlDeviceGetGpuFabricInfo)
NOT_SUPPORTED(nvmlDeviceGetGpuFabricInfoV)
NOT_SUPPORTED(nvmlDeviceGetProcessUtilization)
NOT_SUPPORTED(nvmlDeviceGetNumGpuCores)
}

}  // namespace headroom::virtual_gpu::nvml
