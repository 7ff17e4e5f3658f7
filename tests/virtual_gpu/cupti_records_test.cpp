// Which records CUPTI makes of what happens on a virtual GPU: driven by hand here; the runtime's own telling is tested
// with it.
#include <unistd.h>

#include <string>

#include "cupti_record_types.h"
#include "tests/virtual_gpu/cupti_support.h"

namespace headroom::virtual_gpu::testing_support {
namespace {

using cupti::RecordOf;
template <CUpti_ActivityKind kind>
using Record = typename RecordOf<kind>::type;
using KernelRecord = Record<CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL>;
using CopyRecord = Record<CUPTI_ACTIVITY_KIND_MEMCPY>;
using PeerRecord = Record<CUPTI_ACTIVITY_KIND_MEMCPY2>;
using SetRecord = Record<CUPTI_ACTIVITY_KIND_MEMSET>;
using MemoryRecord = Record<CUPTI_ACTIVITY_KIND_MEMORY2>;
using PoolRecord = Record<CUPTI_ACTIVITY_KIND_MEMORY_POOL>;
using WaitRecord = Record<CUPTI_ACTIVITY_KIND_SYNCHRONIZATION>;
using GraphRecord = Record<CUPTI_ACTIVITY_KIND_GRAPH_TRACE>;
using OverheadRecord = Record<CUPTI_ACTIVITY_KIND_OVERHEAD>;
using ExternalRecord = CUpti_ActivityExternalCorrelation;
using CallRecord = CUpti_ActivityAPI;

const int kConfigured = setenv("HEADROOM_VIRTUAL_GPU", "2xh100-80gb", 1);

constexpr std::uint32_t kMalloc = 20, kLaunch = 211, kDriverAlloc = 243;

KernelActivity some_kernel(std::uint32_t correlation_id) {
  KernelActivity kernel;
  kernel.name = "_Z4mulfPf";
  kernel.device = 1;
  kernel.stream_id = 9;
  kernel.correlation_id = correlation_id;
  kernel.start_ns = 2000;
  kernel.end_ns = 2050;
  kernel.grid = dim3(7, 6, 5);
  kernel.block = dim3(4, 3, 2);
  kernel.cluster = dim3(2, 1, 1);
  kernel.dynamic_shared_bytes = 4096;
  kernel.static_shared_bytes = 512;
  kernel.registers_per_thread = 40;
  kernel.local_bytes_per_thread = 16;
  return kernel;
}

TEST(CuptiRecords, AKernelKeepsItsNameGridAndPlace) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL});
  activity_listener()->on_kernel(some_kernel(77));
  const auto kernels = tool.of<KernelRecord>(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL);
  ASSERT_EQ(kernels.size(), 1u);
  const KernelRecord& kernel = *kernels[0];
  EXPECT_STREQ(kernel.name, "_Z4mulfPf");
  EXPECT_EQ((std::vector<int>{kernel.gridX, kernel.gridY, kernel.gridZ}), (std::vector<int>{7, 6, 5}));
  EXPECT_EQ((std::vector<int>{kernel.blockX, kernel.blockY, kernel.blockZ}), (std::vector<int>{4, 3, 2}));
  EXPECT_EQ(kernel.clusterX, 2u);
  EXPECT_EQ(kernel.deviceId, 1u);
  EXPECT_EQ(kernel.contextId, 2u);
  EXPECT_EQ(kernel.streamId, 9u);
  EXPECT_EQ(kernel.correlationId, 77u);
  EXPECT_EQ(kernel.start, 2000u);
  EXPECT_EQ(kernel.end, 2050u);
  EXPECT_EQ(kernel.completed, 2050u);
  EXPECT_EQ(kernel.dynamicSharedMemory, 4096);
  EXPECT_EQ(kernel.staticSharedMemory, 512);
  EXPECT_EQ(kernel.registersPerThread, 40);
  EXPECT_EQ(kernel.localMemoryPerThread, 16u);
  EXPECT_EQ(kernel.queued, 0u);
}

TEST(CuptiRecords, AKernelsNameOutlivesTheModuleThatHeldIt) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL});
  std::string name = "first_kernel";
  KernelActivity kernel = some_kernel(1);
  for (const char* text : {"first_kernel", "other_kernel", "first_kernel"}) {
    name = text;
    kernel.name = name.c_str();
    activity_listener()->on_kernel(kernel);
  }
  name = "############";
  const auto kernels = tool.of<KernelRecord>(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL);
  ASSERT_EQ(kernels.size(), 3u);
  EXPECT_STREQ(kernels[0]->name, "first_kernel");
  EXPECT_STREQ(kernels[1]->name, "other_kernel");
  EXPECT_EQ(kernels[0]->name, kernels[2]->name);
  EXPECT_LT(kernels[0]->gridId, kernels[1]->gridId);
}

TEST(CuptiRecords, TheOlderKindOfKernelsHasItsOwnNumber) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_KERNEL});
  activity_listener()->on_kernel(some_kernel(1));
  EXPECT_EQ(tool.kinds(), (std::vector<int>{CUPTI_ACTIVITY_KIND_KERNEL}));
}

TEST(CuptiRecords, ExternalIdsAndTheCallComeBeforeItsWork) {
  Tool tool;
  tool.enable(
      {CUPTI_ACTIVITY_KIND_RUNTIME, CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION});
  EXPECT_CUPTI(cuptiActivityPushExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM2, 1));
  EXPECT_CUPTI(cuptiActivityPushExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM2, 22));
  EXPECT_CUPTI(cuptiActivityPushExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0, 3));
  std::uint32_t id = 0;
  {
    const DrivenCall call(kLaunch, CallDomain::runtime, 5);
    id = call.id();
    activity_listener()->on_kernel(some_kernel(id));
  }
  std::uint64_t last = 0;
  EXPECT_CUPTI(cuptiActivityPopExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM2, &last));
  EXPECT_EQ(last, 22u);
  EXPECT_CUPTI(cuptiActivityPopExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM2, nullptr));
  EXPECT_CUPTI(cuptiActivityPopExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0, &last));
  EXPECT_EQ(last, 3u);

  EXPECT_EQ(tool.kinds(),
            (std::vector<int>{CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION, CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION,
                              CUPTI_ACTIVITY_KIND_RUNTIME, CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL}));
  const auto external = tool.of<ExternalRecord>(CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION);
  EXPECT_EQ(external[0]->externalKind, CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0);
  EXPECT_EQ(external[0]->externalId, 3u);
  EXPECT_EQ(external[1]->externalKind, CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM2);
  EXPECT_EQ(external[1]->externalId, 22u) << "only the innermost of each kind";
  EXPECT_EQ(external[1]->correlationId, id);
  const auto calls = tool.of<CallRecord>(CUPTI_ACTIVITY_KIND_RUNTIME);
  EXPECT_EQ(calls[0]->cbid, kLaunch);
  EXPECT_EQ(calls[0]->correlationId, id);
  EXPECT_EQ(calls[0]->start, 1000ull * id);
  EXPECT_EQ(calls[0]->end, 1000ull * id + 7);
  EXPECT_EQ(calls[0]->returnValue, 5u);
  EXPECT_EQ(calls[0]->processId, static_cast<std::uint32_t>(getpid()));
}

TEST(CuptiRecords, WithoutACallsRecordThereIsNoExternalId) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION});
  EXPECT_CUPTI(cuptiActivityPushExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0, 3));
  {
    const DrivenCall call(kLaunch);
    activity_listener()->on_kernel(some_kernel(call.id()));
  }
  EXPECT_CUPTI(cuptiActivityPopExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0, nullptr));
  EXPECT_EQ(tool.kinds(), (std::vector<int>{CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL}));
}

TEST(CuptiRecords, ExternalIdsAreOfOneThread) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME, CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION});
  EXPECT_CUPTI(cuptiActivityPushExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0, 3));
  std::thread([] {
    EXPECT_EQ(cuptiActivityPopExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0, nullptr),
              CUPTI_ERROR_QUEUE_EMPTY);
    DrivenCall{kMalloc};
  }).join();
  EXPECT_EQ(tool.kinds(), (std::vector<int>{CUPTI_ACTIVITY_KIND_RUNTIME}));
  EXPECT_CUPTI(cuptiActivityPopExternalCorrelationId(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0, nullptr));
}

TEST(CuptiRecords, SingleCallsAreChosenAndTheKindOverrides) {
  Tool tool;
  const auto recorded = [&] {
    const std::size_t before = tool.of<CallRecord>(CUPTI_ACTIVITY_KIND_RUNTIME).size();
    DrivenCall{kMalloc};
    DrivenCall{kLaunch};
    std::vector<std::uint32_t> ids;
    for (const auto* call : tool.of<CallRecord>(CUPTI_ACTIVITY_KIND_RUNTIME)) ids.push_back(call->cbid);
    return std::vector<std::uint32_t>(ids.begin() + static_cast<std::ptrdiff_t>(before), ids.end());
  };
  using Ids = std::vector<std::uint32_t>;
  EXPECT_CUPTI(cuptiActivityEnableRuntimeApi(kLaunch, 1));
  EXPECT_EQ(recorded(), (Ids{kLaunch})) << "one call, without the kind";
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  EXPECT_EQ(recorded(), (Ids{kMalloc, kLaunch}));
  EXPECT_CUPTI(cuptiActivityEnableRuntimeApi(kMalloc, 0));
  EXPECT_EQ(recorded(), (Ids{kLaunch})) << "all but one";
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  EXPECT_EQ(recorded(), (Ids{kMalloc, kLaunch})) << "the kind, called later, overrides";
  EXPECT_CUPTI(cuptiActivityDisable(CUPTI_ACTIVITY_KIND_RUNTIME));
  EXPECT_EQ(recorded(), Ids{});
}

TEST(CuptiRecords, CallsOfTheDriverAreTheirOwnKind) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_DRIVER});
  DrivenCall{kMalloc};
  DrivenCall(kDriverAlloc, CallDomain::driver);
  const auto calls = tool.of<CallRecord>(CUPTI_ACTIVITY_KIND_DRIVER);
  EXPECT_EQ(tool.kinds(), (std::vector<int>{CUPTI_ACTIVITY_KIND_DRIVER}));
  EXPECT_EQ(calls.at(0)->cbid, kDriverAlloc);
}

TEST(CuptiRecords, ThreadsAreNumberedAsTheToolChose) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  DrivenCall{kMalloc};
  EXPECT_CUPTI(cuptiSetThreadIdType(CUPTI_ACTIVITY_THREAD_ID_TYPE_SYSTEM));
  DrivenCall{kMalloc};
  CUpti_ActivityThreadIdType type{};
  EXPECT_CUPTI(cuptiGetThreadIdType(&type));
  EXPECT_EQ(type, CUPTI_ACTIVITY_THREAD_ID_TYPE_SYSTEM);
  EXPECT_CUPTI(cuptiSetThreadIdType(CUPTI_ACTIVITY_THREAD_ID_TYPE_DEFAULT));
  const auto calls = tool.of<CallRecord>(CUPTI_ACTIVITY_KIND_RUNTIME);
  EXPECT_EQ(calls.at(0)->threadId, static_cast<std::uint32_t>(pthread_self()));
  EXPECT_EQ(calls.at(1)->threadId, static_cast<std::uint32_t>(gettid()));
}

CopyActivity some_copy(cudaMemcpyKind kind) {
  CopyActivity copy;
  copy.kind = kind;
  copy.bytes = 123;
  copy.stream_id = 4;
  copy.correlation_id = 8;
  copy.start_ns = copy.end_ns = 60;
  return copy;
}

TEST(CuptiRecords, CopiesSayFromWhereToWhere) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_MEMCPY});
  CopyActivity pinned = some_copy(cudaMemcpyHostToDevice);
  pinned.host_pinned = pinned.asynchronous = true;
  activity_listener()->on_copy(pinned);
  activity_listener()->on_copy(some_copy(cudaMemcpyDeviceToHost));
  activity_listener()->on_copy(some_copy(cudaMemcpyDeviceToDevice));
  const auto copies = tool.of<CopyRecord>(CUPTI_ACTIVITY_KIND_MEMCPY);
  ASSERT_EQ(copies.size(), 3u);
  EXPECT_EQ(copies[0]->copyKind, CUPTI_ACTIVITY_MEMCPY_KIND_HTOD);
  EXPECT_EQ(copies[0]->srcKind, CUPTI_ACTIVITY_MEMORY_KIND_PINNED);
  EXPECT_EQ(copies[0]->dstKind, CUPTI_ACTIVITY_MEMORY_KIND_DEVICE);
  EXPECT_EQ(copies[0]->flags, CUPTI_ACTIVITY_FLAG_MEMCPY_ASYNC);
  EXPECT_EQ(copies[0]->bytes, 123u);
  EXPECT_EQ(copies[0]->correlationId, 8u);
  EXPECT_EQ(copies[0]->copyCount, 1u);
  EXPECT_EQ(copies[1]->copyKind, CUPTI_ACTIVITY_MEMCPY_KIND_DTOH);
  EXPECT_EQ(copies[1]->dstKind, CUPTI_ACTIVITY_MEMORY_KIND_PAGEABLE);
  EXPECT_EQ(copies[1]->flags, CUPTI_ACTIVITY_FLAG_NONE);
  EXPECT_EQ(copies[2]->copyKind, CUPTI_ACTIVITY_MEMCPY_KIND_DTOD);
}

TEST(CuptiRecords, CopiesBetweenPeersAreTheirOwnKind) {
  Tool tool;
  CopyActivity copy = some_copy(cudaMemcpyDeviceToDevice);
  copy.source_device = 0;
  copy.target_device = copy.device = 1;
  tool.enable({CUPTI_ACTIVITY_KIND_MEMCPY});
  activity_listener()->on_copy(copy);
  EXPECT_TRUE(tool.kinds().empty());
  tool.enable({CUPTI_ACTIVITY_KIND_MEMCPY2});
  activity_listener()->on_copy(copy);
  const auto copies = tool.of<PeerRecord>(CUPTI_ACTIVITY_KIND_MEMCPY2);
  ASSERT_EQ(tool.kinds().size(), 1u);
  EXPECT_EQ(copies[0]->copyKind, CUPTI_ACTIVITY_MEMCPY_KIND_PTOP);
  EXPECT_EQ(copies[0]->srcDeviceId, 0u);
  EXPECT_EQ(copies[0]->dstDeviceId, 1u);
  EXPECT_NE(copies[0]->srcContextId, copies[0]->dstContextId);
}

TEST(CuptiRecords, SetsKeepValueAndBytes) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_MEMSET});
  SetActivity set;
  set.value = 0xff;
  set.bytes = 640;
  set.asynchronous = true;
  activity_listener()->on_set(set);
  const auto sets = tool.of<SetRecord>(CUPTI_ACTIVITY_KIND_MEMSET);
  ASSERT_EQ(sets.size(), 1u);
  EXPECT_EQ(sets[0]->value, 0xffu);
  EXPECT_EQ(sets[0]->bytes, 640u);
  EXPECT_EQ(sets[0]->memoryKind, CUPTI_ACTIVITY_MEMORY_KIND_DEVICE);
  EXPECT_EQ(sets[0]->flags, CUPTI_ACTIVITY_FLAG_MEMSET_ASYNC);
}

TEST(CuptiRecords, MemorySaysWhoAskedOnlyWhenTheToolWantsIt) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_MEMORY2});
  MemoryActivity memory;
  memory.kind = ActivityMemory::device;
  memory.address = 0x7000;
  memory.bytes = 100;
  memory.time_ns = 5;
  memory.caller = reinterpret_cast<const void*>(&some_copy);
  activity_listener()->on_memory(memory);
  EXPECT_CUPTI(cuptiActivityEnableAllocationSource(1));
  memory.released = true;
  activity_listener()->on_memory(memory);
  EXPECT_CUPTI(cuptiActivityEnableAllocationSource(0));
  const auto records = tool.of<MemoryRecord>(CUPTI_ACTIVITY_KIND_MEMORY2);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]->memoryOperationType, CUPTI_ACTIVITY_MEMORY_OPERATION_TYPE_ALLOCATION);
  EXPECT_EQ(records[0]->memoryKind, CUPTI_ACTIVITY_MEMORY_KIND_DEVICE);
  EXPECT_EQ(records[0]->address, 0x7000u);
  EXPECT_EQ(records[0]->bytes, 100u);
  EXPECT_EQ(records[0]->timestamp, 5u);
  EXPECT_EQ(records[0]->streamId, CUPTI_INVALID_STREAM_ID);
  EXPECT_EQ(records[0]->source, nullptr);
  EXPECT_EQ(records[1]->memoryOperationType, CUPTI_ACTIVITY_MEMORY_OPERATION_TYPE_RELEASE);
  ASSERT_NE(records[1]->source, nullptr);
  EXPECT_THAT(records[1]->source, testing::HasSubstr("virtual_gpu_cupti_test"));
}

TEST(CuptiRecords, StreamOrderedMemoryKnowsItsPool) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_MEMORY2, CUPTI_ACTIVITY_KIND_MEMORY_POOL});
  MemoryActivity memory;
  memory.asynchronous = true;
  memory.stream_id = 3;
  memory.pool = reinterpret_cast<cudaMemPool_t>(0x1230);
  memory.pool_reserved_bytes = 64;
  memory.pool_used_bytes = 32;
  memory.pool_release_threshold_bytes = 16;
  activity_listener()->on_memory(memory);
  PoolActivity pool;
  pool.operation = PoolActivity::Operation::trimmed;
  pool.pool = memory.pool;
  pool.reserved_bytes = 64;
  pool.keep_bytes = 8;
  activity_listener()->on_pool(pool);
  const auto& of_memory = *tool.of<MemoryRecord>(CUPTI_ACTIVITY_KIND_MEMORY2).at(0);
  EXPECT_EQ(of_memory.streamId, 3u);
  EXPECT_EQ(of_memory.isAsync, 1u);
  EXPECT_EQ(of_memory.memoryPoolConfig.memoryPoolType, CUPTI_ACTIVITY_MEMORY_POOL_TYPE_LOCAL);
  EXPECT_EQ(of_memory.memoryPoolConfig.address, 0x1230u);
  EXPECT_EQ(of_memory.memoryPoolConfig.pool.size, 64u);
  EXPECT_EQ(of_memory.memoryPoolConfig.utilizedSize, 32u);
  EXPECT_EQ(of_memory.memoryPoolConfig.releaseThreshold, 16u);
  const auto& of_pool = *tool.of<PoolRecord>(CUPTI_ACTIVITY_KIND_MEMORY_POOL).at(0);
  EXPECT_EQ(of_pool.memoryPoolOperationType, CUPTI_ACTIVITY_MEMORY_POOL_OPERATION_TYPE_TRIMMED);
  EXPECT_EQ(of_pool.address, 0x1230u);
  EXPECT_EQ(of_pool.size, 64u);
  EXPECT_EQ(of_pool.minBytesToKeep, 8u);
}

TEST(CuptiRecords, WaitsSayForWhat) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_SYNCHRONIZATION});
  SynchronizationActivity wait;
  wait.stream_id = 3;
  wait.event_id = 5;
  for (const auto kind : {SynchronizationActivity::Kind::event, SynchronizationActivity::Kind::stream_wait_event,
                          SynchronizationActivity::Kind::stream, SynchronizationActivity::Kind::context}) {
    wait.kind = kind;
    activity_listener()->on_synchronization(wait);
  }
  const auto waits = tool.of<WaitRecord>(CUPTI_ACTIVITY_KIND_SYNCHRONIZATION);
  ASSERT_EQ(waits.size(), 4u);
  constexpr std::uint32_t none = CUPTI_SYNCHRONIZATION_INVALID_VALUE;
  const std::uint32_t expected[4][3] = {{1, none, 5}, {2, 3, 5}, {3, 3, none}, {4, none, none}};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(static_cast<std::uint32_t>(waits[i]->type), expected[i][0]);
    EXPECT_EQ(waits[i]->streamId, expected[i][1]);
    EXPECT_EQ(waits[i]->cudaEventId, expected[i][2]);
  }
}

TEST(CuptiRecords, AGraphsRecordTakesThePlaceOfItsNodes) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, CUPTI_ACTIVITY_KIND_MEMCPY, CUPTI_ACTIVITY_KIND_MEMSET});
  const auto launch_graph = [] {
    KernelActivity kernel = some_kernel(9);
    kernel.graph_id = 4;
    kernel.graph_node_id = 40;
    activity_listener()->on_kernel(kernel);
    CopyActivity copy = some_copy(cudaMemcpyDeviceToDevice);
    copy.graph_id = 4;
    activity_listener()->on_copy(copy);
    SetActivity set;
    set.graph_id = 4;
    activity_listener()->on_set(set);
    GraphActivity graph;
    graph.graph_id = 4;
    graph.correlation_id = 9;
    graph.stream_id = 2;
    activity_listener()->on_graph(graph);
  };
  launch_graph();
  EXPECT_EQ(tool.kinds(), (std::vector<int>{CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, CUPTI_ACTIVITY_KIND_MEMCPY,
                                            CUPTI_ACTIVITY_KIND_MEMSET}));
  const auto kernel = tool.of<KernelRecord>(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL).at(0);
  EXPECT_EQ(kernel->graphId, 4u);
  EXPECT_EQ(kernel->graphNodeId, 40u);
  tool.enable({CUPTI_ACTIVITY_KIND_GRAPH_TRACE});
  launch_graph();
  activity_listener()->on_kernel(some_kernel(10));
  ASSERT_EQ(tool.kinds().size(), 5u);
  EXPECT_EQ(tool.kinds()[3], CUPTI_ACTIVITY_KIND_GRAPH_TRACE);
  EXPECT_EQ(tool.kinds()[4], CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL) << "a kernel of no graph";
  const auto graph = tool.of<GraphRecord>(CUPTI_ACTIVITY_KIND_GRAPH_TRACE).at(0);
  EXPECT_EQ(graph->graphId, 4u);
  EXPECT_EQ(graph->correlationId, 9u);
  EXPECT_EQ(graph->streamId, 2u);
}

TEST(CuptiRecords, OverheadIsLoadingModulesAndAskingForBuffers) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_OVERHEAD, CUPTI_ACTIVITY_KIND_RUNTIME});
  std::uint32_t id = 0;
  {
    const DrivenCall call(kLaunch);
    id = call.id();
    ModuleActivity module;
    module.start_ns = 3;
    module.end_ns = 8;
    activity_listener()->on_module(module);
  }
  const auto overheads = tool.of<OverheadRecord>(CUPTI_ACTIVITY_KIND_OVERHEAD);
  ASSERT_EQ(overheads.size(), 2u);
  EXPECT_EQ(overheads[0]->overheadKind, CUPTI_ACTIVITY_OVERHEAD_RUNTIME_TRIGGERED_MODULE_LOADING);
  EXPECT_EQ(overheads[0]->end - overheads[0]->start, 5u);
  EXPECT_EQ(overheads[0]->correlationId, id);
  EXPECT_EQ(overheads[0]->overheadData, nullptr);
  EXPECT_EQ(overheads[1]->overheadKind, CUPTI_ACTIVITY_OVERHEAD_ACTIVITY_BUFFER_REQUEST);
  EXPECT_EQ(overheads[1]->objectId.pt.processId, static_cast<std::uint32_t>(getpid()));
}

TEST(CuptiRecords, DevicesThatAreThereAlreadyAreDumped) {
  Tool tool;
  EXPECT_CUPTI(cuptiActivityEnableAndDump(CUPTI_ACTIVITY_KIND_DEVICE));
  const auto devices = tool.of<Record<CUPTI_ACTIVITY_KIND_DEVICE>>(CUPTI_ACTIVITY_KIND_DEVICE);
  ASSERT_EQ(devices.size(), 2u);
  EXPECT_STREQ(devices[0]->name, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(devices[1]->id, 1u);
  EXPECT_EQ(devices[0]->numMultiprocessors, 132u);
  EXPECT_EQ(devices[0]->computeCapabilityMajor, 9u);
  EXPECT_EQ(devices[0]->globalMemoryBandwidth, 2ull * 2619000 * 5120 / 8) << "kB/s: two transfers a clock";
  EXPECT_NE(std::memcmp(&devices[0]->uuid, &devices[1]->uuid, 16), 0);
  for (const auto* device : devices) std::free(const_cast<char*>(device->name));
}

TEST(CuptiRecords, NobodyListensWhileNothingIsOn) {
  EXPECT_EQ(activity_listener(), nullptr);
  {
    Tool tool;
    EXPECT_EQ(activity_listener(), nullptr);
    EXPECT_CUPTI(cuptiActivityEnableRuntimeApi(kMalloc, 1));
    EXPECT_NE(activity_listener(), nullptr);
    EXPECT_CUPTI(cuptiActivityEnableRuntimeApi(kMalloc, 0));
    EXPECT_EQ(activity_listener(), nullptr);
    tool.enable({CUPTI_ACTIVITY_KIND_MEMORY2});
    EXPECT_NE(activity_listener(), nullptr);
  }
  EXPECT_EQ(activity_listener(), nullptr);
}

TEST(CuptiRecords, ACallThatBeganBeforeItsKindWasOnLeavesNoRecord) {
  Tool tool;
  tool.enable({CUPTI_ACTIVITY_KIND_MEMSET});
  {
    const DrivenCall call(kMalloc);
    tool.enable({CUPTI_ACTIVITY_KIND_RUNTIME});
  }
  EXPECT_TRUE(tool.kinds().empty());
  DrivenCall{kMalloc};
  EXPECT_EQ(tool.kinds().size(), 1u);
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
