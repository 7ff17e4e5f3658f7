// Kernel registration: the functions that nvcc's generated code calls (crt/host_runtime.h declares them; they are no
// part of the documented API).
#include "virtual_gpu/core/fat_binary.h"
#include "virtual_gpu/core/kernels.h"
#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

namespace {

struct FatBinaryWrapper {
  int magic, version;
  const void* image;
  void* unused;
};

}  // namespace

extern "C" {

void** __cudaRegisterFatBinary(void* wrapper) {
  return reinterpret_cast<void**>(register_binary(static_cast<FatBinaryWrapper*>(wrapper)->image));
}

void __cudaRegisterFatBinaryEnd(void**) {}
void __cudaUnregisterFatBinary(void**) {}
char __cudaInitModule(void**) { return 1; }

void __cudaRegisterFunction(void** binary, const char* host_function, char*, const char* name, int, uint3*, uint3*,
                            dim3*, dim3*, int*) {
  register_kernel(reinterpret_cast<FatBinary*>(binary), host_function, name);
}

void __cudaRegisterVar(void**, char* host_variable, char*, const char* name, int, std::size_t bytes, int, int) {
  register_variable(host_variable, name, bytes);
}

void __cudaRegisterManagedVar(void**, void** host_variable, char*, const char* name, int, std::size_t bytes, int, int) {
  register_variable(host_variable, name, bytes);
}

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared_bytes, cudaStream_t stream) {
  push_call({grid, block, shared_bytes, stream});
  return 0;
}

cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared_bytes, void* stream) {
  CallConfiguration call;
  if (!pop_call(&call)) return finish(cudaErrorMissingConfiguration);
  *grid = call.grid;
  *block = call.block;
  *shared_bytes = call.shared_bytes;
  *static_cast<cudaStream_t*>(stream) = call.stream;
  return cudaSuccess;
}

cudaError_t __cudaGetKernel(cudaKernel_t* out, const void* function) {
  return with_context([&] {
    Kernel* kernel = find_kernel(function);
    if (kernel == nullptr) return cudaErrorInvalidDeviceFunction;
    *out = reinterpret_cast<cudaKernel_t>(kernel);
    return cudaSuccess;
  });
}

cudaError_t __cudaLaunchKernel(cudaKernel_t handle, dim3 grid, dim3 block, void** arguments, std::size_t shared_bytes,
                               cudaStream_t stream) {
  return with_context([&] {
    Kernel* kernel = kernel_of_handle(handle);
    if (kernel == nullptr) return cudaErrorInvalidDeviceFunction;
    return launch(*kernel, {grid, block, shared_bytes}, arguments, stream);
  });
}

}  // extern "C"
