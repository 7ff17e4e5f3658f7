#include <cstdio>
#include <cstring>
#include <string>

#include "virtual_gpu/core/context.h"
#include "virtual_gpu/core/limits.h"
#include "virtual_gpu/core/memory_pool.h"
#include "virtual_gpu/core/peers.h"
#include "virtual_gpu/core/streams.h"
#include "virtual_gpu/core/telling.h"
#include "virtual_gpu/core/work.h"
#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

namespace {

void fill_attributes(int ordinal, cudaDeviceProp* out) {
  const auto attribute = [&](cudaDeviceAttr which) { return *device_attribute(ordinal, which); };
  out->canMapHostMemory = attribute(cudaDevAttrCanMapHostMemory);
  out->concurrentKernels = attribute(cudaDevAttrConcurrentKernels);
  out->ECCEnabled = attribute(cudaDevAttrEccEnabled);
  out->pciBusID = attribute(cudaDevAttrPciBusId);
  out->asyncEngineCount = attribute(cudaDevAttrAsyncEngineCount);
  out->unifiedAddressing = attribute(cudaDevAttrUnifiedAddressing);
  out->streamPrioritiesSupported = attribute(cudaDevAttrStreamPrioritiesSupported);
  out->globalL1CacheSupported = attribute(cudaDevAttrGlobalL1CacheSupported);
  out->localL1CacheSupported = attribute(cudaDevAttrLocalL1CacheSupported);
  out->managedMemory = attribute(cudaDevAttrManagedMemory);
  out->concurrentManagedAccess = attribute(cudaDevAttrConcurrentManagedAccess);
  out->computePreemptionSupported = attribute(cudaDevAttrComputePreemptionSupported);
  out->canUseHostPointerForRegisteredMem = attribute(cudaDevAttrCanUseHostPointerForRegisteredMem);
  out->cooperativeLaunch = attribute(cudaDevAttrCooperativeLaunch);
  out->hostRegisterSupported = attribute(cudaDevAttrHostRegisterSupported);
  out->memoryPoolsSupported = attribute(cudaDevAttrMemoryPoolsSupported);
  out->gpuDirectRDMASupported = attribute(cudaDevAttrGPUDirectRDMASupported);
  out->ipcEventSupported = attribute(cudaDevAttrIpcEventSupport);
  out->clusterLaunch = attribute(cudaDevAttrClusterLaunch);
}

void fill_limits(const DeviceModel& model, cudaDeviceProp* out) {
  out->totalGlobalMem = static_cast<std::size_t>(model.total_bytes);
  out->sharedMemPerBlock = static_cast<std::size_t>(model.shared_bytes_per_block);
  out->sharedMemPerBlockOptin = static_cast<std::size_t>(model.shared_bytes_per_block_optin);
  out->sharedMemPerMultiprocessor = static_cast<std::size_t>(model.shared_bytes_per_multiprocessor);
  out->reservedSharedMemPerBlock = static_cast<std::size_t>(model.reserved_shared_bytes_per_block);
  out->regsPerBlock = model.registers_per_block;
  out->regsPerMultiprocessor = model.registers_per_multiprocessor;
  out->warpSize = 32;
  out->memPitch = 2147483647;
  out->maxThreadsPerBlock = 1024;
  out->maxThreadsDim[0] = out->maxThreadsDim[1] = 1024;
  out->maxThreadsDim[2] = 64;
  out->maxGridSize[0] = 2147483647;
  out->maxGridSize[1] = out->maxGridSize[2] = 65535;
  out->totalConstMem = 65536;
  out->textureAlignment = out->surfaceAlignment = 512;
  out->texturePitchAlignment = 32;
  out->multiProcessorCount = model.multiprocessor_count;
  out->maxThreadsPerMultiProcessor = model.max_threads_per_multiprocessor;
  out->maxBlocksPerMultiProcessor = model.max_blocks_per_multiprocessor;
  out->memoryBusWidth = model.memory_bus_bits;
  out->l2CacheSize = static_cast<int>(model.l2_bytes);
}

}  // namespace

cudaError_t cudaGetDeviceCount(int* count) {
  if (count == nullptr) return finish(cudaErrorInvalidValue);
  *count = device_count();
  return with_device([] { return cudaSuccess; });
}

cudaError_t cudaGetDevice(int* ordinal) {
  if (ordinal == nullptr) return finish(cudaErrorInvalidValue);
  *ordinal = current_device();
  return finish(driver_ready());
}

cudaError_t cudaSetDevice(int ordinal) {
  return with_ordinal(ordinal, [&] {
    choose_device(ordinal);
    activate_context(ordinal);
    return cudaSuccess;
  });
}

cudaError_t cudaInitDevice(int ordinal, unsigned, unsigned) {
  return with_ordinal(ordinal, [&] { return make_alive(primary_context(ordinal)), cudaSuccess; });
}

cudaError_t cudaSetDeviceFlags(unsigned flags) {
  return with_device([&] {
    if ((flags & ~static_cast<unsigned>(cudaDeviceMask)) != 0) return cudaErrorInvalidValue;
    primary_context(current_device()).flags = flags;
    return cudaSuccess;
  });
}

cudaError_t cudaGetDeviceFlags(unsigned* flags) {
  return with_device([&] { return *flags = primary_context(current_device()).flags, cudaSuccess; });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* out, int ordinal) {
  return with_ordinal(ordinal, [&] {
    if (out == nullptr) return cudaErrorInvalidValue;
    *out = {};
    const DeviceModel& model = *device();
    std::snprintf(out->name, sizeof out->name, "%s", model.product.c_str());
    device_uuid(ordinal, out->uuid.bytes);
    out->major = model.major;
    out->minor = model.minor;
    fill_limits(model, out);
    fill_attributes(ordinal, out);
    return cudaSuccess;
  });
}

cudaError_t cudaChooseDevice(int* ordinal, const cudaDeviceProp*) {
  return with_device([&] { return *ordinal = 0, cudaSuccess; });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int ordinal) {
  return with_ordinal(ordinal, [&] {
    const auto known = device_attribute(ordinal, attribute);
    if (!known || value == nullptr) return cudaErrorInvalidValue;
    *value = *known;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetPCIBusId(char* out, int length, int ordinal) {
  return with_ordinal(ordinal, [&] {
    const std::string name = pci_bus_name(ordinal);
    if (out == nullptr || length <= static_cast<int>(name.size())) return cudaErrorInvalidValue;
    std::snprintf(out, static_cast<std::size_t>(length), "%s", name.c_str());
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetByPCIBusId(int* ordinal, const char* name) {
  return with_device([&] {
    const auto found = find_pci_bus(name);
    return found ? (*ordinal = *found, cudaSuccess) : cudaErrorInvalidDevice;
  });
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  return with_context([&] {
    if (least != nullptr) *least = kLowestPriority;
    if (greatest != nullptr) *greatest = kHighestPriority;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceCanAccessPeer(int* can, int ordinal, int peer) {
  return with_ordinal(ordinal, [&] {
    if (!valid_device(peer)) return cudaErrorInvalidDevice;
    *can = peers_can_access(ordinal, peer);
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned flags) {
  return with_context([&] { return flags != 0 ? cudaErrorInvalidValue : enable_peer(current_device(), peer); });
}

cudaError_t cudaDeviceDisablePeerAccess(int peer) {
  return with_context([&] { return disable_peer(current_device(), peer); });
}

cudaError_t cudaDeviceGetP2PAttribute(int* value, cudaDeviceP2PAttr attribute, int ordinal, int peer) {
  return with_device([&] { return peer_attribute(value, attribute, ordinal, peer); });
}

cudaError_t cudaDeviceSynchronize() {
  return with_context([] {
    const cudaError_t error = forbid_in_capture();
    if (error != cudaSuccess) return error;
    return then_trim_pools(told_wait(SynchronizationActivity::Kind::context, nullptr, nullptr,
                                     [] { return synchronize_device(current_device(), Captures::forbidden); }));
  });
}

cudaError_t cudaDeviceSetLimit(cudaLimit limit, std::size_t value) {
  return with_context([&] { return set_device_limit(current_device(), limit, value); });
}

cudaError_t cudaDeviceGetLimit(std::size_t* value, cudaLimit limit) {
  return with_context([&] { return get_device_limit(current_device(), limit, value); });
}

cudaError_t cudaDeviceSetCacheConfig(cudaFuncCache) {
  return with_context([] { return cudaSuccess; });
}

cudaError_t cudaDeviceGetCacheConfig(cudaFuncCache* out) {
  return with_context([&] { return *out = cudaFuncCachePreferNone, cudaSuccess; });
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = device() == nullptr ? 0 : kDriverVersion;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = kRuntimeVersion;
  return cudaSuccess;
}
