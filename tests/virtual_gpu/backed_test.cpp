// Device memory that keeps what the host put there: h100-80gb, backed.
#include <cuda.h>
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <numeric>
#include <vector>

#include "virtual_gpu/core/backing.h"
#include "virtual_gpu/report.h"

namespace {

constexpr std::size_t kMiB = 1 << 20, kGiB = 1024 * kMiB;
const int kConfigured =
    setenv("HEADROOM_VIRTUAL_GPU", "2xh100-80gb", 1) + setenv("HEADROOM_VIRTUAL_GPU_BACKED", "1", 1);

std::vector<std::size_t> reported;  // bytes of each host read

class Backed : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&device), 64 * kMiB), cudaSuccess);
    reported.clear();
    headroom_virtual_gpu_on_host_read(
        [](const headroom_virtual_gpu_host_read* read) { reported.push_back(read->bytes); });
  }
  void TearDown() override {
    headroom_virtual_gpu_on_host_read(nullptr);
    EXPECT_EQ(cudaFree(device), cudaSuccess);
  }

  static std::vector<unsigned char> counting(std::size_t bytes) {
    std::vector<unsigned char> out(bytes);
    std::iota(out.begin(), out.end(), 1);
    return out;
  }
  static void put(void* target, const std::vector<unsigned char>& bytes) {
    EXPECT_EQ(cudaMemcpy(target, bytes.data(), bytes.size(), cudaMemcpyHostToDevice), cudaSuccess);
  }
  static std::vector<unsigned char> get(const void* source, std::size_t bytes) {
    std::vector<unsigned char> out(bytes, 0xEE);
    EXPECT_EQ(cudaMemcpy(out.data(), source, bytes, cudaMemcpyDeviceToHost), cudaSuccess);
    return out;
  }

  char* device = nullptr;
};

std::size_t resident_bytes() {
  std::size_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

TEST_F(Backed, WhatTheHostCopiedComesBackAndIsNoHostRead) {
  const auto bytes = counting(10000);
  put(device + 123, bytes);
  EXPECT_EQ(get(device + 123, 10000), bytes);
  EXPECT_TRUE(reported.empty());
}

TEST_F(Backed, WhatNobodyWroteIsZerosAndReported) {
  put(device, counting(100));
  EXPECT_EQ(get(device + 1000, 50), std::vector<unsigned char>(50, 0));
  EXPECT_EQ(reported, std::vector<std::size_t>{50});
  auto mixed = get(device, 150);
  EXPECT_EQ(mixed[99], 100);
  EXPECT_EQ(mixed[100], 0);
  EXPECT_EQ(reported.back(), 150u) << "a read that is known in part is reported";
}

TEST_F(Backed, CopiesOnAndBetweenDevicesCarryWhatIsKnown) {
  const auto bytes = counting(5000);
  put(device, bytes);
  char* other = nullptr;
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&other), kMiB), cudaSuccess);
  EXPECT_EQ(cudaMemcpyPeer(other + 7, 1, device, 0, 5000), cudaSuccess);
  EXPECT_EQ(get(other + 7, 5000), bytes);
  EXPECT_TRUE(reported.empty());
  EXPECT_EQ(cudaMemcpy(other, device + kMiB, 100, cudaMemcpyDeviceToDevice), cudaSuccess);
  get(other, 100);
  EXPECT_EQ(reported.size(), 1u) << "the unknown is carried too";
  EXPECT_EQ(cudaFree(other), cudaSuccess);
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
}

TEST_F(Backed, FillsComeBackInEveryWidthAndPhase) {
  EXPECT_EQ(cudaMemset(device + 1, 0xAB, 99), cudaSuccess);
  EXPECT_EQ(get(device + 1, 99), std::vector<unsigned char>(99, 0xAB));
  EXPECT_EQ(cuMemsetD32(reinterpret_cast<CUdeviceptr>(device) + 200, 0x04030201, 10), CUDA_SUCCESS);
  EXPECT_EQ(get(device + 203, 5), (std::vector<unsigned char>{4, 1, 2, 3, 4}));
  EXPECT_EQ(cuMemsetD16(reinterpret_cast<CUdeviceptr>(device) + 302, 0x0605, 4), CUDA_SUCCESS);
  EXPECT_EQ(get(device + 303, 3), (std::vector<unsigned char>{6, 5, 6}));
  EXPECT_EQ(cudaMemcpy(device + 1001, device + 200, 8, cudaMemcpyDeviceToDevice), cudaSuccess);
  EXPECT_EQ(get(device + 1001, 8), (std::vector<unsigned char>{1, 2, 3, 4, 1, 2, 3, 4}));
  EXPECT_TRUE(reported.empty());
}

TEST_F(Backed, RectanglesComeBack) {
  const auto bytes = counting(60);  // 6 rows of 10
  EXPECT_EQ(cudaMemcpy2D(device, 512, bytes.data(), 10, 10, 6, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_EQ(get(device + 512 * 5, 10), std::vector<unsigned char>(bytes.begin() + 50, bytes.end()));
  std::vector<unsigned char> back(60);
  EXPECT_EQ(cudaMemcpy2D(back.data(), 10, device, 512, 10, 6, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(back, bytes);
  EXPECT_TRUE(reported.empty());
}

TEST_F(Backed, FillsCostNoHostMemoryAndCopiesWhatTheyCopy) {
  char* large = nullptr;
  ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&large), 70 * kGiB), cudaSuccess);
  const std::size_t before = resident_bytes();
  EXPECT_EQ(cudaMemset(large, 0, 70 * kGiB), cudaSuccess);
  EXPECT_EQ(cudaMemset(large, 0x5A, 60 * kGiB), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(large + 60 * kGiB, large, 9 * kGiB, cudaMemcpyDeviceToDevice), cudaSuccess);
  EXPECT_LT(resident_bytes(), before + 16 * kMiB);
  EXPECT_EQ(get(large + 65 * kGiB, 3), std::vector<unsigned char>(3, 0x5A));
  const std::vector<unsigned char> bytes(64 * kMiB, 1);
  const std::size_t with_source = resident_bytes();
  put(large, bytes);
  EXPECT_GT(resident_bytes(), with_source + 60 * kMiB);
  EXPECT_EQ(cudaMemset(large, 0, 64 * kMiB), cudaSuccess);
  EXPECT_LT(resident_bytes(), with_source + 4 * kMiB) << "a fill gives the pages back";
  put(large, bytes);
  EXPECT_EQ(cudaFree(large), cudaSuccess);
  EXPECT_LT(resident_bytes(), with_source + 4 * kMiB) << "so does freeing";
}

TEST_F(Backed, FreedMemoryIsForgotten) {
  put(device, counting(1000));
  EXPECT_EQ(cudaFree(device), cudaSuccess);
  char* again = nullptr;
  ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&again), 64 * kMiB), cudaSuccess);
  ASSERT_EQ(again, device);
  EXPECT_EQ(get(device, 1000), std::vector<unsigned char>(1000, 0));
  EXPECT_EQ(reported.size(), 1u);
}

TEST_F(Backed, AnAllocatorMayTellThatABlockHasANewOwner) {
  put(device, counting(1000));
  headroom_virtual_gpu_forget(device + 100, 100);
  EXPECT_EQ(get(device + 100, 100), std::vector<unsigned char>(100, 0));
  EXPECT_EQ(reported.size(), 1u);
  get(device, 100);
  EXPECT_EQ(reported.size(), 1u) << "its neighbours are known";
}

TEST_F(Backed, WhatAKernelWasGivenStillReadsAsCopiedButIsReported) {
  const auto bytes = counting(1000);
  put(device, bytes);
  put(device + 1024, bytes);
  headroom::virtual_gpu::touch_contents(reinterpret_cast<std::uint64_t>(device) + 10);
  EXPECT_EQ(get(device, 1000), bytes);
  EXPECT_EQ(reported.size(), 1u);
  EXPECT_EQ(get(device + 1024, 1000), bytes);
  EXPECT_EQ(reported.size(), 1u) << "another copy's bytes";
  put(device, bytes);
  get(device, 1000);
  EXPECT_EQ(reported.size(), 1u) << "copied anew";
}

TEST_F(Backed, PoolsAndMappedBlocksKeepBytesToo) {
  const auto bytes = counting(3000);
  void* pooled = nullptr;
  ASSERT_EQ(cudaMallocAsync(&pooled, 3000, nullptr), cudaSuccess);
  put(pooled, bytes);
  EXPECT_EQ(get(pooled, 3000), bytes);
  EXPECT_EQ(cudaFreeAsync(pooled, nullptr), cudaSuccess);
  CUmemAllocationProp prop{};
  prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  prop.location = {CU_MEM_LOCATION_TYPE_DEVICE, {0}};
  CUmemGenericAllocationHandle handle = 0;
  CUdeviceptr base = 0;
  ASSERT_EQ(cuMemAddressReserve(&base, 4 * kMiB, 0, 0, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuMemCreate(&handle, 4 * kMiB, &prop, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuMemMap(base, 4 * kMiB, 0, handle, 0), CUDA_SUCCESS);
  put(reinterpret_cast<void*>(base), bytes);
  EXPECT_EQ(get(reinterpret_cast<void*>(base), 3000), bytes);
  EXPECT_TRUE(reported.empty());
  EXPECT_EQ(cuMemUnmap(base, 4 * kMiB), CUDA_SUCCESS);
  EXPECT_EQ(cuMemRelease(handle), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAddressFree(base, 4 * kMiB), CUDA_SUCCESS);
}

}  // namespace
