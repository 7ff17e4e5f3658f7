#include "virtual_gpu/core/peers.h"

#include <array>
#include <atomic>

#include "virtual_gpu/core/configuration.h"
#include "virtual_gpu/core/device.h"

namespace headroom::virtual_gpu {
namespace {

std::array<std::array<std::atomic<bool>, kMostDevices>, kMostDevices> enabled{};

std::atomic<bool>& cell(int device, int peer) {
  return enabled[static_cast<std::size_t>(device)][static_cast<std::size_t>(peer)];
}

bool data_centre() { return device()->product.find("GeForce") == std::string::npos; }

}  // namespace

bool peers_can_access(int device, int peer) { return device != peer && data_centre(); }

cudaError_t enable_peer(int device, int peer) {
  if (!valid_device(peer) || device == peer) return cudaErrorInvalidDevice;
  if (!peers_can_access(device, peer)) return cudaErrorPeerAccessUnsupported;
  return cell(device, peer).exchange(true) ? cudaErrorPeerAccessAlreadyEnabled : cudaSuccess;
}

cudaError_t disable_peer(int device, int peer) {
  if (!valid_device(peer)) return cudaErrorInvalidDevice;
  return cell(device, peer).exchange(false) ? cudaSuccess : cudaErrorPeerAccessNotEnabled;
}

bool peer_enabled(int device, int peer) { return cell(device, peer).load(std::memory_order_relaxed); }

cudaError_t peer_attribute(int* value, cudaDeviceP2PAttr attribute, int device, int peer) {
  if (value == nullptr) return cudaErrorInvalidValue;
  if (!valid_device(device) || !valid_device(peer) || device == peer) return cudaErrorInvalidDevice;
  switch (attribute) {
    case cudaDevP2PAttrPerformanceRank:
      return *value = 0, cudaSuccess;
    case cudaDevP2PAttrAccessSupported:
    case cudaDevP2PAttrNativeAtomicSupported:
    case cudaDevP2PAttrCudaArrayAccessSupported:
      return *value = peers_can_access(device, peer), cudaSuccess;
    default:
      return cudaErrorInvalidValue;
  }
}

}  // namespace headroom::virtual_gpu
