// What the virtual runtime tells of its work: kernels, copies, sets, waits, graphs.
#include <cuda.h>
#include <gmock/gmock.h>

#include <thread>

#include "tests/virtual_gpu/activity_recorder.h"
#include "tests/virtual_gpu/work_support.h"
#include "virtual_gpu/core/work.h"

namespace headroom::virtual_gpu::testing_support {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const int kConfigured = setenv("HEADROOM_VIRTUAL_GPU", "2xh100-80gb", 1);
constexpr std::size_t kBytes = 4096;

struct DeviceBlock {
  explicit DeviceBlock(std::size_t bytes = kBytes) { EXPECT_OK(cudaMalloc(&pointer, bytes)); }
  ~DeviceBlock() { EXPECT_OK(cudaFree(pointer)); }
  DeviceBlock(const DeviceBlock&) = delete;
  operator void*() const { return pointer; }  // NOLINT: stands for it
  void* pointer = nullptr;
};

std::uint32_t id_of(cudaStream_t stream) {
  unsigned long long id = 0;
  EXPECT_OK(cudaStreamGetId(stream, &id));
  return static_cast<std::uint32_t>(id);
}

TEST(ToldKernels, HaveTheirNameShapeFactsAndCall) {
  const ScopedStream stream;
  const Told told = told_during(
      [&] { EXPECT_OK(cudaLaunchKernel(plain_kernel(), dim3(3, 2, 1), dim3(32, 4, 1), nullptr, 1024, stream)); });
  ASSERT_THAT(told.kernels, SizeIs(1));
  ASSERT_THAT(told.calls, SizeIs(1));
  const auto& kernel = told.kernels[0];
  EXPECT_EQ(kernel.kernel, "plain");
  EXPECT_EQ(told.calls[0].kernel, "plain");
  EXPECT_EQ(kernel.correlation_id, told.calls[0].correlation_id);
  EXPECT_EQ(kernel.stream_id, id_of(stream));
  EXPECT_EQ(kernel.grid.x, 3u);
  EXPECT_EQ(kernel.grid.y, 2u);
  EXPECT_EQ(kernel.block.y, 4u);
  EXPECT_EQ(kernel.dynamic_shared_bytes, 1024u);
  const CubinSpec spec;
  EXPECT_EQ(kernel.registers_per_thread, static_cast<int>(spec.registers));
  EXPECT_EQ(kernel.static_shared_bytes, static_cast<int>(spec.static_shared_bytes));
  EXPECT_EQ(kernel.graph_id, 0u);
  EXPECT_GE(kernel.start_ns, told.calls[0].begin_ns);
  EXPECT_LE(kernel.start_ns, told.calls[0].end_ns);
  EXPECT_EQ(kernel.end_ns, kernel.start_ns);
}

TEST(ToldKernels, AreOneHoweverTheyAreLaunched) {
  cudaKernel_t handle = nullptr;
  ASSERT_OK(__cudaGetKernel(&handle, plain_kernel()));
  const ScopedStream stream;
  cudaLaunchAttribute cluster{};
  cluster.id = cudaLaunchAttributeClusterDimension;
  cluster.val.clusterDim = {2, 1, 1};
  const cudaLaunchConfig_t config{dim3(4), dim3(32), 0, stream, &cluster, 1};
  const Told told = told_during([&] {
    EXPECT_OK(cudaLaunchKernelExC(&config, plain_kernel(), nullptr));
    EXPECT_OK(__cudaLaunchKernel(handle, dim3(1), dim3(32), nullptr, 0, stream));
    EXPECT_OK(cudaLaunchCooperativeKernel(plain_kernel(), dim3(1), dim3(32), nullptr, 0, stream));
    EXPECT_EQ(cuLaunchKernel(reinterpret_cast<CUfunction>(handle), 1, 1, 1, 32, 1, 1, 0, stream, nullptr, nullptr),
              CUDA_SUCCESS);
  });
  ASSERT_THAT(told.kernels, SizeIs(4));
  EXPECT_EQ(told.kernels[0].cluster.x, 2u);
  EXPECT_TRUE(told.kernels[2].cooperative);
  for (const auto& kernel : told.kernels) EXPECT_EQ(kernel.kernel, "plain");
  for (const auto& call : told.calls) EXPECT_EQ(call.kernel, "plain");
}

TEST(ToldKernels, OneThatFailsIsACallWithItsErrorAndNoKernel) {
  const Told told = told_during(
      [] { EXPECT_NE(cudaLaunchKernel(plain_kernel(), dim3(0), dim3(32), nullptr, 0, nullptr), cudaSuccess); });
  EXPECT_THAT(told.kernels, IsEmpty());
  ASSERT_THAT(told.calls, SizeIs(1));
  EXPECT_EQ(told.calls[0].result, cudaErrorInvalidConfiguration);
  cudaGetLastError();
}

TEST(ToldKernels, OneThatTakesTimeEndsBeforeTheNextOnItsStreamBegins) {
  const ScopedStream stream;
  const Told told = told_during([&] {
    EXPECT_OK(spin_milliseconds(5, stream));
    EXPECT_OK(launch_plain(stream));
  });
  ASSERT_THAT(told.kernels, SizeIs(2));
  EXPECT_NEAR(static_cast<double>(told.kernels[0].end_ns - told.kernels[0].start_ns), 5e6, 1e3);
  EXPECT_GE(told.kernels[1].start_ns, told.kernels[0].end_ns);
}

// A library's own work comes without a call of the program's.
TEST(ToldKernels, OfALibraryComeInACallOfTheirOwn) {
  const Told told = told_during([] { EXPECT_OK(submit_kernel(nullptr, "cublasGemmEx", 0)); });
  ASSERT_THAT(told.kernels, SizeIs(1));
  ASSERT_THAT(told.call_names(), ElementsAre("cudaLaunchKernel_v7000"));
  EXPECT_EQ(told.kernels[0].kernel, "cublasGemmEx");
  EXPECT_EQ(told.kernels[0].correlation_id, told.calls[0].correlation_id);
  EXPECT_TRUE(told.calls[0].ended);
}

TEST(ToldModules, AFatBinaryIsLoadedAtTheFirstUseOfAKernel) {
  static char first, second;
  register_test_kernel(&first, "first_of_its_binary", {});
  register_test_kernel(&second, "second", {});
  const auto launch = [](const void* function) {
    EXPECT_OK(cudaLaunchKernel(function, dim3(1), dim3(1), nullptr, 0, nullptr));
  };
  const Told told = told_during([&] {
    launch(&first);
    launch(&first);
    launch(&second);
  });
  ASSERT_THAT(told.modules, SizeIs(2));
  EXPECT_NE(told.modules[0].module_id, told.modules[1].module_id);
  EXPECT_GT(told.modules[0].image_bytes, sizeof(Elf64_Ehdr));
}

TEST(ToldCopies, HaveTheirKindBytesAndSides) {
  const ScopedStream stream;
  const DeviceBlock block;
  std::vector<char> pageable(kBytes);
  void* pinned = nullptr;
  ASSERT_OK(cudaMallocHost(&pinned, kBytes));
  const Told told = told_during([&] {
    EXPECT_OK(cudaMemcpy(block, pageable.data(), kBytes, cudaMemcpyDefault));
    EXPECT_OK(cudaMemcpyAsync(pinned, block, kBytes, cudaMemcpyDeviceToHost, stream));
    EXPECT_OK(cudaMemcpy2DAsync(block, 64, pageable.data(), 128, 32, 8, cudaMemcpyHostToDevice, stream));
    EXPECT_OK(cudaMemcpyAsync(block, static_cast<char*>(block.pointer) + 1024, 512, cudaMemcpyDefault, stream));
  });
  EXPECT_OK(cudaFreeHost(pinned));
  ASSERT_THAT(told.copies, SizeIs(4));
  const auto expect = [&](std::size_t i, cudaMemcpyKind kind, std::uint64_t bytes, bool asynchronous, bool is_pinned) {
    EXPECT_EQ(told.copies[i].kind, kind) << i;
    EXPECT_EQ(told.copies[i].bytes, bytes) << i;
    EXPECT_EQ(told.copies[i].asynchronous, asynchronous) << i;
    EXPECT_EQ(told.copies[i].host_pinned, is_pinned) << i;
    EXPECT_EQ(told.copies[i].correlation_id, told.calls[i].correlation_id) << i;
  };
  expect(0, cudaMemcpyHostToDevice, kBytes, false, false);
  expect(1, cudaMemcpyDeviceToHost, kBytes, true, true);
  expect(2, cudaMemcpyHostToDevice, 32 * 8, true, false);
  expect(3, cudaMemcpyDeviceToDevice, 512, true, false);
}

TEST(ToldCopies, BetweenPeersNameBothDevices) {
  const DeviceBlock first;
  ASSERT_OK(cudaSetDevice(1));
  const DeviceBlock second;
  ASSERT_OK(cudaSetDevice(0));
  const Told told = told_during([&] { EXPECT_OK(cudaMemcpyPeerAsync(second, 1, first, 0, kBytes, nullptr)); });
  ASSERT_THAT(told.copies, SizeIs(1));
  EXPECT_EQ(told.copies[0].source_device, 0);
  EXPECT_EQ(told.copies[0].target_device, 1);
}

TEST(ToldSets, HaveTheirValueAndBytes) {
  const ScopedStream stream;
  const DeviceBlock block;
  const Told told = told_during([&] {
    EXPECT_OK(cudaMemset(block, 0x1ff, 100));
    EXPECT_OK(cudaMemset2DAsync(block, 64, 0, 32, 4, stream));
    EXPECT_EQ(cuMemsetD32Async(reinterpret_cast<CUdeviceptr>(block.pointer), 0xdeadbeef, 5, stream), CUDA_SUCCESS);
  });
  ASSERT_THAT(told.sets, SizeIs(3));
  EXPECT_EQ(told.sets[0].value, 0xffu);
  EXPECT_EQ(told.sets[0].bytes, 100u);
  EXPECT_FALSE(told.sets[0].asynchronous);
  EXPECT_EQ(told.sets[1].bytes, 128u);
  EXPECT_TRUE(told.sets[1].asynchronous);
  EXPECT_EQ(told.sets[2].value, 0xdeadbeefu);
  EXPECT_EQ(told.sets[2].bytes, 20u);
}

TEST(ToldWaits, AreThoseThatTheProgramAskedFor) {
  using Kind = SynchronizationActivity::Kind;
  const ScopedStream stream;
  const ScopedEvent event;
  const DeviceBlock block;
  char byte = 0;
  const Told told = told_during([&] {
    EXPECT_OK(cudaEventRecord(event, stream));
    EXPECT_OK(cudaStreamWaitEvent(stream, event, 0));
    EXPECT_OK(cudaEventSynchronize(event));
    EXPECT_OK(cudaStreamSynchronize(stream));
    EXPECT_OK(cudaDeviceSynchronize());
    EXPECT_OK(cudaMemcpy(&byte, block, 1, cudaMemcpyDeviceToHost));  // a copy that waits is a copy
  });
  std::vector<Kind> kinds;
  for (const auto& wait : told.waits) kinds.push_back(wait.kind);
  ASSERT_THAT(kinds, ElementsAre(Kind::stream_wait_event, Kind::event, Kind::stream, Kind::context));
  EXPECT_EQ(told.waits[0].stream_id, id_of(stream));
  EXPECT_EQ(told.waits[2].stream, stream.stream);
  EXPECT_NE(told.waits[0].event_id, 0u);
  EXPECT_EQ(told.waits[0].event_id, told.waits[1].event_id);
  for (const auto& wait : told.waits) EXPECT_LE(wait.start_ns, wait.end_ns);
}

TEST(ToldStreams, AreToldWhenTheyAreMade) {
  cudaStream_t stream = nullptr;
  const Told told = told_during([&] { EXPECT_OK(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, -2)); });
  ASSERT_THAT(told.streams, SizeIs(1));
  EXPECT_EQ(told.streams[0].stream, stream);
  EXPECT_EQ(told.streams[0].stream_id, id_of(stream));
  EXPECT_EQ(told.streams[0].priority, -2);
  EXPECT_EQ(told.streams[0].flags, cudaStreamNonBlocking);
  EXPECT_EQ(told.streams[0].correlation_id, told.calls[0].correlation_id);
  EXPECT_OK(cudaStreamDestroy(stream));
}

struct Captured {
  template <class Body>
  Captured(cudaStream_t stream, Body body) {
    cudaGraph_t graph = nullptr;
    EXPECT_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
    body();
    EXPECT_OK(cudaStreamEndCapture(stream, &graph));
    EXPECT_OK(cudaGraphInstantiate(&executable, graph, 0));
    EXPECT_OK(cudaGraphDestroy(graph));
  }
  ~Captured() { EXPECT_OK(cudaGraphExecDestroy(executable)); }
  Captured(const Captured&) = delete;
  cudaGraphExec_t executable = nullptr;
};

TEST(ToldGraphs, WhatIsCapturedIsToldAtEachLaunchAndNotBefore) {
  const ScopedStream stream;
  const DeviceBlock block;
  Told capture;
  const Captured graph(stream, [&] {
    capture = told_during([&] {
      EXPECT_OK(launch_plain(stream));
      EXPECT_OK(cudaMemsetAsync(block, 7, 64, stream));
      EXPECT_OK(cudaMemcpyAsync(block, static_cast<char*>(block.pointer) + 1024, 256, cudaMemcpyDefault, stream));
    });
  });
  EXPECT_THAT(capture.calls, SizeIs(3));
  EXPECT_THAT(capture.kernels, IsEmpty());
  EXPECT_THAT(capture.sets, IsEmpty());
  EXPECT_THAT(capture.copies, IsEmpty());
  const auto launch = [&] { return told_during([&] { EXPECT_OK(cudaGraphLaunch(graph.executable, stream)); }); };
  const Told first = launch(), second = launch();
  for (const Told* told : {&first, &second}) {
    ASSERT_THAT(told->kernels, SizeIs(1));
    ASSERT_THAT(told->sets, SizeIs(1));
    ASSERT_THAT(told->copies, SizeIs(1));
    ASSERT_THAT(told->graphs, SizeIs(1));
    ASSERT_THAT(told->call_names(), ElementsAre("cudaGraphLaunch_v10000"));
    const std::uint32_t correlation_id = told->calls[0].correlation_id;
    EXPECT_EQ(told->kernels[0].correlation_id, correlation_id);
    EXPECT_EQ(told->sets[0].correlation_id, correlation_id);
    EXPECT_EQ(told->copies[0].correlation_id, correlation_id);
    EXPECT_EQ(told->graphs[0].correlation_id, correlation_id);
    EXPECT_EQ(told->kernels[0].graph_id, told->graphs[0].graph_id);
    EXPECT_NE(told->kernels[0].graph_node_id, told->sets[0].graph_node_id);
    EXPECT_EQ(told->kernels[0].registers_per_thread, static_cast<int>(CubinSpec().registers));
    EXPECT_EQ(told->kernels[0].block.x, 32u);
  }
  EXPECT_EQ(first.kernels[0].graph_node_id, second.kernels[0].graph_node_id);
  EXPECT_EQ(first.graphs[0].graph_id, second.graphs[0].graph_id);
}

TEST(ToldGraphs, NodesThatTakeTimeFollowEachOther) {
  const ScopedStream stream;
  const Captured graph(stream, [&] {
    EXPECT_OK(spin_milliseconds(2, stream));
    EXPECT_OK(launch_plain(stream));
  });
  const Told told = told_during([&] {
    EXPECT_OK(cudaGraphLaunch(graph.executable, stream));
    EXPECT_OK(launch_plain(stream));
  });
  ASSERT_THAT(told.kernels, SizeIs(3));
  EXPECT_EQ(told.kernels[1].start_ns, told.kernels[0].end_ns);
  EXPECT_GE(told.kernels[2].start_ns, told.kernels[1].end_ns);
  EXPECT_EQ(told.graphs[0].end_ns, told.kernels[1].end_ns);
}

TEST(ToldGraphs, ThoseMadeByHandTellTheirNodes) {
  cudaGraph_t graph = nullptr;
  cudaGraphNode_t node = nullptr;
  ASSERT_OK(cudaGraphCreate(&graph, 0));
  cudaKernelNodeParams params{};
  params.func = const_cast<void*>(plain_kernel());
  params.gridDim = dim3(5);
  params.blockDim = dim3(64);
  ASSERT_OK(cudaGraphAddKernelNode(&node, graph, nullptr, 0, &params));
  cudaGraphExec_t executable = nullptr;
  ASSERT_OK(cudaGraphInstantiate(&executable, graph, 0));
  const Told told = told_during([&] { EXPECT_OK(cudaGraphLaunch(executable, nullptr)); });
  ASSERT_THAT(told.kernels, SizeIs(1));
  EXPECT_EQ(told.kernels[0].grid.x, 5u);
  EXPECT_EQ(told.kernels[0].block.x, 64u);
  EXPECT_THAT(told.streams, IsEmpty());
  EXPECT_OK(cudaGraphExecDestroy(executable));
  EXPECT_OK(cudaGraphDestroy(graph));
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
