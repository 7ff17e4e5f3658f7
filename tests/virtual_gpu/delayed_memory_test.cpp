// What memory does while work is pending: h100-80gb with delayed events.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

namespace {

constexpr std::size_t kMiB = 1 << 20;
const int kConfigured =
    setenv("HEADROOM_VIRTUAL_GPU", "h100-80gb", 1) + setenv("HEADROOM_VIRTUAL_GPU_EVENTS", "delayed", 1);

class Pending : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking), cudaSuccess);
    ASSERT_EQ(cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking), cudaSuccess);
    ASSERT_EQ(cudaDeviceGetDefaultMemPool(&pool, 0), cudaSuccess);
    std::uint64_t all = UINT64_MAX;
    ASSERT_EQ(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &all), cudaSuccess);
    ASSERT_EQ(cudaMallocAsync(&block, 32 * kMiB, first), cudaSuccess);
    ASSERT_EQ(cudaMemsetAsync(block, 0, 32 * kMiB, first), cudaSuccess);
    ASSERT_EQ(cudaStreamQuery(first), cudaErrorNotReady);
    ASSERT_EQ(cudaFreeAsync(block, first), cudaSuccess);
  }

  void TearDown() override {
    for (void* pointer : taken) EXPECT_EQ(cudaFree(pointer), cudaSuccess);
    EXPECT_EQ(cudaStreamDestroy(first), cudaSuccess);
    EXPECT_EQ(cudaStreamDestroy(second), cudaSuccess);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    EXPECT_EQ(cudaMemPoolTrimTo(pool, 0), cudaSuccess);
  }

  void* take(cudaStream_t stream) {
    EXPECT_EQ(cudaMallocAsync(&taken.emplace_back(), 32 * kMiB, stream), cudaSuccess);
    return taken.back();
  }

  cudaStream_t first = nullptr, second = nullptr;
  cudaMemPool_t pool = nullptr;
  void* block = nullptr;
  std::vector<void*> taken;
};

TEST_F(Pending, AFreedBlockIsItsOwnStreamsAtOnce) { EXPECT_EQ(take(first), block); }

TEST_F(Pending, AnotherStreamGetsItOnlyWhenTheFreeIsDue) {
  EXPECT_NE(take(second), block);
  EXPECT_EQ(cudaStreamSynchronize(first), cudaSuccess);
  EXPECT_EQ(take(second), block);
}

TEST_F(Pending, AnotherStreamGetsItAfterItWaitedForAnEvent) {
  cudaEvent_t event = nullptr;
  ASSERT_EQ(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), cudaSuccess);
  ASSERT_EQ(cudaEventRecord(event, first), cudaSuccess);
  ASSERT_EQ(cudaStreamWaitEvent(second, event, 0), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(first), cudaErrorNotReady);
  EXPECT_EQ(take(second), block);
}

TEST_F(Pending, WhenNothingElseIsLeftAnyStreamGetsIt) {
  std::size_t free = 0, total = 0;
  ASSERT_EQ(cudaMemGetInfo(&free, &total), cudaSuccess);
  ASSERT_EQ(cudaMalloc(&taken.emplace_back(), free / (2 * kMiB) * 2 * kMiB), cudaSuccess);
  EXPECT_EQ(take(second), block);
}

TEST_F(Pending, FreeWaitsForTheDevice) {
  void* pointer = nullptr;
  ASSERT_EQ(cudaMalloc(&pointer, kMiB), cudaSuccess);
  EXPECT_EQ(cudaFree(pointer), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(first), cudaSuccess);
}

TEST_F(Pending, ACopyIntoPageableMemoryIsDoneWhenItReturnsAndOneIntoPinnedIsNot) {
  void* device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, 64), cudaSuccess);
  char pageable[64];
  EXPECT_EQ(cudaMemcpyAsync(pageable, device, 64, cudaMemcpyDeviceToHost, second), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(second), cudaSuccess);
  void* pinned = nullptr;
  ASSERT_EQ(cudaHostAlloc(&pinned, 64, cudaHostAllocDefault), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(pinned, device, 64, cudaMemcpyDeviceToHost, second), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(second), cudaErrorNotReady);
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
  taken.push_back(device);
  EXPECT_EQ(cudaStreamQuery(second), cudaSuccess) << "freeing pinned memory waits";
}

}  // namespace
