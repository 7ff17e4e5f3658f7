#include "virtual_gpu/libraries/cudnn/device_description.h"

#include <driver_types.h>

#include "virtual_gpu/core/device.h"

namespace headroom::virtual_gpu::cudnn {
namespace {

struct Row {
  const char* key;
  int attribute;  // cudaDeviceAttr
};

constexpr Row kRows[] = {
    {"regsPerBlock", cudaDevAttrMaxRegistersPerBlock},
    {"multiProcessorCount", cudaDevAttrMultiProcessorCount},
    {"warpSize", cudaDevAttrWarpSize},
    {"maxSharedMemoryPerBlock", cudaDevAttrMaxSharedMemoryPerBlock},
    {"maxSharedMemoryPerBlockOptin", cudaDevAttrMaxSharedMemoryPerBlockOptin},
    {"reservedSharedMemoryPerBlock", cudaDevAttrReservedSharedMemoryPerBlock},
    {"maxRegistersPerSM", cudaDevAttrMaxRegistersPerMultiprocessor},
    {"maxCtasPerSM", cudaDevAttrMaxBlocksPerMultiprocessor},
    {"maxThreadsPerBlock", cudaDevAttrMaxThreadsPerBlock},
    {"maxThreadsPerSM", cudaDevAttrMaxThreadsPerMultiProcessor},
    {"pciDeviceId", cudaDevAttrPciDeviceId},
    {"isTccDriver", cudaDevAttrTccDriver},
    {"supportCoopLaunch", cudaDevAttrCooperativeLaunch},
    {"smClockRateKHz", cudaDevAttrClockRate},
    {"memClockRateKHz", cudaDevAttrMemoryClockRate},
    {"l2CacheSize", cudaDevAttrL2CacheSize},
};

std::string attribute(int number) { return std::to_string(device_attribute(0, number).value_or(0)); }

std::string dimensions(int x, int y, int z) {
  return "[" + attribute(x) + ", " + attribute(y) + ", " + attribute(z) + "]";
}

}  // namespace

std::string device_description() {
  const DeviceModel& model = *device();
  std::string json = "{\"maxGridSize\": ";
  json += dimensions(cudaDevAttrMaxGridDimX, cudaDevAttrMaxGridDimY, cudaDevAttrMaxGridDimZ);
  json += ", \"maxBlockSize\": ";
  json += dimensions(cudaDevAttrMaxBlockDimX, cudaDevAttrMaxBlockDimY, cudaDevAttrMaxBlockDimZ);
  for (const Row& row : kRows) json += ", \"" + std::string(row.key) + "\": " + attribute(row.attribute);
  json += ", \"totalGlobalMem\": " + std::to_string(model.total_bytes);
  json += ", \"cudaDeviceId\": 0, \"deviceVer\": " + std::to_string(model.major * 100 + model.minor * 10);
  json += ", \"driverVer\": " + std::to_string(kDriverVersion);
  return json + ", \"deviceName\": \"" + model.product + "\"}";
}

}  // namespace headroom::virtual_gpu::cudnn
