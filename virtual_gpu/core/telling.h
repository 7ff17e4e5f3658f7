// Tells the listener (core/activity.h) what the runtime just did, with the correlation id of the call that is open on
// this thread. Work and memory of a library, outside every call, get a call of their own. Nothing is told, and next to
// nothing done, while nobody listens. Called outside every lock.
#pragma once

#include <driver_types.h>

#include <cstdint>

#include "virtual_gpu/core/region.h"
#include "virtual_gpu/core/told_call.h"
#include "virtual_gpu/core/work.h"

namespace headroom::virtual_gpu {

struct FatBinary;
struct Stream;

// Of work that a graph does: which node of which executable graph, and how long after the launch's beginning.
struct GraphPlace {
  std::uint32_t graph_id = 0;
  std::uint64_t node_id = 0, launch_ns = 0, offset_ns = 0;
};

// Kernels, copies and sets, and a graph's allocations and frees.
void tell_work(Stream& stream, const Work& work, const GraphPlace& place = {});
std::uint64_t told_start_ns(const Stream& stream);  // now, but not before what the stream was told to do last
void tell_graph(Stream& stream, std::uint32_t graph_id, std::uint64_t start_ns, std::uint64_t duration_ns);

// Memory is told after the fact, with a time at which no other thread could have the same address: for a release, one
// from before it.
enum class MemoryChange { allocated, released };
inline std::uint64_t told_ns() { return activity_listener() == nullptr ? 0 : wall_ns(); }
void tell_memory(const Region& region, MemoryChange change, std::uint64_t time_ns);  // without a stream
void tell_stream_memory(const Region& region, MemoryChange change, cudaStream_t stream, std::uint64_t time_ns);
void tell_pinned(std::uint64_t address, std::uint64_t bytes, int device, MemoryChange change, std::uint64_t time_ns);
void tell_pool(const MemoryPool& pool, PoolActivity::Operation operation, std::uint64_t keep_bytes = 0);

void tell_context(int device);
void tell_stream(cudaStream_t handle);
void tell_module(const FatBinary& binary, std::uint64_t start_ns);

// A wait that the program asked for; `stream` or `event` may be null. Runs it, and tells it if it succeeded.
void tell_wait(SynchronizationActivity::Kind kind, cudaStream_t stream, cudaEvent_t event, std::uint64_t start_ns);
template <class Wait>
cudaError_t told_wait(SynchronizationActivity::Kind kind, cudaStream_t stream, cudaEvent_t event, Wait wait) {
  if (activity_listener() == nullptr) return wait();
  const std::uint64_t start_ns = wall_ns();
  const cudaError_t status = wait();
  if (status == cudaSuccess) tell_wait(kind, stream, event, start_ns);
  return status;
}

// As synchronize_stream(), synchronize_event() and wait_event(), told.
cudaError_t wait_for_stream(cudaStream_t stream);
cudaError_t wait_for_event(cudaEvent_t event);
cudaError_t wait_on_stream(cudaStream_t stream, cudaEvent_t event, unsigned flags);

}  // namespace headroom::virtual_gpu
