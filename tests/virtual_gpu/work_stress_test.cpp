// Many threads at once: launches, events, waits, captures, modules. Nothing here may race (sanitizers look on).
#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "tests/virtual_gpu/work_support.h"
#include "virtual_gpu/core/work.h"

namespace headroom::virtual_gpu::testing_support {
namespace {

const int kConfigured = setenv("HEADROOM_VIRTUAL_GPU", "2xh100-80gb", 1);

constexpr int kThreads = 8, kRounds = 300;

template <class Body>
void on_threads(Body body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([=] { body(i); });
  for (std::thread& thread : threads) thread.join();
}

TEST(Threads, ShareStreamsAndEvents) {
  const ScopedStream shared[2];
  on_threads([&](int number) {
    EXPECT_OK(cudaSetDevice(0));
    const ScopedStream own(number % 2 == 0 ? cudaStreamNonBlocking : cudaStreamDefault);
    const ScopedEvent event;
    for (int round = 0; round < kRounds; ++round) {
      EXPECT_OK(launch_plain(own));
      EXPECT_OK(launch_plain(shared[round % 2]));
      EXPECT_OK(cudaEventRecord(event, shared[round % 2]));
      EXPECT_OK(cudaStreamWaitEvent(own, event, 0));
      EXPECT_OK(spin_milliseconds(0.001, own));
      EXPECT_OK(cudaEventSynchronize(event));
      EXPECT_OK(launch_plain(round % 3 == 0 ? nullptr : cudaStreamPerThread));
      EXPECT_TRUE(ordered_after(own, moment_of(own)));
    }
    EXPECT_OK(cudaDeviceSynchronize());
  });
}

TEST(Threads, MakeAndEndStreamsWhileOthersWait) {
  std::atomic<bool> stop{false};
  std::thread waiter([&] {
    while (!stop) EXPECT_OK(cudaDeviceSynchronize());
  });
  on_threads([](int) {
    for (int round = 0; round < kRounds; ++round) {
      const ScopedStream stream;
      const ScopedEvent event;
      EXPECT_OK(launch_plain(stream));
      EXPECT_OK(cudaEventRecord(event, stream));
    }
  });
  stop = true;
  waiter.join();
}

TEST(Threads, CaptureSideBySide) {
  on_threads([](int) {
    const ScopedStream stream, side;
    const ScopedEvent fork, join;
    for (int round = 0; round < kRounds / 10; ++round) {
      ASSERT_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
      EXPECT_OK(cudaEventRecord(fork, stream));
      EXPECT_OK(cudaStreamWaitEvent(side, fork, 0));
      for (int i = 0; i < 10; ++i) EXPECT_OK(launch_plain(i % 2 == 0 ? stream : side));
      EXPECT_OK(cudaEventRecord(join, side));
      EXPECT_OK(cudaStreamWaitEvent(stream, join, 0));
      cudaGraph_t graph = nullptr;
      ASSERT_OK(cudaStreamEndCapture(stream, &graph));
      EXPECT_EQ(node_count(graph), 10u);
      cudaGraphExec_t executable = nullptr;
      ASSERT_OK(cudaGraphInstantiate(&executable, graph, 0));
      EXPECT_OK(cudaGraphLaunch(executable, stream));
      EXPECT_OK(cudaGraphExecDestroy(executable));
      EXPECT_OK(cudaGraphDestroy(graph));
    }
  });
}

TEST(Threads, LoadLibrariesAndLaunchFromThem) {
  const std::string image = make_cubin({});
  on_threads([&](int) {
    for (int round = 0; round < kRounds; ++round) {
      cudaLibrary_t library = nullptr;
      cudaKernel_t kernel = nullptr;
      ASSERT_OK(cudaLibraryLoadData(&library, image.data(), nullptr, nullptr, 0, nullptr, nullptr, 0));
      ASSERT_OK(cudaLibraryGetKernel(&kernel, library, "kernel"));
      EXPECT_OK(cudaLaunchKernel(kernel, dim3(1), dim3(64), nullptr, 0, cudaStreamPerThread));
      EXPECT_OK(cudaLibraryUnload(library));
    }
  });
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
