// Names and texts of errors, to both APIs.
#include "virtual_gpu/core/errors.h"

#include <cuda.h>
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <string>

namespace headroom::virtual_gpu {
namespace {

TEST(Errors, EveryNumberOfTheHeadersHasANameAndAText) {
  int runtime_count = 0, driver_count = 0;
  for (const ErrorRow& row : error_table()) {
    EXPECT_NE(row.text, nullptr);
    EXPECT_STRNE(row.text, "");
    runtime_count += row.runtime_name != nullptr ? 1 : 0;
    driver_count += row.driver_name != nullptr ? 1 : 0;
  }
  EXPECT_GE(runtime_count, 130);
  EXPECT_GE(driver_count, 90);
}

TEST(Errors, AreToldByTheRuntime) {
  EXPECT_STREQ(cudaGetErrorName(cudaErrorMemoryAllocation), "cudaErrorMemoryAllocation");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorMemoryAllocation), "out of memory");
  EXPECT_STREQ(cudaGetErrorName(cudaErrorStreamCaptureUnsupported), "cudaErrorStreamCaptureUnsupported");
  EXPECT_STREQ(cudaGetErrorString(static_cast<cudaError_t>(12345)), "unrecognized error code");
  EXPECT_STREQ(cudaGetErrorName(static_cast<cudaError_t>(CUDA_ERROR_CONTEXT_ALREADY_CURRENT)),
               "unrecognized error code")
      << "the driver's alone";
}

TEST(Errors, AreToldByTheDriver) {
  const char* text = nullptr;
  EXPECT_EQ(cuGetErrorName(CUDA_ERROR_NOT_FOUND, &text), CUDA_SUCCESS);
  EXPECT_STREQ(text, "CUDA_ERROR_NOT_FOUND");
  EXPECT_EQ(cuGetErrorString(CUDA_ERROR_OUT_OF_MEMORY, &text), CUDA_SUCCESS);
  EXPECT_STREQ(text, "out of memory");
  EXPECT_EQ(cuGetErrorString(static_cast<CUresult>(12345), &text), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(text, nullptr);
}

}  // namespace
}  // namespace headroom::virtual_gpu
