#include "virtual_gpu/libraries/cupti/records.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstring>
#include <iterator>

#include "virtual_gpu/core/device.h"
#include "virtual_gpu/core/streams.h"
#include "virtual_gpu/libraries/cupti/state.h"

namespace headroom::virtual_gpu::cupti {
namespace {

std::int64_t next_grid_id() {
  static std::atomic<std::int64_t> last{0};
  return ++last;
}

// What records of work on a stream have in common.
template <class Activity, class AnyRecord>
void fill_place(AnyRecord& record, const Activity& activity, const Clock& clock) {
  const Clock::Interval time = clock.interval(activity.start_ns, activity.end_ns);
  record.start = time.start;
  record.end = time.end;
  record.deviceId = static_cast<std::uint32_t>(activity.device);
  record.contextId = context_id(activity.device);
  record.streamId = activity.stream_id;
  record.correlationId = activity.correlation_id;
  record.graphNodeId = activity.graph_node_id;
  record.graphId = activity.graph_id;
  record.channelID = CUPTI_INVALID_CHANNEL_ID;
}

struct CopyKind {
  CUpti_ActivityMemcpyKind kind;
  bool from_host, to_host;
};

CopyKind copy_kind(cudaMemcpyKind kind) {
  switch (kind) {
    case cudaMemcpyHostToHost:
      return {CUPTI_ACTIVITY_MEMCPY_KIND_HTOH, true, true};
    case cudaMemcpyHostToDevice:
      return {CUPTI_ACTIVITY_MEMCPY_KIND_HTOD, true, false};
    case cudaMemcpyDeviceToHost:
      return {CUPTI_ACTIVITY_MEMCPY_KIND_DTOH, false, true};
    case cudaMemcpyDeviceToDevice:
      return {CUPTI_ACTIVITY_MEMCPY_KIND_DTOD, false, false};
    default:
      return {CUPTI_ACTIVITY_MEMCPY_KIND_UNKNOWN, false, false};
  }
}

std::uint8_t side(bool host, bool pinned) {
  return host ? pinned ? CUPTI_ACTIVITY_MEMORY_KIND_PINNED : CUPTI_ACTIVITY_MEMORY_KIND_PAGEABLE
              : CUPTI_ACTIVITY_MEMORY_KIND_DEVICE;
}

template <class AnyRecord>
void fill_copy(AnyRecord& record, const CopyActivity& copy, const Clock& clock) {
  fill_place(record, copy, clock);
  const CopyKind kind = copy_kind(copy.kind);
  record.copyKind = static_cast<std::uint8_t>(kind.kind);
  record.srcKind = side(kind.from_host, copy.host_pinned);
  record.dstKind = side(kind.to_host, copy.host_pinned);
  record.flags = copy.asynchronous ? CUPTI_ACTIVITY_FLAG_MEMCPY_ASYNC : CUPTI_ACTIVITY_FLAG_NONE;
  record.bytes = copy.bytes;
}

CUpti_ActivityMemoryKind memory_kind(ActivityMemory kind) {
  constexpr CUpti_ActivityMemoryKind kinds[] = {CUPTI_ACTIVITY_MEMORY_KIND_PINNED, CUPTI_ACTIVITY_MEMORY_KIND_DEVICE,
                                                CUPTI_ACTIVITY_MEMORY_KIND_MANAGED};
  return kinds[static_cast<std::size_t>(kind)];
}

const char* object_with(const void* address) {
  Dl_info info{};
  return address != nullptr && dladdr(address, &info) != 0 ? shared_text(info.dli_fname) : nullptr;
}

std::uint32_t attribute(int device, cudaDeviceAttr which) {
  return static_cast<std::uint32_t>(device_attribute(device, which).value_or(0));
}

}  // namespace

void fill(KernelRecord& record, const KernelActivity& kernel, CUpti_ActivityKind kind, const Clock& clock) {
  record.kind = kind;
  fill_place(record, kernel, clock);
  record.completed = record.end;
  record.registersPerThread = static_cast<std::uint16_t>(kernel.registers_per_thread);
  record.gridX = static_cast<std::int32_t>(kernel.grid.x);
  record.gridY = static_cast<std::int32_t>(kernel.grid.y);
  record.gridZ = static_cast<std::int32_t>(kernel.grid.z);
  record.blockX = static_cast<std::int32_t>(kernel.block.x);
  record.blockY = static_cast<std::int32_t>(kernel.block.y);
  record.blockZ = static_cast<std::int32_t>(kernel.block.z);
  record.clusterX = kernel.cluster.x;
  record.clusterY = kernel.cluster.y;
  record.clusterZ = kernel.cluster.z;
  record.staticSharedMemory = kernel.static_shared_bytes;
  record.dynamicSharedMemory = static_cast<std::int32_t>(kernel.dynamic_shared_bytes);
  record.localMemoryPerThread = static_cast<std::uint32_t>(kernel.local_bytes_per_thread);
  record.gridId = next_grid_id();
  record.name = shared_text(kernel.name);
  record.launchType =
      kernel.cooperative ? CUPTI_ACTIVITY_LAUNCH_TYPE_COOPERATIVE_SINGLE_DEVICE : CUPTI_ACTIVITY_LAUNCH_TYPE_REGULAR;
}

void fill(CopyRecord& record, const CopyActivity& copy, const Clock& clock) {
  record.kind = CUPTI_ACTIVITY_KIND_MEMCPY;
  fill_copy(record, copy, clock);
  record.runtimeCorrelationId = copy.correlation_id;
  record.copyCount = 1;
}

void fill(PeerCopyRecord& record, const CopyActivity& copy, const Clock& clock) {
  record.kind = CUPTI_ACTIVITY_KIND_MEMCPY2;
  fill_copy(record, copy, clock);
  record.copyKind = CUPTI_ACTIVITY_MEMCPY_KIND_PTOP;
  record.srcDeviceId = static_cast<std::uint32_t>(copy.source_device);
  record.srcContextId = context_id(copy.source_device);
  record.dstDeviceId = static_cast<std::uint32_t>(copy.target_device);
  record.dstContextId = context_id(copy.target_device);
}

void fill(SetRecord& record, const SetActivity& set, const Clock& clock) {
  record.kind = CUPTI_ACTIVITY_KIND_MEMSET;
  fill_place(record, set, clock);
  record.value = set.value;
  record.bytes = set.bytes;
  record.flags = set.asynchronous ? CUPTI_ACTIVITY_FLAG_MEMSET_ASYNC : CUPTI_ACTIVITY_FLAG_NONE;
  record.memoryKind = CUPTI_ACTIVITY_MEMORY_KIND_DEVICE;
}

void fill(MemoryRecord& record, const MemoryActivity& memory, const Clock& clock, bool with_source) {
  record.kind = CUPTI_ACTIVITY_KIND_MEMORY2;
  record.memoryOperationType =
      memory.released ? CUPTI_ACTIVITY_MEMORY_OPERATION_TYPE_RELEASE : CUPTI_ACTIVITY_MEMORY_OPERATION_TYPE_ALLOCATION;
  record.memoryKind = memory_kind(memory.kind);
  record.correlationId = memory.correlation_id;
  record.address = memory.address;
  record.bytes = memory.bytes;
  record.timestamp = clock.moment(memory.time_ns);
  record.PC = reinterpret_cast<std::uint64_t>(memory.caller);
  record.processId = static_cast<std::uint32_t>(getpid());
  record.deviceId = static_cast<std::uint32_t>(memory.device);
  record.contextId = context_id(memory.device);
  record.streamId = memory.asynchronous ? memory.stream_id : CUPTI_INVALID_STREAM_ID;
  record.isAsync = memory.asynchronous;
  if (with_source) record.source = object_with(memory.caller);
  if (!memory.asynchronous) return;
  record.memoryPoolConfig.memoryPoolType = CUPTI_ACTIVITY_MEMORY_POOL_TYPE_LOCAL;
  record.memoryPoolConfig.address = reinterpret_cast<std::uint64_t>(memory.pool);
  record.memoryPoolConfig.releaseThreshold = memory.pool_release_threshold_bytes;
  record.memoryPoolConfig.pool.size = memory.pool_reserved_bytes;
  record.memoryPoolConfig.utilizedSize = memory.pool_used_bytes;
}

void fill(PoolRecord& record, const PoolActivity& pool, const Clock& clock) {
  constexpr CUpti_ActivityMemoryPoolOperationType operations[] = {CUPTI_ACTIVITY_MEMORY_POOL_OPERATION_TYPE_CREATED,
                                                                  CUPTI_ACTIVITY_MEMORY_POOL_OPERATION_TYPE_DESTROYED,
                                                                  CUPTI_ACTIVITY_MEMORY_POOL_OPERATION_TYPE_TRIMMED};
  record.kind = CUPTI_ACTIVITY_KIND_MEMORY_POOL;
  record.memoryPoolOperationType = operations[static_cast<std::size_t>(pool.operation)];
  record.memoryPoolType = CUPTI_ACTIVITY_MEMORY_POOL_TYPE_LOCAL;
  record.correlationId = pool.correlation_id;
  record.processId = static_cast<std::uint32_t>(getpid());
  record.deviceId = static_cast<std::uint32_t>(pool.device);
  record.minBytesToKeep = pool.keep_bytes;
  record.address = reinterpret_cast<std::uint64_t>(pool.pool);
  record.size = pool.reserved_bytes;
  record.releaseThreshold = pool.release_threshold_bytes;
  record.timestamp = clock.moment(pool.time_ns);
  record.utilizedSize = pool.used_bytes;
}

void fill(SynchronizationRecord& record, const SynchronizationActivity& wait, const Clock& clock) {
  using Kind = SynchronizationActivity::Kind;
  constexpr CUpti_ActivitySynchronizationType types[] = {
      CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_EVENT_SYNCHRONIZE, CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_WAIT_EVENT,
      CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_SYNCHRONIZE, CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_CONTEXT_SYNCHRONIZE};
  const bool of_stream = wait.kind == Kind::stream || wait.kind == Kind::stream_wait_event;
  const bool of_event = wait.kind == Kind::event || wait.kind == Kind::stream_wait_event;
  const Clock::Interval time = clock.interval(wait.start_ns, wait.end_ns);
  record.kind = CUPTI_ACTIVITY_KIND_SYNCHRONIZATION;
  record.type = types[static_cast<std::size_t>(wait.kind)];
  record.start = time.start;
  record.end = time.end;
  record.correlationId = wait.correlation_id;
  record.contextId = context_id(wait.device);
  record.streamId = of_stream ? wait.stream_id : CUPTI_SYNCHRONIZATION_INVALID_VALUE;
  record.cudaEventId = of_event ? wait.event_id : CUPTI_SYNCHRONIZATION_INVALID_VALUE;
}

void fill(GraphRecord& record, const GraphActivity& graph, const Clock& clock) {
  const Clock::Interval time = clock.interval(graph.start_ns, graph.end_ns);
  record.kind = CUPTI_ACTIVITY_KIND_GRAPH_TRACE;
  record.correlationId = graph.correlation_id;
  record.start = time.start;
  record.end = time.end;
  record.deviceId = record.endDeviceId = static_cast<std::uint32_t>(graph.device);
  record.graphId = graph.graph_id;
  record.contextId = record.endContextId = context_id(graph.device);
  record.streamId = graph.stream_id;
}

void fill(StreamRecord& record, const StreamActivity& stream) {
  record.kind = CUPTI_ACTIVITY_KIND_STREAM;
  record.contextId = context_id(stream.device);
  record.streamId = stream.stream_id;
  record.priority = static_cast<std::uint32_t>(stream.priority);
  record.flag = stream.stream == nullptr               ? CUPTI_ACTIVITY_STREAM_CREATE_FLAG_NULL
                : stream.flags & cudaStreamNonBlocking ? CUPTI_ACTIVITY_STREAM_CREATE_FLAG_NON_BLOCKING
                                                       : CUPTI_ACTIVITY_STREAM_CREATE_FLAG_DEFAULT;
  record.correlationId = stream.correlation_id;
}

void fill_context(ContextRecord& record, int device) {
  record.kind = CUPTI_ACTIVITY_KIND_CONTEXT;
  record.contextId = context_id(device);
  record.deviceId = static_cast<std::uint32_t>(device);
  record.computeApiKind = CUPTI_ACTIVITY_COMPUTE_API_CUDA;
  record.numMultiprocessors = static_cast<std::uint16_t>(attribute(device, cudaDevAttrMultiProcessorCount));
}

// The name is the reader's to free. Double data rate gives two transfers a clock.
void fill_device(DeviceRecord& record, int device) {
  const DeviceModel& model = *virtual_gpu::device();
  const auto of = [device](cudaDeviceAttr which) { return attribute(device, which); };
  record.kind = CUPTI_ACTIVITY_KIND_DEVICE;
  record.flags = CUPTI_ACTIVITY_FLAG_DEVICE_CONCURRENT_KERNELS;
  record.globalMemoryBandwidth =
      std::uint64_t{2} * of(cudaDevAttrMemoryClockRate) * of(cudaDevAttrGlobalMemoryBusWidth) / 8;
  record.globalMemorySize = static_cast<std::uint64_t>(model.total_bytes);
  record.constantMemorySize = of(cudaDevAttrTotalConstantMemory);
  record.l2CacheSize = of(cudaDevAttrL2CacheSize);
  record.numThreadsPerWarp = of(cudaDevAttrWarpSize);
  record.coreClockRate = of(cudaDevAttrClockRate);
  record.numMemcpyEngines = of(cudaDevAttrAsyncEngineCount);
  record.numMultiprocessors = of(cudaDevAttrMultiProcessorCount);
  record.maxWarpsPerMultiprocessor = of(cudaDevAttrMaxThreadsPerMultiProcessor) / of(cudaDevAttrWarpSize);
  record.maxBlocksPerMultiprocessor = of(cudaDevAttrMaxBlocksPerMultiprocessor);
  record.maxSharedMemoryPerMultiprocessor = of(cudaDevAttrMaxSharedMemoryPerMultiprocessor);
  record.maxRegistersPerMultiprocessor = of(cudaDevAttrMaxRegistersPerMultiprocessor);
  record.maxRegistersPerBlock = of(cudaDevAttrMaxRegistersPerBlock);
  record.maxSharedMemoryPerBlock = of(cudaDevAttrMaxSharedMemoryPerBlock);
  record.maxThreadsPerBlock = of(cudaDevAttrMaxThreadsPerBlock);
  record.maxBlockDimX = of(cudaDevAttrMaxBlockDimX);
  record.maxBlockDimY = of(cudaDevAttrMaxBlockDimY);
  record.maxBlockDimZ = of(cudaDevAttrMaxBlockDimZ);
  record.maxGridDimX = of(cudaDevAttrMaxGridDimX);
  record.maxGridDimY = of(cudaDevAttrMaxGridDimY);
  record.maxGridDimZ = of(cudaDevAttrMaxGridDimZ);
  record.computeCapabilityMajor = of(cudaDevAttrComputeCapabilityMajor);
  record.computeCapabilityMinor = of(cudaDevAttrComputeCapabilityMinor);
  record.id = static_cast<std::uint32_t>(device);
  record.eccEnabled = of(cudaDevAttrEccEnabled);
  device_uuid(device, &record.uuid);
  record.name = strdup(model.product.c_str());
  record.isCudaVisible = 1;
}

}  // namespace headroom::virtual_gpu::cupti
