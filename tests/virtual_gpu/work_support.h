// For tests of streams and launches on h100-80gb: handles that clean up, kernels that were "compiled" here.
#pragma once

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "tests/virtual_gpu/cubin_writer.h"

extern "C" {
void** __cudaRegisterFatBinary(void* wrapper);
void __cudaRegisterFunction(void** binary, const char* host_function, char*, const char* name, int, uint3*, uint3*,
                            dim3*, dim3*, int*);
void __cudaRegisterVar(void** binary, char* host_variable, char*, const char* name, int, std::size_t bytes, int, int);
cudaError_t __cudaGetKernel(cudaKernel_t* out, const void* function);
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments, std::size_t shared_bytes,
                               cudaStream_t stream);
}

#define EXPECT_OK(call) EXPECT_EQ(call, cudaSuccess)
#define ASSERT_OK(call) ASSERT_EQ(call, cudaSuccess)

namespace headroom::virtual_gpu::testing_support {

// Registers a kernel of that name for `host_function`, as nvcc's code does while a program loads.
inline void register_test_kernel(const void* host_function, const char* name, const CubinSpec& spec) {
  struct Wrapper {
    int magic, version;
    const void* image;
    void* unused;
  };
  static auto& images = *new std::deque<std::string>;
  CubinSpec own = spec;
  own.kernel = name;
  images.push_back(make_fat_binary({{2, spec.capability, make_cubin(own)}}));
  Wrapper wrapper{0x466243b1, 1, images.back().data(), nullptr};
  void** binary = __cudaRegisterFatBinary(&wrapper);
  __cudaRegisterFunction(binary, static_cast<const char*>(host_function), nullptr, name, -1, nullptr, nullptr, nullptr,
                         nullptr, nullptr);
}

// One ordinary kernel and PyTorch's spinning one, by their host functions.
inline const void* plain_kernel() {
  static const char* const function = [] {
    static char address;
    register_test_kernel(&address, "plain", {});
    return &address;
  }();
  return function;
}

inline const void* spin_kernel() {
  static const char* const function = [] {
    static char address;
    register_test_kernel(&address, "_ZN2at4cuda11spin_kernelEl", {});
    return &address;
  }();
  return function;
}

inline cudaError_t launch_plain(cudaStream_t stream) {
  return cudaLaunchKernel(plain_kernel(), dim3(1), dim3(32), nullptr, 0, stream);
}

// The H100's clock is 1.98 GHz.
inline cudaError_t spin_milliseconds(double milliseconds, cudaStream_t stream) {
  auto cycles = static_cast<long long>(milliseconds * 1.98e6);
  void* arguments[] = {&cycles};
  return cudaLaunchKernel(spin_kernel(), dim3(1), dim3(1), arguments, 0, stream);
}

struct ScopedStream {
  explicit ScopedStream(unsigned flags = cudaStreamNonBlocking) {
    EXPECT_OK(cudaStreamCreateWithFlags(&stream, flags));
  }
  ~ScopedStream() { EXPECT_OK(cudaStreamDestroy(stream)); }
  ScopedStream(const ScopedStream&) = delete;
  operator cudaStream_t() const { return stream; }  // NOLINT: stands for it
  cudaStream_t stream = nullptr;
};

struct ScopedEvent {
  explicit ScopedEvent(unsigned flags = cudaEventDefault) { EXPECT_OK(cudaEventCreateWithFlags(&event, flags)); }
  ~ScopedEvent() { EXPECT_OK(cudaEventDestroy(event)); }
  ScopedEvent(const ScopedEvent&) = delete;
  operator cudaEvent_t() const { return event; }  // NOLINT: stands for it
  cudaEvent_t event = nullptr;
};

inline std::size_t node_count(cudaGraph_t graph) {
  std::size_t count = 0;
  EXPECT_OK(cudaGraphGetNodes(graph, nullptr, &count));
  return count;
}

inline std::size_t edge_count(cudaGraph_t graph) {
  std::size_t count = 0;
  EXPECT_OK(cudaGraphGetEdges(graph, nullptr, nullptr, nullptr, &count));
  return count;
}

}  // namespace headroom::virtual_gpu::testing_support
