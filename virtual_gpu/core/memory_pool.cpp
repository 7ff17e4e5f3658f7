#include "virtual_gpu/core/memory_pool.h"

#include <algorithm>
#include <iterator>

#include "virtual_gpu/core/backing.h"
#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device_memory.h"
#include "virtual_gpu/core/physical_memory.h"

namespace headroom::virtual_gpu {
namespace {

std::uint64_t round_up(std::uint64_t bytes, std::uint64_t unit) { return (bytes + unit - 1) / unit * unit; }

}  // namespace

MemoryPool::MemoryPool(int device, std::uint64_t most_bytes, std::uint64_t threshold)
    : device_(device), most_bytes_(most_bytes), threshold_(threshold) {}

cudaError_t MemoryPool::allocate(std::uint64_t bytes, cudaStream_t stream, void** out) {
  *out = nullptr;
  if (bytes == 0) return cudaSuccess;
  if (bytes > physical_memory(device_).use().total_bytes) return cudaErrorMemoryAllocation;
  bytes = round_up(bytes, kPoolBlockBytes);
  std::uint64_t address = 0;
  {
    const std::lock_guard lock(mutex_);
    settle();
    if (!take_freed(bytes, stream, false, &address) && !take_best_idle(bytes, &address) &&
        !(grow(bytes) && take_best_idle(bytes, &address)) && !take_freed(bytes, stream, true, &address))
      return cudaErrorMemoryAllocation;
    blocks_[address] = bytes;
    use_.used += bytes;
    use_.used_high = std::max(use_.used_high, use_.used);
  }
  device_memory(device_).add({address, bytes, MemoryKind::pool, device_, this});
  *out = reinterpret_cast<void*>(address);
  return cudaSuccess;
}

cudaError_t MemoryPool::release(std::uint64_t address, const Moment& moment) {
  const std::lock_guard lock(mutex_);
  const auto found = blocks_.find(address);
  if (found == blocks_.end()) return cudaErrorInvalidValue;
  device_memory(device_).remove(address);
  forget_contents(address, found->second);
  use_.used -= found->second;
  if (due(moment))
    add_idle(address, found->second);
  else
    freed_[address] = {found->second, moment};
  blocks_.erase(found);
  if (destroyed_) trim_locked(0);
  return cudaSuccess;
}

void MemoryPool::settle() {
  for (auto it = freed_.begin(); it != freed_.end();) {
    if (!due(it->second.moment)) {
      ++it;
      continue;
    }
    add_idle(it->first, it->second.bytes);
    it = freed_.erase(it);
  }
}

std::map<std::uint64_t, MemoryPool::Chunk>::iterator MemoryPool::chunk_of(std::uint64_t address) {
  return std::prev(chunks_.upper_bound(address));
}

// Joins with idle neighbours of the same chunk.
void MemoryPool::add_idle(std::uint64_t address, std::uint64_t bytes) {
  const auto chunk = chunk_of(address);
  chunk->second.idle_bytes += bytes;
  const auto swallow = [&](std::map<std::uint64_t, std::uint64_t>::iterator it) {
    address = std::min(address, it->first);
    bytes += it->second;
    idle_by_size_.erase({it->second, it->first});
    idle_.erase(it);
  };
  if (const auto next = idle_.find(address + bytes); next != idle_.end() && chunk_of(next->first) == chunk)
    swallow(next);
  if (auto before = idle_.lower_bound(address); before != idle_.begin()) {
    --before;
    if (before->first + before->second == address && chunk_of(before->first) == chunk) swallow(before);
  }
  idle_[address] = bytes;
  idle_by_size_.insert({bytes, address});
}

bool MemoryPool::take_best_idle(std::uint64_t bytes, std::uint64_t* address) {
  const auto best = idle_by_size_.lower_bound({bytes, 0});
  if (best == idle_by_size_.end()) return false;
  const auto [size, at] = *best;
  idle_by_size_.erase(best);
  idle_.erase(at);
  chunk_of(at)->second.idle_bytes -= size;
  if (size > bytes) add_idle(at + bytes, size - bytes);
  *address = at;
  return true;
}

// The smallest freed block that the stream may have; what is left of it stays freed.
bool MemoryPool::take_freed(std::uint64_t bytes, cudaStream_t stream, bool any_stream, std::uint64_t* address) {
  auto best = freed_.end();
  for (auto it = freed_.begin(); it != freed_.end(); ++it)
    if (it->second.bytes >= bytes && (best == freed_.end() || it->second.bytes < best->second.bytes) &&
        (any_stream || ordered_after(stream, it->second.moment)))
      best = it;
  if (best == freed_.end()) return false;
  *address = best->first;
  const Freed rest{best->second.bytes - bytes, best->second.moment};
  freed_.erase(best);
  if (rest.bytes > 0) freed_[*address + bytes] = rest;
  return true;
}

bool MemoryPool::grow(std::uint64_t bytes) {
  bytes = round_up(bytes, kPoolChunkBytes);
  if (most_bytes_ != 0 && use_.reserved + bytes > most_bytes_) return false;
  if (!physical_memory(device_).take(bytes)) {
    trim_locked(0);
    if (!physical_memory(device_).take(bytes)) return false;
  }
  const auto address = device_memory(device_).take_addresses(bytes, 0, 0);
  if (!address) return physical_memory(device_).give_back(bytes), false;
  chunks_[*address] = {bytes, 0};
  add_idle(*address, bytes);
  use_.reserved += bytes;
  use_.reserved_high = std::max(use_.reserved_high, use_.reserved);
  return true;
}

void MemoryPool::trim_to(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  trim_locked(bytes);
}

void MemoryPool::trim_locked(std::uint64_t bytes) {
  settle();
  for (auto chunk = chunks_.begin(); chunk != chunks_.end() && use_.reserved > bytes;) {
    const auto [address, facts] = *chunk;
    if (facts.idle_bytes != facts.bytes) {
      ++chunk;
      continue;
    }
    idle_.erase(address);
    idle_by_size_.erase({facts.bytes, address});
    chunk = chunks_.erase(chunk);
    use_.reserved -= facts.bytes;
    physical_memory(device_).give_back(facts.bytes);
    device_memory(device_).give_back_addresses(address, facts.bytes);
  }
}

void MemoryPool::give_back_idle() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (lock) trim_locked(0);
}

void MemoryPool::set_access(int device, cudaMemAccessFlags flags) {
  const std::lock_guard lock(mutex_);
  access_[device] = flags;
}

cudaMemAccessFlags MemoryPool::access(int device) const {
  if (device == device_) return cudaMemAccessFlagsProtReadWrite;
  const std::lock_guard lock(mutex_);
  const auto found = access_.find(device);
  return found == access_.end() ? cudaMemAccessFlagsProtNone : found->second;
}

PoolUse MemoryPool::use() const {
  const std::lock_guard lock(mutex_);
  return use_;
}

void MemoryPool::reset_used_high() {
  const std::lock_guard lock(mutex_);
  use_.used_high = use_.used;
}

void MemoryPool::reset_reserved_high() {
  const std::lock_guard lock(mutex_);
  use_.reserved_high = use_.reserved;
}

std::uint64_t MemoryPool::threshold() const {
  const std::lock_guard lock(mutex_);
  return threshold_;
}

void MemoryPool::set_threshold(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  threshold_ = bytes;
}

void MemoryPool::destroy() {
  const std::lock_guard lock(mutex_);
  destroyed_ = true;
  trim_locked(0);
}

}  // namespace headroom::virtual_gpu
