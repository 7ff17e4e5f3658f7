#include "virtual_gpu/core/device.h"

#include <driver_types.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace headroom::virtual_gpu {
namespace {

std::atomic<bool> context_is_active{false};

bool hidden_by_environment() {
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  return visible != nullptr && std::string_view(visible) != "0" && !std::string_view(visible).starts_with("0,");
}

const DeviceModel* read_configuration() {
  const char* name = std::getenv("HEADROOM_VIRTUAL_GPU");
  if (name == nullptr || *name == '\0' || hidden_by_environment()) return nullptr;
  for (const DeviceModel& model : device_catalog())
    if (model.name == name) return &model;
  std::fprintf(stderr,
               "headroom: HEADROOM_VIRTUAL_GPU is '%s', which is no virtual device, so there is none. Known:", name);
  for (const DeviceModel& model : device_catalog()) std::fprintf(stderr, " %s", model.name.c_str());
  std::fputc('\n', stderr);
  return nullptr;
}

}  // namespace

const DeviceModel* device() {
  static const DeviceModel* const model = read_configuration();
  return model;
}

bool context_active() { return context_is_active.load(std::memory_order_relaxed); }
void activate_context() { context_is_active.store(true, std::memory_order_relaxed); }

std::optional<int> device_attribute(const DeviceModel& model, int attribute) {
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
      return kPciBusId;
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
