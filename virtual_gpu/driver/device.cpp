// libcuda.so.1: initialisation and devices.
#include <atomic>
#include <cstdio>
#include <string>

#include "virtual_gpu/core/peers.h"
#include "virtual_gpu/driver/api.h"

using namespace headroom::virtual_gpu;

namespace {

std::atomic<bool> initialised{false};

bool any_context_active() {
  for (int device = 0; device < device_count(); ++device)
    if (context_active(device)) return true;
  return false;
}

}  // namespace

namespace headroom::virtual_gpu {

bool driver_initialised() {
  if (initialised.load(std::memory_order_relaxed)) return true;
  if (!any_context_active()) return false;
  initialised = true;
  return true;
}

}  // namespace headroom::virtual_gpu

CUresult cuInit(unsigned flags) {
  if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
  if (const cudaError_t error = driver_ready()) return driver_status(error);
  initialised = true;
  return CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int* version) { return *version = kDriverVersion, CUDA_SUCCESS; }

CUresult cuDeviceGetCount(int* count) {
  return with_driver([&] { return *count = device_count(), CUDA_SUCCESS; });
}

CUresult cuDeviceGet(CUdevice* out, int ordinal) {
  return with_ordinal(ordinal, [&] { return *out = ordinal, CUDA_SUCCESS; });
}

CUresult cuDeviceGetName(char* out, int length, CUdevice ordinal) {
  return with_ordinal(ordinal, [&] {
    if (out == nullptr || length <= 0) return CUDA_ERROR_INVALID_VALUE;
    std::snprintf(out, static_cast<std::size_t>(length), "%s", device()->product.c_str());
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceTotalMem(std::size_t* bytes, CUdevice ordinal) {
  return with_ordinal(ordinal, [&] { return *bytes = static_cast<std::size_t>(device()->total_bytes), CUDA_SUCCESS; });
}

CUresult cuDeviceGetUuid(CUuuid* out, CUdevice ordinal) {
  return with_ordinal(ordinal, [&] { return device_uuid(ordinal, out->bytes), CUDA_SUCCESS; });
}

CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice ordinal) {
  return with_ordinal(ordinal, [&] {
    const auto known = device_attribute(ordinal, attribute);
    if (!known || value == nullptr) return CUDA_ERROR_INVALID_VALUE;
    return *value = *known, CUDA_SUCCESS;
  });
}

CUresult cuDeviceComputeCapability(int* major, int* minor, CUdevice ordinal) {
  return with_ordinal(ordinal, [&] {
    *major = device()->major;
    *minor = device()->minor;
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetPCIBusId(char* out, int length, CUdevice ordinal) {
  return with_ordinal(ordinal, [&] {
    const std::string name = pci_bus_name(ordinal);
    if (out == nullptr || length <= static_cast<int>(name.size())) return CUDA_ERROR_INVALID_VALUE;
    std::snprintf(out, static_cast<std::size_t>(length), "%s", name.c_str());
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetByPCIBusId(CUdevice* out, const char* name) {
  return with_driver([&] {
    const auto found = find_pci_bus(name);
    return found ? (*out = *found, CUDA_SUCCESS) : CUDA_ERROR_INVALID_DEVICE;
  });
}

CUresult cuDeviceCanAccessPeer(int* can, CUdevice ordinal, CUdevice peer) {
  return with_ordinal(ordinal, [&] {
    if (!valid_device(peer)) return CUDA_ERROR_INVALID_DEVICE;
    return *can = peers_can_access(ordinal, peer), CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetP2PAttribute(int* value, CUdevice_P2PAttribute attribute, CUdevice ordinal, CUdevice peer) {
  return with_ordinal(ordinal,
                      [&] { return peer_attribute(value, static_cast<cudaDeviceP2PAttr>(attribute), ordinal, peer); });
}
