#include "virtual_gpu/core/device_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include "virtual_gpu/core/configuration.h"
#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device.h"

namespace headroom::virtual_gpu {
namespace {

constexpr std::uint64_t kBaseAddress = 0x200000000000, kAddressBytes = 16ull << 40;

std::uint64_t pages(std::uint64_t bytes) { return (bytes + kGranuleBytes - 1) / kGranuleBytes * kGranuleBytes; }

std::uint64_t address_of(const void* pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

void reserve_host_range() {
  void* got = mmap(reinterpret_cast<void*>(kBaseAddress), kAddressBytes, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (got != MAP_FAILED) return;
  std::perror(
      "headroom: cannot reserve the virtual GPU's address range (16 TiB at 0x200000000000; is `ulimit -v` set?)");
  std::abort();
}

}  // namespace

DeviceMemory& device_memory() {
  static DeviceMemory& memory = []() -> DeviceMemory& {
    reserve_host_range();
    assume("the CUDA context and its loaded modules are counted as 0 bytes: a real card has less memory to give");
    return *new DeviceMemory(static_cast<std::uint64_t>(device()->total_bytes), configuration().order);
  }();
  return memory;
}

DeviceMemory::DeviceMemory(std::uint64_t total_bytes, AddressOrder order)
    : use_{.total_bytes = total_bytes}, addresses_(kBaseAddress, kAddressBytes, order) {}

bool DeviceMemory::take_pages(std::uint64_t bytes) {
  if (bytes > use_.total_bytes - use_.used_bytes) return false;
  use_.used_bytes += bytes;
  use_.peak_bytes = std::max(use_.peak_bytes, use_.used_bytes);
  return true;
}

cudaError_t DeviceMemory::allocate(std::uint64_t bytes, MemoryKind kind, void** out) {
  if (bytes == 0) return *out = nullptr, cudaSuccess;
  const std::lock_guard lock(mutex_);
  if (bytes > use_.total_bytes || !take_pages(pages(bytes))) return cudaErrorMemoryAllocation;
  const auto address = addresses_.take(pages(bytes));
  if (!address) return use_.used_bytes -= pages(bytes), cudaErrorMemoryAllocation;
  regions_[*address] = {*address, bytes, kind};
  *out = reinterpret_cast<void*>(*address);
  return cudaSuccess;
}

cudaError_t DeviceMemory::release(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  const std::lock_guard lock(mutex_);
  const auto found = regions_.find(address_of(pointer));
  if (found == regions_.end() || found->second.kind == MemoryKind::reserved) return cudaErrorInvalidValue;
  use_.used_bytes -= pages(found->second.bytes);
  addresses_.give_back(found->first, pages(found->second.bytes));
  regions_.erase(found);
  return cudaSuccess;
}

cudaError_t DeviceMemory::reserve(std::uint64_t bytes, std::uint64_t* address) {
  if (bytes == 0 || bytes % kGranuleBytes != 0) return cudaErrorInvalidValue;
  const std::lock_guard lock(mutex_);
  const auto taken = bytes <= kAddressBytes ? addresses_.take(bytes) : std::nullopt;
  if (!taken) return cudaErrorMemoryAllocation;
  regions_[*taken] = {*taken, bytes, MemoryKind::reserved};
  *address = *taken;
  return cudaSuccess;
}

cudaError_t DeviceMemory::free_reservation(std::uint64_t address, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = regions_.find(address);
  if (found == regions_.end() || found->second.kind != MemoryKind::reserved || found->second.bytes != bytes)
    return cudaErrorInvalidValue;
  const auto mapping = mappings_.lower_bound(address);
  if (mapping != mappings_.end() && mapping->first < address + bytes) return cudaErrorInvalidValue;
  addresses_.give_back(address, bytes);
  regions_.erase(found);
  return cudaSuccess;
}

cudaError_t DeviceMemory::create_physical(std::uint64_t bytes, std::uint64_t* handle) {
  if (bytes == 0 || bytes % kGranuleBytes != 0) return cudaErrorInvalidValue;
  const std::lock_guard lock(mutex_);
  if (!take_pages(bytes)) return cudaErrorMemoryAllocation;
  *handle = next_handle_++;
  physical_[*handle] = {bytes, 1, 0};
  return cudaSuccess;
}

cudaError_t DeviceMemory::retain_physical(std::uint64_t address, std::uint64_t* handle) {
  const std::lock_guard lock(mutex_);
  const auto mapping = mappings_.find(address);
  if (mapping == mappings_.end()) return cudaErrorInvalidValue;
  *handle = mapping->second.handle;
  ++physical_[*handle].references;
  return cudaSuccess;
}

void DeviceMemory::drop_if_unused(std::uint64_t handle) {
  const auto found = physical_.find(handle);
  if (found->second.references > 0 || found->second.mappings > 0) return;
  use_.used_bytes -= found->second.bytes;
  physical_.erase(found);
}

cudaError_t DeviceMemory::release_physical(std::uint64_t handle) {
  const std::lock_guard lock(mutex_);
  const auto found = physical_.find(handle);
  if (found == physical_.end() || found->second.references == 0) return cudaErrorInvalidValue;
  --found->second.references;
  drop_if_unused(handle);
  return cudaSuccess;
}

cudaError_t DeviceMemory::map(std::uint64_t address, std::uint64_t bytes, std::uint64_t handle) {
  const std::lock_guard lock(mutex_);
  const auto block = physical_.find(handle);
  const auto around = find_region(address);
  if (block == physical_.end() || block->second.bytes != bytes || around == regions_.end() ||
      around->second.kind != MemoryKind::reserved || address + bytes > around->first + around->second.bytes)
    return cudaErrorInvalidValue;
  const auto next = mappings_.lower_bound(address);
  if (next != mappings_.end() && next->first < address + bytes) return cudaErrorAlreadyMapped;
  if (next != mappings_.begin() && std::prev(next)->first + std::prev(next)->second.bytes > address)
    return cudaErrorAlreadyMapped;
  mappings_[address] = {bytes, handle};
  ++block->second.mappings;
  return cudaSuccess;
}

cudaError_t DeviceMemory::unmap(std::uint64_t address, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  std::uint64_t at = address;
  for (auto it = mappings_.find(at); at < address + bytes; it = mappings_.find(at)) {
    if (it == mappings_.end()) return cudaErrorInvalidValue;
    at += it->second.bytes;
  }
  if (at != address + bytes) return cudaErrorInvalidValue;
  for (auto it = mappings_.find(address); it != mappings_.end() && it->first < address + bytes;) {
    const std::uint64_t handle = it->second.handle;
    it = mappings_.erase(it);
    --physical_[handle].mappings;
    drop_if_unused(handle);
  }
  return cudaSuccess;
}

bool DeviceMemory::mapped(std::uint64_t address, std::uint64_t bytes) const {
  const std::lock_guard lock(mutex_);
  std::uint64_t at = address;
  for (auto it = mappings_.find(at); at < address + bytes; it = mappings_.find(at)) {
    if (it == mappings_.end()) return false;
    at += it->second.bytes;
  }
  return true;
}

std::map<std::uint64_t, Region>::const_iterator DeviceMemory::find_region(std::uint64_t address) const {
  auto it = regions_.upper_bound(address);
  if (it == regions_.begin()) return regions_.end();
  --it;
  return address < it->first + it->second.bytes ? it : regions_.end();
}

bool DeviceMemory::contains(const void* pointer) const { return address_of(pointer) - kBaseAddress < kAddressBytes; }

std::optional<Region> DeviceMemory::region(const void* pointer) const {
  const std::uint64_t address = address_of(pointer);
  const std::lock_guard lock(mutex_);
  const auto found = find_region(address);
  if (found == regions_.end()) return std::nullopt;
  if (found->second.kind != MemoryKind::reserved) return found->second;
  auto mapping = mappings_.upper_bound(address);
  if (mapping == mappings_.begin() || address >= std::prev(mapping)->first + std::prev(mapping)->second.bytes)
    return std::nullopt;
  --mapping;
  return Region{mapping->first, mapping->second.bytes, MemoryKind::reserved};
}

MemoryUse DeviceMemory::use() const {
  const std::lock_guard lock(mutex_);
  return use_;
}

}  // namespace headroom::virtual_gpu
