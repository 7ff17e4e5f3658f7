// Kernel registration and launch, among them the functions that nvcc's generated code calls (crt/host_runtime.h
// declares those; they are no part of the documented API).
#include "virtual_gpu/core/kernels.h"
#include "virtual_gpu/cudart/api.h"

using namespace headroom::virtual_gpu;

namespace {

struct FatBinaryWrapper {
  int magic, version;
  const void* image;
  void* unused;
};

cudaError_t launch_kernel(Kernel* kernel, dim3 grid, dim3 block, std::size_t shared_bytes, cudaStream_t stream) {
  return with_context([&] {
    return kernel == nullptr ? cudaErrorInvalidDeviceFunction : launch(*kernel, grid, block, shared_bytes, stream);
  });
}

template <class Body>
cudaError_t with_kernel(const void* function, Body body) {
  return with_context([&] {
    Kernel* kernel = find_kernel(function);
    return kernel == nullptr ? cudaErrorInvalidDeviceFunction : body(*kernel);
  });
}

// No kernel has more than 48 KiB of static shared memory, so below that distance from the device's limit the kernel's
// own figure, which has to be read from its machine code, does not matter.
bool fits_dynamic_shared(const Kernel& kernel, int bytes) {
  constexpr int most_static_bytes = 49152;
  const auto limit = static_cast<int>(device()->shared_bytes_per_block_optin);
  if (bytes < 0 || bytes > limit) return false;
  return bytes <= limit - most_static_bytes ||
         bytes <= limit - static_cast<int>(kernel_facts(kernel).static_shared_bytes);
}

cudaError_t set_attribute(Kernel& kernel, cudaFuncAttribute attribute, int value) {
  switch (attribute) {
    case cudaFuncAttributeMaxDynamicSharedMemorySize:
      if (!fits_dynamic_shared(kernel, value)) return cudaErrorInvalidValue;
      kernel.raised_dynamic_shared_bytes = value;
      return cudaSuccess;
    case cudaFuncAttributePreferredSharedMemoryCarveout:
      if (value < -1 || value > 100) return cudaErrorInvalidValue;
      kernel.preferred_carveout = value;
      return cudaSuccess;
    default:
      return cudaSuccess;
  }
}

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

void __cudaRegisterVar(void**, char* host_variable, char*, const char*, int, std::size_t bytes, int, int) {
  register_variable(host_variable, bytes);
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
  return with_kernel(function,
                     [&](Kernel& kernel) { return *out = reinterpret_cast<cudaKernel_t>(&kernel), cudaSuccess; });
}

cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void**, std::size_t shared_bytes,
                               cudaStream_t stream) {
  return launch_kernel(reinterpret_cast<Kernel*>(kernel), grid, block, shared_bytes, stream);
}

}  // extern "C"

cudaError_t cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void**, std::size_t shared_bytes,
                             cudaStream_t stream) {
  return launch_kernel(find_kernel(function), grid, block, shared_bytes, stream);
}

cudaError_t cudaLaunchCooperativeKernel(const void* function, dim3 grid, dim3 block, void**, std::size_t shared_bytes,
                                        cudaStream_t stream) {
  return launch_kernel(find_kernel(function), grid, block, shared_bytes, stream);
}

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* function, void**) {
  return launch_kernel(find_kernel(function), config->gridDim, config->blockDim, config->dynamicSmemBytes,
                       config->stream);
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* out, const void* function) {
  return with_kernel(function, [&](Kernel& kernel) {
    const KernelFacts& facts = kernel_facts(kernel);
    if (facts.binary_version == 0) return cudaErrorNoKernelImageForDevice;
    *out = {};
    out->sharedSizeBytes = facts.static_shared_bytes;
    out->constSizeBytes = facts.constant_bytes;
    out->localSizeBytes = facts.local_bytes;
    out->maxThreadsPerBlock = facts.max_threads_per_block;
    out->numRegs = facts.registers;
    out->ptxVersion = out->binaryVersion = facts.binary_version;
    out->preferredShmemCarveout = kernel.preferred_carveout;
    out->maxDynamicSharedSizeBytes =
        kernel.raised_dynamic_shared_bytes > 0
            ? dynamic_shared_limit_bytes(kernel)
            : dynamic_shared_limit_bytes(kernel) - static_cast<int>(facts.static_shared_bytes);
    return cudaSuccess;
  });
}

cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute attribute, int value) {
  return with_kernel(function, [&](Kernel& kernel) { return set_attribute(kernel, attribute, value); });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* out, const void* function, int threads,
                                                          std::size_t shared_bytes) {
  return with_kernel(function, [&](Kernel& kernel) { return resident_blocks(out, kernel, threads, shared_bytes); });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* out, const void* function, int threads,
                                                                   std::size_t shared_bytes, unsigned) {
  return with_kernel(function, [&](Kernel& kernel) { return resident_blocks(out, kernel, threads, shared_bytes); });
}
