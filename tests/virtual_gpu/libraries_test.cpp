// The stand-ins for NVIDIA's libraries: what is implemented, and how the rest refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "virtual_gpu/report.h"

extern "C" {
int cublasCreate_v2(void** handle);
int cublasDestroy_v2(void* handle);
int cublasSgemm_v2(void* handle, ...);
int cusparseSpMM(void* handle, ...);
int cudaGraphicsUnregisterResource(void* graph);
}

namespace {

constexpr int kCublasNotInitialized = 1, kCusparseNotSupported = 10, kCudaNotSupported = 801;

std::string launches() {
  const std::string report = headroom_virtual_gpu_report();
  const std::size_t at = report.find("\"launch_count\": ") + 16;
  return report.substr(at, report.find(',', at) - at);
}

TEST(Cublas, ARoutineOnAHandleIsOneLaunch) {
  void* handle = nullptr;
  ASSERT_EQ(cublasCreate_v2(&handle), 0);
  const int before = std::stoi(launches());
  EXPECT_EQ(cublasSgemm_v2(handle), 0);
  EXPECT_EQ(std::stoi(launches()), before + 1);
  EXPECT_EQ(cublasSgemm_v2(nullptr), kCublasNotInitialized);
  EXPECT_EQ(cublasDestroy_v2(handle), 0);
}

TEST(Libraries, WhatIsMissingRefusesAndIsNamed) {
  EXPECT_EQ(cusparseSpMM(nullptr), kCusparseNotSupported);
  EXPECT_THAT(headroom_virtual_gpu_report(), testing::HasSubstr("{\"function\": \"cusparseSpMM\", \"count\": 1}"));
}

TEST(Report, NamesWhatNobodyImplemented) {
  EXPECT_EQ(cudaGraphicsUnregisterResource(nullptr), kCudaNotSupported);
  EXPECT_EQ(cudaGraphicsUnregisterResource(nullptr), kCudaNotSupported);
  EXPECT_THAT(headroom_virtual_gpu_report(),
              testing::HasSubstr("{\"function\": \"cudaGraphicsUnregisterResource\", \"count\": 2}"));
  EXPECT_THAT(headroom_virtual_gpu_report(), testing::StartsWith("{\"device\": \"h100-80gb\""));
}

}  // namespace
