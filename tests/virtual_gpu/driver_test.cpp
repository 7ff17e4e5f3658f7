// The driver API's virtual memory functions, on h100-80gb.
#include <cuda.h>
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>

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
    ASSERT_EQ(cudaFree(nullptr), cudaSuccess) << "makes the context";
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

TEST_F(VirtualMemory, OnlyWholeMappingsAreUnmapped) {
  CUmemGenericAllocationHandle handle = 0;
  ASSERT_EQ(cuMemCreate(&handle, 4 * kMiB, &kOnDevice, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuMemMap(base, 4 * kMiB, 0, handle, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuMemMap(base + 4 * kMiB, 4 * kMiB, 0, handle, 0), CUDA_SUCCESS) << "a block may be mapped twice";
  EXPECT_EQ(cuMemUnmap(base, 2 * kMiB), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemUnmap(base + 2 * kMiB, 6 * kMiB), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemUnmap(base, 10 * kMiB), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemUnmap(base, SIZE_MAX), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemUnmap(base, 8 * kMiB), CUDA_SUCCESS);
  EXPECT_EQ(cuMemRelease(handle), CUDA_SUCCESS);
}

TEST_F(VirtualMemory, AccessIsWhatWasSet) {
  CUmemGenericAllocationHandle handle = 0, same = 0;
  ASSERT_EQ(cuMemCreate(&handle, 2 * kMiB, &kOnDevice, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuMemMap(base, 2 * kMiB, 0, handle, 0), CUDA_SUCCESS);
  const CUmemLocation here{CU_MEM_LOCATION_TYPE_DEVICE, {0}};
  unsigned long long flags = 9;
  EXPECT_EQ(cuMemGetAccess(&flags, &here, base), CUDA_SUCCESS);
  EXPECT_EQ(flags, 0u);
  const CUmemAccessDesc right{here, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
  EXPECT_EQ(cuMemSetAccess(base, 2 * kMiB, &right, 1), CUDA_SUCCESS);
  EXPECT_EQ(cuMemSetAccess(base, 4 * kMiB, &right, 1), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemGetAccess(&flags, &here, base + kMiB), CUDA_SUCCESS);
  EXPECT_EQ(flags, static_cast<unsigned long long>(CU_MEM_ACCESS_FLAGS_PROT_READWRITE));
  EXPECT_EQ(cuMemRetainAllocationHandle(&same, reinterpret_cast<void*>(base + kMiB)), CUDA_SUCCESS);
  EXPECT_EQ(same, handle);
  CUmemAllocationProp prop{};
  EXPECT_EQ(cuMemGetAllocationPropertiesFromHandle(&prop, same), CUDA_SUCCESS);
  EXPECT_EQ(prop.location.id, 0);
  EXPECT_EQ(cuMemUnmap(base, 2 * kMiB), CUDA_SUCCESS);
  EXPECT_EQ(cuMemRelease(handle), CUDA_SUCCESS);
  EXPECT_EQ(cuMemRelease(same), CUDA_SUCCESS);
}

TEST_F(VirtualMemory, AHandleCanBeExportedInsideTheProcess) {
  CUmemAllocationProp shared = kOnDevice;
  shared.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
  CUmemGenericAllocationHandle handle = 0, imported = 0, alone = 0;
  ASSERT_EQ(cuMemCreate(&handle, 2 * kMiB, &shared, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuMemCreate(&alone, 2 * kMiB, &kOnDevice, 0), CUDA_SUCCESS);
  int file = -1;
  constexpr auto type = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
  EXPECT_EQ(cuMemExportToShareableHandle(&file, alone, type, 0), CUDA_ERROR_INVALID_VALUE) << "not asked for";
  ASSERT_EQ(cuMemExportToShareableHandle(&file, handle, type, 0), CUDA_SUCCESS);
  auto* number = reinterpret_cast<void*>(static_cast<std::intptr_t>(file));
  EXPECT_EQ(cuMemImportFromShareableHandle(&imported, number, type), CUDA_SUCCESS);
  EXPECT_EQ(imported, handle);
  close(file);
  EXPECT_EQ(cuMemImportFromShareableHandle(&imported, number, type), CUDA_ERROR_INVALID_VALUE) << "closed";
  shared.requestedHandleTypes = CU_MEM_HANDLE_TYPE_FABRIC;
  EXPECT_EQ(cuMemCreate(&imported, 2 * kMiB, &shared, 0), CUDA_ERROR_NOT_SUPPORTED);
  EXPECT_EQ(cuMemRelease(handle), CUDA_SUCCESS);
  EXPECT_EQ(cuMemRelease(handle), CUDA_SUCCESS) << "once for the import";
  EXPECT_EQ(cuMemRelease(alone), CUDA_SUCCESS);
}

TEST_F(VirtualMemory, ReservationsFollowAWishAndAnAlignment) {
  CUdeviceptr first = 0, second = 0;
  ASSERT_EQ(cuMemAddressReserve(&first, 32 * kMiB, 4096 * kMiB, 0, 0), CUDA_SUCCESS);
  EXPECT_EQ(first % (4096 * kMiB), 0u);
  ASSERT_EQ(cuMemAddressReserve(&second, 32 * kMiB, 0, first + 64 * kMiB, 0), CUDA_SUCCESS);
  EXPECT_EQ(second, first + 64 * kMiB);
  EXPECT_EQ(cuMemAddressFree(second, 64 * kMiB), CUDA_ERROR_INVALID_VALUE) << "another size";
  EXPECT_EQ(cuMemAddressFree(second, 32 * kMiB), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAddressFree(first, 32 * kMiB), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAddressReserve(&first, 32 * kMiB, 3, 0, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemAddressReserve(&first, std::size_t{1} << 60, 0, 0, 0), CUDA_ERROR_OUT_OF_MEMORY);
}

TEST_F(VirtualMemory, NothingFitsBeyondTheCapacity) {
  CUmemGenericAllocationHandle handle = 0;
  EXPECT_EQ(cuMemCreate(&handle, std::size_t{80} << 30, &kOnDevice, 0), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cuMemCreate(&handle, kMiB, &kOnDevice, 0), CUDA_ERROR_INVALID_VALUE) << "no multiple of 2 MiB";
}

}  // namespace
