// The pools of each device, and the calls that use them.
#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include "virtual_gpu/core/address_map.h"
#include "virtual_gpu/core/configuration.h"
#include "virtual_gpu/core/counters.h"
#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/device_memory.h"
#include "virtual_gpu/core/memory_pool.h"
#include "virtual_gpu/core/peers.h"
#include "virtual_gpu/core/physical_memory.h"
#include "virtual_gpu/core/streams.h"
#include "virtual_gpu/core/telling.h"

namespace headroom::virtual_gpu {
namespace {

struct DevicePools {
  explicit DevicePools(int device) : usual(device, 0, 0), graphs(device, 0, ~0ull), current(&usual) {}
  MemoryPool usual, graphs;
  std::atomic<MemoryPool*> current;
};

struct Pools {
  std::deque<DevicePools> by_device;
  std::mutex mutex;
  std::vector<MemoryPool*> created;
  std::deque<std::unique_ptr<MemoryPool>> destroyed;  // blocks, and other threads for a moment, may outlive a pool
  std::atomic<bool> used{false};
};

void reclaim();

Pools& pools() {
  static Pools& singleton = *[] {
    auto* made = new Pools;
    for (int device = 0; device < device_count(); ++device) {
      made->by_device.emplace_back(device);
      physical_memory(device).on_shortage(reclaim);
    }
    return made;
  }();
  return singleton;
}

DevicePools& of(int device) { return pools().by_device[static_cast<std::size_t>(device)]; }

// All but the graphs'. A growing pool may be what asks, so no lock is held here while a pool takes its own.
std::vector<MemoryPool*> usual_pools() {
  std::vector<MemoryPool*> found;
  for (DevicePools& device : pools().by_device) found.push_back(&device.usual);
  const std::lock_guard lock(pools().mutex);
  found.insert(found.end(), pools().created.begin(), pools().created.end());
  return found;
}

void reclaim() {
  for (MemoryPool* pool : usual_pools()) pool->give_back_idle();
}

// The listener is told at each launch.
cudaError_t allocate_for_graph(MemoryPool& pool, std::uint64_t bytes, cudaStream_t stream, void** out) {
  const auto taken = std::make_shared<Region>();
  if (const cudaError_t error = submit(stream, {.kind = WorkKind::allocate, .facts = facts_for(stream, taken)}))
    return error;
  const cudaError_t status = pool.allocate(bytes, stream, out);
  if (status == cudaSuccess) *taken = *find_region(*out);
  return status;
}

cudaError_t release_on_stream(const Region& region, cudaStream_t stream) {
  const std::uint64_t time_ns = told_ns();
  const cudaError_t status = region.pool->release(region.base, moment_of(stream));
  if (status == cudaSuccess) tell_stream_memory(region, MemoryChange::released, stream, time_ns);
  return status;
}

bool first_use() { return !pools().used.load(std::memory_order_relaxed) && !pools().used.exchange(true); }

}  // namespace

MemoryPool& default_pool(int device) { return of(device).usual; }
MemoryPool& graph_pool(int device) { return of(device).graphs; }
MemoryPool& current_pool(int device) { return *of(device).current.load(); }
void set_current_pool(int device, MemoryPool* pool) { of(device).current = pool; }

MemoryPool* create_pool(int device, std::uint64_t most_bytes) {
  auto* pool = new MemoryPool(device, most_bytes, 0);
  {
    const std::lock_guard lock(pools().mutex);
    pools().created.push_back(pool);
  }
  tell_pool(*pool, PoolActivity::Operation::created);
  return pool;
}

bool known_pool(const MemoryPool* pool) {
  for (const DevicePools& device : pools().by_device)
    if (pool == &device.usual) return true;
  const std::lock_guard lock(pools().mutex);
  return std::ranges::find(pools().created, pool) != pools().created.end();
}

cudaError_t destroy_pool(MemoryPool* pool) {
  constexpr std::size_t kept = 256;
  {
    const std::lock_guard lock(pools().mutex);
    if (std::erase(pools().created, pool) == 0) return cudaErrorInvalidValue;
  }
  for (DevicePools& device : pools().by_device)
    if (device.current == pool) device.current = &device.usual;
  tell_pool(*pool, PoolActivity::Operation::destroyed);
  pool->destroy();
  const std::lock_guard lock(pools().mutex);
  pools().destroyed.emplace_back(pool);
  if (pools().destroyed.size() > kept && pools().destroyed.front()->use().used == 0) pools().destroyed.pop_front();
  return cudaSuccess;
}

cudaError_t allocate_from_pool(MemoryPool& pool, std::uint64_t bytes, cudaStream_t stream, void** out) {
  if (out == nullptr || bytes == 0) return cudaErrorInvalidValue;
  if (const cudaError_t error = check_stream(stream)) return error;
  if (first_use())
    assume(
        "memory pools take device memory in chunks of 32 MiB and hand out blocks of multiples of 512 bytes: how "
        "NVIDIA's driver cuts them is not published");
  if (capturing(stream)) return allocate_for_graph(graph_pool(pool.device()), bytes, stream, out);
  const cudaError_t status = pool.allocate(bytes, stream, out);
  if (status == cudaSuccess && activity_listener() != nullptr)
    tell_stream_memory(*find_region(*out), MemoryChange::allocated, stream, wall_ns());
  return status;
}

cudaError_t free_on_stream(void* pointer, cudaStream_t stream) {
  if (pointer == nullptr) return cudaErrorInvalidValue;
  const auto region = find_region(pointer);
  if (!region || region->base != address_of(pointer)) return cudaErrorInvalidValue;
  if (capturing(stream)) {
    if (region->pool == nullptr || region->pool != &graph_pool(region->device)) return cudaErrorInvalidValue;
    const auto freed = std::make_shared<Region>(*region);
    if (const cudaError_t error = submit(stream, {.kind = WorkKind::free, .facts = facts_for(stream, freed)}))
      return error;
    return region->pool->release(region->base, moment_of(stream));
  }
  if (region->pool != nullptr) return release_on_stream(*region, stream);
  if (region->kind != MemoryKind::device) return cudaErrorInvalidValue;
  synchronize_stream(stream);
  return device_memory(region->device).release(region->base);
}

cudaError_t free_now(void* pointer) {
  if (pointer == nullptr) return cudaSuccess;
  if (const cudaError_t error = forbid_in_capture()) return error;
  const auto region = find_region(pointer);
  if (!region || region->base != address_of(pointer) || region->kind == MemoryKind::mapped)
    return cudaErrorInvalidValue;
  if (const cudaError_t error = synchronize_device(region->device)) return error;
  if (region->pool != nullptr) {
    const std::uint64_t time_ns = told_ns();
    const cudaError_t status = region->pool->release(region->base, Moment{});
    if (status == cudaSuccess) tell_memory(*region, MemoryChange::released, time_ns);
    return status;
  }
  return device_memory(region->device).release(region->base);
}

void trim_pool(MemoryPool& pool, std::uint64_t bytes) {
  pool.trim_to(bytes);
  tell_pool(pool, PoolActivity::Operation::trimmed, bytes);
}

cudaError_t set_pool_access(MemoryPool& pool, const cudaMemAccessDesc& right) {
  const auto& [location, flags] = right;
  if (location.type != cudaMemLocationTypeDevice || !valid_device(location.id)) return cudaErrorInvalidDevice;
  if (location.id == pool.device())
    return flags == cudaMemAccessFlagsProtReadWrite ? cudaSuccess : cudaErrorInvalidValue;
  if (!peers_can_access(location.id, pool.device())) return cudaErrorPeerAccessUnsupported;
  pool.set_access(location.id, flags);
  return cudaSuccess;
}

void trim_pools(int device) {
  if (!pools().used.load(std::memory_order_relaxed)) return;
  for (MemoryPool* pool : usual_pools())
    if (pool->device() == device) pool->after_synchronize();
}

cudaError_t then_trim_pools(cudaError_t synchronised) {
  if (synchronised == cudaSuccess) trim_pools(current_device());
  return synchronised;
}

}  // namespace headroom::virtual_gpu
