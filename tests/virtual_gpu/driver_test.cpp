// The driver API's virtual memory functions, on h100-80gb.
#include <cuda.h>
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

namespace {

constexpr std::size_t kMiB = 1 << 20;

const CUmemAllocationProp kOnDevice = [] {
  CUmemAllocationProp prop{};
  prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  prop.location = {CU_MEM_LOCATION_TYPE_DEVICE, {0}};
  return prop;
}();

class VirtualMemory : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    ASSERT_EQ(cuMemAddressReserve(&base, 64 * kMiB, 0, 0, 0), CUDA_SUCCESS);
  }
  void TearDown() override { EXPECT_EQ(cuMemAddressFree(base, 64 * kMiB), CUDA_SUCCESS); }

  static std::size_t used() {
    std::size_t free = 0, total = 0;
    EXPECT_EQ(cuMemGetInfo(&free, &total), CUDA_SUCCESS);
    return total - free;
  }

  CUdeviceptr base = 0;
};

TEST_F(VirtualMemory, PhysicalUseLastsUntilReleasedAndUnmapped) {
  const std::size_t before = used();
  CUmemGenericAllocationHandle handle = 0;
  ASSERT_EQ(cuMemCreate(&handle, 20 * kMiB, &kOnDevice, 0), CUDA_SUCCESS);
  EXPECT_EQ(used() - before, 20 * kMiB);
  ASSERT_EQ(cuMemMap(base, 20 * kMiB, 0, handle, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuMemRelease(handle), CUDA_SUCCESS);
  EXPECT_EQ(used() - before, 20 * kMiB) << "still mapped";
  EXPECT_EQ(cuMemRelease(handle), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemUnmap(base, 20 * kMiB), CUDA_SUCCESS);
  EXPECT_EQ(used(), before);
}

TEST_F(VirtualMemory, OnlyMappedPartsCountAsDeviceMemory) {
  CUmemGenericAllocationHandle handle = 0;
  ASSERT_EQ(cuMemCreate(&handle, 2 * kMiB, &kOnDevice, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuMemMap(base + 2 * kMiB, 2 * kMiB, 0, handle, 0), CUDA_SUCCESS);
  EXPECT_EQ(cudaMemset(reinterpret_cast<void*>(base + 2 * kMiB), 0, 2 * kMiB), cudaSuccess);
  EXPECT_EQ(cudaMemset(reinterpret_cast<void*>(base), 0, 2 * kMiB), cudaErrorInvalidValue);
  CUmemGenericAllocationHandle next = 0;
  ASSERT_EQ(cuMemCreate(&next, 2 * kMiB, &kOnDevice, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuMemMap(base + 4 * kMiB, 2 * kMiB, 0, next, 0), CUDA_SUCCESS);
  EXPECT_EQ(cudaMemset(reinterpret_cast<void*>(base + 2 * kMiB), 0, 4 * kMiB), cudaSuccess) << "mapped neighbours";
  EXPECT_EQ(cuMemUnmap(base + 4 * kMiB, 2 * kMiB), CUDA_SUCCESS);
  EXPECT_EQ(cuMemRelease(next), CUDA_SUCCESS);
  EXPECT_EQ(cuMemMap(base + 2 * kMiB, 2 * kMiB, 0, handle, 0), CUDA_ERROR_ALREADY_MAPPED);
  EXPECT_EQ(cuMemAddressFree(base, 64 * kMiB), CUDA_ERROR_INVALID_VALUE) << "something is mapped in it";
  EXPECT_EQ(cuMemUnmap(base + 2 * kMiB, 2 * kMiB), CUDA_SUCCESS);
  EXPECT_EQ(cuMemRelease(handle), CUDA_SUCCESS);
  cudaGetLastError();
}

TEST_F(VirtualMemory, NothingFitsBeyondTheCapacity) {
  CUmemGenericAllocationHandle handle = 0;
  EXPECT_EQ(cuMemCreate(&handle, std::size_t{80} << 30, &kOnDevice, 0), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cuMemCreate(&handle, kMiB, &kOnDevice, 0), CUDA_ERROR_INVALID_VALUE) << "no multiple of 2 MiB";
}

}  // namespace
