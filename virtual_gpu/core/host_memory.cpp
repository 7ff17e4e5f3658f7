#include "virtual_gpu/core/host_memory.h"

#include <sys/mman.h>

#include <cstdint>
#include <iterator>
#include <map>
#include <mutex>

namespace headroom::virtual_gpu {
namespace {

struct Range {
  std::size_t bytes = 0;
  bool owned = false;
};

struct Ranges {
  std::mutex mutex;
  std::map<std::uintptr_t, Range> by_address;

  bool overlaps(std::uintptr_t address, std::size_t bytes) const {
    const auto next = by_address.lower_bound(address + bytes);
    return next != by_address.begin() && std::prev(next)->first + std::prev(next)->second.bytes > address;
  }
};

Ranges& ranges() {
  static Ranges& singleton = *new Ranges;
  return singleton;
}

}  // namespace

cudaError_t host_allocate(std::size_t bytes, void** out) {
  if (bytes == 0) return *out = nullptr, cudaSuccess;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return cudaErrorMemoryAllocation;
  const std::lock_guard lock(ranges().mutex);
  ranges().by_address[reinterpret_cast<std::uintptr_t>(memory)] = {bytes, true};
  *out = memory;
  return cudaSuccess;
}

cudaError_t host_free(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  const std::lock_guard lock(ranges().mutex);
  const auto found = ranges().by_address.find(reinterpret_cast<std::uintptr_t>(pointer));
  if (found == ranges().by_address.end() || !found->second.owned) return cudaErrorInvalidValue;
  munmap(pointer, found->second.bytes);
  ranges().by_address.erase(found);
  return cudaSuccess;
}

cudaError_t host_register(void* pointer, std::size_t bytes) {
  if (pointer == nullptr || bytes == 0) return cudaErrorInvalidValue;
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  const std::lock_guard lock(ranges().mutex);
  if (ranges().overlaps(address, bytes)) return cudaErrorHostMemoryAlreadyRegistered;
  ranges().by_address[address] = {bytes, false};
  return cudaSuccess;
}

cudaError_t host_unregister(void* pointer) {
  const std::lock_guard lock(ranges().mutex);
  const auto found = ranges().by_address.find(reinterpret_cast<std::uintptr_t>(pointer));
  if (found == ranges().by_address.end() || found->second.owned) return cudaErrorHostMemoryNotRegistered;
  ranges().by_address.erase(found);
  return cudaSuccess;
}

bool host_pinned(const void* pointer) {
  const std::lock_guard lock(ranges().mutex);
  return ranges().overlaps(reinterpret_cast<std::uintptr_t>(pointer), 1);
}

}  // namespace headroom::virtual_gpu
