// A cuBLAS handle keeps what a program sets on it; every routine that takes one is one launch on its stream. The memory
// that the real library takes for itself lies outside PyTorch's allocator and is counted as none.
#pragma once

#include <driver_types.h>

#include <cstddef>
#include <cstdint>

namespace headroom::virtual_gpu::cublas {

enum Status {
  kSuccess = 0,
  kNotInitialized = 1,
  kAllocFailed = 3,
  kInvalidValue = 7,
  kArchMismatch = 8,
  kMappingError = 11,
  kExecutionFailed = 13,
  kInternalError = 14,
  kNotSupported = 15,
  kLicenseError = 16,
};

constexpr int kVersion[] = {13, 1, 0};  // major, minor, patch

struct Handle {
  cudaStream_t stream = nullptr;
  void* workspace = nullptr;
  std::size_t workspace_bytes = 0;
  int pointer_mode = 0, atomics_mode = 0, math_mode = 0, sm_count_target = 0;
  int emulation_strategy = 0, emulation_special_values = 0;
  int mantissa_control = 0, max_mantissa_bits = 0, mantissa_bit_offset = 0;
  int* mantissa_bits = nullptr;

  bool results_on_host() const { return pointer_mode == 0; }
};

Status launch(const Handle* handle, const char* routine);

}  // namespace headroom::virtual_gpu::cublas
