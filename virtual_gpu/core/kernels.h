// Kernels: what the program registered while it was loaded or loaded as a module, what its launches ask for, and the
// facts that host code reads before it launches (registers, shared memory, binary version), which come from machine
// code.
//
// A kernel is known by its host function (`foo` of foo<<<…>>>) and by its handle, which is its address: cudaKernel_t,
// cudaFunction_t, CUfunction and CUkernel are all that. Lookups take no lock.
#pragma once

#include <driver_types.h>
#include <vector_types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "virtual_gpu/core/handle_pool.h"
#include "virtual_gpu/core/work.h"

namespace headroom::virtual_gpu {

struct FatBinary;
struct Module;
struct Stream;

struct KernelParameter {
  std::uint32_t offset = 0, bytes = 0;
};

struct KernelFacts {
  int binary_version = 0;  // 10 × major + minor of the machine code chosen for the device
  int registers = 0, max_threads_per_block = 1024;
  std::uint64_t static_shared_bytes = 0, local_bytes = 0, constant_bytes = 0;
  std::vector<KernelParameter> parameters;  // in order; empty also when unknown
  dim3 required_cluster = {0, 0, 0};        // __cluster_dims__
};

struct KernelSettings {
  std::atomic<int> raised_dynamic_shared_bytes = 0;  // by cudaFuncSetAttribute; 0: the device's default holds
  std::atomic<int> preferred_carveout = -1;
  std::atomic<bool> larger_clusters = false;  // cudaFuncAttributeNonPortableClusterSizeAllowed
  std::atomic<int> required_cluster[3] = {0, 0, 0};
};

struct Kernel : Handled<0x4b45524e> {
  const void* host_function = nullptr;  // nullptr for a module's kernel
  const char* name = nullptr;           // mangled
  FatBinary* binary = nullptr;
  Module* module = nullptr;  // nullptr for a registered kernel
  std::atomic<const KernelFacts*> facts = nullptr;
  std::atomic<const KernelFacts*> told_facts = nullptr;  // the same, for a listener alone
  std::atomic<KernelSettings*> settings = nullptr;       // one for each device, from the first one that is set
  std::atomic<signed char> spins = -1;                   // whether it is PyTorch's spin_kernel; -1: not looked at yet
  std::atomic<signed char> runs = -1;                    // whether its binary has an image for the device; -1: likewise
};

// Registration happens in static constructors.
FatBinary* register_binary(const void* fat_binary);
void register_kernel(FatBinary* binary, const void* host_function, const char* name);
void register_variable(const void* host_variable, const char* name, std::uint64_t bytes);

// A module's kernel. The name is copied.
Kernel* add_module_kernel(Module* module, FatBinary* binary, const std::string& name);
void remove_module_kernel(Kernel* kernel);

Kernel* find_kernel(const void* host_function_or_handle);  // nullptr: not a kernel
Kernel* kernel_of_handle(const void* handle);              // nullptr: stale
void hand_out(Kernel* kernel);                             // find_kernel() knows the handle from now on

const KernelFacts& kernel_facts(Kernel& kernel);
// For a listener: the program's own launches are not checked against them, so that they go as they would without one.
const KernelFacts& told_facts(Kernel& kernel);
const KernelSettings& settings_of(const Kernel& kernel, int device);
KernelSettings& change_settings(Kernel& kernel, int device);
int dynamic_shared_limit_bytes(const Kernel& kernel, int device);  // of the opt-in, else the device's 48 KiB

// Attributes by the numbers of CUfunction_attribute; cudaFuncAttribute has those that can be set.
cudaError_t set_kernel_attribute(Kernel& kernel, int device, int attribute, int value);
cudaError_t get_kernel_attribute(Kernel& kernel, int device, int attribute, int* value);
cudaError_t get_kernel_attributes(Kernel& kernel, cudaFuncAttributes* out);

// Device address and size of a variable; false when unknown.
bool find_variable(const void* host_variable, void** address, std::uint64_t* bytes);
std::uint64_t take_variable_address(std::uint64_t bytes);
bool variable_address(const void* pointer);  // inside what module variables take

struct LaunchShape {
  dim3 grid, block;
  std::uint64_t dynamic_shared_bytes = 0;
  dim3 cluster = {0, 0, 0};  // as the launch's attribute; zeros: none
  bool cooperative = false;
};
cudaError_t check_launch(const Kernel& kernel, const LaunchShape& shape);
KernelWork work_facts(const Kernel& kernel, const LaunchShape& shape);

// Launches `kernel`, or says what CUDA would. `arguments` as for cudaLaunchKernel, or nullptr.
cudaError_t launch(Kernel& kernel, const LaunchShape& shape, void** arguments, cudaStream_t stream);

// How long a launch takes: 0, but cycles by the device's clock for PyTorch's spin_kernel(cycles).
std::uint64_t spin_ns(const Kernel& kernel, void** arguments);

struct CallConfiguration {
  dim3 grid, block;
  std::size_t shared_bytes = 0;
  cudaStream_t stream = nullptr;
};
void push_call(const CallConfiguration& call);
bool pop_call(CallConfiguration* call);  // per thread, last in first out

}  // namespace headroom::virtual_gpu
