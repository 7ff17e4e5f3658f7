// Stream capture: what becomes a graph, what joins, and what spoils it.
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include "tests/virtual_gpu/work_support.h"
#include "virtual_gpu/core/work.h"

namespace headroom::virtual_gpu::testing_support {
namespace {

const int kConfigured = setenv("HEADROOM_VIRTUAL_GPU", "2xh100-80gb", 1);

constexpr auto kGlobal = cudaStreamCaptureModeGlobal, kThreadLocal = cudaStreamCaptureModeThreadLocal,
               kRelaxed = cudaStreamCaptureModeRelaxed;

cudaStreamCaptureStatus status_of(cudaStream_t stream) {
  cudaStreamCaptureStatus status{};
  EXPECT_OK(cudaStreamIsCapturing(stream, &status));
  return status;
}

// What EndCapture says, once `body` has run between it and BeginCapture. The graph is destroyed.
cudaError_t capture(cudaStreamCaptureMode mode, const std::function<void(cudaStream_t)>& body) {
  const ScopedStream stream;
  EXPECT_OK(cudaStreamBeginCapture(stream, mode));
  body(stream);
  cudaGraph_t graph = nullptr;
  const cudaError_t error = cudaStreamEndCapture(stream, &graph);
  EXPECT_EQ(graph == nullptr, error != cudaSuccess);
  EXPECT_EQ(status_of(stream), cudaStreamCaptureStatusNone);
  if (graph != nullptr) {
    EXPECT_OK(cudaGraphDestroy(graph));
  }
  cudaGetLastError();
  return error;
}

TEST(Capture, TurnsWorkIntoNodesInOrder) {
  const ScopedStream stream;
  EXPECT_EQ(status_of(stream), cudaStreamCaptureStatusNone);
  ASSERT_OK(cudaStreamBeginCapture(stream, kGlobal));
  EXPECT_EQ(status_of(stream), cudaStreamCaptureStatusActive);
  EXPECT_TRUE(capturing(stream));
  EXPECT_OK(launch_plain(stream));
  EXPECT_OK(cudaLaunchHostFunc(
      stream, [](void*) { FAIL() << "a captured host function ran"; }, nullptr));
  EXPECT_OK(submit(stream, {WorkKind::copy, "copy", 0, [] { FAIL() << "a captured copy ran"; }}));
  cudaGraph_t graph = nullptr;
  ASSERT_OK(cudaStreamEndCapture(stream, &graph));
  ASSERT_EQ(node_count(graph), 3u);
  EXPECT_EQ(edge_count(graph), 2u);
  std::size_t count = 3;
  std::vector<cudaGraphNode_t> nodes(count), from(2), to(2);
  EXPECT_OK(cudaGraphGetNodes(graph, nodes.data(), &count));
  std::vector<cudaGraphNodeType> types(3);
  for (int i = 0; i < 3; ++i) EXPECT_OK(cudaGraphNodeGetType(nodes[i], &types[i]));
  EXPECT_EQ(types, (std::vector{cudaGraphNodeTypeKernel, cudaGraphNodeTypeHost, cudaGraphNodeTypeMemcpy}));
  count = 2;
  EXPECT_OK(cudaGraphGetEdges(graph, from.data(), to.data(), nullptr, &count));
  EXPECT_EQ(from, (std::vector{nodes[0], nodes[1]}));
  EXPECT_EQ(to, (std::vector{nodes[1], nodes[2]}));
  EXPECT_OK(cudaGraphDestroy(graph));
}

TEST(Capture, AnEventForksItAndAnotherJoinsIt) {
  const ScopedStream main, side;
  const ScopedEvent fork, join;
  ASSERT_OK(cudaStreamBeginCapture(main, kGlobal));
  EXPECT_OK(launch_plain(main));
  EXPECT_OK(cudaEventRecord(fork, main));
  EXPECT_OK(cudaStreamWaitEvent(side, fork, 0));
  EXPECT_EQ(status_of(side), cudaStreamCaptureStatusActive);
  EXPECT_OK(launch_plain(side));
  EXPECT_OK(launch_plain(main));
  EXPECT_OK(cudaEventRecord(join, side));
  EXPECT_OK(cudaStreamWaitEvent(main, join, 0));
  cudaStreamCaptureStatus status{};
  unsigned long long id = 0, side_id = 0;
  const cudaGraphNode_t* dependencies = nullptr;
  std::size_t count = 0;
  EXPECT_OK(cudaStreamGetCaptureInfo(side, &status, &side_id, nullptr, nullptr, nullptr, nullptr));
  EXPECT_OK(cudaStreamGetCaptureInfo(main, &status, &id, nullptr, &dependencies, nullptr, &count));
  EXPECT_EQ(id, side_id);
  EXPECT_EQ(count, 2u) << "what comes next follows both branches";
  EXPECT_NE(dependencies, nullptr);
  EXPECT_OK(launch_plain(main));
  cudaGraph_t graph = nullptr;
  ASSERT_OK(cudaStreamEndCapture(main, &graph));
  EXPECT_EQ(status_of(side), cudaStreamCaptureStatusNone);
  EXPECT_EQ(node_count(graph), 4u);
  EXPECT_EQ(edge_count(graph), 4u) << "a diamond";
  EXPECT_OK(cudaGraphDestroy(graph));
}

TEST(Capture, AForkThatNeverComesBackIsUnjoined) {
  const ScopedStream side;
  const ScopedEvent fork;
  EXPECT_EQ(capture(kGlobal,
                    [&](cudaStream_t stream) {
                      EXPECT_OK(cudaEventRecord(fork, stream));
                      EXPECT_OK(cudaStreamWaitEvent(side, fork, 0));
                      EXPECT_OK(launch_plain(side));
                    }),
            cudaErrorStreamCaptureUnjoined);
  EXPECT_EQ(status_of(side), cudaStreamCaptureStatusNone);
}

TEST(Capture, EndsOnTheStreamAndTheThreadThatBeganIt) {
  const ScopedStream stream, side;
  const ScopedEvent fork;
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorIllegalState) << "none is under way";
  ASSERT_OK(cudaStreamBeginCapture(stream, kGlobal));
  EXPECT_EQ(cudaStreamBeginCapture(stream, kGlobal), cudaErrorIllegalState);
  std::thread([&] { EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureWrongThread); }).join();
  EXPECT_OK(cudaStreamEndCapture(stream, &graph));
  EXPECT_OK(cudaGraphDestroy(graph));
  EXPECT_EQ(capture(kRelaxed,
                    [&](cudaStream_t captured) {
                      EXPECT_OK(cudaEventRecord(fork, captured));
                      EXPECT_OK(cudaStreamWaitEvent(side, fork, 0));
                      EXPECT_EQ(cudaStreamEndCapture(side, &graph), cudaErrorStreamCaptureUnmatched);
                    }),
            cudaErrorStreamCaptureInvalidated);
  cudaGetLastError();
}

TEST(Capture, OfTheNullStreamIsRefused) {
  EXPECT_EQ(cudaStreamBeginCapture(nullptr, kGlobal), cudaErrorStreamCaptureUnsupported);
  EXPECT_EQ(cudaStreamBeginCapture(cudaStreamLegacy, kRelaxed), cudaErrorStreamCaptureUnsupported);
  const ScopedStream stream;
  EXPECT_EQ(cudaStreamBeginCapture(stream, static_cast<cudaStreamCaptureMode>(3)), cudaErrorInvalidValue);
  cudaGetLastError();
}

TEST(Capture, AskingOrAwaitingACapturedStreamSpoilsIt) {
  const std::vector<std::function<cudaError_t(cudaStream_t)>> calls{
      [](cudaStream_t stream) { return cudaStreamQuery(stream); },
      [](cudaStream_t stream) { return cudaStreamSynchronize(stream); },
      [](cudaStream_t) { return cudaDeviceSynchronize(); },
      [](cudaStream_t stream) {
        return cudaStreamAddCallback(
            stream, [](cudaStream_t, cudaError_t, void*) {}, nullptr, 0);
      }};
  for (const auto& call : calls)
    EXPECT_EQ(capture(kRelaxed,
                      [&](cudaStream_t stream) {
                        EXPECT_EQ(call(stream), cudaErrorStreamCaptureUnsupported);
                        EXPECT_EQ(status_of(stream), cudaStreamCaptureStatusInvalidated);
                        EXPECT_EQ(launch_plain(stream), cudaErrorStreamCaptureInvalidated);
                      }),
              cudaErrorStreamCaptureInvalidated);
}

TEST(Capture, AskingACapturedEventSpoilsIt) {
  const ScopedEvent event;
  EXPECT_EQ(capture(kRelaxed,
                    [&](cudaStream_t stream) {
                      EXPECT_OK(cudaEventRecord(event, stream));
                      EXPECT_EQ(cudaEventQuery(event), cudaErrorCapturedEvent);
                    }),
            cudaErrorStreamCaptureInvalidated);
  const ScopedStream other;
  EXPECT_EQ(cudaStreamWaitEvent(other, event, 0), cudaErrorCapturedEvent) << "its capture is over";
  EXPECT_OK(cudaEventRecord(event, other));
  EXPECT_OK(cudaEventQuery(event)) << "recorded anew";
  cudaGetLastError();
}

TEST(Capture, ModesSayWhichThreadsUnsafeCallsSpoilIt) {
  const auto allocate = [] {
    void* pointer = nullptr;
    const cudaError_t error = cudaMalloc(&pointer, 1);
    if (error == cudaSuccess) {
      EXPECT_OK(cudaFree(pointer));
    }
    cudaGetLastError();
    return error;
  };
  const auto here = [&](cudaError_t expected) { return [=](cudaStream_t) { EXPECT_EQ(allocate(), expected); }; };
  const auto elsewhere = [&](cudaError_t expected) {
    return [=](cudaStream_t) { std::thread([&] { EXPECT_EQ(allocate(), expected); }).join(); };
  };
  EXPECT_EQ(capture(kGlobal, here(cudaErrorStreamCaptureUnsupported)), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(capture(kThreadLocal, here(cudaErrorStreamCaptureUnsupported)), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(capture(kRelaxed, here(cudaSuccess)), cudaSuccess);
  EXPECT_EQ(capture(kGlobal, elsewhere(cudaErrorStreamCaptureUnsupported)), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(capture(kThreadLocal, elsewhere(cudaSuccess)), cudaSuccess);
  EXPECT_EQ(capture(kRelaxed, elsewhere(cudaSuccess)), cudaSuccess);
}

TEST(Capture, AThreadMayAskForAnotherModeForAWhile) {
  auto mode = kRelaxed;
  EXPECT_OK(cudaThreadExchangeStreamCaptureMode(&mode));
  EXPECT_EQ(mode, kGlobal);
  EXPECT_EQ(capture(kGlobal, [](cudaStream_t) { EXPECT_OK(forbid_in_capture()); }), cudaSuccess);
  EXPECT_OK(cudaThreadExchangeStreamCaptureMode(&mode));
  EXPECT_EQ(mode, kRelaxed);
  EXPECT_EQ(capture(kGlobal, [](cudaStream_t) { EXPECT_EQ(forbid_in_capture(), cudaErrorStreamCaptureUnsupported); }),
            cudaErrorStreamCaptureInvalidated);
}

TEST(Capture, WorkOnTheNullStreamWhileABlockingStreamIsCapturedIsAnImplicitDependency) {
  const ScopedStream blocking(cudaStreamDefault);
  ASSERT_OK(cudaStreamBeginCapture(blocking, kRelaxed));
  cudaStreamCaptureStatus status{};
  EXPECT_EQ(cudaStreamIsCapturing(nullptr, &status), cudaErrorStreamCaptureImplicit);
  EXPECT_EQ(status_of(blocking), cudaStreamCaptureStatusActive) << "asking spoils nothing";
  EXPECT_EQ(launch_plain(nullptr), cudaErrorStreamCaptureImplicit);
  EXPECT_EQ(cudaStreamEndCapture(blocking, nullptr), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(capture(kRelaxed, [](cudaStream_t) { EXPECT_OK(launch_plain(nullptr)); }), cudaSuccess)
      << "a stream that does not block is apart from the null stream";
  cudaGetLastError();
}

TEST(Capture, TwoCapturesDoNotMerge) {
  const ScopedStream first, second;
  const ScopedEvent event;
  ASSERT_OK(cudaStreamBeginCapture(first, kRelaxed));
  ASSERT_OK(cudaStreamBeginCapture(second, kRelaxed));
  EXPECT_OK(cudaEventRecord(event, first));
  EXPECT_EQ(cudaStreamWaitEvent(second, event, 0), cudaErrorStreamCaptureMerge);
  EXPECT_EQ(cudaStreamEndCapture(first, nullptr), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(cudaStreamEndCapture(second, nullptr), cudaErrorStreamCaptureInvalidated);
  cudaGetLastError();
}

TEST(Capture, WorkOutsideItIsOutOfReach) {
  const ScopedStream outside;
  const ScopedEvent event;
  EXPECT_OK(cudaEventRecord(event, outside));
  EXPECT_EQ(capture(kGlobal,
                    [&](cudaStream_t stream) {
                      EXPECT_EQ(cudaStreamWaitEvent(stream, event, 0), cudaErrorStreamCaptureIsolation);
                    }),
            cudaErrorStreamCaptureInvalidated);
}

TEST(Capture, ExternalEventsBecomeNodes) {
  const ScopedStream stream;
  const ScopedEvent recorded, awaited;
  ASSERT_OK(cudaStreamBeginCapture(stream, kGlobal));
  EXPECT_OK(cudaStreamWaitEvent(stream, awaited, cudaEventWaitExternal));
  EXPECT_OK(cudaEventRecordWithFlags(recorded, stream, cudaEventRecordExternal));
  cudaGraph_t graph = nullptr;
  ASSERT_OK(cudaStreamEndCapture(stream, &graph));
  EXPECT_EQ(node_count(graph), 2u);
  cudaGraphExec_t executable = nullptr;
  ASSERT_OK(cudaGraphInstantiate(&executable, graph, 0));
  EXPECT_OK(spin_milliseconds(60000, stream));
  EXPECT_OK(cudaGraphLaunch(executable, stream));
  EXPECT_EQ(cudaEventQuery(recorded), cudaErrorNotReady);
  EXPECT_OK(cudaEventSynchronize(recorded));
  EXPECT_OK(cudaStreamQuery(stream));
  EXPECT_OK(cudaGraphExecDestroy(executable));
  EXPECT_OK(cudaGraphDestroy(graph));
  cudaGetLastError();
}

TEST(Capture, GoesIntoAGraphThatIsThere) {
  cudaGraph_t graph = nullptr, ended = nullptr;
  cudaGraphNode_t first = nullptr;
  ASSERT_OK(cudaGraphCreate(&graph, 0));
  ASSERT_OK(cudaGraphAddEmptyNode(&first, graph, nullptr, 0));
  const ScopedStream stream;
  ASSERT_OK(cudaStreamBeginCaptureToGraph(stream, graph, &first, nullptr, 1, kGlobal));
  EXPECT_OK(launch_plain(stream));
  ASSERT_OK(cudaStreamEndCapture(stream, &ended));
  EXPECT_EQ(ended, graph);
  EXPECT_EQ(node_count(graph), 2u);
  EXPECT_EQ(edge_count(graph), 1u);
  EXPECT_OK(cudaGraphDestroy(graph));
}

TEST(Capture, DependenciesCanBeSetByHand) {
  const ScopedStream stream;
  ASSERT_OK(cudaStreamBeginCapture(stream, kGlobal));
  cudaStreamCaptureStatus status{};
  cudaGraph_t graph = nullptr;
  EXPECT_OK(cudaStreamGetCaptureInfo(stream, &status, nullptr, &graph, nullptr, nullptr, nullptr));
  cudaGraphNode_t extra = nullptr;
  ASSERT_OK(cudaGraphAddEmptyNode(&extra, graph, nullptr, 0));
  EXPECT_OK(launch_plain(stream));
  EXPECT_OK(cudaStreamUpdateCaptureDependencies(stream, &extra, nullptr, 1, cudaStreamAddCaptureDependencies));
  EXPECT_OK(launch_plain(stream));
  EXPECT_OK(cudaStreamUpdateCaptureDependencies(stream, nullptr, nullptr, 0, cudaStreamSetCaptureDependencies));
  EXPECT_OK(launch_plain(stream));
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  EXPECT_EQ(node_count(graph), 4u);
  EXPECT_EQ(edge_count(graph), 2u);
  std::size_t roots = 0;
  EXPECT_OK(cudaGraphGetRootNodes(graph, nullptr, &roots));
  EXPECT_EQ(roots, 3u);
  EXPECT_OK(cudaGraphDestroy(graph));
}

TEST(Capture, DestroyingItsStreamEndsIt) {
  cudaStream_t stream = nullptr;
  ASSERT_OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  ASSERT_OK(cudaStreamBeginCapture(stream, kGlobal));
  EXPECT_OK(cudaStreamDestroy(stream));
  EXPECT_OK(forbid_in_capture());
  void* pointer = nullptr;
  EXPECT_OK(cudaMalloc(&pointer, 1));
  EXPECT_OK(cudaFree(pointer));
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
