// Eight devices in the machine, seven of them visible in another order, 1 GiB of each in use from the start.
#include <cuda.h>
#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "virtual_gpu/report.h"

namespace {

constexpr std::size_t kMiB = 1 << 20, kGiB = 1024 * kMiB, kTotal = 85028896768;
constexpr int kCount = 7;
const int kConfigured = setenv("HEADROOM_VIRTUAL_GPU", "8xh100-80gb", 1) +
                        setenv("CUDA_VISIBLE_DEVICES", "2,0,3,1,4,5,6", 1) +
                        setenv("HEADROOM_VIRTUAL_GPU_RESERVE", "1073741824", 1);

std::size_t free_on(int device) {
  int before = 0;
  EXPECT_EQ(cudaGetDevice(&before), cudaSuccess);
  EXPECT_EQ(cudaSetDevice(device), cudaSuccess);
  std::size_t free = 0, total = 0;
  EXPECT_EQ(cudaMemGetInfo(&free, &total), cudaSuccess);
  EXPECT_EQ(total, kTotal);
  EXPECT_EQ(cudaSetDevice(before), cudaSuccess);
  return free;
}

void* allocate_on(int device, std::size_t bytes) {
  EXPECT_EQ(cudaSetDevice(device), cudaSuccess);
  void* pointer = nullptr;
  EXPECT_EQ(cudaMalloc(&pointer, bytes), cudaSuccess);
  return pointer;
}

int device_of(const void* pointer) {
  cudaPointerAttributes attributes{};
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, pointer), cudaSuccess);
  return attributes.device;
}

bool active(int device) {
  unsigned flags = 0;
  int is_active = -1;
  EXPECT_EQ(cuDevicePrimaryCtxGetState(device, &flags, &is_active), CUDA_SUCCESS);
  return is_active == 1;
}

// For what only a process that has done nothing yet can show: `body` runs in a new one.
void in_a_new_process(void (*body)()) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_EXIT((body(), std::_Exit(testing::Test::HasFailure() ? 1 : 0)), testing::ExitedWithCode(0), "");
}

TEST(Devices, AreThoseThatAreVisible) {
  int count = 0;
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  EXPECT_EQ(count, kCount);
  EXPECT_EQ(cudaSetDevice(kCount), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaSetDevice(-1), cudaErrorInvalidDevice);
  cudaDeviceProp properties{};
  EXPECT_EQ(cudaGetDeviceProperties(&properties, kCount), cudaErrorInvalidDevice);
  EXPECT_THAT(headroom_virtual_gpu_report(), testing::HasSubstr("\"device_count\": 7"));
  cudaGetLastError();
}

TEST(Devices, KeepTheirIdentityWhenReordered) {
  const std::array<int, kCount> installed{2, 0, 3, 1, 4, 5, 6};
  std::set<std::string> uuids;
  for (int device = 0; device < kCount; ++device) {
    cudaDeviceProp properties{};
    ASSERT_EQ(cudaGetDeviceProperties(&properties, device), cudaSuccess);
    EXPECT_EQ(properties.pciBusID, 0x1b + 2 * installed[device]);
    uuids.insert(std::string(properties.uuid.bytes, 16));
    char bus[32];
    ASSERT_EQ(cudaDeviceGetPCIBusId(bus, sizeof bus, device), cudaSuccess);
    int found = -1;
    EXPECT_EQ(cudaDeviceGetByPCIBusId(&found, bus), cudaSuccess);
    EXPECT_EQ(found, device);
    CUuuid uuid{};
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    EXPECT_EQ(cuDeviceGetUuid(&uuid, device), CUDA_SUCCESS);
    EXPECT_EQ(std::memcmp(uuid.bytes, properties.uuid.bytes, 16), 0);
  }
  EXPECT_EQ(uuids.size(), static_cast<std::size_t>(kCount));
}

TEST(Devices, SettingOneMakesItsContextAndAskingDoesNot) {
  in_a_new_process([] {
    int device = -1;
    EXPECT_EQ(cudaGetDevice(&device), cudaSuccess);
    EXPECT_EQ(device, 0);
    EXPECT_FALSE(active(5));
    EXPECT_EQ(cudaSetDevice(5), cudaSuccess);
    EXPECT_TRUE(active(5));
    EXPECT_FALSE(active(6));
  });
}

TEST(Devices, EachThreadHasItsOwnCurrentOne) {
  ASSERT_EQ(cudaSetDevice(3), cudaSuccess);
  int other = -1;
  std::thread([&] { cudaGetDevice(&other); }).join();
  EXPECT_EQ(other, 0);
  int own = -1;
  EXPECT_EQ(cudaGetDevice(&own), cudaSuccess);
  EXPECT_EQ(own, 3);
}

TEST(Devices, KeepTheirBooksApart) {
  for (int device = 0; device < kCount; ++device) EXPECT_EQ(free_on(device), kTotal - kGiB);
  void* pointer = allocate_on(4, 10 * kGiB);
  EXPECT_EQ(free_on(4), kTotal - 11 * kGiB);
  EXPECT_EQ(free_on(3), kTotal - kGiB);
  EXPECT_EQ(device_of(static_cast<char*>(pointer) + kMiB), 4);
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
  EXPECT_EQ(cudaFree(pointer), cudaSuccess) << "from any device";
  EXPECT_EQ(free_on(4), kTotal - kGiB);
}

TEST(Devices, LieAtAddressesOfTheirOwn) {
  auto* first = static_cast<char*>(allocate_on(1, 70 * kGiB));
  auto* second = static_cast<char*>(allocate_on(2, 70 * kGiB));
  EXPECT_TRUE(first + 70 * kGiB <= second || second + 70 * kGiB <= first);
  EXPECT_EQ(cudaMemcpy(second, first, kMiB, cudaMemcpyDeviceToDevice), cudaSuccess);
  EXPECT_EQ(cudaMemcpyPeer(second, 2, first, 1, kMiB), cudaSuccess);
  EXPECT_EQ(cudaMemcpyPeer(second, 9, first, 1, kMiB), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaFree(first), cudaSuccess);
  EXPECT_EQ(cudaFree(second), cudaSuccess);
  cudaGetLastError();
}

TEST(Peers, AreEnabledOnce) {
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
  int can = 0;
  EXPECT_EQ(cudaDeviceCanAccessPeer(&can, 0, 1), cudaSuccess);
  EXPECT_EQ(can, 1);
  EXPECT_EQ(cudaDeviceCanAccessPeer(&can, 0, 0), cudaSuccess);
  EXPECT_EQ(can, 0);
  EXPECT_EQ(cudaDeviceDisablePeerAccess(1), cudaErrorPeerAccessNotEnabled);
  EXPECT_EQ(cudaDeviceEnablePeerAccess(1, 0), cudaSuccess);
  EXPECT_EQ(cudaDeviceEnablePeerAccess(1, 0), cudaErrorPeerAccessAlreadyEnabled);
  EXPECT_EQ(cudaDeviceEnablePeerAccess(0, 0), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaDeviceEnablePeerAccess(1, 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaDeviceDisablePeerAccess(1), cudaSuccess);
  cudaGetLastError();
}

TEST(Driver, SaysThatItWasNotInitialised) {
  in_a_new_process([] {
    int count = -1;
    EXPECT_EQ(cuDeviceGetCount(&count), CUDA_ERROR_NOT_INITIALIZED);
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    EXPECT_EQ(cuDeviceGetCount(&count), CUDA_SUCCESS);
    EXPECT_EQ(count, kCount);
    EXPECT_EQ(cuInit(1), CUDA_ERROR_INVALID_VALUE);
  });
}

TEST(Driver, AContextIsCurrentOnceTheRuntimeIsUsed) {
  in_a_new_process([] {
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    CUcontext current = nullptr;
    ASSERT_EQ(cuCtxGetCurrent(&current), CUDA_SUCCESS);
    EXPECT_EQ(current, nullptr);
    CUdevice device = -1;
    EXPECT_EQ(cuCtxGetDevice(&device), CUDA_ERROR_INVALID_CONTEXT);
    CUdeviceptr address = 0;
    EXPECT_EQ(cuMemAlloc(&address, 1), CUDA_ERROR_INVALID_CONTEXT);
    ASSERT_EQ(cudaSetDevice(2), cudaSuccess);
    ASSERT_EQ(cuCtxGetCurrent(&current), CUDA_SUCCESS);
    EXPECT_NE(current, nullptr);
    EXPECT_EQ(cuCtxGetDevice(&device), CUDA_SUCCESS);
    EXPECT_EQ(device, 2);
  });
}

TEST(Driver, TheTopOfAThreadsContextsIsItsDevice) {
  ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
  CUcontext first = nullptr, second = nullptr, popped = nullptr;
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&first, 1), CUDA_SUCCESS);
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&second, 2), CUDA_SUCCESS);
  EXPECT_TRUE(active(1));
  ASSERT_EQ(cuCtxPushCurrent(first), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxPushCurrent(second), CUDA_SUCCESS);
  int device = -1;
  EXPECT_EQ(cudaGetDevice(&device), cudaSuccess);
  EXPECT_EQ(device, 2);
  EXPECT_EQ(cuCtxPopCurrent(&popped), CUDA_SUCCESS);
  EXPECT_EQ(popped, second);
  EXPECT_EQ(cudaGetDevice(&device), cudaSuccess);
  EXPECT_EQ(device, 1);
  EXPECT_EQ(cuCtxSetCurrent(second), CUDA_SUCCESS);
  EXPECT_EQ(cudaGetDevice(&device), cudaSuccess);
  EXPECT_EQ(device, 2);
  EXPECT_EQ(cuCtxSetCurrent(reinterpret_cast<CUcontext>(&device)), CUDA_ERROR_INVALID_CONTEXT);
  EXPECT_EQ(cuDevicePrimaryCtxRelease(1), CUDA_SUCCESS);
  EXPECT_FALSE(active(1));
  EXPECT_EQ(cuDevicePrimaryCtxRelease(1), CUDA_ERROR_INVALID_CONTEXT);
}

TEST(Driver, CreatedContextsAreCurrentUntilDestroyed) {
  in_a_new_process([] {
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    CUcontext made = nullptr, current = nullptr;
    ASSERT_EQ(cuCtxCreate(&made, nullptr, 0, 6), CUDA_SUCCESS);
    ASSERT_EQ(cuCtxGetCurrent(&current), CUDA_SUCCESS);
    EXPECT_EQ(current, made);
    CUdeviceptr address = 0;
    EXPECT_EQ(cuMemAlloc(&address, kMiB), CUDA_SUCCESS);
    EXPECT_EQ(device_of(reinterpret_cast<void*>(address)), 6);
    EXPECT_EQ(cuMemFree(address), CUDA_SUCCESS);
    EXPECT_EQ(cuCtxDestroy(made), CUDA_SUCCESS);
    EXPECT_EQ(cuCtxDestroy(made), CUDA_ERROR_INVALID_CONTEXT);
    ASSERT_EQ(cuCtxGetCurrent(&current), CUDA_SUCCESS);
    EXPECT_EQ(current, nullptr);
  });
}

CUmemAllocationProp on_device(int device) {
  CUmemAllocationProp prop{};
  prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  prop.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
  prop.location.id = device;
  return prop;
}

TEST(VirtualMemory, AddressesOfOneDeviceMayHoldABlockOfAnother) {
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
  const CUmemAllocationProp prop = on_device(5);
  CUmemGenericAllocationHandle handle = 0;
  CUdeviceptr base = 0;
  ASSERT_EQ(cuMemAddressReserve(&base, 64 * kMiB, 0, 0, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuMemCreate(&handle, 32 * kMiB, &prop, 0), CUDA_SUCCESS);
  EXPECT_EQ(free_on(5), kTotal - kGiB - 32 * kMiB);
  ASSERT_EQ(cuMemMap(base, 32 * kMiB, 0, handle, 0), CUDA_SUCCESS);
  EXPECT_EQ(device_of(reinterpret_cast<void*>(base + kMiB)), 5);
  EXPECT_EQ(cuMemUnmap(base, 32 * kMiB), CUDA_SUCCESS);
  EXPECT_EQ(cuMemRelease(handle), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAddressFree(base, 64 * kMiB), CUDA_SUCCESS);
  EXPECT_EQ(free_on(5), kTotal - kGiB);
}

TEST(VirtualMemory, EachDeviceHasAddressesForManyExpandableSegments) {
  constexpr std::size_t segment = kTotal / kMiB * 9 / 8 / 2 * 2 * kMiB;  // as PyTorch reserves for a pool and a stream
  std::vector<CUdeviceptr> reserved;
  for (int device = 0; device < kCount; ++device) {
    ASSERT_EQ(cudaSetDevice(device), cudaSuccess);
    for (int i = 0; i < 60; ++i) {
      ASSERT_EQ(cuMemAddressReserve(&reserved.emplace_back(), segment, 0, 0, 0), CUDA_SUCCESS);
    }
  }
  for (const CUdeviceptr address : reserved) EXPECT_EQ(cuMemAddressFree(address, segment), CUDA_SUCCESS);
}

TEST(Pools, BelongToADevice) {
  cudaMemPool_t pool = nullptr, other = nullptr;
  ASSERT_EQ(cudaDeviceGetDefaultMemPool(&pool, 3), cudaSuccess);
  ASSERT_EQ(cudaDeviceGetDefaultMemPool(&other, 4), cudaSuccess);
  EXPECT_NE(pool, other);
  EXPECT_EQ(cudaDeviceSetMemPool(4, pool), cudaErrorInvalidValue);
  ASSERT_EQ(cudaSetDevice(3), cudaSuccess);
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
  void* pointer = nullptr;
  ASSERT_EQ(cudaMallocAsync(&pointer, kMiB, stream), cudaSuccess);
  EXPECT_EQ(device_of(pointer), 3) << "the stream's device";
  EXPECT_EQ(cudaFreeAsync(pointer, stream), cudaSuccess);
  cudaMemAccessDesc right{{cudaMemLocationTypeDevice, {1}}, cudaMemAccessFlagsProtReadWrite};
  EXPECT_EQ(cudaMemPoolSetAccess(pool, &right, 1), cudaSuccess);
  cudaMemAccessFlags flags = cudaMemAccessFlagsProtNone;
  EXPECT_EQ(cudaMemPoolGetAccess(&flags, pool, &right.location), cudaSuccess);
  EXPECT_EQ(flags, cudaMemAccessFlagsProtReadWrite);
  cudaGetLastError();
}

TEST(PinnedMemory, KnowsTheDeviceItWasMadeOn) {
  ASSERT_EQ(cudaSetDevice(2), cudaSuccess);
  void* pinned = nullptr;
  ASSERT_EQ(cudaHostAlloc(&pinned, 100, cudaHostAllocPortable), cudaSuccess);
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  EXPECT_EQ(device_of(static_cast<char*>(pinned) + 50), 2);
  unsigned flags = 0;
  EXPECT_EQ(cudaHostGetFlags(&flags, pinned), cudaSuccess);
  EXPECT_EQ(flags, static_cast<unsigned>(cudaHostAllocPortable));
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
}

int exit_code_of_child(int (*body)()) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Fork, AChildOfAProcessThatUsedADeviceCanUseNone) {
  void* pointer = allocate_on(1, kMiB);
  EXPECT_EQ(exit_code_of_child([] {
              void* more = nullptr;
              int count = 0;
              const bool refused = cudaMalloc(&more, 1) == cudaErrorInitializationError &&
                                   cudaGetDeviceCount(&count) == cudaErrorInitializationError &&
                                   cudaSetDevice(0) == cudaErrorInitializationError &&
                                   cuInit(0) == CUDA_ERROR_NOT_INITIALIZED;
              return refused && std::string(headroom_virtual_gpu_report()).size() > 2 ? 7 : 1;
            }),
            7);
  EXPECT_EQ(cudaFree(pointer), cudaSuccess) << "the parent goes on";
}

TEST(Fork, AChildOfAProcessThatUsedNoneMayUseOne) {
  in_a_new_process([] {
    EXPECT_EQ(exit_code_of_child([] {
                void* pointer = nullptr;
                return cudaMalloc(&pointer, 1) == cudaSuccess ? 7 : 1;
              }),
              7);
  });
}

}  // namespace
