// What CUDA calls leave behind in the double.
#define __CUDA_API_VERSION_INTERNAL  // generated_cuda_meta.h names types of older driver functions, too
#include <cuda.h>
#undef __CUDA_API_VERSION_INTERNAL

#include <cuda_runtime_api.h>
#include <cupti_driver_cbid.h>
#include <cupti_runtime_cbid.h>
#include <generated_cuda_meta.h>
#include <generated_cuda_runtime_api_meta.h>
#include <unistd.h>

#include <cstddef>
#include <ctime>
#include <optional>

#include "tests/tracing/double/state.h"

namespace headroom::testing {
namespace {

constexpr auto kRuntime = CUPTI_CB_DOMAIN_RUNTIME_API;
constexpr auto kDriver = CUPTI_CB_DOMAIN_DRIVER_API;
constexpr std::uint32_t kContext = 1, kStream = 7;

std::uint64_t now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

CUpti_ActivityMemory4 allocation(CUpti_ActivityMemoryKind kind, std::uint64_t address, std::uint64_t bytes) {
  CUpti_ActivityMemory4 memory{};
  memory.kind = CUPTI_ACTIVITY_KIND_MEMORY2;
  memory.memoryOperationType = CUPTI_ACTIVITY_MEMORY_OPERATION_TYPE_ALLOCATION;
  memory.memoryKind = kind;
  memory.address = address;
  memory.bytes = bytes;
  memory.contextId = kContext;
  memory.streamId = 0xFFFFFFFF;
  memory.source = "/opt/lib/libasker.so";
  return memory;
}

CUpti_ActivityMemory4 release(CUpti_ActivityMemory4 memory) {
  memory.memoryOperationType = CUPTI_ACTIVITY_MEMORY_OPERATION_TYPE_RELEASE;
  return memory;
}

void* pointer(std::uint64_t address) { return reinterpret_cast<void*>(address); }

}  // namespace

bool State::records(CUpti_ActivityKind kind) const {
  const std::lock_guard lock(recorder.mutex);
  return kinds.contains(kind);
}

void State::tell(CUpti_CallbackDomain domain, std::uint32_t id, CUpti_ApiCallbackSite site, const void* parameters,
                 int* result, std::uint32_t correlation) {
  CUpti_CallbackFunc function = nullptr;
  {
    const std::lock_guard lock(recorder.mutex);
    if (callbacks.contains({domain, id})) function = callback;
  }
  if (!function) return;
  CUpti_CallbackData data{};
  data.callbackSite = site;
  data.functionParams = parameters;
  data.functionReturnValue = site == CUPTI_API_EXIT ? result : nullptr;
  data.contextUid = kContext;
  data.correlationId = correlation;
  function(nullptr, domain, id, &data);
}

void State::record_call(CUpti_CallbackDomain domain, std::uint32_t id, int result, std::uint32_t correlation) {
  const std::lock_guard lock(recorder.mutex);
  const auto kind = domain == kRuntime ? CUPTI_ACTIVITY_KIND_RUNTIME : CUPTI_ACTIVITY_KIND_DRIVER;
  if (!kinds.contains(kind) || silent.contains({domain, id})) return;
  for (const auto& [key, stack] : stacks) {
    if (key.first != std::this_thread::get_id() || stack.empty() ||
        !kinds.contains(CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION))
      continue;
    CUpti_ActivityExternalCorrelation external{};
    external.kind = CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION;
    external.externalKind = key.second;
    external.externalId = stack.back();
    external.correlationId = correlation;
    recorder.append(&external, sizeof(external));
  }
  CUpti_ActivityAPI api{};
  api.kind = kind;
  api.cbid = id;
  api.start = now();
  api.end = api.start + 100;
  api.processId = static_cast<std::uint32_t>(getpid());
  api.threadId = static_cast<std::uint32_t>(gettid());
  api.correlationId = correlation;
  api.returnValue = static_cast<std::uint32_t>(result);
  recorder.append(&api, sizeof(api));
}

template <class Parameters>
std::uint32_t State::call(CUpti_CallbackDomain domain, std::uint32_t id, const Parameters& parameters, int result,
                          const Body& body) {
  std::uint32_t correlation = 0;
  {
    const std::lock_guard lock(recorder.mutex);
    correlation = ++last_correlation_;
  }
  tell(domain, id, CUPTI_API_ENTER, &parameters, nullptr, correlation);
  if (!call_after_) tell(domain, id, CUPTI_API_EXIT, &parameters, &result, correlation);
  record_call(domain, id, result, correlation);
  if (result == 0) body(correlation);
  if (call_after_) tell(domain, id, CUPTI_API_EXIT, &parameters, &result, correlation);
  return correlation;
}

void State::record_memory(CUpti_ActivityMemory4 memory, std::uint32_t correlation) {
  const std::lock_guard lock(recorder.mutex);
  if (memory.memoryOperationType == CUPTI_ACTIVITY_MEMORY_OPERATION_TYPE_RELEASE)
    memory_.erase(memory.address);
  else
    memory_[memory.address] = memory;
  memory.correlationId = correlation;
  memory.timestamp = now();
  if (report_memory_ && kinds.contains(CUPTI_ACTIVITY_KIND_MEMORY2)) recorder.append(&memory, sizeof(memory));
}

std::uint32_t State::malloc(std::uint64_t address, std::uint64_t bytes, int result) {
  void* given = pointer(address);
  const cudaMalloc_v3020_params parameters{&given, bytes};
  return call(kRuntime, CUPTI_RUNTIME_TRACE_CBID_cudaMalloc_v3020, parameters, result, [&](std::uint32_t id) {
    // The runtime asks the driver, which is a call inside this one.
    CUdeviceptr inner = address;
    const cuMemAlloc_v2_params inner_parameters{&inner, bytes};
    int ok = 0;
    if (call_after_) {
      tell(kDriver, CUPTI_DRIVER_TRACE_CBID_cuMemAlloc_v2, CUPTI_API_ENTER, &inner_parameters, nullptr, id);
      tell(kDriver, CUPTI_DRIVER_TRACE_CBID_cuMemAlloc_v2, CUPTI_API_EXIT, &inner_parameters, &ok, id);
    }
    record_memory(allocation(CUPTI_ACTIVITY_MEMORY_KIND_DEVICE, address, bytes), id);
  });
}

std::uint32_t State::free(std::uint64_t address) {
  const cudaFree_v3020_params parameters{pointer(address)};
  return call(kRuntime, CUPTI_RUNTIME_TRACE_CBID_cudaFree_v3020, parameters, 0, [&](std::uint32_t id) {
    std::optional<CUpti_ActivityMemory4> known;
    {
      const std::lock_guard lock(recorder.mutex);
      if (const auto found = memory_.find(address); found != memory_.end()) known = found->second;
    }
    if (known) record_memory(release(*known), id);
  });
}

std::uint32_t State::host_alloc(std::uint64_t address, std::uint64_t bytes) {
  void* given = pointer(address);
  const cudaHostAlloc_v3020_params parameters{&given, bytes, 0};
  return call(kRuntime, CUPTI_RUNTIME_TRACE_CBID_cudaHostAlloc_v3020, parameters, 0, [&](std::uint32_t id) {
    record_memory(allocation(CUPTI_ACTIVITY_MEMORY_KIND_PINNED, address, bytes), id);
  });
}

std::uint32_t State::malloc_async(std::uint64_t address, std::uint64_t bytes, std::uint64_t pool_bytes) {
  void* given = pointer(address);
  const cudaMallocAsync_v11020_params parameters{&given, bytes, nullptr};
  return call(kRuntime, CUPTI_RUNTIME_TRACE_CBID_cudaMallocAsync_v11020, parameters, 0, [&](std::uint32_t id) {
    auto memory = allocation(CUPTI_ACTIVITY_MEMORY_KIND_DEVICE, address, bytes);
    memory.isAsync = 1;
    memory.streamId = kStream;
    memory.memoryPoolConfig.memoryPoolType = CUPTI_ACTIVITY_MEMORY_POOL_TYPE_LOCAL;
    memory.memoryPoolConfig.address = 0xF00;
    memory.memoryPoolConfig.pool.size = pool_bytes;
    record_memory(memory, id);
  });
}

std::uint32_t State::create_physical(std::uint64_t handle, std::uint64_t bytes, int device) {
  CUmemGenericAllocationHandle given = handle;
  CUmemAllocationProp properties{};
  properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, device};
  const cuMemCreate_params parameters{&given, bytes, &properties, 0};
  return call(kDriver, CUPTI_DRIVER_TRACE_CBID_cuMemCreate, parameters, 0, [](std::uint32_t) {});
}

std::uint32_t State::retain_physical(std::uint64_t handle) {
  CUmemGenericAllocationHandle given = handle;
  const cuMemRetainAllocationHandle_params parameters{&given, nullptr};
  return call(kDriver, CUPTI_DRIVER_TRACE_CBID_cuMemRetainAllocationHandle, parameters, 0, [](std::uint32_t) {});
}

std::uint32_t State::release_physical(std::uint64_t handle) {
  const cuMemRelease_params parameters{handle};
  return call(kDriver, CUPTI_DRIVER_TRACE_CBID_cuMemRelease, parameters, 0, [](std::uint32_t) {});
}

std::uint32_t State::map(std::uint64_t address, std::uint64_t bytes, std::uint64_t handle) {
  const cuMemMap_params parameters{address, bytes, 0, handle, 0};
  return call(kDriver, CUPTI_DRIVER_TRACE_CBID_cuMemMap, parameters, 0, [](std::uint32_t) {});
}

std::uint32_t State::unmap(std::uint64_t address, std::uint64_t bytes) {
  const cuMemUnmap_params parameters{address, bytes};
  return call(kDriver, CUPTI_DRIVER_TRACE_CBID_cuMemUnmap, parameters, 0, [](std::uint32_t) {});
}

std::uint32_t State::create_pool(std::uint64_t address, std::uint64_t bytes) {
  return call(kRuntime, CUPTI_RUNTIME_TRACE_CBID_cudaMemPoolCreate_v11020, 0, 0, [&](std::uint32_t id) {
    CUpti_ActivityMemoryPool3 pool{};
    pool.kind = CUPTI_ACTIVITY_KIND_MEMORY_POOL;
    pool.memoryPoolOperationType = CUPTI_ACTIVITY_MEMORY_POOL_OPERATION_TYPE_CREATED;
    pool.memoryPoolType = CUPTI_ACTIVITY_MEMORY_POOL_TYPE_LOCAL;
    pool.address = address;
    pool.size = bytes;
    pool.correlationId = id;
    pool.timestamp = now();
    if (records(CUPTI_ACTIVITY_KIND_MEMORY_POOL)) recorder.append(&pool, sizeof(pool));
  });
}

const char* State::kept(const std::string& name) {
  const std::lock_guard lock(recorder.mutex);
  return names_.insert(name).first->c_str();
}

std::uint32_t State::launch(const KernelLaunch& launch) {
  const auto record = [&](std::uint32_t id) {
    CUpti_ActivityKernel10 kernel{};
    kernel.kind = CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL;
    kernel.registersPerThread = 32;
    kernel.deviceId = launch.device;
    kernel.contextId = launch.cuda_context;
    kernel.streamId = launch.stream;
    kernel.gridX = 10;
    kernel.gridY = kernel.gridZ = kernel.blockY = kernel.blockZ = 1;
    kernel.blockX = 256;
    kernel.dynamicSharedMemory = 1024;
    kernel.localMemoryPerThread = 16;
    kernel.name = kept(launch.name);
    kernel.correlationId = id;
    kernel.graphId = launch.graph;
    kernel.start = launch.running ? 0 : launch.start;
    kernel.end = launch.running ? 0 : launch.end;
    if (!records(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL)) return;
    if (!launch.running)
      recorder.append(&kernel, sizeof(kernel));
    else
      recorder.append_running(&kernel, sizeof(kernel), offsetof(CUpti_ActivityKernel10, start),
                              offsetof(CUpti_ActivityKernel10, end));
  };
  if (launch.correlation != 0) {
    record(launch.correlation);
    return launch.correlation;
  }
  return launch.by_driver ? call(kDriver, CUPTI_DRIVER_TRACE_CBID_cuLaunchKernel, 0, 0, record)
                          : call(kRuntime, CUPTI_RUNTIME_TRACE_CBID_cudaLaunchKernel_v7000, 0, 0, record);
}

std::uint32_t State::copy(CUpti_ActivityMemcpyKind kind, std::uint64_t bytes, std::uint64_t start, std::uint64_t end) {
  return call(kRuntime, CUPTI_RUNTIME_TRACE_CBID_cudaMemcpyAsync_v3020, 0, 0, [&](std::uint32_t id) {
    CUpti_ActivityMemcpy6 copy{};
    copy.kind = CUPTI_ACTIVITY_KIND_MEMCPY;
    copy.copyKind = static_cast<std::uint8_t>(kind);
    copy.bytes = bytes;
    copy.start = start;
    copy.end = end;
    copy.contextId = kContext;
    copy.streamId = kStream;
    copy.correlationId = id;
    if (records(CUPTI_ACTIVITY_KIND_MEMCPY)) recorder.append(&copy, sizeof(copy));
  });
}

std::uint32_t State::peer_copy(std::uint64_t bytes) {
  return call(kRuntime, CUPTI_RUNTIME_TRACE_CBID_cudaMemcpyPeerAsync_v4000, 0, 0, [&](std::uint32_t id) {
    CUpti_ActivityMemcpyPtoP4 copy{};
    copy.kind = CUPTI_ACTIVITY_KIND_MEMCPY2;
    copy.bytes = bytes;
    copy.start = 10;
    copy.end = 20;
    copy.streamId = kStream;
    copy.dstDeviceId = 1;
    copy.correlationId = id;
    if (records(CUPTI_ACTIVITY_KIND_MEMCPY2)) recorder.append(&copy, sizeof(copy));
  });
}

std::uint32_t State::set(std::uint32_t value, std::uint64_t bytes) {
  return call(kRuntime, CUPTI_RUNTIME_TRACE_CBID_cudaMemsetAsync_v3020, 0, 0, [&](std::uint32_t id) {
    CUpti_ActivityMemset4 set{};
    set.kind = CUPTI_ACTIVITY_KIND_MEMSET;
    set.value = value;
    set.bytes = bytes;
    set.start = 30;
    set.end = 40;
    set.streamId = kStream;
    set.correlationId = id;
    if (records(CUPTI_ACTIVITY_KIND_MEMSET)) recorder.append(&set, sizeof(set));
  });
}

std::uint32_t State::synchronize() {
  return call(kRuntime, CUPTI_RUNTIME_TRACE_CBID_cudaStreamSynchronize_v3020, 0, 0, [&](std::uint32_t id) {
    CUpti_ActivitySynchronization2 synchronization{};
    synchronization.kind = CUPTI_ACTIVITY_KIND_SYNCHRONIZATION;
    synchronization.type = CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_SYNCHRONIZE;
    synchronization.start = now();
    synchronization.end = synchronization.start + 5;
    synchronization.contextId = kContext;
    synchronization.streamId = kStream;
    synchronization.correlationId = id;
    if (records(CUPTI_ACTIVITY_KIND_SYNCHRONIZATION)) recorder.append(&synchronization, sizeof(synchronization));
  });
}

std::uint32_t State::any_call(CUpti_CallbackDomain domain, std::uint32_t id) {
  return call(domain, id, 0, 0, [](std::uint32_t) {});
}

void State::overhead(CUpti_ActivityOverheadKind kind, void* data) {
  CUpti_ActivityOverhead3 overhead{};
  overhead.kind = CUPTI_ACTIVITY_KIND_OVERHEAD;
  overhead.overheadKind = kind;
  overhead.start = 50;
  overhead.end = 60;
  overhead.overheadData = data;
  if (records(CUPTI_ACTIVITY_KIND_OVERHEAD))
    recorder.append(&overhead, sizeof(overhead));
  else
    std::free(data);
}

void State::graph_trace(std::uint32_t graph, std::uint64_t start, std::uint64_t end) {
  CUpti_ActivityGraphTrace2 trace{};
  trace.kind = CUPTI_ACTIVITY_KIND_GRAPH_TRACE;
  trace.graphId = graph;
  trace.start = start;
  trace.end = end;
  trace.streamId = kStream;
  recorder.append(&trace, sizeof(trace));
}

}  // namespace headroom::testing
