// Copies and host reads on h100-80gb, nothing backed.
#include <cuda.h>
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "virtual_gpu/report.h"

namespace {

constexpr std::size_t kMiB = 1 << 20;

struct Read {
  void* destination;
  const void* source;
  std::size_t bytes;
};
std::vector<Read> reads;

class Copy : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&device), kMiB), cudaSuccess);
    reads.clear();
    headroom_virtual_gpu_on_host_read([](const headroom_virtual_gpu_host_read* read) {
      reads.push_back({read->destination, read->source, read->bytes});
      void* more = nullptr;  // the runtime can be used inside
      EXPECT_EQ(cudaMalloc(&more, 1), cudaSuccess);
      EXPECT_EQ(cudaFree(more), cudaSuccess);
      std::memset(read->destination, 0x42, read->bytes);
    });
  }
  void TearDown() override {
    headroom_virtual_gpu_on_host_read(nullptr);
    EXPECT_EQ(cudaFree(device), cudaSuccess);
    cudaGetLastError();
  }

  char* device = nullptr;
};

TEST_F(Copy, AReaderMayStateTheValue) {
  int value = 1;
  EXPECT_EQ(cudaMemcpy(&value, device + 8, sizeof value, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(value, 0x42424242);
  ASSERT_EQ(reads.size(), 1u);
  EXPECT_EQ(reads[0].destination, &value);
  EXPECT_EQ(reads[0].source, device + 8);
  EXPECT_EQ(reads[0].bytes, sizeof value);
}

TEST_F(Copy, ReadsIntoPinnedMemoryAreToldToo) {
  void* pinned = nullptr;
  ASSERT_EQ(cudaMallocHost(&pinned, 64), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(pinned, device, 64, cudaMemcpyDeviceToHost, nullptr), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(pinned, device, 64, cudaMemcpyDefault, nullptr), cudaSuccess);
  EXPECT_EQ(cuMemcpyDtoH(pinned, reinterpret_cast<CUdeviceptr>(device), 64), CUDA_SUCCESS);
  EXPECT_EQ(reads.size(), 3u);
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
}

TEST_F(Copy, OnlyWhatReachesTheHostIsARead) {
  int value = 1;
  EXPECT_EQ(cudaMemcpy(device, &value, sizeof value, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(device + 100, device, 100, cudaMemcpyDeviceToDevice), cudaSuccess);
  EXPECT_EQ(cudaMemcpy(&value, device, kMiB + 1, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(&value, device, 0, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_TRUE(reads.empty());
}

TEST_F(Copy, ACapturedReadHappensAtEachLaunch) {
  cudaStream_t stream = nullptr;
  void* pinned = nullptr;
  ASSERT_EQ(cudaMallocHost(&pinned, 64), cudaSuccess);
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(pinned, device, 64, cudaMemcpyDeviceToHost, stream), cudaSuccess);
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t program = nullptr;
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  EXPECT_TRUE(reads.empty());
  ASSERT_EQ(cudaGraphInstantiateWithFlags(&program, graph, 0), cudaSuccess);
  EXPECT_EQ(cudaGraphLaunch(program, stream), cudaSuccess);
  EXPECT_EQ(cudaGraphLaunch(program, stream), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(reads.size(), 2u);
  EXPECT_EQ(cudaGraphExecDestroy(program), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
}

TEST_F(Copy, RectanglesAreCheckedToTheirLastByte) {
  std::vector<char> host(100 * 100);
  const auto rectangle = [&](char* target, std::size_t pitch, std::size_t rows) {
    return cudaMemcpy2D(target, pitch, host.data(), 100, 100, rows, cudaMemcpyHostToDevice);
  };
  EXPECT_EQ(rectangle(device, 512, 100), cudaSuccess);
  EXPECT_EQ(rectangle(device + kMiB - 512 * 99 - 100, 512, 100), cudaSuccess) << "ends with the allocation";
  EXPECT_EQ(rectangle(device + kMiB - 512 * 99 - 99, 512, 100), cudaErrorInvalidValue);
  EXPECT_EQ(rectangle(device, 99, 100), cudaErrorInvalidPitchValue);
  EXPECT_EQ(cudaMemset2D(device, 512, 0, 512, 2048), cudaSuccess);
  EXPECT_EQ(cudaMemset2D(device, 512, 0, 512, 2049), cudaErrorInvalidValue);
}

TEST_F(Copy, BoxesAreCheckedToTheirLastByte) {
  std::vector<char> host(10 * 10 * 10);
  cudaMemcpy3DParms box{};
  box.srcPtr = {host.data(), 10, 10, 10};
  box.dstPtr = {device, 512, 10, 20};
  box.extent = {10, 10, 10};
  box.kind = cudaMemcpyHostToDevice;
  EXPECT_EQ(cudaMemcpy3D(&box), cudaSuccess);
  box.dstPos = {0, 0, 190};
  EXPECT_EQ(cudaMemcpy3DAsync(&box, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset3D({device, 512, 10, 20}, 0, {512, 10, 102}), cudaSuccess);
  EXPECT_EQ(cudaMemset3D({device, 512, 10, 20}, 0, {512, 20, 103}), cudaErrorInvalidValue);
}

TEST_F(Copy, SizesBeyondAllAddressesAreErrors) {
  EXPECT_EQ(cudaMemset(device, 0, SIZE_MAX), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpy(device, device, SIZE_MAX, cudaMemcpyDeviceToDevice), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset2D(device, SIZE_MAX, 0, 1, SIZE_MAX), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemset2D(device, std::size_t{1} << 32, 0, 1, (std::size_t{1} << 32) + 1), cudaErrorInvalidValue);
}

TEST_F(Copy, ABatchStopsAtItsFirstError) {
  int value = 5;
  void* targets[] = {device, device + 8, device + kMiB};
  const void* sources[] = {&value, &value, &value};
  const std::size_t sizes[] = {4, 4, 4};
  cudaMemcpyAttributes attributes{};
  std::size_t index = 0;
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  EXPECT_EQ(cudaMemcpyBatchAsync(targets, sources, sizes, 2, &attributes, &index, 1, stream), cudaSuccess);
  EXPECT_EQ(cudaMemcpyBatchAsync(targets, sources, sizes, 3, &attributes, &index, 1, stream), cudaErrorInvalidValue);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
}

TEST_F(Copy, HostToHostIsACopy) {
  int from = 7, to = 0;
  EXPECT_EQ(cudaMemcpy(&to, &from, sizeof to, cudaMemcpyHostToHost), cudaSuccess);
  EXPECT_EQ(to, 7);
  EXPECT_EQ(cudaMemcpy(&to, &from, sizeof to, cudaMemcpyDefault), cudaSuccess);
  EXPECT_TRUE(reads.empty());
}

TEST_F(Copy, PinnedMemoryCanBeFilledAndPageableCannot) {
  void* pinned = nullptr;
  ASSERT_EQ(cudaMallocHost(&pinned, 64), cudaSuccess);
  EXPECT_EQ(cudaMemset(pinned, 3, 64), cudaSuccess);
  EXPECT_EQ(static_cast<char*>(pinned)[63], 3);
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
  int value = 0;
  EXPECT_EQ(cudaMemset(&value, 3, sizeof value), cudaErrorInvalidValue);
}

TEST(ManagedMemory, IsTheHostsToo) {
  int* managed = nullptr;
  ASSERT_EQ(cudaMallocManaged(reinterpret_cast<void**>(&managed), kMiB, cudaMemAttachGlobal), cudaSuccess);
  managed[1000] = 17;
  int* device = nullptr;
  ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&device), kMiB), cudaSuccess);
  int value = 0;
  EXPECT_EQ(cudaMemcpy(&value, managed + 1000, sizeof value, cudaMemcpyDeviceToHost), cudaSuccess);
  EXPECT_EQ(value, 17);
  EXPECT_EQ(cudaMemcpy(device, managed, kMiB, cudaMemcpyDeviceToDevice), cudaSuccess);
  EXPECT_EQ(cudaMemset(managed, 1, kMiB), cudaSuccess);
  EXPECT_EQ(managed[5], 0x01010101);
  cudaMemLocation here{cudaMemLocationTypeDevice, {0}};
  EXPECT_EQ(cudaMemPrefetchAsync(managed, kMiB, here, 0, nullptr), cudaSuccess);
  EXPECT_EQ(cudaMemPrefetchAsync(device, kMiB, here, 0, nullptr), cudaErrorInvalidValue);
  cudaPointerAttributes attributes{};
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, managed + 5), cudaSuccess);
  EXPECT_EQ(attributes.type, cudaMemoryTypeManaged);
  EXPECT_EQ(attributes.hostPointer, managed + 5);
  EXPECT_EQ(cudaFree(managed), cudaSuccess);
  EXPECT_EQ(cudaFree(device), cudaSuccess);
  cudaGetLastError();
}

TEST(ManagedMemory, MayExceedTheDevice) {
  void* managed = nullptr;
  ASSERT_EQ(cudaMallocManaged(&managed, std::size_t{200} << 30, cudaMemAttachGlobal), cudaSuccess);
  EXPECT_EQ(cudaFree(managed), cudaSuccess);
}

TEST(Sharing, IsRefusedAndNamed) {
  void* device = nullptr;
  ASSERT_EQ(cudaMalloc(&device, kMiB), cudaSuccess);
  cudaIpcMemHandle_t handle{};
  EXPECT_EQ(cudaIpcGetMemHandle(&handle, device), cudaErrorNotSupported);
  EXPECT_EQ(cudaIpcOpenMemHandle(&device, handle, cudaIpcMemLazyEnablePeerAccess), cudaErrorNotSupported);
  EXPECT_NE(std::string(headroom_virtual_gpu_report()).find("cudaIpcGetMemHandle"), std::string::npos);
  EXPECT_NE(std::string(headroom_virtual_gpu_report()).find("cannot be shared between processes"), std::string::npos);
  EXPECT_EQ(cudaFree(device), cudaSuccess);
  cudaGetLastError();
}

}  // namespace
