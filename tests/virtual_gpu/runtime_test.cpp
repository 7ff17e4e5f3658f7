// The runtime API on h100-80gb, through CUDA's own C functions.
#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "virtual_gpu/report.h"

namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t kMiB = 1 << 20, kGiB = 1024 * kMiB, kCapacity = 85028896768;
const int kConfigured = setenv("HEADROOM_VIRTUAL_GPU", "h100-80gb", 1);

std::size_t free_bytes() {
  std::size_t free = 0, total = 0;
  EXPECT_EQ(cudaMemGetInfo(&free, &total), cudaSuccess);
  EXPECT_EQ(total, kCapacity);
  return free;
}

void* allocate(std::size_t bytes) {
  void* pointer = nullptr;
  EXPECT_EQ(cudaMalloc(&pointer, bytes), cudaSuccess);
  return pointer;
}

TEST(DeviceMemory, IsCountedInPagesOf2MiB) {
  const std::size_t before = free_bytes();
  void* small = allocate(1);
  EXPECT_EQ(before - free_bytes(), 2 * kMiB);
  void* large = allocate(2 * kMiB + 1);
  EXPECT_EQ(before - free_bytes(), 6 * kMiB);
  EXPECT_EQ(cudaFree(small), cudaSuccess);
  EXPECT_EQ(cudaFree(large), cudaSuccess);
  EXPECT_EQ(free_bytes(), before);
}

TEST(DeviceMemory, EndsWhereTheRealCardEnds) {
  const std::size_t pages = free_bytes() / (2 * kMiB);
  void* all = allocate(pages * 2 * kMiB);
  void* more = nullptr;
  EXPECT_EQ(cudaMalloc(&more, 1), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(cudaFree(all), cudaSuccess);
}

TEST(DeviceMemory, RequestsBeyondAnyDeviceAreRefused) {
  const std::size_t before = free_bytes();
  void* pointer = nullptr;
  for (const std::size_t bytes : {kCapacity + 1, std::size_t{1} << 62, ~std::size_t{0}})
    EXPECT_EQ(cudaMalloc(&pointer, bytes), cudaErrorMemoryAllocation);
  EXPECT_EQ(free_bytes(), before);
  EXPECT_EQ(cudaMalloc(&pointer, 0), cudaSuccess);
  EXPECT_EQ(pointer, nullptr);
}

TEST(DeviceMemory, AddressesDescendAndAreUsedAgain) {
  auto* first = static_cast<char*>(allocate(64 * kMiB));
  auto* second = static_cast<char*>(allocate(64 * kMiB));
  EXPECT_EQ(first - second, 64 * static_cast<std::ptrdiff_t>(kMiB));
  EXPECT_EQ(cudaFree(first), cudaSuccess);
  EXPECT_EQ(allocate(64 * kMiB), first);
  EXPECT_EQ(cudaFree(first), cudaSuccess);
  EXPECT_EQ(cudaFree(second), cudaSuccess);
}

TEST(DeviceMemory, FreeingTwiceOrInsideIsAnError) {
  auto* pointer = static_cast<char*>(allocate(4 * kMiB));
  EXPECT_EQ(cudaFree(pointer + 512), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(pointer), cudaSuccess);
  EXPECT_EQ(cudaFree(pointer), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(nullptr), cudaSuccess);
  cudaGetLastError();
}

TEST(DeviceMemory, AHostReadOfItFaults) {
  auto* pointer = static_cast<volatile char*>(allocate(2 * kMiB));
  EXPECT_DEATH((void)*pointer, "");
  EXPECT_EQ(cudaFree(const_cast<char*>(pointer)), cudaSuccess);
}

TEST(DeviceMemory, PointersAreKnownByTheirInside) {
  auto* device = static_cast<char*>(allocate(4 * kMiB));
  cudaPointerAttributes attributes{};
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, device + kMiB), cudaSuccess);
  EXPECT_EQ(attributes.type, cudaMemoryTypeDevice);
  EXPECT_EQ(attributes.devicePointer, device + kMiB);
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, &attributes), cudaSuccess);
  EXPECT_EQ(attributes.type, cudaMemoryTypeUnregistered);
  EXPECT_EQ(cudaFree(device), cudaSuccess);
}

TEST(Copies, ReadZerosFromTheDeviceAndCountThem) {
  auto* device = static_cast<char*>(allocate(kMiB));
  std::array<int, 4> host{1, 2, 3, 4};
  EXPECT_EQ(cudaMemcpy(device, host.data(), sizeof host, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(host.data(), device, sizeof host, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(host, (std::array<int, 4>{0, 0, 0, 0}));
  EXPECT_THAT(headroom_virtual_gpu_report(), HasSubstr("\"host_read_bytes\": 16"));
  EXPECT_EQ(cudaFree(device), cudaSuccess);
}

TEST(Copies, BeyondAnAllocationOrInTheWrongDirectionAreErrors) {
  auto* device = static_cast<char*>(allocate(kMiB));
  std::vector<char> host(2 * kMiB);
  EXPECT_EQ(cudaMemcpy(device, host.data(), kMiB + 1, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(device, host.data(), kMiB, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset(device, 0, kMiB), cudaSuccess);
  EXPECT_EQ(cudaMemset(device + 1, 0, kMiB), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(device), cudaSuccess);
  EXPECT_EQ(cudaMemset(device, 0, 1), cudaErrorInvalidValue) << "after it was freed";
  cudaGetLastError();
}

TEST(Copies, DoNotReachFromOneAllocationIntoItsNeighbour) {
  auto* upper = static_cast<char*>(allocate(32 * kMiB));
  auto* lower = static_cast<char*>(allocate(32 * kMiB));
  ASSERT_EQ(lower + 32 * kMiB, upper);
  EXPECT_EQ(cudaMemset(lower, 0, 32 * kMiB), cudaSuccess);
  EXPECT_EQ(cudaMemset(lower, 0, 32 * kMiB + 1), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(upper), cudaSuccess);
  EXPECT_EQ(cudaFree(lower), cudaSuccess);
  cudaGetLastError();
}

TEST(PinnedMemory, IsRealAndKnown) {
  void* pinned = nullptr;
  ASSERT_EQ(cudaHostAlloc(&pinned, 1000, cudaHostAllocDefault), cudaSuccess);
  static_cast<char*>(pinned)[999] = 'x';
  cudaPointerAttributes attributes{};
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, static_cast<char*>(pinned) + 500), cudaSuccess);
  EXPECT_EQ(attributes.type, cudaMemoryTypeHost);
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
  EXPECT_EQ(cudaFreeHost(pinned), cudaErrorInvalidValue);
  std::vector<char> own(8192);
  EXPECT_EQ(cudaHostRegister(own.data(), own.size(), 0), cudaSuccess);
  EXPECT_EQ(cudaHostRegister(own.data() + 4096, 10, 0), cudaErrorHostMemoryAlreadyRegistered);
  EXPECT_EQ(cudaHostUnregister(own.data()), cudaSuccess);
  EXPECT_EQ(cudaHostUnregister(own.data()), cudaErrorHostMemoryNotRegistered);
  cudaGetLastError();
}

TEST(Streams, LiveOnesAreIdleAndDestroyedOnesAreInvalid) {
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, -100), cudaSuccess);
  int priority = 0;
  EXPECT_EQ(cudaStreamGetPriority(stream, &priority), cudaSuccess);
  EXPECT_EQ(priority, -5);
  EXPECT_EQ(cudaStreamQuery(stream), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(cudaStreamQuery(stream), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaStreamSynchronize(nullptr), cudaSuccess);
  cudaGetLastError();
}

TEST(Events, AreDoneOnceRecordedAndGiveAPositiveTime) {
  cudaEvent_t start = nullptr, end = nullptr, untimed = nullptr;
  ASSERT_EQ(cudaEventCreate(&start), cudaSuccess);
  ASSERT_EQ(cudaEventCreate(&end), cudaSuccess);
  ASSERT_EQ(cudaEventCreateWithFlags(&untimed, cudaEventDisableTiming), cudaSuccess);
  EXPECT_EQ(cudaEventQuery(start), cudaSuccess) << "an event that was never recorded is done";
  float milliseconds = 0;
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, end), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaEventRecord(start, nullptr), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(end, nullptr), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, end), cudaSuccess);
  EXPECT_GT(milliseconds, 0);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, untimed), cudaErrorInvalidResourceHandle);
  for (cudaEvent_t event : {start, end, untimed}) EXPECT_EQ(cudaEventDestroy(event), cudaSuccess);
  EXPECT_EQ(cudaEventDestroy(start), cudaErrorInvalidResourceHandle);
  cudaGetLastError();
}

TEST(Device, SaysWhatAnH100Says) {
  cudaDeviceProp properties{};
  ASSERT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
  EXPECT_STREQ(properties.name, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(properties.major * 10 + properties.minor, 90);
  EXPECT_EQ(properties.totalGlobalMem, kCapacity);
  EXPECT_EQ(properties.multiProcessorCount, 132);
  int value = 0;
  EXPECT_EQ(cudaDeviceGetAttribute(&value, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0), cudaSuccess);
  EXPECT_EQ(value, 232448);
  EXPECT_EQ(cudaDeviceGetAttribute(&value, static_cast<cudaDeviceAttr>(255), 0), cudaErrorInvalidValue);
  EXPECT_EQ(cudaGetDeviceProperties(&properties, 1), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaSetDevice(1), cudaErrorInvalidDevice);
  EXPECT_STREQ(cudaGetErrorString(cudaGetLastError()), "invalid device ordinal");
}

TEST(Device, AnAttributeAndItsPropertyAgree) {
  cudaDeviceProp properties{};
  ASSERT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
  const auto attribute = [](cudaDeviceAttr which) {
    int value = -1;
    EXPECT_EQ(cudaDeviceGetAttribute(&value, which, 0), cudaSuccess);
    return value;
  };
  EXPECT_EQ(properties.l2CacheSize, attribute(cudaDevAttrL2CacheSize));
  EXPECT_EQ(properties.warpSize, attribute(cudaDevAttrWarpSize));
  EXPECT_EQ(properties.maxThreadsPerBlock, attribute(cudaDevAttrMaxThreadsPerBlock));
  EXPECT_EQ(properties.maxThreadsPerMultiProcessor, attribute(cudaDevAttrMaxThreadsPerMultiProcessor));
  EXPECT_EQ(properties.regsPerMultiprocessor, attribute(cudaDevAttrMaxRegistersPerMultiprocessor));
  EXPECT_EQ(properties.sharedMemPerMultiprocessor,
            static_cast<std::size_t>(attribute(cudaDevAttrMaxSharedMemoryPerMultiprocessor)));
  EXPECT_EQ(properties.cooperativeLaunch, attribute(cudaDevAttrCooperativeLaunch));
  EXPECT_EQ(properties.clusterLaunch, attribute(cudaDevAttrClusterLaunch));
}

struct Outcome {
  std::string output;
  int status = -1;
};

Outcome probe(const std::string& environment) {
  FILE* pipe = popen(
      ("env -u HEADROOM_VIRTUAL_GPU -u CUDA_VISIBLE_DEVICES " + environment + " " VIRTUAL_GPU_PROBE " 2>&1").c_str(),
      "r");
  Outcome outcome;
  std::array<char, 4096> buffer;
  while (fgets(buffer.data(), buffer.size(), pipe) != nullptr) outcome.output += buffer.data();
  outcome.status = pclose(pipe);
  return outcome;
}

TEST(Environment, WithoutADeviceNameThereIsNoDevice) {
  EXPECT_EQ(probe("").output, "0 cudaErrorNoDevice cudaMalloc: cudaErrorNoDevice\n");
}

TEST(Environment, AnUnknownNameIsExplainedAndGivesNoDevice) {
  const std::string output = probe("HEADROOM_VIRTUAL_GPU=h200").output;
  EXPECT_THAT(output, HasSubstr("'h200', so there is no virtual GPU"));
  EXPECT_THAT(output, HasSubstr("Known: h100-80gb "));
  EXPECT_THAT(output, HasSubstr("0 cudaErrorNoDevice"));
}

TEST(Environment, CudaVisibleDevicesHidesIt) {
  EXPECT_EQ(probe("HEADROOM_VIRTUAL_GPU=a100-40gb CUDA_VISIBLE_DEVICES=").output,
            "0 cudaErrorNoDevice cudaMalloc: cudaErrorNoDevice\n");
  EXPECT_EQ(probe("HEADROOM_VIRTUAL_GPU=a100-40gb CUDA_VISIBLE_DEVICES=0").output,
            "1 cudaSuccess cudaMalloc: cudaSuccess\n");
}

}  // namespace
