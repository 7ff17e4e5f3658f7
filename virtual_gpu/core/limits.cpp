#include "virtual_gpu/core/limits.h"

#include <array>
#include <atomic>

#include "virtual_gpu/core/configuration.h"

namespace headroom::virtual_gpu {
namespace {

constexpr int kLimits = 7;
constexpr std::array<std::size_t, kLimits> kDefaults{1024, 1 << 20, 8 << 20, 2, 2048, 128, 0};

std::array<std::array<std::atomic<std::size_t>, kLimits>, kMostDevices>& limits() {
  static auto& all = *[] {
    auto* made = new std::array<std::array<std::atomic<std::size_t>, kLimits>, kMostDevices>;
    for (auto& device : *made)
      for (std::size_t limit = 0; limit < kLimits; ++limit) device[limit] = kDefaults[limit];
    return made;
  }();
  return all;
}

std::atomic<std::size_t>* find(int device, int limit) {
  if (limit < 0 || limit >= kLimits) return nullptr;
  return &limits()[static_cast<std::size_t>(device)][static_cast<std::size_t>(limit)];
}

}  // namespace

cudaError_t set_device_limit(int device, int limit, std::size_t value) {
  auto* found = find(device, limit);
  if (found == nullptr) return cudaErrorUnsupportedLimit;
  *found = value;
  return cudaSuccess;
}

cudaError_t get_device_limit(int device, int limit, std::size_t* value) {
  const auto* found = find(device, limit);
  if (found == nullptr) return cudaErrorUnsupportedLimit;
  if (value == nullptr) return cudaErrorInvalidValue;
  *value = *found;
  return cudaSuccess;
}

}  // namespace headroom::virtual_gpu
