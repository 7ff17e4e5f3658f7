// Modules and libraries: machine code that a program hands to the driver while it runs (Triton, NVRTC, cuModuleLoad).
// Read at once, so that the caller's image may go away. CUmodule, CUlibrary and cudaLibrary_t are all pointers to one
// of these.
#pragma once

#include <driver_types.h>

#include <string>
#include <vector>

#include "virtual_gpu/core/handle_pool.h"
#include "virtual_gpu/core/kernels.h"

namespace headroom::virtual_gpu {

struct ModuleVariable {
  std::string name;
  std::uint64_t bytes = 0, address = 0;
};

struct Module : Handled<0x4d4f444c> {
  FatBinary* binary = nullptr;
  std::vector<Kernel*> kernels;
  std::vector<ModuleVariable> variables;
};

// cudaErrorNoKernelImageForDevice when nothing in the image runs on the device, cudaErrorInvalidKernelImage for other
// bytes.
cudaError_t load_module(const void* image, Module** out);
cudaError_t load_module_file(const char* path, Module** out);  // cudaErrorFileNotFound
cudaError_t unload_module(Module* module);
Module* find_module(const void* handle);  // nullptr: stale

Kernel* module_kernel(const Module& module, const char* name);  // nullptr: none
const ModuleVariable* module_variable(const Module& module, const char* name);

}  // namespace headroom::virtual_gpu
