// The stand-ins for NVIDIA's libraries but cuDNN: what is implemented, and how the rest refuses.
#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <numeric>

#include "virtual_gpu/report.h"

extern "C" {
int cublasCreate_v2(void** handle);
int cublasDestroy_v2(void* handle);
int cublasSetStream_v2(void* handle, cudaStream_t stream);
int cublasGetStream_v2(void* handle, cudaStream_t* stream);
int cublasSetPointerMode_v2(void* handle, int mode);
int cublasSetMathMode(void* handle, int mode);
int cublasGetMathMode(void* handle, int* mode);
int cublasSgemm_v2(void* handle, ...);
int cublasSnrm2_v2(void* handle, int n, const void* x, int step, float* result);
int cublasDgetrsBatched(void* handle, int, int, int, const void*, int, const int*, void*, int, int* info, int);
int cublasLtCreate(void** handle);
int cublasLtMatrixLayoutCreate(void** layout, int type, unsigned long rows, unsigned long columns, long leading);
int cublasLtMatrixLayoutGetAttribute(void* layout, int attribute, void* value, std::size_t bytes, std::size_t* written);
int cublasLtMatmulDescCreate(void** description, int compute, int scale);
int cublasLtMatmulDescSetAttribute(void* description, int attribute, const void* value, std::size_t bytes);
int cublasLtMatmulDescGetAttribute(void* description, int attribute, void* value, std::size_t bytes,
                                   std::size_t* written);
int cublasLtMatmulAlgoGetHeuristic(void*, void*, void*, void*, void*, void*, void*, int wanted, void* results,
                                   int* found);
int cublasLtMatmul(void*, void*, const void*, const void*, void*, const void*, void*, const void*, const void*, void*,
                   void*, void*, const void*, void*, std::size_t, cudaStream_t stream);
int cufftCreate(int* plan);
int cufftDestroy(int plan);
int cufftXtMakePlanMany(int plan, int rank, long long* lengths, long long*, long long, long long, int input, long long*,
                        long long, long long, int output, long long batch, std::size_t* work, int execution);
int cufftXtExec(int plan, void* input, void* output, int direction);
int cusolverDnCreate(void** handle);
int cusolverDnSsyevd_bufferSize(void*, int mode, int, int n, const void*, int, const void*, int* elements);
int cusolverDnXpotrf_bufferSize(void*, void*, int, long n, int type, const void*, long, int, std::size_t* on_device,
                                std::size_t* on_host);
int cusparseCreate(void** handle);
int cusparseCreateCsr(void**, long rows, long columns, long nonzeros, void*, void*, void*, int, int, int, int);
int cusparseSpMatGetSize(void*, long* rows, long* columns, long* nonzeros);
int cusparseSpMM(void* handle, ...);
int cusparseSpGEMM_createDescr(void**);
int cusparseSpGEMM_compute(void*, int, int, const void*, void*, void*, const void*, void*, int, int, void*,
                           std::size_t* bytes, void* buffer);
int cusparseLtStructuredDescriptorInit(const void*, void*, long rows, long columns, long, unsigned, int type, int, int);
int cusparseLtSpMMACompressedSize2(const void*, const void*, std::size_t* bytes, std::size_t* buffer_bytes);
int cudnnConvolutionForward(void* handle, ...);
}

namespace {

const int environment = setenv("HEADROOM_VIRTUAL_GPU", "h100-80gb", 1);

constexpr int kCublasNotInitialized = 1, kCublasInvalidValue = 7, kCublasExecutionFailed = 13;
constexpr int kCufftInvalidPlan = 1, kCudnnNotSupported = 3000, kCudaNotSupported = 801;
constexpr int kRealFloat = 0, kRealHalf = 2, kComplexFloat = 4;  // cudaDataType

int launches() {
  const std::string report = headroom_virtual_gpu_report();
  const std::size_t at = report.find("\"launch_count\": ") + 16;
  return std::stoi(report.substr(at, report.find(',', at) - at));
}

void* cublas() {
  void* handle = nullptr;
  EXPECT_EQ(cublasCreate_v2(&handle), 0);
  return handle;
}

// Of a graph that `work` was captured into.
template <class Work>
std::size_t captured_nodes(cudaStream_t stream, Work work) {
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed), cudaSuccess);
  work();
  EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  std::size_t count = 0;
  EXPECT_EQ(cudaGraphGetNodes(graph, nullptr, &count), cudaSuccess);
  return count;
}

TEST(Cublas, ARoutineOnAHandleIsOneLaunch) {
  void* handle = cublas();
  const int before = launches();
  EXPECT_EQ(cublasSgemm_v2(handle), 0);
  EXPECT_EQ(launches(), before + 1);
  EXPECT_EQ(cublasSgemm_v2(nullptr), kCublasNotInitialized);
  EXPECT_EQ(cublasDestroy_v2(handle), 0);
}

TEST(Cublas, AHandleKeepsWhatIsSetOnIt) {
  void* handle = cublas();
  cudaStream_t stream = nullptr, kept = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  EXPECT_EQ(cublasSetStream_v2(handle, stream), 0);
  EXPECT_EQ(cublasGetStream_v2(handle, &kept), 0);
  EXPECT_EQ(kept, stream);
  int mode = 0;
  EXPECT_EQ(cublasSetMathMode(handle, 3), 0);
  EXPECT_EQ(cublasGetMathMode(handle, &mode), 0);
  EXPECT_EQ(mode, 3);
}

TEST(Cublas, ACaptureOfItsStreamSeesARoutine) {
  void* handle = cublas();
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cublasSetStream_v2(handle, stream), 0);
  EXPECT_EQ(captured_nodes(stream, [&] { EXPECT_EQ(cublasSgemm_v2(handle), 0); }), 1);
}

TEST(Cublas, ADestroyedStreamIsAnError) {
  void* handle = cublas();
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  ASSERT_EQ(cublasSetStream_v2(handle, stream), 0);
  ASSERT_EQ(cudaStreamDestroy(stream), cudaSuccess);
  EXPECT_EQ(cublasSgemm_v2(handle), kCublasExecutionFailed);
}

TEST(Cublas, AResultInHostMemoryIsZeroAndOneOnTheDeviceIsLeftAlone) {
  void* handle = cublas();
  float norm = 5;
  EXPECT_EQ(cublasSnrm2_v2(handle, 1, nullptr, 1, &norm), 0);
  EXPECT_EQ(norm, 0);
  norm = 5;
  EXPECT_EQ(cublasSetPointerMode_v2(handle, 1), 0);
  EXPECT_EQ(cublasSnrm2_v2(handle, 1, nullptr, 1, &norm), 0);
  EXPECT_EQ(norm, 5);
}

TEST(Cublas, AReaderMayStateAResultInHostMemory) {
  headroom_virtual_gpu_on_host_read(
      [](const headroom_virtual_gpu_host_read* read) { *static_cast<float*>(read->destination) = 2.5F; });
  float norm = 0;
  EXPECT_EQ(cublasSnrm2_v2(cublas(), 1, nullptr, 1, &norm), 0);
  headroom_virtual_gpu_on_host_read(nullptr);
  EXPECT_EQ(norm, 2.5F);
}

TEST(Cublas, ABatchedSolverFindsItsArgumentsGood) {
  int info = -7;
  EXPECT_EQ(cublasDgetrsBatched(cublas(), 0, 1, 1, nullptr, 1, nullptr, nullptr, 1, &info, 1), 0);
  EXPECT_EQ(info, 0);
}

TEST(CublasLt, DescriptorsGiveBackWhatWasSet) {
  void *description = nullptr, *layout = nullptr;
  ASSERT_EQ(cublasLtMatmulDescCreate(&description, 68, kRealFloat), 0);
  const int transposed = 1;
  int value = 0;
  std::size_t written = 0;
  EXPECT_EQ(cublasLtMatmulDescSetAttribute(description, 3, &transposed, sizeof transposed), 0);
  EXPECT_EQ(cublasLtMatmulDescGetAttribute(description, 3, &value, sizeof value, &written), 0);
  EXPECT_EQ(value, transposed);
  EXPECT_EQ(written, sizeof value);
  EXPECT_EQ(cublasLtMatmulDescGetAttribute(description, 3, &value, 1, &written), kCublasInvalidValue);
  ASSERT_EQ(cublasLtMatrixLayoutCreate(&layout, kRealFloat, 3, 5, 3), 0);
  long columns = 0;
  EXPECT_EQ(cublasLtMatrixLayoutGetAttribute(layout, 3, &columns, sizeof columns, &written), 0);
  EXPECT_EQ(columns, 5);
}

TEST(CublasLt, TheHeuristicsGiveAsManyResultsAsAsked) {
  struct Result {
    std::uint64_t algorithm[8];
    std::size_t workspace_bytes;
    int state;
    float waves;
    int reserved[4];
  };
  void *handle = nullptr, *operation = nullptr, *layout = nullptr;
  ASSERT_EQ(cublasLtCreate(&handle), 0);
  ASSERT_EQ(cublasLtMatmulDescCreate(&operation, 68, kRealFloat), 0);
  ASSERT_EQ(cublasLtMatrixLayoutCreate(&layout, kRealFloat, 4, 4, 4), 0);
  std::array<Result, 3> results = {};
  int found = 0;
  EXPECT_EQ(cublasLtMatmulAlgoGetHeuristic(handle, operation, layout, layout, layout, layout, nullptr, 3,
                                           results.data(), &found),
            0);
  EXPECT_EQ(found, 3);
  for (const Result& result : results) EXPECT_EQ(result.state, 0);
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  EXPECT_EQ(captured_nodes(stream,
                           [&] {
                             EXPECT_EQ(
                                 cublasLtMatmul(handle, operation, nullptr, nullptr, layout, nullptr, layout, nullptr,
                                                nullptr, layout, nullptr, layout, &results[0], nullptr, 0, stream),
                                 0);
                           }),
            1);
}

std::size_t fft_work(std::vector<long long> lengths, long long batch, int input, int output) {
  int plan = 0;
  std::size_t bytes = 0;
  EXPECT_EQ(cufftCreate(&plan), 0);
  EXPECT_EQ(cufftXtMakePlanMany(plan, static_cast<int>(lengths.size()), lengths.data(), nullptr, 1, 1, input, nullptr,
                                1, 1, output, batch, &bytes, kComplexFloat),
            0);
  EXPECT_EQ(cufftXtExec(plan, nullptr, nullptr, 1), 0);
  EXPECT_EQ(cufftDestroy(plan), 0);
  EXPECT_EQ(cufftXtExec(plan, nullptr, nullptr, 1), kCufftInvalidPlan);
  return bytes;
}

TEST(Cufft, WorksInOneComplexArrayOfTheTransformsSize) {
  EXPECT_EQ(fft_work({1024}, 8, kComplexFloat, kComplexFloat), 8 * 1024 * 8);
  EXPECT_EQ(fft_work({16, 32}, 1, kRealFloat, kComplexFloat), 16 * 17 * 8);
  EXPECT_EQ(fft_work({1009}, 1, kComplexFloat, kComplexFloat), 2048 * 8) << "a large prime: Bluestein's padded length";
  EXPECT_THAT(headroom_virtual_gpu_report(), testing::HasSubstr("cuFFT's work areas are counted"));
}

TEST(Cusolver, WorkAreasAreLapacks) {
  void* handle = nullptr;
  ASSERT_EQ(cusolverDnCreate(&handle), 0);
  int elements = 0;
  EXPECT_EQ(cusolverDnSsyevd_bufferSize(handle, 1, 0, 100, nullptr, 100, nullptr, &elements), 0);
  EXPECT_EQ(elements, 1 + 6 * 100 + 2 * 100 * 100);
  std::size_t on_device = 0, on_host = 1;
  EXPECT_EQ(cusolverDnXpotrf_bufferSize(handle, nullptr, 0, 100, kComplexFloat, nullptr, 100, kComplexFloat, &on_device,
                                        &on_host),
            0);
  EXPECT_EQ(on_device, 100 * 64 * 8);
  EXPECT_EQ(on_host, 0);
  EXPECT_THAT(headroom_virtual_gpu_report(), testing::HasSubstr("cuSOLVER's work areas are counted"));
}

TEST(Cusparse, AProductOfSparseMatricesHasAnAssumedNumberOfEntries) {
  void *handle = nullptr, *a = nullptr, *c = nullptr, *product = nullptr;
  ASSERT_EQ(cusparseCreate(&handle), 0);
  ASSERT_EQ(cusparseCreateCsr(&a, 100, 100, 300, nullptr, nullptr, nullptr, 0, 0, 0, 0), 0);
  ASSERT_EQ(cusparseCreateCsr(&c, 100, 100, 0, nullptr, nullptr, nullptr, 0, 0, 0, 0), 0);
  ASSERT_EQ(cusparseSpGEMM_createDescr(&product), 0);
  std::size_t bytes = 0;
  long rows = 0, columns = 0, nonzeros = 0;
  EXPECT_EQ(cusparseSpGEMM_compute(handle, 0, 0, nullptr, a, a, nullptr, c, 0, 0, product, &bytes, nullptr), 0);
  EXPECT_EQ(cusparseSpGEMM_compute(handle, 0, 0, nullptr, a, a, nullptr, c, 0, 0, product, &bytes, &bytes), 0);
  EXPECT_EQ(cusparseSpMatGetSize(c, &rows, &columns, &nonzeros), 0);
  EXPECT_EQ(nonzeros, 300 * 3) << "each entry meets a mean row of three";
  EXPECT_THAT(headroom_virtual_gpu_report(), testing::HasSubstr("product of sparse matrices"));
  EXPECT_EQ(cusparseSpMM(nullptr), 1) << "no handle";
}

TEST(CusparseLt, TwoOfFourHalfPrecisionValuesTakeNineSixteenths) {
  alignas(16) std::array<char, 512> matrix = {};
  std::size_t bytes = 0, buffer = 0;
  ASSERT_EQ(cusparseLtStructuredDescriptorInit(nullptr, matrix.data(), 256, 128, 128, 16, kRealHalf, 1, 0), 0);
  ASSERT_EQ(cusparseLtSpMMACompressedSize2(nullptr, matrix.data(), &bytes, &buffer), 0);
  EXPECT_EQ(bytes, 256 * 128 * 2 * 9 / 16);
}

TEST(Libraries, WhatIsMissingRefusesAndIsNamed) {
  EXPECT_EQ(cudnnConvolutionForward(nullptr), kCudnnNotSupported);
  EXPECT_THAT(headroom_virtual_gpu_report(),
              testing::HasSubstr("{\"function\": \"cudnnConvolutionForward\", \"count\": 1}"));
}

TEST(Report, NamesWhatNobodyImplemented) {
  EXPECT_EQ(cudaGraphicsUnregisterResource(nullptr), kCudaNotSupported);
  EXPECT_EQ(cudaGraphicsUnregisterResource(nullptr), kCudaNotSupported);
  EXPECT_THAT(headroom_virtual_gpu_report(),
              testing::HasSubstr("{\"function\": \"cudaGraphicsUnregisterResource\", \"count\": 2}"));
  EXPECT_THAT(headroom_virtual_gpu_report(), testing::StartsWith("{\"device\": \"h100-80gb\""));
}

}  // namespace
