#include "virtual_gpu/core/device_memory.h"

#include <deque>
#include <iterator>
#include <vector>

#include "virtual_gpu/core/address_map.h"
#include "virtual_gpu/core/backing.h"
#include "virtual_gpu/core/configuration.h"
#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/physical_memory.h"
#include "virtual_gpu/core/telling.h"

namespace headroom::virtual_gpu {
namespace {

std::deque<DeviceMemory>& all() {
  static auto& memories = *[] {
    reserve_address_ranges();
    auto* made = new std::deque<DeviceMemory>;
    for (int device = 0; device < device_count(); ++device) made->emplace_back(device);
    return made;
  }();
  return memories;
}

}  // namespace

DeviceMemory& device_memory(int device) { return all()[static_cast<std::size_t>(device)]; }

DeviceMemory::DeviceMemory(int device)
    : device_(device),
      addresses_(device_range(device).base, device_range(device).bytes, configuration().order,
                 configuration().order_seed + static_cast<std::uint64_t>(device)) {}

cudaError_t DeviceMemory::allocate(std::uint64_t bytes, MemoryKind kind, void** out) {
  *out = nullptr;
  if (bytes == 0) return cudaSuccess;
  std::uint64_t address = 0;
  if (const cudaError_t error = take(bytes, kind, &address)) return error;
  *out = reinterpret_cast<void*>(address);
  tell_memory({address, bytes, kind, device_}, MemoryChange::allocated, told_ns());
  return cudaSuccess;
}

cudaError_t DeviceMemory::take(std::uint64_t bytes, MemoryKind kind, std::uint64_t* out) {
  const bool managed = kind == MemoryKind::managed;
  if (bytes > device_range(device_).bytes) return cudaErrorMemoryAllocation;
  std::uint64_t physical_bytes = whole_granules(bytes);
  if (!physical_memory(device_).take(physical_bytes)) {
    if (!managed) return cudaErrorMemoryAllocation;
    assume("managed memory that did not fit on the device is counted as evicted to the host");
    physical_bytes = 0;
  }
  const std::lock_guard lock(mutex_);
  const auto address = addresses_.take(whole_granules(bytes));
  if (!address) return physical_memory(device_).give_back(physical_bytes), cudaErrorMemoryAllocation;
  if (managed) open_to_host(*address, whole_granules(bytes));
  allocations_[*address] = {{*address, bytes, kind, device_}, physical_bytes};
  *out = *address;
  return cudaSuccess;
}

cudaError_t DeviceMemory::release(std::uint64_t address) {
  const std::uint64_t time_ns = told_ns();
  Region region;
  {
    const std::lock_guard lock(mutex_);
    const auto found = allocations_.find(address);
    if (found == allocations_.end() || found->second.region.kind == MemoryKind::pool) return cudaErrorInvalidValue;
    region = found->second.region;
    drop(found);
  }
  tell_memory(region, MemoryChange::released, time_ns);
  return cudaSuccess;
}

void DeviceMemory::release_all() {
  const std::uint64_t time_ns = told_ns();
  std::vector<Region> released;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = allocations_.begin(); it != allocations_.end();) {
      const auto next = std::next(it);
      if (it->second.region.kind != MemoryKind::pool) {
        released.push_back(it->second.region);
        drop(it);
      }
      it = next;
    }
  }
  for (const Region& region : released) tell_memory(region, MemoryChange::released, time_ns);
}

void DeviceMemory::drop(std::map<std::uint64_t, Allocation>::iterator found) {
  const auto& [region, physical_bytes] = found->second;
  const std::uint64_t bytes = whole_granules(region.bytes);
  if (region.kind == MemoryKind::managed) close_to_host(region.base, bytes);
  forget_contents(region.base, bytes);
  physical_memory(device_).give_back(physical_bytes);
  addresses_.give_back(region.base, bytes);
  allocations_.erase(found);
}

std::optional<Region> DeviceMemory::find(std::uint64_t address) const {
  const std::lock_guard lock(mutex_);
  auto it = allocations_.upper_bound(address);
  if (it == allocations_.begin()) return std::nullopt;
  const Region& region = std::prev(it)->second.region;
  return address < region.end() ? std::optional(region) : std::nullopt;
}

void DeviceMemory::add(const Region& region) {
  const std::lock_guard lock(mutex_);
  allocations_[region.base] = {region, 0};
}

void DeviceMemory::remove(std::uint64_t base) {
  const std::lock_guard lock(mutex_);
  allocations_.erase(base);
}

std::optional<std::uint64_t> DeviceMemory::take_addresses(std::uint64_t bytes, std::uint64_t alignment,
                                                          std::uint64_t wish) {
  if (bytes > device_range(device_).bytes) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (wish != 0)
    if (const auto taken = addresses_.take_at(wish, bytes)) return taken;
  return addresses_.take_aligned(bytes, std::max(alignment, kChunkBytes));
}

void DeviceMemory::give_back_addresses(std::uint64_t address, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  addresses_.give_back_chunks(address, bytes);
}

}  // namespace headroom::virtual_gpu
