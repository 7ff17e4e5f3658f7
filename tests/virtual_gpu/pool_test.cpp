// Memory pools on h100-80gb, work done when it is submitted.
#include <cuda.h>
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

namespace {

constexpr std::size_t kMiB = 1 << 20;

std::size_t used() {
  std::size_t free = 0, total = 0;
  EXPECT_EQ(cudaMemGetInfo(&free, &total), cudaSuccess);
  return total - free;
}

std::uint64_t attribute(cudaMemPool_t pool, cudaMemPoolAttr which) {
  std::uint64_t value = 0;
  EXPECT_EQ(cudaMemPoolGetAttribute(pool, which, &value), cudaSuccess);
  return value;
}

class Pool : public testing::Test {
 protected:
  void SetUp() override {
    before = used();
    cudaMemPoolProps properties{};
    properties.allocType = cudaMemAllocationTypePinned;
    properties.location = {cudaMemLocationTypeDevice, {0}};
    ASSERT_EQ(cudaMemPoolCreate(&pool, &properties), cudaSuccess);
    ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  }
  void TearDown() override {
    EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
    EXPECT_EQ(cudaMemPoolDestroy(pool), cudaSuccess);
    EXPECT_EQ(used(), before);
    cudaGetLastError();
  }

  void* take(std::size_t bytes) {
    void* pointer = nullptr;
    EXPECT_EQ(cudaMallocFromPoolAsync(&pointer, bytes, pool, stream), cudaSuccess);
    return pointer;
  }
  void give(void* pointer) { EXPECT_EQ(cudaFreeAsync(pointer, stream), cudaSuccess); }
  void keep_everything() {
    std::uint64_t all = UINT64_MAX;
    EXPECT_EQ(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &all), cudaSuccess);
  }

  std::size_t before = 0;
  cudaMemPool_t pool = nullptr;
  cudaStream_t stream = nullptr;
};

TEST_F(Pool, ReservesInChunksAndCountsWhatIsUsed) {
  void* small = take(1);
  EXPECT_EQ(attribute(pool, cudaMemPoolAttrUsedMemCurrent), 512u);
  EXPECT_EQ(attribute(pool, cudaMemPoolAttrReservedMemCurrent), 32 * kMiB);
  EXPECT_EQ(used() - before, 32 * kMiB);
  void* large = take(33 * kMiB);
  EXPECT_EQ(attribute(pool, cudaMemPoolAttrReservedMemCurrent), 96 * kMiB);
  give(small);
  give(large);
  EXPECT_EQ(attribute(pool, cudaMemPoolAttrUsedMemCurrent), 0u);
  EXPECT_EQ(attribute(pool, cudaMemPoolAttrUsedMemHigh), 33 * kMiB + 512);
  EXPECT_EQ(attribute(pool, cudaMemPoolAttrReservedMemHigh), 96 * kMiB);
}

TEST_F(Pool, ResetHighsBeginAtTheCurrentFigures) {
  void* pointer = take(5 * kMiB);
  give(take(20 * kMiB));
  std::uint64_t zero = 0, one = 1;
  EXPECT_EQ(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrUsedMemHigh, &one), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrUsedMemHigh, &zero), cudaSuccess);
  EXPECT_EQ(attribute(pool, cudaMemPoolAttrUsedMemHigh), 5 * kMiB);
  give(pointer);
}

TEST_F(Pool, GivesFreedMemoryAgainAndSplitsIt) {
  keep_everything();
  void* first = take(10 * kMiB);
  give(first);
  EXPECT_EQ(take(4 * kMiB), first);
  auto* second = static_cast<char*>(take(6 * kMiB));
  EXPECT_EQ(second, static_cast<char*>(first) + 4 * kMiB);
  give(first);
  give(second);
  EXPECT_EQ(take(32 * kMiB), first) << "freed neighbours join";
  EXPECT_EQ(attribute(pool, cudaMemPoolAttrReservedMemCurrent), 32 * kMiB);
  give(first);
}

TEST_F(Pool, GivesBackAtASynchronisationWhatExceedsItsThreshold) {
  give(take(32 * kMiB));
  EXPECT_EQ(used() - before, 32 * kMiB);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(used(), before);
  std::uint64_t threshold = 40 * kMiB;
  EXPECT_EQ(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold), cudaSuccess);
  void *first = take(32 * kMiB), *second = take(32 * kMiB);
  give(first);
  give(second);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(used() - before, 32 * kMiB);
}

TEST_F(Pool, IsTrimmedNoFurtherThanItsBlocksAllow) {
  keep_everything();
  void* kept = take(kMiB);
  give(take(64 * kMiB));
  EXPECT_EQ(used() - before, 96 * kMiB);
  EXPECT_EQ(cudaMemPoolTrimTo(pool, 0), cudaSuccess);
  EXPECT_EQ(used() - before, 32 * kMiB);
  give(kept);
  EXPECT_EQ(cudaMemPoolTrimTo(pool, 0), cudaSuccess);
  EXPECT_EQ(used(), before);
}

TEST_F(Pool, IdleMemoryGoesToWhoeverNeedsIt) {
  keep_everything();
  give(take(std::size_t{60} << 30));
  void* pointer = nullptr;
  EXPECT_EQ(cudaMalloc(&pointer, std::size_t{60} << 30), cudaSuccess);
  EXPECT_EQ(attribute(pool, cudaMemPoolAttrReservedMemCurrent), 0u);
  EXPECT_EQ(cudaFree(pointer), cudaSuccess);
}

TEST_F(Pool, EndsWhereTheDeviceEnds) {
  void* all = take(std::size_t{70} << 30);
  void* more = nullptr;
  EXPECT_EQ(cudaMallocFromPoolAsync(&more, std::size_t{20} << 30, pool, stream), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMallocFromPoolAsync(&more, SIZE_MAX, pool, stream), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMallocFromPoolAsync(&more, 0, pool, stream), cudaErrorInvalidValue);
  give(all);
}

TEST_F(Pool, MemoryIsKnownAndFreedLikeAnyOther) {
  auto* pointer = static_cast<char*>(take(kMiB));
  cudaPointerAttributes attributes{};
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, pointer + 1000), cudaSuccess);
  EXPECT_EQ(attributes.type, cudaMemoryTypeDevice);
  EXPECT_EQ(cudaMemsetAsync(pointer, 0, kMiB, stream), cudaSuccess);
  EXPECT_EQ(cudaMemsetAsync(pointer, 0, kMiB + 1, stream), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFreeAsync(pointer + 512, stream), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(pointer), cudaSuccess) << "whatever allocated it";
  EXPECT_EQ(cudaFreeAsync(pointer, stream), cudaErrorInvalidValue) << "freed";
  EXPECT_EQ(cudaFreeAsync(nullptr, stream), cudaErrorInvalidValue);
}

TEST_F(Pool, DestroyedLivesOnForItsBlocks) {
  cudaMemPoolProps properties{};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location = {cudaMemLocationTypeDevice, {0}};
  cudaMemPool_t other = nullptr;
  ASSERT_EQ(cudaMemPoolCreate(&other, &properties), cudaSuccess);
  void* pointer = nullptr;
  ASSERT_EQ(cudaMallocFromPoolAsync(&pointer, kMiB, other, stream), cudaSuccess);
  EXPECT_EQ(cudaMemPoolDestroy(other), cudaSuccess);
  EXPECT_EQ(cudaMemPoolDestroy(other), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMallocFromPoolAsync(&pointer, kMiB, other, stream), cudaErrorInvalidValue);
  EXPECT_EQ(used() - before, 32 * kMiB);
  give(pointer);
}

TEST_F(Pool, BecomesTheDevicesUntilItIsDestroyed) {
  cudaMemPool_t usual = nullptr, current = nullptr;
  ASSERT_EQ(cudaDeviceGetDefaultMemPool(&usual, 0), cudaSuccess);
  EXPECT_EQ(cudaMemPoolDestroy(usual), cudaErrorInvalidValue);
  ASSERT_EQ(cudaDeviceSetMemPool(0, pool), cudaSuccess);
  ASSERT_EQ(cudaDeviceGetMemPool(&current, 0), cudaSuccess);
  EXPECT_EQ(current, pool);
  void* pointer = nullptr;
  ASSERT_EQ(cudaMallocAsync(&pointer, kMiB, stream), cudaSuccess);
  EXPECT_EQ(attribute(pool, cudaMemPoolAttrUsedMemCurrent), kMiB);
  give(pointer);
  ASSERT_EQ(cudaDeviceSetMemPool(0, usual), cudaSuccess);
}

TEST_F(Pool, TheDriverSeesTheSamePool) {
  auto driver_pool = reinterpret_cast<CUmemoryPool>(pool);
  CUdeviceptr address = 0;
  auto driver_stream = reinterpret_cast<CUstream>(stream);
  ASSERT_EQ(cuMemAllocFromPoolAsync(&address, 3 * kMiB, driver_pool, driver_stream), CUDA_SUCCESS);
  cuuint64_t in_use = 0;
  EXPECT_EQ(cuMemPoolGetAttribute(driver_pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT, &in_use), CUDA_SUCCESS);
  EXPECT_EQ(in_use, 3 * kMiB);
  CUmemoryPool owner = nullptr;
  EXPECT_EQ(cuPointerGetAttribute(&owner, CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE, address + 5), CUDA_SUCCESS);
  EXPECT_EQ(owner, driver_pool);
  EXPECT_EQ(cuMemFreeAsync(address, driver_stream), CUDA_SUCCESS);
}

TEST_F(Pool, AccessIsItsOwnDevices) {
  cudaMemLocation here{cudaMemLocationTypeDevice, {0}};
  cudaMemAccessFlags flags = cudaMemAccessFlagsProtNone;
  EXPECT_EQ(cudaMemPoolGetAccess(&flags, pool, &here), cudaSuccess);
  EXPECT_EQ(flags, cudaMemAccessFlagsProtReadWrite);
  cudaMemAccessDesc none{here, cudaMemAccessFlagsProtNone}, elsewhere{{cudaMemLocationTypeDevice, {5}}, flags};
  EXPECT_EQ(cudaMemPoolSetAccess(pool, &none, 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemPoolSetAccess(pool, &elsewhere, 1), cudaErrorInvalidDevice);
}

std::uint64_t graph_memory(cudaGraphMemAttributeType which) {
  std::uint64_t value = 0;
  EXPECT_EQ(cudaDeviceGetGraphMemAttribute(0, which, &value), cudaSuccess);
  return value;
}

TEST_F(Pool, WhatACapturedStreamAllocatesIsGraphMemory) {
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  void *first = nullptr, *second = nullptr;
  ASSERT_EQ(cudaMallocAsync(&first, 8 * kMiB, stream), cudaSuccess);
  EXPECT_EQ(graph_memory(cudaGraphMemAttrUsedMemCurrent), 8 * kMiB);
  ASSERT_EQ(cudaFreeAsync(first, stream), cudaSuccess);
  ASSERT_EQ(cudaMallocAsync(&second, 8 * kMiB, stream), cudaSuccess);
  EXPECT_EQ(second, first) << "used again inside the graph";
  ASSERT_EQ(cudaFreeAsync(second, stream), cudaSuccess);
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  EXPECT_EQ(graph_memory(cudaGraphMemAttrUsedMemCurrent), 0u);
  EXPECT_EQ(graph_memory(cudaGraphMemAttrUsedMemHigh), 8 * kMiB);
  EXPECT_EQ(graph_memory(cudaGraphMemAttrReservedMemCurrent), 32 * kMiB);
  std::size_t count = 0;
  EXPECT_EQ(cudaGraphGetNodes(graph, nullptr, &count), cudaSuccess);
  EXPECT_EQ(count, 4u);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  EXPECT_EQ(cudaDeviceGraphMemTrim(0), cudaSuccess);
  EXPECT_EQ(graph_memory(cudaGraphMemAttrReservedMemCurrent), 0u);
}

}  // namespace
