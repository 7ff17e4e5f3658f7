#include "virtual_gpu/core/virtual_memory.h"

#include <bit>
#include <iterator>

#include "virtual_gpu/core/address_map.h"
#include "virtual_gpu/core/backing.h"
#include "virtual_gpu/core/device_memory.h"
#include "virtual_gpu/core/physical_memory.h"

namespace headroom::virtual_gpu {
namespace {

bool granules(std::uint64_t bytes) { return bytes != 0 && bytes % kGranuleBytes == 0; }

}  // namespace

VirtualMemory& virtual_memory() {
  static VirtualMemory& singleton = *new VirtualMemory;
  return singleton;
}

cudaError_t VirtualMemory::reserve(int device, std::uint64_t bytes, std::uint64_t alignment, std::uint64_t wish,
                                   std::uint64_t* out) {
  if (!granules(bytes) || (alignment != 0 && !std::has_single_bit(alignment))) return cudaErrorInvalidValue;
  const auto wished_device = wish == 0 ? std::nullopt : device_of_address(wish);
  const auto taken = device_memory(wished_device.value_or(device)).take_addresses(bytes, alignment, wish);
  if (!taken) return cudaErrorMemoryAllocation;
  const std::lock_guard lock(mutex_);
  reservations_[*taken] = bytes;
  *out = *taken;
  return cudaSuccess;
}

cudaError_t VirtualMemory::free_reservation(std::uint64_t address, std::uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = reservations_.find(address);
    if (found == reservations_.end() || found->second != bytes) return cudaErrorInvalidValue;
    const auto mapping = mappings_.lower_bound(address);
    if (mapping != mappings_.end() && mapping->first < address + bytes) return cudaErrorInvalidValue;
    reservations_.erase(found);
  }
  device_memory(*device_of_address(address)).give_back_addresses(address, bytes);
  return cudaSuccess;
}

cudaError_t VirtualMemory::create(int device, std::uint64_t bytes, unsigned handle_types, std::uint64_t* handle) {
  if (!granules(bytes)) return cudaErrorInvalidValue;
  if (!physical_memory(device).take(bytes)) return cudaErrorMemoryAllocation;
  const std::lock_guard lock(mutex_);
  *handle = next_handle_++;
  blocks_[*handle] = {bytes, device, handle_types, 1, 0};
  return cudaSuccess;
}

cudaError_t VirtualMemory::retain(std::uint64_t handle) {
  const std::lock_guard lock(mutex_);
  const auto found = blocks_.find(handle);
  if (found == blocks_.end()) return cudaErrorInvalidValue;
  ++found->second.references;
  return cudaSuccess;
}

void VirtualMemory::drop_if_unused(std::uint64_t handle) {
  const auto found = blocks_.find(handle);
  if (found->second.references > 0 || found->second.mappings > 0) return;
  physical_memory(found->second.device).give_back(found->second.bytes);
  blocks_.erase(found);
}

cudaError_t VirtualMemory::release(std::uint64_t handle) {
  const std::lock_guard lock(mutex_);
  const auto found = blocks_.find(handle);
  if (found == blocks_.end() || found->second.references == 0) return cudaErrorInvalidValue;
  --found->second.references;
  drop_if_unused(handle);
  return cudaSuccess;
}

std::optional<PhysicalBlock> VirtualMemory::block(std::uint64_t handle) const {
  const std::lock_guard lock(mutex_);
  const auto found = blocks_.find(handle);
  return found == blocks_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint64_t> VirtualMemory::handle_at(std::uint64_t address) const {
  const std::lock_guard lock(mutex_);
  const auto found = around(address);
  return found == mappings_.end() ? std::nullopt : std::optional(found->second.handle);
}

cudaError_t VirtualMemory::map(std::uint64_t address, std::uint64_t bytes, std::uint64_t handle) {
  const std::lock_guard lock(mutex_);
  const auto block = blocks_.find(handle);
  auto reservation = reservations_.upper_bound(address);
  if (block == blocks_.end() || !granules(bytes) || block->second.bytes < bytes || address % kGranuleBytes != 0 ||
      reservation == reservations_.begin())
    return cudaErrorInvalidValue;
  --reservation;
  if (address + bytes > reservation->first + reservation->second) return cudaErrorInvalidValue;
  const auto next = mappings_.lower_bound(address);
  if (next != mappings_.end() && next->first < address + bytes) return cudaErrorAlreadyMapped;
  if (around(address) != mappings_.end()) return cudaErrorAlreadyMapped;
  mappings_[address] = {bytes, handle, {}};
  ++block->second.mappings;
  return cudaSuccess;
}

cudaError_t VirtualMemory::unmap(std::uint64_t address, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (mappings_.find(address) == mappings_.end() || !covered(address, bytes)) return cudaErrorInvalidValue;
  if (const auto last = around(address + bytes - 1); last->first + last->second.bytes != address + bytes)
    return cudaErrorInvalidValue;
  for (auto it = mappings_.find(address); it != mappings_.end() && it->first < address + bytes;) {
    const std::uint64_t handle = it->second.handle;
    it = mappings_.erase(it);
    --blocks_[handle].mappings;
    drop_if_unused(handle);
  }
  forget_contents(address, bytes);
  return cudaSuccess;
}

bool VirtualMemory::covered(std::uint64_t address, std::uint64_t bytes) const {
  if (address + bytes < address) return false;
  for (std::uint64_t at = address; at < address + bytes;) {
    const auto mapping = around(at);
    if (mapping == mappings_.end()) return false;
    at = mapping->first + mapping->second.bytes;
  }
  return bytes != 0;
}

cudaError_t VirtualMemory::set_access(std::uint64_t address, std::uint64_t bytes, int device, unsigned protection) {
  const std::lock_guard lock(mutex_);
  if (!covered(address, bytes)) return cudaErrorInvalidValue;
  for (auto it = mappings_.lower_bound(around(address)->first); it != mappings_.end() && it->first < address + bytes;
       ++it)
    it->second.protection[device] = protection;
  return cudaSuccess;
}

std::optional<unsigned> VirtualMemory::access(std::uint64_t address, int device) const {
  const std::lock_guard lock(mutex_);
  const auto mapping = around(address);
  if (mapping == mappings_.end()) return std::nullopt;
  const auto found = mapping->second.protection.find(device);
  return found == mapping->second.protection.end() ? 0 : found->second;
}

VirtualMemory::Mappings::const_iterator VirtualMemory::around(std::uint64_t address) const {
  auto it = mappings_.upper_bound(address);
  if (it == mappings_.begin()) return mappings_.end();
  --it;
  return address < it->first + it->second.bytes ? it : mappings_.end();
}

std::optional<Region> VirtualMemory::find(std::uint64_t address) const {
  const std::lock_guard lock(mutex_);
  const auto found = around(address);
  if (found == mappings_.end()) return std::nullopt;
  return Region{found->first, found->second.bytes, MemoryKind::mapped, blocks_.at(found->second.handle).device};
}

}  // namespace headroom::virtual_gpu
