#include "virtual_gpu/core/device.h"

#include <pthread.h>
#include <strings.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "virtual_gpu/core/configuration.h"
#include "virtual_gpu/core/physical_memory.h"

namespace headroom::virtual_gpu {
namespace {

enum class Use { none, used, forked };
std::atomic<Use> use{Use::none};

void after_fork_in_child() {
  if (use.load() == Use::used) use = Use::forked;
}

cudaError_t first_use() {
  if (use.load() == Use::forked) return cudaErrorInitializationError;
  if (device() == nullptr) return cudaErrorNoDevice;
  static const int registered = pthread_atfork(nullptr, nullptr, after_fork_in_child);
  physical_memory(0);  // made before any thread can be at it while the process forks: its child would wait for ever
  use = Use::used;
  return registered == 0 ? cudaSuccess : cudaErrorInitializationError;
}

}  // namespace

const DeviceModel* device() { return device_count() > 0 ? configuration().model : nullptr; }

int device_count() {
  static const int count = static_cast<int>(configuration().visible.size());
  return count;
}

cudaError_t driver_ready() { return use.load(std::memory_order_relaxed) == Use::used ? cudaSuccess : first_use(); }

int installed_number(int ordinal) { return configuration().visible[static_cast<std::size_t>(ordinal)]; }

int pci_bus_id(int ordinal) { return installed_pci_bus_id(installed_number(ordinal)); }

std::string pci_bus_name(int ordinal) {
  char text[16];
  std::snprintf(text, sizeof text, "0000:%02X:00.0", static_cast<unsigned>(pci_bus_id(ordinal)));
  return text;
}

std::optional<int> find_pci_bus(const char* name) {
  for (int ordinal = 0; name != nullptr && ordinal < device_count(); ++ordinal) {
    const std::string full = pci_bus_name(ordinal);
    if (strcasecmp(name, full.c_str()) == 0 || strcasecmp(name, full.c_str() + 5) == 0) return ordinal;
  }
  return std::nullopt;
}

void device_uuid(int ordinal, void* sixteen_bytes) {
  std::memcpy(sixteen_bytes, uuid_bytes(*device(), installed_number(ordinal)).data(), 16);
}

std::optional<int> device_attribute(int ordinal, int attribute) {
  const DeviceModel& model = *device();
  const bool data_centre = model.product.find("GeForce") == std::string::npos;
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
    case cudaDevAttrMaxBlockDimX:
    case cudaDevAttrMaxBlockDimY:
      return 1024;
    case cudaDevAttrMaxBlockDimZ:
      return 64;
    case cudaDevAttrMaxGridDimX:
      return 2147483647;
    case cudaDevAttrMaxGridDimY:
    case cudaDevAttrMaxGridDimZ:
      return 65535;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      return static_cast<int>(model.shared_bytes_per_block);
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      return static_cast<int>(model.shared_bytes_per_block_optin);
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      return static_cast<int>(model.shared_bytes_per_multiprocessor);
    case cudaDevAttrReservedSharedMemoryPerBlock:
      return static_cast<int>(model.reserved_shared_bytes_per_block);
    case cudaDevAttrTotalConstantMemory:
      return 65536;
    case cudaDevAttrWarpSize:
      return 32;
    case cudaDevAttrMaxPitch:
      return 2147483647;
    case cudaDevAttrMaxRegistersPerBlock:
      return model.registers_per_block;
    case cudaDevAttrMaxRegistersPerMultiprocessor:
      return model.registers_per_multiprocessor;
    case cudaDevAttrClockRate:
      return model.clock_khz;
    case cudaDevAttrMemoryClockRate:
      return model.memory_clock_khz;
    case cudaDevAttrGlobalMemoryBusWidth:
      return model.memory_bus_bits;
    case cudaDevAttrMultiProcessorCount:
      return model.multiprocessor_count;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      return model.max_threads_per_multiprocessor;
    case cudaDevAttrMaxBlocksPerMultiprocessor:
      return model.max_blocks_per_multiprocessor;
    case cudaDevAttrL2CacheSize:
      return static_cast<int>(model.l2_bytes);
    case cudaDevAttrComputeCapabilityMajor:
      return model.major;
    case cudaDevAttrComputeCapabilityMinor:
      return model.minor;
    case cudaDevAttrTextureAlignment:
    case cudaDevAttrSurfaceAlignment:
      return 512;
    case cudaDevAttrTexturePitchAlignment:
      return 32;
    case cudaDevAttrAsyncEngineCount:
      return data_centre ? 3 : 2;
    case cudaDevAttrEccEnabled:
      return data_centre;
    case cudaDevAttrPciBusId:
      return pci_bus_id(ordinal);
    case cudaDevAttrClusterLaunch:
      return model.major >= 9;
    case cudaDevAttrGPUDirectRDMASupported:
      return data_centre;
    case cudaDevAttrGpuOverlap:
    case cudaDevAttrCanMapHostMemory:
    case cudaDevAttrConcurrentKernels:
    case cudaDevAttrUnifiedAddressing:
    case cudaDevAttrStreamPrioritiesSupported:
    case cudaDevAttrGlobalL1CacheSupported:
    case cudaDevAttrLocalL1CacheSupported:
    case cudaDevAttrManagedMemory:
    case cudaDevAttrConcurrentManagedAccess:
    case cudaDevAttrComputePreemptionSupported:
    case cudaDevAttrCanUseHostPointerForRegisteredMem:
    case cudaDevAttrCooperativeLaunch:
    case cudaDevAttrHostRegisterSupported:
    case cudaDevAttrMemoryPoolsSupported:
    case cudaDevAttrIpcEventSupport:
    case 102 /* CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED */:
      return 1;
    default:
      return attribute > 0 && attribute < cudaDevAttrMax ? std::optional<int>(0) : std::nullopt;
  }
}

}  // namespace headroom::virtual_gpu
