// Kernels: what the program registered while it was loaded, what its launches asked for, and the facts that host code
// reads before it launches (registers, shared memory, binary version), which come from the fat binary the kernel is in.
#pragma once

#include <driver_types.h>
#include <vector_types.h>

#include <atomic>
#include <cstdint>
#include <string>

namespace headroom::virtual_gpu {

struct FatBinary;

struct KernelFacts {
  int binary_version = 0;  // 10 × major + minor of the machine code chosen for the device
  int registers = 0, max_threads_per_block = 1024;
  std::uint64_t static_shared_bytes = 0, local_bytes = 0, constant_bytes = 0;
};

struct Kernel {
  const void* host_function = nullptr;
  const char* name = nullptr;  // mangled
  FatBinary* binary = nullptr;
  std::atomic<int> raised_dynamic_shared_bytes = 0;  // by cudaFuncSetAttribute; 0: the device's default holds
  std::atomic<int> preferred_carveout = -1;
};

// Registration happens in static constructors: append only; the first lookup sorts.
FatBinary* register_binary(const void* fat_binary);
void register_kernel(FatBinary* binary, const void* host_function, const char* name);
void register_variable(const void* host_variable, std::uint64_t bytes);

Kernel* find_kernel(const void* host_function);  // nullptr: not a kernel
const KernelFacts& kernel_facts(const Kernel& kernel);
int dynamic_shared_limit_bytes(const Kernel& kernel);  // of the opt-in, else the device's 48 KiB

// Device address and size of a variable; false when unknown.
bool find_variable(const void* host_variable, void** address, std::uint64_t* bytes);

// What a launch of `kernel` with this shape would say; counts it when it is good.
cudaError_t launch(const Kernel& kernel, dim3 grid, dim3 block, std::uint64_t dynamic_shared_bytes,
                   cudaStream_t stream);

struct CallConfiguration {
  dim3 grid, block;
  std::size_t shared_bytes = 0;
  cudaStream_t stream = nullptr;
};
void push_call(const CallConfiguration& call);
bool pop_call(CallConfiguration* call);  // per thread, last in first out

// Resident blocks a multiprocessor (NVIDIA's occupancy formula, cuda_occupancy.h).
cudaError_t resident_blocks(int* out, const Kernel& kernel, int block_threads, std::uint64_t dynamic_shared_bytes);

}  // namespace headroom::virtual_gpu
