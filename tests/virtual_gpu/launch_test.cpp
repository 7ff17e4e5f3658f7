// Launches, what host code asks about kernels, occupancy; kernels loaded while running, through both APIs.
#include <cuda.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/virtual_gpu/work_support.h"
#include "virtual_gpu/report.h"

namespace headroom::virtual_gpu::testing_support {
namespace {

const int kConfigured = setenv("HEADROOM_VIRTUAL_GPU", "2xh100-80gb", 1);

cudaError_t launch(dim3 grid, dim3 block, std::size_t shared_bytes = 0) {
  const cudaError_t error = cudaLaunchKernel(plain_kernel(), grid, block, nullptr, shared_bytes, nullptr);
  EXPECT_EQ(cudaGetLastError(), error);
  return error;
}

TEST(Launch, ChecksGridAndBlockAgainstTheDevice) {
  EXPECT_OK(launch(dim3(2147483647, 65535, 65535), dim3(256)));
  EXPECT_EQ(launch(dim3(0), dim3(1)), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launch(dim3(1, 65536), dim3(1)), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launch(dim3(1), dim3(1025)), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launch(dim3(1), dim3(1, 1, 65)), cudaErrorInvalidConfiguration);
  EXPECT_EQ(launch(dim3(1), dim3(32, 33)), cudaErrorInvalidConfiguration);
}

TEST(Launch, ChecksSharedMemoryAgainstTheOptIn) {
  EXPECT_OK(launch(dim3(1), dim3(1), 48 * 1024 - 512));
  EXPECT_EQ(launch(dim3(1), dim3(1), 48 * 1024 + 1), cudaErrorInvalidValue);
  EXPECT_OK(cudaFuncSetAttribute(plain_kernel(), cudaFuncAttributeMaxDynamicSharedMemorySize, 100 * 1024));
  EXPECT_OK(launch(dim3(1), dim3(1), 90 * 1024));
  EXPECT_EQ(cudaFuncSetAttribute(plain_kernel(), cudaFuncAttributeMaxDynamicSharedMemorySize, 232448),
            cudaErrorInvalidValue)
      << "512 bytes of it are the kernel's own";
  EXPECT_OK(cudaFuncSetAttribute(plain_kernel(), cudaFuncAttributeMaxDynamicSharedMemorySize, 232448 - 512));
  EXPECT_OK(cudaSetDevice(1));
  EXPECT_EQ(launch(dim3(1), dim3(1), 90 * 1024), cudaErrorInvalidValue) << "opted in on device 0 alone";
  EXPECT_OK(cudaSetDevice(0));
  EXPECT_OK(cudaFuncSetAttribute(plain_kernel(), cudaFuncAttributeMaxDynamicSharedMemorySize, 0));
  cudaGetLastError();
}

TEST(Launch, AKernelsOwnBoundHoldsOnceItsMachineCodeWasRead) {
  cudaFuncAttributes attributes{};
  EXPECT_OK(cudaFuncGetAttributes(&attributes, plain_kernel()));
  EXPECT_EQ(attributes.maxThreadsPerBlock, 256);
  EXPECT_EQ(launch(dim3(1), dim3(512)), cudaErrorLaunchOutOfResources);
  EXPECT_OK(launch(dim3(1), dim3(256)));
}

TEST(Launch, NeedsMachineCodeOrPtxForTheDevice) {
  static char older;
  CubinSpec spec;
  spec.capability = 80;
  register_test_kernel(&older, "older", spec);
  EXPECT_EQ(cudaLaunchKernel(&older, dim3(1), dim3(1), nullptr, 0, nullptr), cudaErrorNoKernelImageForDevice);
  cudaFuncAttributes attributes{};
  EXPECT_EQ(cudaFuncGetAttributes(&attributes, &older), cudaErrorNoKernelImageForDevice);
  cudaGetLastError();
}

TEST(Launch, OfWhatIsNoKernelIsRefused) {
  int nothing = 0;
  EXPECT_EQ(cudaLaunchKernel(&nothing, dim3(1), dim3(1), nullptr, 0, nullptr), cudaErrorInvalidDeviceFunction);
  cudaFuncAttributes attributes{};
  EXPECT_EQ(cudaFuncGetAttributes(&attributes, &nothing), cudaErrorInvalidDeviceFunction);
  cudaGetLastError();
}

TEST(Launch, TheGeneratedCodesOwnWayIsTheSame) {
  cudaKernel_t kernel = nullptr;
  ASSERT_OK(__cudaGetKernel(&kernel, plain_kernel()));
  EXPECT_OK(__cudaLaunchKernel(kernel, dim3(1), dim3(32), nullptr, 0, nullptr));
  EXPECT_EQ(__cudaLaunchKernel(kernel, dim3(0), dim3(32), nullptr, 0, nullptr), cudaErrorInvalidConfiguration);
  cudaFunction_t function = nullptr;
  EXPECT_OK(cudaGetFuncBySymbol(&function, plain_kernel()));
  EXPECT_OK(cudaLaunchKernel(function, dim3(1), dim3(32), nullptr, 0, nullptr)) << "a handle launches too";
  const char* name = nullptr;
  EXPECT_OK(cudaFuncGetName(&name, plain_kernel()));
  EXPECT_STREQ(name, "plain");
  cudaGetLastError();
}

TEST(Launch, CooperativeOnesMustFitTheDeviceAtOnce) {
  int blocks = 0;
  EXPECT_OK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, plain_kernel(), 256, 0));
  const dim3 most(static_cast<unsigned>(blocks) * 132), more(most.x + 1);
  EXPECT_OK(cudaLaunchCooperativeKernel(plain_kernel(), most, dim3(256), nullptr, 0, nullptr));
  EXPECT_EQ(cudaLaunchCooperativeKernel(plain_kernel(), more, dim3(256), nullptr, 0, nullptr),
            cudaErrorCooperativeLaunchTooLarge);
  cudaGetLastError();
}

TEST(Launch, ClustersDivideTheGridAndHaveAtMostEightBlocks) {
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeClusterDimension;
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(16);
  config.blockDim = dim3(32);
  config.attrs = &attribute;
  config.numAttrs = 1;
  const auto launch_clusters = [&](unsigned blocks) {
    attribute.val.clusterDim = {blocks, 1, 1};
    return cudaLaunchKernelExC(&config, plain_kernel(), nullptr);
  };
  EXPECT_OK(launch_clusters(8));
  EXPECT_EQ(launch_clusters(3), cudaErrorInvalidClusterSize);
  EXPECT_EQ(launch_clusters(16), cudaErrorInvalidClusterSize);
  EXPECT_OK(cudaFuncSetAttribute(plain_kernel(), cudaFuncAttributeNonPortableClusterSizeAllowed, 1));
  EXPECT_OK(launch_clusters(16));
  int clusters = 0, size = 0;
  attribute.val.clusterDim = {8, 1, 1};
  EXPECT_OK(cudaOccupancyMaxPotentialClusterSize(&size, plain_kernel(), &config));
  EXPECT_EQ(size, 16);
  EXPECT_OK(cudaOccupancyMaxActiveClusters(&clusters, plain_kernel(), &config));
  EXPECT_GT(clusters, 0);
  EXPECT_OK(cudaFuncSetAttribute(plain_kernel(), cudaFuncAttributeNonPortableClusterSizeAllowed, 0));
  cudaGetLastError();
}

TEST(Kernel, FactsAreThoseOfItsMachineCode) {
  cudaFuncAttributes attributes{};
  ASSERT_OK(cudaFuncGetAttributes(&attributes, plain_kernel()));
  EXPECT_EQ(attributes.numRegs, 40);
  EXPECT_EQ(attributes.sharedSizeBytes, 512u);
  EXPECT_EQ(attributes.binaryVersion, 90);
  EXPECT_EQ(attributes.maxDynamicSharedSizeBytes, 49152 - 512);
  std::size_t offset = 0, bytes = 0;
  EXPECT_OK(cudaFuncGetParamInfo(plain_kernel(), 1, &offset, &bytes));
  EXPECT_EQ(offset, 8u);
  EXPECT_EQ(bytes, 4u);
  EXPECT_EQ(cudaFuncGetParamInfo(plain_kernel(), 2, &offset, &bytes), cudaErrorInvalidValue);
  std::size_t available = 0;
  EXPECT_OK(cudaOccupancyAvailableDynamicSMemPerBlock(&available, plain_kernel(), 2, 256));
  int blocks = 0;
  EXPECT_OK(
      cudaFuncSetAttribute(plain_kernel(), cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(available)));
  EXPECT_OK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, plain_kernel(), 256, available));
  EXPECT_GE(blocks, 2) << "what is said to be available is";
  EXPECT_OK(cudaFuncSetAttribute(plain_kernel(), cudaFuncAttributeMaxDynamicSharedMemorySize, 0));
  cudaGetLastError();
}

class Modules : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    ASSERT_OK(cudaSetDevice(0));
  }
  void TearDown() override {
    if (module != nullptr) {
      EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
    }
  }
  CUresult load(const std::string& image) { return cuModuleLoadData(&module, image.data()); }
  int attribute(CUfunction_attribute which) {
    int value = -1;
    EXPECT_EQ(cuFuncGetAttribute(&value, which, function), CUDA_SUCCESS);
    return value;
  }

  CUmodule module = nullptr;
  CUfunction function = nullptr;
};

TEST_F(Modules, ACubinBringsItsKernelAndItsVariable) {
  ASSERT_EQ(load(make_cubin({})), CUDA_SUCCESS);
  ASSERT_EQ(cuModuleGetFunction(&function, module, "kernel"), CUDA_SUCCESS);
  EXPECT_EQ(attribute(CU_FUNC_ATTRIBUTE_NUM_REGS), 40);
  EXPECT_EQ(attribute(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES), 512);
  EXPECT_EQ(attribute(CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK), 256);
  EXPECT_EQ(attribute(CU_FUNC_ATTRIBUTE_BINARY_VERSION), 90);
  CUdeviceptr address = 0;
  std::size_t bytes = 0;
  EXPECT_EQ(cuModuleGetGlobal(&address, &bytes, module, "table"), CUDA_SUCCESS);
  EXPECT_NE(address, 0u);
  EXPECT_EQ(bytes, 64u);
  EXPECT_EQ(cuModuleGetFunction(&function, module, "other"), CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(cuModuleGetGlobal(&address, &bytes, module, "other"), CUDA_ERROR_NOT_FOUND);
  unsigned count = 0;
  EXPECT_EQ(cuModuleGetFunctionCount(&count, module), CUDA_SUCCESS);
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(cuModuleEnumerateFunctions(&function, 1, module), CUDA_SUCCESS);
  const char* name = nullptr;
  EXPECT_EQ(cuFuncGetName(&name, function), CUDA_SUCCESS);
  EXPECT_STREQ(name, "kernel");
}

TEST_F(Modules, LaunchesAreCheckedAsAnyOthers) {
  ASSERT_EQ(load(make_cubin({})), CUDA_SUCCESS);
  ASSERT_EQ(cuModuleGetFunction(&function, module, "kernel"), CUDA_SUCCESS);
  const auto launch = [&](unsigned threads, unsigned shared_bytes) {
    return cuLaunchKernel(function, 1, 1, 1, threads, 1, 1, shared_bytes, nullptr, nullptr, nullptr);
  };
  EXPECT_EQ(launch(256, 0), CUDA_SUCCESS);
  EXPECT_EQ(launch(257, 0), CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
  EXPECT_EQ(launch(2000, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(launch(1, 100 * 1024), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 101 * 1024), CUDA_SUCCESS);
  EXPECT_EQ(launch(1, 100 * 1024), CUDA_SUCCESS);
  int grid = 0, block = 0;
  EXPECT_EQ(cuOccupancyMaxPotentialBlockSize(&grid, &block, function, nullptr, 0, 0), CUDA_SUCCESS);
  EXPECT_EQ(block, 256);
  EXPECT_EQ(grid % 132, 0);
}

TEST_F(Modules, TakeWhatRunsOnTheDevice) {
  CubinSpec spec;
  spec.capability = 80;
  EXPECT_EQ(load(make_cubin(spec)), CUDA_ERROR_NO_BINARY_FOR_GPU);
  spec.capability = 100;
  EXPECT_EQ(load(make_cubin(spec)), CUDA_ERROR_NO_BINARY_FOR_GPU);
  EXPECT_EQ(load("no module"), CUDA_ERROR_INVALID_IMAGE);
  EXPECT_EQ(cuModuleLoad(&module, "/no/such/file.cubin"), CUDA_ERROR_FILE_NOT_FOUND);
  spec.capability = 90;
  spec.one_architecture = true;
  EXPECT_EQ(
      load(make_fat_binary({{2, 80, make_cubin({.capability = 80, .registers = 11})}, {2, 90, make_cubin(spec)}})),
      CUDA_SUCCESS);
  ASSERT_EQ(cuModuleGetFunction(&function, module, "kernel"), CUDA_SUCCESS);
  EXPECT_EQ(attribute(CU_FUNC_ATTRIBUTE_NUM_REGS), 40);
}

constexpr const char* kPtx = R"(
.version 8.0
.target sm_80
.address_size 64
.visible .global .align 4 .b8 table[256]; // a variable
.visible .entry scale(.param .u64 a, .param .align 8 .b8 b[24], .param .f32 c)
.maxntid 128, 2, 1
{
  .shared .align 4 .b8 buffer[2048];
  .reg .b32 %r<4>;
  { .shared .f32 inner[16]; }
  ret;
}
)";

TEST_F(Modules, PtxTellsWhatIsWrittenInItAndTheRestIsAnAssumption) {
  ASSERT_EQ(load(kPtx), CUDA_SUCCESS);
  ASSERT_EQ(cuModuleGetFunction(&function, module, "scale"), CUDA_SUCCESS);
  EXPECT_EQ(attribute(CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK), 256);
  EXPECT_EQ(attribute(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES), 2048 + 64);
  std::size_t offset = 0, bytes = 0;
  EXPECT_EQ(cuFuncGetParamInfo(function, 1, &offset, &bytes), CUDA_SUCCESS);
  EXPECT_EQ(offset, 8u);
  EXPECT_EQ(bytes, 24u);
  EXPECT_EQ(cuFuncGetParamInfo(function, 2, &offset, &bytes), CUDA_SUCCESS);
  EXPECT_EQ(offset, 32u);
  CUdeviceptr address = 0;
  EXPECT_EQ(cuModuleGetGlobal(&address, &bytes, module, "table"), CUDA_SUCCESS);
  EXPECT_EQ(bytes, 256u);
  EXPECT_THAT(headroom_virtual_gpu_report(), testing::HasSubstr("loaded as PTX"));
}

TEST_F(Modules, WhatTheLinkerGivesLoads) {
  CUlinkState linker = nullptr;
  ASSERT_EQ(cuLinkCreate(0, nullptr, nullptr, &linker), CUDA_SUCCESS);
  void* image = nullptr;
  std::size_t bytes = 0;
  EXPECT_EQ(cuLinkComplete(linker, &image, &bytes), CUDA_ERROR_INVALID_IMAGE) << "nothing was added";
  EXPECT_EQ(
      cuLinkAddData(linker, CU_JIT_INPUT_PTX, const_cast<char*>(kPtx), std::strlen(kPtx) + 1, "k", 0, nullptr, nullptr),
      CUDA_SUCCESS);
  ASSERT_EQ(cuLinkComplete(linker, &image, &bytes), CUDA_SUCCESS);
  EXPECT_EQ(cuModuleLoadData(&module, image), CUDA_SUCCESS);
  EXPECT_EQ(cuLinkDestroy(linker), CUDA_SUCCESS);
  EXPECT_EQ(cuModuleGetFunction(&function, module, "scale"), CUDA_SUCCESS);
}

TEST_F(Modules, LibrariesAndTheirKernelsAreModulesByAnotherName) {
  cudaLibrary_t library = nullptr;
  const std::string image = make_cubin({});
  ASSERT_OK(cudaLibraryLoadData(&library, image.data(), nullptr, nullptr, 0, nullptr, nullptr, 0));
  cudaKernel_t kernel = nullptr;
  ASSERT_OK(cudaLibraryGetKernel(&kernel, library, "kernel"));
  EXPECT_OK(cudaLaunchKernel(kernel, dim3(1), dim3(64), nullptr, 0, nullptr));
  EXPECT_OK(cudaKernelSetAttributeForDevice(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, 65536, 1));
  int on_0 = 0, on_1 = 0;
  constexpr auto which = CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
  EXPECT_EQ(cuKernelGetAttribute(&on_0, which, kernel, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuKernelGetAttribute(&on_1, which, kernel, 1), CUDA_SUCCESS);
  EXPECT_EQ(on_0, 49152 - 512);
  EXPECT_EQ(on_1, 65536);
  EXPECT_EQ(cudaLibraryGetKernel(&kernel, library, "other"), cudaErrorSymbolNotFound);
  EXPECT_OK(cudaLibraryUnload(library));
  EXPECT_EQ(cudaLibraryUnload(library), cudaErrorInvalidResourceHandle);
  cudaGetLastError();
}

TEST_F(Modules, AKernelIsGoneWithItsModule) {
  ASSERT_EQ(load(make_cubin({})), CUDA_SUCCESS);
  ASSERT_EQ(cuModuleGetFunction(&function, module, "kernel"), CUDA_SUCCESS);
  EXPECT_EQ(cuModuleUnload(module), CUDA_SUCCESS);
  EXPECT_EQ(cuModuleUnload(std::exchange(module, nullptr)), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Modules, TensorMapsAreCheckedAndFilled) {
  alignas(128) CUtensorMap map{}, empty{};
  cuuint64_t extents[] = {1024, 512}, strides[] = {2048};
  cuuint32_t box[] = {64, 128}, steps[] = {1, 1};
  const auto encode = [&] {
    return cuTensorMapEncodeTiled(&map, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, 2, reinterpret_cast<void*>(0x200000000000),
                                  extents, strides, box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
                                  CU_TENSOR_MAP_SWIZZLE_128B, CU_TENSOR_MAP_L2_PROMOTION_NONE,
                                  CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  };
  EXPECT_EQ(encode(), CUDA_SUCCESS);
  EXPECT_NE(std::memcmp(&map, &empty, sizeof map), 0);
  box[0] = 128;
  EXPECT_EQ(encode(), CUDA_ERROR_INVALID_VALUE) << "an inner box wider than the swizzle";
  box[0] = 64;
  strides[0] = 2040;
  EXPECT_EQ(encode(), CUDA_ERROR_INVALID_VALUE) << "a stride that is no multiple of 16";
  strides[0] = 2048;
  extents[1] = 0;
  EXPECT_EQ(encode(), CUDA_ERROR_INVALID_VALUE);
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
