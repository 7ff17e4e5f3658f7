#include "virtual_gpu/core/host_memory.h"

#include <sys/mman.h>

#include <iterator>
#include <map>
#include <mutex>

#include "virtual_gpu/core/address_map.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/telling.h"

namespace headroom::virtual_gpu {
namespace {

constexpr unsigned kAllocationFlags = cudaHostAllocPortable | cudaHostAllocMapped | cudaHostAllocWriteCombined;
constexpr unsigned kRegistrationFlags =
    cudaHostRegisterPortable | cudaHostRegisterMapped | cudaHostRegisterIoMemory | cudaHostRegisterReadOnly;

struct Ranges {
  std::mutex mutex;
  std::map<std::uint64_t, PinnedRange> by_address;

  // The last range that begins before `end`, if it reaches beyond `begin`.
  const PinnedRange* overlapping(std::uint64_t begin, std::uint64_t end) const {
    const auto next = by_address.lower_bound(end);
    if (next == by_address.begin()) return nullptr;
    const PinnedRange& range = std::prev(next)->second;
    return range.base + range.bytes > begin ? &range : nullptr;
  }
};

Ranges& ranges() {
  static Ranges& singleton = *new Ranges;
  return singleton;
}

}  // namespace

cudaError_t host_allocate(std::size_t bytes, unsigned flags, void** out) {
  if ((flags & ~kAllocationFlags) != 0) return cudaErrorInvalidValue;
  *out = nullptr;
  if (bytes == 0) return cudaSuccess;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return cudaErrorMemoryAllocation;
  {
    const std::lock_guard lock(ranges().mutex);
    ranges().by_address[address_of(memory)] = {address_of(memory), bytes, true, flags, current_device()};
  }
  *out = memory;
  tell_pinned(address_of(memory), bytes, current_device(), MemoryChange::allocated, told_ns());
  return cudaSuccess;
}

cudaError_t host_free(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  const std::uint64_t time_ns = told_ns();
  PinnedRange range;
  {
    const std::lock_guard lock(ranges().mutex);
    const auto found = ranges().by_address.find(address_of(pointer));
    if (found == ranges().by_address.end() || !found->second.owned) return cudaErrorInvalidValue;
    range = found->second;
    munmap(pointer, range.bytes);
    ranges().by_address.erase(found);
  }
  tell_pinned(range.base, range.bytes, range.device, MemoryChange::released, time_ns);
  return cudaSuccess;
}

cudaError_t host_register(void* pointer, std::size_t bytes, unsigned flags) {
  const std::uint64_t address = address_of(pointer);
  if (pointer == nullptr || bytes == 0 || address + bytes < address || (flags & ~kRegistrationFlags) != 0 ||
      device_of_address(pointer))
    return cudaErrorInvalidValue;
  const std::lock_guard lock(ranges().mutex);
  if (ranges().overlapping(address, address + bytes) != nullptr) return cudaErrorHostMemoryAlreadyRegistered;
  ranges().by_address[address] = {address, bytes, false, flags, current_device()};
  return cudaSuccess;
}

cudaError_t host_unregister(void* pointer) {
  if (pointer == nullptr) return cudaErrorInvalidValue;
  const std::lock_guard lock(ranges().mutex);
  const auto found = ranges().by_address.find(address_of(pointer));
  if (found == ranges().by_address.end() || found->second.owned) return cudaErrorHostMemoryNotRegistered;
  ranges().by_address.erase(found);
  return cudaSuccess;
}

std::optional<PinnedRange> find_pinned(const void* pointer) {
  const std::lock_guard lock(ranges().mutex);
  const PinnedRange* found = ranges().overlapping(address_of(pointer), address_of(pointer) + 1);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

bool host_pinned(const void* pointer) { return find_pinned(pointer).has_value(); }

}  // namespace headroom::virtual_gpu
