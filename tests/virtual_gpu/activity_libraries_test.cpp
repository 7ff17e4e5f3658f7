// What a listener hears of NVIDIA's libraries: each routine is a kernel of its name.
#include <cuda_runtime_api.h>
#include <gmock/gmock.h>

#include "tests/virtual_gpu/activity_recorder.h"

extern "C" {
int cublasCreate_v2(void** handle);
int cublasDestroy_v2(void* handle);
int cublasSetStream_v2(void* handle, cudaStream_t stream);
int cublasSgemm_v2(void* handle, ...);
int cublasSetMatrix(int rows, int columns, int element_bytes, const void* a, int lda, void* b, int ldb);
int cublasSnrm2_v2(void* handle, int n, const void* x, int step, float* result);
int cufftCreate(int* plan);
int cufftDestroy(int plan);
int cufftXtMakePlanMany(int plan, int rank, long long* lengths, long long*, long long, long long, int input, long long*,
                        long long, long long, int output, long long batch, std::size_t* work, int execution);
int cufftXtExec(int plan, void* input, void* output, int direction);
}

namespace headroom::virtual_gpu::testing_support {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

const int kConfigured = setenv("HEADROOM_VIRTUAL_GPU", "h100-80gb", 1);

std::vector<std::string> kernel_names(const Told& told) {
  std::vector<std::string> names;
  for (const auto& kernel : told.kernels) names.push_back(kernel.kernel);
  return names;
}

struct Blas {
  Blas() { EXPECT_EQ(cublasCreate_v2(&handle), 0); }
  ~Blas() { EXPECT_EQ(cublasDestroy_v2(handle), 0); }
  Blas(const Blas&) = delete;
  void* handle = nullptr;
};

TEST(ToldLibraries, ARoutineIsAKernelInACallOfItsOwn) {
  const Blas blas;
  int plan = 0;
  long long length = 64;
  std::size_t work = 0;
  constexpr int complex_float = 4;
  ASSERT_EQ(cufftCreate(&plan), 0);
  ASSERT_EQ(cufftXtMakePlanMany(plan, 1, &length, nullptr, 1, 1, complex_float, nullptr, 1, 1, complex_float, 1, &work,
                                complex_float),
            0);
  float norm = 1;
  const Told told = told_during([&] {
    EXPECT_EQ(cublasSgemm_v2(blas.handle), 0);
    EXPECT_EQ(cublasSnrm2_v2(blas.handle, 1, nullptr, 1, &norm), 0);
    EXPECT_EQ(cufftXtExec(plan, nullptr, nullptr, 1), 0);
  });
  EXPECT_THAT(kernel_names(told), ElementsAre("cublasSgemm_v2", "cublasSnrm2_v2", "cufftXtExec"));
  ASSERT_THAT(told.calls, SizeIs(3));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(told.calls[i].called, "cudaLaunchKernel_v7000");
    EXPECT_EQ(told.calls[i].correlation_id, told.kernels[i].correlation_id);
  }
  EXPECT_EQ(cufftDestroy(plan), 0);
}

TEST(ToldLibraries, ACopyIsOneToo) {
  void* block = nullptr;
  float values[4] = {};
  ASSERT_EQ(cudaMalloc(&block, sizeof values), cudaSuccess);
  const Told told = told_during([&] { EXPECT_EQ(cublasSetMatrix(2, 2, 4, values, 2, block, 2), 0); });
  ASSERT_THAT(told.copies, SizeIs(1));
  EXPECT_EQ(told.copies[0].bytes, sizeof values);
  EXPECT_NE(told.copies[0].correlation_id, 0u);
  EXPECT_EQ(cudaFree(block), cudaSuccess);
}

TEST(ToldLibraries, ACapturedRoutineIsToldWhenItsGraphIsLaunched) {
  const Blas blas;
  cudaStream_t stream = nullptr;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  ASSERT_EQ(cublasSetStream_v2(blas.handle, stream), 0);
  const Told captured = told_during([&] {
    EXPECT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed), cudaSuccess);
    EXPECT_EQ(cublasSgemm_v2(blas.handle), 0);
    EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  });
  EXPECT_THAT(captured.kernels, SizeIs(0));
  EXPECT_THAT(captured.calls, SizeIs(2));
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
  const Told launched = told_during([&] { EXPECT_EQ(cudaGraphLaunch(executable, stream), cudaSuccess); });
  EXPECT_THAT(kernel_names(launched), ElementsAre("cublasSgemm_v2"));
  EXPECT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
}

}  // namespace
}  // namespace headroom::virtual_gpu::testing_support
