#include "virtual_gpu/core/telling.h"

#include <cupti_runtime_cbid.h>
#include <generated_cuda_runtime_api_meta.h>

#include <algorithm>
#include <optional>

#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/events.h"
#include "virtual_gpu/core/fat_binary.h"
#include "virtual_gpu/core/host_memory.h"
#include "virtual_gpu/core/kernels.h"
#include "virtual_gpu/core/memory_pool.h"
#include "virtual_gpu/core/timeline.h"

namespace headroom::virtual_gpu {
namespace {

std::uint32_t short_id(const Stream& stream) { return static_cast<std::uint32_t>(stream.id); }
std::uint32_t open_correlation_id() { return told_call() == nullptr ? 0 : told_call()->correlation_id(); }
const void* open_caller() { return told_call() == nullptr ? nullptr : told_call()->caller(); }

// The call of what a library does outside every other. Its parameters are looked at while it is open.
class OwnCall {
 public:
  template <class Parameters>
  OwnCall(std::uint32_t function_id, const char* name, const Parameters& parameters,
          const char* kernel_name = nullptr) {
    if (told_call() == nullptr)
      call_.emplace(CallFacts{CallDomain::runtime, function_id, name, &parameters, kernel_name}, nullptr);
  }
  ~OwnCall() {
    if (call_) call_->end(cudaSuccess);
  }
  OwnCall(const OwnCall&) = delete;
  OwnCall& operator=(const OwnCall&) = delete;

 private:
  std::optional<ToldCall> call_;
};

#define HEADROOM_CALL(name) CUPTI_RUNTIME_TRACE_CBID_##name, #name

// What every activity has, whatever it is.
template <class Activity>
Activity on_stream(Stream& stream, std::uint64_t duration_ns, const GraphPlace& place) {
  Activity activity;
  activity.device = stream.device;
  activity.stream_id = short_id(stream);
  activity.start_ns = place.launch_ns != 0 ? place.launch_ns + place.offset_ns : told_start_ns(stream);
  activity.end_ns = activity.start_ns + duration_ns;
  activity.graph_id = place.graph_id;
  activity.graph_node_id = place.node_id;
  if (duration_ns > 0) stream.told_until_ns = std::max(stream.told_until_ns.load(), activity.end_ns);
  return activity;
}

void add_facts(KernelActivity& activity, const KernelWork& work) {
  activity.grid = work.grid;
  activity.block = work.block;
  activity.cluster = work.cluster;
  activity.dynamic_shared_bytes = work.dynamic_shared_bytes;
  activity.cooperative = work.cooperative;
  if (work.kernel == nullptr || !work.kernel->alive()) return;  // its module may be gone when a graph is launched
  const KernelFacts& facts = told_facts(*work.kernel);
  activity.static_shared_bytes = static_cast<int>(facts.static_shared_bytes);
  activity.registers_per_thread = facts.registers;
  activity.local_bytes_per_thread = static_cast<int>(facts.local_bytes);
  if (activity.cluster.x == 0) activity.cluster = facts.required_cluster;
}

void tell_kernel(Stream& stream, const Work& work, const GraphPlace& place) {
  auto activity = on_stream<KernelActivity>(stream, work.duration_ns, place);
  activity.name = work.name;
  if (const auto* facts = std::get_if<KernelWork>(work.facts.get())) add_facts(activity, *facts);
  const cudaLaunchKernel_v7000_params parameters{
      nullptr, activity.grid, activity.block, nullptr, static_cast<std::size_t>(activity.dynamic_shared_bytes),
      nullptr};
  const OwnCall own(HEADROOM_CALL(cudaLaunchKernel_v7000), parameters, work.name);
  activity.correlation_id = open_correlation_id();
  tell_listener([&](ActivityListener& listener) { listener.on_kernel(activity); });
}

void tell_copy(Stream& stream, const CopyWork& work, const GraphPlace& place) {
  auto activity = on_stream<CopyActivity>(stream, 0, place);
  activity.kind = work.kind;
  activity.asynchronous = work.asynchronous;
  activity.host_pinned = work.host != nullptr && host_pinned(work.host);
  activity.source_device = work.source_device;
  activity.target_device = work.target_device;
  activity.bytes = work.bytes;
  const cudaMemcpyAsync_v3020_params parameters{nullptr, nullptr, static_cast<std::size_t>(work.bytes), work.kind,
                                                nullptr};
  const OwnCall own(HEADROOM_CALL(cudaMemcpyAsync_v3020), parameters);
  activity.correlation_id = open_correlation_id();
  tell_listener([&](ActivityListener& listener) { listener.on_copy(activity); });
}

void tell_set(Stream& stream, const SetWork& work, const GraphPlace& place) {
  auto activity = on_stream<SetActivity>(stream, 0, place);
  activity.value = work.value;
  activity.asynchronous = work.asynchronous;
  activity.bytes = work.bytes;
  const cudaMemsetAsync_v3020_params parameters{nullptr, static_cast<int>(work.value),
                                                static_cast<std::size_t>(work.bytes), nullptr};
  const OwnCall own(HEADROOM_CALL(cudaMemsetAsync_v3020), parameters);
  activity.correlation_id = open_correlation_id();
  tell_listener([&](ActivityListener& listener) { listener.on_set(activity); });
}

void tell(MemoryActivity& activity, std::uint64_t time_ns) {
  void* address = reinterpret_cast<void*>(activity.address);
  const cudaMalloc_v3020_params allocation{&address, static_cast<std::size_t>(activity.bytes)};
  const cudaFree_v3020_params release{address};
  std::optional<OwnCall> own;
  if (activity.released)
    own.emplace(HEADROOM_CALL(cudaFree_v3020), release);
  else
    own.emplace(HEADROOM_CALL(cudaMalloc_v3020), allocation);
  activity.correlation_id = open_correlation_id();
  activity.caller = open_caller();
  activity.time_ns = time_ns != 0 ? time_ns : wall_ns();
  tell_listener([&](ActivityListener& listener) { listener.on_memory(activity); });
}

MemoryActivity activity_of(const Region& region, MemoryChange change) {
  MemoryActivity activity;
  activity.released = change == MemoryChange::released;
  activity.kind = region.kind == MemoryKind::managed ? ActivityMemory::managed : ActivityMemory::device;
  activity.device = region.device;
  activity.address = region.base;
  activity.bytes = region.bytes;
  if (region.pool == nullptr) return activity;
  const PoolUse use = region.pool->use();
  activity.pool = reinterpret_cast<cudaMemPool_t>(region.pool);
  activity.pool_reserved_bytes = use.reserved;
  activity.pool_used_bytes = use.used;
  activity.pool_release_threshold_bytes = region.pool->threshold();
  return activity;
}

void tell_on(const Stream& stream, const Region& region, MemoryChange change, std::uint64_t time_ns) {
  MemoryActivity activity = activity_of(region, change);
  activity.asynchronous = true;
  activity.stream_id = short_id(stream);
  tell(activity, time_ns);
}

}  // namespace

std::uint64_t told_start_ns(const Stream& stream) { return std::max(wall_ns(), stream.told_until_ns.load()); }

void tell_work(Stream& stream, const Work& work, const GraphPlace& place) {
  if (activity_listener() == nullptr) return;
  if (work.kind == WorkKind::kernel) tell_kernel(stream, work, place);
  if (const auto* copy = std::get_if<CopyWork>(work.facts.get())) tell_copy(stream, *copy, place);
  if (const auto* set = std::get_if<SetWork>(work.facts.get())) tell_set(stream, *set, place);
  if (const auto* region = std::get_if<std::shared_ptr<Region>>(work.facts.get()))
    tell_on(stream, **region, work.kind == WorkKind::free ? MemoryChange::released : MemoryChange::allocated,
            wall_ns());
}

void tell_graph(Stream& stream, std::uint32_t graph_id, std::uint64_t start_ns, std::uint64_t duration_ns) {
  GraphActivity activity;
  activity.device = stream.device;
  activity.graph_id = graph_id;
  activity.stream_id = short_id(stream);
  activity.correlation_id = open_correlation_id();
  activity.start_ns = start_ns;
  activity.end_ns = start_ns + duration_ns;
  tell_listener([&](ActivityListener& listener) { listener.on_graph(activity); });
}

void tell_memory(const Region& region, MemoryChange change, std::uint64_t time_ns) {
  if (activity_listener() == nullptr) return;
  MemoryActivity activity = activity_of(region, change);
  tell(activity, time_ns);
}

void tell_stream_memory(const Region& region, MemoryChange change, cudaStream_t handle, std::uint64_t time_ns) {
  if (activity_listener() == nullptr) return;
  if (const Stream* stream = find_stream(handle)) tell_on(*stream, region, change, time_ns);
}

void tell_pinned(std::uint64_t address, std::uint64_t bytes, int device, MemoryChange change, std::uint64_t time_ns) {
  if (activity_listener() == nullptr) return;
  MemoryActivity activity;
  activity.released = change == MemoryChange::released;
  activity.kind = ActivityMemory::pinned;
  activity.device = device;
  activity.address = address;
  activity.bytes = bytes;
  tell(activity, time_ns);
}

void tell_pool(const MemoryPool& pool, PoolActivity::Operation operation, std::uint64_t keep_bytes) {
  if (activity_listener() == nullptr) return;
  const PoolUse use = pool.use();
  const PoolActivity activity{operation,
                              pool.device(),
                              open_correlation_id(),
                              reinterpret_cast<cudaMemPool_t>(const_cast<MemoryPool*>(&pool)),
                              use.reserved,
                              use.used,
                              pool.threshold(),
                              keep_bytes,
                              wall_ns()};
  tell_listener([&](ActivityListener& listener) { listener.on_pool(activity); });
}

void tell_context(int device) {
  tell_listener([&](ActivityListener& listener) { listener.on_context_created(device); });
}

void tell_stream(cudaStream_t handle) {
  if (activity_listener() == nullptr) return;
  const Stream& stream = *find_stream(handle);
  const StreamActivity activity{stream.device,         handle,          short_id(stream),
                                open_correlation_id(), stream.priority, stream.flags};
  tell_listener([&](ActivityListener& listener) { listener.on_stream_created(activity); });
}

void tell_module(const FatBinary& binary, std::uint64_t start_ns) {
  if (activity_listener() == nullptr) return;
  const ModuleActivity activity{current_device(), binary.id, binary.image(), binary.image_bytes(), start_ns, wall_ns()};
  tell_listener([&](ActivityListener& listener) { listener.on_module(activity); });
}

void tell_wait(SynchronizationActivity::Kind kind, cudaStream_t handle, cudaEvent_t event_handle,
               std::uint64_t start_ns) {
  SynchronizationActivity activity;
  activity.kind = kind;
  activity.device = current_device();
  const bool of_stream =
      kind == SynchronizationActivity::Kind::stream || kind == SynchronizationActivity::Kind::stream_wait_event;
  if (const Stream* stream = of_stream ? find_stream(handle) : nullptr) {
    activity.device = stream->device;
    activity.stream = handle;
    activity.stream_id = short_id(*stream);
  }
  if (const Event* event = live<Event>(event_handle)) activity.event_id = event->id;
  activity.correlation_id = open_correlation_id();
  activity.start_ns = start_ns;
  activity.end_ns = wall_ns();
  tell_listener([&](ActivityListener& listener) { listener.on_synchronization(activity); });
}

cudaError_t wait_for_stream(cudaStream_t stream) {
  return told_wait(SynchronizationActivity::Kind::stream, stream, nullptr, [&] { return synchronize_stream(stream); });
}

cudaError_t wait_for_event(cudaEvent_t event) {
  return told_wait(SynchronizationActivity::Kind::event, nullptr, event, [&] { return synchronize_event(event); });
}

// In a capture it is an edge of the graph, and nothing waits.
cudaError_t wait_on_stream(cudaStream_t stream, cudaEvent_t event, unsigned flags) {
  const auto wait = [&] { return wait_event(stream, event, flags); };
  if (activity_listener() == nullptr) return wait();
  const std::uint64_t start_ns = wall_ns();
  const cudaError_t status = wait();
  if (status == cudaSuccess && !capturing(stream))
    tell_wait(SynchronizationActivity::Kind::stream_wait_event, stream, event, start_ns);
  return status;
}

}  // namespace headroom::virtual_gpu
