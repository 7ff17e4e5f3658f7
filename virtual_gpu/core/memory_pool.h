// Memory pools: cudaMallocAsync and its like.
//
// A pool takes device memory in chunks of whole 32 MiB and hands out blocks of multiples of 512 bytes, best fit first.
// A freed block is free at once for its own stream, and for any other whose work comes after the free (an event says
// so, or the free is due). When nothing else is left it is given to any stream, which then has to wait, as the driver's
// "internal dependencies" do. What a pool holds beyond its blocks goes back when somebody synchronises and it exceeds
// the release threshold, on trim, or when the device runs out. How NVIDIA's driver cuts its chunks is not published.
//
// A device's graph pool holds what captured graphs allocate, from their capture on, and gives nothing back unless
// asked, for a graph may be launched again. Its blocks are used again by later captures.
#pragma once

#include <driver_types.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "virtual_gpu/core/work.h"

namespace headroom::virtual_gpu {

constexpr std::uint64_t kPoolChunkBytes = 32ull << 20, kPoolBlockBytes = 512;

struct PoolUse {
  std::uint64_t used = 0, used_high = 0, reserved = 0, reserved_high = 0;
};

class MemoryPool {
 public:
  MemoryPool(int device, std::uint64_t most_bytes, std::uint64_t threshold);  // most_bytes 0: the device's

  cudaError_t allocate(std::uint64_t bytes, cudaStream_t stream, void** out);
  cudaError_t release(std::uint64_t address, const Moment& moment);

  void trim_to(std::uint64_t bytes);  // gives back idle chunks until no more than this is reserved
  void after_synchronize() { trim_to(threshold()); }
  void give_back_idle();  // as far as no other thread is using the pool

  int device() const { return device_; }
  PoolUse use() const;
  void reset_used_high();
  void reset_reserved_high();
  std::uint64_t threshold() const;
  void set_threshold(std::uint64_t bytes);

  std::atomic<int> reuse_policy[3] = {1, 1, 1};  // event dependencies, opportunistic, internal: kept and told
  void set_access(int device, cudaMemAccessFlags flags);
  cudaMemAccessFlags access(int device) const;  // the pool's own device reads and writes

  // A destroyed pool lives on until its last block is freed.
  void destroy();

 private:
  struct Freed {
    std::uint64_t bytes = 0;
    Moment moment;
  };
  struct Chunk {
    std::uint64_t bytes = 0, idle_bytes = 0;
  };
  using FreedBlocks = std::map<std::uint64_t, Freed>;

  void settle();  // freed blocks whose moment is due become idle
  void add_idle(std::uint64_t address, std::uint64_t bytes);
  void take_idle(std::uint64_t address, std::uint64_t bytes, std::uint64_t wanted);
  bool take_best_idle(std::uint64_t bytes, std::uint64_t* address);
  bool take_freed(std::uint64_t bytes, cudaStream_t stream, bool any_stream, std::uint64_t* address);
  bool grow(std::uint64_t bytes);
  void trim_locked(std::uint64_t bytes);
  std::map<std::uint64_t, Chunk>::iterator chunk_of(std::uint64_t address);

  const int device_;
  const std::uint64_t most_bytes_;
  mutable std::recursive_mutex mutex_;  // a pool that grows may be asked for what it has idle
  PoolUse use_;
  std::map<int, cudaMemAccessFlags> access_;
  std::uint64_t threshold_ = 0;
  bool destroyed_ = false;
  std::map<std::uint64_t, Chunk> chunks_;
  std::map<std::uint64_t, std::uint64_t> blocks_;                   // handed out: address -> bytes
  std::map<std::uint64_t, std::uint64_t> idle_;                     // address -> bytes
  std::set<std::pair<std::uint64_t, std::uint64_t>> idle_by_size_;  // (bytes, address)
  FreedBlocks freed_;
};

MemoryPool& default_pool(int device);
MemoryPool& graph_pool(int device);
MemoryPool& current_pool(int device);
void set_current_pool(int device, MemoryPool* pool);

MemoryPool* create_pool(int device, std::uint64_t most_bytes);  // most_bytes 0: the device's
bool known_pool(const MemoryPool* pool);                        // alive, and not destroyed
cudaError_t destroy_pool(MemoryPool* pool);                     // cudaErrorInvalidValue for a default pool

void trim_pool(MemoryPool& pool, std::uint64_t bytes);  // cudaMemPoolTrimTo

// cudaMallocAsync and cudaFreeAsync, captured streams too.
cudaError_t allocate_from_pool(MemoryPool& pool, std::uint64_t bytes, cudaStream_t stream, void** out);
cudaError_t free_on_stream(void* pointer, cudaStream_t stream);

// cudaFree: waits for the device, whatever the memory is from; nullptr is nothing. Forbidden while capturing.
cudaError_t free_now(void* pointer);

// cudaErrorInvalidDevice for a place that is no device; a peer may be given access only where it can have it, the
// pool's own device cannot lose it.
cudaError_t set_pool_access(MemoryPool& pool, const cudaMemAccessDesc& right);

// After a synchronisation with the device, a stream or an event: its pools give back what exceeds their threshold.
void trim_pools(int device);
cudaError_t then_trim_pools(cudaError_t synchronised);  // of the current device, on success; hands the status on

}  // namespace headroom::virtual_gpu
